#!/usr/bin/env python3
"""Golden values of whole networks, computed by PyTorch in float64 with autograd.

    tools/make_step_goldens.py tests/golden

writes two folders of safetensors files, all tensors in float64.

    steps/NAME   the network steps/NAME.ini through ten updates of the 2012 rule
        scale           per learned parameter, in order: what its first values are multiples of
        losses          [10, slots], 0 where a slot has no label
        probs           [slots, classes] before the first update
        grad.PARAM      gradient of the first step's mean loss
        final.PARAM     the parameter after the last update

    full/NAME    the built-in network NAME at its full size, one picture, dropout off
        scale           as above
        out.LAYER       root mean square of the layer's output, then samples of it
        grad.PARAM      the same of the gradient of a parameter
        loss            of the one picture
        eval.logp       logarithms of sampled probabilities in inference:
                        mask dropout multiplies by keep

Networks are written out here a second time, from their descriptions and not from their files.
Nothing big is stored: weights, means, pictures and draws come from the counter-based generator
(Philox, src/base/random.h), which the tests have too; the files' metadata holds the seeds.

PyTorch's optimiser applies another rule, so update() implements that of 2012. steps/nesterov,
steps/adam, steps/adamw, steps/clip and steps/smoothing, with the network steps/paper.ini, use
PyTorch's own optimisers, as does the average of weights in steps/adamw (average.PARAM). PyTorch's LRN
is used if a network divides alpha by the window; the others are composed of its operators.

Decisions: a gradient jumps where the sign of a ReLU's input changes, or which value of a window is
the largest. The seed of the pictures is the first with which no such decision is closer than
MARGIN of the root mean square of its tensor, so that float32 decides as float64 does.
"""
import json
import os
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F

PURPOSE_TEST = 7
WEIGHT_SEED = 2012
UNIT_MEAN, UNIT_PICTURE, UNIT_SLOT = 100, 200, 300  # below: the number of a parameter
SAMPLES, OUTPUTS = 24, 200  # of a tensor; of the network's output


# ---- Random numbers, as src/base/random.h defines them ----

