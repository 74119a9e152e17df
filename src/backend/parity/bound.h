/*
 * How far a backend may be from ref: a bound for every element, carried through an operator.
 *
 * u, b and e() are as in parity.h, L = 8, and n is the number of terms of a sum. [..] is the bound
 * of a result before it is stored; every tensor below gets [..] + b |value|:
 *
 *     conv, fc   [y]  = L sqrt(SUM w^2 (n u^2 x^2 + e(x)^2)), the bias being one more term
 *                [dx] = L sqrt(SUM w^2 (n u^2 dy^2 + e(dy)^2))
 *                [dw] = L sqrt(SUM dy^2 (n u^2 x^2 + e(x)^2) + (x^2 + e(x)^2) e(dy)^2)
 *                all computed by ref itself, run on squares; dw is stored with u, not b
 *     relu       [y]  = e(x), or 0 where x < -e(x)
 *                [dx] = e(dy) where y > 0; e(dy) + |dy| where |x| <= e(x): either side is right
 *     tanh       [y]  = |a b| e(x) + 8u |a|
 *                [dx] = |y'| e(dy) + |dy b/a| (2 |y| e(y) + 8u a^2)
 *     logistic   [y]  = e(x)/4 + 8u y
 *                [dx] = |y'| e(dy) + |dy| (|1 - 2y| e(y) + e(y)^2 + 4u)
 *     max pool   [y]  = largest e(x) of the window
 *                [dx] = SUM (e(dy) + 4u |dy|) over the windows that it may be the maximum of, plus
 *                       SUM |dy| over those of them where another may be
 *     avg pool   [y]  = SUM (e(x) + n u |x|) / n              [dx] = SUM (e(dy) + 4u |dy|) / n
 *     lrn        e(s) = 2 alpha SUM |x| e(x) + (n + 4) u s
 *                [y]  = s^-beta e(x) + |y| (beta e(s)/s + 8u)
 *                [dx] by the same rules from the formula in op/lrn.h
 *     dropout    [y]  = f e(x) + 2u |y|, f = 1/keep           [dx] likewise
 *     eltsum     [y]  = SUM e(x) + n u SUM |x|                [dx] = e(dy)
 *     concat     [y]  = e(x)                                  [dx] = e(dy)
 *     softmax    r    = u (8 + 4 sqrt(C) + 4 max|x|), the relative error of an exponential or sum
 *                [y]  = y (e(x) + SUM y e(x) + r)             [dx] = w ([y] + 5u) / SUM w; 13u
 *                with two labels or smoothing, for the roundings of the target t <= 1
 *                [loss] = SUM t e(x) + SUM y e(x) + r
 *     augment    own  = 8u |gain| (|scale| 255 + |scale| |m| + |colour|), m taken as 255;
 *                recoloured with |scale| (|offset| + 255 SUM |matrix row|) more
 *                [y]  = own; mixed 1.5 ((1 - share) own + share own of the partner), because two
 *                products and their sum add three roundings to the 8
 *
 * Functions of the mathematical library are allowed 8u: they err by a few units in the last place.
 */
#ifndef AN_BACKEND_PARITY_BOUND_H
#define AN_BACKEND_PARITY_BOUND_H

#include <math.h>

#include "backend/backend.h"

/** The values of one operator on ref, and the bounds to fill in (e_). All in host memory. */
typedef struct an_bound {
    double sum;   /* u: unit roundoff of sums and of parameters' gradients */
    double store; /* b: unit roundoff of stored activations */
    an_backend *ref;
    an_prepared *prepared; /* the operator on ref, to run on squares */
    const an_op_desc *desc;
    an_op_args args; /* the values; forward's, then backward's too */

    const double *e_x[AN_MAX_INPUTS], *e_dy; /* in */
    double *e_y, *e_loss;            /* out, forward; e_loss may be NULL. e_y is in, backward */
    double *e_dx[AN_MAX_INPUTS];     /* out, backward; NULL: not wanted */
    double *e_dparam[AN_MAX_PARAMS]; /* out, backward */
} an_bound;

/** Fill in e_y, and e_loss for softmax. @return ALEXNET_ERROR_NO_MEMORY */
alexnet_status an_bound_forward(const an_bound *bound);
/** Fill in e_dx and e_dparam. */
alexnet_status an_bound_backward(const an_bound *bound);

/** Add what a convolution's coarse_dw (an_prepared) allows: e_dparam[0] += SUM 2^-8 |sum|.
 * @param sums  how many, >= 1 */
alexnet_status an_bound_coarse_dw(const an_bound *bound, int sums);

/** Add what storing a tensor with unit roundoff `unit` allows: e += unit * |value|. */
static inline void an_bound_store(double *e, const double *value, int64_t count, double unit)
{
    for (int64_t i = 0; i < count; i++)
        e[i] += unit * fabs(value[i]);
}

/* A row of the table by operator; in the files bound*.c. */
typedef struct an_bound_op {
    alexnet_status (*forward)(const an_bound *bound);
    alexnet_status (*backward)(const an_bound *bound); /* NULL: there is no gradient */
} an_bound_op;

#define AN_OP(ID, name) extern const an_bound_op an_bound_##name;
#include "op/ops.def"
#undef AN_OP

#endif
