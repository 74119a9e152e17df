#!/usr/bin/env python3
"""Golden gradients of a class with respect to the pixels, by PyTorch in float64 with autograd.

    tools/make_saliency_goldens.py tests/golden

writes saliency/NAME.safetensors for each network steps/NAME.ini, all tensors in float64.

    scale       per learned parameter, in order: what its values are multiples of
    scores      [classes], the input of the softmax
    gradient    [size, size, 3] of scores[CLASS] by pixel: R, G, B of the centre crop

Networks, weights, means and pictures are those of tools/make_step_goldens.py, which says how the
tests make them again. The seed of the picture is the first for which no decision of a ReLU or a
maximum is close.
"""
import os
import sys

import torch
from make_step_goldens import (CLASSES, STEP_MARGIN, UNIT_PICTURE, Input, Net, Watch, bvlc, first_seed,
                               metadata, owt, paper, small_layers, trained_2012, words, write_file)

CLASS = 3
GREY = [(-1, 5), (1, 5), (-1, 3), (-1, 3), (-1, 3), (-1, 3), (-1, 3), (-5, -2)]
UNIT = [(-1, -2), (-1, -2), (-2, -2), (-2, -2), (-2, -2), (-1, -2), (0, -2), (0, -2)]
SHAPE = dict(stride=2, hang=1, pad2=1)


def gradient(forward, source, layers, seed):
    """Tensors of the golden file."""
    net = Net(small_layers(*layers))
    side, margin = source.side, (source.side - source.size) // 2
    drawn = words(seed, 0, UNIT_PICTURE, side * side * 3) >> 24
    picture = torch.tensor(drawn.astype(float)).reshape(side, side, 3).requires_grad_()
    slot = dict(y=margin, x=margin, mirror=0, gain=1.0, colour=torch.zeros(3).double())
    scores = forward(net, source.cut(picture, slot)[None], False, SHAPE)[0]
    scores[CLASS].backward()
    inside = slice(margin, margin + source.size)
    return {"scale": torch.tensor(net.scales), "scores": scores,
            "gradient": picture.grad[inside, inside]}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = os.path.join(sys.argv[1], "saliency")
    os.makedirs(folder, exist_ok=True)
    Watch.rows = slice(None)
    cases = {
        "paper": (paper, Input(38, 35, "centre", False), (8, 2, 2, GREY)),
        "2012": (trained_2012, Input(38, 35, "centre", False), (8, 2, 2, GREY)),
        "bvlc": (bvlc, Input(40, 34, "aligned", True), (8, 2, 2, GREY)),
        "owt": (owt, Input(38, 35, "fixed", False), (6, 1, 1, UNIT)),
    }
    for name, case in cases.items():
        seed, margin = first_seed(lambda s, case=case: gradient(*case, s), STEP_MARGIN, 100)
        tensors = gradient(*case, seed)
        made = metadata(seed, margin)
        made["made by"] = made["made by"].replace("make_step", "make_saliency")
        write_file(os.path.join(folder, name + ".safetensors"), tensors, made)
        print(f"saliency/{name}: seed {seed}, margin {margin:.3g}, largest gradient",
              float(tensors["gradient"].abs().max()), "classes", CLASSES)


if __name__ == "__main__":
    main()
