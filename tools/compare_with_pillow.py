#!/usr/bin/env python3
"""Compare src/data with Pillow: the pixels of picture files, and resizing at random sizes.

    compare_with_pillow.py [FILE...]

Builds src/data and its dependencies into a separate shared object with cc (the libraries of all
picture formats, zlib, jansson and inih are needed), so that functions that the library does not
export can be called. Prints a line for each difference, and exits with 1 if a resize differs, or a
picture that both can read. Pillow's pixels are taken with the three rules of make_picture_goldens.py.
Last run with Pillow 13.0.0 and libjpeg-turbo 2.1.5.
"""
import ctypes
import glob
import os
import random
import subprocess
import sys
import tempfile
import warnings

import numpy
from PIL import Image, ImageOps

try:  # HEIC; AVIF is Pillow's own
    import pillow_heif

    pillow_heif.register_heif_opener()
except ImportError:
    pass

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESIZES = 500


class Picture(ctypes.Structure):
    _fields_ = [("width", ctypes.c_int), ("height", ctypes.c_int), ("rgb", ctypes.c_void_p)]


class Size(ctypes.Structure):
    _fields_ = [("width", ctypes.c_int), ("height", ctypes.c_int)]


class Axis(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("origin", "samples", "out", "start", "part")]


def build(folder):
    out = os.path.join(folder, "data.so")
    folders = ("data", "data/*", "data/picture/codec", "base", "tensor", "op")
    sources = sorted(source for name in folders for source in glob.glob(f"{ROOT}/src/{name}/*.c"))
    codecs = os.path.join(folder, "codecs.c")  # all formats; the build lists those that it has
    names = ["webp", "gif", "tiff", "heif"]
    with open(codecs, "w") as file:
        file.write('#include "data/picture/codec.h"\n#include "data/source/store.h"\n')
        file.write("const an_store *const an_stores[] = {NULL};\n")
        file.writelines(f"extern const an_codec an_{name}_codec;\n" for name in names)
        rows = "".join(f"&an_{name}_codec, " for name in names)
        file.write(f"const an_codec *const an_codecs[] = {{{rows}NULL}};\n")
    flags = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-shared", "-fopenmp", f"-I{ROOT}/include", f"-I{ROOT}/src"]
    flags += [f'-DAN_{name.upper()}_VERSION=""' for name in names]
    texts = os.path.join(folder, "texts.c")  # the compiled-in texts; src/data uses the classes
    classes = ";".join(glob.glob(f"{ROOT}/classes/*.txt"))
    subprocess.run(["cmake", f"-DOUT={texts}", "-DNETS=", "-DRECIPES=", "-DTUNINGS=", f"-DCLASSES={classes}",
                    "-P", f"{ROOT}/cmake/EmbedTexts.cmake"], check=True)
    sources += [codecs, texts]
    libraries = ["-ljpeg", "-lpng", "-lwebp", "-lwebpdemux", "-lgif", "-ltiff", "-lheif", "-lz", "-ljansson", "-linih",
                 "-lpthread", "-lm"]
    subprocess.run(["cc", *flags, *sources, "-o", out, *libraries], check=True)
    library = ctypes.CDLL(out)
    library.an_error_text.restype = ctypes.c_char_p
    return library


def ours(library, path):
    """Pixels, or the error text."""
    picture = Picture()
    if library.an_picture_read(ctypes.byref(picture), os.fsencode(path)) != 0:
        return library.an_error_text().decode("utf-8", "replace")
    shape = (picture.height, picture.width, 3)
    bytes_ = ctypes.cast(picture.rgb, ctypes.POINTER(ctypes.c_uint8))
    pixels = numpy.ctypeslib.as_array(bytes_, shape).copy()
    library.an_picture_free(ctypes.byref(picture))
    return pixels


