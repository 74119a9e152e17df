/*
 * The cuda backend's own kernels, as plain C functions that queue one operation on a stream.
 *
 * Operators are defined in src/op/ and src/backend/ref/. All pointers are to device memory. A
 * function returns 0, or the cudaError_t of the launch, and checks nothing else. Results do not
 * depend on the order in which blocks run: there are no atomic operations, and every sum has a
 * fixed order.
 *
 * An an_cuda_form describes activations in memory: plain N C H W in float32, or N H W C in float32
 * or bfloat16. A fully connected activation [N, C] is both (h = w = 1). If the channels are a
 * multiple of 8, they are read and written 16 bytes at a time; others are slower. Tensors begin at
 * multiples of 16 bytes, like the backend's memory, and have fewer than 2^31 elements (op/op.h).
 *
 * A convolution in groups leaves its output in parts: several N H W C tensors one after the other,
 * each with its share of the channels. Some kernels accept such a tensor; 0 or 1 part: it is whole.
 *
 * The same sources compile for the host, for tests (body.h).
 */
#ifndef AN_BACKEND_CUDA_KERNELS_KERNELS_H
#define AN_BACKEND_CUDA_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/copy_form.h"
#include "backend/state.h"
#include "op/augment.h"
#include "op/softmax.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CUstream_st an_cuda_stream; /* an_cuda_stream * is cudaStream_t */

enum { AN_CUDA_MAX_INPUTS = 8 };

/** The form of a batch of activations in memory. */
typedef struct an_cuda_form {
    int n, c, h, w;
    bool nhwc; /* N H W C, else N C H W */
    bool bf16; /* else float32; with nhwc, or where h = w = 1 */
} an_cuda_form;

/* ---- Local response normalisation: op/lrn.h -------------------------------------------------- */

typedef struct an_cuda_lrn_run {
    an_cuda_form form; /* of x, y, dy, dx */
    bool within;       /* within a map, else across maps */
    bool relu;         /* backward: x is the output of a ReLU, and dx the gradient before it */
    int parts;         /* of x and dx; only if an_cuda_lrn_takes_parts() */
    int pitch;        /* pixels from row to row of x and dx; 0: w. Backward clears the others of dx.
                         Only if an_cuda_lrn_takes_pitch(), and without parts */
    int size, groups; /* groups: across maps */
    float k, alpha, beta;
    const void *x;
    void *y;        /* forward: out */
    const void *dy; /* backward: in */
    void *dx;       /* backward: out */
    void *scratch;  /* backward: an_cuda_lrn_scratch() bytes */
} an_cuda_lrn_run;

size_t an_cuda_lrn_scratch(const an_cuda_lrn_run *run); /* 0 for AlexNet's LRN */
/** Whether x and dx can be in so many parts; whether they can have a pitch. */
bool an_cuda_lrn_takes_parts(const an_cuda_lrn_run *run, int parts);
bool an_cuda_lrn_takes_pitch(const an_cuda_lrn_run *run);
int an_cuda_lrn_forward(const an_cuda_lrn_run *run, an_cuda_stream *stream);
int an_cuda_lrn_backward(const an_cuda_lrn_run *run, an_cuda_stream *stream);

/* ---- Pooling: op/pool.h ---------------------------------------------------------------------- */

typedef struct an_cuda_pool_run {
    an_cuda_form in;  /* of x, dx */
    int parts;        /* of x and dx; only if an_cuda_pool_takes_parts() */
    int out_h, out_w; /* of y, dy; otherwise they are like `in` */
    int size, stride, pad;
    bool max;  /* else average */
    bool relu; /* max: include the ReLU before the pooling: the maximum starts from zero, and x may
                  be the ReLU's input or output. backward: dx is the gradient before the ReLU */
    const void *x;
    void *y;        /* forward: out */
    void *places;   /* max: an_cuda_pool_places() bytes, written by forward and read by backward;
                     NULL: no backward follows */
    const void *dy; /* backward: in */
    void *dx;       /* backward: out, written completely */
} an_cuda_pool_run;

size_t an_cuda_pool_places(const an_cuda_pool_run *run);
/** Whether x and dx can be in so many parts. */
bool an_cuda_pool_takes_parts(const an_cuda_pool_run *run, int parts);
int an_cuda_pool_forward(const an_cuda_pool_run *run, an_cuda_stream *stream);
int an_cuda_pool_backward(const an_cuda_pool_run *run, an_cuda_stream *stream);

