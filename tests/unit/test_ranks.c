/*
 * Loaders that share a pass: their parts are disjoint and cover it, they make the same number of
 * batches, and one round of their batches shows what a single loader shows in one batch as large as
 * all of them.
 */
#include "source_rig.h"

#include "base/random.h"
#include "data/loader/loader.h"

enum { PICTURES = 23, SIDE = 2 };

static alexnet_dataset *open_pictures(void)
{
    for (int i = 0; i < PICTURES; i++) {
        char path[64];
        const uint8_t rgb[3] = {(uint8_t)i, 0, 0};
        snprintf(path, sizeof path, "t/%s/%02d.png", i % 3 ? "cat" : "dog", i);
        write_png(path, rgb, 1, 1);
    }
    return open_good("t", NULL, NULL);
}

/* What a rank shows: the picture and the round of each place, and the number of batches. */
typedef struct shown {
    int64_t sample[PICTURES], round[PICTURES]; /* -1: not this rank's */
    int batches;
} shown;

static shown show(alexnet_dataset *d, const an_pass *pass, int batch)
{
    shown s = {.batches = 0};
    an_loader *loader;
    bool more = true;
    for (int i = 0; i < PICTURES; i++)
        s.sample[i] = s.round[i] = -1;
    assert_int_equal(
        an_loader_new(&loader, d, (an_fit){.rule = AN_FIT_WARP, .side = SIDE}, batch, 3, NULL),
        ALEXNET_OK);
    assert_int_equal(an_loader_start_pass(loader, pass), ALEXNET_OK);
    for (;; s.batches++) {
        an_batch b;
        assert_int_equal(an_loader_next(loader, NULL, &b, &more), ALEXNET_OK);
        if (!more)
            break;
        assert_in_range(b.count, 0, batch);
        for (int i = 0; i < b.count; i++) {
            assert_int_equal(b.pictures[i].status, ALEXNET_OK);
            s.sample[b.position + i] = b.pictures[i].sample;
            s.round[b.position + i] = s.batches;
            assert_int_equal(b.pixels[i * SIDE * SIDE * 3],
                             atoi(d->samples[b.pictures[i].sample].name +
                                  strlen(d->samples[b.pictures[i].sample].name) - 6));
        }
    }
    an_loader_free(loader);
    return s;
}

static void check_ranks(alexnet_dataset *d, const uint32_t *order, int ranks, int batch,
                        int64_t position)
{
    an_pass pass = {.order = order, .count = PICTURES, .position = position};
    const shown one = show(d, &pass, ranks * batch);
    int owner[PICTURES];
    for (int i = 0; i < PICTURES; i++)
        owner[i] = -1;
    pass.ranks = ranks;
    for (pass.rank = 0; pass.rank < ranks; pass.rank++) {
        const shown s = show(d, &pass, batch);
        int least = batch, last = 0;
        assert_int_equal(s.batches, one.batches);
        for (int i = 0; i < PICTURES; i++) {
            if (s.round[i] < 0)
                continue;
            assert_int_equal(owner[i], -1);
            owner[i] = pass.rank;
            assert_int_equal(s.sample[i], order[i]);
            assert_int_equal(s.round[i], one.round[i]);
            last += s.round[i] == s.batches - 1;
        }
        least = (int)((PICTURES - position - (s.batches - 1) * ranks * batch) / ranks);
        assert_in_range(last, least, least + 1); /* the last round is shared out evenly */
    }
    for (int i = 0; i < PICTURES; i++)
        assert_int_equal(owner[i] >= 0, i >= position);
}

static void test_parts_of_a_pass(void **state)
{
    (void)state;
    alexnet_dataset *d = open_pictures();
    uint32_t order[PICTURES];
    an_shuffle(order, PICTURES, 5, AN_PURPOSE_SHUFFLE, 2);
    for (int ranks = 1; ranks <= 6; ranks++)
        for (int batch = 1; batch <= 5; batch++)
            for (int64_t position = 0; position < PICTURES; position += 2 * ranks * batch)
                check_ranks(d, order, ranks, batch, position);
    an_dataset_release(d);
}

static void test_refusals(void **state)
{
    (void)state;
    alexnet_dataset *d = open_pictures();
    an_loader *loader;
    const an_shard_order *shards = (const void *)&loader;
    const an_pass bad[] = {
        {.rank = 2, .ranks = 2}, {.rank = -1, .ranks = 2},    {.rank = 1},
        {.ranks = -1},           {.ranks = 2, .position = 4}, {.ranks = 2, .shards = shards}};
    assert_int_equal(
        an_loader_new(&loader, d, (an_fit){.rule = AN_FIT_WARP, .side = SIDE}, 4, 1, NULL),
        ALEXNET_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_not_equal(an_loader_start_pass(loader, &bad[i]), ALEXNET_OK);
    an_loader_free(loader);
    an_dataset_release(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_parts_of_a_pass, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_refusals, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
