/*
 * Parity of one convolution or fully connected layer at any batch size: some elements of each
 * result are computed here, one by one, because ref would take minutes for all of them.
 *
 * Operands and bounds are those of parity.h. Sums for gradients of weights are long here, and
 * tensor cores truncate towards zero after every 8 or 16 products. Where they add, u n / 8 of the
 * size of such a sum is allowed as well.
 */
#ifndef AN_BACKEND_PARITY_SAMPLE_H
#define AN_BACKEND_PARITY_SAMPLE_H

#include "backend/parity/parity.h"

/**
 * @param desc  resolved; AN_OP_CONV or AN_OP_FC
 * @param relu  forward, a ReLU follows
 * @return as an_parity_run()
 */
alexnet_status an_parity_sample(an_backend *backend, const an_op_desc *desc, bool relu,
                                const an_parity_options *options, an_parity *out);

#endif
