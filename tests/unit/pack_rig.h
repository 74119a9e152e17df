/*
 * Pack data sets, and compare packs with what they were made of.
 */
#ifndef TESTS_UNIT_PACK_RIG_H
#define TESTS_UNIT_PACK_RIG_H

#include "source_rig.h"

#include "data/pack/pack.h"
#include "data/picture/resize.h"

enum { CLASSES = 3, EACH = 9, PICTURES = CLASSES * EACH, SIDE = 16 };

static inline alexnet_ctx *open_ctx(int threads)
{
    alexnet_ctx *ctx;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    options.threads = threads;
    options.device = "ref";
    assert_int_equal(alexnet_ctx_new(&ctx, &options), ALEXNET_OK);
    return ctx;
}

/* PNG files of many sizes, larger and smaller than the packed pictures, with names of all kinds. */
static inline void write_pictures(const char *folder)
{
    static const char *const names[EACH] = {"b.png",       "a.v2.png",      "a_v2.PNG",
                                            "sub/a.jpg",   "sub/a.png",     "100%.jpeg",
                                            "__x__/y.png", "tab\there.jpg", "caf\xE9.png"};
    static uint8_t rgb[80 * 80 * 3];
    for (int c = 0; c < CLASSES; c++)
        for (int i = 0; i < EACH; i++) {
            char path[128];
            const int n = c * EACH + i, width = 8 + n * 7 % 60, height = 10 + n * 11 % 50;
            for (int p = 0; p < width * height * 3; p++)
                rgb[p] = (uint8_t)(n * 37 + p * (n % 5 + 1) + p / (width * 3) * 5);
            snprintf(path, sizeof path, "%s/%s/%s", folder,
                     c == 0   ? "cats"
                     : c == 1 ? "dogs"
                              : "n",
                     names[i]);
            write_png(path, rgb, width, height);
        }
}

static inline alexnet_pack_options usual(void)
{
    alexnet_pack_options o = ALEXNET_PACK_OPTIONS_INIT;
    o.side = SIDE;
    o.raw = true;
    o.shard_bytes = 20000;
    return o;
}

/* Pack in at most `steps` steps. @return the status of the last step */
static inline alexnet_status pack(const char *data, const char *folder,
                                  const alexnet_pack_options *o, int threads, int steps,
                                  alexnet_pack_progress *progress)
{
    alexnet_pack_progress ignored;
    alexnet_pack *p;
    bool more = true;
    alexnet_ctx *ctx = open_ctx(threads);
    alexnet_dataset *train = open_good(data, NULL, NULL);
    alexnet_status status = an_pack_new(&p, ctx, train, NULL, folder, o);
    for (int i = 0; status == ALEXNET_OK && more && i < steps; i++)
        status = an_pack_step(p, progress ? progress : &ignored, &more);
    an_pack_free(p);
    an_dataset_release(train);
    an_ctx_release(ctx);
    return status;
}

static inline void pack_well(const char *data, const char *folder, const alexnet_pack_options *o)
{
    if (pack(data, folder, o, 2, 1 << 20, NULL) != ALEXNET_OK)
        fail_msg("%s", an_error_text());
}

static inline char *read_text(const char *path)
{
    size_t length;
    return (char *)scratch_read(path, &length);
}

static inline void expect_same_set(const char *from, const char *to, const an_fit *fit)
{
    alexnet_dataset *a = open_good(from, NULL, NULL), *b = open_good(to, NULL, NULL);
    assert_int_equal(a->classes, b->classes);
    assert_int_equal(a->count, b->count);
    for (int c = 0; c < a->classes; c++)
        assert_string_equal(a->class_ids[c], b->class_ids[c]);
    for (int64_t i = 0; i < a->count; i++) {
        an_picture x, y;
        uint8_t squares[2][SIDE * SIDE * 3];
        assert_string_equal(a->source->items[i].key, b->source->items[i].key);
        assert_int_equal(a->samples[i].label, b->samples[i].label);
        assert_int_equal(an_data_source_picture(a->source, i, &x), ALEXNET_OK);
        assert_int_equal(an_data_source_picture(b->source, i, &y), ALEXNET_OK);
        if (fit) {
            assert_int_equal(an_fit_picture(squares[0], *fit, &x), ALEXNET_OK);
            assert_int_equal(an_fit_picture(squares[1], *fit, &y), ALEXNET_OK);
            assert_memory_equal(squares[0], squares[1], sizeof squares[0]);
        } else {
            assert_true(x.width == y.width && x.height == y.height);
            assert_memory_equal(x.rgb, y.rgb, (size_t)x.width * (size_t)x.height * 3);
        }
        an_picture_free(&x);
        an_picture_free(&y);
    }
    an_dataset_release(a);
    an_dataset_release(b);
}

static inline void expect_same_file(const char *a, const char *b)
{
    size_t m, n;
    unsigned char *x = scratch_read(a, &m), *y = scratch_read(b, &n);
    assert_int_equal(m, n);
    assert_memory_equal(x, y, m);
    free(x);
    free(y);
}

/* Every file of one pack is in the other, with the same bytes; indexes are no part of a pack. */
static inline void expect_same_pack(const char *a, const char *b)
{
    an_folder folder, other;
    assert_int_equal(an_folder_read(&folder, NULL, a), ALEXNET_OK);
    assert_int_equal(an_folder_read(&other, NULL, b), ALEXNET_OK);
    assert_int_equal(folder.files.count, other.files.count);
    for (int64_t i = 0; i < folder.files.count; i++) {
        char x[256], y[256];
        snprintf(x, sizeof x, "%s/%s", a, folder.files.at[i]);
        snprintf(y, sizeof y, "%s/%s", b, folder.files.at[i]);
        expect_same_file(x, y);
    }
    an_folder_free(&folder);
    an_folder_free(&other);
}

static inline void expect_refused(const alexnet_pack_options *o, const char *data,
                                  const char *folder, const char *text)
{
    const alexnet_status status = pack(data, folder, o, 1, 1 << 20, NULL);
    if ((status != ALEXNET_ERROR_INVALID_ARGUMENT && status != ALEXNET_ERROR_FORMAT) ||
        !strstr(an_error_text(), text))
        fail_msg("%s \"%s\", expected \"%s\"", alexnet_status_name(status), an_error_text(), text);
}

#endif
