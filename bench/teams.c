/*
 * What it costs OpenMP to change the size of its team: microseconds of a parallel region of FIRST
 * threads and one of SECOND, median of ROUNDS. GCC's runtime ends the threads that a region does
 * not use, and starts new ones for the next larger region.
 *
 *     bench_teams [FIRST SECOND [ROUNDS]]     8 4 1000
 *
 * SPDX-License-Identifier: MIT
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"

static void region(int threads)
{
    int started = 0;
#pragma omp parallel num_threads(threads) reduction(+ : started)
    started += 1;
    if (started != threads) {
        fprintf(stderr, "%d of %d threads\n", started, threads);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    int first = argc > 1 ? atoi(argv[1]) : 8, second = argc > 2 ? atoi(argv[2]) : 4;
    int rounds = argc > 3 ? atoi(argv[3]) : 1000;
    double *seconds = rounds > 0 ? an_calloc((size_t)rounds, sizeof *seconds) : NULL;
    if (!seconds || first < 1 || second < 1)
        return 2;
    omp_set_dynamic(0);
    region(first);
    for (int i = 0; i < rounds; i++) {
        double start = an_clock();
        region(first);
        region(second);
        seconds[i] = an_clock() - start;
    }
    printf("%d and %d threads: %.1f us\n", first, second, an_median(seconds, rounds) * 1e6);
    an_free(seconds);
    return 0;
}
