/*
 * Archives read from front to back: what an epoch shows, in which order, and that the loader gives
 * the same as when it reads each picture separately. Also runs under ThreadSanitizer.
 */
#include "tar_rig.h"

#include <cmocka.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/loader/loader.h"
#include "data/loader/read_ahead.h"
#include "data/picture/picture.h"

enum { ARCHIVES = 5, EACH = 40, COUNT = ARCHIVES * EACH, SIDE = 4, BYTES = SIDE * SIDE * 3 };
enum { MEMBER = 1024, STRETCH = 7000, WINDOW = 30000 };

/* Picture i: all its pixels are i. */
static void add_picture(tar_rig *tar, int i)
{
    unsigned char bytes[128 + BYTES];
    char name[32];
    memset(bytes, ' ', 128);
    memcpy(bytes, "\x93NUMPY\x01\0\x76\0", 10);
    const char *about = "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 4, 3), }";
    memcpy(bytes + 10, about, strlen(about));
    bytes[127] = '\n';
    memset(bytes + 128, i, BYTES);
    snprintf(name, sizeof name, "c%d/%03d.npy", i % 3, i);
    tar_file(tar, name, bytes, sizeof bytes);
}

static alexnet_dataset *open_shards(void)
{
    alexnet_dataset *d;
    assert_int_equal(mkdir("shards", 0777), 0);
    for (int a = 0; a < ARCHIVES; a++) {
        char path[64];
        tar_rig tar = {.length = 0};
        for (int i = 0; i < EACH; i++)
            add_picture(&tar, a * EACH + i);
        snprintf(path, sizeof path, "shards/x-%d.tar", a);
        tar_write(&tar, path);
    }
    if (an_dataset_open(&d, NULL, "shards", NULL, NULL) != ALEXNET_OK)
        fail_msg("%s", an_error_text());
    assert_int_equal(d->count, COUNT);
    return d;
}

static an_shard_order *new_order(alexnet_dataset *d)
{
    an_shard_order *o;
    assert_int_equal(an_shard_order_new(&o, d, STRETCH, WINDOW), ALEXNET_OK);
    return o;
}

static void check_all_once(const uint32_t *order)
{
    int seen[COUNT] = {0};
    for (int i = 0; i < COUNT; i++)
        seen[order[i]]++;
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(seen[i], 1);
}

/* The number of a sample's picture, taken from its name. */
static int number_of(const alexnet_dataset *d, uint32_t sample)
{
    const char *name = d->samples[sample].name;
    return atoi(name + strlen(name) - strlen("000.npy"));
}

static void test_an_epoch_shows_each_once(void **state)
{
    (void)state;
    uint32_t first[COUNT], again[COUNT], other[COUNT];
    alexnet_dataset *d = open_shards();
    an_shard_order *o = new_order(d), *same = new_order(d);
    an_shard_order_make(o, first, 1, 0);
    check_all_once(first);
    memcpy(again, o->shuffled, o->n_stretches * sizeof *again);
    an_shard_order_make(o, other, 1, 1);
    check_all_once(other);
    assert_memory_not_equal(again, o->shuffled, o->n_stretches * sizeof *again);
    assert_memory_not_equal(first, other, sizeof first);
    an_shard_order_make(o, other, 2, 0);
    assert_memory_not_equal(first, other, sizeof first);
    an_shard_order_make(same, again, 1, 0);
    assert_memory_equal(first, again, sizeof first);
    an_shard_order_free(o);
    an_shard_order_free(same);
    an_shard_order_free(NULL);
    an_dataset_release(d);
}

