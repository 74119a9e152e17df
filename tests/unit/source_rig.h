/*
 * Open data sets in several forms and compare what they contain.
 */
#ifndef TESTS_UNIT_SOURCE_RIG_H
#define TESTS_UNIT_SOURCE_RIG_H

#include "picture_tree.h"

#include <png.h>

#include "base/alloc.h"

/** Write an RGB PNG without the library under test. */
static inline void write_png(const char *path, const uint8_t *rgb, int width, int height)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = PNG_FORMAT_RGB};
    put(path);
    assert_true(png_image_write_to_file(&image, path, 0, rgb, 0, NULL));
}

/** Opening must fail with `expected` and an error text that contains `text`. */
static inline void check_error(const char *path, alexnet_status expected, const char *text)
{
    alexnet_dataset *d = (alexnet_dataset *)&d;
    const alexnet_status status = an_dataset_open(&d, NULL, path, NULL, NULL);
    if (status != expected || !strstr(an_error_text(), text))
        fail_msg("%s: %s \"%s\", expected %s \"%s\"", path, alexnet_status_name(status),
                 an_error_text(), alexnet_status_name(expected), text);
    assert_null(d);
}

/** The data set at `path` must be of `kind` and have the labels and pixels of `expected` in the
 *  same order. Reopened as a resumed run does, it must have the same fingerprint. */
static inline void check_same(const char *path, const char *kind, const alexnet_dataset *expected)
{
    const an_part whole = {0};
    alexnet_dataset *d = open_good(path, NULL, NULL), *again;
    assert_string_equal(d->source->kind->name, kind);
    assert_int_equal(d->classes, expected->classes);
    assert_int_equal(d->count, expected->count);
    for (int64_t i = 0; i < d->count; i++) {
        an_picture a, b;
        assert_int_equal(d->samples[i].label, expected->samples[i].label);
        assert_int_equal(an_data_source_picture(d->source, i, &a), ALEXNET_OK);
        assert_int_equal(an_data_source_picture(expected->source, i, &b), ALEXNET_OK);
        assert_int_equal(a.width, b.width);
        assert_int_equal(a.height, b.height);
        assert_memory_equal(a.rgb, b.rgb, (size_t)a.width * (size_t)a.height * 3);
        an_picture_free(&a);
        an_picture_free(&b);
    }
    assert_int_equal(an_dataset_reopen(&again, NULL, kind, d->root, whole, NULL), ALEXNET_OK);
    assert_true(fingerprint(d) == fingerprint(again));
    an_dataset_release(again);
    an_dataset_release(d);
}

/** The items must be "class key, class key, ...", in this order. */
static inline void check_items(const alexnet_dataset *d, const char *expected)
{
    char text[1024] = "";
    for (int64_t i = 0; i < d->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s %s", i ? ", " : "",
                 d->class_ids[d->samples[i].label], d->source->items[d->samples[i].item].key);
    assert_string_equal(text, expected);
}

/** Whichever allocation fails, opening must report it and leak nothing. */
static inline void check_memory(const char *path)
{
    const int64_t before = an_alloc_live();
    alexnet_status status = ALEXNET_ERROR_NO_MEMORY;
    for (uint64_t n = 1; status != ALEXNET_OK; n++) {
        alexnet_dataset *d;
        const uint64_t made = an_alloc_count();
        an_alloc_fail_at(n);
        status = an_dataset_open(&d, NULL, path, NULL, NULL);
        an_alloc_fail_at(0);
        if (status == ALEXNET_OK) {
            assert_true(an_alloc_count() - made < n); /* none of its allocations failed */
            an_dataset_release(d);
        } else
            assert_int_equal(status, ALEXNET_ERROR_NO_MEMORY);
        assert_int_equal(an_alloc_live(), before);
    }
}

#endif
