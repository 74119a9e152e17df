#!/usr/bin/env python3
"""Write tests/golden/tensors: files of tensors by PyTorch and NumPy, and their contents.

NAME.safetensors, written by the format's own package, has the tensors that the reader must find in
NAME.pth, NAME.npz or NAME.npy, under the same names. Files with the same NAME but other
endings (NAME.legacy.pth) hold the same tensors.

Made with NumPy 2.4, PyTorch 2.15, safetensors 0.8. Usage: make_tensor_goldens.py FOLDER
"""
import argparse
import collections
import datetime
import io
import os
import pathlib
import sys
import zipfile

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch

folder = sys.argv[1]
random = np.random.default_rng(20121003)


def path(name):
    return os.path.join(folder, name)


def expect(name, tensors):
    save_file({k: np.array(v, order="C") for k, v in tensors.items()}, path(name + ".safetensors"))


def both(name, what, tensors, **options):
    """A file in both of PyTorch's forms."""
    torch.save(what, path(name + ".pth"), **options)
    torch.save(what, path(name + ".legacy.pth"), _use_new_zipfile_serialization=False, **options)
    save_torch({k: v.detach().clone().contiguous() for k, v in tensors.items()},
               path(name + ".safetensors"))


def rezip(name, method):
    """The same archive as another program packs it, with a comment."""
    with zipfile.ZipFile(path(name + ".pth")) as old, \
            zipfile.ZipFile(path(name + ".rezipped.pth"), "w", method) as new:
        new.comment = b"packed again"
        for member in old.namelist():
            new.writestr(member, old.read(member))


