#!/usr/bin/env python3
"""Golden values of colour jitter: torchvision's functional steps with given factors, in float64.

    tools/make_colour_goldens.py > tests/golden/ops/colours.txt

The picture is a row of pixels, R G B each. Values and factors are chosen so that torchvision never
clamps. Every case is

    case STEP FACTOR STEP FACTOR ...
    value ...                       the picture's values after these steps

Hue is shifted only by thirds of the circle, where a turn in HSV is a permutation of R, G, B.
"""
import itertools
import random

import torch
import torchvision
import torchvision.transforms.functional as F

PIXELS = 12
STEPS = {"brightness": F.adjust_brightness, "contrast": F.adjust_contrast,
         "saturation": F.adjust_saturation, "hue": F.adjust_hue}


def main():
    random.seed(2012)
    picture = torch.tensor([random.randint(90, 160) for _ in range(3 * PIXELS)]).double()
    print("# Colour jitter in float64. Made by tools/make_colour_goldens.py with torchvision",
          torchvision.__version__)
    print("picture", PIXELS)
    print(*(int(v) for v in picture))
    cases = [[(step, factor)] for step in ("brightness", "contrast", "saturation")
             for factor in (0.75, 1.25)]
    cases += [[("hue", 1 / 3)], [("hue", -1 / 3)]]
    factors = {"brightness": 1.25, "contrast": 0.6, "saturation": 1.4, "hue": 1 / 3}
    cases += [[(step, factors[step]) for step in order] for order in itertools.permutations(factors)]
    for case in cases:
        value = picture.reshape(1, PIXELS, 3).permute(2, 0, 1) / 255
        for step, factor in case:
            value = STEPS[step](value, factor)
            assert 0 < value.min() and value.max() < 1, case
        print("case", *(f"{step} {factor!r}" for step, factor in case))
        print(*(repr(v) for v in (255 * value.permute(1, 2, 0).reshape(-1)).tolist()))


if __name__ == "__main__":
    main()
