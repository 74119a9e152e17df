/*
 * Bindings: which tensors of a file hold the values of a parameter, and how.
 *
 * In most files a parameter is a tensor of its own shape. Others hold it
 *   - in another shape with the same elements in the same order: Caffe's old files have four
 *     dimensions, [1, 1, out, in] and [1, 1, 1, n]; a fully connected layer may be a convolution,
 *     [4096, 256, 6, 6], as the heads of timm's networks are;
 *   - transposed, [in, out];
 *   - as two towers, the layer split in half by its outputs. In the 2012 code the second tower's
 *     half of the second fully connected layer reads its own tower first, so that the halves of its
 *     columns are swapped.
 */
#ifndef AN_MODEL_RECOGNISE_BINDING_H
#define AN_MODEL_RECOGNISE_BINDING_H

#include "format/tensor_file.h"
#include "model/program/net.h"

typedef struct an_binding {
    int entries[2]; /* indices in the file: the tensor, or that of each tower; -1: none. If both are
                       -1, the parameter is zeros */
    bool transposed; /* [in, out] */
    bool swapped;    /* the halves of the second tower's columns are swapped */
} an_binding;

/** A binding to nothing. */
#define AN_BINDING_NONE ((an_binding){.entries = {-1, -1}})

/** Whether a binding names a tensor. */
bool an_binding_is(const an_binding *binding);
/**
 * Whether a parameter of a shape can be read through a binding.
 * @param why  receives the reason if it cannot: what was expected and what was found, without names
 */
bool an_binding_fits(const an_binding *binding, const an_tensor_file *file, an_shape shape,
                     char why[256]);
/**
 * Read a parameter of a net through a binding that fits, piece by piece. Whatever the tensor's size
 * and type, that needs only a few megabytes more, or some 16 (32 in float64) if it is transposed.
 * @return ALEXNET_ERROR_FORMAT also for values that are not finite
 */
alexnet_status an_binding_read(const an_binding *binding, an_tensor_file *file, an_net *net,
                               an_arena arena, int param);

#endif
