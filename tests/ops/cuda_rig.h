/*
 * Shared by the tests of the cuda kernels: an operator computed on `ref` with its error bounds,
 * activations in every form that kernels accept, and outputs that are poisoned and fenced.
 *
 * Built twice: with the bodies of the kernels compiled for the host, and with AN_CUDA_GPU for the
 * kernels themselves, in memory that host and device share.
 */
#ifndef TESTS_OPS_CUDA_RIG_H
#define TESTS_OPS_CUDA_RIG_H

#include "ops/ops_rig.h"

#include "backend/cuda/kernels/body.h"
#include "backend/cuda/kernels/kernels.h"

/** A way to lay out activations. */
typedef struct cuda_form {
    const char *name;
    bool nhwc, bf16;
} cuda_form;
enum { CUDA_FORMS = 3 };
extern const cuda_form cuda_forms[CUDA_FORMS];

/** One operator with random operands that bfloat16 holds exactly, computed on ref. */
typedef struct cuda_case {
    an_backend *ref;
    an_op_desc desc;
    an_operands operands;
    an_chain *chain; /* values in double, N C H W: chain->x, chain->dx, chain->link[0].y, .dy */
    double *e_x[AN_MAX_INPUTS], *e_dx[AN_MAX_INPUTS], *e_y, *e_dy, *e_loss;
} cuda_case;

/** @param scale  operands are multiples of scale / 128 in [-scale, scale) */
cuda_case *cuda_case_new(an_backend *ref, an_op_desc desc, double scale, bool training);
/** The same in two steps: the caller fills in c->operands between them. The case owns these. */
cuda_case *cuda_case_of(an_backend *ref, an_op_desc desc);
void cuda_case_run(cuda_case *c, bool training);
void cuda_case_free(cuda_case *c);
/** Fill in the bounds (parity/bound.h) for activations stored in a form. */
void cuda_case_bounds(cuda_case *c, const cuda_form *form);

an_cuda_form cuda_form_of(const cuda_form *form, int n, an_chw shape);

/** Fail unless the result of a launch is 0, then wait for the device if there is one. */
void cuda_ok(int error);
/** 0; or, if a device is needed and absent, print why and return 77, which main() returns then. */
int cuda_absent(void);

/** Device memory, poisoned and followed by a fence. Freed with cuda_free(), which fails the test if
 * the fence was overwritten. */
void *cuda_block(size_t bytes);
void cuda_free(void *block);

/** A new block with a copy of host data. */
void *cuda_move(const void *data, size_t bytes);

/** A new block with activations, converted to a form. */
void *cuda_put(const double *plain, const cuda_form *form, int n, an_chw shape);
/** A poisoned block for activations of a form. */
void *cuda_space(const cuda_form *form, int n, an_chw shape);
/** Element [n][c][pixel] of a block. */
double cuda_get(const void *block, const cuda_form *form, an_chw shape, int64_t plain_index);

/** Fail unless every element of a block is as expected within its bound; NULL: exactly, after
 * rounding to the form's element type. */
void cuda_expect(const char *what, const void *block, const cuda_form *form, int n, an_chw shape,
                 const double *expected, const double *bound);

/** Random multiples of scale / 128 in [-scale, scale), from `stream`. Freed with an_free(). */
double *cuda_random(int64_t count, double scale, uint32_t stream);
/** Random number i of a stream, below `end`. */
int cuda_pick(uint32_t stream, uint32_t i, int end);

/** The reference; a group of tests opens and closes it. */
extern an_backend *cuda_ref;
int cuda_open_ref(void **state);
int cuda_close_ref(void **state);

#endif
