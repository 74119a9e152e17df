/*
 * Pictures that are resized while they are decoded, against resizing them after they have been
 * decoded and turned upright, which test_picture.c and test_resize.c compare with Pillow: byte for
 * byte, for every format and orientation. It is started in tests/.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cut.h"
#include "noise.h"

#include "base/alloc.h"
#include "base/files.h"
#include "base/random.h"
#include "base/status.h"
#include "data/picture/jpeg_write.h"

/* A target of random axes; the same number gives the same ones. */
typedef struct wish {
    uint64_t number;
    int longest; /* of a resized axis */
    an_size size;
    an_axis across, down;
} wish;

static an_axis draw_axis(const wish *w, uint32_t which, int size)
{
    const an_random4 r = an_random(1, AN_PURPOSE_TEST, 2, w->number, which);
    const an_random4 s = an_random(1, AN_PURPOSE_TEST, 3, w->number, which);
    an_axis a = {.in = size};
    if (r.v[0] % 4) {
        a.from = (int)an_below(r.v[1], (uint32_t)size);
        a.in = 1 + (int)an_below(r.v[2], (uint32_t)(size - a.from));
    }
    a.out = s.v[0] % 4 ? 1 + (int)an_below(r.v[3], (uint32_t)w->longest) : a.in;
    a.part = a.out;
    if (s.v[1] % 4 == 0) {
        a.start = (int)an_below(s.v[2], (uint32_t)a.out);
        a.part = 1 + (int)an_below(s.v[3], (uint32_t)(a.out - a.start));
    }
    return a;
}

static alexnet_status draw_axes(void *user, an_size size, an_axis *across, an_axis *down)
{
    wish *w = user;
    w->size = size;
    *across = w->across = draw_axis(w, 0, size.width);
    *down = w->down = draw_axis(w, 1, size.height);
    return ALEXNET_OK;
}

static void check_equal(const an_picture *got, const wish *w, const an_picture *whole,
                        const char *name)
{
    const size_t row = 3 * (size_t)w->across.part, bytes = row * (size_t)w->down.part;
    uint8_t *expected = malloc(bytes);
    assert_non_null(expected);
    assert_int_equal(w->size.width, whole->width);
    assert_int_equal(w->size.height, whole->height);
    assert_int_equal(cut_axes(expected, row, whole, &w->across, &w->down), ALEXNET_OK);
    assert_int_equal(got->width, w->across.part);
    assert_int_equal(got->height, w->down.part);
    if (memcmp(got->rgb, expected, bytes) != 0)
        fail_msg("%s: (%d + %d to %d) x (%d + %d to %d) differs", name, w->across.from,
                 w->across.in, w->across.out, w->down.from, w->down.in, w->down.out);
    free(expected);
}

/* Resize a file in several ways. A bad one is bad in the same way as without a resize. */
static int check_file(const void *bytes, size_t length, const char *name, int ways, int longest)
{
    static uint64_t number;
    an_picture whole, got;
    char text[512];
    const alexnet_status rc = an_picture_decode(&whole, bytes, length, name);
    snprintf(text, sizeof text, "%s", rc == ALEXNET_OK ? "" : an_error_text());
    for (int i = 0; i < ways; i++) {
        wish w = {.number = number++, .longest = longest};
        const an_target target = {.axes = draw_axes, .user = &w};
        assert_int_equal(an_picture_decode_for(&got, bytes, length, name, &target), rc);
        if (rc == ALEXNET_OK)
            check_equal(&got, &w, &whole, name);
        else
            assert_string_equal(an_error_text(), text);
        assert_int_equal(got.rgb != NULL, rc == ALEXNET_OK);
        an_picture_free(&got);
    }
    an_picture_free(&whole);
    return rc == ALEXNET_OK;
}

static void test_every_format(void **state)
{
    (void)state;
    DIR *folder = opendir("golden/pictures");
    int good = 0, bad = 0;
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[512];
        unsigned char *bytes;
        size_t length;
        snprintf(path, sizeof path, "golden/pictures/%s", entry->d_name);
        if (entry->d_name[0] == '.' || an_file_read(path, 1 << 20, &bytes, &length) != ALEXNET_OK)
            continue;
        const int read = check_file(bytes, length, entry->d_name, 20, 40);
        good += read;
        bad += !read;
        an_free(bytes);
    }
    closedir(folder);
    assert_true(good > 50 && bad > 20);
}

/* A JPEG with an orientation. Frees the picture. */
static unsigned char *turned_jpeg(size_t *length, an_picture picture, int orientation)
{
    const unsigned char exif[] = "\xFF\xE1\0\x22"
                                 "Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\0\0\0\0\0\0";
    enum { START = 2, EXIF = 2 + 0x22, AT = 29 };
    _Static_assert(sizeof exif == EXIF, "it has the length that it says");
    unsigned char *plain;
    assert_int_equal(an_jpeg_encode(&plain, length, &picture, 90), ALEXNET_OK);
    unsigned char *bytes = malloc(*length + EXIF);
    assert_non_null(bytes);
    memcpy(bytes, plain, START);
    memcpy(bytes + START, exif, EXIF);
    bytes[START + AT] = (unsigned char)orientation;
    memcpy(bytes + START + EXIF, plain + START, *length - START);
    *length += EXIF;
    an_free(plain);
    free(picture.rgb);
    return bytes;
}

