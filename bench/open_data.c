/*
 * How long a data set takes to open, and how much memory: `open_data DATA`, twice or more, since
 * the first time makes the index of archives.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "alexnet/alexnet.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    alexnet_ctx *ctx = NULL;
    alexnet_dataset *data = NULL;
    struct rusage usage;
    if (argc != 2) {
        fprintf(stderr, "usage: %s DATA\n", argv[0]);
        return 2;
    }
    const double start = now();
    const int failed =
        alexnet_ctx_new(&ctx, NULL) || alexnet_dataset_open(&data, ctx, argv[1], NULL);
    const double seconds = now() - start;
    getrusage(RUSAGE_SELF, &usage);
    if (failed)
        fprintf(stderr, "%s\n", alexnet_error_text());
    else
        printf("%lld pictures of %d classes: %.2f s (%.2f s of processor), %.0f MiB at most\n",
               (long long)alexnet_dataset_count(data), alexnet_dataset_class_count(data), seconds,
               (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec +
                   (double)usage.ru_stime.tv_sec + 1e-6 * (double)usage.ru_stime.tv_usec,
               (double)usage.ru_maxrss / 1024);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    return failed;
}
