/*
 * Datum, the protocol buffers message that holds a picture and its label in Caffe's databases
 * (caffe.proto: channels = 1, height = 2, width = 3, data = 4, label = 5, float_data = 6,
 * encoded = 7).
 */
#ifndef AN_DATA_SOURCE_DATUM_H
#define AN_DATA_SOURCE_DATUM_H

#include <stdbool.h>

#include "data/picture/picture.h"

typedef struct an_datum {
    const unsigned char *data; /* within the message; NULL: there is none */
    size_t length;
    bool encoded; /* data is a picture file, else pixels [channels][height][width], B G R */
    int channels, height, width;
    bool has_label;
    int64_t label;
} an_datum;

/**
 * Read a message.
 * @param name  error texts begin with it
 * @return ALEXNET_ERROR_FORMAT (another message; damaged; more or fewer pixels than the size says),
 * ALEXNET_ERROR_UNSUPPORTED (numbers in float_data; neither 1 nor 3 channels)
 */
alexnet_status an_datum_parse(an_datum *out, const void *bytes, size_t length, const char *name);
/** The pixels of a Datum that is not encoded. */
alexnet_status an_datum_pixels(an_picture *out, const an_datum *datum, const char *name);

#endif
