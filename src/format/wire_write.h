/*
 * Writing the wire format of protocol buffers (wire.h). A message's length precedes it, so small
 * messages are built in memory. Of a tensor's data, which may be large, only the tag and length are
 * put into a message; the caller writes the data after them.
 */
#ifndef AN_FORMAT_WIRE_WRITE_H
#define AN_FORMAT_WIRE_WRITE_H

#include "base/wire.h"

/** A message being built. Begins as all zero. After a failed allocation it ignores what follows,
 *  and `failed` stays set: check it once, at the end. */
typedef struct an_wire_buffer {
    unsigned char *bytes; /* owned */
    size_t length, room;
    bool failed;
} an_wire_buffer;

void an_wire_put_int(an_wire_buffer *to, uint32_t number, int64_t value);   /* VARINT */
void an_wire_put_float(an_wire_buffer *to, uint32_t number, float value);   /* FIXED32 */
void an_wire_put_double(an_wire_buffer *to, uint32_t number, double value); /* FIXED64 */
void an_wire_put_text(an_wire_buffer *to, uint32_t number, const char *text);
void an_wire_put_bytes(an_wire_buffer *to, uint32_t number, const void *bytes, size_t length);
/** Append the fields of a message. */
void an_wire_put_fields(an_wire_buffer *to, const an_wire_buffer *fields);
/** Put a message that was built, and free it. */
void an_wire_put_message(an_wire_buffer *to, uint32_t number, an_wire_buffer *message);
/** Put tag and length of a field whose `length` bytes the caller writes after them. */
void an_wire_put_header(an_wire_buffer *to, uint32_t number, uint64_t length);
/** The size of such a field in bytes, tag and length included. */
uint64_t an_wire_field_size(uint32_t number, uint64_t length);
void an_wire_buffer_free(an_wire_buffer *buffer);

#endif
