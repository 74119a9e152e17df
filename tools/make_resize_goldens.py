#!/usr/bin/env python3
"""Write tests/unit/resize_goldens.h: hashes of the results of Pillow's resize for counter-based noise.

    make_resize_goldens.py > tests/unit/resize_goldens.h

The committed file was made with Pillow 13.0.0 and numpy 2.4.6. Byte i of a source picture is the top
byte of word i % 4 of an_random(1, AN_PURPOSE_TEST, 0, i / 4, 0); tests/unit/test_resize.c draws the
same.
"""
import numpy
import PIL
from PIL import Image

SIZES = [  # source width, height, result width, height
    (1, 1, 1, 1), (1, 1, 5, 3), (5, 3, 1, 1), (2, 2, 3, 3), (3, 3, 2, 2), (1, 40, 7, 9),
    (40, 1, 9, 7), (1, 300, 1, 7), (300, 1, 7, 1), (16, 16, 16, 16), (16, 9, 16, 31),
    (16, 31, 16, 9), (9, 16, 31, 16), (31, 16, 9, 16), (64, 48, 32, 24), (32, 24, 64, 48),
    (33, 57, 32, 56), (33, 57, 34, 58), (100, 75, 17, 13), (17, 13, 100, 75), (640, 3, 5, 12),
    (3, 640, 12, 5), (127, 61, 61, 127), (61, 127, 127, 61), (224, 224, 256, 256),
    (256, 256, 224, 224), (500, 375, 341, 256), (375, 500, 256, 341), (499, 333, 383, 256),
    (800, 600, 64, 64), (1000, 7, 256, 256), (255, 257, 256, 256),
]
FITS = [  # source width, height, side
    (1, 1, 4), (7, 5, 8), (5, 7, 8), (64, 64, 64), (64, 65, 64), (65, 64, 64), (500, 375, 256),
    (375, 500, 256), (3, 1000, 17), (1000, 3, 17), (224, 224, 64), (333, 200, 227),
    (455, 256, 256), (67, 71, 66),
]


def philox(key, counters):
    """Philox4x32-10 of [n, 4] counters, from the paper's definition."""
    c = counters.astype(numpy.uint64)
    k0, k1, mask = key & 0xFFFFFFFF, key >> 32, 0xFFFFFFFF
    for _ in range(10):
        p0, p1 = c[:, 0] * 0xD2511F53, c[:, 2] * 0xCD9E8D57
        high0, high1 = p0 >> numpy.uint64(32), p1 >> numpy.uint64(32)
        c = numpy.stack([high1 ^ c[:, 1] ^ k0, p1 & mask, high0 ^ c[:, 3] ^ k1, p0 & mask], 1)
        k0, k1 = (k0 + 0x9E3779B9) & mask, (k1 + 0xBB67AE85) & mask
    return c


def noise(width, height):
    count = width * height * 3
    counters = numpy.zeros(((count + 3) // 4, 4), numpy.uint64)
    counters[:, 0] = numpy.arange(len(counters))
    counters[:, 2] = 7 << 8  # AN_PURPOSE_TEST, unit 0
    words = philox(1, counters).reshape(-1)[:count]
    return (words >> numpy.uint64(24)).astype(numpy.uint8).reshape(height, width, 3)


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def resize(pixels, width, height):
    """In two steps: from version 13 on Pillow resizes the columns first if that is less work."""
    rows = Image.fromarray(pixels).resize((width, pixels.shape[0]), Image.BILINEAR)
    return numpy.asarray(rows.resize((width, height), Image.BILINEAR))


def fit_short(pixels, side):
    height, width = pixels.shape[:2]
    longer = int(side * max(width, height) / min(width, height))
    to = (side, longer) if width <= height else (longer, side)
    if width == height:
        to = (side, side)
    left, top = (round((n - side) / 2) for n in to)  # as torchvision: of two middles the even one
    return resize(pixels, *to)[top : top + side, left : left + side]


def main():
    print(f"/* Written by tools/make_resize_goldens.py with Pillow {PIL.__version__}. */")
    print("/* source width, height, result width, height, FNV-1a of the result */")
    print("static const resize_golden resize_goldens[] = {")
    for w, h, to_w, to_h in SIZES:
        print(f"    {{{w}, {h}, {to_w}, {to_h}, 0x{fnv(resize(noise(w, h), to_w, to_h).tobytes()):016x}}},")
    print("};\n\n/* source width, height, side, FNV-1a of the short-side square and of the warp */")
    print("static const fit_golden fit_goldens[] = {")
    for w, h, side in FITS:
        short = fnv(fit_short(noise(w, h), side).tobytes())
        warp = fnv(resize(noise(w, h), side, side).tobytes())
        print(f"    {{{w}, {h}, {side}, 0x{short:016x}, 0x{warp:016x}}},")
    print("};")


main()
