/*
 * Caffe's files: models (.caffemodel) and mean images (.binaryproto).
 *
 * A model is a message NetParameter, whose layers have three forms, by age:
 *
 *     V0   2013: field 2, within it field 1 with name, type ("conv"), keys and blobs
 *     V1   2014: field 2 with name, type (a number), blobs, and a message of keys for each type
 *     V2   2015: field 100, the same under other numbers, types being words ("Convolution")
 *
 * A blob holds numbers and their shape, given by four old fields or by a list of dimensions. The
 * numbers are float or double, packed or one per field, and are read in place in the file.
 * Gradients ("diff") are skipped.
 *
 *     caffe.c         a model as a file of tensors and as an outline
 *     caffe_layer.c   a layer of any form
 *     caffe_keys.c    its keys: windows, strides, groups, constants of LRN
 *     caffe_blob.c    a blob; mean images
 *
 * Source: https://github.com/BVLC/caffe, src/caffe/proto/caffe.proto and util/upgrade_proto.cpp.
 */
#ifndef AN_FORMAT_CAFFE_CAFFE_H
#define AN_FORMAT_CAFFE_CAFFE_H

#include "base/wire.h"
#include "tensor/tensor.h"

enum { AN_CAFFE_NAME = 255, AN_CAFFE_RANK = 8, AN_CAFFE_BLOBS = 2 };

/* ---- Blobs ---- */

typedef struct an_caffe_blob {
    an_wire message;
    int rank;
    int64_t dim[AN_CAFFE_RANK]; /* without leading 1s, which old files fill up to four dimensions */
    an_dtype dtype;             /* AN_F32 or AN_F64 */
    int64_t count;              /* of elements: the product of `dim` */
    bool whole;                 /* the data are one piece, at offset `at` of the file */
    uint64_t at;
} an_caffe_blob;

/** The read position in a blob that is not whole. Initialise to all zero. */
typedef struct an_caffe_cursor {
    const an_caffe_blob *blob;
    an_wire left;    /* rest of the message */
    an_wire run;     /* rest of the current packed field */
    int64_t element; /* the next to be read */
} an_caffe_cursor;

/**
 * Find the data and shape of a blob.
 * @param what  for error texts: "layer conv1, blob 0"
 * @return ALEXNET_ERROR_FORMAT if shape and data do not agree
 */
alexnet_status an_caffe_blob_find(an_wire message, const char *what, an_caffe_blob *blob);
/** Read `count` elements from element `first` on. Fastest if calls come in order. */
alexnet_status an_caffe_blob_read(const an_caffe_blob *blob, an_caffe_cursor *cursor, int64_t first,
                                  int64_t count, void *dst);

/**
 * Read a mean image (.binaryproto).
 * @param shape   out
 * @param values  out, owned: [channels][rows][columns], channels as the network has them: B, G, R
 * @return ALEXNET_ERROR_FORMAT if the file is something else
 */
alexnet_status an_caffe_mean_read(const char *path, an_chw *shape, float **values);
/** The same from an open file, which is borrowed. */
alexnet_status an_caffe_mean_read_from(an_reader *reader, an_chw *shape, float **values);

/* ---- Keys ---- */

/** A message of keys: one for each type of layer with keys of interest. */
typedef enum an_caffe_message {
    AN_CAFFE_KEYS_CONV,
    AN_CAFFE_KEYS_FC,
    AN_CAFFE_KEYS_LRN,
    AN_CAFFE_KEYS_POOL,
    AN_CAFFE_KEYS_RELU,
    AN_CAFFE_KEYS_INPUT,
    AN_CAFFE_KEYS_CROP, /* how pictures are prepared */
    AN_CAFFE_KEYS_V0,   /* the layer itself */
    AN_CAFFE_MESSAGES
} an_caffe_message;

