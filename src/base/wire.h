/*
 * The wire format of protocol buffers, which Caffe's and ONNX's files use. Fields are
 * visited one after another in the file, and messages are not unpacked. A model of 240 MB thus
 * needs only a few kilobytes besides its tensors, and a file may have any size (the official
 * libraries stop at 64 MB or 2 GB).
 *
 *     message  = field*
 *     field    = tag, value         tag = varint of (number << 3 | type)
 *     varint   = 1 to 10 bytes of 7 bits each, the lowest first, the last below 128
 *
 * Source: https://protobuf.dev/programming-guides/encoding
 */
#ifndef AN_BASE_WIRE_H
#define AN_BASE_WIRE_H

#include <stdbool.h>

#include "base/reader.h"

typedef enum an_wire_type {
    AN_WIRE_VARINT = 0,
    AN_WIRE_FIXED64 = 1, /* double, fixed64 */
    AN_WIRE_BYTES = 2,   /* string, bytes, message, packed numbers */
    AN_WIRE_FIXED32 = 5, /* float, fixed32 */
} an_wire_type;

/** A file being read, with a window of the bytes read last. */
typedef struct an_wire_file {
    an_reader *reader; /* borrowed */
    uint64_t first;    /* offset of the window in the file */
    size_t held;       /* bytes in the window */
    unsigned char window[4096];
} an_wire_file;

/** A message, or the rest of it. Copies are independent of each other. */
typedef struct an_wire {
    an_wire_file *file;
    uint64_t at, end; /* offsets in the file */
} an_wire;

typedef struct an_wire_field {
    uint32_t number;
    an_wire_type type;
    uint64_t value; /* the bits of a VARINT, FIXED64 or FIXED32 */
    an_wire body;   /* the range of the file that holds BYTES, within the message */
} an_wire_field;

/** The whole file as a message. `file` must outlive it. */
an_wire an_wire_open(an_wire_file *file, an_reader *reader);
/**
 * Read the next field. Groups are refused: neither format uses them.
 * @param more  out, false past the last
 * @return ALEXNET_ERROR_FORMAT with file and offset
 */
alexnet_status an_wire_next(an_wire *message, an_wire_field *field, bool *more);
/** Read a varint of packed numbers; `message` must not be at its end. */
alexnet_status an_wire_varint(an_wire *message, uint64_t *value);
uint64_t an_wire_length(const an_wire *message); /* bytes left */
/**
 * Read a string, owned by the caller, with a zero byte added.
 * @param what   for error texts: "a layer's name"
 * @param limit  ALEXNET_ERROR_FORMAT for a longer one, or one with a zero byte
 */
alexnet_status an_wire_text(const an_wire *body, const char *what, size_t limit, char **text);
/** A field's value as a signed number; as a float or double. */
int64_t an_wire_int(const an_wire_field *field);
double an_wire_real(const an_wire_field *field); /* FIXED32: a float; FIXED64: a double */

#endif
