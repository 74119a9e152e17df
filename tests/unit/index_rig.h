/*
 * The index of a folder of small pictures, with features that are plain sums over their pixels.
 * Includes cmocka.
 */
#ifndef TESTS_UNIT_INDEX_RIG_H
#define TESTS_UNIT_INDEX_RIG_H

#include "training_rig.h"

#include <stdatomic.h>

#include "infer/picture_index.h"

enum { DIMS = 5, SIDE = 16 };

static atomic_int computed; /* pictures, by the maker below */

/* A row that tells pictures apart: sums over parts of the pixels. */
static inline void features_of(const uint8_t *pixels, float row[DIMS])
{
    for (int d = 0; d < DIMS; d++) {
        int sum = 0;
        for (int i = d; i < SIDE * SIDE * 3; i += DIMS)
            sum += pixels[i];
        row[d] = (float)sum;
    }
}

static inline alexnet_status compute(void *self, const uint8_t *pixels, int count, float *rows)
{
    (void)self;
    computed += count;
    for (int i = 0; i < count; i++)
        features_of(pixels + (size_t)i * SIDE * SIDE * 3, rows + i * DIMS);
    return ALEXNET_OK;
}

static inline an_feature_maker maker_of(const char *identity)
{
    an_feature_maker maker = {.rows = {.fit = {.rule = AN_FIT_WARP, .side = SIDE},
                                       .batch = 3,
                                       .length = DIMS,
                                       .compute = compute},
                              .file_rows = 4};
    snprintf(maker.identity, sizeof maker.identity, "%s", identity);
    return maker;
}

static int64_t bad;

/* Whether the row of a picture is that of the picture as it is now, or NULL if it cannot be read.
 */
static inline bool is_row(an_picture_index *x, int64_t p)
{
    uint8_t pixels[SIDE * SIDE * 3];
    float expected[DIMS];
    an_picture picture;
    const float *row = an_picture_index_rows(x).row[p];
    if (an_data_source_picture(x->pictures->source, x->pictures->samples[p].item, &picture))
        return !row;
    const alexnet_status rc = an_fit_picture(pixels, x->maker.rows.fit, &picture);
    an_picture_free(&picture);
    features_of(pixels, expected);
    return rc == ALEXNET_OK && row && memcmp(row, expected, sizeof expected) == 0;
}

static inline bool are_rows(an_picture_index *x, int64_t first, int64_t end)
{
    bool good = true;
    for (int64_t p = first; p < end; p++)
        good = good && is_row(x, p);
    return good;
}

/* Refresh the index in at most `steps` steps, then write the rows that there are. @return the
 * number of pictures computed */
static inline int refresh_some(alexnet_ctx *ctx, const char *folder, const char *identity,
                               int steps)
{
    an_picture_index *x;
    const an_feature_maker maker = maker_of(identity);
    bool more = true;
    computed = 0;
    expect_ok(an_picture_index_open(&x, ctx, folder, "index", &maker));
    while (more && steps-- > 0)
        expect_ok(an_picture_index_step(x, &more));
    expect_ok(an_picture_index_flush(x));
    bad = x->bad;
    assert_true(more || are_rows(x, 0, x->pictures->count));
    an_picture_index_free(x);
    return computed;
}

static inline int refresh(alexnet_ctx *ctx, const char *identity)
{
    return refresh_some(ctx, "photos", identity, 1000);
}

static inline int files_of(const char *start)
{
    an_folder folder;
    int count = 0;
    expect_ok(an_folder_read(&folder, NULL, "index"));
    for (int64_t i = 0; i < folder.files.count; i++)
        count += strncmp(folder.files.at[i], start, strlen(start)) == 0;
    an_folder_free(&folder);
    return count;
}

/* The path of the one file whose name begins so. */
static inline char *file_of(const char *start)
{
    an_folder folder;
    char *path = NULL;
    assert_int_equal(files_of(start), 1);
    expect_ok(an_folder_read(&folder, NULL, "index"));
    for (int64_t i = 0; i < folder.files.count; i++)
        if (strncmp(folder.files.at[i], start, strlen(start)) == 0)
            path = an_path_join("index", folder.files.at[i]);
    an_folder_free(&folder);
    assert_non_null(path);
    return path;
}

static inline alexnet_ctx *set_out(int pictures)
{
    rig_write_pictures("photos", 1, pictures);
    rig_heard[0] = '\0';
    return rig_new_ctx("ref", ALEXNET_PRECISION_FP32, 2);
}

#endif
