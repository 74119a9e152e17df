#!/usr/bin/env python3
"""Compares alexnet with PyTorch and OpenCV on Caffe's files, at full size, from JPEG to probability.

    tools/check_caffe.py ALEXNET [DATA]    the command; the folder of the data archives, by default
                                           ALEXNET_DATA

1. Python's protobuf writes bvlc-alexnet in the form of Caffe's own file (V1 layers, four dimensions, seeded
   weights) with the ImageNet mean image as .binaryproto; `alexnet classify` must give PyTorch's
   probabilities, computed here in float64, within 1e-5.
2. `alexnet convert` writes it as .caffemodel with its .prototxt and mean; every weight must be equal
   bit for bit, and OpenCV, which reads both files, must give the same probabilities within 1e-5.

Needs PyTorch, NumPy, Pillow, protobuf and OpenCV before version 5, which dropped Caffe's files
(pip install 'opencv-python-headless<5'), a gigabyte for temporary files and two minutes. Exits with
77 and a reason if something is missing. With PyTorch 2.15.0, OpenCV 4.14.0 and protobuf 7.36.2
the largest differences were 1.4e-6 and 3.7e-6.
"""
import json
import os
import subprocess
import sys
import tarfile
import tempfile

try:
    import cv2
    import numpy
    import torch
    import torch.nn.functional as F
    from PIL import Image

    import caffe_schema
    cv2.dnn.readNetFromCaffe  # raises an error if OpenCV no longer has this reader
except (ImportError, AttributeError) as error:
    print(f"skipped: Python lacks what judges Caffe's files: {error}")
    sys.exit(77)

TOLERANCE = 1e-5
PICTURES = 8
MEAN = "ilsvrc_2012_mean.npy"
# name: shape of the weights; groups; padding
SHAPES = {
    "conv1": ((96, 3, 11, 11), 1, 0), "conv2": ((256, 48, 5, 5), 2, 2),
    "conv3": ((384, 256, 3, 3), 1, 1), "conv4": ((384, 192, 3, 3), 2, 1),
    "conv5": ((256, 192, 3, 3), 2, 1), "fc6": ((4096, 9216), 1, 0),
    "fc7": ((4096, 4096), 1, 0), "fc8": ((1000, 4096), 1, 0)}


def draw_weights():
    """Weights with He's deviations, so that signals keep their size and the last layer's outputs differ by about 1."""
    random = numpy.random.default_rng(2012)
    weights = {}
    for name, (shape, _, _) in SHAPES.items():
        deviation = (2 / numpy.prod(shape[1:])) ** 0.5
        if name == "conv1":
            deviation /= 60  # pixels
        weight = random.standard_normal(shape, dtype="f4") * numpy.float32(deviation)
        bias = random.uniform(-0.1, 0.1, shape[0]).astype("f4")
        weights[name] = weight, bias
    return weights


def put_blob(layer, array):
    blob = layer.blobs.add()
    blob.num, blob.channels, blob.height, blob.width = (1,) * (4 - array.ndim) + array.shape
    blob.data.extend(array.ravel())


def write_caffemodel(path, weights):
    """The layers of bvlc-alexnet as its training network lists them."""
    net = caffe_schema.messages()["NetParameter"](name="AlexNet")
    types = caffe_schema.V1_TYPES

    def add(name, kind, bottom, top):
        return net.layers.add(name=name, type=types[kind], bottom=bottom, top=[top])

    add("data", "Data", [], "data").top.append("label")
    below = "data"
    for number in range(1, 9):
        name = f"conv{number}" if number < 6 else f"fc{number}"
        shape, groups, padding = SHAPES[name]
        layer = add(name, "Convolution" if number < 6 else "InnerProduct", [below], name)
        if number < 6:
            param = layer.convolution_param
            param.kernel_size.append(shape[2])
            if padding:
                param.pad.append(padding)
            if groups > 1:
                param.group = groups
            if number == 1:
                param.stride.append(4)
        else:
            param = layer.inner_product_param
        param.num_output = shape[0]
        for array in weights[name]:
            put_blob(layer, array)
        below = name
        if number < 8:
            add(f"relu{number}", "ReLU", [name], name)
        if number < 3:
            layer = add(f"norm{number}", "LRN", [name], f"norm{number}")
            layer.lrn_param.local_size = 5
            layer.lrn_param.alpha = 0.0001
            layer.lrn_param.beta = 0.75
            below = f"norm{number}"
        if number in (1, 2, 5):
            layer = add(f"pool{number}", "Pooling", [below], f"pool{number}")
            layer.pooling_param.kernel_size = 3
            layer.pooling_param.stride = 2
            below = f"pool{number}"
        if number in (6, 7):
            add(f"drop{number}", "Dropout", [name], name)
    add("loss", "SoftmaxWithLoss", ["fc8", "label"], "loss")
    with open(path, "wb") as file:
        file.write(net.SerializeToString())


