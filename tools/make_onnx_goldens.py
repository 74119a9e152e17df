#!/usr/bin/env python3
"""Make tests/golden/onnx: small ONNX files as other programs write them.

Written with onnx 1.23.2, PyTorch 2.15.0 (both of its exporters), ONNX Runtime 1.32.0 (on a processor
with AVX-512) and NumPy 2.4.6.
tests/unit/test_onnx.c has the expected contents.

    tools/make_onnx_goldens.py
"""
import os
import struct
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "golden", "onnx")


def values(shape):
    """Element i is i - 3, and a half: exact in every floating type."""
    return (np.arange(int(np.prod(shape)), dtype=np.float64) - 2.5).reshape(shape)


def save(model, name, check=True):
    if check:
        onnx.checker.check_model(model, full_check=True)
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(model.SerializeToString())


def model_of(nodes, initializers, shape=(1, 3, 8, 8), out="y", opset=13, classes=None):
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(out, TensorProto.FLOAT, classes)], initializers)
    return helper.make_model(graph, ir_version=7,
                             opset_imports=[helper.make_operatorsetid("", opset)])


def field(number, body):
    """A field of bytes of a protocol buffer: tag, length, bytes."""
    head, n = struct.pack("<B", number << 3 | 2), len(body)
    while n >= 128:
        head += struct.pack("<B", n & 127 | 128)
        n >>= 7
    return head + struct.pack("<B", n) + body


def types():
    """The same six numbers in every encoding, and some other tensors."""
    v = values([2, 3])
    flat = v.ravel().tolist()
    half = v.astype(np.float16).view(np.uint16).ravel().astype(int).tolist()
    bf16 = (v.astype(np.float32).view(np.uint32) >> 16).ravel().astype(int).tolist()
    T = TensorProto
    e4m3, e5m2 = (torch.tensor(flat).to(t).view(torch.uint8).tolist()
                  for t in (torch.float8_e4m3fn, torch.float8_e5m2))
    tensors = [
        numpy_helper.from_array(v.astype(np.float32), "raw32"),
        numpy_helper.from_array(v, "raw64"),
        numpy_helper.from_array(v.astype(np.float16), "raw16"),
        helper.make_tensor("float_data", T.FLOAT, [2, 3], flat),
        helper.make_tensor("double_data", T.DOUBLE, [2, 3], flat),
        T(name="half_data", data_type=T.FLOAT16, dims=[2, 3], int32_data=half),
        T(name="bf16_data", data_type=T.BFLOAT16, dims=[2, 3], int32_data=bf16),
        T(name="e4m3_data", data_type=T.FLOAT8E4M3FN, dims=[2, 3], int32_data=e4m3),
        T(name="e5m2_raw", data_type=T.FLOAT8E5M2, dims=[2, 3], raw_data=bytes(e5m2)),
        helper.make_tensor("longs", T.INT64, [3], [1, -2, 3]),
        helper.make_tensor("bytes", T.UINT8, [2], [7, 255]),
        helper.make_tensor("words", T.STRING, [1], [b"a"]),
        helper.make_tensor("empty", T.FLOAT, [0, 3], []),
        helper.make_tensor("scalar", T.FLOAT, [], [1.5]),
        T(name="five", data_type=T.FLOAT, dims=[1, 1, 2, 1, 3], raw_data=v.astype("<f4").tobytes()),
    ]
    constant = helper.make_node("Constant", [], ["constant"],
                                value=numpy_helper.from_array(v.astype(np.float32), "ignored"))
    identity = helper.make_node("Identity", ["x"], ["y"])
    model = model_of([constant, identity], tensors)
    model.metadata_props.add(key="author", value="sm\u00f6rg\u00e5s")
    # float_data with a tag before each number, as proto2 writers did; and two runs of packed
    # numbers with one alone between them. Python's library would pack both, so the bytes are put
    # together here.
    f4 = v.astype("<f4").tobytes()
    single = struct.pack("<B", 4 << 3 | 5)
    lists = {"unpacked": b"".join(single + f4[i:i + 4] for i in range(0, 24, 4)),
             "pieces": field(4, f4[:12]) + single + f4[12:16] + field(4, f4[16:])}
    graph = model.graph.SerializeToString()
    for name, numbers in lists.items():
        tensor = T(name=name, data_type=T.FLOAT, dims=[2, 3])
        graph += field(5, tensor.SerializeToString() + numbers)
    model.ClearField("graph")
    with open(os.path.join(OUT, "types.onnx"), "wb") as f:
        f.write(model.SerializeToString() + field(7, graph))
    for t in onnx.load(os.path.join(OUT, "types.onnx")).graph.initializer[-2:]:
        assert np.array_equal(numpy_helper.to_array(t), v.astype(np.float32)), t.name