def torch_files():
    torch.manual_seed(20121003)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    state = net.state_dict()
    both("state", state, state)
    both("state.5", state, state, pickle_protocol=5)
    rezip("state", zipfile.ZIP_DEFLATED)

    wide = torch.randn(40, 60)
    base = torch.randn(4, 6, 5)
    views = {"transposed": wide.t(), "permuted": base.permute(2, 0, 1), "slice": base[1:3],
             "every": base[:, ::2, 1:], "again": base, "expanded": torch.randn(3, 1).expand(3, 4),
             "scalar": base[2, 3, 1], "empty": base[:0]}
    both("views", views, views)
    rezip("views", zipfile.ZIP_DEFLATED)

    kinds = {"float32": torch.randn(3), "float64": torch.randn(3).double(),
             "float16": torch.tensor([1.0, -65504.0, 2.0**-24]).half(),
             "bfloat16": torch.tensor([1.0, -3.0e38, 1e-40]).bfloat16(),
             "bool": torch.tensor([True, False]), "uint8": torch.tensor([0, 255]).byte(),
             "int8": torch.tensor([-128, 127]).char(), "int16": torch.tensor([-2, 30000]).short(),
             "int32": torch.tensor([-2, 2**31 - 1]).int(), "int64": torch.tensor([-(2**62), 3])}
    both("kinds", kinds, kinds)

    # Every number of the two formats of 8 bits, and what PyTorch takes them for.
    codes = torch.arange(256).to(torch.uint8)
    eight = {"e4m3fn": codes.view(torch.float8_e4m3fn),
             "e5m2": codes.clone().view(torch.float8_e5m2)}
    torch.save(eight, path("float8.pth"))
    save_torch(eight, path("float8.safetensors"))
    save_torch({k: v.float() for k, v in eight.items()}, path("float8.float32.safetensors"))

    # The imaginary part of a conjugate: its elements are those of the storage, negated.
    bits = {"negated": torch.tensor([1 + 2j]).conj().imag, "plain": torch.tensor([-2.0])}
    torch.save(bits, path("bits.pth"))
    torch.save(bits, path("bits.legacy.pth"), _use_new_zipfile_serialization=False)

    # A checkpoint of a training script, with much that is not a weight.
    inner = torch.nn.DataParallel(torch.nn.Linear(3, 2))
    parameters = {"weight": torch.nn.Parameter(torch.randn(2, 3)),
                  "tagged": torch.nn.Parameter(torch.randn(2), requires_grad=False)}
    parameters["tagged"].note = "kept beside it"
    optimizer = torch.optim.SGD(inner.parameters(), lr=0.1, momentum=0.9)
    inner(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    odd = {"epoch": 90, "best": 56.52, "huge": 2**80, "numpy": np.float64(0.5),
           "array": np.arange(3), "args": argparse.Namespace(lr=0.1, data=pathlib.Path("/data")),
           "set": {1, 2}, "when": datetime.date(2012, 9, 30), "history": [0.5, None, True, (1, "a")],
           "bytes": b"\x80\x02", "device": torch.device("cpu"), "size": torch.Size([1, 2]),
           "count": collections.Counter("ab"), 7: "seven", "long": "x" * 5000,
           "optimizer": optimizer.state_dict()}
    both("checkpoint", {**odd, "state_dict": inner.state_dict()}, inner.state_dict())
    both("checkpoint.4", {"model": inner.state_dict(), **odd}, inner.state_dict(),
         pickle_protocol=4)
    both("parameters", {"alexnet": parameters, **odd}, parameters)
    # As saved by PyTorch's own ImageNet example: the score is a tensor.
    both("score", {"epoch": 90, "arch": "alexnet", "state_dict": inner.state_dict(),
                   "best_acc1": torch.tensor(56.5)}, inner.state_dict())

    # From a big-endian machine: the elements' bytes swapped, and the record that says so.
    with zipfile.ZipFile(path("views.pth")) as old, \
            zipfile.ZipFile(path("views.big.pth"), "w") as new:
        for member in old.namelist():
            data = old.read(member)
            if "/data/" in member:
                data = np.frombuffer(data, ">f4").astype("<f4").tobytes()
            new.writestr(member, b"big" if member.endswith("byteorder") else data)


def refused_files():
    """Files that are not a dict of tensors: each is refused; the test has the error texts."""
    net = torch.nn.Linear(2, 1)
    torch.save(net, path("whole.pth"))
    torch.save(net, path("whole.legacy.pth"), _use_new_zipfile_serialization=False)
    torch.jit.trace(net, torch.ones(1, 2)).save(path("script.pt"))
    torch.save(torch.ones(2), path("one.pth"))
    torch.save({"a": {"w": torch.ones(1)}, "b": {"w": torch.ones(1)}, "epoch": 3},
               path("two.pth"))


def numpy_files():
    values = random.standard_normal((3, 4, 5))
    expect("values", {"array": values})
    np.save(path("values.npy"), values)
    np.save(path("values.big.npy"), values.astype(">f8"))
    np.save(path("values.fortran.npy"), np.asfortranarray(values))
    with open(path("values.2.npy"), "wb") as file:
        np.lib.format.write_array(file, values, version=(2, 0))
    with open(path("values.3.npy"), "wb") as file:
        np.lib.format.write_array(file, np.asfortranarray(values.astype(">f8")), version=(3, 0))

    arrays = {"float32": random.standard_normal((7, 5)).astype("f4"),
              "conv1.weight": random.standard_normal((2, 3, 4, 5)), "scalar": np.float32(1.5),
              "float16": np.array([1, -65504, 2**-24], "f2"), "empty": np.zeros((0, 3), "f4"),
              "bool": np.array([True, False]), "uint8": np.array([0, 255], "u1"),
              "int8": np.array([-128, 127], "i1"), "int16": np.array([-2, 30000], "i2"),
              "int32": np.array([-2, 2**31 - 1], "i4"), "int64": np.array([-(2**62), 3], "i8")}
    texts = {"text": np.array("two lines\nsm\u00f6rg\u00e5s \U0001f600"), "none": np.array("")}
    expect("arrays", arrays)
    np.savez(path("arrays.npz"), **arrays, **texts)
    np.savez_compressed(path("arrays.compressed.npz"), **arrays, **texts)
    other = {k: np.array(v, np.asarray(v).dtype.newbyteorder(">"), order="F")
             for k, v in arrays.items()}
    np.savez(path("arrays.big.npz"), **other,
             **{k: v.astype(v.dtype.newbyteorder(">")) for k, v in texts.items()})

    # Entries that are ignored, among those that are read.
    np.savez(path("strange.npz"), array=arrays["float32"], words=np.array(["a", "bc"]),
             complex=np.ones(2, "c8"), record=np.zeros(2, [("a", "f4"), ("b", "(2,3)i2")]),
             bytes=np.array(b"abc"), five=np.zeros((1,) * 5), wide=np.zeros(2, "g"),
             objects=np.array([None, {}], object))
    expect("strange", {"array": arrays["float32"]})
    huge = io.BytesIO()
    np.save(huge, np.zeros(0, "f4"))
    header = huge.getvalue().replace(b"(0,), }         ", b"(16777216,), }  ")
    with zipfile.ZipFile(path("bomb.npz"), "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("small.npy", huge.getvalue())
        with new.open("bomb.npy", "w") as member:
            member.write(header)
            for _ in range(64):
                member.write(bytes(1 << 20))


os.makedirs(folder, exist_ok=True)
numpy_files()
torch_files()
refused_files()
