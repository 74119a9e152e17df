/*
 * The wire format of protocol buffers against bytes written by hand after its specification, and
 * what is written against what is read. tests/golden/caffe has files of Python's protobuf.
 */
#include "expect.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "format/wire_write.h"

/* A message over a copy of the bytes that has exactly their size, so that a sanitizer sees a read
 * beyond. */
typedef struct rig {
    unsigned char *bytes;
    an_reader *reader;
    an_wire_file file;
    an_wire message;
} rig;

static void rig_open(rig *r, const void *bytes, size_t length)
{
    r->bytes = malloc(length ? length : 1);
    assert_non_null(r->bytes);
    memcpy(r->bytes, bytes, length);
    expect_ok(an_reader_memory(&r->reader, "net", r->bytes, length));
    r->message = an_wire_open(&r->file, r->reader);
}

static void rig_close(rig *r)
{
    an_reader_close(r->reader);
    free(r->bytes);
}

#define BYTES(text) text, sizeof(text) - 1

static an_wire_field next(an_wire *message)
{
    an_wire_field field;
    bool more;
    expect_ok(an_wire_next(message, &field, &more));
    assert_true(more);
    return field;
}

static void expect_end(an_wire *message)
{
    an_wire_field field;
    bool more;
    expect_ok(an_wire_next(message, &field, &more));
    assert_false(more);
    assert_true(an_wire_length(message) == 0);
}

/* The examples of the specification: 150 in field 1, "testing" in field 2, a message in field 3,
 * packed 3, 270, 86942 in field 6; a float, a double, and -1, which takes ten bytes. */
