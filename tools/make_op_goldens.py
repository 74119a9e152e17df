#!/usr/bin/env python3
"""Golden values of single operators, computed by PyTorch in float64 with autograd.

    tools/make_op_goldens.py > tests/golden/ops/operators.txt

The output is text. A line beginning with '#' is a comment. Every case is

    case NAME OPERATOR N C H W key=value ...
    TENSOR COUNT value value ...          once per tensor, values separated by white space
    end

with the keys of the operator's descriptor in src/op/, and the tensors x, weight, bias, y, dy, dx,
dweight, dbias, labels (-1: none), seconds and shares (second labels), weights (of slots), loss, as
far as the operator has them. Operands are multiples of 1/64 so that they are short; results are
written with 17 significant digits.

Operators that PyTorch lacks are composed of others, so that the gradient is autograd's: asymmetric
padding by F.pad, windows that hang over the edge by more padding, normalisation within a map by
F.avg_pool2d of the squares.
"""
import sys

import torch
import torch.nn.functional as F

torch.manual_seed(2012)


def draw(*shape, scale=1.0):
    return (torch.randint(-64, 64, shape).double() / 64 * scale).requires_grad_()


def write_tensor(name, tensor):
    values = tensor.detach().reshape(-1).tolist()
    words = [repr(v) if isinstance(v, float) else str(v) for v in values]
    print(name, len(words))
    for i in range(0, len(words), 8):
        print(" ".join(words[i:i + 8]))


def write_case(name, operator, x, y, keys, params=(), extra=()):
    """One case with gradients of sum(dy * y), or of y itself if it is the mean loss."""
    print("case", name, operator, *x.shape, *(f"{k}={v!r}" for k, v in keys.items()))
    write_tensor("x", x)
    for kind, param in params:
        write_tensor(kind, param)
    for kind, tensor in extra:
        write_tensor(kind, tensor)
    if y.dim() > 0:
        dy = draw(*y.shape)
        write_tensor("y", y)
        write_tensor("dy", dy)
        y = (dy.detach() * y).sum()
    y.backward()
    write_tensor("dx", x.grad)
    for kind, param in params:
        write_tensor("d" + kind, param.grad)
    print("end")


