#!/usr/bin/env python3
"""Write tests/golden/tensors: files of tensors by PyTorch and NumPy, and what is in them.

Beside NAME.pth, NAME.npz and NAME.npy lies NAME.safetensors, which the format's own package wrote,
with the same tensors under the same names: those that the reader shows. Files of one name but other
endings (NAME.legacy.pth) hold the same.

Made with NumPy 2.4, PyTorch 2.15, safetensors 0.8. Usage: make_tensor_goldens.py FOLDER
"""
import os
import sys

import numpy as np
from safetensors.numpy import save_file

folder = sys.argv[1]
random = np.random.default_rng(20121003)


def path(name):
    return os.path.join(folder, name)


def expect(name, tensors):
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, path(name + ".safetensors"))


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


os.makedirs(folder, exist_ok=True)
numpy_files()
