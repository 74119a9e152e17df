/* What kernels share with backend.h, whose other types are not C++. */
#ifndef AN_BACKEND_CUDA_KERNELS_RECORDS_H
#define AN_BACKEND_CUDA_KERNELS_RECORDS_H

#include <stdint.h>

typedef struct an_score {
    double loss;
    int32_t above, level;
} an_score;

typedef struct an_results {
    double loss, top1, top5;
    int64_t images, not_finite;
} an_results;

typedef struct an_rates {
    double rate, decay, momentum, scale;
} an_rates;

typedef struct an_norm {
    double sum_squares;
    int64_t not_finite;
} an_norm;

#endif
