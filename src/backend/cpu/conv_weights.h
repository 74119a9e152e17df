/*
 * The weights of a convolution in the form that a primitive takes, for cpu_conv.c and conv_data.c:
 * the parameter itself, or a packed copy.
 */
#ifndef AN_BACKEND_CPU_CONV_WEIGHTS_H
#define AN_BACKEND_CPU_CONV_WEIGHTS_H

#include "backend/cpu/onednn/reorder.h"

typedef struct an_conv_weights {
    const an_op_desc *desc;
    an_primitive *reorder; /* NULL: the parameter itself is used */
    size_t at;             /* offset in args->packed */
    bool flipped;          /* they are first flipped into scratch (an_conv_flip) */
    size_t flipped_at;
} an_conv_weights;

/** @param op    its packed copies and scratch grow
 *  @param desc  borrowed */
alexnet_status an_conv_weights_new(an_conv_weights *w, an_cpu_op *op, const an_op_desc *desc,
                                   bool flipped, const an_primitive *primitive);
void an_conv_weights_free(an_conv_weights *w);

/** Make the copy, if there is one, from the parameters. */
alexnet_status an_conv_weights_pack(const an_conv_weights *w, const an_cpu_op *op,
                                    const an_op_args *args);
/** The pointer to give to the primitive. */
const void *an_conv_weights_of(const an_conv_weights *w, const an_op_args *args);

#endif
