/*
 * The loader against reading the same pictures one after the other, byte for byte, with several
 * numbers of threads, starts and stops. This test also runs under ThreadSanitizer. It is started in
 * tests/; the pictures, good and bad, are those of test_picture.c.
 */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cut_region.h"

#include "base/alloc.h"
#include "base/context.h"
#include "base/random.h"
#include "base/status.h"
#include "data/loader/loader_impl.h"

enum { SIDE = 16, BYTES = SIDE * SIDE * 3, BATCH = 7, PASS = 100 };

static const an_fit fit = {AN_FIT_SHORT, SIDE, false};

static const char *const files[] = {
    "golden/pictures/rgb420.jpg",       "golden/pictures/bad-cut-scan.jpg",
    "golden/pictures/rgba16.png",       "golden/pictures/turn6.jpg",
    "golden/pictures/no-such-file.jpg", "golden/pictures/cmyk.jpg",
    "golden/pictures/bad-text.jpg",     "golden/pictures/interlaced-rgb.png",
    "golden/pictures/grey.jpg",         "golden/pictures/palette4.png",
    "golden/pictures/progressive.jpg",
};
enum { FILES = sizeof files / sizeof *files };

/* What each file must give. */
static struct expected {
    uint8_t pixels[BYTES];
    alexnet_status status;
    char error[256];
} expected[FILES];

static alexnet_dataset *dataset;
static uint32_t order[PASS];

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++) {
        an_picture picture;
        expected[i].status = an_picture_read(&picture, files[i]);
        if (expected[i].status == ALEXNET_OK) {
            if (an_fit_picture(expected[i].pixels, fit, &picture) != ALEXNET_OK)
                return -1;
        } else {
            snprintf(expected[i].error, sizeof expected[i].error, "%s", an_error_text());
        }
        an_picture_free(&picture);
    }
    for (uint32_t i = 0; i < PASS; i++)
        order[i] = an_random(1, AN_PURPOSE_TEST, 0, i, 0).v[0] % FILES;
    if (an_dataset_of_files(&dataset, NULL, files, FILES) != ALEXNET_OK)
        return -1;
    for (int i = 0; i < FILES; i++)
        dataset->samples[i].label = 10 * i;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    an_dataset_release(dataset);
    return 0;
}

static an_loader *new_loader(int batch, int threads)
{
    an_loader *loader;
    assert_int_equal(an_loader_new(&loader, dataset, fit, batch, threads, NULL), ALEXNET_OK);
    return loader;
}

static void check_picture(const an_batch *batch, int i, uint32_t sample)
{
    const struct expected *e = &expected[sample];
    const an_loaded *got = &batch->pictures[i];
    assert_int_equal(got->sample, sample);
    assert_int_equal(got->label, 10 * sample);
    assert_int_equal(got->status, e->status);
    assert_memory_equal(batch->pixels + (size_t)i * BYTES, e->pixels, BYTES);
    if (e->status == ALEXNET_OK)
        assert_null(got->error);
    else
        assert_string_equal(got->error, e->error);
}

/* The next batch must hold the places of the order from `position` on. @return its size */
static int check_next(an_loader *loader, int batch_size, int position)
{
    static const uint8_t zero[BYTES];
    an_batch batch;
    bool more;
    assert_int_equal(an_loader_next(loader, NULL, &batch, &more), ALEXNET_OK);
    assert_true(more);
    assert_int_equal(batch.position, position);
    assert_int_equal(batch.count, PASS - position < batch_size ? PASS - position : batch_size);
    for (int i = 0; i < batch.count; i++)
        check_picture(&batch, i, order[position + i]);
    for (int i = batch.count; i < batch_size; i++)
        assert_memory_equal(batch.pixels + (size_t)i * BYTES, zero, BYTES);
    return batch.count;
}

static void check_end(an_loader *loader)
{
    an_batch batch;
    bool more = true;
    assert_int_equal(an_loader_next(loader, NULL, &batch, &more), ALEXNET_OK);
    assert_false(more);
    assert_int_equal(batch.count, 0);
}

