#!/usr/bin/env python3
"""Compare the loader with PyTorch's (torchvision, webdataset) on the same packed JPEGs, in turns.

    bench/loader_peers.py ALEXNET SHARDS [--workers 2] [--rounds 3] [--batch 64] [--pictures 2000]

ALEXNET is the command, SHARDS a folder of .tar shards of `alexnet data pack` or WebDataset. The
pictures of the shards are unpacked into a temporary folder for torchvision's ImageFolder. Two cases:

    boxes    RandomResizedCrop(224) and RandomHorizontalFlip; crop = scaled here
    squares  Resize(256) and CenterCrop(256): the stored square of 256

All deliver batches of bytes; ours leaves mirroring to the network. Every round runs all of them;
the table has medians, the processor seconds per picture (other processes on the machine change
those less than the clock), and how many times as fast ours is. FFCV is not run yet.
Needs torch, torchvision, webdataset.
"""
import argparse
import glob
import io
import json
import os
import resource
import statistics
import subprocess
import tarfile
import tempfile
import time

import torch
import torchvision
import webdataset
from PIL import Image
from torchvision import transforms

CASES = {
    "boxes": transforms.Compose([transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(),
                                 transforms.PILToTensor()]),
    "squares": transforms.Compose([transforms.Resize(256), transforms.CenterCrop(256),
                                   transforms.PILToTensor()]),
}


def unpack(shards, folder, most):
    """Unpack KEY.jpg with KEY.cls into folders of classes. Returns their number."""
    names, count = {}, 0
    for path in shards:
        with tarfile.open(path) as tar:
            for member in tar:
                key, ending = os.path.splitext(member.name)
                if member.isfile() and ending in (".jpg", ".cls"):
                    names.setdefault(key, {})[ending] = tar.extractfile(member).read()
    for key, files in list(names.items())[:most]:
        target = os.path.join(folder, files[".cls"].decode().strip())
        os.makedirs(target, exist_ok=True)
        with open(os.path.join(target, os.path.basename(key) + ".jpg"), "wb") as file:
            file.write(files[".jpg"])
        count += 1
    return count


def work():
    """Processor seconds of this process and of its workers that have ended."""
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in both)


def drain(loader, most):
    """Read all batches, or at least `most` pictures. Returns pictures a second, and ms of work for each."""
    began, worked, count = time.time(), work(), 0
    for batch in loader:
        count += len(batch[0])
        if count >= most:
            break
    seconds = time.time() - began
    return count / seconds, 1e3 * (work() - worked) / count


def torchvision_loader(folder, case, options):
    data = torchvision.datasets.ImageFolder(folder, CASES[case])
    return torch.utils.data.DataLoader(data, options.batch, shuffle=True, num_workers=options.workers)


def decode(item):
    return Image.open(io.BytesIO(item)).convert("RGB")


def webdataset_loader(shards, case, options):
    data = (webdataset.WebDataset(shards, shardshuffle=len(shards)).shuffle(1000).to_tuple("jpg", "cls")
            .map_tuple(lambda b: CASES[case](decode(b)), int).batched(options.batch))
    return webdataset.WebLoader(data, batch_size=None, num_workers=min(options.workers, len(shards)))


def ours(shards, case, options):
    arguments = [options.alexnet, "bench", "--mode", "loader", shards, "--steps", "1", "--json", "--quiet",
                 "--threads", str(options.workers), "--batch", str(options.batch), "--pictures", str(options.pictures)]
    with tempfile.NamedTemporaryFile("w", suffix=".ini") as recipe:
        if case == "boxes":
            recipe.write("[recipe]\ncrop = scaled\ncrop_area = 0.08 1\n")
            recipe.flush()
            arguments += ["--recipe", recipe.name]
        told = json.loads(subprocess.run(arguments, check=True, stdout=subprocess.PIPE).stdout)
    return told["images_per_second"], told["processor_ms_per_image"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("alexnet")
    parser.add_argument("shards")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--pictures", type=int, default=2000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    shards = sorted(glob.glob(os.path.join(options.shards, "*.tar")))
    try:
        import ffcv  # noqa: F401
        print("FFCV is installed; this script does not run it yet")
    except ImportError:
        print("FFCV: not installed")
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, "
          f"webdataset {webdataset.__version__}, {options.workers} workers, batches of {options.batch}")
    with tempfile.TemporaryDirectory() as folder:
        unpack(shards, folder, options.pictures)
        for case in CASES:
            runs = {
                "alexnet": lambda: ours(options.shards, case, options),
                "PyTorch, torchvision": lambda: drain(torchvision_loader(folder, case, options), options.pictures),
                "webdataset": lambda: drain(webdataset_loader(shards, case, options), 10**9),
            }
            results = {name: [] for name in runs}
            for _ in range(options.rounds):
                for name, run in runs.items():
                    results[name].append(run())
            mine = [statistics.median(column) for column in zip(*results["alexnet"])]
            print(f"\n| {case} | images/s | processor, ms per picture | ours is | by processor |\n|---|---|---|---|---|")
            for name, rows in results.items():
                rate, cost = (statistics.median(column) for column in zip(*rows))
                print(f"| {name} | {rate:.0f} | {cost:.3f} | {mine[0] / rate:.2f} times | {cost / mine[1]:.2f} times |",
                      flush=True)


if __name__ == "__main__":
    main()
