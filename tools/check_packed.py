#!/usr/bin/env python3
"""Judge packed data sets and statistics by what other programs read and compute from them.

Pack: Python's tarfile and webdataset read every member; pixels equal those of Pillow's resize (within
one grey level if Pillow 13 resizes rows first); JPEG files of the right size are copies of the
source's bytes; hashes equal hashlib's; classes, labels and names equal those of the source.
Statistics: equal to NumPy's over the packed pixels in double precision, within 1e-6 of each number.

Needs numpy, Pillow, safetensors and webdataset (tested with 2.4.3, 13.0.0, 0.8.0 and 1.0.2). Skipped,
with status 77, where one is missing.

    check_packed.py ALEXNET
"""
import glob
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


try:
    import numpy as np
    import webdataset
    from PIL import Image
    from safetensors.numpy import load_file
except ImportError as error:
    skip(f"the judge of packed data: {error}")

SIDE = 48
TOLERANCE = 1e-6
failures = 0
alexnet = sys.argv[1]


def report(what, good, found=""):
    global failures
    failures += not good
    print(f"{'ok' if good else 'WRONG':5} {what} {found}", flush=True)


def run(*arguments):
    return subprocess.run([alexnet, *arguments], check=True, capture_output=True, text=True).stdout


def draw(random, width, height):
    """A smooth picture with some noise."""
    grid = random.integers(0, 256, (6, 7, 3)).astype(np.uint8)
    picture = np.asarray(Image.fromarray(grid).resize((width, height), Image.BICUBIC)).astype(int)
    return np.clip(picture + random.integers(-9, 10, picture.shape), 0, 255).astype(np.uint8)


def write_source(folder):
    random = np.random.default_rng(5)
    paths = {}
    for name, classes in (("zebra", 7), ("ant", 11), ("mid dle", 5)):
        os.makedirs(f"{folder}/{name}/sub")
        for i in range(classes):
            width, height = (int(n) for n in random.integers(20, 160, 2))
            if i == 0:
                width, height = SIDE, SIDE + 9
            kind = ("jpg", "png", "JPEG")[i % 3]
            path = f"{name}/{'sub/' if i % 2 else ''}{i}.{kind}"
            Image.fromarray(draw(random, width, height)).save(f"{folder}/{path}", quality=90)
            paths[path] = (width, height)
    return paths


