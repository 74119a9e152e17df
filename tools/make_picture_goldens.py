#!/usr/bin/env python3
"""Write small pictures of every kind that is read, bad ones, and Pillow's pixels of the good ones.

    make_picture_goldens.py tests/golden/pictures > tests/unit/picture_goldens.h

The committed files were made with Pillow 13.0.0 and cjpeg of libjpeg-turbo 2.1.5 (9.4.0 gives the
same, except for orientation in the XMP of a JPEG), HEIC with pillow-heif 1.8.1. JPEG files come
from both; PNG, TIFF and BMP files are put together here, byte by byte, for every bit depth and chunk.
Pixels are Pillow's, with three rules of src/data/picture/picture.h that Pillow leaves to its caller:
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
import pillow_heif
from PIL import Image, ImageFile, ImageOps, PngImagePlugin

pillow_heif.register_heif_opener()
PngImagePlugin.MAX_TEXT_MEMORY = 1 << 30  # much-text.png has more than Pillow accepts

WIDTH, HEIGHT = 21, 13  # odd on purpose: not a multiple of any JPEG block


def scene(width=WIDTH, height=HEIGHT):
    """A picture with slopes, edges and colours; the same on every run."""
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
    """The offset of the frame header's body: precision, height, width, components."""
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
    files["early-comment.jpg"] = stray[:-6] + b"\xff\xfe\0\4ab\xff\xd9"  # pixels are missing, but the file is sound
    files["trailing.jpg"] = stray + stray[:200]  # a second picture, as phones append them
    # All rows are there, but no end marker follows: panoramas of phones.
    files["no-end.jpg"] = stray[:-2]
    files["no-end-stray.jpg"] = stray[:-2] + b"\1\2\3\4\xff"
    files["no-end-trailer.jpg"] = stray[:-2] + b"\0\0\1\xff\xc4\xff\xff" + stray[:99]
    waves = files["progressive.jpg"]
    files["progressive-no-end.jpg"] = waves[:-2]
    files["progressive-no-end-trailer.jpg"] = waves[:-2] + b"\0\0\1" + stray
    files["three-scans-no-end.jpg"] = three_scans()[:-2]
    # Orientation in XMP, over which EXIF has precedence, and after a second prefix.
    files["turn6-xmp.jpg"] = with_app1(stray, XMP + xmp('tiff:Orientation="6"'))
    files["turn8-xmp.jpg"] = with_app1(stray, XMP + xmp("><tiff:Orientation>8</tiff:Orientation"))
    files["turn9-xmp.jpg"] = with_app1(stray, XMP + xmp('tiff:Orientation="9"'))
    files["turn5-twice.jpg"] = with_app1(stray, b"Exif\0\0Exif\0\0" + tiff(5))
    files["turn3-before-xmp.jpg"] = with_app1(files["turn3.jpg"], XMP + xmp('tiff:Orientation="6"'))
    untold = b"Exif\0\0" + tiff(3).replace(b"\x12\x01\3\0", b"\x13\x01\3\0")
    files["turn7-untold.jpg"] = with_app1(with_app1(stray, untold), XMP + xmp('tiff:Orientation="7"'))
    files["exif-cut.jpg"] = with_app1(stray, (b"Exif\0\0" + tiff(6))[:30])
    files["png.JPEG"] = png(RGB, 8, scene())  # ImageNet has one: its bytes count, not its name
    # Motion JPEG leaves the standard Huffman tables out.
    files["no-tables.jpg"] = stray[: stray.index(b"\xff\xc4")] + stray[stray.index(b"\xff\xda") :]
    return files


def many_scans():
    """A progressive picture whose second scan is repeated many times."""
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
        "cut-before-other.jpg": whole[:-60] + whole,
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
        # A warning before the error must not turn the error into a warning.
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
    """8 bits to 16, with lower bytes that must be ignored."""
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
    """A megabyte, compressed to a thousandth."""
    return chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 1000000, 9))


def wrong_sum(data, kind):
    """A chunk of this type with a wrong checksum."""
    at = data.index(kind)
    (length,) = struct.unpack(">I", data[at - 4 : at])
    return patched(data, at + 4 + length, bytes([data[at + 4 + length] ^ 1]))


