#include "train/events.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/byte_order.h"
#include "base/crc32c.h"
#include "base/files.h"
#include "base/folder.h"
#include "base/status.h"
#include "format/wire_write.h"

struct alexnet_events {
    char *path;
    int file;
};

enum { FILE_TRIES = 1000, HISTOGRAM_BUCKETS = 30 };

/* Fields of the messages. */
enum { EVENT_TIME = 1, EVENT_STEP = 2, EVENT_VERSION = 3, EVENT_SUMMARY = 5, EVENT_SESSION = 7 };
enum { SESSION_STATUS = 1, SESSION_START = 1 };
enum { SUMMARY_VALUE = 1 };
enum { VALUE_TAG = 1, VALUE_NUMBER = 2, VALUE_PICTURE = 4, VALUE_HISTOGRAM = 5 };
enum { PICTURE_HEIGHT = 1, PICTURE_WIDTH = 2, PICTURE_CHANNELS = 3, PICTURE_PNG = 4 };
enum { HISTO_MIN = 1, HISTO_MAX, HISTO_COUNT, HISTO_SUM, HISTO_SQUARES, HISTO_LIMIT, HISTO_BUCKET };

/* ---- Records ---- */

/* TensorFlow masks its checksums, because the CRC of data that contains CRCs is problematic. */
static uint32_t masked_crc(const void *bytes, size_t length)
{
    uint32_t crc = an_crc32c(0, bytes, length);
    return (crc >> 15 | crc << 17) + 0xA282EAD8;
}

/* Whether an open file has no name any more. Some file systems count no links at all. */
static bool is_removed(const struct stat *file, const char *path)
{
    struct stat there;
    return file->st_nlink == 0 && (stat(path, &there) != 0 || there.st_ino != file->st_ino);
}