static void check_pass(an_loader *loader, int batch_size, int position)
{
    assert_int_equal(an_loader_start(loader, order, PASS, position), ALEXNET_OK);
    while (position < PASS)
        position += check_next(loader, batch_size, position);
    check_end(loader);
    check_end(loader);
}

static void test_batches_hold_what_the_order_says(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 5}, batches[] = {1, BATCH, 50, PASS, 3 * PASS};
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++)
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
            an_loader *loader = new_loader(batches[b], threads[t]);
            check_pass(loader, batches[b], 0);
            check_pass(loader, batches[b], 0);
            an_loader_free(loader);
        }
}

static void test_starts_anywhere(void **state)
{
    (void)state;
    an_loader *loader = new_loader(BATCH, 3);
    for (int position = 0; position < PASS; position += BATCH)
        check_pass(loader, BATCH, position);
    an_loader_free(loader);
    loader = new_loader(10, 3);
    assert_int_equal(an_loader_start(loader, order, PASS, PASS), ALEXNET_OK);
    check_end(loader);
    assert_int_equal(an_loader_start(loader, order, 0, 0), ALEXNET_OK);
    check_end(loader);
    an_loader_free(loader);
}

/* A pass may be abandoned at any time, with or without a batch on loan, and while workers are
 * loading. */
static void test_passes_may_be_left(void **state)
{
    (void)state;
    an_loader *loader = new_loader(BATCH, 4);
    for (int taken = 0; taken < 6; taken++) {
        assert_int_equal(an_loader_start(loader, order, PASS, 0), ALEXNET_OK);
        for (int i = 0; i < taken; i++)
            check_next(loader, BATCH, i * BATCH);
    }
    check_pass(loader, BATCH, 0);
    an_loader_free(loader);
    for (int taken = 0; taken < 4; taken++) {
        loader = new_loader(BATCH, 4);
        assert_int_equal(an_loader_start(loader, order, PASS, 0), ALEXNET_OK);
        for (int i = 0; i < taken; i++)
            check_next(loader, BATCH, i * BATCH);
        an_loader_free(loader);
    }
    an_loader_free(new_loader(BATCH, 4)); /* never started */
    an_loader_free(NULL);
}

/* Each picture's part is drawn by its place in the order, not by its number in the data set, and
 * lies in the middle of the square. */
static void check_drawn(an_loader *loader, const an_region_rule *rule, uint64_t epoch, int position)
{
    assert_int_equal(an_loader_start_pass(loader, &(an_pass){.order = order,
                                                             .count = PASS,
                                                             .position = position,
                                                             .regions = rule,
                                                             .epoch = epoch}),
                     ALEXNET_OK);
    an_batch batch;
    bool more = true;
    const int border = (SIDE - rule->side) / 2;
    int seen = 0, good = 0;
    for (;;) {
        assert_int_equal(an_loader_next(loader, NULL, &batch, &more), ALEXNET_OK);
        if (!more)
            break;
        for (int i = 0; i < batch.count; i++) {
            const uint64_t place = (uint64_t)(batch.position + i);
            an_picture picture;
            an_region region;
            uint8_t pixels[BYTES] = {0};
            if (batch.pictures[i].status != ALEXNET_OK)
                continue;
            assert_int_equal(an_picture_read(&picture, files[order[place]]), ALEXNET_OK);
            const an_size size = {picture.width, picture.height};
            an_region_draw(&region, rule, size, epoch, place);
            assert_int_equal(cut_region(pixels + 3 * border * (SIDE + 1), (size_t)SIDE * 3,
                                        rule->side, &region, size, &picture),
                             ALEXNET_OK);
            assert_memory_equal(batch.pixels + (size_t)i * BYTES, pixels, BYTES);
            an_picture_free(&picture);
            good++;
        }
        seen += batch.count;
    }
    assert_int_equal(seen, PASS - position);
    assert_true(good > 0);
}