def conv(name, x, k, r, s, stride, groups, top, left, bottom, right, ceil):
    weight = draw(k, x.shape[1] // groups, r, s)
    bias = draw(k)
    hang_h = hang_w = 0
    if ceil:
        hang_h = -(x.shape[2] + top + bottom - r) % stride
        hang_w = -(x.shape[3] + left + right - s) % stride
    padded = F.pad(x, (left, right + hang_w, top, bottom + hang_h))
    y = F.conv2d(padded, weight, bias, stride=stride, groups=groups)
    keys = dict(k=k, r=r, s=s, stride=stride, groups=groups, top=top, left=left, bottom=bottom,
                right=right, ceil=int(ceil))
    write_case(name, "conv", x, y, keys, [("weight", weight), ("bias", bias)])


def pool(name, kind, x, size, stride, pad, ceil):
    if kind == "max":
        y = F.max_pool2d(x, size, stride, pad, ceil_mode=ceil)
    else:
        y = F.avg_pool2d(x, size, stride, pad, ceil_mode=ceil, count_include_pad=False)
    keys = dict(average=int(kind == "avg"), size=size, stride=stride, pad=pad, ceil=int(ceil))
    write_case(name, "pool", x, y, keys)


def lrn(name, x, size, groups, k, alpha, beta):
    """PyTorch's own alpha is divided by the window's size; ours multiplies the raw sum."""
    parts = [F.local_response_norm(part, size, alpha * size, beta, k)
             for part in x.chunk(groups, dim=1)]
    keys = dict(size=size, groups=groups, k=k, alpha=alpha, beta=beta)
    write_case(name, "lrn", x, torch.cat(parts, dim=1), keys)


def lrn_within(name, x, size, k, alpha, beta):
    sums = F.avg_pool2d(x * x, size, 1, size // 2, divisor_override=1)
    y = x * (k + alpha * sums) ** -beta
    keys = dict(size=size, groups=1, k=k, alpha=alpha, beta=beta)
    write_case(name, "lrn_within", x, y, keys)


def main():
    print("# Operators in float64. Made by tools/make_op_goldens.py with PyTorch", torch.__version__)
    conv("plain", draw(2, 3, 6, 5), 4, 3, 2, 1, 1, 0, 0, 0, 0, False)
    conv("groups", draw(2, 4, 7, 6), 6, 3, 3, 2, 2, 1, 1, 1, 1, False)
    conv("asymmetric", draw(1, 2, 8, 7), 3, 3, 4, 2, 1, 2, 0, 1, 3, False)
    conv("ceil", draw(1, 3, 12, 13), 4, 5, 5, 4, 1, 0, 0, 0, 0, True)
    conv("pad_and_ceil", draw(1, 4, 6, 8), 4, 3, 3, 3, 4, 1, 1, 0, 0, True)
    pool("max", "max", draw(1, 3, 9, 7), 3, 2, 0, False)
    pool("max_clipped", "max", draw(1, 3, 8, 6), 3, 2, 1, True)
    pool("avg", "avg", draw(1, 3, 9, 7), 3, 2, 0, False)
    pool("avg_clipped", "avg", draw(1, 3, 8, 6), 3, 2, 1, True)
    lrn("caffe", draw(2, 7, 2, 3, scale=64), 5, 1, 1.0, 1e-4 / 5, 0.75)
    lrn("paper_two_towers", draw(2, 8, 2, 2, scale=64), 5, 2, 2.0, 1e-4, 0.75)
    lrn("window_over_all", draw(1, 4, 2, 2), 9, 1, 1.5, 0.25, 1.25)
    lrn_within("net_145", draw(1, 2, 6, 7, scale=64), 5, 1.0, 4e-5, 0.75)
    lrn_within("window_over_all", draw(1, 2, 3, 2), 7, 2.0, 0.125, 0.5)

    x = draw(3, 4, 2, 2)
    weight, bias = draw(5, 16), draw(5)
    write_case("plain", "fc", x, F.linear(x.flatten(1), weight, bias), dict(k=5),
               [("weight", weight), ("bias", bias)])

    x = draw(2, 3, 3, 2, scale=2.0)
    write_case("relu", "neuron", x, F.relu(x), dict(kind=0, a=1, b=1))
    x = draw(2, 3, 3, 2, scale=2.0)
    write_case("tanh", "neuron", x, 1.7159 * torch.tanh(0.6666 * x),
               dict(kind=1, a=1.7159, b=0.6666))
    x = draw(2, 3, 3, 2, scale=4.0)
    write_case("logistic", "neuron", x, torch.sigmoid(x), dict(kind=2, a=1, b=1))

    x = draw(5, 7, 1, 1, scale=8.0)
    labels = torch.tensor([3, -1, 0, 6, -1])
    logits = x.flatten(1)
    each = F.cross_entropy(logits, labels, ignore_index=-1, reduction="none")
    mean = F.cross_entropy(logits, labels, ignore_index=-1)
    write_case("empty_slots", "softmax", x, mean, {}, (),
               [("y", F.softmax(logits, dim=1)), ("labels", labels), ("loss", each)])

    x = draw(4, 6, 1, 1, scale=8.0)
    logits = x.flatten(1)
    labels, seconds = torch.tensor([3, 1, 0, 5]), torch.tensor([0, 4, 0, 2])
    shares = torch.tensor([0.0, 0.25, 0.5, 0.8125]).double()
    hard = [F.one_hot(some, 6).double() for some in (labels, seconds)]
    mixed = (1 - shares)[:, None] * hard[0] + shares[:, None] * hard[1]
    for name, target, smoothing in (("two_labels", mixed, 0.0), ("smoothed", labels, 0.125),
                                    ("two_labels_smoothed", mixed, 0.125)):
        x.grad = None
        loss = torch.nn.CrossEntropyLoss(label_smoothing=smoothing, reduction="none")(logits, target)
        extra = [("y", F.softmax(logits, dim=1)), ("labels", labels), ("loss", loss)]
        if target is mixed:
            extra += [("seconds", seconds), ("shares", shares)]
        write_case(name, "softmax", x, loss.mean(), dict(smoothing=smoothing), (), extra)
        logits = x.flatten(1)

    x = draw(6, 4, 1, 1, scale=8.0)
    logits = x.flatten(1)
    labels, weight = torch.tensor([2, 0, -1, 3, 0, 1]), torch.tensor([0.25, 2.0, 1.5, 0.0]).double()
    each = F.cross_entropy(logits, labels, ignore_index=-1, reduction="none")
    mean = torch.nn.CrossEntropyLoss(weight=weight, ignore_index=-1)(logits, labels)
    write_case("weights_of_classes", "softmax", x, mean, {}, (),
               [("y", F.softmax(logits, dim=1)), ("labels", labels),
                ("weights", weight[labels.clamp(min=0)]), ("loss", each)])


if __name__ == "__main__":
    sys.exit(main())