def with_pixels(data, change):
    """A PNG whose compressed pixels are changed, with a right checksum of their chunk."""
    at = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[at - 4 : at])
    return data[: at - 4] + chunk(b"IDAT", change(data[at + 4 : at + 4 + length])) + data[at + 8 + length :]


def other_pixel_sum(data):
    """The checksum of zlib at the end of the pixels is wrong, that of its chunk is right."""
    return with_pixels(data, lambda packed: packed[:-1] + bytes([packed[-1] ^ 1]))


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
        "cut-sum.png": png(RGB, 8, rgb)[:-14],
        "cut-packed-sum.png": png(RGB, 8, rgb)[:-19],
        "long-pixels.png": patched(png(RGB, 8, rgb), 33, struct.pack(">I", 1 << 30)),
        "no-packed-sum.png": with_pixels(png(RGB, 8, rgb), lambda packed: packed[:-4]),
        "no-packed-sum-interlaced.png": with_pixels(png(RGBA, 8, rgba, interlace=True), lambda packed: packed[:-4]),
        "no-end-trailer.png": png(RGB, 8, rgb)[:-12] + b"\0\0\0\4junkJUNK....",
        "small-window.png": png(RGB, 8, waves, window=8),
        "wrong-sum.png": wrong_sum(png(RGB, 8, rgb), b"IDAT"),
        "more-packed.png": with_pixels(png(RGB, 8, rgb), lambda packed: packed + b"junk"),
        "more-rows.png": with_pixels(png(RGB, 8, rgb), lambda packed: zlib.compress(zlib.decompress(packed) * 2)),
        "much-text.png": png(RGB, 8, rgb, [much_text()] * 20, [much_text()] * 20),
    })
    return files