/* A window holds whole stretches, each of neighbouring pictures, and is not larger than allowed. */
static void test_windows_are_stretches(void **state)
{
    (void)state;
    uint32_t order[COUNT];
    alexnet_dataset *d = open_shards();
    an_shard_order *o = new_order(d);
    int moved = 0, archives = 0;
    assert_true(o->n_stretches >= COUNT * MEMBER / STRETCH);
    for (uint64_t epoch = 0; epoch < 20; epoch++) {
        an_shard_order_make(o, order, 3, epoch);
        int64_t places = 0;
        for (int64_t w = 0; w < o->n_windows; w++) {
            const an_window *window = &o->windows[w];
            uint64_t bytes = 0;
            int inside[COUNT] = {0}, in_archive[ARCHIVES] = {0};
            assert_int_equal(window->first, places);
            for (int64_t i = 0; i < window->count; i++)
                inside[number_of(d, order[places++])] = 1;
            for (uint32_t i = 0; i < window->stretches; i++) {
                const an_stretch *s = &o->stretches[o->shuffled[window->first_stretch + i]];
                assert_true(s->length <= STRETCH);
                bytes += s->length;
                const int first = number_of(d, o->sorted[s->first]);
                in_archive[first / EACH] = 1;
                for (uint32_t k = 0; k < s->count; k++) {
                    assert_int_equal(number_of(d, o->sorted[s->first + k]), first + (int)k);
                    assert_true(inside[first + (int)k]);
                }
            }
            assert_true(bytes <= WINDOW);
            for (int64_t i = 1; i < window->count; i++)
                moved += number_of(d, order[window->first + i]) !=
                         number_of(d, order[window->first + i - 1]) + 1;
            for (int a = 0; a < ARCHIVES; a++)
                archives += in_archive[a];
        }
        assert_int_equal(places, COUNT);
        for (int64_t place = 0; place < COUNT; place++) {
            const an_window *w = &o->windows[an_window_of(o->windows, o->n_windows, place)];
            assert_true(place >= w->first && place < w->first + w->count);
        }
        if (epoch == 19)
            assert_true(archives > 2 * 20 * o->n_windows); /* they come from several archives */
    }
    assert_true(moved > 20 * COUNT * 9 / 10);
    an_shard_order_free(o);
    an_dataset_release(d);
}

/* Of small archives, each is a stretch. In a window of one, its pictures are shuffled: in 100
 * orders of all, 100 pictures are expected where they would be without, and fewer than 50 or more
 * than 150 with a chance of 1 in 10^6. Windows are shuffled in different ways. */
static void test_shuffling(void **state)
{
    (void)state;
    enum { ORDERS = 20 };
    uint32_t order[COUNT];
    int still = 0;
    alexnet_dataset *d = open_shards();
    an_shard_order *o;
    assert_int_equal(an_shard_order_new(&o, d, (uint64_t)1 << 20, 1), ALEXNET_OK);
    assert_int_equal(o->n_stretches, ARCHIVES);
    for (uint64_t epoch = 0; epoch < ORDERS; epoch++) {
        an_shard_order_make(o, order, 1, epoch);
        assert_int_equal(o->n_windows, ARCHIVES);
        for (int a = 0; a < ARCHIVES; a++) {
            const uint32_t *window = order + a * EACH;
            int same = 0;
            for (int i = 0; i < EACH; i++) {
                const int number = number_of(d, window[i]);
                assert_int_equal(number / EACH, o->shuffled[a]);
                still += number % EACH == i;
                same += number % EACH == number_of(d, order[i]) % EACH;
            }
            assert_true(a == 0 ? same == EACH : same < EACH / 2);
        }
    }
    assert_in_range(still, 50, 150);
    an_shard_order_free(o);
    an_dataset_release(d);
}

/* Check a pass from its position on, for at most `batches` batches. */
static void check_pass(an_loader *loader, const an_pass *pass, const alexnet_dataset *d,
                       int batches)
{
    an_batch batch;
    bool more = true;
    int64_t place = pass->position;
    assert_int_equal(an_loader_start_pass(loader, pass), ALEXNET_OK);
    for (int b = 0; b < batches; b++) {
        assert_int_equal(an_loader_next(loader, NULL, &batch, &more), ALEXNET_OK);
        if (!more)
            break;
        for (int i = 0; i < batch.count; i++, place++) {
            const int number = number_of(d, pass->order[place]);
            assert_int_equal(batch.pictures[i].sample, pass->order[place]);
            assert_int_equal(batch.pictures[i].label, number % 3);
            assert_int_equal(batch.pictures[i].status, ALEXNET_OK);
            for (int p = 0; p < BYTES; p++)
                assert_int_equal(batch.pixels[i * BYTES + p], number);
        }
    }
    if (batches > COUNT)
        assert_int_equal(place, COUNT);
}

