/*
 * What the network computes: descriptors of operators, their checks, output shapes, costs and
 * parameters. There is no arithmetic on tensors here: that is for backends, and backend/ref/
 * defines it in code.
 *
 * The caller fills in a descriptor (kind, n, inputs, u); an_op_resolve() then checks it and
 * computes the output's shape. After that it is immutable and valid: backends check nothing.
 */
#ifndef AN_OP_OP_H
#define AN_OP_OP_H

#include "op/augment.h"
#include "op/conv.h"
#include "op/dropout.h"
#include "op/fc.h"
#include "op/lrn.h"
#include "op/neuron.h"
#include "op/pool.h"
#include "tensor/tensor.h"

typedef enum an_op_kind {
#define AN_OP(ID, name) AN_OP_##ID,
#include "op/ops.def"
#undef AN_OP
    AN_OP_COUNT
} an_op_kind;

enum { AN_MAX_INPUTS = 8, AN_MAX_PARAMS = 2 };
enum { AN_MAX_WINDOW = 32767 }; /* largest filter, window, stride and padding */

typedef struct an_op_desc {
    an_op_kind kind;
    int n;        /* images (slots) per batch, >= 1 */
    int n_inputs; /* 1, except for concat and eltsum; augment has none */
    an_chw in[AN_MAX_INPUTS];
    an_chw out; /* set by an_op_resolve() */
    union {
        an_augment_desc augment;
        an_conv_desc conv;
        an_fc_desc fc;
        an_neuron_desc neuron;
        an_pool_desc pool;
        an_lrn_desc lrn; /* AN_OP_LRN and AN_OP_LRN_WITHIN */
        an_dropout_desc dropout;
    } u;
} an_op_desc;

/** A parameter tensor of an operator. */
typedef struct an_param_info {
    const char *name; /* "weight", "bias", "mean" */
    an_shape shape;
    bool learned; /* has a gradient and momentum; false for the mean */
} an_param_info;

/** A row of the table: what op/<name>.c defines for its operator. */
typedef struct an_op_info {
    const char *name;
    int min_inputs, max_inputs;
    /** Check `u` against the inputs, which are valid, and set `out`. Error texts name the quantity,
     *  its value and what is allowed. */
    alexnet_status (*resolve)(an_op_desc *desc);
    /** Fill in the parameters in order (weight before bias); returns how many. NULL: none. */
    int (*params)(const an_op_desc *desc, an_param_info params[AN_MAX_PARAMS]);
    /** Multiply-adds of the forward pass for one image. NULL: not counted. */
    int64_t (*mult_adds)(const an_op_desc *desc);
    /** Write windows and groups for an_op_signature(), with a leading blank. NULL: none. */
    void (*windows)(const an_op_desc *desc, char *text, size_t size);
} an_op_info;

extern const an_op_info *const an_op_table[AN_OP_COUNT];

/**
 * Check a descriptor and compute its output's shape.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT with a text such as "filterSize 11 is larger than the
 *         padded input 8", or _UNSUPPORTED if a tensor would have 2^31 elements or more
 */
alexnet_status an_op_resolve(an_op_desc *desc);
int an_op_params(const an_op_desc *desc, an_param_info params[AN_MAX_PARAMS]);
int64_t an_op_mult_adds(const an_op_desc *desc);

/** Room for a signature with its terminator. */
enum { AN_OP_SIGNATURE = 160 };
/** An operator's geometry as text, without the batch:
 *  "conv 3x3/1 groups 1 256x13x13 to 384x13x13". */
void an_op_signature(const an_op_desc *desc, char text[AN_OP_SIGNATURE]);

/**
 * The size rule that convolution and pooling share (layer.py of 2012).
 *     out = 1 + round((in + pad_low + pad_high - window) / stride),   round: floor or ceil
 * With ceil, a last window that would start beyond the input and its low padding is dropped.
 * @param in, window, stride >= 1; pads >= 0, at most AN_MAX_WINDOW
 * @return the number of outputs, or 0 if the window is larger than the padded input
 */
int an_window_count(int in, int pad_low, int pad_high, int window, int stride, bool ceil);

#endif
