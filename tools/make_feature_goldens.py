#!/usr/bin/env python3
"""Golden features of inner layers, by PyTorch in float64.

    tools/make_feature_goldens.py tests/golden

writes features/NAME.safetensors for the networks steps/NAME.ini, all tensors in float64:

    scale       per learned parameter, in order: what its values are multiples of
    LAYER       the output of each convolution, pooling and fully connected layer, of the centre crop
    LAYER:pre   the same of layers with a ReLU, before it
    fc7 10      fc7, averaged over corners, centre and their mirrors
    conv5 avg, conv5:pre max
                of each channel

Networks, weights, means and the picture are those of tools/make_saliency_goldens.py.
"""
import os
import sys

import make_step_goldens as steps
import torch
from make_saliency_goldens import GREY, SHAPE, UNIT
from make_step_goldens import (UNIT_PICTURE, Input, Net, Watch, metadata, owt, paper, small_layers, words,
                               write_file)

SEED = 1
RELUS = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7"]


def view_places(side, size):
    """(y, x, mirror): corners and centre, then mirrored."""
    end, middle = side - size, (side - size) // 2
    places = [(0, 0), (0, end), (middle, middle), (end, 0), (end, end)]
    return [(y, x, mirror) for mirror in (0, 1) for y, x in places]


def run(forward, net, source, picture, place):
    """All outputs of one view, including those before ReLUs."""
    before, relu = [], steps.relu

    def noted(x):
        before.append(x)
        return relu(x)

    steps.relu = noted
    y, x, mirror = place
    slot = dict(y=y, x=x, mirror=mirror, gain=1.0, colour=torch.zeros(3).double())
    with torch.no_grad():
        forward(net, source.cut(picture, slot)[None], False, SHAPE)
    steps.relu = relu
    assert len(before) == len(RELUS)
    out = {name: value[0] for name, value in net.outputs.items()}
    out.update({name + ":pre": value[0] for name, value in zip(RELUS, before)})
    return out


def features(forward, source, layers):
    net = Net(small_layers(*layers))
    side = source.side
    drawn = words(SEED, 0, UNIT_PICTURE, side * side * 3) >> 24
    picture = torch.tensor(drawn.astype(float)).reshape(side, side, 3)
    views = [run(forward, net, source, picture, place) for place in view_places(side, source.size)]
    out = {k: v.contiguous().clone() for k, v in views[2].items()}
    out["fc7 10"] = torch.stack([v["fc7"] for v in views]).mean(0)
    out["conv5 avg"] = views[2]["conv5"].mean((1, 2))
    out["conv5:pre max"] = views[2]["conv5:pre"].amax((1, 2))
    out["scale"] = torch.tensor(net.scales)
    return out


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = os.path.join(sys.argv[1], "features")
    os.makedirs(folder, exist_ok=True)
    Watch.rows = slice(None)
    cases = {
        "paper": (paper, Input(38, 35, "centre", False), (8, 2, 2, GREY)),
        "owt": (owt, Input(38, 35, "fixed", False), (6, 1, 1, UNIT)),
    }
    for name, case in cases.items():
        tensors = features(*case)
        made = metadata(SEED, 0)
        made["made by"] = made["made by"].replace("make_step", "make_feature")
        write_file(os.path.join(folder, name + ".safetensors"), tensors, made)
        print(name, {k: tuple(v.shape) for k, v in tensors.items()})


if __name__ == "__main__":
    main()