static void test_the_loader_reads_ahead(void **state)
{
    (void)state;
    enum { BATCH = 8 };
    uint32_t order[COUNT];
    alexnet_dataset *d = open_shards();
    an_shard_order *o = new_order(d);
    for (int threads = 1; threads <= 4; threads += 3) {
        an_loader *loader;
        assert_int_equal(
            an_loader_new(&loader, d, (an_fit){AN_FIT_SHORT, SIDE, false}, BATCH, threads, NULL),
            ALEXNET_OK);
        for (uint64_t epoch = 0; epoch < 6; epoch++) {
            an_shard_order_make(o, order, 1, epoch);
            an_pass pass = {.order = order, .count = COUNT, .shards = o};
            check_pass(loader, &pass, d, COUNT + 1);
            pass.position = (int64_t)epoch * 3 * BATCH;
            check_pass(loader, &pass, d, COUNT + 1);
            check_pass(loader, &pass, d, (int)epoch); /* left early */
            pass.position = COUNT;
            check_pass(loader, &pass, d, COUNT + 1);
        }
        check_pass(loader, &(an_pass){.order = order, .count = COUNT}, d, COUNT + 1);
        an_loader_free(loader);
    }
    an_shard_order_free(o);
    an_dataset_release(d);
}

/* An archive that changed is not read at its old offsets: each of its pictures gives an error. */
static void test_changed_archives(void **state)
{
    (void)state;
    uint32_t order[COUNT];
    an_loader *loader;
    an_batch batch;
    bool more;
    int bad = 0;
    alexnet_dataset *d = open_shards();
    an_shard_order *o = new_order(d);
    an_shard_order_make(o, order, 1, 0);
    scratch_text("shards/x-2.tar", "changed");
    assert_int_equal(an_loader_new(&loader, d, (an_fit){AN_FIT_SHORT, SIDE, false}, COUNT, 2, NULL),
                     ALEXNET_OK);
    assert_int_equal(
        an_loader_start_pass(loader, &(an_pass){.order = order, .count = COUNT, .shards = o}),
        ALEXNET_OK);
    assert_int_equal(an_loader_next(loader, NULL, &batch, &more), ALEXNET_OK);
    for (int i = 0; i < batch.count; i++) {
        const bool gone = number_of(d, order[i]) / EACH == 2;
        assert_int_equal(batch.pictures[i].status, gone ? ALEXNET_ERROR_IO : ALEXNET_OK);
        if (gone)
            assert_non_null(strstr(batch.pictures[i].error, "x-2.tar was changed"));
        bad += gone;
    }
    assert_int_equal(bad, EACH);
    an_loader_free(loader);
    an_shard_order_free(o);
    an_dataset_release(d);
}

/* ---- Places that lie, as an index beside an archive may claim them ---- */

static an_item_place claimed; /* of sample 0 */
static int64_t claimant;      /* its item */
static uint64_t most_read;

static void claim(const an_data_source *source, int64_t item, an_item_place *out)
{
    an_tar_kind.place(source, item, out);
    if (item == claimant)
        *out = claimed;
}

static alexnet_status note_length(const an_data_source *source, const an_item_place *place,
                                  void *block)
{
    most_read = place->length > most_read ? place->length : most_read;
    return an_tar_kind.read_place(source, place, block);
}

/* Let the first sample claim a place. @return the kind to be put back */
static const an_data_kind *begin_to_lie(alexnet_dataset *d, an_data_kind *lying)
{
    const an_data_kind *kind = d->source->kind;
    claimant = d->samples[0].item;
    kind->place(d->source, claimant, &claimed);
    *lying = *kind;
    lying->place = claim;
    lying->read_place = note_length;
    d->source->kind = lying;
    return kind;
}

/* A stretch covers all its pictures, also where one begins before another and ends after it. */
static void test_overlapping_places(void **state)
{
    (void)state;
    an_data_kind lying;
    alexnet_dataset *d = open_shards();
    const an_data_kind *kind = begin_to_lie(d, &lying);
    claimed.length = 5 * MEMBER;
    an_shard_order *o = new_order(d);
    for (int64_t i = 0; i < COUNT; i++) {
        const an_stretch *s = &o->stretches[o->stretch_of[i]];
        an_item_place place;
        lying.place(d->source, d->samples[i].item, &place);
        assert_int_equal(place.archive, s->archive);
        assert_in_range(place.offset, s->offset, s->offset + s->length - place.length);
    }
    an_shard_order_free(o);
    d->source->kind = kind;
    an_dataset_release(d);
}

