/*
 * The interface of a backend: a table of functions, most of which work on a prepared operator.
 *
 * Life of an operator: op_prepare() is called once; it makes every choice and fixes every size.
 * Then op_pack() is called whenever the parameters have changed, op_forward() and op_backward() any
 * number of times. Nothing is allocated after op_prepare().
 *
 * Memory: alloc() gives pointers into the backend's own memory. Host code may add byte offsets to
 * them, but reaches the contents through write() and read() alone.
 *
 * Element types: parameters, gradients, momentum and means have the backend's `param_dtype`
 * (float32; float64 on ref) in canonical order. Activations have the dtype of their layout.
 * Pictures are uint8. Slots, the step state, rates, scores and results are the structs an_slot,
 * an_step_state, an_rates, an_score and an_results.
 */
#ifndef AN_BACKEND_BACKEND_H
#define AN_BACKEND_BACKEND_H

#include "backend/copy_form.h"
#include "backend/layout.h"
#include "backend/state.h"
#include "backend/tuning.h"
#include "base/context.h"
#include "op/op.h"
#include "op/softmax.h"

typedef struct an_backend_api an_backend_api;

/** An open device. A backend's own struct begins with it. */
typedef struct an_backend {
    const an_backend_api *api;
    int ordinal; /* which of its devices, from 0 */
    alexnet_ctx *ctx;
    an_dtype param_dtype;
    alexnet_precision precision;        /* FP32, TF32 or BF16; FP32 on ref */
    bool deterministic;                 /* as the context says, or the run that is resumed */
    alexnet_device_info info;           /* by describe() */
    an_tuning *tuning, *default_tuning; /* which variants to use: the caller's choice, which takes
                                           precedence, and the backend's table; NULL: none */
} an_backend;

/** The arguments of op_prepare(). */
typedef struct an_prepare {
    const an_op_desc *const *ops; /* a run of operators: each is the only reader of the previous
                                     one. A softmax can only be the last, and is never fused */
    int n_ops;                    /* >= 1 */
    const an_layout *in;          /* layouts of the inputs of ops[0]; NULL for augment */
    bool masks;                   /* dropout draws masks */
    bool training;                /* the program computes gradients, of this operator or of others:
                                     forward gives the same bits as in training */
    bool want_dx, want_dw;        /* whether op_backward() will be asked for them */
    bool next_dw;                 /* the same of the parameters of ops[1] */
    bool accumulate;              /* op_backward() adds to dparam instead of writing it */
    bool plain_out;               /* the output must be AN_LAYOUT_PLAIN in param_dtype */
    bool untried;                 /* do not choose by trial: trials take time and memory */
    int split;                    /* grouping of weight-gradient sums, >= 1 */
} an_prepare;

/** A prepared run of operators. A backend's own struct begins with it. */
typedef struct an_prepared {
    int taken;           /* how many of the operators it computes, from the first, >= 1 */
    an_layout out;       /* of the last one's output */
    size_t packed;       /* bytes for its copy of the parameters; 0: none */
    const char *packing; /* names the form of that copy: operators of one node with equal names
                            can share it. Lives as long as the operator. NULL: not shared */
    bool updated; /* update() keeps the whole copy up to date if an_segment.copy points to it:
                     op_pack() is needed only after parameters were written in another way */
    an_copy_form copied[AN_MAX_PARAMS]; /* if `updated`: where each parameter is in the copy */
    size_t saved;     /* bytes that forward writes for backward, beyond x and y; 0 for inference */
    size_t scratch;   /* bytes needed during a call; the contents are lost between calls */
    bool tunable;     /* the first of the operators comes in several variants */
    const char *tail; /* if `tunable`: a word of the backend's for what else decides which variants
                         exist (tuning.h); static. NULL: nothing */
    an_variants variants; /* if `tunable`: those in use */
    bool tried; /* a choice was made by trial, now or earlier: prepared with `untried`, the operator
                   may need less scratch */
    int coarse_dw;    /* a convolution's gradient of weights consists of so many sums, which are
                         rounded to bfloat16: of N, the first is over columns 0, N, 2N... of the
                         output, the second over 1, N + 1... 0: it is not rounded */
    const char *impl; /* name of the implementation, for reports; static */
} an_prepared;

