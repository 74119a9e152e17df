#!/usr/bin/env python3
"""Make a data set of any size in tar shards from a few repeated pictures, to measure opening.

    bench/make_shards.py OUT PICTURE... [--count 1281167] [--classes 1000] [--shards 147]

Writes OUT/train-000000.tar and so on in the form of WebDataset: KEY.jpg with KEY.cls, random
classes, each key once. `--flat` writes folders of classes instead of .cls files.
"""
import argparse
import os
import random
import tarfile


def member(name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    header = info.tobuf(tarfile.USTAR_FORMAT)
    return header + content + bytes(-len(content) % 512)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("--count", type=int, default=1281167)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--shards", type=int, default=147)
    parser.add_argument("--flat", action="store_true")
    options = parser.parse_args()
    draw = random.Random(2012)
    pictures = []
    for path in options.pictures:
        with open(path, "rb") as file:
            pictures.append(file.read())
    os.makedirs(options.out, exist_ok=True)
    done = 0
    for shard in range(options.shards):
        end = options.count * (shard + 1) // options.shards
        path = os.path.join(options.out, f"train-{shard:06d}.tar")
        with open(path, "wb") as file:
            for i in range(done, end):
                label, picture = draw.randrange(options.classes), draw.choice(pictures)
                if options.flat:
                    file.write(member(f"class{label:04d}/{i:08d}.jpg", picture))
                else:
                    file.write(member(f"{i:08d}.jpg", picture))
                    file.write(member(f"{i:08d}.cls", b"%d" % label))
            file.write(bytes(1024))
        done = end


if __name__ == "__main__":
    main()