def external():
    """Data beside the model: two tensors in one file, one in a folder."""
    v = values([2, 3]).astype("<f4")
    os.makedirs(os.path.join(OUT, "folder"), exist_ok=True)
    with open(os.path.join(OUT, "external.data"), "wb") as f:
        f.write(b"\0" * 8 + v.tobytes() + (2 * v).tobytes())
    with open(os.path.join(OUT, "folder", "more.data"), "wb") as f:
        f.write((3 * v).tobytes())

    def tensor(name, **keys):
        t = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[2, 3], data_location=1)
        for key, value in keys.items():
            t.external_data.add(key=key, value=str(value))
        return t

    save(model_of([helper.make_node("Identity", ["x"], ["y"])],
                  [tensor("first", location="external.data", offset=8, length=24),
                   tensor("second", location="external.data", offset=32),
                   tensor("third", location="folder/more.data")]), "external.onnx", check=False)


def zoo():
    """The layers of Caffe's AlexNet as the model zoo's file has them, small."""
    rng = np.random.default_rng(5)

    def weights(name, *shape):
        return numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)

    def node(op, inputs, output, **attributes):
        return helper.make_node(op, inputs, [output], **attributes)

    nodes = [
        node("Conv", ["data_0", "conv1_w_0", "conv1_b_0"], "conv1_1", kernel_shape=[5, 5],
             strides=[2, 2], pads=[0, 0, 0, 0]),
        node("Relu", ["conv1_1"], "conv1_2"),
        node("LRN", ["conv1_2"], "norm1_1", size=5, alpha=1e-4, beta=0.75, bias=1.0),
        node("MaxPool", ["norm1_1"], "pool1_1", kernel_shape=[3, 3], strides=[2, 2],
             pads=[0, 0, 1, 1]),
        node("Conv", ["pool1_1", "conv2_w_0", "conv2_b_0"], "conv2_1", kernel_shape=[3, 3],
             group=2, pads=[1, 1, 1, 1]),
        node("Relu", ["conv2_1"], "conv2_2"),
        node("Reshape", ["conv2_2", "OC2_DUMMY_1"], "OC2_DUMMY_0"),
        node("Gemm", ["OC2_DUMMY_0", "fc6_w_0", "fc6_b_0"], "fc6_1", transB=1),
        node("Relu", ["fc6_1"], "fc6_2"),
        helper.make_node("Dropout", ["fc6_2"], ["fc6_3", "_fc6_mask_1"]),
        node("Gemm", ["fc6_3", "fc8_w_0", "fc8_b_0"], "fc8_1", transB=1),
        node("Softmax", ["fc8_1"], "prob_1", axis=1),
    ]
    inits = [weights("conv1_w_0", 4, 3, 5, 5), weights("conv1_b_0", 4),
             weights("conv2_w_0", 6, 2, 3, 3), weights("conv2_b_0", 6),
             weights("fc6_w_0", 5, 6 * 3 * 3), weights("fc6_b_0", 5),
             weights("fc8_w_0", 4, 5), weights("fc8_b_0", 4),
             numpy_helper.from_array(np.array([1, 54], np.int64), "OC2_DUMMY_1")]
    graph = helper.make_graph(
        nodes, "AlexNet", [helper.make_tensor_value_info("data_0", TensorProto.FLOAT,
                                                         [1, 3, 16, 16])],
        [helper.make_tensor_value_info("prob_1", TensorProto.FLOAT, [1, 4])], inits)
    # Operator set 9 lists initializers among the inputs too.
    for t in inits:
        graph.input.append(helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)))
    save(helper.make_model(graph, producer_name="onnx-caffe2", ir_version=3,
                           opset_imports=[helper.make_operatorsetid("", 9)]), "zoo.onnx")


