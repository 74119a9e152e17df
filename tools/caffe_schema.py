"""The messages of Caffe's files, as far as the scripts here need them, for Python's protobuf.

The numbers are the public ones of https://github.com/BVLC/caffe, src/caffe/proto/caffe.proto. The
descriptors are made at run time, so that no compiler of .proto files is needed.

    messages = caffe_schema.messages(packed=True)
    net = messages["NetParameter"]()
"""
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# message: {field: (number, type)}; a * after the type means repeated, a ! repeated numbers, packed.
SCHEMA = {
    "BlobShape": {"dim": (1, "int64!")},
    "BlobProto": {
        "num": (1, "int32"), "channels": (2, "int32"), "height": (3, "int32"),
        "width": (4, "int32"), "data": (5, "float!"), "diff": (6, "float!"),
        "shape": (7, "BlobShape"), "double_data": (8, "double!"), "double_diff": (9, "double!")},
    "ConvolutionParameter": {
        "num_output": (1, "uint32"), "bias_term": (2, "bool"), "pad": (3, "uint32*"),
        "kernel_size": (4, "uint32*"), "group": (5, "uint32"), "stride": (6, "uint32*"),
        "pad_h": (9, "uint32"), "pad_w": (10, "uint32"), "kernel_h": (11, "uint32"),
        "kernel_w": (12, "uint32"), "stride_h": (13, "uint32"), "stride_w": (14, "uint32"),
        "axis": (16, "int32"), "dilation": (18, "uint32*")},
    "InnerProductParameter": {
        "num_output": (1, "uint32"), "bias_term": (2, "bool"), "axis": (5, "int32"),
        "transpose": (6, "bool")},
    "LRNParameter": {
        "local_size": (1, "uint32"), "alpha": (2, "float"), "beta": (3, "float"),
        "norm_region": (4, "uint32"), "k": (5, "float")},
    "PoolingParameter": {
        "pool": (1, "uint32"), "kernel_size": (2, "uint32"), "stride": (3, "uint32"),
        "pad": (4, "uint32"), "kernel_h": (5, "uint32"), "kernel_w": (6, "uint32"),
        "stride_h": (7, "uint32"), "stride_w": (8, "uint32"), "pad_h": (9, "uint32"),
        "pad_w": (10, "uint32"), "global_pooling": (12, "bool"), "round_mode": (13, "uint32")},
    "ReLUParameter": {"negative_slope": (1, "float")},
    "DropoutParameter": {"dropout_ratio": (1, "float")},
    "InputParameter": {"shape": (1, "BlobShape*")},
    "TransformationParameter": {"crop_size": (3, "uint32"), "mean_file": (4, "string")},
    "V0LayerParameter": {
        "name": (1, "string"), "type": (2, "string"), "num_output": (3, "uint32"),
        "biasterm": (4, "bool"), "pad": (7, "uint32"), "kernelsize": (8, "uint32"),
        "group": (9, "uint32"), "stride": (10, "uint32"), "pool": (11, "uint32"),
        "dropout_ratio": (12, "float"), "local_size": (13, "uint32"), "alpha": (14, "float"),
        "beta": (15, "float"), "cropsize": (20, "uint32"), "k": (22, "float"),
        "blobs": (50, "BlobProto*")},
    "V1LayerParameter": {
        "layer": (1, "V0LayerParameter"), "bottom": (2, "string*"), "top": (3, "string*"),
        "name": (4, "string"), "type": (5, "uint32"), "blobs": (6, "BlobProto*"),
        "blobs_lr": (7, "float*"), "convolution_param": (10, "ConvolutionParameter"),
        "dropout_param": (12, "DropoutParameter"),
        "inner_product_param": (17, "InnerProductParameter"), "lrn_param": (18, "LRNParameter"),
        "pooling_param": (19, "PoolingParameter"), "relu_param": (30, "ReLUParameter"),
        "transform_param": (36, "TransformationParameter")},
    "LayerParameter": {
        "name": (1, "string"), "type": (2, "string"), "bottom": (3, "string*"),
        "top": (4, "string*"), "blobs": (7, "BlobProto*"), "phase": (10, "uint32"),
        "transform_param": (100, "TransformationParameter"),
        "convolution_param": (106, "ConvolutionParameter"),
        "dropout_param": (108, "DropoutParameter"),
        "inner_product_param": (117, "InnerProductParameter"), "lrn_param": (118, "LRNParameter"),
        "pooling_param": (121, "PoolingParameter"), "relu_param": (123, "ReLUParameter"),
        "input_param": (143, "InputParameter")},
    "NetParameter": {
        "name": (1, "string"), "layers": (2, "V1LayerParameter*"), "input": (3, "string*"),
        "input_dim": (4, "int32*"), "input_shape": (8, "BlobShape*"),
        "layer": (100, "LayerParameter*")},
}

# The numbers of layer types in V1.
V1_TYPES = {"Accuracy": 1, "Convolution": 4, "Data": 5, "Dropout": 6, "InnerProduct": 14, "LRN": 15,
            "Pooling": 17, "ReLU": 18, "Softmax": 20, "SoftmaxWithLoss": 21, "Split": 22}
V0_TYPES = {"Accuracy": "accuracy", "Convolution": "conv", "Data": "data", "Dropout": "dropout",
            "InnerProduct": "innerproduct", "LRN": "lrn", "Pooling": "pool", "ReLU": "relu",
            "Softmax": "softmax", "SoftmaxWithLoss": "softmax_loss", "Split": "split"}


def messages(packed=True):
    """The message classes by name. packed: whether data and dimensions use the packed encoding."""
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")
    for name, fields in SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            f = message.field.add(name=field, number=number)
            f.label = kinds.LABEL_REPEATED if kind[-1] in "*!" else kinds.LABEL_OPTIONAL
            if kind[-1] == "!":
                f.options.packed = packed
            kind = kind.rstrip("*!")
            if kind in SCHEMA:
                f.type, f.type_name = kinds.TYPE_MESSAGE, ".caffe." + kind
            else:
                f.type = getattr(kinds, "TYPE_" + kind.upper())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName("caffe." + name))
            for name in SCHEMA}