/**
 * Tensors of one call. `x`, `dx` have n_inputs entries. Parameters are those of ops[0] (followers
 * have none), in the order of an_op_params().
 */
typedef struct an_op_args {
    const void *x[AN_MAX_INPUTS]; /* forward and backward */
    void *y;                      /* forward: out. backward: in, as forward wrote it */
    const void *dy;               /* backward: in; softmax has none */
    void *dx[AN_MAX_INPUTS];      /* backward: out, written (not added to); NULL: not wanted */
    const void *param[AN_MAX_PARAMS];
    void *dparam[AN_MAX_PARAMS]; /* backward: out, written or added to; NULL: not wanted */
    void *packed, *saved, *scratch;
    const an_step_state *state; /* dropout, softmax */
    const an_slot *slots;       /* augment, softmax; n entries */
    const void *pictures;       /* augment */
    an_score *scores; /* softmax: out, one for each slot; NULL: not wanted, and then forward accepts
                         NULL slots too */
    an_results *results; /* softmax: out, the sums of the scores; NULL if and only if scores is */
} an_op_args;

/** A parameter tensor to update. */
typedef struct an_segment {
    void *param;
    void *gradient; /* not written unless `clear` */
    void *momentum;
    void *copy;        /* the packed copy in which to keep a copy of param up to date
                          (an_prepared.updated); NULL: none */
    an_copy_form form; /* of param in `copy` */
    int64_t count;
    void *square;  /* Adam's second moment; NULL: another rule */
    void *average; /* average of the parameter over the updates; NULL: none */
    bool clear;    /* set the gradient to 0 after use */
} an_segment;

/** A list of segments, prepared by a backend. */
typedef struct an_update an_update;

/** A run of steps that a backend has recorded. */
typedef struct an_capture an_capture;

/** Elements of param_dtype to measure. */
typedef struct an_span {
    const void *data;
    int64_t count;
} an_span;

/** Measured by peak(). */
typedef struct an_peak {
    double flops;     /* operations per second; a multiplication and an addition are two */
    const char *with; /* what was repeated: an instruction, or a library's product; static */
    double copied;    /* bytes per second of a copy within the device, reads and writes added; 0:
                         not measured */
} an_peak;

struct an_backend_api {
    const char *name; /* "ref", "cpu" */
    /** Names of the variants that its operators come in, as tunings spell them, ending with NULL;
     * the first is the default. NULL: there are none. */
    const char *const *variants;
    bool tf32;      /* its devices that have bf16 have tf32 too */
    bool proposals; /* a variant is the number of one of a library's proposals: which one depends on
                       the processor, the library and the batch size */

    /**
     * Describe device `ordinal`; its name is `name` for 0, "name:ordinal" for the others.
     * If the machine lacks it, available is false and what is known is filled in.
     * @return false past the last; there is always a device 0
     */
    bool (*describe)(alexnet_device_info *info, int ordinal, alexnet_isa max_isa);
    /** Open device `ordinal` for a precision (AUTO is resolved by the caller). A precision that the
     *  device lacks becomes FP32. */
    alexnet_status (*open)(an_backend **out, alexnet_ctx *ctx, int ordinal,
                           alexnet_precision precision);
    void (*close)(an_backend *backend);
    alexnet_status (*sync)(an_backend *backend);

    /** Zeroed memory, aligned to 64 bytes. The error says how much did not fit. */
    alexnet_status (*alloc)(an_backend *backend, size_t bytes, void **out);
    void (*free)(an_backend *backend, void *block, size_t bytes);
    alexnet_status (*write)(an_backend *backend, void *dst, const void *src, size_t bytes);
    alexnet_status (*read)(an_backend *backend, void *dst, const void *src, size_t bytes);

    alexnet_status (*op_prepare)(an_backend *backend, const an_prepare *prepare, an_prepared **out);
    /** Fill args->packed from args->param. */
    alexnet_status (*op_pack)(an_backend *backend, an_prepared *op, const an_op_args *args);
    alexnet_status (*op_forward)(an_backend *backend, an_prepared *op, const an_op_args *args);
    /** dx and dparam from dy; x, y and saved as forward left them. */
    alexnet_status (*op_backward)(an_backend *backend, an_prepared *op, const an_op_args *args);
    void (*op_free)(an_backend *backend, an_prepared *op);

