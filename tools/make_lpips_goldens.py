#!/usr/bin/env python3
"""Golden distances of LPIPS and their gradients, by PyTorch in float64 with autograd.

    tools/make_lpips_goldens.py tests/golden

writes lpips/NAME.safetensors for the networks steps/NAME.ini, all tensors in float64.

    scale           per learned parameter, in order: what its values are multiples of
    lpips.N.weight  per convolution: the weights of its channels
    parts           [convolutions], which add up to the distance
    gradient        [3, 59, 75] of the distance by the grey levels of the first picture, R, G, B
    sensitivity     the most that the distance changes if every feature changes by the root mean
                    square of its layer (positions where all features are zero do not change,
                    because their ReLUs do not): the measure for rounding

The distance is written out here from its description (Zhang, Isola, Efros, Shechtman, Wang, CVPR
2018, section 3; version 0.1). Networks, weights and means are those of tools/make_step_goldens.py,
which says how the tests make them again. The pixels are random multiples of 1/256 from its
generator. Their seed is the first for which no decision of a ReLU or a maximum is close.
"""
import os
import sys

import numpy as np
import torch
from make_step_goldens import (STEP_MARGIN, UNIT_PICTURE, WEIGHT_SEED, Input, Net, Watch, bvlc, first_seed,
                               metadata, owt, small_layers, trained_2012, uniform, words, write_file)

ROWS, COLUMNS = 59, 75
UNIT_LPIPS = 400
CONVOLUTIONS = ["conv1", "conv2", "conv3", "conv4", "conv5"]
GREY = [(-1, 5), (1, 5), (-1, 3), (-1, 3), (-1, 3), (-1, 3), (-1, 3), (-5, -2)]
UNIT = [(-1, -2), (-1, -2), (-2, -2), (-2, -2), (-2, -2), (-1, -2), (0, -2), (0, -2)]
SHAPE = dict(stride=2, hang=1, pad2=1)


class Body(Net):
    """A network up to its last convolution."""

    def head(self, x, before, scale=1.0):
        return x


def picture(seed, index):
    drawn = words(seed, 0, UNIT_PICTURE + index, 3 * ROWS * COLUMNS) >> np.uint64(16)
    return torch.from_numpy(drawn.astype(np.float64) / 256).reshape(3, ROWS, COLUMNS)


def prepared(source, levels):
    """Mean and scale; of a mean image the mean colour."""
    levels = levels.flip(0) if source.bgr else levels
    if source.kind == "fixed":
        from make_step_goldens import OWT_MEAN, OWT_SCALE
        return OWT_SCALE[:, None, None] * (levels - OWT_MEAN[:, None, None])
    return levels - source.mean.mean((1, 2))[:, None, None]


def normalised(features):
    squares = (features * features).sum(1, keepdim=True)
    norm = torch.where(squares > 0, torch.where(squares > 0, squares, 1.0).sqrt(), 0.0)
    return features / (norm + 1e-10)


def features(net, forward, source, levels):
    forward(net, prepared(source, levels)[None], False, SHAPE)
    return [net.outputs[name] for name in CONVOLUTIONS]


def distance(forward, source, layers, seed):
    """Tensors of the golden file."""
    net = Body(small_layers(*layers))
    first = picture(seed, 0).requires_grad_()
    a = features(net, forward, source, first)
    for f in a:
        f.retain_grad()
    b = [f.detach() for f in features(net, forward, source, picture(seed, 1))]
    weights = [uniform(WEIGHT_SEED, 0, UNIT_LPIPS + i, f.shape[1]) + 0.5 for i, f in enumerate(a)]
    parts = [(w[:, None, None] * (normalised(f) - normalised(g)) ** 2).sum(1).mean()
             for f, g, w in zip(a, b, weights)]
    sum(parts).backward()
    sensitivity = sum(((f.grad.abs() * (f != 0).any(1, keepdim=True)).sum() *
                       f.square().mean().sqrt()).detach() for f in a)
    out = {"scale": torch.tensor(net.scales), "parts": torch.stack(parts), "gradient": first.grad,
           "sensitivity": sensitivity[None]}
    out.update({f"lpips.{i}.weight": w for i, w in enumerate(weights)})
    return out


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = os.path.join(sys.argv[1], "lpips")
    os.makedirs(folder, exist_ok=True)
    cases = {
        "2012": (trained_2012, Input(38, 35, "centre", False), (8, 2, 2, GREY)),
        "bvlc": (bvlc, Input(40, 34, "aligned", True), (8, 2, 2, GREY)),
        "owt": (owt, Input(38, 35, "fixed", False), (6, 1, 1, UNIT)),
    }
    for name, case in cases.items():
        seed, margin = first_seed(lambda s, case=case: distance(*case, s), STEP_MARGIN, 100)
        tensors = distance(*case, seed)
        made = metadata(seed, margin)
        made["made by"] = made["made by"].replace("make_step", "make_lpips")
        write_file(os.path.join(folder, name + ".safetensors"), tensors, made)
        print(f"lpips/{name}: seed {seed}, margin {margin:.3g}, distance",
              float(tensors["parts"].detach().sum()), "largest gradient",
              float(tensors["gradient"].abs().max()), "sensitivity", float(tensors["sensitivity"]))


if __name__ == "__main__":
    main()
