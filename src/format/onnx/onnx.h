/*
 * ONNX, what its files share: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 *
 *     onnx.c           the format: opens and closes a file
 *     onnx_tensor.c    TensorProto: a tensor's type, shape and where its numbers are
 *     onnx_elements.c  reads these numbers
 *     onnx_graph.c     GraphProto: which node makes which value
 *     onnx_node.c      NodeProto: a node's operator, inputs and attributes
 *     onnx_outline.c   the chain of nodes from the output back to the input, as layers
 * (onnx_walk.h)
 *     onnx_compare.c   whether two graphs are the same (onnx_compare.h)
 *
 * The entries are the initializers and the tensors of Constant nodes. Nodes stay in the file and
 * are read when the outline asks for them.
 */
#ifndef AN_FORMAT_ONNX_ONNX_H
#define AN_FORMAT_ONNX_ONNX_H

#include "base/wire.h"
#include "format/tensor_format.h"

enum {
    AN_ONNX_NAME_MAX = 1024,    /* bytes of a name */
    AN_ONNX_VALUES_MAX = 50000, /* values, and nodes, of a graph */
    AN_ONNX_FIELDS_MAX = 1024,  /* of a node */
};

/** Where an entry's data is. */
typedef struct an_onnx_tensor {
    an_wire body;   /* the TensorProto */
    char *location; /* of external data, owned; NULL: in the model's own file */
    uint32_t field; /* the field whose numbers must be decoded one by one; 0: they are at
                       an_tensor_entry.offset, stored as in memory */
} an_onnx_tensor;

/** A value of the graph, by its name. */
typedef struct an_onnx_value {
    char *name;   /* owned */
    int node;     /* the node that computes it, -1: none */
    int output;   /* which of the node's outputs it is */
    int entry;    /* the entry with its tensor, -1: none */
    bool input;   /* of the graph */
    an_wire info; /* ValueInfoProto of an input */
} an_onnx_value;

typedef struct an_onnx_text {
    char *key, *value; /* owned */
} an_onnx_text;

typedef struct an_onnx {
    an_wire_file wire;
    int64_t opset;
    an_wire graph;
    int n_nodes, n_values, n_texts, n_tensors, n_outputs;
    an_wire *nodes;
    an_onnx_value *values;   /* sorted by name once the graph is read */
    an_onnx_text *texts;     /* metadata_props */
    char *result;            /* the graph's first output, owned */
    an_onnx_tensor *tensors; /* n_tensors, one per entry */
    an_reader *beside;       /* the file of external data that was read last */
    /* The position of the next of the numbers that are decoded one by one. */
    struct {
        const an_onnx_tensor *tensor;
        an_wire message, chunk;
    } cursor;
} an_onnx;

/** The type and shape of a graph's input. */
typedef struct an_onnx_input {
    int64_t type;    /* TensorProto.DataType; 0: not given */
    int rank;        /* 0: the shape is not given; at most 8 */
    int64_t dims[8]; /* 0: free */
} an_onnx_input;

/** A node, with what the outline needs of it. */
typedef struct an_onnx_node {
    int index;
    an_wire body;
    char *op, *domain, *name; /* owned; a node without a name gets that of its first output */
    char *inputs[8];          /* owned, the first of n_inputs; "": omitted */
    int n_inputs, n_outputs;
} an_onnx_node;

typedef struct an_onnx_attribute {
    bool there;
    int64_t i;
    double f;
    char s[32];
    int n_ints;
    int64_t ints[8]; /* the first of n_ints */
} an_onnx_attribute;

/** Append an entry for a TensorProto. @param name  of the value; NULL: the tensor's own */
alexnet_status an_onnx_add_tensor(an_tensor_file *file, an_onnx *onnx, an_wire body,
                                  const char *name);
/** Open a file of external data as `beside`, unless it is open already. */
alexnet_status an_onnx_open_beside(an_onnx *onnx, const char *location);
/** See an_tensor_format.read. */
alexnet_status an_onnx_read(an_tensor_file *file, const an_tensor_entry *entry, int64_t first,
                            int64_t count, void *dst);

/** Read the graph: entries, nodes and values. */
alexnet_status an_onnx_read_graph(an_tensor_file *file, an_onnx *onnx);
/** Find a value by its name; NULL: none. */
const an_onnx_value *an_onnx_find(const an_onnx *onnx, const char *name);

alexnet_status an_onnx_node_read(an_onnx_node *node, const an_onnx *onnx, int index);
void an_onnx_node_free(an_onnx_node *node);
/** The domain of ONNX Runtime's own operators; those for its own layouts have longer ones. */
#define AN_ONNX_RUNTIME "com.microsoft"
/** The domain that a node's operator is defined in; "": the standard's. */
const char *an_onnx_node_domain(const an_onnx_node *node);
/** For error texts: where operators of a domain come from and what to do; or "". */
const char *an_onnx_domain_advice(const char *domain);
/** The name of an input; "": the node has no such input. */
const char *an_onnx_node_input(const an_onnx_node *node, int index);
/** Read an attribute; all zero if the node has none of that name. */
alexnet_status an_onnx_node_attribute(const an_onnx_node *node, const char *name,
                                      an_onnx_attribute *out);

/** The name of an attribute by its place in the node, owned; NULL past the last. */
alexnet_status an_onnx_node_attribute_name(const an_onnx_node *node, int index, char **name);

alexnet_status an_onnx_input_read(an_onnx_input *out, an_wire info);
/** See an_tensor_format.outline. */
alexnet_status an_onnx_outline(an_tensor_file *file, an_outline *outline);

#endif
