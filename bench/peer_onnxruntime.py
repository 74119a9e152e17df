#!/usr/bin/env python3
"""A forward pass of AlexNet in ONNX Runtime on the CPU, float32, for bench/compare.sh.

    peer_onnxruntime.py NET BATCH STEPS THREADS

NET is alexnet-owt. Prints the median of the steps in milliseconds and what was measured.
"""
import statistics
import sys
import time

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper


class Graph:
    def __init__(self):
        self.nodes, self.weights, self.random = [], [], np.random.default_rng(1)

    def tensor(self, name, *shape):
        values = self.random.standard_normal(shape, dtype=np.float32) * 0.01
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def add(self, kind, inputs, **keys):
        output = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **keys))
        return output

    def conv(self, x, name, filters, channels, size, stride=1, pad=0):
        weights = self.tensor(name + ".weight", filters, channels, size, size)
        return self.add("Relu", [self.add(
            "Conv", [x, weights, self.tensor(name + ".bias", filters)],
            strides=[stride, stride], pads=[pad] * 4)])

    def pool(self, x):
        return self.add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2])

    def linear(self, x, name, outputs, inputs):
        return self.add("Gemm", [x, self.tensor(name + ".weight", outputs, inputs),
                                 self.tensor(name + ".bias", outputs)], transB=1)


def alexnet_owt(batch):
    g = Graph()
    x = g.pool(g.conv("x", "conv1", 64, 3, 11, 4, 2))
    x = g.pool(g.conv(x, "conv2", 192, 64, 5, 1, 2))
    x = g.conv(x, "conv3", 384, 192, 3, 1, 1)
    x = g.conv(x, "conv4", 256, 384, 3, 1, 1)
    x = g.pool(g.conv(x, "conv5", 256, 256, 3, 1, 1))
    x = g.add("Flatten", [x])
    x = g.add("Relu", [g.linear(x, "fc6", 4096, 9216)])
    x = g.add("Relu", [g.linear(x, "fc7", 4096, 4096)])
    y = g.add("Softmax", [g.linear(x, "fc8", 1000, 4096)])
    info = helper.make_tensor_value_info
    graph = helper.make_graph(g.nodes, "alexnet-owt",
                              [info("x", TensorProto.FLOAT, [batch, 3, 224, 224])],
                              [info(y, TensorProto.FLOAT, [batch, 1000])], g.weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def main():
    net, batch, steps, threads = sys.argv[1], *map(int, sys.argv[2:5])
    assert net == "alexnet-owt"
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(alexnet_owt(batch).SerializeToString(), options,
                                   providers=["CPUExecutionProvider"])
    x = np.random.default_rng(2).random((batch, 3, 224, 224), dtype=np.float32)
    times = []
    for _ in range(steps + 2):
        start = time.perf_counter()
        session.run(None, {"x": x})
        times.append(1e3 * (time.perf_counter() - start))
    print(f"{statistics.median(times[2:]):.3f} ONNX Runtime {ort.__version__}")


main()