static void test_every_type(void **state)
{
    (void)state;
    rig r;
    char *text;
    uint64_t value;
    rig_open(&r, BYTES("\x08\x96\x01\x12\x07testing\x1a\x03\x08\x96\x01"
                       "\x32\x06\x03\x8e\x02\x9e\xa7\x05"
                       "\x25\0\0\xc0\xbf\x29\0\0\0\0\0\0\x04\xc0"
                       "\x38\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                       "\xa2\x06\x00"));
    an_wire_field field = next(&r.message);
    assert_true(field.number == 1 && field.type == AN_WIRE_VARINT && an_wire_int(&field) == 150);
    field = next(&r.message);
    assert_true(field.number == 2 && field.type == AN_WIRE_BYTES);
    expect_ok(an_wire_text(&field.body, "a name", 7, &text));
    assert_string_equal(text, "testing");
    an_free(text);
    field = next(&r.message);
    assert_true(field.number == 3);
    an_wire_field inner = next(&field.body);
    assert_true(inner.number == 1 && inner.value == 150);
    expect_end(&field.body);
    field = next(&r.message);
    static const uint64_t packed[] = {3, 270, 86942};
    for (int i = 0; i < 3; i++) {
        expect_ok(an_wire_varint(&field.body, &value));
        assert_true(value == packed[i]);
    }
    expect_end(&field.body);
    field = next(&r.message);
    assert_true(field.type == AN_WIRE_FIXED32 && an_wire_real(&field) == -1.5);
    field = next(&r.message);
    assert_true(field.type == AN_WIRE_FIXED64 && an_wire_real(&field) == -2.5);
    field = next(&r.message);
    assert_true(an_wire_int(&field) == -1);
    field = next(&r.message);
    assert_true(field.number == 100 && an_wire_length(&field.body) == 0);
    expect_end(&r.message);
    rig_close(&r);
}

/* Walk all of a message. */
static alexnet_status walk(const void *bytes, size_t length)
{
    rig r;
    an_wire_field field;
    bool more = true;
    rig_open(&r, bytes, length);
    alexnet_status rc = ALEXNET_OK;
    while (rc == ALEXNET_OK && more)
        rc = an_wire_next(&r.message, &field, &more);
    rig_close(&r);
    return rc;
}

static void test_damage(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *says;
    } cases[] = {
        {BYTES("\x08"), "byte 1: a number is cut short"},
        {BYTES("\x08\x96"), "byte 1: a number is cut short"},
        {BYTES("\x80"), "byte 0: a number is cut short"},
        {BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "a number of over 64 bits"},
        {BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "a number of over 64 bits"},
        {BYTES("\x12\x08testing"), "byte 2: a field is longer than the message that contains it"},
        {BYTES("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "a field is longer"},
        {BYTES("\x25\0\0\0"), "byte 1: a number is cut short"},
        {BYTES("\x29\0\0\0\0\0\0\0"), "byte 1: a number is cut short"},
        {BYTES("\x00\x01"), "byte 0: no field can have this number"},
        {BYTES("\x80\x80\x80\x80\x10\x01"), "no field can have this number"},
        {BYTES("\x08\x01\x0b"), "byte 2: a field of unknown type"}, /* a group */
        {BYTES("\x0c"), "a field of unknown type"},
        {BYTES("\x0e"), "a field of unknown type"},
        {BYTES("\x0f"), "a field of unknown type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_failure(walk(cases[i].bytes, cases[i].length), ALEXNET_ERROR_FORMAT, cases[i].says);
}

/* A field reaches beyond the message that it lies in, though not beyond the file. */
static void test_messages_end(void **state)
{
    (void)state;
    static const char *const bodies[] = {"\x12\x02", "\x08", "\x25\x01", "\x29\x01", "\x12"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        unsigned char bytes[32] = {0x0a, (unsigned char)strlen(bodies[i])};
        rig r;
        an_wire_field inner;
        bool more;
        memcpy(bytes + 2, bodies[i], strlen(bodies[i]));
        rig_open(&r, bytes, sizeof bytes);
        an_wire_field field = next(&r.message);
        expect_failure(an_wire_next(&field.body, &inner, &more), ALEXNET_ERROR_FORMAT, "net: ");
        rig_close(&r);
    }
}

static void test_texts(void **state)
{
    (void)state;
    rig r;
    char *text;
    rig_open(&r, BYTES("\x12\x03"
                       "a\0b\x12\0"));
    an_wire_field field = next(&r.message);
    expect_failure(an_wire_text(&field.body, "a name", 2, &text), ALEXNET_ERROR_FORMAT,
                   "a name of 3 bytes at byte 2: at most 2 expected");
    assert_null(text);
    expect_failure(an_wire_text(&field.body, "a name", 3, &text), ALEXNET_ERROR_FORMAT,
                   "a text has a zero byte");
    assert_null(text);
    field = next(&r.message);
    expect_ok(an_wire_text(&field.body, "a name", 3, &text));
    assert_string_equal(text, "");
    an_free(text);
    rig_close(&r);
}

/* Larger than the window that is read at a time: messages within messages, read alternately. */
static void test_beyond_the_window(void **state)
{
    (void)state;
    enum { PARTS = 40, INTS = 300 };
    an_wire_buffer net = {0};
    rig r;
    for (int i = 0; i < PARTS; i++) {
        an_wire_buffer part = {0};
        for (int j = 0; j < INTS; j++)
            an_wire_put_int(&part, (uint32_t)(1 + j % 20), (int64_t)i * 1000003 * j - j);
        an_wire_put_message(&net, 100, &part);
    }
    assert_false(net.failed);
    rig_open(&r, net.bytes, net.length);
    an_wire parts[2];
    for (int i = 0; i < PARTS; i += 2) {
        for (int k = 0; k < 2; k++)
            parts[k] = next(&r.message).body;
        for (int j = 0; j < INTS; j++)
            for (int k = 0; k < 2; k++) {
                const an_wire_field field = next(&parts[k]);
                assert_true(field.number == (uint32_t)(1 + j % 20));
                assert_true(an_wire_int(&field) == (int64_t)(i + k) * 1000003 * j - j);
            }
        expect_end(&parts[0]);
        expect_end(&parts[1]);
    }
    expect_end(&r.message);
    rig_close(&r);
    an_wire_buffer_free(&net);
}

static void test_written(void **state)
{
    (void)state;
    static const unsigned char expected[] =
        "\x08\x96\x01\x12\x07testing\x1a\x03\x08\x96\x01\x25\0\0\xc0\xbf"
        "\x38\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xa2\x06\xac\x02";
    an_wire_buffer to = {0}, inner = {0};
    an_wire_put_int(&to, 1, 150);
    an_wire_put_text(&to, 2, "testing");
    an_wire_put_int(&inner, 1, 150);
    an_wire_put_message(&to, 3, &inner);
    an_wire_put_float(&to, 4, -1.5f);
    an_wire_put_int(&to, 7, -1);
    an_wire_put_header(&to, 100, 300);
    assert_false(to.failed);
    assert_true(to.length == sizeof expected - 1);
    assert_memory_equal(to.bytes, expected, to.length);
    assert_true(an_wire_field_size(100, 300) == 304 && an_wire_field_size(1, 127) == 129);
    assert_null(inner.bytes);
    an_wire_buffer_free(&to);
}

/* Whichever allocation fails, the failure is reported, and no message is built from an incomplete
 * part. */
static void test_no_memory(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        an_wire_buffer to = {0}, inner = {0};
        const int64_t live = an_alloc_live();
        an_alloc_fail_at(n);
        const uint64_t before = an_alloc_count();
        for (int i = 0; i < 100; i++)
            an_wire_put_text(&inner, 1, "a name that takes room");
        an_wire_put_message(&to, 2, &inner);
        const bool met = an_alloc_count() - before >= n;
        an_alloc_fail_at(0);
        assert_true(to.failed == met);
        an_wire_buffer_free(&to);
        assert_true(an_alloc_live() == live);
        if (!met)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type),        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_messages_end),      cmocka_unit_test(test_texts),
        cmocka_unit_test(test_beyond_the_window), cmocka_unit_test(test_written),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("wire format", tests, NULL, NULL);
}
