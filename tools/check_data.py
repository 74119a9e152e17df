#!/usr/bin/env python3
"""Judge `alexnet data check`: properties of pictures by Pillow, equality by SHA-256.

    check_data.py ALEXNET DATA     examine DATA, a folder that has class folders, or train and val,
                                   with both; print each difference, and exit with 1 if there is any
    check_data.py --make FOLDER    write tests/golden/check: small pictures with each problem planted,
                                   and expected.csv, what tests/cli/data_check.sh must find there

A picture that only one of Pillow and alexnet can read is a difference. Not compared are the reasons,
and problems that neither judge can find: near, case, and those of folders (--make writes these as
they are planted). Last run with Pillow 13.0.0 (LittleCMS 2.17 for the names of profiles).
"""
import csv
import hashlib
import io
import os
import struct
import subprocess
import sys
import tempfile
import warnings

import numpy
from PIL import Image, ImageCms, ImageFilter, ImageOps

ENDINGS = {"JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".jif"), "PNG": (".png",), "WEBP": (".webp",), "GIF": (".gif",),
           "BMP": (".bmp", ".dib"), "TIFF": (".tif", ".tiff"), "AVIF": (".avif",)}
JUDGED = ("unreadable", "same", "same-in-classes", "same-in-parts", "misnamed", "tiny", "grey", "cmyk", "profile")
FORMATS = {"JPEG": "a JPEG", "PNG": "a PNG", "WEBP": "a WebP picture", "GIF": "a GIF", "MPO": "a JPEG",
           "BMP": "a BMP", "TIFF": "a TIFF", "AVIF": "an AVIF picture"}
warnings.simplefilter("ignore")


def pictures(data):
    """(part, class, path) of each picture that alexnet takes: hidden ones are skipped."""
    names = sorted(name for name in os.listdir(data) if not name.startswith("."))
    parts = ["train", "val"] if {"train", "val"} <= set(names) else [""]
    known = sum(ENDINGS.values(), ())
    for part in parts:
        root = os.path.join(data, part) if part else data
        for label in sorted(os.listdir(root)):
            if label.startswith(".") or not os.path.isdir(os.path.join(root, label)):
                continue
            for folder, folders, files in os.walk(os.path.join(root, label), followlinks=True):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in sorted(files):
                    if not name.startswith(".") and os.path.splitext(name)[1].lower() in known:
                        yield part, label, os.path.join(folder, name)


def is_srgb(profile, name):
    """By its name, or by its primaries and the middle of its tone curve."""
    if name.startswith("sRGB"):
        return True
    p = profile.profile
    if p.xcolor_space.strip() != "RGB" or p.red_colorant is None:
        return False
    wanted = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
    got = (p.red_colorant[0], p.green_colorant[0], p.blue_colorant[0])
    if numpy.abs(numpy.array(got) - wanted).max() > 0.005:
        return False
    middle = Image.new("RGB", (1, 1), (128, 128, 128))
    try:
        lab = ImageCms.applyTransform(middle, ImageCms.buildTransform(profile, ImageCms.createProfile("LAB"), "RGB", "LAB"))
    except ImageCms.PyCMSError:
        return False
    return abs(lab.getpixel((0, 0))[0] / 255 * 100 - 53.6) < 2  # L* of sRGB's 128


def profile_of(image):
    data = image.info.get("icc_profile")
    if not data:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        name = ImageCms.getProfileDescription(profile).strip()
    except (OSError, ImageCms.PyCMSError):
        return None
    return None if is_srgb(profile, name) else name


def facts(path, side):
    """{problem: detail} of one picture, without problems that concern several."""
    found = {}
    try:
        with Image.open(path) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
            mode, kind, profile = image.mode, image.format, profile_of(image)
            rgba = upright.convert("RGBA") if "transparency" in image.info or "A" in mode else None
            white = Image.new("RGBA", upright.size, "white")
            rgb = Image.alpha_composite(white, rgba).convert("RGB") if rgba else upright.convert("RGB")
    except Exception as error:  # whatever error Pillow raises
        return {"unreadable": str(error)}
    pixels = numpy.asarray(rgb)
    ending = os.path.splitext(path)[1].lower()
    if ending not in ENDINGS.get("JPEG" if kind == "MPO" else kind, ()):
        found["misnamed"] = FORMATS.get(kind, kind)
    if min(upright.size) < side:
        found["tiny"] = f"{upright.size[0]} x {upright.size[1]} pixels"
    if (pixels == pixels[..., :1]).all():
        found["grey"] = ""
    if mode == "CMYK":
        found["cmyk"] = ""
    if profile is not None:
        found["profile"] = profile
    return found


def judge(data, side):
    """Rows (path, class, part, problem, detail) of all problems that can be judged."""
    rows, same = [], {}
    for part, label, path in pictures(data):
        found = facts(path, side)
        rows += [(path, label, part, problem, detail) for problem, detail in found.items()]
        if "unreadable" not in found:
            with open(path, "rb") as file:
                same.setdefault(hashlib.sha256(file.read()).hexdigest(), []).append((part, label, path))
    for group in same.values():
        if len(group) > 1:
            problem = ("same-in-parts" if len({part for part, _, _ in group}) > 1
                       else "same-in-classes" if len({label for _, label, _ in group}) > 1 else "same")
            rows += [(path, label, part, problem, "") for part, label, path in group]
    return rows


def key(row):
    """What is compared of a row: not the reason, and not which picture it equals."""
    path, label, part, problem, detail = row
    return (path, label, part, problem, detail if problem in ("misnamed", "tiny", "profile") else "")


