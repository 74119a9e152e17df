/*
 * How much time and memory opening a data set takes: `open_data DATA [THREADS]`. Run it twice or
 * more, because the first run makes the index of archives. With THREADS it also makes one pass over
 * all pictures in a random order, in which each must come exactly once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"
#include "data/loader.h"

static void print_usage(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%.2f s of processor, %.0f MiB at most\n",
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
    while (an_loader_next(loader, &batch, &more) == ALEXNET_OK && more)
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

static int pass(alexnet_dataset *data, int threads)
{
    enum { BATCH = 128, SIDE = 8 };
    an_loader *loader = NULL;
    const int64_t count = data->count;
    uint32_t *order = calloc((size_t)count, sizeof *order);
    unsigned char *seen = calloc((size_t)count, 1);
    int64_t once = -1;
    const double start = an_clock();
    if (order && seen &&
        !an_loader_new(&loader, data, (an_fit){AN_FIT_WARP, SIDE, false}, BATCH, threads, NULL)) {
        an_shuffle(order, (uint32_t)count, 1, AN_PURPOSE_SHUFFLE, 0);
        if (!an_loader_start(loader, order, count, 0))
            once = take_all(loader, seen, count);
    }
    printf("one pass: %lld pictures once, %.2f s, ", (long long)once, an_clock() - start);
    an_loader_free(loader);
    free(order);
    free(seen);
    return once != count;
}

int main(int argc, char **argv)
{
    alexnet_dataset *data;
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s DATA [THREADS]\n", argv[0]);
        return 2;
    }
    const double start = an_clock();
    if (an_dataset_open(&data, NULL, argv[1], NULL, NULL)) {
        fprintf(stderr, "%s\n", an_error_text());
        return 1;
    }
    printf("%lld pictures of %d classes: %.2f s, ", (long long)data->count, data->classes,
           an_clock() - start);
    print_usage();
    const int failed = argc == 3 ? pass(data, atoi(argv[2])) : 0;
    if (argc == 3)
        print_usage();
    an_dataset_release(data);
    return failed;
}
