#!/usr/bin/env python3
"""Write small pictures of every kind that is read, bad ones, and Pillow's pixels of the good ones.

    make_picture_goldens.py tests/golden/pictures > tests/unit/picture_goldens.h

The committed files were made with Pillow 13.0.0 and cjpeg of libjpeg-turbo 2.1.5 (9.4.0 gives the
same, but for orientation in the XMP of a JPEG). JPEG files come
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
import tempfile
import zlib

import numpy
import PIL
from PIL import Image, ImageFile, ImageOps, PngImagePlugin

PngImagePlugin.MAX_TEXT_MEMORY = 1 << 30  # much-text.png has more than Pillow takes

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


def cjpeg_of(pixels, *options):
    ppm = b"P6 %d %d 255\n" % (pixels.shape[1], pixels.shape[0]) + pixels.tobytes()
    return subprocess.run(["cjpeg", *options], input=ppm, stdout=subprocess.PIPE, check=True).stdout


def cjpeg(*options):
    return cjpeg_of(scene(), *options)


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


XMP = b"http://ns.adobe.com/xap/1.0/\0"


def xmp(attribute):
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description {attribute}/></x:xmpmeta>'.encode()


def with_app1(data, body):
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]


def three_scans():
    """Each component in a scan of its own, not progressive."""
    with tempfile.NamedTemporaryFile("w") as script:
        script.write("0;\n1;\n2;\n")
        script.flush()
        return cjpeg("-scans", script.name)


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
    # All rows are there, and what follows them is not an end marker: panoramas of phones.
    files["no-end.jpg"] = stray[:-2]
    files["no-end-stray.jpg"] = stray[:-2] + b"\1\2\3\4\xff"
    files["no-end-trailer.jpg"] = stray[:-2] + b"\0\0\1\xff\xc4\xff\xff" + stray[:99]
    waves = files["progressive.jpg"]
    files["progressive-no-end.jpg"] = waves[:-2]
    files["progressive-no-end-trailer.jpg"] = waves[:-2] + b"\0\0\1" + stray
    files["three-scans-no-end.jpg"] = three_scans()[:-2]
    # Orientation in XMP, which EXIF goes before, and behind a second prefix.
    files["turn6-xmp.jpg"] = with_app1(stray, XMP + xmp('tiff:Orientation="6"'))
    files["turn8-xmp.jpg"] = with_app1(stray, XMP + xmp("><tiff:Orientation>8</tiff:Orientation"))
    files["turn9-xmp.jpg"] = with_app1(stray, XMP + xmp('tiff:Orientation="9"'))
    files["turn5-twice.jpg"] = with_app1(stray, b"Exif\0\0Exif\0\0" + tiff(5))
    files["turn3-before-xmp.jpg"] = with_app1(files["turn3.jpg"], XMP + xmp('tiff:Orientation="6"'))
    untold = b"Exif\0\0" + tiff(3).replace(b"\x12\x01\3\0", b"\x13\x01\3\0")
    files["turn7-untold.jpg"] = with_app1(with_app1(stray, untold), XMP + xmp('tiff:Orientation="7"'))
    # Motion JPEG leaves the standard Huffman tables out.
    files["no-tables.jpg"] = stray[: stray.index(b"\xff\xc4")] + stray[stray.index(b"\xff\xda") :]
    return files


def many_scans():
    """A progressive picture whose second scan is there again and again."""
    data = cjpeg_of(numpy.zeros((1024, 1024, 3), numpy.uint8), "-progressive", "-grayscale")
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 1)
    third = data.index(b"\xff\xda", second + 1)
    return data[:second] + data[second:third] * 500 + data[third:]


def bad_jpeg_files():
    whole = jpeg(Image.fromarray(scene()))
    frame = jpeg_frame(whole)
    dht = whole.index(b"\xff\xc4")
    scan = whole.index(b"\xff\xda")
    waves, thirds = jpeg(Image.fromarray(scene()), progressive=True), three_scans()
    thumb = jpeg(Image.fromarray(scene()), exif=b"Exif\0\0" + tiff(1) + whole)
    return {
        "cut-header.jpg": whole[:60],
        "cut-scan.jpg": whole[: len(whole) * 3 // 4],
        "cut-last.jpg": whole[:-6],
        "cut-waves.jpg": waves[: waves.rindex(b"\xff\xda")],
        "cut-waves-end.jpg": waves[:-5],
        "cut-third-scan.jpg": thirds[: thirds.rindex(b"\xff\xda") - 20],
        "no-data.jpg": whole[: scan + 14] + b"\xff\xd9",
        "no-data-huge.jpg": patched(whole, frame + 1, b"\x34\x00\x34\x00")[: scan + 20] + b"\xff\xd9",
        "many-scans.jpg": many_scans(),
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


def png(colour, depth, samples, before=(), after=(), interlace=False, window=None):
    """samples [height, width, channels]; chunks before and after the pixels. No row filter.
    window: its size as the file claims it, a power of two from 8 on, whatever was used."""
    height, width = samples.shape[:2]
    raw = b""
    for top, left, down, right in ADAM7 if interlace else [(0, 0, 1, 1)]:
        part = samples[top::down, left::right]
        if part.size:
            raw += b"".join(b"\0" + pack_row(row, depth) for row in part)
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlace))
    packed = zlib.compress(raw, 9)
    if window:
        first = (window - 8) << 4 | 8
        packed = bytes([first, 31 - (first << 8) % 31]) + packed[2:]
    chunks = [chunk(b"IHDR", head), *before, chunk(b"IDAT", packed), *after, chunk(b"IEND")]
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


def xmp_text(text, packed=False):
    body = zlib.compress(text) if packed else text
    return chunk(b"iTXt", b"XML:com.adobe.xmp\0" + bytes([packed, 0]) + b"en\0key\0" + body)


def much_text():
    """A megabyte in a thousandth of it."""
    return chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 1000000, 9))


def png_files():
    rgb, alpha = scene(), alpha_plane()[..., None]
    # Rows that repeat after 300 bytes, which a window of 256 does not hold.
    waves = numpy.tile(scene(100, 1), (9, 1, 1))
    grey = rgb[..., :1]
    grey_alpha, rgba = numpy.concatenate([grey, alpha], 2), numpy.concatenate([rgb, alpha], 2)
    palette = chunk(b"PLTE", rgb[:4, :4].tobytes())
    places = (grey // 16).astype(numpy.int64) % 16
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
        "turn6-xmp.png": png(RGB, 8, rgb, [xmp_text(xmp('tiff:Orientation="6"'))]),
        "turn7-xmp-packed.png": png(RGB, 8, rgb, (), [xmp_text(xmp('tiff:Orientation="7"'), True)]),
        "turn2-twice.png": png(RGB, 8, rgb, [chunk(b"eXIf", b"Exif\0\0" + tiff(2))]),
        "no-end.png": png(RGB, 8, rgb)[:-12],
        "no-end-trailer.png": png(RGB, 8, rgb)[:-12] + b"\0\0\0\4junkJUNK....",
        "small-window.png": png(RGB, 8, waves, window=8),
        "much-text.png": png(RGB, 8, rgb, [much_text()] * 20, [much_text()] * 20),
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
        "cut-sum.png": whole[:-14],
        "bad-sum.png": patched(whole, at, bytes([whole[at] ^ 1])),
        "huge.png": whole[:8] + chunk(b"IHDR", huge) + rest,
        "wide.png": whole[:8] + chunk(b"IHDR", wide) + rest,
        "none.png": whole[:8] + chunk(b"IHDR", none) + rest,
        "no-palette.png": png(PALETTE, 8, scene()[..., :1]),
        "long-chunk.png": whole[:33] + struct.pack(">I", 1 << 30) + b"zTXtRaw profile type exif\0\0" + whole[33:],
        "few-pixels.png": whole[: whole.index(b"IDAT") - 4] + rest,
    }


# ---- WebP and GIF


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def other_files():
    rgb = Image.fromarray(scene())
    rgba = Image.fromarray(numpy.concatenate([scene(), alpha_plane()[..., None]], 2))
    palette = rgb.quantize(16)
    return {
        "lossy.webp": saved(rgb, "WEBP", quality=80),
        "lossless.webp": saved(rgb, "WEBP", lossless=True),
        "alpha.webp": saved(rgba, "WEBP", lossless=True, exact=True),
        "turn6.webp": saved(rgb, "WEBP", exif=b"Exif\0\0" + tiff(6)),
        "animated.webp": saved(rgb, "WEBP", save_all=True, append_images=[rgb.rotate(180)]),
        "palette.gif": saved(palette, "GIF", interlace=0),
        "interlaced.gif": saved(palette, "GIF", interlace=1),
        "transparent.gif": saved(palette, "GIF", transparency=3),
        "grey.gif": saved(rgb.convert("L"), "GIF"),
        "animated.gif": saved(palette, "GIF", save_all=True, append_images=[palette.rotate(180)]),
    }


def bad_other_files():
    whole = other_files()
    return {"cut.webp": whole["lossy.webp"][:-40], "cut.gif": whole["palette.gif"][:-60]}


# ---- Pillow's view

# Here Pillow reads on into the next picture.
SAME = {"progressive-no-end-trailer.jpg": "progressive.jpg"}


def pixels(path):
    ImageFile.LOAD_TRUNCATED_IMAGES = "no-end" in path  # it reads on where the rows have ended
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
    good = {**jpeg_files(), **png_files(), **other_files()}
    bad = {**bad_jpeg_files(), **bad_png_files(), **bad_other_files()}
    bad["text.jpg"] = b"This is not a photograph.\n"
    bad["empty.jpg"] = b""
    for name, data in {**good, **{"bad-" + n: d for n, d in bad.items()}}.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    print(f"/* Written by tools/make_picture_goldens.py with Pillow {PIL.__version__}. */")
    print("/* file, width, height, FNV-1a of the upright RGB pixels */")
    print("static const picture_golden picture_goldens[] = {")
    for name in sorted(good):
        p = pixels(os.path.join(folder, SAME.get(name, name)))
        print(f'    {{"{name}", {p.shape[1]}, {p.shape[0]}, 0x{fnv(p.tobytes()):016x}}},')
    print("};")


main()