typedef enum an_caffe_key {
    AN_CAFFE_OUTPUTS,
    AN_CAFFE_GROUPS,
    AN_CAFFE_PAD,
    AN_CAFFE_KERNEL,
    AN_CAFFE_STRIDE,
    AN_CAFFE_DILATION,
    AN_CAFFE_TRANSPOSE,
    AN_CAFFE_AXIS,
    AN_CAFFE_POOL, /* 0: max, 1: average, 2: stochastic */
    AN_CAFFE_GLOBAL,
    AN_CAFFE_ROUND,  /* 0: up, 1: down */
    AN_CAFFE_REGION, /* 0: across maps, 1: within one */
    AN_CAFFE_SIZE,
    AN_CAFFE_CROP,
    AN_CAFFE_ALPHA, /* this key and those below may be fractions */
    AN_CAFFE_BETA,
    AN_CAFFE_K,
    AN_CAFFE_SLOPE, /* of ReLU, below 0 */
    AN_CAFFE_KEYS
} an_caffe_key;

/** A number for rows and one for columns, which are equal for most keys. */
typedef struct an_caffe_keys {
    double value[AN_CAFFE_KEYS][2];
} an_caffe_keys;

/**
 * Read the keys of a message; those that it lacks get Caffe's defaults, or -1 where there is none.
 * @param layer  for error texts
 */
alexnet_status an_caffe_keys_read(an_wire message, an_caffe_message kind, const char *layer,
                                  an_caffe_keys *keys);
void an_caffe_keys_default(an_caffe_keys *keys);
/** The value of an integer key for rows and for columns; -1 if it has none. */
alexnet_status an_caffe_keys_whole(const an_caffe_keys *keys, an_caffe_key key, const char *layer,
                                   const an_wire *message, int value[2]);

/* ---- Layers ---- */

typedef enum an_caffe_type {
    AN_CAFFE_OTHER,
    AN_CAFFE_CONV,
    AN_CAFFE_FC,
    AN_CAFFE_RELU,
    AN_CAFFE_LRN,
    AN_CAFFE_POOLING,
    AN_CAFFE_DROPOUT,
    AN_CAFFE_SOFTMAX,
    AN_CAFFE_PADDING, /* V0: of the convolution or pooling after it */
    AN_CAFFE_COPY,    /* the same values under other names: Split, Flatten */
    AN_CAFFE_DATA,
    AN_CAFFE_END, /* loss, accuracy: no layer reads their output */
} an_caffe_type;

typedef struct an_caffe_layer {
    an_wire message; /* with `bottom` and `top` */
    bool v2;         /* under the numbers of V2 */
    char name[AN_CAFFE_NAME + 1];
    an_caffe_type type;
    char word[64]; /* the type as the file gives it */
    int n_blobs;
    an_wire blobs[AN_CAFFE_BLOBS]; /* the first ones */
    an_wire keys[AN_CAFFE_MESSAGES];
    bool has_keys[AN_CAFFE_MESSAGES];
} an_caffe_layer;

/** Read a layer: a field 2 or 100 of `net`, a NetParameter. */
alexnet_status an_caffe_layer_read(const an_wire *net, const an_wire_field *field,
                                   an_caffe_layer *layer);
/** Read the keys of one of the messages, or the defaults. V0 has one message for all `kind`s. */
alexnet_status an_caffe_layer_keys(const an_caffe_layer *layer, an_caffe_message kind,
                                   an_caffe_keys *keys);
/** Whether a type has weights that are read. */
bool an_caffe_has_weights(an_caffe_type type);
/**
 * The weights and bias of a convolution or fully connected layer, checked against its keys.
 * @param blobs  out, layer->n_blobs of them
 */
alexnet_status an_caffe_layer_blobs(const an_caffe_layer *layer,
                                    an_caffe_blob blobs[AN_CAFFE_BLOBS]);
/**
 * Read the name of the next value that a layer reads (`bottom`) or computes (`top`).
 * @param at  begins as layer->message
 * @param text  "" past the last
 */
alexnet_status an_caffe_layer_link(const an_caffe_layer *layer, bool top, an_wire *at,
                                   char text[AN_CAFFE_NAME + 1]);

#endif
