/*
 * A network's operators as layers of Caffe, or why Caffe has no such layer. export_caffe.c writes
 * them as text (.prototxt) and as bytes (.caffemodel).
 */
#ifndef AN_MODEL_EXPORT_CAFFE_LAYERS_H
#define AN_MODEL_EXPORT_CAFFE_LAYERS_H

#include "base/writer.h"
#include "model/program/net.h"

enum { AN_CAFFE_TEXT = AN_NAME_MAX + 9 };

/** A setting of a layer: its key in the text, and its field number in the bytes. */
typedef struct an_caffe_setting {
    const char *key;
    uint32_t number;
    double value;
    bool real;        /* a float; else a whole number */
    const char *word; /* of an enumeration, for the text; NULL: a number */
} an_caffe_setting;

/** A layer; one for each node of the graph. */
typedef struct an_caffe_out {
    const char *type; /* "Convolution" */
    char name[AN_CAFFE_TEXT], top[AN_CAFFE_TEXT];
    int n_bottoms;
    char bottoms[AN_MAX_INPUTS][AN_CAFFE_TEXT];
    const char *message; /* the message that holds the settings; NULL: there are none */
    uint32_t message_number;
    int count;
    an_caffe_setting settings[8];
} an_caffe_out;

/**
 * Describe a node as a layer. Node 0 is the input layer; its shape is not among the settings.
 * @return ALEXNET_ERROR_UNSUPPORTED if Caffe computes something else: the text names the layer and
 *         what differs
 */
alexnet_status an_caffe_layer_of(an_caffe_out *out, const alexnet_network *network, int node);
/* What each .prototxt that is written contains. */
#define AN_CAFFE_TEXT_MARK "# The input: pixels from 0 to 255, "
/** Write the network as a .prototxt. @param provenance  becomes a comment; "": none */
alexnet_status an_caffe_text_write(an_writer *text, an_net *net, const char *provenance);

#endif
