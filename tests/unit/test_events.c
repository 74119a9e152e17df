/*
 * Event files: the checksums of records (the checksum itself is compared with published values, RFC
 * 3720, appendix B.4), and events as the library's reader of the wire format sees them.
 * tools/check_tensorboard.py reads event files with TensorBoard.
 */
#include "expect.h"
#include "scratch.h"

#include <dirent.h>
#include <math.h>

#include "base/alloc.h"
#include "base/crc32c.h"
#include "base/files.h"
#include "base/walk.h"
#include "base/wire.h"
#include "train/events.h"

/* Both ways to compute a checksum. */
static void expect_sum(const void *bytes, size_t length, uint32_t expected)
{
    assert_int_equal(an_crc32c(0, bytes, length), expected);
    assert_int_equal(an_crc32c_portable(0, bytes, length), expected);
}

static void test_checksum(void **state)
{
    (void)state;
    static const unsigned char command[48] = {
        0x01, 0xC0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02};
    unsigned char bytes[32] = {0};
    expect_sum("123456789", 9, 0xE3069283);
    expect_sum(bytes, 32, 0x8A9136AA);
    memset(bytes, 0xFF, 32);
    expect_sum(bytes, 32, 0x62A8AB43);
    for (int i = 0; i < 32; i++)
        bytes[i] = (unsigned char)i;
    expect_sum(bytes, 32, 0x46DD794E);
    for (int i = 0; i < 32; i++)
        bytes[i] = (unsigned char)(31 - i);
    expect_sum(bytes, 32, 0x113FDB5C);
    expect_sum(command, sizeof command, 0xD9963A56);
}

/* Texts are read in strands, or eight bytes at once: of each length and place, against the
 * definition bit by bit. */
static void test_long_checksum(void **state)
{
    (void)state;
    enum { MOST = 2400 };
    static unsigned char bytes[MOST];
    uint32_t crc = UINT32_MAX;
    for (int i = 0; i < MOST; i++) {
        bytes[i] = (unsigned char)(i * i + (i >> 3));
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
        expect_sum(bytes, (size_t)i + 1, ~crc);
        const uint32_t part = an_crc32c(0, bytes, (size_t)i / 3);
        const size_t rest = (size_t)(i + 1 - i / 3);
        assert_int_equal(an_crc32c(part, bytes + i / 3, rest), ~crc);
        assert_int_equal(an_crc32c_portable(part, bytes + i / 3, rest), ~crc);
    }
}