    /** Take a list of segments, which is copied. */
    alexnet_status (*update_prepare)(an_backend *backend, const an_segment *segments, int count,
                                     an_update **out);
    /** Write the norm of all gradients of the list together to state->rule.norm. Values that are
     * not finite are left out. If the update is held, the norm is meaningless. */
    alexnet_status (*gradient_norm)(an_backend *backend, an_update *update, an_step_state *state,
                                    const an_rates *rates);
    /**
     * Apply the update rule, unless it is held. g is the gradient, divided and clipped as
     * state->rule says.
     *
     *     2012 (paper section 5; weights.cu)
     *         v = momentum v - rate g;   if decay > 0: v = v - decay rate w;   w = w + v
     *     Nesterov: looks one step of momentum ahead (Sutskever et al. 2013)
     *         d = -rate g;   if decay > 0: d = d - decay rate w
     *         v = momentum v + d;   w = w + momentum v + d
     *     Adam (Kingma and Ba 2015): first, g = g + decay w
     *     AdamW (Loshchilov and Hutter 2019): first, w = w - decay rate w
     *         v = momentum v + (1 - momentum) g;   q = beta2 q + (1 - beta2) g g
     *         w = w - rate (v / correction of v) / (sqrt(q / correction of q) + epsilon)
     *
     * The copy is then made from w. A segment whose rate is 0 skips all of this. Last, where the
     * segment has an average or `clear`:
     *
     *     average = average + share (w - average);   gradient = 0
     *
     * @param state, rates  in the backend's memory; the rates of each segment
     */
    alexnet_status (*update)(an_backend *backend, an_update *update, const an_step_state *state,
                             const an_rates *rates);
    void (*update_free)(an_backend *backend, an_update *update);
    /** The sum of squares and the number of non-finite values of each span, into host memory. */
    alexnet_status (*norms)(an_backend *backend, const an_span *spans, int count, an_norm *out);
    /** If losses of the batch are not finite, set state->rule.held: the next update then changes
     * nothing, so that the cause can be found. Both structs are in the backend's memory. */
    alexnet_status (*hold)(an_backend *backend, const an_results *results, an_step_state *state);

    /**
     * Measure the peak rate of multiplications and additions in FP32, TF32 or BF16. A CPU runs them
     * on the context's threads with all operands in registers, in about a third of a second; a GPU
     * runs a matrix product. NULL: the backend cannot measure it.
     * @return ALEXNET_ERROR_NOT_AVAILABLE for a precision that the device lacks
     */
    alexnet_status (*peak)(an_backend *backend, alexnet_precision precision, an_peak *out);

    /* ---- For devices that work asynchronously; NULL where a backend lacks one ---------------- */

    /** Bytes of its own memory that are free. */
    alexnet_status (*available)(an_backend *backend, uint64_t *bytes);
    /** Host memory that copy_ahead() reads without waiting. */
    alexnet_status (*alloc_host)(an_backend *backend, size_t bytes, void **out);
    void (*free_host)(an_backend *backend, void *block, size_t bytes);
    /**
     * Copy a batch to one of two buffers on the device, 0 or 1, while another batch is computed.
     * The copy begins when the work before the buffer's last retire() has ended, and may not be
     * complete on return: `src` must not change before copied() or sync().
     */
    alexnet_status (*copy_ahead)(an_backend *backend, int buffer, void *dst, const void *src,
                                 size_t bytes);
    /** Wait until the copies to a buffer are complete. */
    alexnet_status (*copied)(an_backend *backend, int buffer);
    /** Make later work wait for the copies to a buffer. */
    alexnet_status (*await)(an_backend *backend, int buffer);
    /** No later work reads the present contents of the buffer. */
    alexnet_status (*retire)(an_backend *backend, int buffer);
    /** Between the two, operators and updates are recorded instead of run. */
    alexnet_status (*capture_begin)(an_backend *backend);
    alexnet_status (*capture_end)(an_backend *backend, an_capture **out);
    /** Run what was recorded, on the same memory. */
    alexnet_status (*replay)(an_backend *backend, an_capture *capture);
    void (*capture_free)(an_backend *backend, an_capture *capture);
    /** Do not begin the work that is queued from now on for some milliseconds. In that time the
     * host can queue a whole step, so that between time stamps the device never waits for the host.
     */
    alexnet_status (*delay)(an_backend *backend);
    /** Record a time stamp, 0 <= index < AN_MARKS; elapsed() waits for the second one. */
    alexnet_status (*mark)(an_backend *backend, int index);
    alexnet_status (*elapsed)(an_backend *backend, int first, int second, double *seconds);
};

