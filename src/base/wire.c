#include "base/wire.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

static alexnet_status damaged(const an_wire *message, const char *what)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: damaged at byte %llu: %s",
                   an_reader_name(message->file->reader), (unsigned long long)message->at, what);
}

an_wire an_wire_open(an_wire_file *file, an_reader *reader)
{
    file->reader = reader;
    file->first = 0;
    file->held = 0;
    return (an_wire){file, 0, an_reader_size(reader)};
}

/* The next bytes of a message, at least `wanted` of them, through the window. */
static alexnet_status look(const an_wire *message, size_t wanted, const unsigned char **bytes)
{
    an_wire_file *file = message->file;
    const uint64_t size = an_reader_size(file->reader);
    if (message->at < file->first || message->at - file->first > file->held ||
        file->held - (message->at - file->first) < wanted) {
        const uint64_t left = size - message->at;
        file->first = message->at;
        file->held = 0;
        const size_t length = left < sizeof file->window ? (size_t)left : sizeof file->window;
        AN_CHECK(an_reader_read(file->reader, file->first, file->window, length));
        file->held = length;
    }
    *bytes = file->window + (message->at - file->first);
    return ALEXNET_OK;
}

alexnet_status an_wire_varint(an_wire *message, uint64_t *value)
{
    enum { LONGEST = 10 };
    const unsigned char *bytes;
    const uint64_t left = message->end - message->at;
    const int room = left < LONGEST ? (int)left : LONGEST;
    *value = 0;
    AN_CHECK(look(message, (size_t)room, &bytes));
    for (int i = 0; i < room; i++) {
        *value |= (uint64_t)(bytes[i] & 127) << (7 * i);
        if (i == LONGEST - 1 && bytes[i] > 1)
            break;
        if (bytes[i] < 128) {
            message->at += (uint64_t)i + 1;
            return ALEXNET_OK;
        }
    }
    return damaged(message, room < LONGEST ? "a number is cut short" : "a number of over 64 bits");
}

static alexnet_status fixed(an_wire *message, size_t width, uint64_t *value)
{
    const unsigned char *bytes;
    *value = 0;
    if (message->end - message->at < width)
        return damaged(message, "a number is cut short");
    AN_CHECK(look(message, width, &bytes));
    for (size_t i = 0; i < width; i++)
        *value |= (uint64_t)bytes[i] << (8 * i);
    message->at += width;
    return ALEXNET_OK;
}

static alexnet_status bytes_of(an_wire *message, an_wire *body)
{
    uint64_t length;
    AN_CHECK(an_wire_varint(message, &length));
    if (length > message->end - message->at)
        return damaged(message, "a field is longer than the message that contains it");
    *body = (an_wire){message->file, message->at, message->at + length};
    message->at += length;
    return ALEXNET_OK;
}

alexnet_status an_wire_next(an_wire *message, an_wire_field *field, bool *more)
{
    uint64_t tag;
    memset(field, 0, sizeof *field);
    *more = message->at < message->end;
    if (!*more)
        return ALEXNET_OK;
    const an_wire start = *message;
    AN_CHECK(an_wire_varint(message, &tag));
    if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        return damaged(&start, "no field can have this number");
    field->number = (uint32_t)(tag >> 3);
    field->type = (an_wire_type)(tag & 7);
    switch (field->type) {
    case AN_WIRE_VARINT: return an_wire_varint(message, &field->value);
    case AN_WIRE_FIXED64: return fixed(message, 8, &field->value);
    case AN_WIRE_BYTES: return bytes_of(message, &field->body);
    case AN_WIRE_FIXED32: return fixed(message, 4, &field->value);
    default: return damaged(&start, "a field of unknown type");
    }
}

uint64_t an_wire_length(const an_wire *message)
{
    return message->end - message->at;
}

alexnet_status an_wire_text(const an_wire *body, const char *what, size_t limit, char **text)
{
    const uint64_t length = an_wire_length(body);
    *text = NULL;
    if (length > limit)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: %s of %llu bytes at byte %llu: at most %zu expected",
                       an_reader_name(body->file->reader), what, (unsigned long long)length,
                       (unsigned long long)body->at, limit);
    char *copy = an_malloc((size_t)length + 1);
    if (!copy)
        return AN_FAIL_MEMORY(length + 1, what);
    alexnet_status rc = an_reader_read(body->file->reader, body->at, copy, (size_t)length);
    copy[length] = '\0';
    if (rc == ALEXNET_OK && memchr(copy, '\0', (size_t)length))
        rc = damaged(body, "a text has a zero byte");
    if (rc != ALEXNET_OK) {
        an_free(copy);
        return rc;
    }
    *text = copy;
    return ALEXNET_OK;
}

int64_t an_wire_int(const an_wire_field *field)
{
    return (int64_t)field->value;
}

double an_wire_real(const an_wire_field *field)
{
    if (field->type == AN_WIRE_FIXED32) {
        const uint32_t bits = (uint32_t)field->value;
        float value;
        memcpy(&value, &bits, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, &field->value, sizeof value);
    return value;
}