def bad_png_files():
    whole = png(RGB, 8, scene())
    at = whole.index(b"IDAT") + 12
    huge = struct.pack(">IIBBBBB", 65000, 65000, 8, RGB, 0, 0, 0)
    wide = struct.pack(">IIBBBBB", 65501, 1, 8, RGB, 0, 0, 0)
    none = struct.pack(">IIBBBBB", 0, 1, 8, RGB, 0, 0, 0)
    claims = struct.pack(">IIBBBBB", 65000, 2750, 8, RGB, 0, 0, 1)
    rest = chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND")
    return {
        "cut-scan.png": whole[: len(whole) // 2],
        "cut-pixels.png": whole[:-26],
        "header-sum.png": wrong_sum(whole, b"IHDR"),
        "pixel-sum.png": other_pixel_sum(whole),
        "last-pixels.png": patched(whole, len(whole) - 36, bytes([whole[-36] ^ 8])),  # shows after the last row
        "clear-sum.png": wrong_sum(png_files()["grey-trns.png"], b"tRNS"),
        "bad-sum.png": patched(whole, at, bytes([whole[at] ^ 1])),
        "huge.png": whole[:8] + chunk(b"IHDR", huge) + rest,
        "wide.png": whole[:8] + chunk(b"IHDR", wide) + rest,
        "none.png": whole[:8] + chunk(b"IHDR", none) + rest,
        "claims.png": whole[:8] + chunk(b"IHDR", claims) + rest,
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
        "few-colours.gif": saved(palette, "GIF", interlace=0).replace(b"\x2c\0\0\0\0\x15\0\x0d\0\0",
                                                                     b"\x2c\0\0\0\0\x15\0\x0d\0\x80" + b"abcdef"),
        # A part of the data after the pixels is missing.
        "no-end.gif": saved(palette, "GIF", interlace=0)[:-2],
        "no-end.webp": saved(rgb, "WEBP", lossless=True, exif=b"Exif\0\0" + tiff(1))[:-9],
        "animated.gif": saved(palette, "GIF", save_all=True, append_images=[palette.rotate(180)]),
    }


def bad_other_files():
    whole = other_files()
    interlaced = saved(Image.fromarray(scene()).quantize(16), "GIF")
    frame = interlaced.index(b"\x2c\0\0\0\0") + 5
    return {"few-codes.gif": patched(interlaced, frame, struct.pack("<HHB", 65000, 2750, interlaced[frame + 4] | 0x40)),
            "cut.webp": whole["lossy.webp"][:-40], "cut.gif": whole["palette.gif"][:-60],
            "long-codes.gif": patched(whole["palette.gif"], whole["palette.gif"].index(b"\x2c\0\0\0\0") + 10, b"\x0b")}


# ---- TIFF

SHORT, LONG, RATIONAL, LONG8 = 3, 4, 5, 16


def tiff_file(tags, parts, order="II", big=False):
    """A TIFF of one directory. tags: {tag: (type, values)}; parts: strips or tiles, whose offsets and
    byte counts are filled in, in front of the directory."""
    e, wide = ("<" if order == "II" else ">"), "Q" if big else "I"
    kinds = {1: "B", 2: "s", SHORT: "H", LONG: "I", RATIONAL: "I", LONG8: "Q", 7: "B"}
    at, body, offsets = 16 if big else 8, b"", []
    for part in parts:
        offsets.append(at + len(body))
        body += part + b"\0" * (len(part) % 2)
    tiles = 322 in tags
    tags = {324 if tiles else 273: (LONG, offsets), 325 if tiles else 279: (LONG, [len(p) for p in parts]), **tags}
    room = 8 if big else 4
    directory = at + len(body)
    behind = directory + (8 if big else 2) + len(tags) * (20 if big else 12) + room
    entries, values = b"", b""
    for tag, (kind, value) in sorted(tags.items()):
        packed = bytes(value) if kind in (1, 7) else struct.pack(f"{e}{len(value)}{kinds[kind]}", *value)
        entries += struct.pack(f"{e}HH{wide}", tag, kind, len(value) // (2 if kind == RATIONAL else 1))
        if len(packed) <= room:
            entries += packed.ljust(room, b"\0")
        else:
            entries += struct.pack(e + wide, behind + len(values))
            values += packed + b"\0" * (len(packed) % 2)
    count = struct.pack(e + ("Q" if big else "H"), len(tags))
    head = order.encode() + (struct.pack(e + "HHHQ", 43, 8, 0, directory) if big else struct.pack(e + "HI", 42, directory))
    return head + body + count + entries + struct.pack(e + wide, 0) + values


def pack_bits(samples, depth, order="II"):
    """Rows of samples [height, width, channels]."""
    if depth == 16:
        return [row.astype("<u2" if order == "II" else ">u2").tobytes() for row in samples]
    if depth == 12:
        rows = []
        for row in samples:
            bits = ((row.reshape(-1)[:, None] >> numpy.arange(11, -1, -1)) & 1).astype(numpy.uint8)
            rows.append(numpy.packbits(bits.reshape(-1)).tobytes())
        return rows
    return [pack_row(row, depth) for row in samples]


def tiff_of(samples, photometric, depth=8, order="II", rows=5, tile=None, planar=False, pack=None, big=False, more=None):
    height, width, channels = samples.shape
    tags = {
        256: (LONG, [width]), 257: (LONG, [height]), 258: (SHORT, [depth] * channels), 259: (SHORT, [8 if pack else 1]),
        262: (SHORT, [photometric]), 277: (SHORT, [channels]), 284: (SHORT, [2 if planar else 1]),
    }
    parts = []
    for plane in numpy.split(samples, channels, 2) if planar else [samples]:
        if tile:
            tags[322], tags[323] = (SHORT, [tile]), (SHORT, [tile])
            for y in range(0, height, tile):
                for x in range(0, width, tile):
                    whole = numpy.zeros((tile, tile, plane.shape[2]), plane.dtype)
                    part = plane[y : y + tile, x : x + tile]
                    whole[: part.shape[0], : part.shape[1]] = part
                    parts.append(b"".join(pack_bits(whole, depth, order)))
        else:
            tags[278] = (SHORT, [rows])
            lines = pack_bits(plane, depth, order)
            parts += [b"".join(lines[y : y + rows]) for y in range(0, height, rows)]
    tags.update(more or {})
    return tiff_file(tags, [zlib.compress(part) for part in parts] if pack else parts, order, big)


def palette_tags(depth):
    colours = numpy.resize(scene().reshape(-1, 3), (1 << depth, 3)).astype(int)
    return {320: (SHORT, [int(c) * 257 for c in colours.T.reshape(-1)])}


def extra_sample(kind):
    return {338: (SHORT, [kind])}


def tiff_files():
    rgb, alpha = scene(), alpha_plane()[..., None]
    grey, rgba = rgb[..., :1], numpy.concatenate([rgb, alpha], 2)
    multiplied = numpy.concatenate([(rgb.astype(int) * alpha // 255).astype(numpy.uint8), alpha], 2)
    image, with_alpha = Image.fromarray(rgb), Image.fromarray(rgba)
    cmyk = Image.merge("CMYK", (*image.split(), Image.fromarray(alpha_plane())))
    bilevel = image.convert("1")
    files = {f"grey{d}.tif": tiff_of(grey >> (8 - d), 1, d) for d in (1, 2, 4, 8)}
    files.update({f"white{d}.tif": tiff_of(grey >> (8 - d), 0, d) for d in (1, 2, 4, 8)})
    files.update({f"palette{d}.tif": tiff_of(grey >> (8 - d), 3, d, more=palette_tags(d)) for d in (1, 2, 4, 8)})
    files.update({
        "grey12.tif": tiff_of(deep(grey, 0xF3) >> 4, 1, 12),
        "grey16.tif": tiff_of(deep(grey, 0xF3), 1, 16),
        "white16.tif": tiff_of(65535 - deep(grey, 0xF3), 0, 16),
        "grey16-mm.tif": tiff_of(deep(grey, 0xF3), 1, 16, "MM", pack=True),
        "grey8-signed.tif": tiff_of(grey, 1, more={339: (SHORT, [2])}),
        "rgb8-untyped.tif": tiff_of(rgb, 2, more={32996: (SHORT, [0, 0, 0])}),  # SGI's tag
        "grey-alpha8.tif": tiff_of(numpy.concatenate([grey, alpha], 2), 1, more=extra_sample(2)),
        "grey-times-alpha8.tif": tiff_of(multiplied[..., 2:], 1, more=extra_sample(1)),
        "rgb8.tif": tiff_of(rgb, 2),
        "rgb8-mm.tif": tiff_of(rgb, 2, order="MM"),
        "rgb8-big.tif": tiff_of(rgb, 2, big=True),
        "rgb8-tiles.tif": tiff_of(rgb, 2, tile=16),
        "rgb8-planes.tif": tiff_of(rgb, 2, planar=True, pack=True),
        "rgb8-plane-tiles.tif": tiff_of(rgb, 2, tile=16, planar=True, pack=True),
        "rgb16.tif": tiff_of(deep(rgb, 0xF3), 2, 16),
        "rgb16-mm.tif": tiff_of(deep(rgb, 0xF3), 2, 16, "MM"),
        "rgb16-tiles.tif": tiff_of(deep(rgb, 0xF3), 2, 16, "MM", tile=16, pack=True),
        "rgba8.tif": tiff_of(rgba, 2, more=extra_sample(2)),
        "rgba8-untold.tif": tiff_of(rgba, 2),
        "rgba8-times.tif": tiff_of(multiplied, 2, more=extra_sample(1)),
        "rgba16-times.tif": tiff_of(deep(multiplied, 0x11), 2, 16, more=extra_sample(1)),
        "rgbx8.tif": tiff_of(rgba, 2, more=extra_sample(0)),
        "rgba16.tif": tiff_of(deep(rgba, 0xF3), 2, 16, "MM", more=extra_sample(2)),
        "rgba8-planes.tif": tiff_of(rgba, 2, planar=True, pack=True, more=extra_sample(2)),
        "cmyk8.tif": tiff_of(rgba, 5),
        "cmyk16.tif": tiff_of(deep(rgba, 0xF3), 5, 16, pack=True),
        "turn6-xmp.tif": tiff_of(rgb, 2, more={700: (1, xmp('tiff:Orientation="6"'))}),
        "lzw.tif": saved(image, "TIFF", compression="tiff_lzw"),
        "packbits.tif": saved(image.convert("L"), "TIFF", compression="packbits"),
        "jpeg.tif": saved(image, "TIFF", compression="jpeg", quality=85),
        "jpeg-grey.tif": saved(image.convert("L"), "TIFF", compression="jpeg", quality=85),
        "group3.tif": saved(bilevel, "TIFF", compression="group3"),
        "group4.tif": saved(bilevel, "TIFF", compression="group4"),
        "two-pages.tif": saved(image, "TIFF", save_all=True, append_images=[image.rotate(180)]),
        "ycbcr.tif": saved(image.convert("YCbCr"), "TIFF", compression="tiff_lzw"),
        "ycbcr-strips.tif": tiff_of(numpy.asarray(image.convert("YCbCr")), 6, pack=True, more={530: (SHORT, [1, 1])}),
        "ycbcr-tiles.tif": tiff_of(numpy.asarray(image.convert("YCbCr")), 6, tile=16, pack=True,
                                   more={530: (SHORT, [1, 1])}),
    })
    for orientation in range(1, 9):
        order = "MM" if orientation % 2 else "II"
        files[f"turn{orientation}.tif"] = tiff_of(rgb, 2, order=order, more={274: (SHORT, [orientation])})
    return files


def bad_tiff_files():
    rgb, image = scene(), Image.fromarray(scene())
    behind = saved(image, "TIFF")  # pixels last
    stripe = tiff_of(rgb, 2, rows=HEIGHT)
    short = tiff_file(
        {256: (SHORT, [WIDTH]), 257: (SHORT, [HEIGHT]), 258: (SHORT, [8, 8, 8]), 259: (SHORT, [7]), 262: (SHORT, [6]),
         277: (SHORT, [3]), 278: (SHORT, [HEIGHT])}, [jpeg(image, subsampling=2)[:-60]])
    fax = saved(image.convert("1"), "TIFF", compression="group4")
    return {
        "cut.tif": behind[:-100],
        "cut-directory.tif": stripe[:-100],
        "cut-jpeg.tif": short,
        "damaged-fax.tif": patched(fax, 12, b"\xff\xff\x00\x00\x00"),
        "huge.tif": tiff_of(rgb, 2, more={256: (LONG, [65000]), 257: (LONG, [65000])}),
        "wide.tif": tiff_of(rgb, 2, more={256: (LONG, [65501])}),
        "none.tif": tiff_of(rgb, 2, more={256: (LONG, [0])}),
        "float.tif": tiff_of(rgb, 2, more={339: (SHORT, [3, 3, 3])}),
        "signed.tif": tiff_of(deep(rgb[..., :1], 0), 1, 16, more={339: (SHORT, [2])}),
        "lab.tif": tiff_of(rgb, 8),
        "old-jpeg.tif": tiff_of(rgb, 6, more={259: (SHORT, [6])}),
        "coefficients.tif": tiff_of(rgb, 6, more={529: (RATIONAL, [0, 1] * 3), 530: (SHORT, [1, 1])}),
        "lerc.tif": tiff_of(rgb, 2, more={259: (SHORT, [34887])}),
        "many-samples.tif": tiff_of(numpy.tile(rgb, 3), 2),
        "cmyk-alpha.tif": tiff_of(numpy.tile(rgb, 2)[..., :5], 5, more=extra_sample(2)),
        "64bit.tif": tiff_of(rgb, 2, more={258: (SHORT, [64, 64, 64])}),
        "small-tiles.tif": tiff_of(rgb, 2, tile=8),
        "huge-tiles.tif": tiff_of(rgb, 2, tile=16, more={322: (LONG, [65000]), 323: (LONG, [65000])}),
        "claims.tif": tiff_of(rgb, 2, rows=1, more={279: (LONG, [1 << 20] * HEIGHT)}),
        "no-strips.tif": tiff_file({256: (LONG, [21]), 257: (LONG, [13]), 262: (SHORT, [1])}, []),
        "few-samples.tif": tiff_of(rgb[..., :1], 1, more={256: (LONG, [65000]), 257: (LONG, [2750])}),
        "few-zipped.tif": tiff_of(rgb, 2, planar=True, pack=True, more={256: (LONG, [65000]), 257: (LONG, [2750]), 278: (LONG, [2750])}),
        "loop.tif": patched(tiff_of(rgb, 2), 4, b"\4\0\0\0"),
    }


# ---- BMP


def bmp_file(width, height, bits, pixels, header=40, compression=0, palette=None, masks=b"", offset=None, after=b""):
    """A BMP; pixels are bytes as stored. A height below 0 is top-down."""
    entry = 3 if header == 12 else 4
    table = b"".join(bytes(c[::-1]) + b"\0" * (entry - 3) for c in palette) if palette is not None else b""
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(pixels), 0, 0,
                           len(palette) if palette is not None and len(palette) < 1 << bits else 0, 0)
        info = (info + (masks if header > 40 else b"")).ljust(header, b"\0") + (masks if header == 40 else b"")
    at = 14 + len(info) + len(table)
    head = b"BM" + struct.pack("<IHHI", at + len(pixels), 0, 0, at if offset is None else offset)
    return head + info + table + pixels + after


def bmp_rows(samples, bits, top_down=False):
    """Rows of pixels [height, width], padded, the last first."""
    rows = []
    for row in samples if top_down else samples[::-1]:
        if bits <= 8:
            packed = pack_row(row, bits)
        else:
            packed = b"".join(int(pixel).to_bytes(bits // 8, "little") for pixel in row)
        rows.append(packed + b"\0" * (-len(packed) % 4))
    return b"".join(rows)


def bmp_runs(samples, bits, jump=False):
    """Run lengths: runs of equal colours, literal pixels, and, if wanted, a jump over colour 0."""
    out = b""
    for row in samples[::-1].tolist():
        x = 0
        while x < len(row):
            same = 1
            while x + same < len(row) and row[x + same] == row[x]:
                same += 1
            other = 1
            while x + other < len(row) and row[x + other] != row[x + other - 1]:
                other += 1
            if jump and row[x] == 0:
                out += bytes([0, 2, same, 0])
                x += same
            elif same > 1 or other < 3:
                out += bytes([same, row[x] if bits == 8 else row[x] * 17])
                x += same
            else:
                part = row[x : x + other]
                packed = bytes(part) if bits == 8 else pack_row(numpy.array(part), 4)
                out += bytes([0, other]) + packed + b"\0" * (len(packed) % 2)
                x += other
        out += b"\0\0"
    return out[:-2] + b"\0\1"


def pixel_words(shifts, bits=(8, 8, 8, 8)):
    """Pixels as words: the upper bits of red, green, blue and alpha, each in its place."""
    samples = numpy.concatenate([scene(), alpha_plane()[..., None]], 2).astype(numpy.int64)
    return sum((samples[..., c] >> (8 - bits[c])) << shift for c, shift in enumerate(shifts))


def masks_of(*masks):
    return struct.pack(f"<{len(masks)}I", *masks)


def bmp_files():
    wide, places = (WIDTH, HEIGHT), scene()[..., 0].astype(numpy.int64) // 16
    flat = numpy.where(places > 7, 0, places)  # with long runs
    colours = [[int(v) for v in c] for c in numpy.resize(scene().reshape(-1, 3), (256, 3))]
    greys = [[v, v, v] for v in range(256)]
    words = pixel_words((16, 8, 0))
    five, six = pixel_words((10, 5, 0), (5, 5, 5)), pixel_words((11, 5, 0), (5, 6, 5))
    runs8, runs4 = bmp_runs(flat, 8), bmp_runs(flat, 4)
    files = {f"palette{b}.bmp": bmp_file(*wide, b, bmp_rows(places % (1 << b), b), palette=colours[: 1 << b]) for b in (1, 4, 8)}
    files.update({
        "grey8.bmp": bmp_file(*wide, 8, bmp_rows(scene()[..., 0], 8), palette=greys),
        "few-colours.bmp": bmp_file(*wide, 8, bmp_rows(places, 8), palette=colours[:11]),
        "rgb16.bmp": bmp_file(*wide, 16, bmp_rows(five, 16)),
        "rgb565.bmp": bmp_file(*wide, 16, bmp_rows(six, 16), compression=3, masks=masks_of(0xF800, 0x7E0, 0x1F)),
        "rgb24.bmp": bmp_file(*wide, 24, bmp_rows(words, 24)),
        "rgb24-down.bmp": bmp_file(WIDTH, -HEIGHT, 24, bmp_rows(words, 24, True)),
        "rgb24-padding.bmp": bmp_file(*wide, 24, bmp_rows(words, 24))[:-1],
        "rgb24-trailer.bmp": bmp_file(*wide, 24, bmp_rows(words, 24), after=b"anything"),
        "rgb32.bmp": bmp_file(*wide, 32, bmp_rows(pixel_words((16, 8, 0, 24)), 32)),
        "rgba32.bmp": bmp_file(*wide, 32, bmp_rows(pixel_words((16, 8, 0, 24)), 32), 108, 3,
                               masks=masks_of(0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
        "masks32.bmp": bmp_file(*wide, 32, bmp_rows(pixel_words((4, 20, 12)), 32), 56, 3,
                                masks=masks_of(0xFF0, 0xFF00000, 0xFF000, 0)),
        "clear16.bmp": bmp_file(*wide, 16, bmp_rows(five, 16), 56, 3, masks=masks_of(0x7C00, 0x3E0, 0x1F, 0x8000)),
        "clear32.bmp": bmp_file(*wide, 32, bmp_rows(words, 32), 56, 3, masks=masks_of(0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
        "os2.bmp": bmp_file(*wide, 24, bmp_rows(words, 24), header=12),
        "os2-palette.bmp": bmp_file(*wide, 8, bmp_rows(places, 8), header=12, palette=colours),
        "no-offset.bmp": bmp_file(*wide, 8, bmp_rows(places, 8), palette=colours, offset=54),
        "runs8.bmp": bmp_file(*wide, 8, runs8, compression=1, palette=colours),
        "runs4.bmp": bmp_file(*wide, 4, runs4, compression=2, palette=colours[:16]),
        "runs8-jumps.bmp": bmp_file(*wide, 8, bmp_runs(flat, 8, True), compression=1, palette=colours),
    })
    return files


def bad_bmp_files():
    wide, colours, good = (WIDTH, HEIGHT), [[1, 2, 3]] * 16, bmp_files()
    runs = b"\5\1\0\0" * 99
    whole = good["rgb24.bmp"]
    return {
        "cut.bmp": good["rgb24-padding.bmp"][:-1],
        "cut-palette.bmp": good["palette8.bmp"][:900],
        "cut-runs.bmp": good["runs8.bmp"][:-9],
        "huge-runs.bmp": bmp_file(12000, 12000, 8, runs, compression=1, palette=colours),
        "few-runs.bmp": bmp_file(*wide, 8, b"\25\0\0\1", compression=1, palette=colours),
        "long-run.bmp": bmp_file(*wide, 8, b"\0\26" + b"a" * 22, compression=1, palette=colours),
        "long-jump.bmp": bmp_file(*wide, 8, b"\0\2\26\0", compression=1, palette=colours),
        "2bit.bmp": bmp_file(*wide, 2, b"a" * 999, palette=colours[:4]),
        "jpeg.bmp": bmp_file(*wide, 0, b"a" * 999, compression=4),
        "header.bmp": patched(whole, 14, b"\x42"),
        "masks.bmp": bmp_file(*wide, 16, b"a" * 999, compression=3, masks=masks_of(0xF800, 0xFE0, 0x1F)),
        "gaps.bmp": bmp_file(*wide, 32, b"a" * 2999, compression=3, masks=masks_of(0xFF0000, 0xF10, 0xF)),
        "huge.bmp": patched(whole, 18, struct.pack("<ii", 65000, 65000)),
        "wide.bmp": patched(whole, 18, struct.pack("<ii", 65501, 1)),
        "none.bmp": patched(whole, 18, struct.pack("<ii", 0, 1)),
        "negative.bmp": patched(whole, 18, struct.pack("<ii", -21, 13)),
    }


# ---- HEIC and AVIF


def heic(image, **options):
    return saved(image, "HEIF", **options)


def heif_files():
    rgb = Image.fromarray(scene())
    rgba = Image.fromarray(numpy.concatenate([scene(), alpha_plane()[..., None]], 2))
    # One hue, because libraries upsample halved chroma in different ways.
    light = scene()[..., 2].astype(int) // 2 + 60
    tint = Image.fromarray(numpy.stack([light + 40, light, light - 30], 2).astype(numpy.uint8))
    deep_rgb = pillow_heif.from_bytes("RGB;16", (WIDTH, HEIGHT), deep(scene(), 0xF3).tobytes())
    ten = io.BytesIO()
    deep_rgb.save(ten, quality=-1, chroma=444)
    upright = heic(rgb, quality=90, chroma=444, exif=b"Exif\0\0" + tiff(1))
    told, other = tiff(1)[-20:-4], tiff(6)[-20:-4]
    files = {
        "rgb444.heic": heic(rgb, quality=90, chroma=444),
        "rgb420.heic": heic(rgb, quality=90),
        "grey.heic": heic(rgb.convert("L"), quality=90),
        "alpha.heic": heic(rgba, quality=90, chroma=444),
        "deep.heic": ten.getvalue(),
        # The container turns the first and does not turn the second, whatever EXIF says.
        "turn6.heic": heic(rgb, quality=90, chroma=444, exif=b"Exif\0\0" + tiff(6)),
        "turn6-untold.heic": upright.replace(told, other),
        "rgb444.avif": saved(rgb, "AVIF", quality=90, subsampling="4:4:4"),
        "tint420.avif": saved(tint, "AVIF", quality=90),
        "grey.avif": saved(rgb.convert("L"), "AVIF", quality=90),
        "alpha.avif": saved(rgba, "AVIF", quality=95, subsampling="4:4:4"),
        "turn6.avif": saved(rgb, "AVIF", quality=90, subsampling="4:4:4", exif=tiff(6)),
    }
    assert files["turn6-untold.heic"] != upright
    return files


def bad_heif_files():
    good = heif_files()
    return {"cut.heic": good["rgb420.heic"][:-40], "cut.avif": good["rgb444.avif"][:-40],
            "no-parts.heic": good["rgb420.heic"][:24] + b"\0\0\0\x08free"}


# ---- Pillow's view

# Here Pillow reads on into the next picture.
SAME = {"progressive-no-end-trailer.jpg": "progressive.jpg",
        "no-end.gif": "palette.gif", "no-end.webp": "lossless.webp",  # which Pillow refuses
        # Pillow has no such masks, makes a picture without any opacity white, and reads white as black with 16 bits.
        "masks32.bmp": "rgb24.bmp", "clear32.bmp": "rgb24.bmp", "white16.tif": "grey16.tif"}


def pixels(path):
    ImageFile.LOAD_TRUNCATED_IMAGES = "no-end" in path  # Pillow reads on after the end of the rows
    image = Image.open(path)
    image.load()
    mode, clear, tags = image.mode, "transparency" in image.info, getattr(image, "tag_v2", {})
    image = ImageOps.exif_transpose(image)
    if mode.startswith("I"):
        bits = tags.get(258, (16,))[0]  # Pillow leaves 12 bits unscaled
        return numpy.repeat((numpy.asarray(image) >> (bits - 8)).astype(numpy.uint8)[..., None], 3, 2)
    if mode == "La":
        image = image.convert("LA")
    if clear or mode in ("RGBA", "LA", "La"):
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
    close = heif_files()
    good = {**jpeg_files(), **png_files(), **other_files(), **tiff_files(), **bmp_files()}
    bad = {**bad_jpeg_files(), **bad_png_files(), **bad_other_files(), **bad_tiff_files(), **bad_bmp_files(),
           **bad_heif_files()}
    bad["text.jpg"] = b"This is not a photograph.\n"
    bad["empty.jpg"] = b""
    for name, data in {**good, **close, **{"bad-" + n: d for n, d in bad.items()}}.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    print(f"/* Written by tools/make_picture_goldens.py with Pillow {PIL.__version__}. */")
    print("/* file, width, height, FNV-1a of the upright RGB pixels */")
    print("static const picture_golden picture_goldens[] = {")
    for name in sorted(good):
        p = pixels(os.path.join(folder, SAME.get(name, name)))
        print(f'    {{"{name}", {p.shape[1]}, {p.shape[0]}, 0x{fnv(p.tobytes()):016x}}},')
    print("};")
    for name in close:  # versions of libheif differ by 1 level: these are compared with pixels
        with open(os.path.join(folder, name + ".rgb"), "wb") as file:
            file.write(pixels(os.path.join(folder, name)).tobytes())


main()
