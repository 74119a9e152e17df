/*
 * An open Caffe model: what caffe.c (tensors) and caffe_outline.c (layers) share.
 */
#ifndef AN_FORMAT_CAFFE_CAFFE_MODEL_H
#define AN_FORMAT_CAFFE_CAFFE_MODEL_H

#include "format/caffe/caffe.h"
#include "format/tensor_format.h"

/** Fields of NetParameter. */
enum {
    AN_CAFFE_NET_NAME = 1,
    AN_CAFFE_NET_LAYERS = 2, /* V0 and V1 */
    AN_CAFFE_NET_INPUT = 3,
    AN_CAFFE_NET_INPUT_DIM = 4,
    AN_CAFFE_NET_BACKWARD = 5,
    AN_CAFFE_NET_STATE = 6,
    AN_CAFFE_NET_DEBUG = 7,
    AN_CAFFE_NET_INPUT_SHAPE = 8,
    AN_CAFFE_NET_LAYER = 100, /* V2 */
};

typedef struct an_caffe_model {
    an_wire_file file;
    int room;             /* allocated entries and blobs */
    an_caffe_blob *blobs; /* one per entry */
    an_caffe_cursor cursor;
} an_caffe_model;

/** See an_tensor_format.outline. */
alexnet_status an_caffe_outline(an_tensor_file *file, an_outline *outline);

#endif