def write_mean(path, mean):
    blob = caffe_schema.messages()["BlobProto"](num=1, channels=3, height=256, width=256)
    blob.data.extend(mean.astype("f4").ravel())
    with open(path, "wb") as file:
        file.write(blob.SerializeToString())


def take_pictures(data, folder):
    paths = []
    with tarfile.open(os.path.join(data, "imagenet-1000x2.tar")) as archive:
        members = [m for m in archive.getmembers() if m.isfile() and m.name.endswith(".JPEG")]
        for member in members[:: len(members) // PICTURES][:PICTURES]:
            path = os.path.join(folder, os.path.basename(member.name))
            with open(path, "wb") as file:
                file.write(archive.extractfile(member).read())
            paths.append(path)
    return paths


def prepare(path, mean):
    """Caffe's input: warped to 256 x 256, B, G, R, minus the mean, the centre of 227."""
    picture = Image.open(path).convert("RGB").resize((256, 256), Image.BILINEAR)
    pixels = numpy.asarray(picture).transpose(2, 0, 1)[::-1].astype("f8") - mean.astype("f4")
    return pixels[:, 14:241, 14:241]


def compute(x, weights):
    """bvlc-alexnet in PyTorch, in float64."""
    x = torch.from_numpy(x)
    for number in range(1, 9):
        name = f"conv{number}" if number < 6 else f"fc{number}"
        _, groups, padding = SHAPES[name]
        weight, bias = (torch.from_numpy(a).double() for a in weights[name])
        if number < 6:
            x = F.conv2d(x, weight, bias, 4 if number == 1 else 1, padding, 1, groups)
        else:
            x = F.linear(x.flatten(1), weight, bias)
        if number < 8:
            x = x.relu()
        if number < 3:
            x = F.local_response_norm(x, 5, 1e-4, 0.75, 1.0)
        if number in (1, 2, 5):
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
    return x.softmax(1).numpy()


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}")
    return done.stdout.decode()


def classify(alexnet, model, paths, *options):
    lines = run(alexnet, "classify", model, *paths, "--top", "1000", "--json", *options)
    probabilities = numpy.zeros((len(paths), 1000))
    for row, line in enumerate(lines.splitlines()):
        for prediction in json.loads(line)["predictions"]:
            probabilities[row, prediction["index"]] = prediction["probability"]
    return probabilities


def expect_near(what, found, expected):
    worst = numpy.abs(found - expected).max()
    print(f"{what}: largest difference of a probability {worst:.2e}")
    if not worst <= TOLERANCE:
        sys.exit(f"{what}: more than {TOLERANCE}")


def expect_equal_weights(path, weights):
    net = caffe_schema.messages()["NetParameter"]()
    with open(path, "rb") as file:
        net.ParseFromString(file.read())
    found = {layer.name: layer for layer in net.layer if layer.blobs}
    if set(found) != set(weights):
        sys.exit(f"{path} has weights of {sorted(found)}")
    for name, arrays in weights.items():
        for blob, array in zip(found[name].blobs, arrays, strict=True):
            if tuple(blob.shape.dim) != array.shape:
                sys.exit(f"{path}: {name} has the shape {blob.shape.dim}")
            if not numpy.array_equal(numpy.array(blob.data, "f4"), array.ravel()):
                sys.exit(f"{path}: {name} has other weights")
    print(f"{os.path.basename(path)}: every weight is equal")


def main():
    alexnet, data = sys.argv[1], (sys.argv[2:] or [os.environ.get("ALEXNET_DATA")])[0]
    if not data:
        print("skipped: ALEXNET_DATA does not name the folder of the data archives")
        sys.exit(77)
    mean = numpy.load(os.path.join(data, MEAN))
    with tempfile.TemporaryDirectory() as folder:
        model, mean_file, out = (os.path.join(folder, name) for name in (
            "in.caffemodel", "in.binaryproto", "out.caffemodel"))
        weights = draw_weights()
        write_caffemodel(model, weights)
        write_mean(mean_file, mean)
        paths = take_pictures(data, folder)
        inputs = numpy.stack([prepare(path, mean) for path in paths])
        expected = compute(inputs, weights)
        print(f"{len(paths)} pictures, best probabilities {expected.max(1).round(3)}")
        expect_near("alexnet, from Python's protobuf",
                    classify(alexnet, model, paths, "--mean", mean_file), expected)
        run(alexnet, "convert", model, out, "--mean", mean_file, "--quiet")
        os.remove(model)
        expect_equal_weights(out, weights)
        stem = out[: -len(".caffemodel")]
        net = cv2.dnn.readNetFromCaffe(stem + ".prototxt", out)
        net.setInput(inputs.astype("f4"))
        expect_near("OpenCV, from alexnet's files", net.forward(), expected)
        blob = caffe_schema.messages()["BlobProto"]()
        with open(stem + "_mean.binaryproto", "rb") as file:
            blob.ParseFromString(file.read())
        if not numpy.array_equal(numpy.array(blob.data, "f4"), mean.astype("f4").ravel()):
            sys.exit("the mean image is another")
        print("the mean image is equal")


if __name__ == "__main__":
    main()
