#!/usr/bin/env python3
"""A training step, or a forward pass, of AlexNet in PyTorch (eager), for bench/compare.sh.

    peer_torch.py NET MODE PRECISION BATCH STEPS THREADS LAYOUT

NET is alexnet or alexnet-owt, MODE train or infer, PRECISION fp32 or bf16 (autocast), LAYOUT nchw or
channels_last. Prints the median of the steps in milliseconds and what was measured.
"""
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class TowerNorm(nn.Module):
    """LRN over 5 maps of the same tower; alpha is not divided by the window, where PyTorch's is."""

    def forward(self, x):
        n, c, h, w = x.shape
        if x.is_contiguous(memory_format=torch.channels_last):
            return torch.cat([self.norm(half) for half in x.chunk(2, 1)], 1)
        return self.norm(x.reshape(2 * n, c // 2, h, w)).reshape(n, c, h, w)

    @staticmethod
    def norm(x):
        return F.local_response_norm(x, 5, alpha=5e-4, beta=0.75, k=2.0)


def fully_connected(features):
    return [nn.Flatten(), nn.Dropout(), nn.Linear(features, 4096), nn.ReLU(True), nn.Dropout(),
            nn.Linear(4096, 4096), nn.ReLU(True), nn.Linear(4096, 1000)]


def alexnet():
    pool = lambda: nn.MaxPool2d(3, 2)
    return nn.Sequential(
        nn.ZeroPad2d((0, 3, 0, 3)), nn.Conv2d(3, 96, 11, 4), nn.ReLU(True), TowerNorm(), pool(),
        nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(True), TowerNorm(), pool(),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(True),
        nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(True),
        nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(True), pool(),
        *fully_connected(9216))


def alexnet_owt():
    pool = lambda: nn.MaxPool2d(3, 2)
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(True), pool(),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(True), pool(),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(True),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(True),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(True), pool(),
        *fully_connected(9216))


def optimizer_of(model):
    options = dict(lr=0.001, momentum=0.9, weight_decay=0.0005)
    try:
        return torch.optim.SGD(model.parameters(), fused=True, **options)
    except (TypeError, RuntimeError):
        return torch.optim.SGD(model.parameters(), **options)


def main():
    net, mode, precision, batch, steps, threads, layout = sys.argv[1:8]
    batch, steps = int(batch), int(steps)
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    model = {"alexnet": alexnet, "alexnet-owt": alexnet_owt}[net]().to(memory_format=memory)
    x = torch.rand(batch, 3, 224, 224).to(memory_format=memory)
    labels = torch.randint(0, 1000, (batch,))
    autocast = lambda: torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")
    optimizer = optimizer_of(model)

    def train():
        optimizer.zero_grad()
        with autocast():
            loss = F.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()

    def infer():
        with torch.no_grad(), autocast():
            model(x).softmax(1)

    model.train(mode == "train")
    step = train if mode == "train" else infer
    times = []
    for _ in range(steps + 2):
        start = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - start))
    print(f"{statistics.median(times[2:]):.3f} PyTorch {torch.__version__}, {layout}")


main()
