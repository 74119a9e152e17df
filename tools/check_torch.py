#!/usr/bin/env python3
"""Judge PyTorch's files at full size: from JPEG to probability.

torchvision's AlexNet with seeded weights, scaled so that some classes have a third of the
probability, is written in the forms of PyTorch (.pth as a zip archive and in the format before
version 1.6, a checkpoint with `state_dict` and the prefix of DataParallel) and by the safetensors
package. The probabilities of `alexnet classify` for real pictures are compared with PyTorch's, which
prepares them with torchvision's transforms.

Needs torch, torchvision, safetensors and Pillow (tested with 2.15.0, 0.29.2, 0.8.0 and 13.0.0), and
pictures: the folder of the data archives in ALEXNET_DATA. Skipped, with status 77, where one is
missing.

    check_torch.py ALEXNET
"""
import json
import os
import subprocess
import sys
import tempfile

TOLERANCE = 1e-5
PICTURES = 8


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


try:
    import numpy as np
    import torch
    import torchvision
    from PIL import Image
    from safetensors.torch import save_file
except ImportError as missing:
    skip(missing)


def run(*args):
    done = subprocess.run(args, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(args)}: {done.stderr}")
    return done.stdout


def pictures(folder):
    archive = os.path.join(os.environ.get("ALEXNET_DATA", ""), "imagenette-224.tar")
    if not os.path.exists(archive):
        skip("ALEXNET_DATA names no folder with imagenette-224.tar")
    names = [n for n in run("tar", "-tf", archive).split() if n.lower().endswith("jpeg")]
    names = names[:: len(names) // PICTURES][:PICTURES]
    run("tar", "-xf", archive, "-C", folder, *names)
    files = [os.path.join(folder, n) for n in names]
    return files + [cut(f) for f in files[::2]]


def cut(file):
    """16:9, as PNG: brought to 455 x 256, it has two middles."""
    wide = os.path.splitext(file)[0] + ".png"
    Image.open(file).convert("RGB").crop((0, 49, 224, 175)).save(wide)
    return wide


def classify(alexnet, model, files):
    rows = []
    for line in run(alexnet, "classify", model, *files, "--json", "--top", "1000").splitlines():
        row = np.zeros(1000)
        for p in json.loads(line)["predictions"]:
            row[p["index"]] = p["probability"]
        rows.append(row)
    return np.array(rows)


def network():
    torch.manual_seed(1)
    net = torchvision.models.alexnet(weights=None).eval()
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(1.7)
        net.classifier[6].weight.mul_(12)
    return net


def probabilities(net, files):
    t = torchvision.transforms
    prepare = t.Compose([t.Resize(256), t.CenterCrop(224), t.ToTensor(),
                         t.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
    batch = torch.stack([prepare(Image.open(f).convert("RGB")) for f in files])
    with torch.no_grad():
        return torch.softmax(net(batch), 1).numpy()


def write(state, folder):
    """Write a file of each kind."""
    paths = [os.path.join(folder, n) for n in ("zip.pth", "old.pth", "checkpoint.pth", "a.safetensors")]
    torch.save(state, paths[0])
    torch.save(state, paths[1], _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in state.items()}}, paths[2])
    save_file(state, paths[3])
    return paths


def main():
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        files, net = pictures(folder), network()
        expected = probabilities(net, files)
        for path in write(net.state_dict(), folder):
            off = np.abs(classify(sys.argv[1], path, files) - expected).max()
            failures += not off <= TOLERANCE
            print(f"{'ok   ' if off <= TOLERANCE else 'WRONG'} {os.path.basename(path)}, of up to "
                  f"{expected.max():.2f}: {off:.2g}")
    print(f"{failures} wrong" if failures else "all right")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