static void test_drawn_parts(void **state)
{
    (void)state;
    const an_region_rule boxes = {
        .side = 12, .scaled = true, .area = {0.1, 1}, .aspect = {0.7, 1.4}, .seed = 5};
    const an_region_rule turned = {.side = SIDE, .rotate = 30, .seed = 5};
    for (int threads = 1; threads <= 4; threads += 3) {
        an_loader *loader = new_loader(BATCH, threads);
        check_drawn(loader, &boxes, 3, 0);
        check_drawn(loader, &turned, 0, 5 * BATCH);
        check_pass(loader, BATCH, 0);
        an_loader_free(loader);
    }
}

/* Two pictures of 21 x 13 and 13 x 21, made into squares of 4. They are decoded at half their size
 * if no box or a large one is cut out, and at full size for a small box. */
static void check_smaller(an_loader *loader, const an_region_rule *boxes, bool smaller)
{
    const uint32_t places[] = {3, 0}; /* turn6.jpg and rgb420.jpg */
    const an_fit fit_4 = {AN_FIT_SHORT, 4, smaller};
    an_batch batch;
    bool more;
    assert_int_equal(
        an_loader_start_pass(loader, &(an_pass){.order = places, .count = 2, .regions = boxes}),
        ALEXNET_OK);
    assert_int_equal(an_loader_next(loader, NULL, &batch, &more), ALEXNET_OK);
    for (int i = 0; i < 2; i++) {
        const an_size size = i ? (an_size){21, 13} : (an_size){13, 21};
        an_picture picture;
        an_region region;
        uint8_t pixels[4 * 4 * 3] = {0};
        an_target target = an_fit_target(&fit_4, NULL);
        target.axes = NULL;
        assert_int_equal(an_picture_read_for(&picture, files[places[i]], &target), ALEXNET_OK);
        assert_int_equal(picture.width, smaller ? (size.width + 1) / 2 : size.width);
        if (boxes) {
            an_region_draw(&region, boxes, size, 0, (uint64_t)i);
            assert_int_equal(region.box.width >= 8, smaller);
            assert_int_equal(cut_region(pixels, 4 * 3, 4, &region, size, &picture), ALEXNET_OK);
        } else {
            assert_int_equal(an_fit_picture(pixels, fit_4, &picture), ALEXNET_OK);
        }
        assert_memory_equal(batch.pixels + i * 48, pixels, 48);
        an_picture_free(&picture);
    }
}

static void test_smaller_pictures(void **state)
{
    (void)state;
    an_region_rule boxes = {
        .side = 4, .scaled = true, .area = {0.5, 0.9}, .aspect = {1, 1}, .seed = 5};
    an_loader *loader;
    assert_int_equal(an_loader_new(&loader, dataset, (an_fit){AN_FIT_SHORT, 4, true}, 2, 1, NULL),
                     ALEXNET_OK);
    check_smaller(loader, NULL, true);
    check_smaller(loader, &boxes, true);
    boxes.area[0] = boxes.area[1] = 0.15;
    check_smaller(loader, &boxes, false);
    an_loader_free(loader);
}

/* The loader has its own copy of the order. */
static void test_owns_what_it_needs(void **state)
{
    (void)state;
    uint32_t *mine = malloc(sizeof order);
    assert_non_null(mine);
    memcpy(mine, order, sizeof order);
    an_loader *loader = new_loader(BATCH, 2);
    assert_int_equal(an_loader_start(loader, mine, PASS, 0), ALEXNET_OK);
    memset(mine, 0xFF, sizeof order);
    free(mine);
    for (int position = 0; position < PASS;)
        position += check_next(loader, BATCH, position);
    assert_true(an_loader_bytes(SIDE, BATCH) >= 3 * BATCH * BYTES);
    an_loader_free(loader);
}

/* With AN_FIT_KEEP, pictures come as the decoder gives them; one with more pixels than the square
 * is bad. */
