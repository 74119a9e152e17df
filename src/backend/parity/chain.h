/*
 * A run of operators on one backend: prepared operators joined end to end, their buffers, and
 * host operands in double. The backend's choices (how many operators it takes at once, layouts
 * between them) are honoured; inputs, output and gradients at the ends are plain.
 *
 * For parity and for tests; networks are compiled by model/.
 */
#ifndef AN_BACKEND_PARITY_CHAIN_H
#define AN_BACKEND_PARITY_CHAIN_H

#include "backend/parity/operands.h"

/** One prepared operator; pointers are into the backend's memory. */
typedef struct an_chain_link {
    an_prepared *op;
    int first; /* its first operator's index; it computes op->taken of them */
    void *y, *dy;
    void *param[AN_MAX_PARAMS], *dparam[AN_MAX_PARAMS];
    void *packed, *saved, *scratch;
} an_chain_link;

enum { AN_CHAIN_BUFFERS = 96 };

typedef struct an_chain {
    an_backend *backend;
    const an_op_desc *ops[AN_PARITY_MAX_OPS]; /* borrowed */
    int n_ops, n_links;
    an_parity_options options;
    an_chain_link link[AN_PARITY_MAX_OPS];
    void *x[AN_MAX_INPUTS], *dx[AN_MAX_INPUTS]; /* plain */
    void *slots, *pictures, *state;
    void *scores, *results; /* of softmax only */
    struct {
        void *block;
        size_t bytes;
    } buffers[AN_CHAIN_BUFFERS];
    int n_buffers;
} an_chain;

/** Prepare `ops`, descriptors that must outlive the chain, and allocate its memory. Freed by
 * an_chain_close(). */
alexnet_status an_chain_open(an_chain **out, an_backend *backend, const an_op_desc *const *ops,
                             int n_ops, const an_parity_options *options);
/** NULL allowed. */
void an_chain_close(an_chain *chain);

/** Copy the operands into the backend's memory and pack the parameters. */
alexnet_status an_chain_write(an_chain *chain, const an_operands *operands);
alexnet_status an_chain_forward(an_chain *chain);
/** After an_chain_forward(); options.gradients must have been set. */
alexnet_status an_chain_backward(an_chain *chain);
/** Copy `count` elements of param_dtype out of the backend's memory. */
alexnet_status an_chain_read(an_chain *chain, const void *src, int64_t count, double *dst);

/** The losses that a softmax left, [N]. */
alexnet_status an_chain_losses(an_chain *chain, double *losses);

/** Elements of a parameter; of a batch of activations. */
int64_t an_param_count(const an_op_desc *desc, int index);
int64_t an_batch_count(const an_op_desc *desc, an_chw shape);

#endif
