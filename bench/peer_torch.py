#!/usr/bin/env python3
"""A training step, or a forward pass, of AlexNet in PyTorch, for bench/compare.sh (eager, on the CPU).

    peer_torch.py NET MODE PRECISION BATCH STEPS THREADS LAYOUT
    peer_torch.py cuda SECONDS [WAY...]

NET is alexnet or alexnet-owt, MODE train or infer, PRECISION fp32 or bf16 (autocast), LAYOUT nchw or
channels_last. Prints the median of the steps in milliseconds and what was measured.

With `cuda`, for tools/gpu.sh: a table of both networks on the first GPU in bf16, channels_last, with
resident data, the most important first, until SECONDS have passed. WAY is graph (eager steps captured
as a CUDA graph), compile+graph and autotune+graph (torch.compile, without and with max-autotune,
captured likewise), or eager; all, if none is given. A line for each: net mode batch way milliseconds
images/s.
"""
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class TowerNorm(nn.Module):
    """LRN over 5 maps of the same tower; alpha is not divided by the window, unlike in PyTorch."""

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


# ---- On a GPU -------------------------------------------------------------------------------------

def steps_on_gpu(net, mode, batch):
    """What to time: a function that queues one step, and the function for torch.compile."""
    model = {"alexnet": alexnet, "alexnet-owt": alexnet_owt}[net]()
    model = model.cuda().to(memory_format=torch.channels_last)
    x = torch.rand(batch, 3, 224, 224, device="cuda").to(memory_format=torch.channels_last)
    labels = torch.randint(0, 1000, (batch,), device="cuda")
    autocast = lambda: torch.autocast("cuda", torch.bfloat16, cache_enabled=False)
    model.train(mode == "train")
    if mode == "infer":
        model = model.to(torch.bfloat16)
        x = x.to(torch.bfloat16)

        def forward(model):
            with torch.no_grad():
                return model(x).softmax(1)
        return model, forward
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9, weight_decay=0.0005,
                                fused=True)

    def train(model):
        optimizer.zero_grad(set_to_none=True)
        with autocast():
            loss = F.cross_entropy(model(x).float(), labels)
        loss.backward()
        optimizer.step()
    return model, train


def captured(step):
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


WARM, WARM_SECONDS, GROUP_SECONDS, LEAST_GROUPS = 4, 0.5, 0.02, 5


def time_steps(step, steps):
    began = time.perf_counter()
    for _ in range(steps):
        step()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def median_milliseconds(step, seconds=1.0):
    """As bench/cuda_speed.c: half a second to warm up, then groups of steps, and their median."""
    warm = []
    while len(warm) < WARM or sum(warm) < WARM_SECONDS:
        warm.append(time_steps(step, 1))
    steps = int(GROUP_SECONDS / warm[-1]) + 1
    groups = []
    while len(groups) < LEAST_GROUPS or sum(groups) < seconds:
        groups.append(time_steps(step, steps))
    return 1e3 * statistics.median(groups) / steps


COMPILED = {"compile+graph": None, "autotune+graph": "max-autotune-no-cudagraphs"}


def measure_on_gpu(net, mode, batch, way):
    model, work = steps_on_gpu(net, mode, batch)
    if way in COMPILED:
        torch.compiler.reset()  # or the second batch size would be compiled for any
        model = torch.compile(model, dynamic=False, mode=COMPILED[way])
    step = lambda: work(model)
    if way != "eager":
        step = captured(step)
    return median_milliseconds(step)


# The seconds that a way may take before one has been measured; compiling is slow.
SECONDS_OF = {"graph": 10, "compile+graph": 60, "autotune+graph": 120, "eager": 10}


def plan_on_gpu():
    """What to measure, the most important first."""
    nets = ("alexnet-owt", "alexnet")
    first = ("train", 512)  # with 2048, for which tools/gpu.sh compares the fastest way with ours
    others = (("train", 2048), ("infer", 1), ("infer", 2048), ("train", 128), ("infer", 128))
    order = [(first, "graph"), (first, "compile+graph")]
    order += [(case, way) for way in ("graph", "compile+graph") for case in others]
    order += [(first, "eager"), (first, "autotune+graph")]
    return [(net, *case, way) for case, way in order for net in nets]


def gpu_table(seconds, ways):
    until = time.perf_counter() + seconds
    needed = dict(SECONDS_OF)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.benchmark_limit = 20  # as many as src/backend/cuda/trial.h times
    print(f"PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}, "
          f"{torch.cuda.get_device_name()}, bf16, channels_last", flush=True)
    for net, mode, batch, way in plan_on_gpu():
        began = time.perf_counter()
        if ways and way not in ways:
            continue
        if began + needed[way] > until:
            print(f"{net} {mode} {batch} {way} no time left", flush=True)
            continue
        try:
            ms = measure_on_gpu(net, mode, batch, way)
            print(f"{net} {mode} {batch} {way} {ms:.3f} {1e3 * batch / ms:.0f}", flush=True)
        except Exception as error:  # a failure of one way must not end the table
            print(f"{net} {mode} {batch} {way} failed: {(str(error) or repr(error)).splitlines()[0][:120]}", flush=True)
        needed[way] = 1.5 * (time.perf_counter() - began)
        torch.cuda.empty_cache()


def main():
    if sys.argv[1] == "cuda":
        gpu_table(float(sys.argv[2]), sys.argv[3:])
        return
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
