/*
 * Any bytes as a message of protocol buffers: an error, or fields that lie inside it, one after the
 * other, and messages in them likewise. What was read is the same after it is written and read
 * again.
 */
#include "base/alloc.h"
#include "format/wire_write.h"
#include "fuzz/require.h"

enum { DEPTH = 6 };

/* Write a field in a message of its own; a fixed one, which is not written as such, as a number. */
static void put(an_wire_buffer *to, const an_wire_field *field, const uint8_t *bytes)
{
    if (field->type == AN_WIRE_BYTES)
        an_wire_put_bytes(to, field->number, bytes + field->body.at,
                          (size_t)an_wire_length(&field->body));
    else
        an_wire_put_int(to, field->number, an_wire_int(field));
    require(!to->failed);
}

static void write_and_read(const an_wire_field *field, const uint8_t *bytes)
{
    an_wire_buffer buffer = {0};
    an_reader *reader;
    an_wire_file file;
    an_wire_field again;
    bool more;
    put(&buffer, field, bytes);
    if (field->type == AN_WIRE_BYTES)
        require(buffer.length == an_wire_field_size(field->number, an_wire_length(&field->body)));
    require(an_reader_memory(&reader, "again", buffer.bytes, buffer.length) == ALEXNET_OK);
    an_wire message = an_wire_open(&file, reader);
    require(an_wire_next(&message, &again, &more) == ALEXNET_OK && more);
    require(again.number == field->number && again.value == field->value);
    require(an_wire_length(&again.body) == an_wire_length(&field->body));
    require(an_wire_length(&message) == 0);
    an_reader_close(reader);
    an_wire_buffer_free(&buffer);
}

static void walk(an_wire message, const uint8_t *bytes, int depth)
{
    an_wire_field field;
    bool more = true;
    char *text;
    uint64_t number;
    for (uint64_t at = message.at;; at = message.at) {
        if (an_wire_next(&message, &field, &more) != ALEXNET_OK || !more)
            return;
        require(message.at > at && message.at <= message.end && field.number > 0);
        if (depth == 0)
            write_and_read(&field, bytes);
        if (field.type != AN_WIRE_BYTES)
            continue;
        require(field.body.at > at && field.body.at <= field.body.end &&
                field.body.end == message.at);
        if (an_wire_text(&field.body, "a text", 64, &text) == ALEXNET_OK)
            require(strlen(text) == an_wire_length(&field.body));
        an_free(text);
        if (depth < DEPTH)
            walk(field.body, bytes, depth + 1);
        while (an_wire_length(&field.body) > 0 &&
               an_wire_varint(&field.body, &number) == ALEXNET_OK)
            require(field.body.at <= field.body.end);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    an_reader *reader;
    an_wire_file file;
    require(an_reader_memory(&reader, "fuzz", bytes, length) == ALEXNET_OK);
    walk(an_wire_open(&file, reader), bytes, 0);
    an_reader_close(reader);
    return 0;
}
