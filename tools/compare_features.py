#!/usr/bin/env python3
"""Compare `alexnet features` with hooks on torchvision's AlexNet at full size.

    tools/compare_features.py ALEXNET PICTURE...      (needs torch, torchvision, pillow, numpy)

Seeded weights go through a .pth file; pictures are of a size that neither side resizes. For every
module the largest difference is printed, as a share of the module's largest value; more than 1e-5
is a failure.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torchvision
from PIL import Image

TOLERANCE = 1e-5
MODULES = [f"features.{i}" for i in range(13)] + ["avgpool"] + [f"classifier.{i}" for i in range(7)]


def hooked(model, batch):
    """The output of each module. ReLUs work in place, so every output is copied at once."""
    out = {}
    for name, module in model.named_modules():
        if name in MODULES:
            module.register_forward_hook(lambda m, x, y, name=name: out.__setitem__(name, y.clone()))
    with torch.no_grad():
        model(batch)
    return out


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, pictures = os.path.abspath(sys.argv[1]), sys.argv[2:]
    torch.manual_seed(2012)
    model = torchvision.models.alexnet(weights=None).eval()
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    with tempfile.TemporaryDirectory() as folder:
        torch.save(model.state_dict(), os.path.join(folder, "seeded.pth"))
        files, inputs = [], []
        for i, path in enumerate(pictures):
            square = Image.open(path).convert("RGB").resize((256, 256), Image.BILINEAR)
            files.append(os.path.join(folder, f"{i:03d}.png"))
            square.save(files[-1])
            pixels = torch.from_numpy(np.array(square.crop((16, 16, 240, 240)))).permute(2, 0, 1)
            inputs.append((pixels / 255 - mean) / std)
        subprocess.run([program, "features", os.path.join(folder, "seeded.pth"), *files, "-o",
                        os.path.join(folder, "out.npy"), "--layer", ",".join(MODULES), "--precision",
                        "fp32", "--quiet"], check=True, stdout=subprocess.DEVNULL)
        expected, worst = hooked(model, torch.stack(inputs)), 0
        for name in MODULES:
            got = np.load(os.path.join(folder, f"out.{name}.npy"))
            want = expected[name].numpy().reshape(got.shape)
            share = float(np.abs(got - want).max() / np.abs(want).max())
            worst = max(worst, share) if share == share else float("inf")
            print(f"{name:14} {str(got.shape):22} {share:.2e}")
    print(f"largest difference {worst:.2e}, PyTorch {torch.__version__}")
    return worst > TOLERANCE


if __name__ == "__main__":
    sys.exit(main())
