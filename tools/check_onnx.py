#!/usr/bin/env python3
"""Judge ONNX files, written and read, at full size and on real pictures.

Out: every built-in network with random weights is written plain, with its preprocessing inside, and
in half precision. The file must pass onnx.checker, ONNX Runtime and OpenCV must compute the
probabilities of `alexnet classify` from it, and reading it back must give every bit of the weights.
In: torchvision's AlexNet as both of PyTorch's exporters write it, with constants folded or not and
data beside the model, and as ONNX Runtime saves it after optimisation, against PyTorch; and the
model zoo's bvlcalexnet and caffenet, rebuilt with onnx.helper, against ONNX Runtime.
Changed: files with our metadata whose graph was changed afterwards must give ONNX Runtime's
probabilities or be refused.

Needs onnx, onnxruntime, opencv-python, safetensors, Pillow, torch and torchvision (tested with
1.23.2, 1.32.0, 4.14.0, 0.8.0, 13.0.0, 2.15.0 and 0.29.2), and pictures: the folder of the data
archives in ALEXNET_DATA. Skipped, with status 77, where one is missing.

    check_onnx.py ALEXNET [in|out|changed]
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings

TOLERANCE = 1e-5
CLASSES = 10  # of the networks that are written
PICTURES = 6
# ONNX Runtime warns about a mean that the graph does not use.
SILENT = 3


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


try:
    import cv2
    import numpy as np
    import onnx
    import onnxruntime
    import torch
    import torchvision
    if tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 9):
        import onnxscript  # which torch.onnx then exports with
    from onnx import TensorProto, helper, numpy_helper
    from PIL import Image
    from safetensors.numpy import load_file, save_file
except ImportError as error:
    skip(f"the judge of ONNX: {error}")

failures = 0


def report(what, difference):
    global failures
    good = difference <= TOLERANCE
    failures += not good
    print(f"{'ok' if good else 'WRONG':5} {what}: {difference:.2g}", flush=True)


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
    names = names[::len(names) // PICTURES][:PICTURES]
    run("tar", "-xf", archive, "-C", folder, *names)
    return [os.path.join(folder, n) for n in names]


def classify(alexnet, model, files):
    rows = []
    for line in run(alexnet, "classify", model, *files, "--json", "--top", "1000").splitlines():
        found = json.loads(line)["predictions"]
        row = np.zeros(len(found))
        for p in found:
            row[p["index"]] = p["probability"]
        rows.append(row)
    return np.array(rows)


def compute(model, values):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = SILENT
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: values})[0]


class Net:
    """The file of a built-in network, parsed here."""

    def __init__(self, alexnet, root, name, rng):
        with open(os.path.join(root, "nets", name + ".ini")) as f:
            self.text = f.read()
        sections = re.findall(r"^\[(.+?)\]\n(.*?)(?=^\[|\Z)", self.text, re.M | re.S)
        keys = [(n, dict(re.findall(r"^(\w+) = (.*)$", body, re.M))) for n, body in sections]
        self.input = keys[1][1]
        self.size, self.side = int(self.input["size"]), int(self.input["side"])
        info = json.loads(run(alexnet, "info", name, "--json"))
        shapes = {layer["name"]: layer["output"] for layer in info["layers"]}
        shapes["input"] = [3, self.size, self.size]
        self.tensors = {}
        if self.input["mean"] == "image":
            self.put("input.mean", rng.random((3, self.side, self.side)) * 40 + 100)
        elif self.input["mean"] != "none":
            self.put("input.mean", [float(v) for v in self.input["mean"].split()])
        # Weights that keep the size of activations; pixels of up to 255 are scaled to about 1.
        first = 1 / 60 if self.input["scale"] == "1" else 1
        for name, k in keys[2:]:
            if k["type"] not in ("conv", "fc"):
                continue
            c, h, w = shapes[k["inputs"]]
            if k["type"] == "conv":
                groups, side = int(k.get("groups", 1)), int(k["filterSize"])
                shape = (int(k["filters"]) * groups, c // groups, side, side)
            else:
                shape = (CLASSES if k["outputs"] == "classes" else int(k["outputs"]), c * h * w)
            scale = first * np.sqrt(2 / np.prod(shape[1:])) * (2 if shape[0] == CLASSES else 1)
            self.put(name + ".weight", rng.standard_normal(shape) * scale)
            self.put(name + ".bias", rng.standard_normal(shape[0]) * 0.1)
            first = 1

    def put(self, name, values):
        self.tensors[name] = np.asarray(values, np.float32)

    def save(self, path):
        names = json.dumps([f"c{i}" for i in range(CLASSES)])
        save_file(self.tensors, path, metadata={
            "alexnet.format": "1", "alexnet.network": self.text, "alexnet.classes": names,
            "alexnet.names": names})

    def crop(self, path):
        return crop(path, self.side, self.size, self.input["resize"] == "warp")

    def prepare(self, pixels):
        x = pixels.astype(np.float32).transpose(2, 0, 1)
        if self.input["channels"] == "bgr":
            x = x[::-1]
        first = (self.side - self.size) // 2
        mean = self.tensors.get("input.mean", np.zeros(3, np.float32))
        x = x - (mean[:, None, None] if mean.ndim == 1 else
                 mean[:, first:first + self.size, first:first + self.size])
        scale = [float(v) for v in self.input["scale"].split()]
        return x * np.array(scale * 3 if len(scale) == 1 else scale, np.float32)[:, None, None]


def crop(path, side, size, warp):
    picture = Image.open(path).convert("RGB")
    w, h = picture.size
    short = min(w, h)
    to = (side, side) if warp else (w * side // short, h * side // short)
    picture = picture.resize(to, Image.BILINEAR)
    left, top = (round((n - side) / 2) for n in to)
    first = (side - size) // 2
    stored = np.asarray(picture)[top:top + side, left:left + side]
    return stored[first:first + size, first:first + size]


def judge_out(alexnet, root, files, folder):
    rng = np.random.default_rng(3)
    for path in sorted(glob.glob(os.path.join(root, "nets", "*.ini"))):
        name = os.path.splitext(os.path.basename(path))[0]
        net = Net(alexnet, root, name, rng)
        ours, out = os.path.join(folder, "ours.safetensors"), os.path.join(folder, "out.onnx")
        net.save(ours)
        expected = classify(alexnet, ours, files)
        pixels = np.stack([net.crop(f) for f in files])
        inputs = np.stack([net.prepare(p) for p in pixels]).astype(np.float32)
        for options in ([], ["--preprocessing"], ["--weights", "fp16"], ["--weights", "bf16"]):
            run(alexnet, "convert", ours, out, *options)
            onnx.checker.check_model(out, full_check=True)
            found = compute(out, pixels if "--preprocessing" in options else inputs)
            wanted = classify(alexnet, out, files) if "--weights" in options else expected
            report(f"{name} {' '.join(options)} in ONNX Runtime, of up to {wanted.max():.2f}",
                   np.abs(found - wanted).max())
            if options:
                continue
            reader = cv2.dnn.readNetFromONNX(out)
            reader.setInput(inputs)
            report(f"{name} in OpenCV", np.abs(reader.forward() - expected).max())
            back = os.path.join(folder, "back.safetensors")
            run(alexnet, "convert", out, back)
            again = load_file(back)
            same = again.keys() == net.tensors.keys() and all(
                np.array_equal(again[k].view(np.uint32), net.tensors[k].view(np.uint32))
                for k in again)
            report(f"{name} there and back, wrong tensors", 0 if same else 1)


def judge_torch(alexnet, files, folder):
    torch.manual_seed(1)
    net = torchvision.models.alexnet(num_classes=1000).eval()
    with torch.no_grad():
        net.classifier[6].weight.mul_(300)  # probabilities that differ
    T = torchvision.transforms
    prepare = T.Compose([T.Resize(256), T.CenterCrop(224), T.ToTensor(),
                         T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
    batch = torch.stack([prepare(Image.open(f).convert("RGB")) for f in files])
    with torch.no_grad():
        expected = net(batch).softmax(1).numpy()
    path = os.path.join(folder, "torch.onnx")
    for dynamo in (False, True):
        for fold in (True, False):
            for beside in (True, False) if dynamo else (False,):
                options = {"optimize": fold, "external_data": beside} if dynamo else \
                    {"do_constant_folding": fold}
                torch.onnx.export(net, (torch.zeros(1, 3, 224, 224),), path, dynamo=dynamo,
                                  verbose=False, **options)
                report(f"PyTorch, dynamo={dynamo}, {options}, of up to {expected.max():.2f}",
                       np.abs(classify(alexnet, path, files) - expected).max())
    for level in ("BASIC", "EXTENDED"):
        out = os.path.join(folder, "optimised.onnx")
        optimise(path, out, level)
        report(f"PyTorch, optimised by ONNX Runtime, {level}, of up to {expected.max():.2f}",
               np.abs(classify(alexnet, out, files) - expected).max())


def optimise(path, out, level):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = SILENT
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel,
                                               "ORT_ENABLE_" + level)
    options.optimized_model_filepath = out
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def zoo(caffenet, rng):
    """The graph of the model zoo's bvlcalexnet or caffenet, of operator set 9."""
    nodes, weights = [], []
    at = "data_0"

    def add(op, name, extra=(), **attributes):
        nonlocal at
        nodes.append(helper.make_node(op, [at, *extra], [name], **attributes))
        at = name

    def draw(name, scale, *shape):
        weights.append(numpy_helper.from_array(
            (rng.standard_normal(shape) * scale * np.sqrt(2 / np.prod(shape[1:]))).astype(
                np.float32), name + "_w_0"))
        weights.append(numpy_helper.from_array(
            (rng.standard_normal(shape[0]) * 0.1).astype(np.float32), name + "_b_0"))
        return [name + "_w_0", name + "_b_0"]

    def norm(i):
        add("LRN", f"norm{i}_1", size=5, alpha=1e-4, beta=0.75, bias=1.0)

    def pool(i, pads=(0, 0, 0, 0)):
        add("MaxPool", f"pool{i}_1", kernel_shape=[3, 3], strides=[2, 2], pads=list(pads))

    def conv(i, scale, shape, stride=1, pad=0, group=1):
        add("Conv", f"conv{i}_1", draw(f"conv{i}", scale, *shape), kernel_shape=list(shape[2:]),
            strides=[stride] * 2, pads=[pad] * 4, group=group)
        add("Relu", f"conv{i}_2")

    conv(1, 1 / 60, (96, 3, 11, 11), stride=4)
    for step in ((pool, norm) if caffenet else (norm, pool)):
        step(1)
    conv(2, 1, (256, 48, 5, 5), pad=2, group=2)
    for step in ((pool, norm) if caffenet else (norm, pool)):
        step(2)
    conv(3, 1, (384, 256, 3, 3), pad=1)
    conv(4, 1, (384, 192, 3, 3), pad=1, group=2)
    conv(5, 1, (256, 192, 3, 3), pad=1, group=2)
    pool(5, (0, 0, 1, 1))
    weights.append(numpy_helper.from_array(np.array([1, 9216], np.int64), "OC2_DUMMY_1"))
    add("Reshape", "OC2_DUMMY_0", ["OC2_DUMMY_1"])
    for i, shape in ((6, (4096, 9216)), (7, (4096, 4096))):
        add("Gemm", f"fc{i}_1", draw(f"fc{i}", 1, *shape), transB=1)
        add("Relu", f"fc{i}_2")
        add("Dropout", f"fc{i}_3", ratio=0.5)
    add("Gemm", "fc8_1", draw("fc8", 3, 1000, 4096), transB=1)
    add("Softmax", "prob_1", axis=1)
    ends = [helper.make_tensor_value_info("data_0", TensorProto.FLOAT, [1, 3, 224, 224])]
    ends += [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in weights]
    graph = helper.make_graph(nodes, "AlexNet", ends, [helper.make_tensor_value_info(
        "prob_1", TensorProto.FLOAT, [1, 1000])], weights)
    model = helper.make_model(graph, producer_name="onnx-caffe2", ir_version=3,
                              opset_imports=[helper.make_operatorsetid("", 9)])
    onnx.checker.check_model(model, full_check=True)
    return model