def compare(program, data, side=224):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.csv")
        code = subprocess.run([program, "data", "check", data, "--quiet", "--side", str(side), "--report", report],
                              stdout=subprocess.DEVNULL, check=False).returncode
        if code not in (0, 1):
            sys.exit(f"data check {data}: exit code {code}")
        with open(report, newline="", errors="surrogateescape") as file:
            ours = {key((r["file"], r["class"], r["split"], r["problem"], r["detail"]))
                    for r in csv.DictReader(file) if r["problem"] in JUDGED}
    theirs = {key(row) for row in judge(os.path.realpath(data), side)}
    for row in sorted(ours - theirs):
        print("alexnet alone:", *row)
    for row in sorted(theirs - ours):
        print("the judge alone:", *row)
    count = sum(1 for _ in pictures(data))
    print(f"{data}: {count} pictures, {len(ours & theirs)} equal findings, {len(ours ^ theirs)} different")
    return int(ours != theirs)


# ---- Planted problems ----

def profile(name, primaries, gamma, version=4):
    """A small colour profile: a name, three primaries (XYZ at D50), one curve."""
    def xyz(values):
        return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(v * 65536)) for v in values)
    if version == 4:
        text = name.encode("utf-16-be")
        desc = b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    else:
        text = name.encode() + b"\0"
        desc = b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = [(b"desc", desc), (b"wtpt", xyz((0.9642, 1, 0.8249))), (b"cprt", desc)]
    tags += [(n, xyz(p)) for n, p in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries)]
    tags += [(n, curve) for n in (b"rTRC", b"gTRC", b"bTRC")]
    at, body, table = 128 + 4 + 12 * len(tags), b"", struct.pack(">I", len(tags))
    for tag, value in tags:
        value += bytes(-len(value) % 4)
        table += tag + struct.pack(">II", at + len(body), len(value))
        body += value
    head = struct.pack(">I4sI4s4s4s", at + len(body), bytes(4), version << 24, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + table + body


SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))


def photo(random, size=(48, 40)):
    fields = Image.fromarray(random.integers(0, 256, (7, 9, 3), dtype=numpy.uint8))
    return fields.resize(size, Image.BICUBIC)


def plant(folder):
    """Write the pictures; tests/cli/data_check.sh adds those that a repository cannot hold."""
    random = numpy.random.default_rng(14)

    def save(image, path, **how):
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        image.save(path, **how)

    def copy(source, path):
        with open(os.path.join(folder, source), "rb") as file:
            data = file.read()
        with open(os.path.join(folder, path), "wb") as file:
            file.write(data)

    for part, counts in (("train", {"cat": 12, "dog": 2, "owl": 2, "yak": 1}), ("val", {"cat": 1, "dog": 1, "owl": 1, "yak": 1})):
        for label, count in counts.items():
            for i in range(count):
                save(photo(random), f"{part}/{label}/{i:02}.jpg")
    save(photo(random), "train/cat/cut.jpg")
    with open(os.path.join(folder, "train/cat/cut.jpg"), "r+b") as file:
        file.truncate(os.path.getsize(file.name) * 3 // 4)
    open(os.path.join(folder, "train/dog/empty.png"), "wb").close()
    copy("train/owl/00.jpg", "val/owl/copy.jpg")
    copy("train/cat/03.jpg", "train/dog/also-a-cat.jpg")
    copy("train/cat/05.jpg", "train/cat/05 (copy).jpg")
    save(photo(random), "train/cat/a-png.jpg", format="PNG")
    save(photo(random, (48, 12)), "train/dog/tiny.jpg")
    save(photo(random).convert("L"), "train/dog/grey.jpg")
    save(photo(random).convert("L").convert("RGB"), "train/owl/grey.png")
    save(photo(random).convert("CMYK"), "train/dog/print.jpg")
    save(photo(random), "train/owl/p3.jpg", icc_profile=profile("Display P3", P3, 2.2))
    save(photo(random), "train/owl/adobe.png", icc_profile=profile("Adobe RGB (1998)", ADOBE, 2.2, 2))
    save(photo(random), "train/owl/linear.png", icc_profile=profile("Linear light", SRGB, 1.0))
    save(photo(random), "train/owl/srgb.jpg", icc_profile=profile("sRGB IEC61966-2.1", SRGB, 2.2, 2))
    save(photo(random), "train/owl/srgb-too.jpg", icc_profile=profile("c2", SRGB, 2.2))
    near = photo(random, (96, 80))
    save(near, "train/cat/near.jpg")
    save(near.resize((40, 36), Image.BICUBIC), "train/cat/near-smaller.jpg", quality=40)
    save(ImageOps.mirror(near), "train/dog/near-mirrored.jpg")
    save(near.filter(ImageFilter.GaussianBlur(1)).point(lambda v: v * 0.9), "val/cat/near-darker.jpg")
    with open(os.path.join(folder, "train/cat/notes.psd"), "w") as file:
        file.write("not a picture\n")


def make(folder):
    plant(folder)
    rows = [(os.path.relpath(path, folder), label, part, problem, detail)
            for path, label, part, problem, detail in judge(folder, 16)]
    near = ["train/cat/near-smaller.jpg", "train/cat/near.jpg", "train/dog/near-mirrored.jpg", "val/cat/near-darker.jpg"]
    rows += [(path, path.split("/")[1], path.split("/")[0], "near", "") for path in near]
    with open(os.path.join(folder, "expected.csv"), "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("file", "class", "split", "problem", "detail"))
        for path, label, part, problem, detail in sorted(map(key, rows)):
            out.writerow((path, label, part, problem, detail))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if sys.argv[1] == "--make":
        make(sys.argv[2])
    else:
        sys.exit(compare(sys.argv[1], sys.argv[2]))
