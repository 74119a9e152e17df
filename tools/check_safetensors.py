#!/usr/bin/env python3
"""Check safetensors files with the format's own Python package (pip install safetensors numpy).

    check_safetensors.py check FILE...   read files that alexnet wrote, compare every tensor with a
                                         parse of the bytes made here, its checksum and that of
                                         the metadata with zlib's, and list them
    check_safetensors.py golden OUT      write tests/golden/package.safetensors, which
                                         tests/unit/test_safetensors.c reads
"""
import json
import struct
import sys
import zlib

import numpy
import safetensors
import safetensors.numpy

TYPES = {"F32": "<f4", "F64": "<f8", "U8": "u1", "I32": "<i4"}


def parse(path):
    """Tensors and metadata, parsed by the format's documentation alone."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    data = content[8 + length :]
    assert (8 + length) % 8 == 0, "the tensors do not begin at a multiple of 8"
    assert sum(e - b for b, e in (t["data_offsets"] for t in header.values())) == len(data)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = numpy.frombuffer(data[begin:end], TYPES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors, metadata


def sum_of_texts(metadata):
    """The checksum of the metadata of alexnet."""
    texts = sorted((key.encode(), text.encode()) for key, text in metadata.items()
                   if key.startswith("alexnet.") and key != "alexnet.crc32")
    return zlib.crc32(b"".join(key + b"\0" + text + b"\0" for key, text in texts))


def check(path):
    ours, metadata = parse(path)
    sums = json.loads(metadata.get("alexnet.crc32", "{}"))
    if "__metadata__" in sums:
        assert sums.pop("__metadata__") == f"{sum_of_texts(metadata):08x}", "the metadata's checksum"
    assert set(sums) <= set(ours), "checksums of tensors that are not there"
    with safetensors.safe_open(path, framework="numpy") as file:
        assert set(file.keys()) == set(ours), "the names differ"
        assert (file.metadata() or {}) == metadata, "the metadata differs"
        for name, tensor in ours.items():
            theirs = file.get_tensor(name)
            assert theirs.dtype == tensor.dtype and theirs.shape == tensor.shape, name
            assert theirs.tobytes() == tensor.tobytes(), name
            if name in sums:
                assert sums[name] == f"{zlib.crc32(theirs.tobytes()):08x}", name
            print(f"{name} {theirs.dtype} {list(theirs.shape)} {sums.get(name, '')}")
    print(f"{path}: {len(ours)} tensors, {len(metadata)} strings: equal in safetensors "
          f"{safetensors.__version__}")


def golden(path):
    tensors = {
        "conv1.weight": numpy.arange(24, dtype="<f4").reshape(2, 3, 2, 2) / 8,
        "conv1.bias": numpy.array([-1.5, 1e30], "<f8"),
        "labels": numpy.array([-7, 1 << 30], "<i4"),
        "pixels": numpy.array([[0, 127, 255]], "u1"),
        "scalar": numpy.array(0.1, "<f4"),
        "empty": numpy.zeros((4, 0), "<f4"),
    }
    safetensors.numpy.save_file(tensors, path, {"writer": "safetensors", "word": "\u00e9t\u00e9"})


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "check":
        for argument in sys.argv[2:]:
            check(argument)
    elif len(sys.argv) == 3 and sys.argv[1] == "golden":
        golden(sys.argv[2])
    else:
        sys.exit(__doc__)
