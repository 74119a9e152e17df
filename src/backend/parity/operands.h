/*
 * Random operands for a comparison with `ref`.
 */
#ifndef AN_BACKEND_PARITY_OPERANDS_H
#define AN_BACKEND_PARITY_OPERANDS_H

#include "backend/parity/parity.h"

/** The operands of a run, in host memory. Tensors are float64 in canonical order. */
typedef struct an_operands {
    double *x[AN_MAX_INPUTS];                        /* of the first operator */
    double *param[AN_PARITY_MAX_OPS][AN_MAX_PARAMS]; /* by operator */
    double *dy;                                      /* of the last operator's output */
    an_slot *slots;                                  /* n; for augment and softmax */
    uint8_t *pictures;                               /* for augment */
    an_step_state state;
} an_operands;

/**
 * Draw operands (parity.h) for a run of operators.
 * @param coarse  multiples of 2^-7 instead of 2^-23
 * @param out     freed by an_operands_free(), also after an error
 */
alexnet_status an_operands_draw(an_operands *out, const an_op_desc *const *ops, int n_ops,
                                uint64_t seed, bool coarse);
void an_operands_free(an_operands *operands);

/** A new tensor of zeros, freed by an_free(). */
alexnet_status an_operand_new(double **out, int64_t count);
/** The number in [-1, 1) that random bits represent. */
double an_operand_of(uint32_t bits, bool coarse);
/** The factor for weights that preserves the variance of uniform inputs: 3/sqrt(fan-in),
 * as a power of two. */
double an_operand_scale_of_weights(double fan_in);

#endif