def members(folder):
    """name -> bytes of all shards, by tarfile."""
    found = {}
    for path in sorted(glob.glob(f"{folder}/*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                if member.name in found and not member.name.startswith("__alexnet__"):
                    report(f"{member.name} once", False)
                found.setdefault(member.name, archive.extractfile(member).read())
                if member.name.startswith("__alexnet__"):
                    found.setdefault("keys", []).extend(
                        archive.extractfile(member).read().decode().splitlines())
    return found


def read_with_webdataset(folder, decoder, *endings):
    shards = sorted(glob.glob(f"{folder}/*.tar"))
    data = webdataset.WebDataset(shards, shardshuffle=False, empty_check=False)
    return {key: rest for key, *rest in data.decode(decoder).to_tuple("__key__", *endings)}


def short_side(picture):
    width, height = picture.size
    short = min(width, height)
    size = (SIDE, SIDE * height // short) if width <= height else (SIDE * width // short, SIDE)
    return np.asarray(picture.convert("RGB").resize(size, Image.BILINEAR))


def judge_pack(source, paths):
    run("data", "pack", source, "raw", "--raw", "--side", str(SIDE), "--shard-size", "100kB", "-q")
    run("data", "pack", source, "jpeg", "--side", str(SIDE), "--shard-size", "7", "-q")
    classes = open("raw/classes.txt").read().splitlines()
    report("classes", classes == sorted({p.split("/")[0] for p in paths}))
    raw, jpeg = members("raw"), members("jpeg")
    names = dict(line.split("\t") for line in raw["keys"])
    report("names lead back", sorted(names.values()) == sorted(paths))
    pixels = read_with_webdataset("raw", lambda key, data: None, "npy", "cls")
    pictures = read_with_webdataset("jpeg", "pil", "jpg", "cls")
    report("webdataset sees all", set(pixels) == set(names) and set(pictures) == set(names))
    worst, labels, same, unchanged, off = 0, True, True, 0, []
    for key, path in names.items():
        wanted = short_side(Image.open(f"{source}/{path}")).astype(int)
        array = np.load(io.BytesIO(raw[key + ".npy"]))
        same &= np.array_equal(np.asarray(pixels[key][0]), array)
        worst = max(worst, abs(array.astype(int) - wanted).max())
        labels &= classes[pixels[key][1]] == classes[pictures[key][1]] == path.split("/")[0]
        unchanged += jpeg[key + ".jpg"] == open(f"{source}/{path}", "rb").read()
        off.append(abs(np.asarray(pictures[key][0].convert("RGB")).astype(int) - array).mean())
    report("pixels are Pillow's, within", worst <= 1, worst)
    report("webdataset's arrays are NumPy's", same)
    report("labels", labels)
    fit = sum(min(size) == SIDE and not path.endswith("png") for path, size in paths.items())
    report("JPEG files of the size stay", unchanged == fit, f"{unchanged} of {fit}")
    report("JPEG is near, on average within", max(off) < 6, f"{max(off):.2f}")
    for folder in "raw", "jpeg":
        manifest = json.load(open(f"{folder}/manifest.json"))
        shards = manifest["parts"][0]["shards"]
        hashes = [hashlib.sha256(open(f"{folder}/{s['file']}", "rb").read()).hexdigest()
                  for s in shards]
        report(f"hashes of {folder}", hashes == [s["sha256"] for s in shards], len(hashes))


def close(what, found, wanted):
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    scale = np.maximum(abs(wanted), 1)
    difference = (abs(found - wanted) / scale).max()
    report(what, found.shape == wanted.shape and difference <= TOLERANCE, f"{difference:.2g}")


def judge_stats(source, paths):
    net = run("info", "--text", "alexnet-mini").replace("side = 64", f"side = {SIDE}")
    net = net.replace("size = 56", f"size = {SIDE}")
    open("net.ini", "w").write(net)
    run("data", "pack", source, "square", "--raw", "--fit", "square", "--side", str(SIDE), "-q")
    pixels = np.stack([np.load(io.BytesIO(b)) for n, b in members("square").items()
                       if n.endswith(".npy")]).astype(np.float64)
    found = json.loads(run("data", "stats", source, "--net", "net.ini", "-o", "s.safetensors",
                           "--plot", "s.png", "--json"))
    file = load_file("s.safetensors")
    flat = pixels.reshape(-1, 3)
    covariance = np.cov(flat, rowvar=False, bias=True)
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1], vectors.T[::-1]
    vectors = vectors * np.sign(vectors[np.arange(3), abs(vectors).argmax(1)])[:, None]
    close("mean colour", found["mean"], flat.mean(0))
    close("covariance", found["covariance"], covariance)
    close("eigenvalues", found["eigenvalues"], values)
    close("eigenvectors", found["eigenvectors"], vectors)
    close("mean colour of the file", file["colour.mean"], flat.mean(0))
    close("covariance of the file", file["colour.covariance"], covariance)
    close("eigenvalues of the file", file["colour.eigenvalues"], values)
    close("eigenvectors of the file", file["colour.eigenvectors"], vectors)
    close("mean image", file["input.mean"], pixels.mean(0).transpose(2, 0, 1))
    classes = sorted({p.split("/")[0] for p in paths})
    counts = [sum(p.startswith(c + "/") for p in paths) for c in classes]
    report("classes", [c["pictures"] for c in found["classes"]] == counts
           and file["class.pictures"].tolist() == counts)
    widths = sorted(size[0] for size in paths.values())
    report("widths", found["width"] == {"min": widths[0], "max": widths[-1],
                                        "median": widths[(len(widths) - 1) // 2]})
    report("enlarged", found["enlarged"] == sum(min(size) < SIDE for size in paths.values()))
    report("the plot", Image.open("s.png").size[0] > 600)


alexnet = os.path.abspath(alexnet)
with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    source_paths = write_source("source")
    judge_pack("source", source_paths)
    judge_stats("source", source_paths)
    os.chdir("/")
sys.exit(failures > 0)
