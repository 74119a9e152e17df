#!/usr/bin/env python3
"""Write tests/unit/region_goldens.h: the boxes and pixels of torchvision and Pillow for the same numbers.

    make_region_goldens.py tests/golden/pictures > tests/unit/region_goldens.h

The committed file was made with torchvision 0.29.2, PyTorch 2.15.0 and Pillow 13.0.0. Boxes are those of
RandomResizedCrop.get_params() with the random numbers of an_random(seed, AN_PURPOSE_REGION, epoch,
position, try): area, aspect, y, x. Cuts are Pillow's crop(), resize(), rotate() and crop() of
counter-based noise, as in make_resize_goldens.py. Smaller JPEGs are Pillow's after draft(), upright.
"""
import math
import os
import sys

import numpy
import PIL
import torch
import torchvision
from PIL import Image, ImageOps

REGION = 11
BOXES = [  # width, height, area, aspect
    (500, 375, (0.08, 1), (0.75, 1.3333)), (375, 500, (0.08, 1), (0.75, 1.3333)),
    (224, 224, (0.3, 1), (0.75, 1.3333)), (4000, 3000, (0.001, 0.01), (0.1, 10)),
    (300, 100, (0.9, 1), (0.75, 1.3333)), (100, 300, (0.9, 1), (0.75, 1.3333)),
    (3, 2, (0.08, 1), (0.75, 1.3333)), (640, 480, (1, 1), (1, 1)), (200, 200, (1, 1), (1, 1)),
    (1, 400, (0.2, 1), (0.75, 1.3333)),
]
CUTS = [  # width, height, box, side, square, degrees counterclockwise
    (61, 47, (0, 0, 61, 47), 32, 32, 0.0), (61, 47, (5, 9, 33, 21), 40, 40, 0.0),
    (61, 47, (10, 3, 44, 44), 24, 30, 10.0), (61, 47, (10, 3, 44, 44), 24, 30, -10.0),
    (300, 200, (31, 7, 250, 180), 64, 92, 45.0), (300, 200, (31, 7, 250, 180), 64, 92, -44.3),
    (300, 200, (0, 0, 200, 200), 64, 64, 90.0), (300, 200, (0, 0, 200, 200), 64, 66, -0.75),
    (90, 90, (2, 1, 80, 81), 63, 79, 13.37), (90, 90, (2, 1, 80, 81), 63, 79, 163.5),
]
JPEGS = ["rgb420.jpg", "rgb422.jpg", "rgb444.jpg", "grey.jpg", "cmyk.jpg", "progressive.jpg",
         "turn6.jpg", "restart.jpg", "pixel.jpg"]


def philox(key, counter):
    c, k = list(counter), [key & 0xFFFFFFFF, key >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def draw(seed, purpose, epoch, position, unit):
    return philox(seed, [position, epoch, unit << 16 | purpose << 8, 0])


class Numbers:
    """Stands in for torch's generator in get_params()."""

    def __init__(self, seed, epoch, position):
        self.place, self.tries, self.words = (seed, epoch, position), 0, []

    def uniform_(self, low, high):
        if not self.words:
            self.words = draw(*(self.place[0], REGION, *self.place[1:]), self.tries)
            self.tries += 1
        low, high = float(low), float(high)
        return torch.tensor([low + self.words.pop(0) / 2**32 * (high - low)])

    def empty(self, *_):
        if len(self.words) == 2:  # of a failed try
            self.words = []
        return self

    def randint(self, low, high, size):
        return torch.tensor([low + (self.words.pop(0) * (high - low) >> 32)])


def torchvision_box(seed, epoch, position, width, height, area, aspect):
    numbers, empty, randint = Numbers(seed, epoch, position), torch.empty, torch.randint
    torch.set_default_dtype(torch.float64)
    torch.empty, torch.randint = numbers.empty, numbers.randint
    try:
        params = torchvision.transforms.RandomResizedCrop.get_params
        y, x, h, w = params(Image.new("L", (width, height)), list(area), list(aspect))
    finally:
        torch.empty, torch.randint = empty, randint
    return x, y, w, h


def noise(width, height):
    count = width * height * 3
    words = [draw(1, 7, 0, i, 0) for i in range((count + 3) // 4)]
    data = bytes(word >> 24 for block in words for word in block)[:count]
    return Image.frombytes("RGB", (width, height), data)


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def cut(image, box, side, square, degrees):
    x, y, w, h = box
    part = image.crop((x, y, x + w, y + h))
    part = part.resize((square, h), Image.BILINEAR).resize((square, square), Image.BILINEAR)
    part = part.rotate(degrees, Image.BILINEAR)
    margin = (square - side) // 2
    return part.crop((margin, margin, margin + side, margin + side))


def smaller(path, factor):
    image = Image.open(path)
    width, height = image.size
    image.draft(None, (max(width // factor, 1), max(height // factor, 1)))
    return ImageOps.exif_transpose(image).convert("RGB")


def main():
    print("/* Written by tools/make_region_goldens.py with torchvision "
          f"{torchvision.__version__}, Pillow {PIL.__version__}. */")
    print("/* width, height, area, aspect, seed, epoch, position; the box: x, y, width, height */")
    print("static const box_golden box_goldens[] = {")
    for width, height, area, aspect in BOXES:
        for seed, epoch, position in [(1, 0, 0), (1, 0, 1), (1, 3, 1), (9, 0, 77), (2**40 + 5, 2, 12345)]:
            x, y, w, h = torchvision_box(seed, epoch, position, width, height, area, aspect)
            print(f"    {{{width}, {height}, {{{area[0]}, {area[1]}}}, {{{aspect[0]}, {aspect[1]}}}, "
                  f"{seed}u, {epoch}, {position}, {{{x}, {y}, {w}, {h}}}}},")
    print("};\n\n/* width, height, box, side, square, degrees; FNV-1a of the result */")
    print("static const cut_golden cut_goldens[] = {")
    for width, height, box, side, square, degrees in CUTS:
        hash = fnv(cut(noise(width, height), box, side, square, degrees).tobytes())
        b = ", ".join(map(str, box))
        print(f"    {{{width}, {height}, {{{b}}}, {side}, {square}, {degrees}, 0x{hash:016x}}},")
    print("};\n\n/* file, factor, width, height, FNV-1a of the upright RGB pixels */")
    print("static const smaller_golden smaller_goldens[] = {")
    for name in JPEGS:
        for factor in (1, 2, 4, 8):
            image = smaller(os.path.join(sys.argv[1], name), factor)
            print(f'    {{"{name}", {factor}, {image.width}, {image.height}, 0x{fnv(image.tobytes()):016x}}},')
    print("};")


main()
