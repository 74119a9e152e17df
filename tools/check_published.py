#!/usr/bin/env python3
"""Judge published weights by their use: a linear classifier on pool5 of Caffe's AlexNet.

The convolutions of BVLC's AlexNet (bvlc-alexnet-conv-8bit.safetensors, rounded to 8 bits) with Caffe's
mean image compute the features of 1,200 pictures of Imagenette's ten classes, drawn at random. Ridge
regression on 800 of them must classify most of the other 400 correctly, averaged over five draws.

Needs NumPy (tested with 2.4.6), and in ALEXNET_DATA the folder of that file, of
ilsvrc_2012_mean.npy and of imagenette-224.tar. Skipped, with status 77, where one is missing.

    check_published.py ALEXNET
"""
import os
import subprocess
import sys
import tempfile

LEAST = 0.86  # measured: 0.88
PICTURES, TRAINING, PENALTY, DRAWS = 1200, 800, 1.0, 5


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


try:
    import numpy as np
except ImportError as missing:
    skip(missing)


def data(name):
    path = os.path.join(os.environ.get("ALEXNET_DATA", ""), name)
    if not os.path.exists(path):
        skip(f"ALEXNET_DATA names no folder with {name}")
    return path


def features(alexnet, folder):
    archive = data("imagenette-224.tar")
    listed = subprocess.run(["tar", "-tf", archive], capture_output=True, text=True, check=True).stdout
    names = [n for n in listed.split() if "/train/" in n and n.endswith(".JPEG")]
    chosen = sorted(np.random.default_rng(0).permutation(len(names))[:PICTURES])
    files = [names[i] for i in chosen]
    subprocess.run(["tar", "-xf", archive, "-C", folder, "-T", "-"], input="\n".join(files), text=True, check=True)
    out = os.path.join(folder, "pool5.npy")
    subprocess.run([alexnet, "features", data("bvlc-alexnet-conv-8bit.safetensors"), "-", "--mean",
                    data("ilsvrc_2012_mean.npy"), "--layer", "pool5", "--batch", "64", "-q", "-o", out],
                   input="\n".join(os.path.join(folder, f) for f in files), text=True, check=True)
    values = np.load(out).reshape(PICTURES, -1).astype(np.float64)
    labels = [f.split("/")[-2] for f in files]
    return values, np.array([sorted(set(labels)).index(label) for label in labels])


def right(x, y, seed):
    """The share of the pictures outside the training set that are classified correctly."""
    order = np.random.default_rng(seed).permutation(PICTURES)
    train, test = order[:TRAINING], order[TRAINING:]
    mean = x[train].mean(0)
    a, b = x[train] - mean, x[test] - mean
    scale = (a**2).sum(1).mean()
    weights = np.linalg.solve(a @ a.T / scale + PENALTY * np.eye(TRAINING), np.eye(10)[y[train]] - 0.1)
    return (np.argmax(b @ a.T @ weights, 1) == y[test]).mean()


def main():
    with tempfile.TemporaryDirectory() as folder:
        x, y = features(sys.argv[1], folder)
        shares = [right(x, y, seed) for seed in range(DRAWS)]
    print("right: " + ", ".join(f"{s:.3f}" for s in shares) + f"; mean {np.mean(shares):.3f}, at least {LEAST} expected")
    return int(np.mean(shares) < LEAST)


if __name__ == "__main__":
    sys.exit(main())
