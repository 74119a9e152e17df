/*
 * What the tests of operators share: a backend, descriptors, one run of operators on
 * ref. Includes cmocka.
 */
#ifndef TESTS_OPS_RIG_H
#define TESTS_OPS_RIG_H

#include "unit/ctx_rig.h"

#include "backend/parity/chain.h"

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