/* What is larger than any picture may be is not read. */
static void test_an_endless_place(void **state)
{
    (void)state;
    uint32_t order[COUNT];
    const unsigned char *bytes;
    size_t length;
    an_data_kind lying;
    an_read_ahead *ahead;
    alexnet_dataset *d = open_shards();
    const an_data_kind *kind = begin_to_lie(d, &lying);
    claimed.length = AN_PICTURE_FILE_MAX + 1;
    an_shard_order *o = new_order(d);
    an_shard_order_make(o, order, 1, 0);
    assert_int_equal(an_read_ahead_start(&ahead, o, 0), ALEXNET_OK);
    for (int64_t place = 0; place < COUNT; place++) {
        an_read_ahead_take(ahead, place, order[place], &bytes, &length);
        assert_int_equal(bytes == NULL, o->stretch_of[order[place]] == o->stretch_of[0]);
        an_read_ahead_done(ahead, place);
    }
    assert_in_range(most_read, MEMBER, STRETCH);
    an_read_ahead_free(ahead);
    an_shard_order_free(o);
    d->source->kind = kind;
    an_dataset_release(d);
}

/* The places of pictures, by which a resumed run sees that its archives are others, differ if one
 * archive, offset or length does. */
static void test_other_places(void **state)
{
    (void)state;
    an_data_kind lying;
    alexnet_dataset *d = open_shards();
    const an_data_kind *kind = begin_to_lie(d, &lying);
    const uint64_t places = an_shard_order_places(d);
    const an_item_place whole = claimed;
    claimed.archive++;
    assert_true(an_shard_order_places(d) != places);
    claimed = whole;
    claimed.offset += 512;
    assert_true(an_shard_order_places(d) != places);
    claimed = whole;
    claimed.length--;
    assert_true(an_shard_order_places(d) != places);
    claimed = whole;
    assert_true(an_shard_order_places(d) == places);
    d->source->kind = kind;
    an_dataset_release(d);
}

/* With no memory to read ahead, pictures are read one by one, or the pass fails and says so. */
static void test_no_memory(void **state)
{
    (void)state;
    uint32_t order[COUNT];
    alexnet_dataset *d = open_shards();
    an_shard_order *o = NULL;
    int failures = 0;
    for (uint64_t n = 1; n < 12; n++) {
        an_alloc_fail_at(n);
        alexnet_status rc = an_shard_order_new(&o, d, STRETCH, WINDOW);
        an_alloc_fail_at(0);
        failures += rc == ALEXNET_ERROR_NO_MEMORY;
        assert_true(rc == ALEXNET_OK ? o->n_stretches > 0 : !o);
        an_shard_order_free(o);
    }
    assert_true(failures > 4 && failures < 11);
    o = new_order(d);
    an_shard_order_make(o, order, 1, 0);
    for (uint64_t n = 1; n < 60; n++) {
        an_loader *loader;
        an_batch batch;
        bool more = true;
        int seen = 0;
        assert_int_equal(
            an_loader_new(&loader, d, (an_fit){AN_FIT_SHORT, SIDE, false}, 16, 2, NULL),
            ALEXNET_OK);
        an_alloc_fail_at(n);
        alexnet_status rc =
            an_loader_start_pass(loader, &(an_pass){.order = order, .count = COUNT, .shards = o});
        while (rc == ALEXNET_OK && more) {
            rc = an_loader_next(loader, NULL, &batch, &more);
            seen += batch.count;
        }
        an_alloc_fail_at(0);
        assert_true(rc == ALEXNET_ERROR_NO_MEMORY || seen == COUNT);
        check_pass(loader, &(an_pass){.order = order, .count = COUNT, .shards = o}, d, COUNT + 1);
        an_loader_free(loader);
    }
    an_shard_order_free(o);
    an_dataset_release(d);
}

static void test_needs_archives(void **state)
{
    (void)state;
    alexnet_dataset *d;
    an_shard_order *o;
    assert_int_equal(mkdir("folder", 0777), 0);
    assert_int_equal(mkdir("folder/a", 0777), 0);
    scratch_text("folder/a/x.jpg", "x");
    assert_int_equal(an_dataset_open(&d, NULL, "folder", NULL, NULL), ALEXNET_OK);
    assert_int_equal(an_shard_order_new(&o, d, 0, 0), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(an_error_text(), "order = shards is for archives"));
    assert_null(o);
    an_dataset_release(d);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_an_epoch_shows_each_once),
        IN_SCRATCH(test_windows_are_stretches),
        IN_SCRATCH(test_shuffling),
        IN_SCRATCH(test_the_loader_reads_ahead),
        IN_SCRATCH(test_changed_archives),
        IN_SCRATCH(test_overlapping_places),
        IN_SCRATCH(test_an_endless_place),
        IN_SCRATCH(test_other_places),
        IN_SCRATCH(test_no_memory),
        IN_SCRATCH(test_needs_archives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