def products():
    """Fully connected layers in other forms: MatMul and Add, transposed constants, casts."""
    w1, w2, w3 = values([4, 6]), values([5, 4]), values([3, 5])
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("MatMul", ["f", "w1"], ["m1"]),  # [in, out]
        helper.make_node("Add", ["b1", "m1"], ["a1"]),
        helper.make_node("Relu", ["a1"], ["r1"]),
        helper.make_node("Transpose", ["w2"], ["w2t"], perm=[1, 0]),  # of [out, in]
        helper.make_node("MatMul", ["r1", "w2t"], ["m2"]),
        helper.make_node("Identity", ["m2"], ["i2"]),
        helper.make_node("Constant", [], ["w3"],
                         value=numpy_helper.from_array(w3.astype(np.float16))),
        helper.make_node("Cast", ["w3"], ["w3f"], to=TensorProto.FLOAT),
        helper.make_node("Gemm", ["i2", "w3f"], ["y"], transB=1),
    ]
    inits = [numpy_helper.from_array(w1.T.astype(np.float32).copy(), "w1"),
             numpy_helper.from_array(values([4]).astype(np.float32), "b1"),
             numpy_helper.from_array(w2.astype(np.float32), "w2")]
    save(model_of(nodes, inits, shape=["n", 6, 1, 1], classes=["n", 3]), "products.onnx")


class Tiny(torch.nn.Module):
    """torchvision's AlexNet with fewer and smaller filters."""

    def __init__(self):
        super().__init__()
        nn = torch.nn
        self.features = nn.Sequential(
            nn.Conv2d(3, 4, 5, stride=2, padding=1), nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2), nn.Conv2d(4, 5, 3, padding=1),
            nn.ReLU(inplace=True))
        self.avgpool = nn.AdaptiveAvgPool2d((3, 3))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(45, 6), nn.ReLU(inplace=True),
                                        nn.Linear(6, 4))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


def torch_exports():
    torch.manual_seed(11)
    net = Tiny().eval()
    picture = torch.zeros(2, 3, 16, 16)
    for fold in (True, False):
        suffix = "folded" if fold else "plain"
        torch.onnx.export(net, (picture,), os.path.join(OUT, f"script_{suffix}.onnx"),
                          dynamo=False, do_constant_folding=fold, input_names=["pixels"],
                          dynamic_axes={"pixels": {0: "n"}})
        torch.onnx.export(net, (picture,), os.path.join(OUT, f"dynamo_{suffix}.onnx"), dynamo=True,
                          optimize=fold, external_data=False, input_names=["pixels"],
                          dynamic_shapes=({0: torch.export.Dim("n")},))


def optimised():
    """What ONNX Runtime makes of PyTorch's file."""
    for level in ("extended", "all"):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel,
                                                   "ORT_ENABLE_" + level.upper())
        options.optimized_model_filepath = os.path.join(OUT, f"ort_{level}.onnx")
        onnxruntime.InferenceSession(os.path.join(OUT, "script_plain.onnx"), options,
                                     providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    os.makedirs(OUT, exist_ok=True)
    types()
    external()
    zoo()
    products()
    torch_exports()
    optimised()