/* Append a whole record or nothing: readers give up at a damaged record. */
static alexnet_status append(alexnet_events *events, const void *bytes, size_t length)
{
    struct stat before;
    size_t done = 0;
    if (fstat(events->file, &before) != 0)
        return an_file_fail("examine", events->path);
    if (is_removed(&before, events->path))
        return AN_FAIL(ALEXNET_ERROR_IO, "%s was removed: nothing more is written to it",
                       events->path);
    while (done < length) {
        ssize_t n = write(events->file, (const char *)bytes + done, length - done);
        if (n < 0 && errno != EINTR) {
            alexnet_status rc = an_file_fail("write", events->path);
            if (ftruncate(events->file, before.st_size) != 0)
                return an_file_fail("cut", events->path);
            return rc;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return ALEXNET_OK;
}

/* Write an event and free it. */
static alexnet_status write_event(alexnet_events *events, an_wire_buffer *event)
{
    const size_t length = event->length;
    unsigned char *record = event->failed ? NULL : an_malloc(length + 16);
    alexnet_status rc;
    if (record) {
        an_put_little(record, length, 8);
        an_put_little(record + 8, masked_crc(record, 8), 4);
        memcpy(record + 12, event->bytes, length);
        an_put_little(record + 12 + length, masked_crc(event->bytes, length), 4);
        rc = append(events, record, length + 16);
    } else {
        rc = AN_FAIL_MEMORY(length + 16, "an event for TensorBoard");
    }
    an_free(record);
    an_wire_buffer_free(event);
    return rc;
}

/* ---- Events ---- */

static an_wire_buffer begin_event(int64_t step)
{
    an_wire_buffer event = {0};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    an_wire_put_double(&event, EVENT_TIME, (double)now.tv_sec + 1e-9 * (double)now.tv_nsec);
    an_wire_put_int(&event, EVENT_STEP, step);
    return event;
}

/* Write a summary of one value, and free it. */
static alexnet_status write_value(alexnet_events *events, int64_t step, an_wire_buffer *value)
{
    an_wire_buffer event = begin_event(step), summary = {0};
    an_wire_put_message(&summary, SUMMARY_VALUE, value);
    an_wire_put_message(&event, EVENT_SUMMARY, &summary);
    return write_event(events, &event);
}

alexnet_status an_events_scalar(alexnet_events *events, int64_t step, const char *tag, double value)
{
    an_wire_buffer v = {0};
    an_wire_put_text(&v, VALUE_TAG, tag);
    an_wire_put_float(&v, VALUE_NUMBER, (float)value);
    return write_value(events, step, &v);
}

alexnet_status an_events_picture(alexnet_events *events, int64_t step, const char *tag,
                                 const void *png, size_t length)
{
    static const unsigned char start[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const unsigned char *bytes = png;
    an_wire_buffer v = {0}, picture = {0};
    if (length < 33 || memcmp(bytes, start, 16) != 0)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "the picture %s is not a PNG file: its %zu bytes do not begin like one", tag,
                       length);
    uint32_t size[2];
    for (int i = 0; i < 2; i++) /* width and height follow the name of the first chunk */
        size[i] = (uint32_t)bytes[16 + 4 * i] << 24 | (uint32_t)bytes[17 + 4 * i] << 16 |
                  (uint32_t)bytes[18 + 4 * i] << 8 | bytes[19 + 4 * i];
    an_wire_put_int(&picture, PICTURE_HEIGHT, size[1]);
    an_wire_put_int(&picture, PICTURE_WIDTH, size[0]);
    an_wire_put_int(&picture, PICTURE_CHANNELS, 3);
    an_wire_put_bytes(&picture, PICTURE_PNG, png, length);
    an_wire_put_text(&v, VALUE_TAG, tag);
    an_wire_put_message(&v, VALUE_PICTURE, &picture);
    return write_value(events, step, &v);
}

/* ---- Histograms ---- */

typedef struct histogram {
    double min, max, sum, squares;
    int64_t count;
    int64_t bucket[HISTOGRAM_BUCKETS];
} histogram;

/* Count the finite values, in buckets of equal width from the minimum to the maximum. */
static histogram count_values(const float *values, int64_t count)
{
    histogram h = {.min = INFINITY, .max = -INFINITY};
    for (int64_t i = 0; i < count; i++) {
        double v = values[i];
        if (!isfinite(v))
            continue;
        h.min = v < h.min ? v : h.min;
        h.max = v > h.max ? v : h.max;
        h.sum += v;
        h.squares += v * v;
        h.count++;
    }
    double scale = h.max > h.min ? HISTOGRAM_BUCKETS / (h.max - h.min) : 0;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            continue;
        int b = (int)((values[i] - h.min) * scale);
        h.bucket[b < HISTOGRAM_BUCKETS ? b : HISTOGRAM_BUCKETS - 1]++;
    }
    return h;
}

static void put_doubles(an_wire_buffer *to, uint32_t number, const double *values, int count)
{
    unsigned char bytes[HISTOGRAM_BUCKETS * 8];
    for (int i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        an_put_little(bytes + 8 * i, bits, 8);
    }
    an_wire_put_bytes(to, number, bytes, 8 * (size_t)count);
}

alexnet_status an_events_histogram(alexnet_events *events, int64_t step, const char *tag,
                                   const float *values, int64_t count)
{
    histogram h = count_values(values, count);
    an_wire_buffer v = {0}, message = {0};
    double limits[HISTOGRAM_BUCKETS], buckets[HISTOGRAM_BUCKETS];
    if (h.count == 0) /* nothing that could be drawn */
        return ALEXNET_OK;
    for (int b = 0; b < HISTOGRAM_BUCKETS; b++) {
        limits[b] = h.min + (h.max - h.min) * (b + 1) / HISTOGRAM_BUCKETS;
        buckets[b] = (double)h.bucket[b];
    }
    an_wire_put_double(&message, HISTO_MIN, h.min);
    an_wire_put_double(&message, HISTO_MAX, h.max);
    an_wire_put_double(&message, HISTO_COUNT, (double)h.count);
    an_wire_put_double(&message, HISTO_SUM, h.sum);
    an_wire_put_double(&message, HISTO_SQUARES, h.squares);
    put_doubles(&message, HISTO_LIMIT, limits, HISTOGRAM_BUCKETS);
    put_doubles(&message, HISTO_BUCKET, buckets, HISTOGRAM_BUCKETS);
    an_wire_put_text(&v, VALUE_TAG, tag);
    an_wire_put_message(&v, VALUE_HISTOGRAM, &message);
    return write_value(events, step, &v);
}

/* ---- The file ---- */

static const char file_stem[] = "events.out.tfevents.";
enum { STEM_LENGTH = sizeof file_stem - 1, DIGITS = 10 };

/* The seconds in the name of an event file; -1: it is another file. */
static long long seconds_in(const char *name)
{
    if (strncmp(name, file_stem, STEM_LENGTH) != 0 ||
        strspn(name + STEM_LENGTH, "0123456789") != DIGITS)
        return -1;
    return strtoll(name + STEM_LENGTH, NULL, 10);
}

/* TensorBoard reads files in the order of their names, so a new one has a later time than those
 * that are there, even if the clock has gone back, or was another machine's. */
static alexnet_status find_time(struct timespec *now, const char *folder)
{
    an_folder in;
    long long newest = -1;
    AN_CHECK(an_folder_read(&in, NULL, folder));
    for (int64_t i = 0; i < in.files.count; i++)
        newest = seconds_in(in.files.at[i]) > newest ? seconds_in(in.files.at[i]) : newest;
    an_folder_free(&in);
    clock_gettime(CLOCK_REALTIME, now);
    now->tv_sec = now->tv_sec > newest ? now->tv_sec : newest + 1;
    return ALEXNET_OK;
}

/* Each process writes a file of its own, under a name that does not exist yet. */
static alexnet_status make_file(alexnet_events *events, const char *folder)
{
    struct timespec now;
    AN_CHECK(find_time(&now, folder));
    for (int i = 0; i < FILE_TRIES; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s%0*lld.%09ld.%03d.alexnet", file_stem, DIGITS,
                 (long long)now.tv_sec, now.tv_nsec, i);
        an_free(events->path);
        events->path = an_path_join(folder, name);
        if (!events->path)
            return AN_FAIL_MEMORY(strlen(folder), "a path");
        events->file = open(events->path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (events->file >= 0)
            return ALEXNET_OK;
        if (errno != EEXIST)
            break;
    }
    return an_file_fail("create", events->path);
}

/* A reader forgets what earlier files say of the step at which a session starts, and of later ones.
 * The last step that was made stays as it is: `first` is the one after it. */
static alexnet_status write_head(alexnet_events *events, int64_t first)
{
    an_wire_buffer version = begin_event(0), start = begin_event(first), session = {0};
    an_wire_put_text(&version, EVENT_VERSION, "brain.Event:2");
    an_wire_put_int(&session, SESSION_STATUS, SESSION_START);
    an_wire_put_message(&start, EVENT_SESSION, &session);
    alexnet_status rc = write_event(events, &version);
    if (rc == ALEXNET_OK)
        return write_event(events, &start);
    an_wire_buffer_free(&start);
    return rc;
}

alexnet_status an_events_open(alexnet_events **out, const char *folder, int64_t step)
{
    alexnet_events *events = an_calloc(1, sizeof *events);
    *out = NULL;
    if (!events)
        return AN_FAIL_MEMORY(sizeof *events, "an event file");
    events->file = -1;
    alexnet_status rc = make_file(events, folder);
    if (rc == ALEXNET_OK) {
        rc = write_head(events, step + 1);
        if (rc != ALEXNET_OK)
            unlink(events->path); /* without its head it is not an event file */
    }
    if (rc == ALEXNET_OK)
        *out = events;
    else
        an_events_free(events);
    return rc;
}

void an_events_free(alexnet_events *events)
{
    if (!events)
        return;
    if (events->file >= 0)
        close(events->file);
    an_free(events->path);
    an_free(events);
}
