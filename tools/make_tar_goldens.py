#!/usr/bin/env python3
"""Write archives for tests/unit/test_tar.c, and what Python's tarfile finds in them.

They are written by tarfile in its three formats and by GNU tar; the names cover what the formats
store in different ways. Beside each NAME.tar, NAME.txt lists its files in order, as tarfile reads
them: offset of the bytes, length, name. Made with Python 3.11.7 and GNU tar 1.34.

    tools/make_tar_goldens.py tests/golden/archives
"""
import io
import os
import subprocess
import sys
import tarfile
import tempfile

LONG = "/".join(["n01440764"] * 4) + "/" + "long" * 30 + ".jpg"  # beyond a header's 100 bytes
PREFIX = "classes/" + "p" * 90 + "/prefixed.jpg"  # fits ustar's prefix and name
FILES = [
    ("n01/a.jpg", b"a" * 10),
    ("n01/a.cls", b"7\n"),
    ("./n02/b.PNG", b"b" * 512),
    ("n02/empty.jpeg", b""),
    ("n02/\u00e4\u00f6 \u2603.jpg", b"c" * 513),
    (PREFIX, b"d" * 2000),
    (LONG, b"e" * 1),
    ("readme.txt", b"text"),
]


def write(path, kind, files):
    with tarfile.open(path, "w", format=kind) as archive:
        folder = tarfile.TarInfo("n01")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mtime = 1.5 if kind == tarfile.PAX_FORMAT else 1  # a pax record of its own
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("n01/link.jpg")
        link.type = tarfile.SYMTYPE
        link.linkname = LONG
        if kind != tarfile.USTAR_FORMAT:
            archive.addfile(link)


def write_gnu(path, *options, sparse=False):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in FILES:
            place = os.path.join(folder, name)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as file:
                file.write(content)
                if sparse and name.endswith("b.PNG"):
                    file.truncate(1 << 20)
        subprocess.run(
            ["tar", "--create", "--sort=name", "--mtime=@1", "--owner=0", "--group=0",
             "--blocking-factor=1", *options, "--file", os.path.abspath(path), "."],
            cwd=folder, check=True)


def describe(path):
    with tarfile.open(path) as archive, open(path[:-3] + "txt", "w", encoding="utf-8") as out:
        for member in archive:
            if member.isfile():
                name = os.path.normpath(member.name)
                out.write(f"{member.offset_data} {member.size} {name}\n")


def main(folder):
    os.makedirs(folder, exist_ok=True)
    made = []

    def path(name):
        made.append(os.path.join(folder, name + ".tar"))
        return made[-1]

    write(path("python-ustar"), tarfile.USTAR_FORMAT, [f for f in FILES if f[0] != LONG])
    write(path("python-gnu"), tarfile.GNU_FORMAT, FILES)
    write(path("python-pax"), tarfile.PAX_FORMAT, FILES)
    write_gnu(path("tar-gnu"), "--format=gnu")
    write_gnu(path("tar-posix"), "--format=posix")
    write_gnu(path("tar-oldgnu"), "--format=oldgnu")
    for name in made:
        describe(name)
    for kind in "gnu", "posix":
        write_gnu(path("sparse-" + kind), "--format=" + kind, "--sparse", sparse=True)


if __name__ == "__main__":
    main(sys.argv[1])
