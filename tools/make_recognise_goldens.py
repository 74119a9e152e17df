#!/usr/bin/env python3
"""Write tests/golden/recognise: a picture, and the results of PyTorch for it.

The network has the layers of alexnet-mini as torch.nn.Sequential modules, with weights from a
formula, so that they need not be stored (tests/unit/test_recognise_golden.c has the same). The
picture goes from JPEG to probabilities as the network's [input] says, minus ImageNet's mean colour.
Everything after the picture is computed in float64.

Made with NumPy 2.4, Pillow 12.1, PyTorch 2.15. Usage: make_recognise_goldens.py FOLDER
"""
import math
import os
import sys

import numpy as np
import torch
from PIL import Image

CLASSES = 10
MEAN = (122.679, 116.669, 104.007)
folder = sys.argv[1]


class TowerNorm(torch.nn.Module):
    """LRN over the maps of each tower: k = 2, alpha = 1e-4 of the sum, beta = 0.75."""

    def forward(self, x):
        norm = torch.nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)  # PyTorch divides by 5
        return torch.cat([norm(tower) for tower in x.chunk(2, dim=1)], dim=1)


class Keep(torch.nn.Module):
    """Dropout of 2012 at test time."""

    def forward(self, x):
        return x * 0.5


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        nn = torch.nn
        pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.features = nn.Sequential(
            nn.Conv2d(3, 24, 7, 2), nn.ReLU(), TowerNorm(), pool,
            nn.Conv2d(24, 64, 5, padding=2, groups=2), nn.ReLU(), TowerNorm(), pool,
            nn.Conv2d(64, 96, 3, padding=1), nn.ReLU(),
            nn.Conv2d(96, 96, 3, padding=1, groups=2), nn.ReLU(),
            nn.Conv2d(96, 64, 3, padding=1, groups=2), nn.ReLU(), pool)
        self.classifier = nn.Sequential(
            nn.Linear(64 * 3 * 3, 256), nn.ReLU(), Keep(),
            nn.Linear(256, 256), nn.ReLU(), Keep(),
            nn.Linear(256, CLASSES))

    def forward(self, x):
        x = torch.nn.functional.pad(x, (0, 1, 0, 1))  # the first windows hang over by one pixel
        return self.classifier(self.features(x).flatten(1))


def uniform(tensor, count):
    """Element j of tensor i, in [-1, 1)."""
    x = (np.arange(count, dtype=np.uint64) + np.uint64(tensor * 1000003)) % 2**32
    x = x * 2654435761 % 2**32
    x ^= x >> np.uint64(15)
    x = x * 2246822519 % 2**32
    x ^= x >> np.uint64(13)
    return x.astype(np.float64) / 2**32 * 2 - 1


def fill(net):
    state = net.state_dict()
    for i, (name, tensor) in enumerate(state.items()):
        bound = 0.1 if tensor.dim() == 1 else math.sqrt(6 / (tensor.numel() / tensor.shape[0]))
        if i == 0:
            bound /= 64  # pixels are large
        values = (uniform(i, tensor.numel()) * bound).astype(np.float32)
        state[name] = torch.from_numpy(values).reshape(tensor.shape)
    net.load_state_dict(state)


def picture():
    rows, columns = np.mgrid[0:90, 0:120]
    maps = [128 + 100 * np.sin(columns / 9) * np.cos(rows / 13), 2 * columns, 255 - 2 * rows]
    noise = np.random.default_rng(20121003).normal(0, 12, (90, 120, 3))
    pixels = np.clip(np.stack(maps, axis=2) + noise, 0, 255).astype(np.uint8)
    path = os.path.join(folder, "picture.jpg")
    Image.fromarray(pixels).save(path, quality=90)
    return Image.open(path)


def main():
    net = Net()
    fill(net)
    image = picture()
    side = (round(64 * image.width / image.height), 64)
    image = image.resize(side, Image.BILINEAR)
    left = (image.width - 64) // 2
    pixels = np.asarray(image.crop((left, 0, left + 64, 64)))[4:60, 4:60].astype(np.float64)
    x = torch.from_numpy(pixels - np.array(MEAN)).permute(2, 0, 1)[None]
    with torch.no_grad():
        probabilities = net.double().eval()(x).softmax(1)[0].numpy()
    with open(os.path.join(folder, "goldens.h"), "w") as out:
        out.write("/* Written by tools/make_recognise_goldens.py; do not edit. */\n/* clang-format off */\n")
        out.write("static const struct {\n    const char *name;\n    int rank, shape[4];\n"
                  "} golden_tensors[] = {\n")
        for name, tensor in net.state_dict().items():
            shape = ", ".join(map(str, tensor.shape))
            out.write(f'    {{"{name}", {tensor.dim()}, {{{shape}}}}},\n')
        out.write("};\n\nstatic const double golden_probabilities[] = {\n")
        for p in probabilities:
            out.write(f"    {float(p)!r},\n")
        out.write("};\n")


main()