/* ---- Element by element: op/neuron.h, op/dropout.h, eltsum, biases --------------------------- */

typedef enum an_cuda_function {
    AN_CUDA_IDENTITY, /* for a bias alone */
    AN_CUDA_RELU,
    AN_CUDA_TANH,
    AN_CUDA_LOGISTIC,
} an_cuda_function;

typedef struct an_cuda_neuron_run {
    an_cuda_form form;
    an_cuda_function function;
    float a, b;        /* tanh */
    const float *bias; /* forward: [C], added to x first; NULL: none */
    const void *x;     /* forward: in */
    void *y;           /* forward: out, may be x. backward: in */
    const void *dy;    /* backward: in */
    void *dx;          /* backward: out, may be dy */
} an_cuda_neuron_run;

int an_cuda_neuron_forward(const an_cuda_neuron_run *run, an_cuda_stream *stream);
int an_cuda_neuron_backward(const an_cuda_neuron_run *run, an_cuda_stream *stream);

/** dbias = SUM_{n,h,w} dy; with a ReLU after the bias, the sum of the gradient before the ReLU.
 * With a ReLU and a max pooling after the bias, dy is the gradient of the pooling's output, each
 * element of which goes to one place or to none. */
typedef struct an_cuda_bias_run {
    an_cuda_form form; /* of dy, relu_y, dx */
    const void *dy;
    const void *relu_y; /* output of the ReLU; NULL: none */
    void *dx;           /* with relu_y: out, dy where relu_y > 0, else 0; may be dy */
    const void *places; /* of the max pooling (an_cuda_pool_run); NULL: none */
    int window;         /* with places: the pooling's size */
    float *dbias;       /* [C] */
    bool accumulate;    /* add to dbias */
    void *scratch;      /* an_cuda_bias_scratch() bytes */
} an_cuda_bias_run;

size_t an_cuda_bias_scratch(const an_cuda_bias_run *run);
int an_cuda_bias_gradient(const an_cuda_bias_run *run, an_cuda_stream *stream);
/** Backward through an LRN, whose dx is bias->dy, and the gradient of the bias before it. Equals
 * the two functions one after the other, with one pass through memory less. */
int an_cuda_lrn_backward_bias(const an_cuda_lrn_run *lrn, const an_cuda_bias_run *bias,
                              an_cuda_stream *stream);

typedef struct an_cuda_eltsum_run {
    int64_t count; /* elements */
    bool bf16;
    int n_inputs; /* 1 .. AN_CUDA_MAX_INPUTS */
    const void *x[AN_CUDA_MAX_INPUTS];
    void *y; /* may be x[0]. Backward copies dy to each dx: cudaMemcpyAsync() */
} an_cuda_eltsum_run;

int an_cuda_eltsum(const an_cuda_eltsum_run *run, an_cuda_stream *stream);

/** Whether a kernel also transposes activations. */
typedef enum an_cuda_turn {
    AN_CUDA_AS_IT_IS,
    AN_CUDA_TO_ROWS,   /* x is N H W C and y is N C H W: the rows of a fully connected layer */
    AN_CUDA_FROM_ROWS, /* the reverse */
} an_cuda_turn;

/** y = x * m * kept, or x * always without seed (op/dropout.h). Backward does the same to dy. */
typedef struct an_cuda_dropout_run {
    an_cuda_form form; /* masks are always drawn in N C H W order; nhwc has no effect with a turn */
    an_cuda_turn turn; /* with a turn, y must not be x, and relu_y must be NULL */
    /* in device memory (an_step_state); seed NULL: no masks */
    const uint64_t *seed, *step, *before;
    double keep; /* as in the descriptor: an element whose word is below keep * 2^32 is kept */
    uint32_t layer;
    float kept, always; /* inverted dropout: 1 / keep and 1; mask: 1 and keep */
    bool relu;          /* forward: x goes through a ReLU first */
    const void *x;      /* dy in backward */
    void *y;            /* dx in backward; may be x */
    const void *relu_y; /* backward: output of the ReLU before the dropout, in `form`; dx is then
                           the gradient before the ReLU. NULL: none, and in forward */
} an_cuda_dropout_run;

int an_cuda_dropout(const an_cuda_dropout_run *run, an_cuda_stream *stream);

/* ---- Layouts, padding, concatenation --------------------------------------------------------- */

/** Some channels of a batch in memory: first .. first + c - 1 of `channels`. */
typedef struct an_cuda_part {
    void *data;
    bool nhwc, bf16; /* bf16 in either order */
    int channels, first;
} an_cuda_part;

