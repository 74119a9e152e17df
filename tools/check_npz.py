#!/usr/bin/env python3
"""Check that NumPy reads from a model's .npz what safetensors reads from the same model.

Usage: check_npz.py MODEL.npz MODEL.safetensors
"""
import sys

import numpy
import safetensors

archive = numpy.load(sys.argv[1])
with safetensors.safe_open(sys.argv[2], framework="numpy") as model:
    metadata = model.metadata()
    metadata.pop("alexnet.crc32", None)  # an archive has checksums of its own
    assert set(archive.files) == set(model.keys()) | set(metadata), archive.files
    for name in model.keys():
        expected, found = model.get_tensor(name), archive[name]
        assert found.dtype == expected.dtype and found.shape == expected.shape, name
        assert found.tobytes() == expected.tobytes(), name
    for key, text in metadata.items():
        assert str(archive[key]) == text, key
print(len(archive.files), "arrays are equal")
