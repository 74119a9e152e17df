/*
 * The weights of a convolution in the form that a primitive wants, for cpu_conv.c and conv_data.c:
 * as they are, or a packed copy.
 */
#ifndef AN_BACKEND_CPU_CONV_WEIGHTS_H
#define AN_BACKEND_CPU_CONV_WEIGHTS_H

#include "backend/cpu/onednn/reorder.h"

typedef struct an_conv_weights {
    const an_op_desc *desc;
    an_primitive *reorder; /* NULL: as they are */
    size_t at;             /* in args->packed */
    bool flipped;          /* first flipped (an_conv_flip), into scratch */
    size_t flipped_at;
} an_conv_weights;

/** @param op    whose packed copies and scratch grow
 *  @param desc  borrowed */
alexnet_status an_conv_weights_new(an_conv_weights *w, an_cpu_op *op, const an_op_desc *desc,
                                   bool flipped, const an_primitive *primitive);
void an_conv_weights_free(an_conv_weights *w);

/** Make the copy, if there is one, from the parameters. */
alexnet_status an_conv_weights_pack(const an_conv_weights *w, const an_cpu_op *op,
                                    const an_op_args *args);
/** What to give to the primitive. */
const void *an_conv_weights_of(const an_conv_weights *w, const an_op_args *args);

#endif