/**
 * Copy c channels, possibly to another order or element type:
 *   - between layouts, also of weights: K C R S <-> K R S C is n = K, h = R, w = S;
 *   - padding with zeros: to.channels > c and pad_zeros clears channels first + c .. channels - 1;
 *   - concatenation: one call for each input, with to.first; its backward with from.first.
 */
typedef struct an_cuda_copy_run {
    int n, c, h, w;
    an_cuda_part from, to;
    bool pad_zeros;
    bool accumulate; /* add to the destination; for gradients */
} an_cuda_copy_run;

int an_cuda_copy(const an_cuda_copy_run *run, an_cuda_stream *stream);

/* ---- Softmax and loss: op/softmax.h, backend/ref/ref_softmax.c ------------------------------- */

typedef struct an_cuda_softmax_run {
    int n, c;
    bool x_bf16, dx_bf16;    /* else float32 */
    const void *x;           /* forward: logits [N, C] */
    float *y;                /* probabilities [N, C]; forward: out, backward: in */
    const an_slot *slots;    /* with labels; NULL: neither scores nor results */
    an_score *scores;        /* out, [N]; NULL: neither scores nor results */
    an_results *results;     /* out */
    const double *smoothing; /* in device memory (an_step_state), like weight */
    const double *weight;    /* backward */
    void *dx;                /* backward: out */
} an_cuda_softmax_run;

int an_cuda_softmax_forward(const an_cuda_softmax_run *run, an_cuda_stream *stream);
int an_cuda_softmax_backward(const an_cuda_softmax_run *run, an_cuda_stream *stream);

/* ---- Update and norms of tensors ------------------------------------------------------------- */

/** A learned tensor. */
typedef struct an_cuda_segment {
    float *param, *gradient, *momentum;
    float *square, *average; /* NULL: none */
    void *copy;              /* NULL: none */
    int64_t count;
    bool clear;          /* the gradient becomes 0 */
    an_copy_form form;   /* of the copy */
    int64_t first_block; /* set by an_cuda_update_plan() */
} an_cuda_segment;

typedef struct an_cuda_update_run {
    const an_cuda_segment *segments; /* [count], in device memory, with first_block set */
    int count;
    int64_t blocks;        /* from an_cuda_update_plan() */
    const an_rule *rule;   /* in device memory */
    const an_rates *rates; /* [count], in device memory */
} an_cuda_update_run;

/** Set first_block of segments in host memory, before they are copied to the device.
 * @return the launch's blocks */
int64_t an_cuda_update_plan(an_cuda_segment *segments, int count);
int an_cuda_update(const an_cuda_update_run *run, an_cuda_stream *stream);

/** A tensor to measure. */
typedef struct an_cuda_span {
    const float *data;
    int64_t count;
    int64_t first_block; /* set by an_cuda_norms_plan() */
} an_cuda_span;

typedef struct an_cuda_norms_run {
    const an_cuda_span *spans; /* [count], in device memory, with first_block set */
    int count;
    int64_t blocks;
    an_norm *partial;      /* scratch: [blocks] */
    an_norm *out;          /* [count], in device memory */
    double *norm;          /* out, in device memory: of all spans together; NULL: not wanted */
    const an_rates *rates; /* for `norm`: [count], in device memory */
} an_cuda_norms_run;

int64_t an_cuda_norms_plan(an_cuda_span *spans, int count);
int an_cuda_norms(const an_cuda_norms_run *run, an_cuda_stream *stream);

/** The losses of a batch, and the rule to hold if they are not finite; in device memory. */
typedef struct an_cuda_hold_run {
    const an_results *results;
    an_rule *rule;
} an_cuda_hold_run;

int an_cuda_hold(const an_cuda_hold_run *run, an_cuda_stream *stream);

/* ---- Pictures: op/augment.h ------------------------------------------------------------------ */

typedef struct an_cuda_augment_run {
    an_augment_desc desc;
    int n;
    const uint8_t *pictures; /* [pictures][P][P][3] */
    const an_slot *slots;    /* n */
    const float *mean;       /* as desc.mean says; NULL: none */
    void *y;
    bool nhwc, bf16; /* of y; bf16 with nhwc */
    int channels;    /* of y: 1 for grey, else 3; nhwc: also 4 or 8, with zeros after the third */
} an_cuda_augment_run;

int an_cuda_augment(const an_cuda_augment_run *run, an_cuda_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
