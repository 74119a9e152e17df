/*
 * Parity of one convolution or fully connected layer at any batch size: some elements of each
 * result are computed here, one by one, because ref would take minutes for all of them.
 *
 * Operands are those of parity.h, bounds those of backend/element.h, which allow for tensor cores
 * where there may be some.
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
