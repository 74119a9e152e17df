/*
 * The interface for data sources, tested with a kind of the test's own: pixels in memory, labels in
 * no order, read by the loader's threads.
 */
#include "picture_tree.h"

#include "base/alloc.h"
#include "data/loader/loader.h"

enum { SIDE = 4, ITEMS = 60, CLASSES = 3 };

static uint8_t value_of(int64_t item)
{
    return (uint8_t)(item * 4 + 1);
}

/* Item i is a square of one colour; item 7 cannot be read. */
static alexnet_status read_square(const an_data_source *source, int64_t item, an_item_data *out)
{
    *out = (an_item_data){0};
    if (item == 7)
        return AN_FAIL(ALEXNET_ERROR_IO, "%s is lost", source->items[item].name);
    size_t bytes = SIDE * SIDE * 3;
    out->pixels = (an_picture){SIDE, SIDE, an_malloc(bytes)};
    if (!out->pixels.rgb)
        return AN_FAIL_MEMORY(bytes, "a square");
    memset(out->pixels.rgb, value_of(item), bytes);
    return ALEXNET_OK;
}

static int64_t stamp_square(const an_data_source *source, int64_t item, bool timed)
{
    (void)timed;
    (void)source;
    return item * item;
}

static int closed;

static void close_squares(an_data_source *source)
{
    assert_string_equal(source->root, "memory:60");
    closed++;
}

static const an_data_kind squares = {
    .name = "squares", .read = read_square, .stamp = stamp_square, .close = close_squares};

static alexnet_dataset *open_squares(void)
{
    an_data_source *source;
    alexnet_dataset *d;
    static const char *const ids[CLASSES] = {"x", "y", "z"};
    assert_int_equal(an_data_source_new(&source, &squares, "memory:60"), ALEXNET_OK);
    for (int c = 0; c < CLASSES; c++)
        assert_int_equal(an_strings_add(&source->classes, an_strdup(ids[c])), ALEXNET_OK);
    for (int i = 0; i < ITEMS; i++) {
        char *name = an_format("square %d", i);
        assert_int_equal(an_data_source_add(source, name, name + 7, i * i % 5 % CLASSES),
                         ALEXNET_OK);
    }
    assert_int_equal(an_dataset_new(&d, NULL, source, NULL, NULL), ALEXNET_OK);
    return d;
}

/* Labels come in no order; by the rule of earlier versions a split still takes its share of each
 * class. */
static void test_split_of_mixed_labels(void **state)
{
    (void)state;
    const an_part part = {0.25, 1, true, AN_SPLIT_BY_COUNT};
    alexnet_dataset *d = open_squares(), *val;
    int all[CLASSES] = {0}, held[CLASSES] = {0};
    for (int64_t i = 0; i < d->count; i++)
        all[d->samples[i].label]++;
    assert_int_equal(an_dataset_of_part(&val, an_data_source_retain(d->source), part, NULL),
                     ALEXNET_OK);
    for (int64_t i = 0; i < val->count; i++)
        held[val->samples[i].label]++;
    for (int c = 0; c < CLASSES; c++)
        assert_int_equal(held[c], (all[c] + 2) / 4);
    an_dataset_release(d);
    an_dataset_release(val);
}

static void test_parts_of_a_split(void **state)
{
    (void)state;
    alexnet_dataset *d = open_squares(), *train, *val;
    closed = 0;
    assert_int_equal(an_dataset_split(d, 0.25, 1, &train, &val), ALEXNET_OK);
    an_dataset_release(d);
    assert_int_equal(train->count + val->count, ITEMS);
    for (int64_t i = 0; i < val->count; i++) {
        const an_sample *s = &val->samples[i];
        assert_int_equal(s->label, s->item * s->item % 5 % CLASSES);
        assert_int_equal(atoi(s->name + 7), s->item);
        if (i > 0)
            assert_true(s->item > val->samples[i - 1].item); /* in the source's order */
    }
    an_dataset_release(train);
    assert_int_equal(closed, 0);
    an_dataset_release(val);
    assert_int_equal(closed, 1);
}

static void test_loader_takes_pixels(void **state)
{
    (void)state;
    enum { BATCH = 7 };
    alexnet_dataset *d = open_squares();
    an_loader *loader;
    an_batch batch;
    bool more;
    uint32_t order[ITEMS];
    int seen = 0, bad = 0;
    for (uint32_t i = 0; i < ITEMS; i++)
        order[i] = ITEMS - 1 - i;
    assert_int_equal(an_loader_new(&loader, d, (an_fit){AN_FIT_WARP, 2, false}, BATCH, 3, NULL),
                     ALEXNET_OK);
    an_dataset_release(d);
    assert_int_equal(an_loader_start(loader, order, ITEMS, 0), ALEXNET_OK);
    while (an_loader_next(loader, NULL, &batch, &more) == ALEXNET_OK && more)
        for (int i = 0; i < batch.count; i++, seen++) {
            const an_loaded *p = &batch.pictures[i];
            assert_int_equal(p->sample, order[seen]);
            assert_int_equal(p->label, p->sample * p->sample % 5 % CLASSES);
            if (p->status == ALEXNET_OK) {
                assert_int_equal(batch.pixels[i * 12], value_of(p->sample));
            } else {
                assert_string_equal(p->error, "square 7 is lost");
                bad++;
            }
        }
    assert_int_equal(seen, ITEMS);
    assert_int_equal(bad, 1);
    an_loader_free(loader);
}

/* Key, label and stamp go into the fingerprint; the name does not. */
static void test_fingerprint(void **state)
{
    (void)state;
    alexnet_dataset *d = open_squares();
    uint64_t first = fingerprint(d);
    an_item *item = &d->source->items[5];
    item->name[0] = 'S';
    assert_true(fingerprint(d) == first);
    item->name[7] = '9';
    assert_true(fingerprint(d) != first);
    item->name[7] = '5';
    assert_true(fingerprint(d) == first);
    d->samples[5].label = 2 - d->samples[5].label;
    assert_true(fingerprint(d) != first);
    an_dataset_release(d);
}

/* A kind that this build does not have is named, not taken for folders. */
static void test_reopens_its_kind(void **state)
{
    (void)state;
    an_part whole = {0};
    alexnet_dataset *d, *again;
    put("t/cat/a.jpg");
    put("t/dog/b.jpg");
    d = open_good("t", NULL, NULL);
    assert_string_equal(d->source->kind->name, "folders");
    assert_int_equal(an_dataset_reopen(&again, NULL, "folders", d->root, whole, NULL), ALEXNET_OK);
    assert_true(fingerprint(d) == fingerprint(again));
    an_dataset_release(again);
    assert_int_equal(an_dataset_reopen(&again, NULL, "shards", d->root, whole, NULL),
                     ALEXNET_ERROR_UNSUPPORTED);
    assert_non_null(strstr(an_error_text(), "shards"));
    assert_null(again);
    an_dataset_release(d);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_of_mixed_labels),
        cmocka_unit_test(test_parts_of_a_split),
        cmocka_unit_test(test_loader_takes_pixels),
        cmocka_unit_test(test_fingerprint),
        TEST(test_reopens_its_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