def judge_zoo(alexnet, files, folder):
    rng = np.random.default_rng(9)
    # The mean colour that is assumed if the file has none: blue, green, red.
    mean = np.array([104.007, 116.669, 122.679], np.float32)[:, None, None]
    path = os.path.join(folder, "zoo.onnx")
    batch = [crop(f, 256, 224, True).astype(np.float32).transpose(2, 0, 1)[::-1] - mean
             for f in files]
    for caffenet in (False, True):
        onnx.save(zoo(caffenet, rng), path)
        expected = np.concatenate([compute(path, x[None].astype(np.float32)) for x in batch])
        report(f"the model zoo's {'caffenet' if caffenet else 'bvlcalexnet'}, of up to "
               f"{expected.max():.2f}", np.abs(classify(alexnet, path, files) - expected).max())


def set_attribute(node, name, value):
    kept = [a for a in node.attribute if a.name != name]
    del node.attribute[:]
    node.attribute.extend(kept + [helper.make_attribute(name, value)])


def rename_tensors(model):
    """Number all tensors but the mean, which the graph does not use."""
    names = {t.name: f"t{i}" for i, t in enumerate(model.graph.initializer)
             if t.name != "input.mean"}
    for t in model.graph.initializer:
        t.name = names.get(t.name, t.name)
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]