static void test_every_orientation(void **state)
{
    (void)state;
    static const an_size sizes[] = {{1, 1}, {3, 50}, {97, 2}, {211, 157}, {120, 400}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int orientation = 1; orientation <= 8; orientation++) {
            char name[64];
            size_t length;
            const an_size s = sizes[i];
            unsigned char *bytes = turned_jpeg(&length, noise(s.width, s.height), orientation);
            an_picture picture;
            assert_int_equal(an_picture_decode(&picture, bytes, length, "x"), ALEXNET_OK);
            assert_int_equal(picture.width, orientation < 5 ? s.width : s.height);
            an_picture_free(&picture);
            snprintf(name, sizeof name, "%d x %d, orientation %d", s.width, s.height, orientation);
            assert_true(check_file(bytes, length, name, 25, 300));
            free(bytes);
        }
}

static long memory_peak(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* In a process of its own, whose peak does not include the parent's. */
static int fit_in_little(const void *bytes, size_t length)
{
    enum { LIMIT = 8 * 1024 };
    an_picture picture;
    const long before = memory_peak();
    const an_fit fit = {AN_FIT_SHORT, 256, false};
    if (an_fit_decode(&picture, fit, NULL, bytes, length, "a photograph") != ALEXNET_OK)
        return 1;
    an_picture_free(&picture);
    return memory_peak() - before < LIMIT ? 0 : 2;
}

/* 12 megapixels, 34 MiB, are never in memory. */
static void test_memory(void **state)
{
    (void)state;
    enum { WIDTH = 4000, HEIGHT = 3000, BYTES = WIDTH * HEIGHT * 3 };
    for (int orientation = 1; orientation <= 6; orientation += 5) {
        size_t length;
        an_picture grey = {WIDTH, HEIGHT, malloc(BYTES)};
        assert_non_null(grey.rgb);
        memset(grey.rgb, 100, BYTES);
        unsigned char *bytes = turned_jpeg(&length, grey, orientation);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(fit_in_little(bytes, length));
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        free(bytes);
    }
}

/* An axis that leaves the picture is refused. */
static alexnet_status too_wide(void *user, an_size size, an_axis *across, an_axis *down)
{
    (void)user;
    *across = (an_axis){1, size.width, 4, 0, 4};
    *down = (an_axis){0, size.height, 4, 0, 4};
    return ALEXNET_OK;
}

static void test_axes_outside(void **state)
{
    (void)state;
    const an_target target = {.axes = too_wide};
    an_picture picture;
    assert_int_equal(an_picture_read_for(&picture, "golden/pictures/rgb420.jpg", &target),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_null(picture.rgb);
    picture = (an_picture){5, 4, an_calloc(5 * 4, 3)};
    assert_int_equal(an_picture_resize_for(&picture, &target, "x"), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_null(picture.rgb);
}

/* Decoding is told to stop when the size of the picture is known, and does so after some rows. */
static alexnet_status stop_now(void *user, an_size size, an_axis *across, an_axis *down)
{
    atomic_store((atomic_bool *)user, true);
    *across = (an_axis){0, size.width, 4, 0, 4};
    *down = (an_axis){0, size.height, 4, 0, 4};
    return ALEXNET_OK;
}

static int stop_file(const void *bytes, size_t length, const char *name)
{
    an_picture picture;
    atomic_bool stop = false;
    const an_target target = {.axes = stop_now, .user = &stop, .stop = &stop};
    const alexnet_status rc = an_picture_decode_for(&picture, bytes, length, name, &target);
    assert_null(picture.rgb);
    assert_int_equal(rc == ALEXNET_ERROR_CANCELLED, atomic_load(&stop));
    return rc == ALEXNET_ERROR_CANCELLED;
}

static void test_stop(void **state)
{
    (void)state;
    DIR *folder = opendir("golden/pictures");
    int stopped = 0;
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[512];
        unsigned char *bytes;
        size_t length;
        snprintf(path, sizeof path, "golden/pictures/%s", entry->d_name);
        if (strncmp(entry->d_name, "bad-", 4) == 0 || entry->d_name[0] == '.' ||
            an_file_read(path, 1 << 20, &bytes, &length) != ALEXNET_OK)
            continue;
        stopped += stop_file(bytes, length, entry->d_name);
        an_free(bytes);
    }
    closedir(folder);
    assert_true(stopped > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format), cmocka_unit_test(test_every_orientation),
        cmocka_unit_test(test_memory),       cmocka_unit_test(test_axes_outside),
        cmocka_unit_test(test_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