enum { AN_MARKS = 256 };

/** The backends of this build, best first; the build generates the list (registry.c.in). */
extern const an_backend_api *const an_backends[];
extern const int an_backend_count;

/** A device that this build knows of. */
typedef struct an_device {
    const an_backend_api *api;
    int ordinal;              /* which of the backend's devices */
    alexnet_device_info info; /* available or not */
} an_device;

/** Device `index` of all backends, best first. @return false past the last */
bool an_device_at(an_device *out, int index, alexnet_isa max_isa);
/**
 * Find an available device by name: NAME (which is NAME:0) or NAME:ORDINAL; "auto" is the best.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for a name that no device has,
 *         ALEXNET_ERROR_NOT_AVAILABLE for one that this build or machine does not have
 */
alexnet_status an_device_find(an_device *out, const char *name, alexnet_isa max_isa);

/** What a run began with: the device and precision to use where the context says auto, and the text
 * of a tuning to use if the context has none. */
typedef struct an_device_defaults {
    const char *device; /* NULL: auto */
    alexnet_precision precision;
    const char *tuning; /* NULL: none */
    bool deterministic; /* even if the context is not */
} an_device_defaults;

/**
 * Open the device that a context names. "auto" is the best available one that can be opened;
 * devices that refuse are passed over with a warning. Precision AUTO becomes bf16 for `training`
 * where the device has it, else fp32.
 * @param defaults  what auto means instead, or NULL. A device that this build or machine does not
 *                  have, or that refuses, is replaced by the best one, and a tuning that this
 *                  version does not understand is ignored, both with a warning
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for a name that no device has,
 *         ALEXNET_ERROR_NOT_AVAILABLE for one that this build or machine does not have
 */
alexnet_status an_backend_open(an_backend **out, alexnet_ctx *ctx, bool training,
                               const an_device_defaults *defaults);
/** The reference backend, which every build has. */
alexnet_status an_backend_open_ref(an_backend **out, alexnet_ctx *ctx);
/** NULL allowed. */
void an_backend_close(an_backend *backend);

/**
 * write() and read() of values of param_dtype, which the host has as `type`, AN_F32 or AN_F64. They
 * are converted piece by piece; nothing is allocated.
 */
alexnet_status an_backend_write(an_backend *backend, void *dst, const void *src, an_dtype type,
                                int64_t count);
alexnet_status an_backend_read(an_backend *backend, void *dst, const void *src, an_dtype type,
                               int64_t count);

/** Whether open() failed because of the device itself, which may be in use or full: another
 *  device can then take its place. */
bool an_device_refused(const an_device *device, alexnet_status rc);

/** The arithmetic of a backend: the name of its precision, or "float64". */
const char *an_backend_computes_in(const an_backend *backend);

/** Read the caller's tuning, or a run's: NULL if it has no row for the device and precision. */
alexnet_status an_backend_read_tuning(an_backend *backend, const char *text, const char *source);
/**
 * For open() of a backend that has tunings: read the context's tuning and the backend's own one.
 * For close(): free them.
 */
alexnet_status an_backend_read_tunings(an_backend *backend);
void an_backend_free_tunings(an_backend *backend);

/** Where the tunings of a device are used. The strings are those of `info`. */
an_tuning_place an_device_place(const an_backend_api *api, const alexnet_device_info *info);
/** The variants of an operator that the tunings name; the default where they name none. */
an_variants an_backend_variants(const an_backend *backend, const an_op_desc *op, bool training);
an_variants an_backend_ask(const an_backend *backend, const an_tuning_query *query);
/** The query by which an operator is looked up in a tuning on this backend. */
an_tuning_query an_backend_query(const an_backend *backend, const an_op_desc *op, bool training);

#endif