def judge_changed(alexnet, root, files, folder):
    ours, path = os.path.join(folder, "ours.safetensors"), os.path.join(folder, "changed.onnx")
    net = Net(alexnet, root, "alexnet-mini", np.random.default_rng(4))
    net.save(ours)
    inputs = np.stack([net.prepare(net.crop(f)) for f in files]).astype(np.float32)

    def nodes(model, op):
        return [n for n in model.graph.node if n.op_type == op]

    def insert(model, op):
        target = nodes(model, "MaxPool")[0]
        model.graph.node.insert(list(model.graph.node).index(target),
                                helper.make_node(op, [target.input[0]], ["inserted"]))
        target.input[0] = "inserted"

    def swap(model):
        a, b = nodes(model, "Conv")[2:4]
        a.input[2], b.input[2] = b.input[2], a.input[2]

    changes = {
        "nothing": lambda m: None, "names": rename_tensors, "biases swapped": swap,
        "Identity": lambda m: insert(m, "Identity"), "Sigmoid": lambda m: insert(m, "Sigmoid"),
        "Relu": lambda m: insert(m, "Relu"),
        "pads": lambda m: set_attribute(nodes(m, "Conv")[2], "pads", [0, 0, 2, 2]),
        "alpha": lambda m: set_attribute(nodes(m, "LRN")[0], "alpha", 0.1),
        "size": lambda m: set_attribute(nodes(m, "LRN")[1], "size", 3),
        "transB": lambda m: set_attribute(nodes(m, "Gemm")[1], "transB", 0),
        "AveragePool": lambda m: setattr(nodes(m, "MaxPool")[0], "op_type", "AveragePool"),
    }
    for what, change in changes.items():
        run(alexnet, "convert", ours, path)
        model = onnx.load(path)
        change(model)
        onnx.save(model, path)
        done = subprocess.run([alexnet, "classify", path, files[0]], capture_output=True, text=True)
        if "its graph is not that of the network in its metadata" in done.stderr:
            print(f"ok    changed: {what}: refused")
            continue
        report(f"changed: {what}",
               np.abs(classify(alexnet, path, files) - compute(path, inputs)).max())


def main():
    warnings.filterwarnings("ignore")
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    which = sys.argv[2] if len(sys.argv) > 2 else "in out changed"
    if which not in ("in", "out", "changed", "in out changed"):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        files = pictures(folder)
        if "in" in which:
            judge_zoo(sys.argv[1], files, folder)
            judge_torch(sys.argv[1], files, folder)
        if "out" in which:
            judge_out(sys.argv[1], root, files, folder)
        if "changed" in which:
            judge_changed(sys.argv[1], root, files, folder)
    print(f"{failures} wrong" if failures else "all right")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
