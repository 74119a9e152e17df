/*
 * The layers of a network, in order of computation, as another program's file lists them. They show
 * which network the file holds (model/recognise/recognise.h), and which tensors belong to which
 * layer.
 *
 * Formats that carry a network (Caffe, ONNX) fill in an outline from it. It is a chain of layers,
 * as every AlexNet is. What a file does not say is AN_UNKNOWN, and matches anything.
 */
#ifndef AN_FORMAT_OUTLINE_H
#define AN_FORMAT_OUTLINE_H

#include <stdbool.h>

#include "alexnet/alexnet.h"

enum { AN_UNKNOWN = -1, AN_OUTLINE_MAX = 4096 /* layers */ };

typedef enum an_outline_kind {
    AN_OUTLINE_CONV,
    AN_OUTLINE_FC,
    AN_OUTLINE_NEURON,     /* ReLU */
    AN_OUTLINE_LRN,        /* across maps */
    AN_OUTLINE_LRN_WITHIN, /* within a map */
    AN_OUTLINE_POOL_MAX,
    AN_OUTLINE_POOL_AVG,
    AN_OUTLINE_DROPOUT,
    AN_OUTLINE_SOFTMAX,
} an_outline_kind;

typedef struct an_outline_layer {
    an_outline_kind kind;
    char *name; /* the file's own, for error texts; owned */
    /* convolution and fully connected: entries of the file, -1: none */
    int weight, bias;
    bool transposed; /* a weight of FC is [in, out] */
    int outputs;     /* filters or outputs */
    /* convolution, pooling and LRN */
    int window; /* side of the filter or window; maps of LRN */
    int stride, groups;
    int padding[4]; /* top, left, bottom, right */
    int ceil;       /* pooling: 1: output sizes are rounded up, 0: down */
    /* LRN; NAN: unknown. divided: 1: the network divides `alpha` by the window, 0: it does not */
    double alpha, beta, k;
    int divided;
} an_outline_layer;

typedef struct an_outline {
    int count;
    an_outline_layer *layers; /* owned */
    int input[3];             /* channels, rows, columns of the network's input */
} an_outline;

/**
 * Add a layer of a kind. Its other fields begin as unknown (AN_UNKNOWN or NAN) or -1.
 * @param name  copied
 * @return ALEXNET_ERROR_UNSUPPORTED past AN_OUTLINE_MAX
 */
alexnet_status an_outline_add(an_outline *outline, an_outline_kind kind, const char *name,
                              an_outline_layer **layer);
void an_outline_free(an_outline *outline); /* frees what it holds, and empties it */
/** "convolution", "fully connected layer", for error texts */
const char *an_outline_word(an_outline_kind kind);

#endif
