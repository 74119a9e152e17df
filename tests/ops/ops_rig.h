/*
 * What the tests of operators share: a context, a backend, descriptors, one run of operators on
 * ref. Includes cmocka.
 */
#ifndef TESTS_OPS_RIG_H
#define TESTS_OPS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/parity/chain.h"

/** Fail the test with the library's error text if `status` is not ALEXNET_OK. */
void rig_ok(alexnet_status status);

/** Fail the test unless `status` is `expected` and the error text holds `part`. */
void rig_refused(alexnet_status status, alexnet_status expected, const char *part);

/** A context for `device`, as an_backend_open() takes it; to be given to rig_free_ctx(). */
alexnet_ctx *rig_ctx(const char *device, alexnet_precision precision);
void rig_free_ctx(alexnet_ctx *ctx);

/** The reference backend, to be closed with an_backend_close(). */
an_backend *rig_open_ref(void);

/** An operator with one input of n x [c, h, w]; the caller fills in `u` and resolves. */
an_op_desc rig_desc(an_op_kind kind, int n, int c, int h, int w);

/** Resolve one operator and compute it on ref. The result is a chain of one link in host memory,
 *  which the caller closes before the backend. operands->dy = NULL: forward only, but for softmax.
 */
an_chain *rig_run(an_backend *ref, an_op_desc *desc, an_operands *operands, bool training);

/** Fail unless |got - expected| <= tolerance for every element; prints the first that is off. */
void rig_close(const double *got, const double *expected, int64_t count, double tolerance);

#endif
