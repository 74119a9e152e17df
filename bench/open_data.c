/*
 * How much time and memory opening a data set takes: `open_data DATA [THREADS [ORDER [STRETCH
 * WINDOW]]]`. Run it twice or more, because the first run makes the index of archives. With THREADS
 * it also orders a few epochs and makes one pass over all pictures, in which each must come exactly
 * once. ORDER is random or shards. STRETCH and WINDOW are in KiB. If DATA imitates a larger data
 * set with smaller pictures, reduce both by the same factor, so that there are as many stretches.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"
#include "data/loader/loader.h"
#include "data/loader/shard_order.h"

static void print_usage(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%.2f s of processor time, %.0f MiB at most\n",
           (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec),
           (double)usage.ru_maxrss / 1024);
}

/* Read all batches. @return how many samples came exactly once, or -1 */
static int64_t take_all(an_loader *loader, unsigned char *seen, int64_t count)
{
    an_batch batch;
    bool more;
    int64_t once = 0;
    while (an_loader_next(loader, NULL, &batch, &more) == ALEXNET_OK && more)
        for (int i = 0; i < batch.count; i++) {
            if (batch.pictures[i].status != ALEXNET_OK) {
                fprintf(stderr, "%s\n", batch.pictures[i].error);
                return -1;
            }
            seen[batch.pictures[i].sample]++;
        }
    for (int64_t i = 0; i < count; i++)
        once += seen[i] == 1;
    return once;
}

/* What the arguments ask for. */
typedef struct request {
    int threads; /* 0: no pass */
    bool shards;
    uint64_t stretch, window; /* bytes; 0: the library's defaults */
} request;

/* @param out  NULL: pictures come in random order */
static alexnet_status prepare(an_shard_order **out, alexnet_dataset *data, const request *r)
{
    *out = NULL;
    if (!r->shards)
        return ALEXNET_OK;
    const double start = an_clock();
    AN_CHECK(an_shard_order_new(out, data, r->stretch, r->window));
    printf("%u stretches: %.3f s, ", (*out)->n_stretches, an_clock() - start);
    print_usage();
    return ALEXNET_OK;
}

/* Order some epochs, the last of which is the one that a pass shows. */
static void plan(uint32_t *order, const alexnet_dataset *data, an_shard_order *shards)
{
    enum { EPOCHS = 5 };
    const double start = an_clock();
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        if (shards)
            an_shard_order_make(shards, order, 1, epoch);
        else
            an_shuffle(order, (uint32_t)data->count, 1, AN_PURPOSE_SHUFFLE, epoch);
    }
    printf("order of an epoch: %.3f s, ", (an_clock() - start) / EPOCHS);
    print_usage();
}

static int pass(alexnet_dataset *data, int threads, an_shard_order *shards)
{
    enum { BATCH = 128, SIDE = 8 };
    an_loader *loader = NULL;
    const int64_t count = data->count;
    uint32_t *order = calloc((size_t)count, sizeof *order);
    unsigned char *seen = calloc((size_t)count, 1);
    int64_t once = -1;
    const an_pass whole = {.order = order, .count = count, .shards = shards};
    if (order && seen &&
        !an_loader_new(&loader, data, (an_fit){AN_FIT_WARP, SIDE, false}, BATCH, threads, NULL)) {
        plan(order, data, shards);
        const double start = an_clock();
        if (!an_loader_start_pass(loader, &whole))
            once = take_all(loader, seen, count);
        printf("one pass: %lld pictures once, %.2f s, ", (long long)once, an_clock() - start);
        print_usage();
    }
    an_loader_free(loader);
    free(order);
    free(seen);
    return once != count;
}

static int load(alexnet_dataset *data, const request *r)
{
    an_shard_order *shards;
    if (r->threads < 1)
        return 0;
    if (prepare(&shards, data, r)) {
        fprintf(stderr, "%s\n", an_error_text());
        return 1;
    }
    const int failed = pass(data, r->threads, shards);
    an_shard_order_free(shards);
    return failed;
}

int main(int argc, char **argv)
{
    alexnet_dataset *data;
    if (argc < 2 || argc == 5 || argc > 6) {
        fprintf(stderr, "usage: %s DATA [THREADS [random|shards [STRETCH WINDOW]]]\n", argv[0]);
        return 2;
    }
    const request r = {.threads = argc > 2 ? atoi(argv[2]) : 0,
                       .shards = argc > 3 && strcmp(argv[3], "shards") == 0,
                       .stretch = argc > 4 ? strtoull(argv[4], NULL, 10) << 10 : 0,
                       .window = argc > 4 ? strtoull(argv[5], NULL, 10) << 10 : 0};
    const double start = an_clock();
    if (an_dataset_open(&data, NULL, argv[1], NULL, NULL)) {
        fprintf(stderr, "%s\n", an_error_text());
        return 1;
    }
    printf("%lld pictures of %d classes: %.2f s, ", (long long)data->count, data->classes,
           an_clock() - start);
    print_usage();
    const int failed = load(data, &r);
    an_dataset_release(data);
    return failed;
}
