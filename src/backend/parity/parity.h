/*
 * Parity: compares a run of operators on one backend with the same run on `ref`, in both passes.
 *
 * Operands are drawn with an_random(seed, AN_PURPOSE_TEST): uniform multiples of 2^-23 around zero,
 * or of 2^-7 on a backend that computes in bf16 or tf32. The operands are then exact in its types,
 * and only the computation rounds. Inputs of the run and the gradient of its output are
 * AN_LAYOUT_PLAIN in the backend's param_dtype; between two prepared operators the backend keeps
 * its own layouts.
 *
 * What is allowed. Every element of every tensor gets a bound, carried through the run from
 * operator to operator along with ref's values (bound.h has the formulas). Let u be the unit
 * roundoff of float32, 2^-24, and b that of stored activations: 2^-24, 2^-11 for tf32 (which rounds
 * them when they are read) or 2^-8 for bf16. Then
 *
 *     sum of n products a*b     8 * sqrt(n u^2 SUM a^2 b^2 + SUM b^2 e(a)^2 + SUM a^2 e(b)^2)
 *     stored activation y       + b |y|
 *
 * where e() is the bound of an operand. The first bound is statistical. The terms have random signs
 * and a size of t, so the partial sums are a random walk W of n steps. Each rounding adds an
 * independent error with a standard deviation of 0.42 u |W|, which together is 0.42 u sqrt(SUM
 * W^2). For a walk, P(SUM W^2 > z n^2 t^2) falls as exp(-pi^2 z / 8), and the chance that such an
 * error exceeds 0.42 a u n t as exp(-pi a / 2). The bound is 8 u n t, a = 19: 1e-13 for each
 * element when all terms are added one after the other, and far less for sums in blocks. (The
 * largest of 3e5 elements should then be near 0.42 * 8 of these 8; measured: 0.3 to 0.5.) The worst
 * case, n u SUM |a b|, would be a hundred times wider and would accept a float32 sum computed in
 * tf32, or one with a wrong term among thousands.
 *
 * Where a value decides something (its sign at ReLU, the largest of a window) and the bound leaves
 * the decision open, both outcomes are allowed.
 */
#ifndef AN_BACKEND_PARITY_PARITY_H
#define AN_BACKEND_PARITY_PARITY_H

#include "backend/backend.h"

enum { AN_PARITY_MAX_OPS = 6 };

typedef struct an_parity_options {
    bool training;  /* prepare for training: dropout draws masks */
    bool gradients; /* compare dx and the parameters' gradients too */
    bool first;     /* as a network's first operator: dx is not wanted */
    int split;      /* as an_prepare.split, >= 1 */
    uint64_t seed;
} an_parity_options;

/** The result: deviations as fractions of what is allowed; a value above 1, or infinity for one
 *  that is not finite, is a failure. */
typedef struct an_parity {
    double forward;  /* of the output, and of the loss */
    double dx;       /* of the inputs' gradients; 0 if not asked for */
    double dw;       /* of the parameters' gradients; 0 if not asked for or without parameters */
    double worst;    /* the largest of the three */
    char where[160]; /* the worst element: "dx[17] is 0.25, expected 0.5 +- 1e-6" */
    char impl[256];  /* implementations that the backend chose, joined by " + " */
} an_parity;

/**
 * Run `ops` on both backends and compare.
 * @param ops      resolved; each reads only the output of the previous one; the first may have
 *                 several inputs. Only the last may be softmax.
 * @param n_ops    1 .. AN_PARITY_MAX_OPS
 * @return errors of the backends and ALEXNET_ERROR_NO_MEMORY; a deviation is not an error
 */
alexnet_status an_parity_run(an_backend *backend, an_backend *ref, const an_op_desc *const *ops,
                             int n_ops, const an_parity_options *options, an_parity *out);

/** A named run of operators, not yet resolved. */
typedef struct an_parity_case {
    const char *name; /* "conv2 + relu" */
    int n_ops;
    bool training;
    an_op_desc ops[3]; /* for followers only kind and u are filled in */
} an_parity_case;

/** Every operator of AlexNet at the sizes of its layers, in batches of 1 to 4. conv2 to conv5 and
 * the fully connected layers have fewer outputs, so that all cases take a few seconds on one
 * core. */
extern const an_parity_case an_parity_cases[];
extern const int an_parity_case_count;

/** Resolve a case and run it, with gradients where it has them. A convolution of pixels (4 maps at
 * most) is run as a network's first operator. */
alexnet_status an_parity_case_run(an_backend *backend, an_backend *ref, const an_parity_case *which,
                                  uint64_t seed, an_parity *out);

#endif
