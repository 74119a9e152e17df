/*
 * What the tests of the cuda kernels share: an operator on `ref` with its bounds, activations in
 * the forms that kernels know, and outputs that are poisoned and fenced.
 *
 * Built twice: over the bodies of the kernels on the host, and with AN_CUDA_GPU over the kernels
 * themselves, in memory that both sides see.
 */
#ifndef TESTS_OPS_CUDA_RIG_H
#define TESTS_OPS_CUDA_RIG_H

#include "ops/ops_rig.h"

#include "backend/cuda/kernels/kernels.h"

/** The order in which the bodies' loops run (kernels/body.h). */
extern bool an_host_backwards;

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
/** The same in two steps, for operands of the caller's: c->operands becomes the case's. */
cuda_case *cuda_case_of(an_backend *ref, an_op_desc desc);
void cuda_case_run(cuda_case *c, bool training);
void cuda_case_free(cuda_case *c);
/** Fill in the bounds (parity/bound.h) for activations stored in a form. */
void cuda_case_bounds(cuda_case *c, const cuda_form *form);

an_cuda_form cuda_form_of(const cuda_form *form, int n, an_chw shape);

/** The result of a launch: fail unless it is 0; wait for the device, if there is one. */
void cuda_ok(int error);
/** 0, or 77 with a reason where a device is needed and there is none: what main() returns then. */
int cuda_absent(void);

/** Memory as the device gives it, poisoned, with a fence behind it; freed by cuda_free(), which
 * fails if the fence was crossed. */
void *cuda_block(size_t bytes);
void cuda_free(void *block);

/** A block that holds a copy of data of the host. */
void *cuda_move(const void *data, size_t bytes);

/** Activations in a form, a new block. */
void *cuda_put(const double *plain, const cuda_form *form, int n, an_chw shape);
/** A poisoned block for activations of a form. */
void *cuda_space(const cuda_form *form, int n, an_chw shape);
/** Element [n][c][pixel] of a block. */
double cuda_get(const void *block, const cuda_form *form, an_chw shape, int64_t plain_index);

/** Fail unless every element of a block is as expected within its bound; NULL: exactly, after
 * rounding to the form's element type. */
void cuda_expect(const char *what, const void *block, const cuda_form *form, int n, an_chw shape,
                 const double *expected, const double *bound);

/** Multiples of scale / 128 in [-scale, scale), from a stream of their own. Owned: an_free(). */
double *cuda_random(int64_t count, double scale, uint32_t stream);
/** A number below `end` from a stream. */
int cuda_pick(uint32_t stream, uint32_t i, int end);

/** The judge, which a group of tests opens and closes. */
extern an_backend *cuda_ref;
int cuda_open_ref(void **state);
int cuda_close_ref(void **state);

#endif