static void check_kept(const an_batch *batch, int i, int side)
{
    const an_loaded *got = &batch->pictures[i];
    const struct expected *e = &expected[got->sample];
    an_picture picture = {0};
    alexnet_status rc = an_picture_read(&picture, files[got->sample]);
    assert_int_equal(rc, e->status);
    if (rc == ALEXNET_OK && picture.width * picture.height > side * side) {
        assert_int_equal(got->status, ALEXNET_ERROR_UNSUPPORTED);
        assert_non_null(strstr(got->error, files[got->sample]));
        assert_non_null(strstr(got->error, " pixels; at most "));
    } else {
        assert_int_equal(got->status, rc);
    }
    if (got->status == ALEXNET_OK) {
        assert_int_equal(got->picture.width, picture.width);
        assert_int_equal(got->picture.height, picture.height);
        assert_memory_equal(got->picture.rgb, picture.rgb,
                            3 * (size_t)picture.width * (size_t)picture.height);
    } else {
        assert_null(got->picture.rgb);
    }
    an_picture_free(&picture);
}

static void test_keeps_sizes(void **state)
{
    (void)state;
    static const int sides[] = {17, 16}; /* good ones have 21 x 13, between 16^2 and 17^2 */
    int good[2] = {0};
    for (int s = 0; s < 2; s++) {
        an_loader *loader;
        an_batch batch;
        bool more = true;
        assert_int_equal(
            an_loader_new(&loader, dataset, (an_fit){AN_FIT_KEEP, sides[s], false}, 2, 3, NULL),
            ALEXNET_OK);
        assert_int_equal(an_loader_start(loader, order, PASS, 0), ALEXNET_OK);
        for (int seen = 0; more; seen += batch.count) {
            assert_int_equal(an_loader_next(loader, NULL, &batch, &more), ALEXNET_OK);
            for (int i = 0; i < batch.count; i++) {
                assert_int_equal(batch.pictures[i].sample, order[seen + i]);
                check_kept(&batch, i, sides[s]);
                good[s] += batch.pictures[i].status == ALEXNET_OK;
            }
        }
        an_loader_free(loader);
    }
    assert_true(good[0] > 0 && good[1] == 0);
}

