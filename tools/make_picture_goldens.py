#!/usr/bin/env python3
"""Write small pictures of every kind that is read, bad ones, and Pillow's pixels of the good ones.

    make_picture_goldens.py tests/golden/pictures > tests/unit/picture_goldens.h

The committed files were made with Pillow 9.4.0 and cjpeg of libjpeg-turbo 2.1.5. JPEG files come
from both; PNG files are put together here, byte by byte, so that every bit depth and chunk can be
had. Pixels are Pillow's, with three rules of src/data/picture.h that Pillow leaves to its caller:
orientation is applied (ImageOps.exif_transpose), alpha is composed over white and 16-bit grey keeps
its upper byte.
"""
import io
import os
import struct
import subprocess
import sys
import zlib

import numpy
import PIL
from PIL import Image, ImageOps

WIDTH, HEIGHT = 21, 13  # odd on purpose: no multiple of any block of a JPEG


def scene(width=WIDTH, height=HEIGHT):
    """Something with slopes, edges and colours; the same on every run."""
    y, x = numpy.mgrid[0:height, 0:width]
    disc = (x - width * 0.6) ** 2 + (y - height * 0.4) ** 2 < (height * 0.3) ** 2
    red = numpy.where(disc, 230, x * 255 // width)
    green = numpy.where(disc, 40, y * 255 // height)
    blue = (x * 37 + y * 91 + x * y * 5) % 256
    return numpy.stack([red, green, blue], 2).astype(numpy.uint8)


def alpha_plane():
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    return ((x * 13 + y * 29) % 256).astype(numpy.uint8)


# ---- JPEG


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, **options)
    return out.getvalue()


def cjpeg(*options):
    ppm = b"P6 %d %d 255\n" % (WIDTH, HEIGHT) + scene().tobytes()
    return subprocess.run(["cjpeg", *options], input=ppm, stdout=subprocess.PIPE, check=True).stdout


def tiff(orientation, order="II", value_type=3, offset=8):
    """EXIF's TIFF block with two entries, the orientation second."""
    e = "<" if order == "II" else ">"
    value = struct.pack(e + "HH", orientation, 0) if value_type == 3 else struct.pack(e + "I", orientation)
    entries = struct.pack(e + "HHI4s", 0x0100, 3, 1, struct.pack(e + "HH", 7, 0))
    entries += struct.pack(e + "HHI4s", 0x0112, value_type, 1, value)
    head = order.encode() + struct.pack(e + "HI", 42, offset)
    return head + b"\0" * (offset - 8) + struct.pack(e + "H", 2) + entries + struct.pack(e + "I", 0)


def jpeg_frame(data):
    """Where the frame header's body begins: precision, height, width, components."""
    at = 2
    while not 0xC0 <= data[at + 1] <= 0xC2:
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return at + 4


def patched(data, at, new):
    return data[:at] + new + data[at + len(new) :]


def ycck(data):
    """The same coefficients read as YCCK: the last byte of Adobe's marker is the colour transform."""
    return patched(data, data.index(b"Adobe") + 11, b"\2")


def jpeg_files():
    rgb = Image.fromarray(scene())
    cmyk = Image.merge("CMYK", (*rgb.split(), Image.fromarray(alpha_plane())))
    files = {
        "rgb420.jpg": jpeg(rgb, subsampling=2),
        "rgb422.jpg": jpeg(rgb, subsampling=1),
        "rgb444.jpg": jpeg(rgb, subsampling=0),
        "grey.jpg": jpeg(rgb.convert("L")),
        "progressive.jpg": jpeg(rgb, progressive=True),
        "cmyk.jpg": jpeg(cmyk),
        "ycck.jpg": ycck(jpeg(cmyk)),
        "pixel.jpg": jpeg(Image.fromarray(scene(1, 1))),
        "arithmetic.jpg": cjpeg("-arithmetic"),
        "stored-rgb.jpg": cjpeg("-rgb"),
        "sample-3x1.jpg": cjpeg("-sample", "3x1"),
        "sample-1x4.jpg": cjpeg("-sample", "1x4"),
        "restart.jpg": cjpeg("-restart", "1"),
    }
    for orientation in range(1, 9):
        block = tiff(orientation, "MM" if orientation % 2 else "II", 4 if orientation == 3 else 3)
        files[f"turn{orientation}.jpg"] = jpeg(rgb, exif=b"Exif\0\0" + block)
    files["turn9.jpg"] = jpeg(rgb, exif=b"Exif\0\0" + tiff(9))
    files["turn-beyond.jpg"] = jpeg(rgb, exif=b"Exif\0\0" + tiff(6)[:4] + b"\xff\xff\xff\xff")
    stray = files["rgb420.jpg"]
    files["stray-bytes.jpg"] = stray[:-2] + b"\1\2\3\4" + stray[-2:]  # a warning of libjpeg's
    files["trailing.jpg"] = stray + stray[:200]  # a second picture, as phones append them
    # Motion JPEG leaves the standard Huffman tables out.
    files["no-tables.jpg"] = stray[: stray.index(b"\xff\xc4")] + stray[stray.index(b"\xff\xda") :]
    return files


def bad_jpeg_files():
    whole = jpeg(Image.fromarray(scene()))
    frame = jpeg_frame(whole)
    dht = whole.index(b"\xff\xc4")
    thumb = jpeg(Image.fromarray(scene()), exif=b"Exif\0\0" + tiff(1) + whole)
    return {
        "cut-header.jpg": whole[:60],
        "cut-scan.jpg": whole[: len(whole) * 3 // 4],
        "cut-end.jpg": whole[:-2],
        "stray-then-cut.jpg": whole[:-2] + b"\1\2\3\4" + b"\xff\xd9"[:1],
        "12bit.jpg": patched(whole, frame, b"\x0c"),
        "hierarchical.jpg": patched(whole, frame - 3, b"\xc5"),
        "huge.jpg": patched(whole, frame + 1, b"\xff\xdc\xff\xdc"),
        "wide.jpg": patched(whole, frame + 1, b"\x00\x01\xff\xff"),
        "flat.jpg": patched(whole, frame + 1, b"\x00\x00"),
        "no-frame.jpg": b"\xff\xd8\xff\xd9",
        # A warning before the error must not make the error a warning.
        "stray-no-scan.jpg": whole[:frame - 4] + b"\1\2\3" + whole[frame - 4 : whole.index(b"\xff\xda")] + b"\xff\xd9",
        "stray-bad-table.jpg": whole[:frame - 4] + b"\1\2\3" + whole[frame - 4 : dht + 5] + b"\xff" + whole[dht + 6 :],
        "two-components.jpg": patched(whole, frame + 5, b"\2"),
        "cut-thumbnail.jpg": thumb[: len(thumb) - len(whole) // 2],
    }


# ---- PNG


def chunk(name, body=b""):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def pack_row(samples, depth):
    """One row of samples, most significant bits first."""
    if depth == 16:
        return samples.astype(">u2").tobytes()
    if depth == 8:
        return samples.astype(numpy.uint8).tobytes()
    bits = ((samples.reshape(-1)[:, None] >> numpy.arange(depth - 1, -1, -1)) & 1).astype(numpy.uint8)
    return numpy.packbits(bits.reshape(-1)).tobytes()


ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def png(colour, depth, samples, before=(), after=(), interlace=False):
    """samples [height, width, channels]; chunks before and after the pixels. No row filter."""
    height, width = samples.shape[:2]
    raw = b""
    for top, left, down, right in ADAM7 if interlace else [(0, 0, 1, 1)]:
        part = samples[top::down, left::right]
        if part.size:
            raw += b"".join(b"\0" + pack_row(row, depth) for row in part)
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlace))
    chunks = [chunk(b"IHDR", head), *before, chunk(b"IDAT", zlib.compress(raw, 9)), *after, chunk(b"IEND")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def deep(samples, low):
    """8 bits to 16, with lower bytes that must not matter."""
    return samples.astype(numpy.uint16) << 8 | low


def raw_profile(block):
    """ImageMagick's old way of storing EXIF."""
    data = b"Exif\0\0" + block
    digits = data.hex()
    lines = "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
    text = f"\nexif\n{len(data):8d}\n{lines}\n".encode()
    return chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))