def pillows(path):
    """Pixels, or the error text; None if the format is not one that is read."""
    try:
        image = Image.open(path)
        if image.format not in ("JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"):
            return None
        image.load()
    except Exception as error:  # Pillow raises almost anything
        return repr(error)
    mode, clear, tags = image.mode, "transparency" in image.info, getattr(image, "tag_v2", {})
    image = ImageOps.exif_transpose(image)
    if mode.startswith("I"):
        bits = tags.get(258, (16,))[0]  # Pillow leaves 12 bits unscaled
        return numpy.repeat((numpy.asarray(image) >> (bits - 8)).astype(numpy.uint8)[..., None], 3, 2)
    if mode == "La":
        image = image.convert("LA")
    if clear or mode in ("RGBA", "LA", "La", "PA"):
        rgba = numpy.asarray(image.convert("RGBA")).astype(numpy.int64)
        alpha = rgba[..., 3:]
        return ((2 * (rgba[..., :3] * alpha + 255 * (255 - alpha)) + 255) // 510).astype(numpy.uint8)
    return numpy.asarray(image.convert("RGB"))


def compare_file(library, path, counts):
    mine, theirs = ours(library, path), pillows(path)
    if theirs is None:
        counts["other formats"] += 1
        if not isinstance(mine, str):
            print(f"{path}: read, though Pillow sees another format")
    elif isinstance(mine, str) and isinstance(theirs, str):
        counts["refused by both"] += 1
    elif isinstance(mine, str):
        counts["refused here only"] += 1
        print(f"{mine} (Pillow reads it)")
    elif isinstance(theirs, str):
        counts["refused by Pillow only"] += 1
        print(f"{path}: read, though Pillow says {theirs}")
    elif mine.shape != theirs.shape:
        counts["different"] += 1
        print(f"{path}: {mine.shape}, Pillow has {theirs.shape}")
    elif (mine != theirs).any():
        counts["different"] += 1
        apart = numpy.abs(mine.astype(int) - theirs)
        print(f"{path}: {(apart > 0).mean():.1%} of the bytes differ, by {apart.max()} at most")
    else:
        counts["equal"] += 1


def address(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def resized(library, source, width, height):
    size, out = Size(source.shape[1], source.shape[0]), numpy.zeros((height, width, 3), numpy.uint8)
    across, down = (Axis(0, n, to, 0, to) for n, to in ((size.width, width), (size.height, height)))
    resizer = ctypes.c_void_p()
    assert library.an_resizer_new(ctypes.byref(resizer), address(out), ctypes.c_size_t(3 * width), size, 0,
                                  ctypes.byref(across), ctypes.byref(down)) == 0
    library.an_resizer_take_all(resizer, address(source), size)
    library.an_resizer_free(resizer)
    return out


def compare_resizes(library):
    draw, different = random.Random(1), 0
    noise = numpy.random.default_rng(1)
    for _ in range(RESIZES):
        w, h, to_w, to_h = (draw.choice([1, 2, 3, draw.randint(1, 50), draw.randint(1, 700)]) for _ in "whWH")
        to_w, to_h = draw.choice([(to_w, to_h), (to_w, to_h), (w, to_h), (to_w, h)])
        source = noise.integers(0, 256, (h, w, 3), dtype=numpy.uint8)
        mine = resized(library, source, to_w, to_h)
        # In two steps: from version 13 on Pillow resizes the columns first if that is less work.
        rows = Image.fromarray(source).resize((to_w, h), Image.BILINEAR)
        theirs = numpy.asarray(rows.resize((to_w, to_h), Image.BILINEAR))
        if (mine != theirs).any():
            different += 1
            print(f"resize {w} x {h} to {to_w} x {to_h} differs")
    return different


def main():
    warnings.simplefilter("ignore")
    counts = dict.fromkeys(
        ("equal", "different", "refused by both", "refused here only", "refused by Pillow only", "other formats"), 0
    )
    with tempfile.TemporaryDirectory() as folder:
        library = build(folder)
        for path in sys.argv[1:]:
            compare_file(library, path, counts)
        different = compare_resizes(library)
    print(", ".join(f"{n} {what}" for what, n in counts.items() if n) or "no files")
    print(f"{RESIZES} resizes, {different} different")
    return 1 if counts["different"] or different else 0


sys.exit(main())