static uint64_t number_at(const unsigned char *bytes, int length)
{
    uint64_t value = 0;
    for (int i = 0; i < length; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

static void expect_masked(const unsigned char *checksum, const unsigned char *bytes, size_t length)
{
    uint32_t crc = (uint32_t)number_at(checksum, 4) - 0xA282EAD8;
    assert_int_equal(crc << 15 | crc >> 17, an_crc32c(0, bytes, length));
}

/* Read the only event file of a folder. */
static void read_folder(const char *folder, unsigned char **bytes, size_t *length)
{
    DIR *dir = opendir(folder);
    char path[512] = "";
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strstr(entry->d_name, "tfevents")) {
            assert_string_equal(path, "");
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        }
    closedir(dir);
    expect_ok(an_file_read(path, 1 << 20, bytes, length));
}

/* The event of the next record; *at moves past the record. */
static const unsigned char *next_record(const unsigned char *bytes, size_t *at, size_t *length)
{
    const unsigned char *record = bytes + *at;
    *length = number_at(record, 8);
    expect_masked(record + 8, record, 8);
    expect_masked(record + 12 + *length, record + 12, *length);
    *at += *length + 16;
    return record + 12;
}

/* The body of field `number` of a message. */
static an_wire_field field_of(an_wire message, uint32_t number)
{
    an_wire_field field;
    bool more = true;
    do {
        expect_ok(an_wire_next(&message, &field, &more));
        assert_true(more);
    } while (field.number != number);
    return field;
}

static double double_of(an_wire message, uint32_t number)
{
    double value;
    an_wire_field field = field_of(message, number);
    assert_int_equal(field.type, AN_WIRE_FIXED64);
    memcpy(&value, &field.value, sizeof value);
    return value;
}

/* Element i of a field of packed doubles. */
static double packed_double(an_wire body, int i)
{
    unsigned char bytes[8];
    double value;
    expect_ok(an_reader_read(body.file->reader, body.at + 8 * (uint64_t)i, bytes, sizeof bytes));
    uint64_t bits = number_at(bytes, 8);
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void expect_step(an_wire event, int64_t step)
{
    assert_int_equal(field_of(event, 2).value, step);
    assert_true(double_of(event, 1) > 1.6e9); /* seconds since 1970 */
}

/* The value of an event's summary; its tag must be `tag`. */
static an_wire value_of(an_wire event, const char *tag)
{
    char *text;
    an_wire value = field_of(field_of(event, 5).body, 1).body, name = field_of(value, 1).body;
    expect_ok(an_wire_text(&name, "a tag", 100, &text));
    assert_string_equal(text, tag);
    an_free(text);
    return value;
}

enum { EVENTS = 5 };

static void check_events(const an_wire event[EVENTS])
{
    char *version;
    float number;
    an_wire head = field_of(event[0], 3).body;
    expect_ok(an_wire_text(&head, "a version", 100, &version));
    assert_string_equal(version, "brain.Event:2");
    an_free(version);
    expect_step(event[1], 8); /* the first step of which readers forget what other files say */
    assert_int_equal(field_of(field_of(event[1], 7).body, 1).value, 1); /* START */

    expect_step(event[2], 8);
    uint32_t bits = (uint32_t)field_of(value_of(event[2], "val/loss"), 2).value;
    memcpy(&number, &bits, sizeof number);
    assert_true(number == 0.25f);

    an_wire histogram = field_of(value_of(event[3], "conv1.weight"), 5).body;
    assert_true(double_of(histogram, 1) == -1);
    assert_true(double_of(histogram, 2) == 2);
    assert_true(double_of(histogram, 3) == 4);
    assert_true(double_of(histogram, 4) == 1.5);
    assert_true(double_of(histogram, 5) == 5.25);
    an_wire limits = field_of(histogram, 6).body;
    assert_int_equal(an_wire_length(&limits), 30 * 8);
    double sum = 0;
    for (int i = 0; i < 30; i++)
        sum += packed_double(field_of(histogram, 7).body, i);
    assert_true(sum == 4);
    assert_true(packed_double(field_of(histogram, 7).body, 29) == 1); /* the largest */

    an_wire picture = field_of(value_of(event[4], "filters"), 4).body;
    assert_int_equal(field_of(picture, 1).value, 3);
    assert_int_equal(field_of(picture, 2).value, 515);
}

static void test_file(void **state)
{
    (void)state;
    static const float values[] = {-1, 0.5f, 2, NAN, 0, INFINITY};
    static const unsigned char png[33] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\3\0\0\0\3";
    alexnet_events *events;
    unsigned char *bytes;
    size_t length, at = 0;
    an_wire_file files[EVENTS];
    an_reader *readers[EVENTS];
    an_wire event[EVENTS];
    expect_ok(alexnet_events_open(&events, ".", 7));
    expect_ok(alexnet_events_scalar(events, 8, "val/loss", 0.25));
    expect_ok(alexnet_events_histogram(events, 8, "conv1.weight", values, 6));
    expect_ok(alexnet_events_histogram(events, 8, "nothing", values + 3, 1)); /* no event */
    expect_ok(alexnet_events_picture(events, 8, "filters", png, sizeof png));
    alexnet_events_free(events);
    read_folder(".", &bytes, &length);
    for (int i = 0; i < EVENTS; i++) {
        size_t size;
        assert_true(at < length);
        const unsigned char *record = next_record(bytes, &at, &size);
        expect_ok(an_reader_memory(&readers[i], "events", record, size));
        event[i] = an_wire_open(&files[i], readers[i]);
    }
    assert_int_equal(at, length);
    check_events(event);
    for (int i = 0; i < EVENTS; i++)
        an_reader_close(readers[i]);
    an_free(bytes);
}

/* TensorBoard reads files by their names: a later one comes after those of a clock that was ahead,
 * and other files do not count. */
static void test_order_of_files(void **state)
{
    static const char *const there[] = {"a", "events.out.tfevents.4102444800.000000000.000.alexnet",
                                        "events.out.tfevents.99999999999.x", "z"};
    an_folder in;
    (void)state;
    for (int i = 0; i < 4; i++)
        scratch_text(there[i], "");
    for (int i = 0; i < 2; i++) {
        alexnet_events *events;
        expect_ok(alexnet_events_open(&events, ".", 0));
        alexnet_events_free(events);
    }
    expect_ok(an_folder_read(&in, NULL, "."));
    assert_int_equal(in.files.count, 6);
    assert_string_equal(in.files.at[1], there[1]);
    assert_memory_equal(in.files.at[2], "events.out.tfevents.4102444801.", 31);
    assert_memory_equal(in.files.at[3], "events.out.tfevents.4102444802.", 31);
    an_folder_free(&in);
}

/* A file that was removed takes no more events: its writer is told, and can begin another. */
static void test_removed(void **state)
{
    (void)state;
    alexnet_events *events;
    an_folder in;
    expect_ok(alexnet_events_open(&events, ".", 0));
    expect_ok(alexnet_events_scalar(events, 1, "loss", 2));
    expect_ok(an_folder_read(&in, NULL, "."));
    assert_int_equal(remove(in.files.at[0]), 0);
    expect_failure(alexnet_events_scalar(events, 2, "loss", 1), ALEXNET_ERROR_IO, "was removed");
    expect_failure(alexnet_events_scalar(events, 3, "loss", 1), ALEXNET_ERROR_IO, in.files.at[0]);
    an_folder_free(&in);
    alexnet_events_free(events);
}

static void test_refuses(void **state)
{
    (void)state;
    alexnet_events *events;
    expect_failure(alexnet_events_open(&events, "missing", 0), ALEXNET_ERROR_IO, "missing");
    assert_null(events);
    expect_failure(alexnet_events_open(&events, ".", -1), ALEXNET_ERROR_INVALID_ARGUMENT, "-1");
    expect_failure(alexnet_events_open(&events, ".", INT64_MAX), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "updates");
    expect_ok(alexnet_events_open(&events, ".", 0));
    expect_failure(alexnet_events_picture(events, 0, "filters", "GIF89a", 6),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "is not a PNG file");
    expect_failure(alexnet_events_histogram(events, 0, "w", &(float){0}, -1),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "count = -1");
    const char *const part = "the tag a\\xff is not UTF-8 text";
    expect_failure(alexnet_events_scalar(events, 0, "a\xff", 1), ALEXNET_ERROR_INVALID_ARGUMENT,
                   part);
    expect_failure(alexnet_events_histogram(events, 0, "a\xff", &(float){0}, 1),
                   ALEXNET_ERROR_INVALID_ARGUMENT, part);
    expect_failure(alexnet_events_picture(events, 0, "a\xff", "GIF89a", 6),
                   ALEXNET_ERROR_INVALID_ARGUMENT, part);
    alexnet_events_free(events);
    alexnet_events_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checksum),
        cmocka_unit_test(test_long_checksum),
        cmocka_unit_test_setup_teardown(test_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_order_of_files, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_removed, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_refuses, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