def png_files():
    rgb, alpha = scene(), alpha_plane()[..., None]
    grey = rgb[..., :1]
    grey_alpha, rgba = numpy.concatenate([grey, alpha], 2), numpy.concatenate([rgb, alpha], 2)
    palette = chunk(b"PLTE", rgb[:4, :4].tobytes())
    places = (grey // 16) % 16
    key = rgb[5, 5].astype(numpy.uint16)
    files = {f"grey{d}.png": png(GREY, d, grey >> (8 - d)) for d in (1, 2, 4, 8)}
    for d in (1, 2, 4, 8):
        files[f"palette{d}.png"] = png(PALETTE, d, places % (1 << d), [palette])
    files.update({
        "grey16.png": png(GREY, 16, deep(grey, 0xF3)),
        "rgb8.png": png(RGB, 8, rgb),
        "rgb16.png": png(RGB, 16, deep(rgb, 0xF3)),
        "grey-alpha8.png": png(GREY_ALPHA, 8, grey_alpha),
        "grey-alpha16.png": png(GREY_ALPHA, 16, deep(grey_alpha, 0xF3)),
        "rgba8.png": png(RGBA, 8, rgba),
        "rgba16.png": png(RGBA, 16, deep(rgba, 0xF3)),
        "palette-trns.png": png(PALETTE, 4, places, [palette, chunk(b"tRNS", bytes(range(0, 256, 25)))]),
        "grey-trns.png": png(GREY, 8, grey, [chunk(b"tRNS", struct.pack(">H", grey[3, 3, 0]))]),
        "rgb-trns.png": png(RGB, 8, rgb, [chunk(b"tRNS", struct.pack(">HHH", *key))]),
        "gamma.png": png(RGB, 8, rgb, [chunk(b"gAMA", struct.pack(">I", 100000))]),
        "interlaced-rgb.png": png(RGB, 8, rgb, interlace=True),
        "interlaced-grey1.png": png(GREY, 1, grey >> 7, interlace=True),
        "pixel.png": png(RGB, 8, scene(1, 1)),
        "turn6.png": png(RGB, 8, rgb, [chunk(b"eXIf", tiff(6))]),
        "turn8-after.png": png(RGB, 8, rgb, (), [chunk(b"eXIf", tiff(8, "MM"))]),
        "turn5-text.png": png(RGB, 8, rgb, [raw_profile(tiff(5))]),
    })
    return files


def bad_png_files():
    whole = png(RGB, 8, scene())
    at = whole.index(b"IDAT") + 12
    huge = struct.pack(">IIBBBBB", 65000, 65000, 8, RGB, 0, 0, 0)
    wide = struct.pack(">IIBBBBB", 65501, 1, 8, RGB, 0, 0, 0)
    none = struct.pack(">IIBBBBB", 0, 1, 8, RGB, 0, 0, 0)
    rest = chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND")
    return {
        "cut-scan.png": whole[: len(whole) // 2],
        "cut-end.png": whole[:-12],
        "bad-sum.png": patched(whole, at, bytes([whole[at] ^ 1])),
        "huge.png": whole[:8] + chunk(b"IHDR", huge) + rest,
        "wide.png": whole[:8] + chunk(b"IHDR", wide) + rest,
        "none.png": whole[:8] + chunk(b"IHDR", none) + rest,
        "no-palette.png": png(PALETTE, 8, scene()[..., :1]),
        "long-chunk.png": whole[:33] + struct.pack(">I", 1 << 30) + b"zTXtRaw profile type exif\0\0" + whole[33:],
        "few-pixels.png": whole[: whole.index(b"IDAT") - 4] + rest,
    }


# ---- Pillow's view


def pixels(path):
    image = Image.open(path)
    image.load()
    mode, clear = image.mode, "transparency" in image.info
    image = ImageOps.exif_transpose(image)
    if mode.startswith("I"):
        return numpy.repeat((numpy.asarray(image) >> 8).astype(numpy.uint8)[..., None], 3, 2)
    if clear or mode in ("RGBA", "LA"):
        rgba = numpy.asarray(image.convert("RGBA")).astype(numpy.int64)
        alpha = rgba[..., 3:]
        return ((2 * (rgba[..., :3] * alpha + 255 * (255 - alpha)) + 255) // 510).astype(numpy.uint8)
    return numpy.asarray(image.convert("RGB"))


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def main():
    folder = sys.argv[1]
    good = {**jpeg_files(), **png_files()}
    bad = {**bad_jpeg_files(), **bad_png_files()}
    bad["text.jpg"] = b"This is not a photograph.\n"
    bad["empty.jpg"] = b""
    for name, data in {**good, **{"bad-" + n: d for n, d in bad.items()}}.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    print(f"/* Written by tools/make_picture_goldens.py with Pillow {PIL.__version__}. */")
    print("/* file, width, height, FNV-1a of the upright RGB pixels */")
    print("static const picture_golden picture_goldens[] = {")
    for name in sorted(good):
        p = pixels(os.path.join(folder, name))
        print(f'    {{"{name}", {p.shape[1]}, {p.shape[0]}, 0x{fnv(p.tobytes()):016x}}},')
    print("};")


main()