static void test_refuses_bad_arguments(void **state)
{
    (void)state;
    an_loader *loader;
    const uint32_t beyond[] = {0, FILES};
    assert_int_equal(an_loader_new(&loader, dataset, fit, 0, 1, NULL),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(an_loader_new(&loader, dataset, fit, 1, 0, NULL),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_null(loader);
    const an_fit vast = {AN_FIT_SHORT, INT32_MAX, false};
    assert_int_equal(an_loader_new(&loader, dataset, vast, BATCH, 1, NULL),
                     ALEXNET_ERROR_NO_MEMORY);
    assert_null(loader);
    loader = new_loader(BATCH, 1);
    assert_int_equal(an_loader_start(loader, beyond, 2, 0), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(an_loader_start(loader, order, PASS, 3), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(an_loader_start(loader, order, 7, 14), ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_int_equal(an_loader_start(loader, order, PASS, -7), ALEXNET_ERROR_INVALID_ARGUMENT);
    check_pass(loader, BATCH, 0);
    an_loader_free(loader);
}

/* A picture that a worker has no memory for is loaded again: the pass is as usual. */
static void test_no_memory_in_a_worker(void **state)
{
    (void)state;
    int began = 0;
    for (uint64_t n = 1; n < 60; n += 3) {
        an_loader *loader = new_loader(BATCH, 2);
        an_alloc_fail_at(n);
        const alexnet_status status = an_loader_start(loader, order, PASS, 0);
        for (int position = 0; status == ALEXNET_OK && position < PASS;)
            position += check_next(loader, BATCH, position);
        an_alloc_fail_at(0);
        if (status != ALEXNET_OK)
            assert_non_null(strstr(an_error_text(), "out of memory"));
        began += status == ALEXNET_OK;
        check_pass(loader, BATCH, 0);
        an_loader_free(loader);
    }
    assert_true(began > 10);
}

enum { HUNGRY = 9 };

/* The kind of the data set's source, and how often it has no memory for a picture. */
static const an_data_kind *kind;
static atomic_int refusals;

static alexnet_status read_hungry(const an_data_source *source, int64_t item, an_item_data *out)
{
    *out = (an_item_data){0};
    if (item == dataset->samples[HUNGRY].item && atomic_fetch_sub(&refusals, 1) > 0)
        return AN_FAIL_MEMORY(1e9, source->items[item].name);
    return kind->read(source, item, out);
}

/* Go through a pass whose tenth picture cannot be loaded `times` times. The worker's attempt is no
 * failure of a call, each attempt after it is one, and the call after that gives the batch. */
static void pass_with_refusals(int times)
{
    an_loader *loader = new_loader(BATCH, 2);
    an_batch batch;
    bool more;
    atomic_store(&refusals, times);
    assert_int_equal(an_loader_start(loader, NULL, 0, 0), ALEXNET_OK);
    for (uint32_t seen = 0; seen < FILES; seen += (uint32_t)batch.count) {
        for (int i = 1; i < times && seen == BATCH; i++) {
            assert_int_equal(an_loader_next(loader, NULL, &batch, &more), ALEXNET_ERROR_NO_MEMORY);
            assert_non_null(strstr(an_error_text(), files[HUNGRY]));
            assert_int_equal(batch.count, 0);
            assert_false(more);
        }
        assert_int_equal(an_loader_next(loader, NULL, &batch, &more), ALEXNET_OK);
        assert_true(more);
        for (int i = 0; i < batch.count; i++)
            check_picture(&batch, i, seen + (uint32_t)i);
    }
    check_end(loader);
    an_loader_free(loader);
}

static void test_no_memory_for_long(void **state)
{
    (void)state;
    kind = dataset->source->kind;
    an_data_kind changed = *kind;
    changed.read = read_hungry;
    dataset->source->kind = &changed;
    for (int times = 0; times < 4; times++)
        pass_with_refusals(times);
    dataset->source->kind = kind;
}

static atomic_bool held;

static alexnet_status read_when_free(const an_data_source *source, int64_t item, an_item_data *out)
{
    while (atomic_load(&held))
        usleep(1000);
    return kind->read(source, item, out);
}

/* A picture is not decoded any further once its loader is to end. */
static void test_ending_while_decoding(void **state)
{
    (void)state;
    const uint32_t good = 0;
    an_loader *loader = new_loader(1, 1);
    assert_int_equal(an_loader_start(loader, &good, 1, 0), ALEXNET_OK);
    an_batch batch;
    bool more;
    assert_int_equal(an_loader_next(loader, NULL, &batch, &more), ALEXNET_OK);
    assert_int_equal(batch.pictures[0].status, ALEXNET_OK);
    atomic_store(&loader->stop, true);
    an_frame_load(loader, &loader->ring[0], 0, 0, true);
    assert_int_equal(batch.pictures[0].status, ALEXNET_ERROR_CANCELLED);
    an_loader_free(loader);
}

static an_loader *reading; /* by which a picture is being read; NULL: none yet */
static atomic_bool entered, stopped;

/* Read until the pictures of the pass are to stop, but not for ever. */
static alexnet_status read_until_stopped(const an_data_source *source, int64_t item,
                                         an_item_data *out)
{
    enum { MOST = 10000 };
    atomic_store(&entered, true);
    for (int i = 0; i < MOST && !atomic_load(&reading->stop); i++)
        usleep(1000);
    atomic_store(&stopped, atomic_load(&reading->stop));
    return kind->read(source, item, out);
}

/* A pass that begins stops the pictures of the pass before, and loads its own. */
static void test_starts_while_loading(void **state)
{
    (void)state;
    kind = dataset->source->kind;
    an_data_kind slow = *kind;
    slow.read = read_until_stopped;
    reading = new_loader(BATCH, 1);
    dataset->source->kind = &slow;
    assert_int_equal(an_loader_start(reading, order, PASS, 0), ALEXNET_OK);
    while (!atomic_load(&entered))
        usleep(1000);
    slow.read = kind->read;
    assert_int_equal(an_loader_start(reading, order, PASS, 0), ALEXNET_OK);
    assert_true(stopped);
    for (int position = 0; position < PASS;)
        position += check_next(reading, BATCH, position);
    check_end(reading);
    an_loader_free(reading);
    dataset->source->kind = kind;
}

/* A consumer that waits for a slow disk can be cancelled, and then gets the same batches. */
static void test_cancelled_while_waiting(void **state)
{
    (void)state;
    alexnet_ctx ctx = {.cancelled = true};
    an_batch batch;
    bool more;
    kind = dataset->source->kind;
    an_data_kind slow = *kind;
    slow.read = read_when_free;
    dataset->source->kind = &slow;
    atomic_store(&held, true);
    an_loader *loader = new_loader(BATCH, 2);
    assert_int_equal(an_loader_start(loader, order, PASS, 0), ALEXNET_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(an_loader_next(loader, &ctx, &batch, &more), ALEXNET_ERROR_CANCELLED);
        assert_int_equal(batch.count, 0);
    }
    atomic_store(&held, false);
    for (int position = 0; position < PASS;)
        position += check_next(loader, BATCH, position);
    check_end(loader);
    an_loader_free(loader);
    dataset->source->kind = kind;
}

/* The signals that a thread of this process blocks, as a mask; bit n - 1 is signal n. */
static uint64_t blocked_signals(const char *thread)
{
    char path[64], line[128];
    unsigned long long mask = 0;
    snprintf(path, sizeof path, "/proc/self/task/%.20s/status", thread);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "SigBlk: %llx", &mask);
    if (file)
        fclose(file);
    return mask;
}

static void test_workers_leave_signals_alone(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD, SIGALRM, SIGPIPE};
    DIR *threads = opendir("/proc/self/task");
    if (!threads)
        skip();
    sigset_t before, after;
    sigemptyset(&before);
    sigemptyset(&after);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    an_loader *loader = new_loader(BATCH, 3);
    assert_int_equal(an_loader_start(loader, order, PASS, 0), ALEXNET_OK);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (size_t s = 0; s < sizeof signals / sizeof *signals; s++)
        assert_int_equal(sigismember(&before, signals[s]), sigismember(&after, signals[s]));
    int blocking = 0;
    rewinddir(threads);
    for (struct dirent *entry; (entry = readdir(threads));) {
        uint64_t mask = entry->d_name[0] == '.' ? 0 : blocked_signals(entry->d_name);
        bool all = true;
        for (size_t s = 0; s < sizeof signals / sizeof *signals; s++)
            all = all && (mask >> (signals[s] - 1) & 1);
        blocking += all;
    }
    closedir(threads);
    assert_true(blocking >= 3); /* a sanitizer may have a thread of its own */
    an_loader_free(loader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches_hold_what_the_order_says),
        cmocka_unit_test(test_starts_anywhere),
        cmocka_unit_test(test_passes_may_be_left),
        cmocka_unit_test(test_drawn_parts),
        cmocka_unit_test(test_smaller_pictures),
        cmocka_unit_test(test_owns_what_it_needs),
        cmocka_unit_test(test_keeps_sizes),
        cmocka_unit_test(test_refuses_bad_arguments),
        cmocka_unit_test(test_no_memory_in_a_worker),
        cmocka_unit_test(test_no_memory_for_long),
        cmocka_unit_test(test_cancelled_while_waiting),
        cmocka_unit_test(test_ending_while_decoding),
        cmocka_unit_test(test_starts_while_loading),
        cmocka_unit_test(test_workers_leave_signals_alone),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