def words(seed, epoch, unit, count):
    """The first `count` words at (seed, test, epoch, position 0, 1, ..., unit)."""
    mask = np.uint64(0xffffffff)
    c0 = np.arange((count + 3) // 4, dtype=np.uint64)
    c1 = np.full_like(c0, epoch)
    c2 = np.full_like(c0, unit << 16 | PURPOSE_TEST << 8)
    c3 = np.zeros_like(c0)
    k0, k1 = seed & 0xffffffff, seed >> 32
    for _ in range(10):
        p0 = c0 * np.uint64(0xD2511F53)
        p1 = c2 * np.uint64(0xCD9E8D57)
        c0, c2 = (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0), (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1)
        c1, c3 = p1 & mask, p0 & mask
        k0, k1 = (k0 + 0x9E3779B9) & 0xffffffff, (k1 + 0xBB67AE85) & 0xffffffff
    return np.stack([c0, c1, c2, c3], axis=1).reshape(-1)[:count]


def uniform(seed, epoch, unit, *shape):
    """Multiples of 2^-24 in [-1/2, 1/2): exact in float32, also times a power of two."""
    drawn = words(seed, epoch, unit, int(np.prod(shape)))
    return torch.from_numpy((drawn >> np.uint64(8)).astype(np.float64) * 2.0 ** -24 - 0.5).reshape(shape)


# ---- Operators; relu and max_pool also watch their decisions ----

class Watch:
    """The closest decision since the last reset, as a share of its tensor's root mean square."""
    margin = 1.0
    rows = slice(None)  # slots whose gradient counts

    @classmethod
    def see(cls, distance, tensor):
        if distance.numel():
            cls.margin = min(cls.margin, float(distance.min() / tensor.square().mean().sqrt()))


def relu(x):
    with torch.no_grad():
        Watch.see(x[Watch.rows].abs(), x)
    return F.relu(x)


def max_pool(x, ceil):
    y = F.max_pool2d(x, 3, 2, ceil_mode=ceil)
    with torch.no_grad():
        hang = [(y.shape[d] - 1) * 2 + 3 - x.shape[d] if ceil else 0 for d in (2, 3)]
        padded = F.pad(x, (0, hang[1], 0, hang[0]), value=-1e300)
        windows = padded.unfold(2, 3, 2).unfold(3, 3, 2).flatten(4)
        best = windows[Watch.rows].topk(2, dim=-1).values
        # Equal zeros after a ReLU are not a decision: no gradient passes the ReLU.
        Watch.see((best[..., 0] - best[..., 1])[best[..., 0] != 0], x)
    return y


def lrn(x, groups, k, alpha):
    """Across maps: windows of 5 that stop at the edge of a group; alpha multiplies the raw sum."""
    parts = [F.local_response_norm(part, 5, alpha * 5, 0.75, k) for part in x.chunk(groups, 1)]
    return torch.cat(parts, 1)


def lrn_by_hand(x, groups, k, alpha):
    """The same without PyTorch's LRN: a sum of shifted squares."""
    parts = []
    for part in x.chunk(groups, 1):
        c = part.shape[1]
        square = F.pad(part * part, (0, 0, 0, 0, 2, 2))
        total = sum(square[:, i:i + c] for i in range(5))
        parts.append(part * (k + alpha * total) ** -0.75)
    return torch.cat(parts, 1)


def rnorm(x):
    """Within a map: 5 x 5, scale 0.001 divided by 25, k = 1."""
    sums = F.avg_pool2d(x * x, 5, 1, 2, divisor_override=1)
    return x * (1 + 0.001 / 25 * sums) ** -0.75


# ---- Networks ----

class Net:
    """Parameters and their names in the order of the network file; outputs of the latest run."""

    def __init__(self, layers):
        self.names, self.values, self.scales, self.outputs = [], [], [], {}
        for name, shape, weight_scale, bias_scale in layers:
            for kind, dims, scale in (("weight", shape, weight_scale), ("bias", shape[:1], bias_scale)):
                drawn = uniform(WEIGHT_SEED, 0, len(self.values), *dims) * scale
                self.names.append(f"{name}.{kind}")
                self.values.append(drawn.requires_grad_())
                self.scales.append(scale)

    def __call__(self, name):
        i = self.names.index(name + ".weight")
        return self.values[i], self.values[i + 1]

    def keep(self, name, y):
        self.outputs[name] = y
        return y

    def conv(self, name, x, stride=1, pad=0, groups=1, hang=0):
        """hang: rows and columns of zeros that the last windows reach past the lower right edge."""
        x = F.pad(x, (pad, pad + hang, pad, pad + hang))
        return F.conv2d(x, *self(name), stride=stride, groups=groups)

    def fc(self, name, x):
        return F.linear(x.flatten(1), *self(name))

    def head(self, x, before, scale=1.0):
        """fc6 to fc8 without dropout; `scale` is the factor of mask dropout in inference."""
        k = self.keep
        if before:
            x = k("drop6", x)
        x = k("fc6", relu(self.fc("fc6", x)))
        x = k("drop7" if before else "drop6", x * scale)
        x = k("fc7", relu(self.fc("fc7", x)))
        if not before:
            x = k("drop7", x * scale)
        return k("fc8", self.fc("fc8", x))


def tail(net, x, ceil, groups):
    """conv3 to pool5 of all but alexnet-2012."""
    k = net.keep
    x = k("conv3", relu(net.conv("conv3", x, pad=1)))
    x = k("conv4", relu(net.conv("conv4", x, pad=1, groups=groups)))
    x = k("conv5", relu(net.conv("conv5", x, pad=1, groups=groups)))
    return k("pool5", max_pool(x, ceil))


def paper(net, x, in_use, shape):
    """conv-ReLU-LRN-pool twice, LRN per tower, alpha not divided; ceil rule; mask dropout."""
    k = net.keep
    x = k("conv1", relu(net.conv("conv1", x, stride=shape["stride"], hang=shape["hang"])))
    x = k("norm1", lrn_by_hand(x, 2, 2.0, 1e-4))
    x = k("pool1", max_pool(x, True))
    x = k("conv2", relu(net.conv("conv2", x, pad=shape["pad2"], groups=2)))
    x = k("norm2", lrn_by_hand(x, 2, 2.0, 1e-4))
    x = k("pool2", max_pool(x, True))
    return net.head(tail(net, x, True, 2), False, 0.5 if in_use else 1.0)


def trained_2012(net, x, in_use, shape):
    """Number 145: LRN on the signed conv1, ReLU after pool1 and pool5, spatial norm after norm2."""
    k = net.keep
    x = k("conv1", net.conv("conv1", x, stride=shape["stride"], hang=shape["hang"]))
    x = k("norm1", lrn(x, 2, 2.0, 1e-4 / 5))
    x = k("pool1", relu(max_pool(x, True)))
    x = k("conv2", relu(net.conv("conv2", x, pad=shape["pad2"], groups=2)))
    x = k("norm2", lrn(x, 2, 2.0, 1e-4 / 5))
    x = k("rnorm2", rnorm(x))
    x = k("pool2", max_pool(x, True))
    x = k("conv3", relu(net.conv("conv3", x, pad=1)))
    x = k("conv4", relu(net.conv("conv4", x, pad=1, groups=2)))
    x = k("conv5", net.conv("conv5", x, pad=1, groups=2))
    x = k("pool5", relu(max_pool(x, True)))
    return net.head(x, False, 0.5 if in_use else 1.0)


def bvlc(net, x, in_use, shape):
    """conv-ReLU-LRN-pool twice, LRN over all maps with k = 1; inverted dropout."""
    k = net.keep
    x = k("conv1", relu(net.conv("conv1", x, stride=shape["stride"])))
    x = k("norm1", lrn(x, 1, 1.0, 1e-4 / 5))
    x = k("pool1", max_pool(x, True))
    x = k("conv2", relu(net.conv("conv2", x, pad=shape["pad2"], groups=2)))
    x = k("norm2", lrn(x, 1, 1.0, 1e-4 / 5))
    x = k("pool2", max_pool(x, True))
    return net.head(tail(net, x, True, 2), False)


def caffenet(net, x, in_use, shape):
    """As bvlc with pooling before LRN."""
    k = net.keep
    x = k("conv1", relu(net.conv("conv1", x, stride=shape["stride"])))
    x = k("pool1", max_pool(x, True))
    x = k("norm1", lrn(x, 1, 1.0, 1e-4 / 5))
    x = k("conv2", relu(net.conv("conv2", x, pad=shape["pad2"], groups=2)))
    x = k("pool2", max_pool(x, True))
    x = k("norm2", lrn(x, 1, 1.0, 1e-4 / 5))
    return net.head(tail(net, x, True, 2), False)


def owt(net, x, in_use, shape):
    """torchvision's: padding 2, floor rule, no groups, no LRN, dropout before fc6 and fc7."""
    k = net.keep
    x = k("conv1", relu(net.conv("conv1", x, stride=shape["stride"], pad=2)))
    x = k("pool1", max_pool(x, False))
    x = k("conv2", relu(net.conv("conv2", x, pad=shape["pad2"])))
    x = k("pool2", max_pool(x, False))
    return net.head(tail(net, x, False, 1), True)


# ---- Input ----

OWT_MEAN = torch.tensor([123.675, 116.28, 103.53], dtype=torch.float64)
OWT_SCALE = torch.tensor([0.01712475, 0.01750700, 0.01742919], dtype=torch.float64)


class Input:
    """side: of the stored picture; size: of the crop; kind: where the mean is taken."""

    def __init__(self, side, size, kind, bgr):
        self.side, self.size, self.kind, self.bgr = side, size, kind, bgr
        self.mean = 120 + 128 * uniform(WEIGHT_SEED, 0, UNIT_MEAN, 3, side, side)

    def cut(self, picture, slot):
        """One slot's input [3, size, size] from a picture [side, side, 3], R G B."""
        y, x, size = slot["y"], slot["x"], self.size
        margin = (self.side - size) // 2
        pixels = picture.permute(2, 0, 1).double()
        if self.bgr:
            pixels = pixels.flip(0)
        if self.kind == "aligned":
            pixels = pixels - self.mean
        elif self.kind == "fixed":
            pixels = OWT_SCALE[:, None, None] * (pixels - OWT_MEAN[:, None, None])
        pixels = pixels[:, y:y + size, x:x + size]
        if slot["mirror"]:
            pixels = pixels.flip(2)
        if self.kind == "centre":
            pixels = pixels - self.mean[:, margin:margin + size, margin:margin + size]
        return slot["gain"] * (pixels + slot["colour"][:, None, None])

    def batch(self, seed, step, slots, classes):
        """Pictures and draws of a step; which slots are empty or without label is fixed here."""
        drawn = words(seed, step, UNIT_PICTURE, slots * self.side * self.side * 3)
        pictures = torch.from_numpy((drawn >> np.uint64(24)).astype(np.int64))
        pictures = pictures.reshape(slots, self.side, self.side, 3)
        places = self.side - self.size + 1
        inputs, labels = [], []
        for i in range(slots):
            w = [int(v) for v in words(seed, step, UNIT_SLOT + i, 4)]
            noisy = i == 1
            slot = dict(y=w[0] % places, x=w[1] % places, mirror=w[2] & 1,
                        gain=0.875 if noisy else 1.0,
                        colour=torch.tensor([3.0, -2.0, 1.0] if noisy else [0.0] * 3).double())
            empty = (step == 3 and i == 2) or (step == 7 and i > 0)
            unlabelled = step == 5 and i == 3
            inputs.append(torch.zeros(3, self.size, self.size).double() if empty
                          else self.cut(pictures[i], slot))
            labels.append(-1 if empty or unlabelled else w[3] % classes)
        return torch.stack(inputs), torch.tensor(labels)


# ---- Files ----

def write_file(path, tensors, metadata):
    header, at = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        size = 8 * tensor.numel()
        header[name] = {"dtype": "F64", "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.detach().double().contiguous().numpy().tobytes())


def sampled(tensor, count):
    """Root mean square, then `count` elements at fixed places."""
    flat = tensor.detach().flatten()
    places = [i * 2654435761 % flat.numel() for i in range(count)]
    return torch.cat([flat.square().mean().sqrt()[None], flat[places]])


def metadata(seed, margin):
    return {"made by": f"tools/make_step_goldens.py with PyTorch {torch.__version__}",
            "seed": str(seed), "margin": f"{margin:.3g}"}


def first_seed(run, margin, tries):
    """The first seed of the pictures whose run has no close decision."""
    for seed in range(1, tries + 1):
        Watch.margin = 1.0
        run(seed)
        if Watch.margin >= margin:
            return seed, Watch.margin
    sys.exit("no seed is free of close decisions")


# ---- Ten updates ----

STEPS, SLOTS, CLASSES, EPOCH = 10, 4, 5, 5
STEP_MARGIN = 2.0 ** -19
MOMENTUM, DECAY = 0.9, 0.0005


def small_layers(c, groups, rows, scales):
    """(name, weight shape, scale of weights, scale of biases); c maps in every convolution."""
    g = groups
    shapes = [("conv1", (c, 3, 4, 4)), ("conv2", (c, c // g, 3, 3)), ("conv3", (c, c, 3, 3)),
              ("conv4", (c, c // g, 3, 3)), ("conv5", (c, c // g, 3, 3)),
              ("fc6", (8, c * rows * rows)), ("fc7", (12, 8)), ("fc8", (CLASSES, 12))]
    return [(name, shape, 2.0 ** w, 2.0 ** b) for (name, shape), (w, b) in zip(shapes, scales)]


def update(net, momentum, rate, rate_bias):
    """v = mom v - rate (gradient + decay w), w = w + v; biases do not decay."""
    with torch.no_grad():
        for i, (name, w) in enumerate(zip(net.names, net.values)):
            bias = name.endswith(".bias")
            eps = rate_bias if bias else rate
            momentum[i] = MOMENTUM * momentum[i] - eps * w.grad
            if not bias:
                momentum[i] -= DECAY * eps * w
            w += momentum[i]


class Rule:
    """An optimiser of PyTorch, which agrees with ours as long as the rate is constant. Biases learn at
    twice the rate, and do not decay. `clip` is the largest norm of all gradients together; `keep` the
    share that the average of the weights keeps; `smoothing` that of labels."""

    def __init__(self, make, decay, clip=None, keep=None, smoothing=0.0, **options):
        self.make, self.decay, self.clip, self.keep, self.options = make, decay, clip, keep, options
        self.smoothing = smoothing

    def begin(self, net, rate):
        weights = [w for n, w in zip(net.names, net.values) if n.endswith(".weight")]
        biases = [w for n, w in zip(net.names, net.values) if n.endswith(".bias")]
        self.optimiser = self.make([dict(params=weights, lr=rate, weight_decay=self.decay),
                                    dict(params=biases, lr=2 * rate, weight_decay=0)],
                                   **self.options)
        self.net, self.average, self.norms = net, None, []
        if self.keep:
            self.module = torch.nn.ParameterList(torch.nn.Parameter(w.detach()) for w in net.values)
            self.average = torch.optim.swa_utils.AveragedModel(
                self.module, avg_fn=self.mean)
            self.average.n_averaged.fill_(1)  # the average starts with the first weights

    def mean(self, average, weights, n):
        """n: the number of weights averaged so far, a tensor of an integer."""
        return average + (1 - min(self.keep, int(n) / (9 + int(n)))) * (weights - average)

    def step(self):
        if self.clip:
            self.norms.append(float(torch.nn.utils.clip_grad_norm_(self.net.values, self.clip)))
        self.optimiser.step()
        if self.average:
            self.average.update_parameters(self.module)


SGD = dict(momentum=MOMENTUM)
ADAM = dict(betas=(0.8, 0.95), eps=0.01)  # with which a step is as accurate in float32 as a gradient
RULES = {"nesterov": (Rule(torch.optim.SGD, DECAY, nesterov=True, **SGD), 0.002),
         "smoothing": (Rule(torch.optim.SGD, DECAY, smoothing=0.125, **SGD), 0.002),
         "clip": (Rule(torch.optim.SGD, DECAY, clip=4.2, **SGD), 0.002),
         "adam": (Rule(torch.optim.Adam, 0.02, **ADAM), 0.005),
         "adamw": (Rule(torch.optim.AdamW, 0.02, keep=0.5, **ADAM), 0.005)}


def ten_updates(make_net, forward, source, shape, rate, seed, rule=None):
    """Tensors of the golden file. The rates fall to a tenth with the second epoch of five steps;
    those of a Rule stay."""
    net = make_net()
    if rule:
        rule.begin(net, rate)
    loss = dict(ignore_index=-1, label_smoothing=rule.smoothing if rule else 0.0)
    momentum = [torch.zeros_like(v) for v in net.values]
    out = {"scale": torch.tensor(net.scales), "losses": torch.zeros(STEPS, SLOTS).double()}
    for step in range(STEPS):
        x, labels = source.batch(seed, step, SLOTS, CLASSES)
        Watch.rows = labels >= 0
        logits = forward(net, x, False, shape)
        for w in net.values:
            w.grad = None
        F.cross_entropy(logits, labels, **loss).backward()
        out["losses"][step] = F.cross_entropy(logits, labels, reduction="none", **loss).detach()
        if step == 0:
            out["probs"] = F.softmax(logits, 1).detach()
            out.update({"grad." + n: w.grad.clone() for n, w in zip(net.names, net.values)})
        if rule:
            rule.step()
            continue
        fall = 0.1 if step >= EPOCH else 1.0
        update(net, momentum, rate * fall, 2 * rate * fall)
    out.update({"final." + n: w.detach() for n, w in zip(net.names, net.values)})
    if rule and rule.average:
        out.update({"average." + n: w.detach()
                    for n, w in zip(net.names, rule.average.module)})
    return out


def make_steps(folder):
    """Scales bring activations to some tens, where LRN bends, and logits to about 1."""
    grey = [(-1, 5), (1, 5), (-1, 3), (-1, 3), (-1, 3), (-1, 3), (-1, 3), (-5, -2)]
    unit = [(-1, -2), (-1, -2), (-2, -2), (-2, -2), (-2, -2), (-1, -2), (0, -2), (0, -2)]
    small = dict(stride=2, hang=1, pad2=1)
    cases = {name: (paper, Input(38, 35, "centre", False), small, (8, 2, 2, grey), rate, rule)
             for name, (rule, rate) in RULES.items()}
    cases |= {
        "paper": (paper, Input(38, 35, "centre", False), small, (8, 2, 2, grey), 0.002),
        "2012": (trained_2012, Input(38, 35, "centre", False), small, (8, 2, 2, grey), 0.002),
        "bvlc": (bvlc, Input(40, 34, "aligned", True), small, (8, 2, 2, grey), 0.002),
        "owt": (owt, Input(38, 35, "fixed", False), small, (6, 1, 1, unit), 0.05),
    }
    for name, (forward, source, shape, layers, rate, *rule) in cases.items():
        def run(seed):
            return ten_updates(lambda: Net(small_layers(*layers)), forward, source, shape, rate,
                               seed, *rule)
        seed, margin = first_seed(run, STEP_MARGIN, 100)
        tensors = run(seed)
        write_file(os.path.join(folder, "steps", name + ".safetensors"), tensors,
                   metadata(seed, margin))
        print(f"steps/{name}: seed {seed}, margin {margin:.3g}, losses",
              [round(float(v), 3) for v in tensors["losses"].sum(1)])
        if rule and rule[0].clip:
            print("    norms of gradients", [round(norm, 2) for norm in rule[0].norms])


# ---- Full size ----

FULL_MARGIN = 2.0 ** -18
FULL_CLASSES = 1000


def full_layers(widths, groups, grey):
    """Weights whose products keep the size of activations, and small logits."""
    c1, c2, c3, c4, c5 = widths
    g = groups
    shapes = [("conv1", (c1, 3, 11, 11)), ("conv2", (c2, c1 // g, 5, 5)), ("conv3", (c3, c2, 3, 3)),
              ("conv4", (c4, c3 // g, 3, 3)), ("conv5", (c5, c4 // g, 3, 3)),
              ("fc6", (4096, c5 * 36)), ("fc7", (4096, 4096)), ("fc8", (FULL_CLASSES, 4096))]
    layers = []
    for name, shape in shapes:
        fan_in = int(np.prod(shape[1:]))
        exponent = 2 - int(np.floor(np.log2(np.sqrt(fan_in))))
        exponent += ({"conv2": 1, "fc8": -5} if grey else {"fc8": -2}).get(name, 0)
        layers.append((name, shape, 2.0 ** exponent, 8.0 if grey and name != "fc8" else 0.5))
    return layers


def make_full(folder):
    towers = ((96, 256, 384, 384, 256), 2, True)
    own, theirs = dict(stride=4, hang=3, pad2=2), dict(stride=4, hang=0, pad2=2)
    Watch.rows = slice(None)
    cases = {
        "alexnet": (paper, Input(256, 224, "centre", False), own, towers),
        "alexnet-2012": (trained_2012, Input(256, 224, "centre", False), own, towers),
        "bvlc-alexnet": (bvlc, Input(256, 227, "aligned", True), theirs, towers),
        "caffenet": (caffenet, Input(256, 227, "aligned", True), theirs, towers),
        "alexnet-owt": (owt, Input(256, 224, "fixed", False), own,
                        ((64, 192, 384, 256, 256), 1, False)),
    }
    for name, (forward, source, shape, layers) in cases.items():
        net = Net(full_layers(*layers))

        def run(seed):
            with torch.no_grad():
                forward(net, source.batch(seed, 0, 1, FULL_CLASSES)[0], False, shape)
        seed, margin = first_seed(run, FULL_MARGIN, 1000)
        x, labels = source.batch(seed, 0, 1, FULL_CLASSES)
        logits = forward(net, x, False, shape)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        out = {"scale": torch.tensor(net.scales), "loss": loss[None]}
        out.update({"out." + n: sampled(y, OUTPUTS if n == "fc8" else SAMPLES)
                    for n, y in net.outputs.items()})
        out.update({"grad." + n: sampled(w.grad, SAMPLES) for n, w in zip(net.names, net.values)})
        with torch.no_grad():
            out["eval.logp"] = sampled(F.log_softmax(forward(net, x, True, shape), 1), OUTPUTS)
        write_file(os.path.join(folder, "full", name + ".safetensors"), out, metadata(seed, margin))
        print(f"full/{name}: seed {seed}, margin {margin:.3g}, loss {float(loss):.3f}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make_steps(sys.argv[1])
    make_full(sys.argv[1])


if __name__ == "__main__":
    main()
