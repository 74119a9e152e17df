#!/usr/bin/env python3
"""Writes tests/golden/caffe/: small Caffe models in every form, and a mean image.

Needs Python's protobuf (made with 7.36.2); the schema is caffe_schema.py. Every file holds the same
network, with layers of form V0, V1 or V2; shapes as four old dimensions or as a list; data packed
or one field each, as float or double. Element i of tensor t is ((37 i + 101 t) mod 257 - 128) / 64,
where t counts conv1.weight, conv1.bias, conv2.weight and so on; tests/unit/test_caffe.c relies on it.

    tools/make_caffe_goldens.py [FOLDER]
"""
import itertools
import os
import sys

import caffe_schema

SHAPES = {"conv1": [(4, 3, 3, 3), (4,)], "conv2": [(6, 2, 3, 3), (6,)],
          "fc3": [(7, 24), (7,)], "fc4": [(5, 7), (5,)]}
ORDER = list(SHAPES)


def values(tensor, count):
    return [((37 * i + 101 * tensor) % 257 - 128) / 64 for i in range(count)]


# name, type, what it reads, what it computes, keys
LAYERS = [
    ("data", "Data", [], ["data", "label"], {"crop": 17}),
    ("conv1", "Convolution", ["data"], ["conv1"], {"num_output": 4, "kernel": 3, "stride": 2}),
    ("relu1", "ReLU", ["conv1"], ["conv1"], {}),
    ("norm1", "LRN", ["conv1"], ["norm1"], {"local_size": 3, "alpha": 0.5, "beta": 0.75}),
    ("pool1", "Pooling", ["norm1"], ["pool1"], {"pool": 0, "kernel": 3, "stride": 2}),
    ("conv2", "Convolution", ["pool1"], ["conv2"],
     {"num_output": 6, "kernel": 3, "pad": 1, "group": 2}),
    ("relu2", "ReLU", ["conv2"], ["conv2"], {}),
    ("pool2", "Pooling", ["conv2"], ["pool2"], {"pool": 1, "kernel": 3, "stride": 2}),
    ("fc3", "InnerProduct", ["pool2"], ["fc3"], {"num_output": 7}),
    ("relu3", "ReLU", ["fc3"], ["fc3"], {}),
    ("drop3", "Dropout", ["fc3"], ["fc3"], {"dropout_ratio": 0.5}),
    ("fc4", "InnerProduct", ["fc3"], ["fc4"], {"num_output": 5}),
    ("fc4_fc4_0_split", "Split", ["fc4"], ["fc4_split_0", "fc4_split_1"], {}),
    ("prob", "Softmax", ["fc4_split_0"], ["prob"], {}),
    ("accuracy", "Accuracy", ["prob", "label"], ["accuracy"], {}),
    ("loss", "SoftmaxWithLoss", ["fc4_split_1", "label"], ["loss"], {}),
]


def fill_blobs(layer, name, old, double):
    for which, shape in enumerate(SHAPES.get(name, [])):
        count = 1
        for dim in shape:
            count *= dim
        blob = layer.blobs.add()
        if old:
            blob.num, blob.channels, blob.height, blob.width = (1,) * (4 - len(shape)) + shape
        else:
            blob.shape.dim.extend(shape)
        data = values(2 * ORDER.index(name) + which, count)
        (blob.double_data if double else blob.data).extend(data)
        # A snapshot may hold gradients too, which are not weights.
        (blob.double_diff if double else blob.diff).extend([7.0] * min(count, 4))


def fill_keys(layer, kind, keys):
    keys = dict(keys)
    if "crop" in keys:
        layer.transform_param.crop_size = keys.pop("crop")
    part = {"Convolution": "convolution_param", "InnerProduct": "inner_product_param",
            "LRN": "lrn_param", "Pooling": "pooling_param", "Dropout": "dropout_param"}.get(kind)
    for key, value in keys.items():
        message = getattr(layer, part)
        key = {"kernel": "kernel_size"}.get(key, key)
        if kind == "Convolution" and key in ("kernel_size", "stride", "pad"):
            getattr(message, key).append(value)
        else:
            setattr(message, key, value)


def fill_v0(layer, keys):
    for key, value in keys.items():
        setattr(layer, {"kernel": "kernelsize", "crop": "cropsize"}.get(key, key), value)


def make(form, old, packed, double):
    net = caffe_schema.messages(packed)["NetParameter"]()
    net.name = "tiny"
    for name, kind, bottom, top, keys in LAYERS:
        outer = layer = net.layer.add() if form == 2 else net.layers.add()
        if form == 0:
            layer = outer.layer
        outer.bottom.extend(bottom)
        outer.top.extend(top)
        layer.name = name
        layer.type = (caffe_schema.V0_TYPES[kind], caffe_schema.V1_TYPES.get(kind), kind)[form]
        fill_blobs(layer, name, old, double)
        if form == 0:
            fill_v0(layer, keys)
        else:
            fill_keys(layer, kind, keys)
    return net.SerializeToString()


def make_mean(old, packed, double):
    blob = caffe_schema.messages(packed)["BlobProto"]()
    if old:
        blob.num, blob.channels, blob.height, blob.width = 1, 3, 4, 5
    else:
        blob.shape.dim.extend([3, 4, 5])
    (blob.double_data if double else blob.data).extend(values(0, 60))
    return blob.SerializeToString()


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "../tests/golden/caffe")
    os.makedirs(folder, exist_ok=True)
    for old, packed, double in itertools.product((True, False), repeat=3):
        kind = "-".join(("old" if old else "shape", "packed" if packed else "single",
                         "double" if double else "float"))
        for form in range(3):
            with open(f"{folder}/v{form}-{kind}.caffemodel", "wb") as file:
                file.write(make(form, old, packed, double))
        with open(f"{folder}/mean-{kind}.binaryproto", "wb") as file:
            file.write(make_mean(old, packed, double))


if __name__ == "__main__":
    main()
