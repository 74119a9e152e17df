#include "format/wire_write.h"

#include <string.h>

#include "base/alloc.h"
#include "base/byte_order.h"

static void append(an_wire_buffer *to, const void *bytes, size_t length)
{
    if (to->failed)
        return;
    unsigned char *grown = an_reserve(to->bytes, &to->room, to->length + length);
    to->failed = !grown;
    if (to->failed)
        return;
    to->bytes = grown;
    if (length)
        memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

static size_t encode(unsigned char bytes[10], uint64_t value)
{
    size_t length = 0;
    while (value >= 128) {
        bytes[length++] = (unsigned char)(value | 128);
        value >>= 7;
    }
    bytes[length++] = (unsigned char)value;
    return length;
}

static void put_varint(an_wire_buffer *to, uint64_t value)
{
    unsigned char bytes[10];
    append(to, bytes, encode(bytes, value));
}

static void put_tag(an_wire_buffer *to, uint32_t number, an_wire_type type)
{
    put_varint(to, (uint64_t)number << 3 | (uint64_t)type);
}

void an_wire_put_int(an_wire_buffer *to, uint32_t number, int64_t value)
{
    put_tag(to, number, AN_WIRE_VARINT);
    put_varint(to, (uint64_t)value);
}

void an_wire_put_float(an_wire_buffer *to, uint32_t number, float value)
{
    uint32_t bits;
    unsigned char bytes[sizeof bits];
    memcpy(&bits, &value, sizeof bits);
    an_put_little(bytes, bits, sizeof bytes);
    put_tag(to, number, AN_WIRE_FIXED32);
    append(to, bytes, sizeof bytes);
}

void an_wire_put_double(an_wire_buffer *to, uint32_t number, double value)
{
    uint64_t bits;
    unsigned char bytes[sizeof bits];
    memcpy(&bits, &value, sizeof bits);
    an_put_little(bytes, bits, sizeof bytes);
    put_tag(to, number, AN_WIRE_FIXED64);
    append(to, bytes, sizeof bytes);
}

void an_wire_put_header(an_wire_buffer *to, uint32_t number, uint64_t length)
{
    put_tag(to, number, AN_WIRE_BYTES);
    put_varint(to, length);
}

void an_wire_put_bytes(an_wire_buffer *to, uint32_t number, const void *bytes, size_t length)
{
    an_wire_put_header(to, number, length);
    append(to, bytes, length);
}

void an_wire_put_text(an_wire_buffer *to, uint32_t number, const char *text)
{
    an_wire_put_bytes(to, number, text, strlen(text));
}

void an_wire_put_fields(an_wire_buffer *to, const an_wire_buffer *fields)
{
    to->failed |= fields->failed;
    append(to, fields->bytes, fields->length);
}

void an_wire_put_message(an_wire_buffer *to, uint32_t number, an_wire_buffer *message)
{
    to->failed |= message->failed;
    an_wire_put_bytes(to, number, message->bytes, message->length);
    an_wire_buffer_free(message);
}

uint64_t an_wire_field_size(uint32_t number, uint64_t length)
{
    unsigned char bytes[10];
    return encode(bytes, (uint64_t)number << 3) + encode(bytes, length) + length;
}

void an_wire_buffer_free(an_wire_buffer *buffer)
{
    an_free(buffer->bytes);
    *buffer = (an_wire_buffer){0};
}
