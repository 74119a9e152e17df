/*
 * A matrix product by cuBLASLt, prepared: its algorithm is chosen and its workspace known.
 *
 *     C [n x m] = B [n x k] A [k x m]        in row-major order
 *
 * cuBLASLt, whose matrices are column-major, sees c = a b with columns of m elements. A and B may
 * be stored transposed.
 */
#ifndef AN_BACKEND_CUDA_MATMUL_H
#define AN_BACKEND_CUDA_MATMUL_H

#include "backend/cuda/cuda.h"

typedef struct an_cuda_matmul_shape {
    int64_t m, n, k;
    bool a_transposed; /* A is stored as [m x k], else [k x m] */
    bool b_transposed; /* B is stored as [k x n], else [n x k] */
    an_dtype in, out;  /* of A and B; of C and the bias */
    bool bias;         /* [m], added to every row of C */
    bool accumulate;   /* add to C */
    int64_t batch;     /* images; decides whether algorithms are timed (trial.h) */
} an_cuda_matmul_shape;

typedef struct an_cuda_matmul an_cuda_matmul;

/** @param variant  in and out: which of cuBLASLt's proposals (trial.h); one that does not exist
 *                  becomes the first */
alexnet_status an_cuda_matmul_new(an_cuda_matmul **out, an_cuda *cuda,
                                  const an_cuda_matmul_shape *shape, an_variant *variant);
void an_cuda_matmul_free(an_cuda_matmul *matmul); /* NULL allowed */
size_t an_cuda_matmul_workspace(const an_cuda_matmul *matmul);
alexnet_status an_cuda_matmul_run(const an_cuda_matmul *matmul, const void *a, const void *b,
                                  void *c, const void *bias, void *workspace);

#endif
