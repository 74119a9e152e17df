/*
 * libalexnet: train, evaluate and use AlexNet (Krizhevsky, Sutskever, Hinton, NIPS 2012).
 *
 * SPDX-License-Identifier: MIT
 *
 * Classify one picture:
 *
 *     alexnet_ctx *ctx = NULL; alexnet_model *model = NULL; alexnet_session *session = NULL;
 *     alexnet_prediction best[5];
 *     if (alexnet_ctx_new(&ctx, NULL) || alexnet_model_load(&model, ctx, "best.safetensors") ||
 *         alexnet_session_new(&session, model, NULL) ||
 *         alexnet_classify_file(session, "cat.jpg", 5, best))
 *         fprintf(stderr, "%s\n", alexnet_error_text());
 *     else
 *         printf("%s %.3f\n", best[0].name, best[0].probability);
 *     alexnet_session_free(session); alexnet_model_free(model); alexnet_ctx_free(ctx);
 *
 * Train a network on a folder that holds one folder of pictures per class:
 *
 *     alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
 *     options.out_dir = "runs/flowers";
 *     bool more = !alexnet_dataset_open(&train, ctx, "flowers", NULL) &&
 *                 !alexnet_dataset_split(train, 0.1, 1, &fit, &val) &&
 *                 !alexnet_trainer_new(&trainer, ctx, fit, val, &options);
 *     alexnet_progress progress;
 *     while (more && !alexnet_trainer_step(trainer, &progress, &more)) ...;
 *
 * Rules that hold for every declaration below, in C99 or C++11 and later
 *
 *   Errors     A function that can fail returns alexnet_status: ALEXNET_OK (0) or a negative code
 *              whose number never changes. alexnet_error_text() then says what went wrong: the file
 *              or value, what was expected and what was found. On failure every pointer that the
 *              call would return through a pointer to a pointer is set to NULL, other results
 *              (structs, with the pointers in them, arrays and numbers) must not be used, and
 *              nothing is leaked. A call for the next part of longer work (`_step`, `_next`) that
 *              failed can be made again, and then does the same part: nothing is left out or
 *              counted twice. Exceptions are stated at the declarations.
 *   Ownership  An object returned through a pointer to a pointer (`**out`) belongs to the caller,
 *              who frees it with the `_free` function of its type, which accepts NULL. A pointer
 *              returned by value is borrowed from the object that the function was called for, and
 *              valid as long as that object. Texts, arrays and structs that a call is given need
 *              not outlive it.
 *   NULL       A function that can fail returns ALEXNET_ERROR_INVALID_ARGUMENT for a NULL that it
 *              does not accept. Other functions then return NULL, a count of 0 or false. Where NULL
 *              has a meaning, the declaration says so.
 *   Threads    alexnet_ctx, alexnet_network, alexnet_model and alexnet_dataset may be shared
 *              between threads once made. All other handles belong to one thread at a time; a
 *              handle made from one of these (a stream from its session, pairs from their index, a
 *              picture or a stream from its distance) belongs to the same thread as its origin.
 *              What computes must not be called in an OpenMP parallel region of the caller, and
 *              returns ALEXNET_ERROR_INVALID_ARGUMENT there, on every device, without having
 *              changed anything: it can be called again outside. A thread within a call must be
 *              left to return: not ended by pthread_cancel(), nor taken out of the call by a signal
 *              handler's longjmp().
 *   Lifetime   Handles are reference-counted: a ctx may be freed before the models made with it.
 *   Callbacks  They return to the library: neither longjmp() nor a C++ exception may leave them.
 *   Options    Option structs begin with `size`, set by their _INIT macro, so that a program built
 *              with an older header keeps working: members beyond `size` bytes have their
 *              defaults, which the comments state. A program that cannot use the macros, because
 *              it is written in another language, gets all defaults with size = sizeof(size_t);
 *              every other `size` is a multiple of that. NULL means the defaults. Result structs
 *              never change.
 *   Host       The library never prints, exits, reads environment variables or changes the state of
 *              the process. Every call leaves the caller's OpenMP settings and the calling
 *              thread's current GPU as it found them (in a thread without a current GPU the first
 *              one becomes current). Results hold for the usual floating-point environment, in
 *              the calling thread and in OpenMP's: rounding to nearest, and denormal numbers that
 *              are not replaced by 0 (as programs built with -ffast-math do). Infinity and NaN are
 *              ordinary numbers here, so exceptions must not trap (feenableexcept()) during a call.
 *              One exception: with AMX, in bf16, it asks Linux for permission to use tiles.
 *   fork()     A child of fork() may use what its parent made only if the forking thread has not
 *              computed anything, nor run a parallel region of OpenMP, and loads no pictures, and
 *              if no other thread was within a call: it may have held a lock, for which the child
 *              would wait forever. If the child lacks threads, calls that need them fail, and
 *              freeing what they worked on leaks memory. Making a session or a trainer is a
 *              computation: call fork() after alexnet_model_load() at the latest, or exec. A GPU
 *              cannot be used in a child if its parent has asked for devices, as alexnet_ctx_new()
 *              does for "auto" and "cuda": calls on what was made there fail, and freeing it leaks
 *              host memory.
 *   Limits     alexnet_ctx_new(), and the first computation in each thread of the caller, start the
 *              threads once to test that the system allows them; if not, the call fails. If the
 *              system refuses them later, OpenMP's runtime ends the process, which the library
 *              cannot prevent. oneDNN is written in C++ and catches nothing: if memory runs out for
 *              its own small objects, as under a limit on address space (ulimit -v), std::bad_alloc
 *              ends the program. A C++ program that catches it may save its own data, but not use
 *              the library any more. Files stay whole. For the same reason no call may be running
 *              in another thread when the program calls exit() or returns from main(): oneDNN's
 *              objects are destroyed then. Cancel the calls and wait for them, or use _exit().
 *   Text       Paths are byte strings, as open(2) takes them. Data sets opened by their path, runs
 *              and packs make a relative one absolute, so that the host may change its folder
 *              afterwards; lists of pictures and indices keep it as it is. All other text is UTF-8;
 *              where it would be stored, anything else is refused. Error texts and log lines are
 *              one line each, with control and bidirectional formatting characters escaped: "\x1b".
 *              Names from models, data sets and files are unchanged. In every locale numbers in
 *              texts have a decimal point, and where case does not matter, that is the case of A to
 *              Z; only the system's own reasons are in the locale's language. Where a text says
 *              what could be done, it has names of this header between backquotes,
 *              `accept_changes`, so that a program can show those of its own options instead.
 */
#ifndef ALEXNET_H
#define ALEXNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ALEXNET_API __attribute__((visibility("default")))
#else
#define ALEXNET_API
#endif

/* ---- Version -------------------------------------------------------------------------------- */

#define ALEXNET_VERSION_MAJOR 0
#define ALEXNET_VERSION_MINOR 1
#define ALEXNET_VERSION_PATCH 0

/** The version of the library at run time, as "0.1.0". */
ALEXNET_API const char *alexnet_version(void);

/* ---- Errors --------------------------------------------------------------------------------- */

/** The result of every function that can fail. The numbers never change. */
typedef enum alexnet_status {
    ALEXNET_OK = 0,
    ALEXNET_ERROR_INVALID_ARGUMENT = -1, /**< a value that is not accepted; wrong usage */
    ALEXNET_ERROR_NO_MEMORY = -2,        /**< the text says what did not fit, and its size; or the
                                              process may open no more files, or start no more
                                              threads */
    ALEXNET_ERROR_IO = -3,            /**< the operating system refused; the text has its reason */
    ALEXNET_ERROR_FORMAT = -4,        /**< a file's contents are invalid */
    ALEXNET_ERROR_UNSUPPORTED = -5,   /**< valid, but outside what is supported */
    ALEXNET_ERROR_NOT_AVAILABLE = -6, /**< a device or feature this machine does not have */
    ALEXNET_ERROR_DEVICE = -7,        /**< a device reported a failure */
    ALEXNET_ERROR_DIVERGED = -8,      /**< the training loss is not finite */
    ALEXNET_ERROR_CANCELLED = -9,     /**< alexnet_ctx_cancel() was called */
    ALEXNET_ERROR_BAD_DATA = -10,     /**< too many pictures of a data set are unreadable */
    ALEXNET_ERROR_BAD_MODEL = -11,    /**< a model computes NaN or infinity */
} alexnet_status;

/** The name of a status, as "ALEXNET_ERROR_IO". */
ALEXNET_API const char *alexnet_status_name(alexnet_status status);

/**
 * What went wrong in this thread's latest failing call, in one line without a newline.
 * Never NULL. Read it in the same thread, before another call: even one that succeeds may change
 * it. The `_free` functions do not.
 */
ALEXNET_API const char *alexnet_error_text(void);

/**
 * The nearest of `count` words to a mistyped one, as in the library's own "did you mean": about a
 * third of the letters may differ. Words that are NULL are ignored.
 * @return one of the words; NULL if none is near enough to suggest
 */
ALEXNET_API const char *alexnet_word_nearest(const char *word, const char *const *words, int count);

/* ---- Context: the machine and the caller's settings ----------------------------------------- */

typedef struct alexnet_ctx alexnet_ctx;

typedef enum alexnet_precision {
    ALEXNET_PRECISION_AUTO = 0, /**< training: bf16 if the device has it; otherwise fp32 */
    ALEXNET_PRECISION_FP32 = 1,
    ALEXNET_PRECISION_TF32 = 2, /**< CUDA only; fp32 elsewhere */
    ALEXNET_PRECISION_BF16 = 3, /**< bf16 operands, float32 sums, float32 master weights */
} alexnet_precision;

/** The name of a precision, as `--precision` takes it: "auto", "fp32", "tf32", "bf16". */
ALEXNET_API const char *alexnet_precision_name(alexnet_precision precision);

/** Instruction sets in rising order. A device uses the highest it has, up to the one asked for. */
typedef enum alexnet_isa {
    ALEXNET_ISA_ANY = 0,      /**< no limit */
    ALEXNET_ISA_BASELINE = 1, /**< what the architecture guarantees: SSE4.1 in oneDNN on x86-64 */
    ALEXNET_ISA_AVX2 = 2,
    ALEXNET_ISA_AVX512 = 3,      /**< AVX-512 F, BW, VL, DQ */
    ALEXNET_ISA_AVX512_BF16 = 4, /**< the above with the bf16 dot product */
    ALEXNET_ISA_AMX = 5,         /**< the above with matrix tiles in bf16 */
} alexnet_isa;

typedef enum alexnet_log_level {
    ALEXNET_LOG_WARNING = 1, /**< something the user should know: a bad picture, a fallback */
    ALEXNET_LOG_INFO = 2,    /**< what was chosen: device, ISA, precision, memory */
} alexnet_log_level;

/** Receives a line without newline, from any thread, one call at a time for each context. Of the
 *  library it may only call alexnet_ctx_cancel(). */
typedef void (*alexnet_log_fn)(void *user, alexnet_log_level level, const char *line);

/** How far a call has come that does long work before it returns: that opens a data set, or begins
 *  or resumes a run, a pack or an index of pictures. The work ends early when the context is
 *  cancelled. */
typedef struct alexnet_work {
    const char *verb, *unit; /**< static: "found" and "files" */
    int64_t done, total;     /**< in units; total is 0 if it is not known */
    double seconds;          /**< since this work began */
    bool over;               /**< it is complete or has failed; the last call about it */
} alexnet_work;

/** Receives progress from the thread that made the call; it is called often, for example once for
 *  each file, and never at the same time as another one or the log of its context. Of the library
 *  it may only call alexnet_ctx_cancel(). */
typedef void (*alexnet_work_fn)(void *user, const alexnet_work *work);

typedef struct alexnet_ctx_options {
    size_t size;
    /** "auto" (NULL), "ref", "cpu" or "cuda"; "cuda:1" is the second GPU. "auto" is a GPU or, with
     * a warning in the log if none of those there can be opened, the CPU. */
    const char *device;
    alexnet_precision precision; /**< default AUTO */
    int threads;                 /**< 0: the CPUs that affinity and cgroup allow. At most 8 for each
                                      of these, and as many as OMP_THREAD_LIMIT allows; if it is
                                      more, a warning says how many are used */
    alexnet_isa max_isa; /**< highest instruction set to use; for tests. One value per process */
    alexnet_log_fn log;  /**< NULL: silent. Called until all that was made with the context is
                              freed too */
    void *log_user;
    /** A file that alexnet_tuner_save() wrote: it names the implementations of some operators. For
     *  the others, or for all if this is NULL, the built-in choice for the instruction set is used
     *  or, in a resumed run, the choice that the run began with. */
    const char *tuning;
    /** For cuda: use only algorithms that give the same bits in every run on the same GPU with the
     *  same versions of its libraries; slower. ref and cpu are always deterministic. */
    bool deterministic;
    alexnet_work_fn work; /**< NULL: long work is silent */
    void *work_user;
} alexnet_ctx_options;
#define ALEXNET_CTX_OPTIONS_INIT                                                                   \
    {                                                                                              \
        sizeof(alexnet_ctx_options), NULL, ALEXNET_PRECISION_AUTO, 0, ALEXNET_ISA_ANY, NULL, NULL, \
            NULL, false, NULL, NULL                                                                \
    }

/**
 * Make a context. Opens no device yet.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for an unknown device name or a number out of range;
 *         ALEXNET_ERROR_NOT_AVAILABLE for a device that this build or machine does not have, and
 *         for threads that the system does not start;
 *         ALEXNET_ERROR_IO, _FORMAT and _UNSUPPORTED (too large) for the tuning file
 */
ALEXNET_API alexnet_status alexnet_ctx_new(alexnet_ctx **out, const alexnet_ctx_options *options);
ALEXNET_API void alexnet_ctx_free(alexnet_ctx *ctx);

/** Bytes of memory that can be allocated without swapping: the least of the machine's available
 *  memory, what the control groups leave and what the limit on the address space leaves.
 *  UINT64_MAX if none of these is known. */
ALEXNET_API uint64_t alexnet_memory_available(void);

/** The number of threads the context uses. */
ALEXNET_API int alexnet_ctx_threads(const alexnet_ctx *ctx);

/** The number of threads that was asked for. It is the default `split` (the grouping of sums) of a
 *  training run. */
ALEXNET_API int alexnet_ctx_split(const alexnet_ctx *ctx);

/**
 * Ask whatever runs on this context to stop at its next step with ALEXNET_ERROR_CANCELLED.
 * May be called from a signal handler and from any thread, until alexnet_ctx_free(). A trainer that
 * is cancelled stays usable: alexnet_trainer_save() keeps its state. The context itself stays
 * cancelled until alexnet_ctx_uncancel(): what computes with it, or with a model that was loaded
 * with it, fails in the same way. Data sets belong to no context, and can be used with another one.
 */
ALEXNET_API void alexnet_ctx_cancel(alexnet_ctx *ctx);
/**
 * Make a cancelled context usable again, with all that was made with it, as after one picture's
 * classification was cancelled. A step that was cancelled can then be tried again, like any that
 * has failed; what was to be made or opened must be asked for again. May be called from the same
 * places as alexnet_ctx_cancel(), once every call that was to be cancelled has returned: one that
 * still runs either fails with ALEXNET_ERROR_CANCELLED or goes on as if nothing had been cancelled.
 * It withdraws every cancellation up to then, whoever asked for it, that of a signal handler, too.
 */
ALEXNET_API void alexnet_ctx_uncancel(alexnet_ctx *ctx);

/** A device that this build can compute on; each GPU is one. */
typedef struct alexnet_device_info {
    char name[32];      /**< as the `device` option takes it */
    char processor[96]; /**< e.g. the processor's own name */
    char isa[64];       /**< highest instruction set in use, e.g. "avx2" */
    char library[64];   /**< e.g. "oneDNN 2.6.3"; empty for ref */
    bool available;     /**< whether this machine has it */
    char absent[160];   /**< why it is not available; empty if it is */
    bool bf16;          /**< whether it computes in bf16 */
} alexnet_device_info;

/** Fill in device `index`, best first. @return false past the last. */
ALEXNET_API bool alexnet_device_get(int index, alexnet_device_info *info);

/** Libraries in use, for reports: "oneDNN", "libjpeg-turbo", ... Texts are valid until the thread's
 *  next call. @return false past the last. */
ALEXNET_API bool alexnet_library_get(int index, const char **name, const char **version);

/* ---- Networks ------------------------------------------------------------------------------- */

/** A network's description: sections of a text file, see docs/networks.md. Immutable. */
typedef struct alexnet_network alexnet_network;

/** A text that is compiled into the library: a network or a recipe. The strings are static. */
typedef struct alexnet_builtin {
    const char *name;        /**< as alexnet_network_load() or alexnet_recipe_load() takes it */
    const char *description; /**< a few words: the comment in the first line of the file */
    const char *text;        /**< the whole file, to copy and to change */
} alexnet_builtin;

/** The built-in networks: "alexnet", ... @return NULL if there is none of that index */
ALEXNET_API const alexnet_builtin *alexnet_network_builtin(int index);

/**
 * Read a network: the name of a built-in one, or the path of a network file.
 * Shapes are computed and checked at once, with 1000 classes where the file says
 * `outputs = classes`.
 * @param ctx  may be NULL
 * @return ALEXNET_ERROR_FORMAT with file, line, key and what was expected;
 *         ALEXNET_ERROR_IO if the file cannot be read;
 *         ALEXNET_ERROR_INVALID_ARGUMENT if it is neither a name nor a file; the text suggests
 *         a name.
 */
ALEXNET_API alexnet_status alexnet_network_load(alexnet_network **out, alexnet_ctx *ctx,
                                                const char *name_or_path);
ALEXNET_API void alexnet_network_free(alexnet_network *network);

/** The network's name, and the text it was read from. */
ALEXNET_API const char *alexnet_network_name(const alexnet_network *network);
ALEXNET_API const char *alexnet_network_text(const alexnet_network *network);

/** One line such as "(CNN-RN-MP)x2-(CNN)x3-MP-(FC-DO)x2-Linear-softmax". */
ALEXNET_API const char *alexnet_network_structure(const alexnet_network *network);

/**
 * How a picture becomes the network's input, in one line: "short side resized to 256, centre crop
 * of 224, RGB, minus the mean image (centre), times 1". The EXIF orientation is applied first.
 */
ALEXNET_API const char *alexnet_network_preprocessing(const alexnet_network *network);

/** A layer as `alexnet info` shows it. Pointers are borrowed from the network. */
typedef struct alexnet_layer_info {
    const char *name;
    const char *type;       /**< as in the network file: "conv", "cmrnorm", "pool", "fc", ... */
    const char *neuron;     /**< "relu", "tanh[a,b]", "logistic" or "" */
    const char *arithmetic; /**< how its side is computed: "ceil((224 - 11)/4) + 1 = 55", or "";
                             where rows and columns differ: "... = 15 rows, ... = 16 columns" */
    int output[3];          /**< C, H, W */
    int64_t parameters;
    int64_t mult_adds;        /**< multiply-adds of the forward pass, per picture */
    int64_t neurons;          /**< outputs of convolution and fully connected layers */
    int64_t activation_bytes; /**< of the output, per picture, in float32 */
} alexnet_layer_info;

ALEXNET_API int alexnet_network_layer_count(const alexnet_network *network);
ALEXNET_API alexnet_status alexnet_network_layer(const alexnet_network *network, int index,
                                                 alexnet_layer_info *info);

/** The side of the square crop that is the network's input, in pixels: 224, for example. */
ALEXNET_API int alexnet_network_side(const alexnet_network *network);

/**
 * The number of towers that a layer's channels are divided into, with C/towers channels in each:
 * the groups of this layer or, as long as the layers between keep the channels, of the latest one
 * before it that has groups, or else of the next. 2 for the convolutions of the network of 2012 and
 * for the norms and poolings after them, 1 for the other layers. @return 0 if out of range
 */
ALEXNET_API int alexnet_network_towers(const alexnet_network *network, int layer);

/** A rectangle of pixels; (x, y) is the upper left one. */
typedef struct alexnet_rectangle {
    int x, y, width, height;
} alexnet_rectangle;

/**
 * The receptive field of a unit: the pixels of the network's input that can affect the value at
 * (row, column) of a layer's output, computed from windows, strides and paddings. The whole input
 * for fully connected layers; empty for a unit that sees only padding.
 */
ALEXNET_API alexnet_status alexnet_network_field(const alexnet_network *network, int layer, int row,
                                                 int column, alexnet_rectangle *field);

/* ---- Models: network, weights, preprocessing and class names -------------------------------- */

/** Immutable once loaded; shared between threads. */
typedef struct alexnet_model alexnet_model;

/** Replacements for what a file says or, where it says nothing, for what is assumed. NULL: no
 *  replacement. */
typedef struct alexnet_load_options {
    size_t size;
    /** A built-in network's name or the path of a network file, instead of the network that the
     * file names or is recognised as. Only the shapes of its weights need to fit. */
    const char *net;
    /** A file with the mean to subtract from pictures, instead of the model's: a mean image of
     *  Caffe (.binaryproto, or .npy with its channels in blue, green, red), or a model, whose
     *  input.mean is then used. */
    const char *mean;
    /** A file of lines "identifier words" with the names of the classes. Lines are matched by
     *  identifier if the model has identifiers; otherwise they are in the order of its outputs. */
    const char *names_file;
} alexnet_load_options;
#define ALEXNET_LOAD_OPTIONS_INIT                                                                  \
    {                                                                                              \
        sizeof(alexnet_load_options), NULL, NULL, NULL                                             \
    }

/**
 * Read a model: a file that this library wrote, the `best.safetensors` of a run folder, or a file
 * that another program wrote, in any format that alexnet_format_get() says is read. The format is
 * recognised by the file's content, not by its name. Every length, shape and offset is checked
 * against the file and against the network.
 *
 * A file of another program is recognised as one of the built-in networks by its layers, or by the
 * names and shapes of its tensors (docs/model-files.md). What the file lacks is filled in: the
 * preprocessing from that network, a mean image with ImageNet's mean colour and, if there are 1000
 * classes that are not in Darknet's order, their names with ImageNet's. The context's log receives
 * what was assumed. A file may hold only a part of a network, such as its convolutions: features
 * before the first missing layer can be computed; whatever needs that layer fails with
 * ALEXNET_ERROR_UNSUPPORTED and its name.
 * @param path  of the file, or of the run folder
 * @return ALEXNET_ERROR_IO, with the system's reason; ALEXNET_ERROR_FORMAT for a file that is
 *         damaged, is not a model or fits no built-in network: the text names the nearest network
 *         and the layer that does not fit; ALEXNET_ERROR_UNSUPPORTED for a format that is not read;
 *         ALEXNET_ERROR_INVALID_ARGUMENT for the name of a built-in network, which has no weights
 */
ALEXNET_API alexnet_status alexnet_model_load(alexnet_model **out, alexnet_ctx *ctx,
                                              const char *path);
/** The same with options. */
ALEXNET_API alexnet_status alexnet_model_load_with(alexnet_model **out, alexnet_ctx *ctx,
                                                   const char *path,
                                                   const alexnet_load_options *options);
/** The same from a file's bytes in memory, which are copied. */
ALEXNET_API alexnet_status alexnet_model_load_memory(alexnet_model **out, alexnet_ctx *ctx,
                                                     const void *bytes, size_t length);
ALEXNET_API void alexnet_model_free(alexnet_model *model);

/** The network of a model, with its number of classes. Borrowed. */
ALEXNET_API const alexnet_network *alexnet_model_network(const alexnet_model *model);

ALEXNET_API int alexnet_model_class_count(const alexnet_model *model);

/**
 * The name of a class to show to people: the readable one if the model has it, else the identifier.
 * @return NULL if out of range.
 */
ALEXNET_API const char *alexnet_model_class_name(const alexnet_model *model, int index);
/** The identifier of a class: the name of its folder in the data it was trained on. */
ALEXNET_API const char *alexnet_model_class_id(const alexnet_model *model, int index);

/** What kind of file the model was read from: "safetensors". */
ALEXNET_API const char *alexnet_model_format(const alexnet_model *model);
/** The version of the file's metadata, see docs/model-files.md: "1"; "" for a file of another
 *  program. */
ALEXNET_API const char *alexnet_model_format_version(const alexnet_model *model);
/** What made the file, for people: "alexnet 0.1.0, after 900 updates"; "" if the file does not say.
 *  Like class names it may contain any characters: escape it before showing it on a terminal. */
ALEXNET_API const char *alexnet_model_provenance(const alexnet_model *model);

/**
 * A hash of a model's network, preprocessing and weights, with those of LPIPS if it has any: the
 * same in every run on one device, so that results computed with a model can be cached under it.
 * Models that differ in any of these have different hashes, except by chance; class names and
 * provenance do not count.
 */
ALEXNET_API alexnet_status alexnet_model_fingerprint(const alexnet_model *model,
                                                     uint64_t *fingerprint);

/** A tensor of a model. Data is float32 in row-major order, borrowed from the model. */
typedef struct alexnet_tensor_info {
    /** "conv1.weight" [K, C/G, R, S], "conv1.bias" [K], "fc6.weight" [out, in] */
    const char *name;
    int rank;
    int64_t shape[4];
    const float *data;
} alexnet_tensor_info;

ALEXNET_API int alexnet_model_tensor_count(const alexnet_model *model);
/** @return ALEXNET_ERROR_INVALID_ARGUMENT past the last tensor. */
ALEXNET_API alexnet_status alexnet_model_tensor(const alexnet_model *model, int index,
                                                alexnet_tensor_info *info);

/** The type that weights have in a file. */
typedef enum alexnet_weights {
    ALEXNET_WEIGHTS_FP32 = 0,
    ALEXNET_WEIGHTS_FP16 = 1, /**< rounded to nearest even; half the size */
    ALEXNET_WEIGHTS_BF16 = 2, /**< the same, with the range of float32 and 8 bits of precision */
} alexnet_weights;

/** What the tensors of a file are called, in a format that allows any names. */
typedef enum alexnet_names {
    ALEXNET_NAMES_OURS = 0,        /**< the layers' names: conv1.weight, fc8.bias */
    ALEXNET_NAMES_TORCHVISION = 1, /**< as torchvision's modules: features.0.weight */
    /** A tensor for each of the two towers, as in 2012: conv1a.weight, conv1b.weight,
     *  fc2048ba.weight; only for networks with groups = 2 */
    ALEXNET_NAMES_TOWERS = 2,
} alexnet_names;

typedef struct alexnet_save_options {
    size_t size;
    const char *format; /**< as alexnet_format_get() names it; NULL: by the ending of the path */
    alexnet_weights weights;
    alexnet_names names;
    /** For formats that carry a computation: include the preprocessing as its first part, so that
     *  the computation takes RGB pixels from 0 to 255 */
    bool preprocessing;
} alexnet_save_options;
#define ALEXNET_SAVE_OPTIONS_INIT                                                                  \
    {                                                                                              \
        sizeof(alexnet_save_options), NULL, ALEXNET_WEIGHTS_FP32, ALEXNET_NAMES_OURS, false        \
    }

/**
 * Write a model to a file, completely or not at all; an existing file, or a link to one, is
 * replaced. In float32 all formats keep the weights bit for bit (the weights of the device `ref`
 * are rounded to float32). input.mean is always float32.
 *
 * Two formats write files beside it: model.c is declared by model.h, and model.caffemodel has its
 * network in model.prototxt and a mean image in model_mean.binaryproto. These replace only files
 * that the library wrote.
 * @param options  NULL: the defaults
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for a format or ending that is unknown or cannot be
 *         written: the text suggests one; and if a file of other origin has the name of one that
 *         would be written beside it; ALEXNET_ERROR_UNSUPPORTED for options that the format
 *         does not take, a network that it cannot express, and values too large for fp16: the text
 *         says why; ALEXNET_ERROR_FORMAT if the path is that of a pipe, device or folder, or of a
 *         link to one; ALEXNET_ERROR_CANCELLED; ALEXNET_ERROR_IO
 */
ALEXNET_API alexnet_status alexnet_model_save(const alexnet_model *model, const char *path,
                                              const alexnet_save_options *options);

/** A format of model files. */
typedef struct alexnet_format_info {
    const char *name;    /**< as alexnet_save_options takes it: "safetensors" */
    const char *endings; /**< of its files' names, separated by |: ".onnx" */
    const char *about;   /**< a short description */
    bool reads, writes;
    /** What a written file does not carry: "class names"; "" if it carries everything. */
    const char *without;
    bool weights, names, preprocessing; /**< which options of alexnet_save_options it takes */
    bool bf16;                          /**< whether it takes ALEXNET_WEIGHTS_BF16, too */
} alexnet_format_info;

/** Describe format `index`, of all that can be read or written. @return false past the last. */
ALEXNET_API bool alexnet_format_get(int index, alexnet_format_info *info);
/**
 * Find the format to write: by its name or, if `name` is NULL, by the ending of `path`.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT as alexnet_model_save()
 */
ALEXNET_API alexnet_status alexnet_format_find(alexnet_format_info *info, const char *name,
                                               const char *path);
/**
 * The format of a file, recognised by its first bytes; the rest of the file is not checked.
 * @return NULL if the file has none of the formats, is not a regular file or cannot be read
 */
ALEXNET_API const char *alexnet_format_of(const char *path);

/* ---- Data sets ------------------------------------------------------------------------------ */

/** A set of pictures, with or without labels: where they are, not their pixels. Immutable. */
typedef struct alexnet_dataset alexnet_dataset;

typedef struct alexnet_dataset_options {
    size_t size;
    /** A file of lines "identifier words", with a space or a tab between, that gives readable class
     *  names (synset_words.txt). The log has a warning if it names no class of the data set. */
    const char *names_file;
    /** Take the class numbers of this model: classes are matched by identifier. */
    const alexnet_model *classes_of;
    /** For alexnet_check_new(): class folders without pictures are classes, and what would be a
     *  warning in the log is left to the examination. Not together with `classes_of`. */
    bool examined;
} alexnet_dataset_options;
#define ALEXNET_DATASET_OPTIONS_INIT                                                               \
    {                                                                                              \
        sizeof(alexnet_dataset_options), NULL, NULL, false                                         \
    }

/** What alexnet_dataset_layout() found. */
typedef enum alexnet_dataset_kind {
    ALEXNET_DATASET_CLASSES = 1,   /**< one folder per class, or another data set */
    ALEXNET_DATASET_TRAIN_VAL = 2, /**< PATH/train and PATH/val are data sets */
} alexnet_dataset_kind;

/**
 * The extensions by which pictures are found in folders: ".jpg", ... Case does not matter.
 * @return NULL past the last
 */
ALEXNET_API const char *alexnet_picture_ending(int index);

/** How many unreadable pictures are tolerated in a data set of any size. */
#define ALEXNET_BAD_PICTURES 5

/**
 * Whether a data set has too many unreadable pictures: more than 1% and more than `allowed`. A
 * trainer allows its recipe's `bad_pictures`, by default ALEXNET_BAD_PICTURES.
 */
ALEXNET_API bool alexnet_too_many_bad(int64_t bad, int64_t pictures, int64_t allowed);

/** Find out which kind of data set is at a path, without reading pictures. */
ALEXNET_API alexnet_status alexnet_dataset_layout(const char *path, alexnet_dataset_kind *kind);
/** The same on a context, which can be cancelled and is told how far the work has come: an archive
 *  may have to be searched, or a large folder to be read. */
ALEXNET_API alexnet_status alexnet_dataset_layout_on(alexnet_ctx *ctx, const char *path,
                                                     alexnet_dataset_kind *kind);

/**
 * Open a tree with one folder per class, holding pictures at any depth. Classes are the
 * folders' names in byte order; hidden files and folders are ignored; a folder without pictures is
 * an error that names it. If a folder holds `train` and `val`, pass one of these.
 * Links are followed, but each folder is read once for each class, and a class folder only for its
 * own class. The log has warnings about files ignored for their extension, pictures in no class
 * folder, classes that differ only in case, and readable names that two classes share.
 *
 * Or open .tar archives, which are read in place: the path is an archive, a folder of them, or a
 * pattern such as "x-{000..146}.tar". Labels are in KEY.cls or KEY.json beside KEY.jpg, or the
 * folders within the archives are the classes. ImageNet's own archives are read as they are
 * (docs/data.md). An index of the pictures is kept beside each archive if it can be written there.
 *
 * Or open a list, whose name ends in .txt, .lst, .list or .tsv, of lines "path label", or a table
 * (.csv) with a column path, file, filename or image and a column label or class; paths are
 * relative to its folder. Labels are numbers from 0 or names. Or open the files of MNIST (idx,
 * compressed by gzip or not) or of CIFAR-10 or CIFAR-100 (binary version): a part of their folder,
 * FOLDER/train or FOLDER/val, or one file. Or open a database of Caffe (the folder of an LMDB), if
 * the library was built with liblmdb. docs/data.md says more.
 *
 * With `classes_of`, labels that are numbers are the model's class numbers, unless the model has
 * classes with these identifiers. ALEXNET_ERROR_CANCELLED if alexnet_ctx_cancel() is called
 * meanwhile.
 */
ALEXNET_API alexnet_status alexnet_dataset_open(alexnet_dataset **out, alexnet_ctx *ctx,
                                                const char *path,
                                                const alexnet_dataset_options *options);

/**
 * Open pictures without labels, to classify them. Each path may be a picture file with any
 * extension; a folder, whose pictures are taken at any depth, in byte order; a .tar archive, a
 * folder of archives or a pattern of their names; a list, with or without labels, whose pictures
 * are taken in its order; or files of MNIST or CIFAR. Links are followed, but each folder is read
 * once. A missing file counts as a picture that cannot be read, as does a folder in a folder that
 * cannot be read or, if there are several paths, a folder without pictures. Paths are copied.
 * @return if the only path is a folder, ALEXNET_ERROR_IO if it cannot be read; ALEXNET_ERROR_FORMAT
 *         if it is without pictures: the text says what it holds instead; ALEXNET_ERROR_CANCELLED
 */
ALEXNET_API alexnet_status alexnet_dataset_open_files(alexnet_dataset **out, alexnet_ctx *ctx,
                                                      const char *const *paths, int64_t count);

/**
 * Split a data set: a picture goes to `val` if a random number, which depends only on `seed` and
 * the picture's name, is below `share` (0 < share < 1), else to `train`. A picture therefore stays
 * in its part when others are added or removed. About this share of each class goes to `val`; a
 * small class may have no picture in one part, and a new trainer then warns. If all pictures fell
 * into one part, the picture whose number is nearest to the share goes to the other.
 * @return ALEXNET_ERROR_FORMAT if there is only one picture
 */
ALEXNET_API alexnet_status alexnet_dataset_split(const alexnet_dataset *dataset, double share,
                                                 uint64_t seed, alexnet_dataset **train,
                                                 alexnet_dataset **val);
ALEXNET_API void alexnet_dataset_free(alexnet_dataset *dataset);

ALEXNET_API int64_t alexnet_dataset_count(const alexnet_dataset *dataset);
ALEXNET_API int alexnet_dataset_class_count(const alexnet_dataset *dataset);
/** A class's name for people. @return NULL if out of range */
ALEXNET_API const char *alexnet_dataset_class_name(const alexnet_dataset *dataset, int index);
/** Its identifier, such as the name of its folder, by which it is matched with a model's classes.
 *  @return NULL if out of range */
ALEXNET_API const char *alexnet_dataset_class_id(const alexnet_dataset *dataset, int index);
/** Name (a path) and class (-1: none) of a picture; either pointer may be NULL. On failure they are
 *  set to NULL and -1. */
ALEXNET_API alexnet_status alexnet_dataset_picture(const alexnet_dataset *dataset, int64_t index,
                                                   const char **path, int *label);

/* Packing: a data set as tar archives ("shards") of pictures of one size, named as the webdataset
 * package names them, for disks that are slow with a million files. docs/data.md says what is in
 * them. */

/** How a picture is brought to `side`. */
typedef enum alexnet_pack_fit {
    ALEXNET_PACK_SHORT = 0,  /**< the short side becomes `side`; the long one stays in proportion,
                                  up to 16 times that. Networks with `resize = short` get the same
                                  pixels from it as from the picture itself */
    ALEXNET_PACK_SQUARE = 1, /**< the centre square of that: what such networks see */
    ALEXNET_PACK_WARP = 2,   /**< side x side whatever the shape, as `resize = warp` */
} alexnet_pack_fit;

typedef struct alexnet_pack_options {
    size_t size;
    int side; /**< default 256; 0: pictures keep their size */
    alexnet_pack_fit fit;
    bool raw;    /**< store pixels as NumPy arrays (KEY.npy, uint8 [height][width][3]), not JPEG */
    int quality; /**< of JPEG, 1 to 100; default 95. A JPEG file that has the right size already is
                      stored as it is */
    int64_t shard_pictures; /**< most pictures in a shard; default 0: any number. Neither part gets
                                 more than 100,000 shards */
    int64_t shard_bytes;    /**< most bytes in a shard; a single picture may be larger; default
                                 10^9; 0: any number */
    bool in_order; /**< keep the data set's order. Otherwise pictures are shuffled over the shards,
                        so that each has some of every class */
    uint64_t seed; /**< of the shuffling */
    int64_t bad_pictures; /**< `allowed` of alexnet_too_many_bad(); default ALEXNET_BAD_PICTURES */
} alexnet_pack_options;
#define ALEXNET_PACK_OPTIONS_INIT                                                                  \
    {                                                                                              \
        sizeof(alexnet_pack_options), 256, ALEXNET_PACK_SHORT, false, 95, 0, 1000000000, false, 1, \
            ALEXNET_BAD_PICTURES                                                                   \
    }

/** How far packing has come, both parts together. */
typedef struct alexnet_pack_progress {
    int64_t done, total; /**< pictures of the data set; `done` are packed or left out */
    int64_t found; /**< pictures in the archives of an earlier call. These are first compared with
                        the manifest's hashes; meanwhile `done` counts the pictures compared */
    int64_t pictures;  /**< packed */
    int64_t unchanged; /**< of these, JPEG files that are stored as they are */
    int64_t left_out;  /**< unreadable; the log has a warning for each */
    int64_t shards;    /**< complete ones */
    int64_t bytes;     /**< in complete shards */
} alexnet_pack_progress;

/** A data set being packed. */
typedef struct alexnet_pack alexnet_pack;
/**
 * Begin to pack into a folder, which is made if absent, or continue what an earlier call has begun
 * there with the same data and options. The folder gets train-000000.tar, ..., with `val` also
 * val-000000.tar, ..., classes.txt, and manifest.json, which describes the contents. FOLDER/train
 * and FOLDER/val, or FOLDER alone without `val`, can then be opened as data sets with the same
 * classes, names and order. Every file is written under another name, flushed and renamed. The
 * output depends only on the pictures and options, not on the number of threads or interruptions.
 * @param train    with labels
 * @param val      with the same classes; NULL: none
 * @param options  NULL: the defaults
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for a folder that has other files in it, has a pack of
 *         other data or options, or that is being packed into already, and for `shard_pictures`
 *         that would make too many shards; ALEXNET_ERROR_BAD_DATA if an archive of an earlier call
 *         is missing or has another size; ALEXNET_ERROR_CANCELLED
 */
ALEXNET_API alexnet_status alexnet_pack_new(alexnet_pack **out, alexnet_ctx *ctx,
                                            const alexnet_dataset *train,
                                            const alexnet_dataset *val, const char *folder,
                                            const alexnet_pack_options *options);
/**
 * Pack the next picture, or check the next archive of an earlier call. After a failure complete
 * archives are kept; this handle cannot continue, but a new one continues from them.
 * @param progress  out; may be NULL
 * @param more      out, false once everything is packed
 * @return ALEXNET_ERROR_BAD_DATA as soon as too many pictures cannot be read, or if an archive of
 *         an earlier call has changed; ALEXNET_ERROR_IO, for example for a full disk;
 *         ALEXNET_ERROR_INVALID_ARGUMENT once `shard_bytes` has made too many shards;
 *         ALEXNET_ERROR_CANCELLED
 */
ALEXNET_API alexnet_status alexnet_pack_step(alexnet_pack *pack, alexnet_pack_progress *progress,
                                             bool *more);
/** Also removes shards that are not complete. NULL allowed. */
ALEXNET_API void alexnet_pack_free(alexnet_pack *pack);

/* Statistics: what the pictures of a data set are like. */

typedef struct alexnet_size_range {
    int min, median, max; /**< of an even number, the median is the smaller of the middle two */
} alexnet_size_range;

/** Pixels are those of pictures as a network stores them, in grey levels from 0 to 255, in the
 *  order red, green, blue. */
typedef struct alexnet_data_stats_result {
    int64_t pictures, left_out; /**< readable and unreadable ones */
    int classes;
    const int64_t *class_pictures;    /**< [classes], readable ones of each; borrowed */
    alexnet_size_range width, height; /**< of pictures before they are brought to `side` */
    int64_t enlarged;                 /**< pictures whose short side is below `side` */
    int side;
    const double *mean_image;  /**< [side][side][3]; borrowed */
    double mean[3];            /**< of all pixels */
    double covariance[3][3];   /**< of the pixels' colours, divided by their number */
    double eigenvalues[3];     /**< of the covariance, the largest first */
    double eigenvectors[3][3]; /**< row i for eigenvalue i, of length 1; its element of largest
                                    magnitude is positive */
} alexnet_data_stats_result;

/** A computation of a data set's statistics. */
typedef struct alexnet_data_stats alexnet_data_stats;
/** @param network  its [input] says how pictures are stored; NULL: the centre, short side 256 */
ALEXNET_API alexnet_status alexnet_data_stats_new(alexnet_data_stats **out, alexnet_ctx *ctx,
                                                  const alexnet_dataset *dataset,
                                                  const alexnet_network *network);
/**
 * Read a few more pictures. Those that cannot be read are left out, with a warning in the log.
 * @param done  out, pictures read or left out; may be NULL
 * @param more  out, false once all are, and there is a result
 * @return ALEXNET_ERROR_BAD_DATA if none can be read; ALEXNET_ERROR_CANCELLED
 */
ALEXNET_API alexnet_status alexnet_data_stats_step(alexnet_data_stats *stats, int64_t *done,
                                                   bool *more);
/** The result, borrowed; NULL before the last step. It does not depend on the order of pictures or
 *  on threads. */
ALEXNET_API const alexnet_data_stats_result *
alexnet_data_stats_get(const alexnet_data_stats *stats);
/** Write the result as a safetensors file; docs/data.md has the names of its tensors. */
ALEXNET_API alexnet_status alexnet_data_stats_save(const alexnet_data_stats *stats,
                                                   const char *path);
ALEXNET_API void alexnet_data_stats_free(alexnet_data_stats *stats); /**< NULL allowed */

/* ---- Examination of a data set -------------------------------------------------------------- */

/** What may be wrong with a data set. With a problem up to CLASS_IN_ONE, or with INCOMPLETE, it is
 *  not ready for training; the others are remarks. */
typedef enum alexnet_problem {
    ALEXNET_PROBLEM_UNREADABLE = 1,      /**< a picture that is truncated or cannot be read */
    ALEXNET_PROBLEM_SAME_IN_PARTS = 2,   /**< the same picture in training and validation */
    ALEXNET_PROBLEM_SAME_IN_CLASSES = 3, /**< the same picture in several classes */
    ALEXNET_PROBLEM_EMPTY_CLASS = 4,     /**< a class without pictures */
    ALEXNET_PROBLEM_FEW_CLASSES = 5,     /**< fewer than two classes */
    ALEXNET_PROBLEM_CLASS_IN_ONE = 6,    /**< a class that only one of the parts has */
    ALEXNET_PROBLEM_SAME = 7,            /**< the same picture several times in a class */
    ALEXNET_PROBLEM_NEAR = 8,            /**< pictures that look nearly the same */
    ALEXNET_PROBLEM_MISNAMED = 9,        /**< a picture named as if it had another format */
    ALEXNET_PROBLEM_TINY = 10,           /**< a picture smaller than the network's input */
    ALEXNET_PROBLEM_GREY = 11,           /**< a picture without colour */
    ALEXNET_PROBLEM_CMYK = 12,           /**< a picture in CMYK, the colours of print */
    ALEXNET_PROBLEM_PROFILE = 13,        /**< a picture with a colour profile other than sRGB */
    ALEXNET_PROBLEM_CASE = 14,           /**< names that differ only in capitals, or in how
                                              accents are encoded */
    ALEXNET_PROBLEM_SMALL_CLASS = 15,    /**< a class below a tenth of the largest one */
    ALEXNET_PROBLEM_HIDDEN = 16,         /**< a hidden folder with pictures */
    ALEXNET_PROBLEM_LOOSE = 17,          /**< pictures that belong to no class */
    ALEXNET_PROBLEM_LEFT_OUT = 18,       /**< files left out, by their extensions */
    ALEXNET_PROBLEM_DOUBT = 19,          /**< a sign that another data set was meant */
    ALEXNET_PROBLEM_INCOMPLETE = 20,     /**< a pack that is unfinished, or lacks archives */
} alexnet_problem;

typedef struct alexnet_problem_info {
    alexnet_problem problem;
    bool serious;       /**< the data set is not ready for training */
    const char *name;   /**< "unreadable" */
    const char *about;  /**< in the plural: "pictures that cannot be read" */
    const char *remedy; /**< what to do: "copy damaged ones again, ..., or delete them" */
} alexnet_problem_info;
/** The problems in the order above; index from 0. @return false past the last */
ALEXNET_API bool alexnet_problem_get(int index, alexnet_problem_info *info);

typedef struct alexnet_check_options {
    size_t size;
    int side;     /**< pictures whose shorter side is below this are tiny; default 224, 0: none */
    bool near;    /**< also find pictures that look nearly the same, mirrored ones included: by
                       their difference hash of 64 bits and their colours */
    int distance; /**< bits of the hash that may differ, 0 to 11; default 7 */
} alexnet_check_options;
#define ALEXNET_CHECK_OPTIONS_INIT                                                                 \
    {                                                                                              \
        sizeof(alexnet_check_options), 224, false, 7                                               \
    }

/** An examination of a data set: decodes every picture, and keeps about 60 bytes of each. */
typedef struct alexnet_check alexnet_check;
/**
 * @param train  with labels, opened with `examined`; with `val` at most 4294967294 pictures
 * @param val    for validation, opened in the same way or split off; NULL: none
 */
ALEXNET_API alexnet_status alexnet_check_new(alexnet_check **out, alexnet_ctx *ctx,
                                             const alexnet_dataset *train,
                                             const alexnet_dataset *val,
                                             const alexnet_check_options *options);

typedef struct alexnet_check_progress {
    int64_t done, total; /**< pictures read or, with `comparing`, compared */
    bool comparing;      /**< all are read, and are now compared with each other */
    int64_t unreadable;  /**< of the pictures read */
} alexnet_check_progress;
/**
 * Examine the next picture, or compare some.
 * @param progress  out; may be NULL
 * @param more      out, false once the examination is complete
 * @return ALEXNET_ERROR_CANCELLED; ALEXNET_ERROR_NO_MEMORY, after which the examination cannot be
 *         continued. A bad picture is a finding, not a failure
 */
ALEXNET_API alexnet_status alexnet_check_step(alexnet_check *check,
                                              alexnet_check_progress *progress, bool *more);

/** A finding of an examination. Strings are borrowed; `detail` is valid until the next call. */
typedef struct alexnet_finding {
    alexnet_problem problem;
    const char *path;       /**< of the picture, or of the place of the problem */
    const char *class_name; /**< NULL: it concerns no class */
    const char *part;       /**< "train" or "val"; NULL: both, or the only one */
    const char *detail;     /**< the reason, or what it is the same as; may be empty */
    int64_t picture;        /**< index in its part; -1: it is about no picture */
    int64_t group;          /**< a number that all pictures that are alike share; -1: none */
    int64_t count;          /**< files or pictures that it stands for; 1 for one picture */
} alexnet_finding;
/** The number of findings, 0 before the examination is complete. They are in the order of problems,
 *  groups and pictures. */
ALEXNET_API int64_t alexnet_check_findings(const alexnet_check *check);
/** @return false if there is none of that index */
ALEXNET_API bool alexnet_check_get(alexnet_check *check, int64_t index, alexnet_finding *finding);
/** Count the findings of one problem, which have consecutive indices from *first on. *files is the
 *  sum of their `count`. Both pointers may be NULL. @return the number of findings */
ALEXNET_API int64_t alexnet_check_count(const alexnet_check *check, alexnet_problem problem,
                                        int64_t *first, int64_t *files);
/** Whether no serious problem was found. Also false before the examination is complete. */
ALEXNET_API bool alexnet_check_ready(const alexnet_check *check);
ALEXNET_API void alexnet_check_free(alexnet_check *check);

/**
 * A small version of a picture of a data set, as a JPEG file: its longer side is at most `side`.
 * @param side    1 to 1024
 * @param out     a buffer of `room` bytes; 4 * side * side + 4096 are always enough
 * @param length  out, the bytes of the file
 * @return ALEXNET_ERROR_INVALID_ARGUMENT also if `room` is too small; errors of reading the picture
 */
ALEXNET_API alexnet_status alexnet_dataset_thumbnail(const alexnet_dataset *dataset, int64_t index,
                                                     int side, void *out, size_t room,
                                                     size_t *length);

/* ---- Classification ------------------------------------------------------------------------- */

/** A model ready to compute, with memory for one batch size. Sessions of one model share its
 *  weights and may compute at the same time, each in a thread of the caller and each on as many
 *  threads as the context has: with a session per CPU, give the context one thread. */
typedef struct alexnet_session alexnet_session;

typedef struct alexnet_session_options {
    size_t size;
    int batch; /**< pictures per pass, default 1; streams and evaluations fill them */
    int views; /**< 1: centre crop (default); 10: corners, centre and mirrors, averaged */
} alexnet_session_options;
#define ALEXNET_SESSION_OPTIONS_INIT                                                               \
    {                                                                                              \
        sizeof(alexnet_session_options), 1, 1                                                      \
    }

/** @return ALEXNET_ERROR_INVALID_ARGUMENT for an option out of range; ALEXNET_ERROR_NO_MEMORY, with
 *  the size of what did not fit */
ALEXNET_API alexnet_status alexnet_session_new(alexnet_session **out, alexnet_model *model,
                                               const alexnet_session_options *options);
ALEXNET_API void alexnet_session_free(alexnet_session *session);

typedef struct alexnet_prediction {
    int index;         /**< class number */
    float probability; /**< softmax output, averaged over the views */
    const char *name;  /**< as alexnet_model_class_name(); borrowed from the model */
} alexnet_prediction;

/**
 * Classify a picture: a JPEG, PNG or BMP file or, if the library was built with support for it, a
 * WebP, GIF, TIFF, HEIC or AVIF file (its first or primary picture). EXIF orientation, grey, CMYK,
 * alpha and 16 bit are handled.
 * @param top   how many of the best classes to return, best first
 * @param best  out, `top` predictions; those past the last class have index -1 and an empty name
 * @return ALEXNET_ERROR_IO, _FORMAT or _UNSUPPORTED for the picture, with its name in the text;
 *         ALEXNET_ERROR_BAD_MODEL if the weights make the probabilities NaN or infinite
 */
ALEXNET_API alexnet_status alexnet_classify_file(alexnet_session *session, const char *path,
                                                 int top, alexnet_prediction *best);
/** The same from a file's bytes. */
ALEXNET_API alexnet_status alexnet_classify_bytes(alexnet_session *session, const void *bytes,
                                                  size_t length, int top, alexnet_prediction *best);

typedef enum alexnet_pixel_format {
    ALEXNET_PIXELS_RGB8 = 1,
    ALEXNET_PIXELS_BGR8 = 2,
    ALEXNET_PIXELS_RGBA8 = 3, /**< alpha is composed over white */
    ALEXNET_PIXELS_GREY8 = 4,
} alexnet_pixel_format;

/** A picture as pixels in memory, borrowed for the call. */
typedef struct alexnet_pixels {
    const void *data; /**< the upper left pixel */
    int width, height;
    size_t row_bytes; /**< distance between rows, at least width * channels */
    alexnet_pixel_format format;
} alexnet_pixels;

/** The same from pixels. */
ALEXNET_API alexnet_status alexnet_classify_pixels(alexnet_session *session,
                                                   const alexnet_pixels *pixels, int top,
                                                   alexnet_prediction *best);

/** An item of a source that the caller defines: the bytes of a picture file or, if `pixels.data`
 *  is not NULL, pixels. Valid until alexnet_source's `release`. */
typedef struct alexnet_source_item {
    const void *bytes;
    size_t length;
    alexnet_pixels pixels;
    void *keep; /**< for the callbacks; the library ignores it */
} alexnet_source_item;

/**
 * A source of pictures that the caller defines: a database, an archive, generated pictures. Each
 * callback receives `user`, and may call the library; `item` and `get` return 0, or another number
 * if they failed.
 */
typedef struct alexnet_source {
    size_t size;
    void *user;
    const char *name;               /**< of the source, for messages and a run's record; copied */
    int class_count;                /**< 0: the pictures have no labels */
    const char *const *class_names; /**< [class_count], copied; NULL without labels */
    /** At most 4,294,967,294 (2^32 - 2). This and `item` are only called by
     *  alexnet_dataset_from_source(), in its thread. */
    int64_t (*count)(void *user);
    /** Name and class of an item; names are UTF-8, and copied. An item must keep its name when
     *  others are added: the name decides whether it is for validation. A failure is one of
     *  alexnet_dataset_from_source().
     *  @param label  out, 0 to class_count - 1; -1 without classes */
    int (*item)(void *user, int64_t index, const char **name, int *label);
    /** Provide an item. Called from several threads at once, at any time until all data sets, and
     *  all that was made from them, are freed. ALEXNET_ERROR_NO_MEMORY ends what needs the item
     *  with this error, perhaps after another attempt; after any other failure the picture counts
     *  as one that cannot be read. */
    int (*get)(void *user, int64_t index, alexnet_source_item *out);
    /** Called in the same thread when an item of `get` is no longer needed, unless that failed.
     *  NULL: not called. */
    void (*release)(void *user, int64_t index, alexnet_source_item *item);
} alexnet_source;
#define ALEXNET_SOURCE_INIT                                                                        \
    {                                                                                              \
        sizeof(alexnet_source), NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL                        \
    }

/**
 * Make a data set from a source. To resume a run over it, pass it again as
 * alexnet_resume_options.train_data; its fingerprint covers names and labels only.
 * @param options  NULL: the defaults
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for a source without items, a name of an item or a class
 *         that is missing, empty, not UTF-8 or has control characters, a name of the source with
 *         such text, two classes of one name, a label that is no class, and `examined`;
 *         ALEXNET_ERROR_NO_MEMORY if `item` returns it, ALEXNET_ERROR_IO if it returns another
 *         number than 0;
 *         ALEXNET_ERROR_UNSUPPORTED for more items than `count` may return, before any is asked for
 */
ALEXNET_API alexnet_status alexnet_dataset_from_source(alexnet_dataset **out, alexnet_ctx *ctx,
                                                       const alexnet_source *source,
                                                       const alexnet_dataset_options *options);

/** Classifies many pictures: decoded in background threads, and computed `batch` at a time. */
typedef struct alexnet_stream alexnet_stream;

typedef struct alexnet_stream_result {
    const char *path;
    alexnet_status status;          /**< of this picture */
    const char *error;              /**< its error text if status is not ALEXNET_OK, else NULL */
    const alexnet_prediction *best; /**< `top` predictions, or NULL */
} alexnet_stream_result;

/**
 * Classify the pictures of a data set in its order; labels are ignored. The session must
 * outlive the stream; the data set may be freed.
 */
ALEXNET_API alexnet_status alexnet_stream_open(alexnet_stream **out, alexnet_session *session,
                                               const alexnet_dataset *dataset, int top);
/** The same for files and folders, as alexnet_dataset_open_files() takes them. */
ALEXNET_API alexnet_status alexnet_stream_new(alexnet_stream **out, alexnet_session *session,
                                              const char *const *paths, int64_t count, int top);
/**
 * The next picture's result, valid until the next call; *more is false, and the result untouched,
 * past the last. A bad picture is a result, not a failure of this call.
 * @return ALEXNET_ERROR_BAD_MODEL as alexnet_classify_file(); the next call gives the next picture
 */
ALEXNET_API alexnet_status alexnet_stream_next(alexnet_stream *stream,
                                               alexnet_stream_result *result, bool *more);
ALEXNET_API void alexnet_stream_free(alexnet_stream *stream);

/* ---- Evaluation ----------------------------------------------------------------------------- */

typedef struct alexnet_evaluation alexnet_evaluation;

/** Means are over the pictures that could be read. Errors are fractions; ties count as expected
 *  under a random tie-break. */
typedef struct alexnet_metrics {
    int64_t images;  /**< pictures evaluated */
    int64_t skipped; /**< pictures that could not be read */
    double loss;     /**< mean of -log p(label), natural logarithm */
    double top1_error;
    double top5_error; /**< among min(5, classes) best */
} alexnet_metrics;

/** Evaluate a session's model on a data set opened with `classes_of` that model. The session must
 *  outlive the evaluation. */
ALEXNET_API alexnet_status alexnet_evaluation_new(alexnet_evaluation **out,
                                                  alexnet_session *session,
                                                  const alexnet_dataset *dataset);
/**
 * Compute the next batch.
 * @param done  out, pictures so far
 * @param more  out, false after the last batch
 * @return ALEXNET_ERROR_BAD_MODEL as alexnet_classify_file(): the metrics are then meaningless;
 * after any other failure the next step begins again at the first picture
 */
ALEXNET_API alexnet_status alexnet_evaluation_step(alexnet_evaluation *evaluation, int64_t *done,
                                                   bool *more);
ALEXNET_API alexnet_status alexnet_evaluation_metrics(const alexnet_evaluation *evaluation,
                                                      alexnet_metrics *metrics);
/** How many pictures of class `label` had `predicted` as best class. @return -1 if out of range */
ALEXNET_API int64_t alexnet_evaluation_confusion(const alexnet_evaluation *evaluation, int label,
                                                 int predicted);
/**
 * The answers that pictures of class `label` got, one after the other, in the order of classes: of
 * thousands of classes most are the answer to none of them.
 * @param index      from 0
 * @param predicted  out, the class; -1 without an answer. May be NULL
 * @return how many pictures got it; 0 past the last; -1 if out of range
 */
ALEXNET_API int64_t alexnet_evaluation_answer(const alexnet_evaluation *evaluation, int label,
                                              int index, int *predicted);
/** A picture and its results. */
typedef struct alexnet_evaluated {
    const char *path;      /**< name of the picture, borrowed from the data set */
    int label;             /**< its class */
    alexnet_status status; /**< of reading it; where it is not ALEXNET_OK, the rest is 0 */
    double loss;           /**< -log p(label) */
    double top1_error, top5_error;
} alexnet_evaluated;
/**
 * What the latest step found out about picture i of its batch, 0, 1, ... Its session must not have
 * computed anything else since.
 * @param top   how many of the best classes to return, best first; 0: none
 * @param best  out, `top` predictions as alexnet_classify_file() gives them; untouched for a
 *              picture that could not be read
 * @return ALEXNET_ERROR_INVALID_ARGUMENT past the last
 */
ALEXNET_API alexnet_status alexnet_evaluation_picture(const alexnet_evaluation *evaluation, int i,
                                                      int top, alexnet_evaluated *picture,
                                                      alexnet_prediction *best);

/** How well a class was recognised. A picture's answer is its most probable class, the first of
 *  equals. */
typedef struct alexnet_class_metrics {
    int64_t images;   /**< of this class */
    int64_t answers;  /**< pictures of any class whose answer was this class */
    int64_t correct;  /**< pictures of this class whose answer was this class */
    double precision; /**< correct / answers; NAN without answers */
    double recall;    /**< correct / images; NAN without images */
    double f1;        /**< 2 correct / (images + answers); NAN without both */
    int mistaken_for; /**< the wrong answer that its pictures most often got, or -1 */
    int64_t mistakes; /**< how often they got it */
} alexnet_class_metrics;
/** @return ALEXNET_ERROR_INVALID_ARGUMENT if there is no such class */
ALEXNET_API alexnet_status alexnet_evaluation_class(const alexnet_evaluation *evaluation, int label,
                                                    alexnet_class_metrics *metrics);

typedef struct alexnet_interval {
    double low, high;
} alexnet_interval;
/** 95% confidence intervals, for pictures of the same kind: Wilson's for the errors; 1.96 standard
 *  errors on either side of the mean for the loss, but not below 0 (NAN below two pictures). For
 *  five classes or fewer, top5_error is 0 to 0. */
typedef struct alexnet_intervals {
    alexnet_interval top1_error, top5_error, loss;
} alexnet_intervals;
ALEXNET_API alexnet_status alexnet_evaluation_intervals(const alexnet_evaluation *evaluation,
                                                        alexnet_intervals *intervals);

/** Calibration: whether a model is right as often as its probabilities say. Pictures are put into
 *  bins by the probability of their best class: bin i of 15 holds those above i/15, up to
 *  (i+1)/15. */
enum { ALEXNET_CALIBRATION_BINS = 15 };
typedef struct alexnet_calibration_bin {
    int64_t images;
    double confidence; /**< mean probability of the best class; 0 without pictures */
    double accuracy;   /**< share of right answers; ties count as expected */
} alexnet_calibration_bin;
/**
 * @param error  out, the expected calibration error: the mean over the pictures of
 *               |accuracy - confidence| of their bin
 * @param bins   out, ALEXNET_CALIBRATION_BINS of them; or NULL
 */
ALEXNET_API alexnet_status alexnet_evaluation_calibration(const alexnet_evaluation *evaluation,
                                                          double *error,
                                                          alexnet_calibration_bin *bins);
ALEXNET_API void alexnet_evaluation_free(alexnet_evaluation *evaluation);

/* An ensemble: several models, whose probabilities are averaged with weights. */

typedef struct alexnet_ensemble_options {
    size_t size;
    const double *weights; /**< a weight >= 0 for each session; NULL: equal ones */
    bool keep;    /**< keep the probabilities that each model gives (4 bytes for each model, picture
                       and class), so that other weights can be tried without computing again */
    bool unnamed; /**< pictures that cannot be read are counted, but not named in the log */
} alexnet_ensemble_options;
#define ALEXNET_ENSEMBLE_OPTIONS_INIT                                                              \
    {                                                                                              \
        sizeof(alexnet_ensemble_options), NULL, false, false                                       \
    }

/**
 * Evaluate several models as one, on a data set opened with `classes_of` the first. The models must
 * have the same classes in the same order and the same context, and may differ in all else. The
 * sessions must have the same batch size and must outlive the evaluation. Pictures are decoded once
 * for each size that the models need.
 * @param options  NULL: the defaults
 */
ALEXNET_API alexnet_status alexnet_evaluation_new_ensemble(alexnet_evaluation **out,
                                                           alexnet_session *const *sessions,
                                                           int count,
                                                           const alexnet_dataset *dataset,
                                                           const alexnet_ensemble_options *options);
/**
 * Begin again with other weights, one for each session. The next steps go through all pictures;
 * they are quick if the probabilities of a whole pass were kept.
 */
ALEXNET_API alexnet_status alexnet_evaluation_set_weights(alexnet_evaluation *evaluation,
                                                          const double *weights);

/** What a search for weights minimises. */
typedef enum alexnet_weight_measure {
    ALEXNET_WEIGHT_TOP1 = 0,
    ALEXNET_WEIGHT_TOP5 = 1,
    ALEXNET_WEIGHT_LOSS = 2,
} alexnet_weight_measure;

typedef struct alexnet_weight_search_options {
    size_t size;
    alexnet_weight_measure measure; /**< default top-5 error, as in 2012 */
    int steps;                      /**< values of a weight: 0, 1/steps, ..., 1; default 20 */
    int passes;                     /**< how often each weight is tried at most; default 5 */
} alexnet_weight_search_options;
#define ALEXNET_WEIGHT_SEARCH_OPTIONS_INIT                                                         \
    {                                                                                              \
        sizeof(alexnet_weight_search_options), ALEXNET_WEIGHT_TOP5, 20, 5                          \
    }

/**
 * The coordinate search of 2012 (avg-valid.py): all weights begin at 1/2 (for odd `steps`, the grid
 * value below it); each in turn takes the value of a grid that lowers the measure most, until none
 * changes any more or all passes are over. The weights fit the pictures that they were found on
 * better than other pictures.
 */
typedef struct alexnet_weight_search alexnet_weight_search;
/**
 * @param evaluation  keeps its probabilities and has made its last step; must outlive the search
 *                    and must not be stepped meanwhile
 */
ALEXNET_API alexnet_status alexnet_weight_search_new(alexnet_weight_search **out,
                                                     const alexnet_evaluation *evaluation,
                                                     const alexnet_weight_search_options *options);
/**
 * Try all values of the next weight.
 * @param tried  out, how many weights were tried, at most passes * models
 * @param more   out, false once the search is over
 */
ALEXNET_API alexnet_status alexnet_weight_search_step(alexnet_weight_search *search, int *tried,
                                                      bool *more);
/** The weights so far, one for each model, borrowed until the search is freed; *lowest is the
 *  measure with them. Either pointer may be NULL. */
ALEXNET_API alexnet_status alexnet_weight_search_result(const alexnet_weight_search *search,
                                                        const double **weights, double *lowest);
ALEXNET_API void alexnet_weight_search_free(alexnet_weight_search *search);

/* ---- Features: what inner layers compute ----------------------------------------------------- */

/** A model ready to compute the outputs of some of its layers, with memory for one batch. */
typedef struct alexnet_features alexnet_features;

/** How the rows and columns of a layer's maps are pooled. */
typedef enum alexnet_pooling {
    ALEXNET_POOLING_NONE = 0, /**< not at all: they are kept */
    ALEXNET_POOLING_AVG = 1,  /**< one value per channel: the mean */
    ALEXNET_POOLING_MAX = 2,  /**< one value per channel: the largest */
} alexnet_pooling;

/**
 * A layer is named by
 *   "fc7"          its name in the network file: its output, after its neuron if it has one;
 *   "fc7:pre"      the same before its neuron;
 *   "input"        what the first layer gets: the picture after cropping, mean and scale;
 *   "features.10", "classifier.4", "avgpool"
 *                  the output of that module of torchvision's AlexNet, for networks of the same
 *                  layers: features.0 is conv1:pre, features.1 conv1, features.2 pool1, ...,
 *                  features.12 and avgpool pool5, classifier.1 fc6:pre, ..., classifier.6 fc8.
 *                  torchvision's ReLU overwrites its input: there, an output of features.0 that
 *                  was kept without a copy becomes that of features.1.
 */
typedef struct alexnet_features_options {
    size_t size;
    const char *const *layers; /**< `count` names, each once; NULL with count 0: "fc7" alone */
    int count;
    int batch; /**< pictures per pass, default 1; streams fill it */
    int views; /**< 1: centre crop (default); 10: corners, centre and mirrors, averaged */
    alexnet_pooling pool; /**< of each view, before views are averaged */
} alexnet_features_options;
#define ALEXNET_FEATURES_OPTIONS_INIT                                                              \
    {                                                                                              \
        sizeof(alexnet_features_options), NULL, 0, 1, 1, ALEXNET_POOLING_NONE                      \
    }

/**
 * Layers after the last one that is asked for are not computed.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for a layer that the network does not have: the text
 *         suggests one
 */
ALEXNET_API alexnet_status alexnet_features_new(alexnet_features **out, alexnet_model *model,
                                                const alexnet_features_options *options);
ALEXNET_API void alexnet_features_free(alexnet_features *features);

/** The number of float32 values of a picture: those of the layers one after the other, in the order
 *  in which they were asked for. */
ALEXNET_API int64_t alexnet_features_length(const alexnet_features *features);

typedef struct alexnet_feature_info {
    const char *name; /**< as it was asked for; borrowed */
    int shape[3];     /**< C, H, W after pooling; H = W = 1 for fully connected layers */
    int64_t length;   /**< C * H * W */
    int64_t offset;   /**< of its first value among those of a picture */
} alexnet_feature_info;
/** Describe layer `index` of those that were asked for. @return false past the last */
ALEXNET_API bool alexnet_features_get(const alexnet_features *features, int index,
                                      alexnet_feature_info *info);

/**
 * Compute a picture.
 * @param values  out, [alexnet_features_length()]
 * @return as alexnet_classify_file()
 */
ALEXNET_API alexnet_status alexnet_features_file(alexnet_features *features, const char *path,
                                                 float *values);
/** The same from a file's bytes. */
ALEXNET_API alexnet_status alexnet_features_bytes(alexnet_features *features, const void *bytes,
                                                  size_t length, float *values);
/** The same from pixels. */
ALEXNET_API alexnet_status alexnet_features_pixels(alexnet_features *features,
                                                   const alexnet_pixels *pixels, float *values);

/** Features of many pictures: decoded in background threads, and computed `batch` at a time. */
typedef struct alexnet_feature_stream alexnet_feature_stream;

typedef struct alexnet_feature_result {
    const char *path;
    alexnet_status status; /**< of this picture */
    const char *error;     /**< its error text if status is not ALEXNET_OK, else NULL */
    const float *values;   /**< [alexnet_features_length()], or NULL */
} alexnet_feature_result;

/** Compute the pictures of a data set in its order. The features must outlive the stream; the data
 *  set may be freed. */
ALEXNET_API alexnet_status alexnet_feature_stream_new(alexnet_feature_stream **out,
                                                      alexnet_features *features,
                                                      const alexnet_dataset *dataset);
/**
 * The next picture's values, valid until the next call; *more is false, and the result untouched,
 * past the last. A bad picture is a result, not a failure of this call.
 * @return ALEXNET_ERROR_BAD_MODEL as alexnet_classify_file(); the next call gives the next picture
 */
ALEXNET_API alexnet_status alexnet_feature_stream_next(alexnet_feature_stream *stream,
                                                       alexnet_feature_result *result, bool *more);
ALEXNET_API void alexnet_feature_stream_free(alexnet_feature_stream *stream);

/* ---- Representational dissimilarity ---------------------------------------------------------- */

/** How the dissimilarity of two pictures' features is measured. */
typedef enum alexnet_dissimilarity {
    ALEXNET_DISSIMILARITY_CORRELATION = 0, /**< 1 - Pearson's r: 0 to 2 */
    ALEXNET_DISSIMILARITY_EUCLIDEAN = 1,   /**< the square root of the sum of squared differences */
    ALEXNET_DISSIMILARITY_COSINE = 2,      /**< 1 - cosine: 0 to 2 */
} alexnet_dissimilarity;

/**
 * Compute the dissimilarity of every pair of pictures. Sums are in double; the result does not
 * depend on the number of threads. Needs little memory besides its arguments.
 * @param rdm       out, [count][count]: symmetric, with zeros on the diagonal; NaN where a
 *                  picture has no correlation (all its features are equal) or no cosine (all zero)
 * @param features  [count][length]
 * @param count     3 to 60000
 * @return ALEXNET_ERROR_CANCELLED; `rdm` is then incomplete
 */
ALEXNET_API alexnet_status alexnet_rdm(double *rdm, alexnet_ctx *ctx, const float *features,
                                       int64_t count, int64_t length,
                                       alexnet_dissimilarity measure);

/** Rank correlations. */
typedef enum alexnet_rank {
    ALEXNET_RANK_SPEARMAN = 0, /**< rho; equal values share their mean rank */
    ALEXNET_RANK_KENDALL = 1,  /**< tau-a: tied pairs count as neither, and in the denominator */
} alexnet_rank;

/**
 * The similarity of two matrices: the rank correlation of the values above their diagonals. Takes
 * 48 bytes of memory for each of the count (count - 1) / 2 pairs.
 * @param similarity  out: -1 to 1; untouched on failure
 * @param a           [count][count]
 * @param b           [count][count]
 * @param count       3 to 60000
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for values that are NaN or infinite, for a matrix that is
 *         not symmetric (beyond rounding to float32), and for Spearman's rho of a matrix whose
 *         values are all equal; ALEXNET_ERROR_CANCELLED
 */
ALEXNET_API alexnet_status alexnet_rsa(double *similarity, alexnet_ctx *ctx, const double *a,
                                       const double *b, int64_t count, alexnet_rank rank);

/**
 * Read a matrix from a .npy file of floating-point numbers, signed integers, bytes or bool: a
 * square one, or the condensed vector of scipy's pdist(), which has the values above the diagonal,
 * row by row.
 * @param count  out if `rdm` is NULL; else in
 * @param rdm    out, [count][count]; NULL to learn `count` first
 * @return ALEXNET_ERROR_IO; ALEXNET_ERROR_FORMAT for another shape or kind of file, and for another
 *         `count` than the file has
 */
ALEXNET_API alexnet_status alexnet_rdm_read(const char *path, int64_t *count, double *rdm);

/* ---- Explanation: what a network saw, and what it answered to -------------------------------- */

/*
 * All of these work on a crop: the part of a picture that the network sees when it classifies the
 * picture with one view, uint8 [side][side][3] in R, G, B order, side = alexnet_network_side(). Its
 * pixels may be changed before it is passed to the functions below.
 */

/** The crop of a picture. @param crop  out. @return as alexnet_classify_file() */
ALEXNET_API alexnet_status alexnet_crop_file(const alexnet_network *network, const char *path,
                                             uint8_t *crop);
/** The same from a file's bytes. */
ALEXNET_API alexnet_status alexnet_crop_bytes(const alexnet_network *network, const void *bytes,
                                              size_t length, uint8_t *crop);
/** The same from pixels. */
ALEXNET_API alexnet_status alexnet_crop_pixels(const alexnet_network *network,
                                               const alexnet_pixels *pixels, uint8_t *crop);

/** The same for picture `index` of a data set. */
ALEXNET_API alexnet_status alexnet_crop_item(const alexnet_network *network,
                                             const alexnet_dataset *dataset, int64_t index,
                                             uint8_t *crop);

/** A model ready to compute the gradient of a class with respect to the pixels. */
typedef struct alexnet_saliency alexnet_saliency;

/** Takes memory for one picture, with the gradients of its layers. */
ALEXNET_API alexnet_status alexnet_saliency_new(alexnet_saliency **out, alexnet_model *model);
/**
 * How a class's score changes with each pixel (Simonyan, Vedaldi, Zisserman 2014, section 3). The
 * score is the input of the softmax, not the probability.
 * @param score     out, or NULL
 * @param gradient  out [side][side][3], or NULL: change of the score per grey level of R, G, B
 * @param map       out [side][side], or NULL: the largest magnitude of the three; for a grey
 *                  network the magnitude per level of the grey that it sees
 * @return ALEXNET_ERROR_BAD_MODEL if the weights make these NaN or infinite
 */
ALEXNET_API alexnet_status alexnet_saliency_compute(alexnet_saliency *saliency, const uint8_t *crop,
                                                    int class_index, float *score, float *gradient,
                                                    float *map);
ALEXNET_API void alexnet_saliency_free(alexnet_saliency *saliency);

/** A model ready to classify a picture while one part of it after another is covered. */
typedef struct alexnet_occlusion alexnet_occlusion;

typedef struct alexnet_occlusion_options {
    size_t size;
    int square; /**< side of the square that covers, in pixels; 0: a seventh of the input's side */
    int stride; /**< from one square to the next; 0: a quarter of the square */
    int batch;  /**< pictures per pass, default 16 */
} alexnet_occlusion_options;
#define ALEXNET_OCCLUSION_OPTIONS_INIT                                                             \
    {                                                                                              \
        sizeof(alexnet_occlusion_options), 0, 0, 16                                                \
    }

/**
 * Each position of the map stands for a cell of stride x stride pixels; the square is centred on it
 * and ends at the edges of the picture. It has the mean colour that the model subtracts, or is grey
 * (128) for a model without one.
 */
ALEXNET_API alexnet_status alexnet_occlusion_new(alexnet_occlusion **out, alexnet_model *model,
                                                 const alexnet_occlusion_options *options);
/** Rows and columns of the map: ceil(side / stride). */
ALEXNET_API int alexnet_occlusion_side(const alexnet_occlusion *occlusion);
/** The `stride`, which is the side of a cell, and the `square` in use, defaults filled in. */
ALEXNET_API int alexnet_occlusion_stride(const alexnet_occlusion *occlusion);
ALEXNET_API int alexnet_occlusion_square(const alexnet_occlusion *occlusion);
/** Begin with a picture, which is copied, and a class. */
ALEXNET_API alexnet_status alexnet_occlusion_start(alexnet_occlusion *occlusion,
                                                   const uint8_t *crop, int class_index);
/**
 * Compute the next batch of positions.
 * @param done  out, positions so far
 * @param more  out, false after the last of side * side
 */
ALEXNET_API alexnet_status alexnet_occlusion_step(alexnet_occlusion *occlusion, int64_t *done,
                                                  bool *more);
/**
 * The drop in the class's probability by position (Zeiler, Fergus 2014, section 4.2): its
 * probability in the whole picture minus that in the covered one. Positive where the class depends
 * on what is covered.
 * @param probability  out, in the whole picture; or NULL
 * @return [side][side], borrowed, computed as far as alexnet_occlusion_step() has come; NULL before
 *         the first step
 */
ALEXNET_API const float *alexnet_occlusion_map(const alexnet_occlusion *occlusion,
                                               float *probability);
ALEXNET_API void alexnet_occlusion_free(alexnet_occlusion *occlusion);

/** A model ready to compute every layer's output. */
typedef struct alexnet_activations alexnet_activations;

/** Takes memory for one picture, with the outputs of all layers. */
ALEXNET_API alexnet_status alexnet_activations_new(alexnet_activations **out, alexnet_model *model);
/**
 * Compute all layers of a crop, which is not kept.
 * @return ALEXNET_ERROR_BAD_MODEL if a layer computes NaN or infinity: the text names the first.
 *         What the layers computed can be looked at nevertheless
 */
ALEXNET_API alexnet_status alexnet_activations_compute(alexnet_activations *activations,
                                                       const uint8_t *crop);
/**
 * A layer's output after its neuron, [C][H][W] as alexnet_layer_info.output says, borrowed until
 * the next computation; zeros before the first.
 * @return NULL if out of range
 */
ALEXNET_API const float *alexnet_activations_layer(const alexnet_activations *activations,
                                                   int layer);
ALEXNET_API void alexnet_activations_free(alexnet_activations *activations);

/** A search for the patches of pictures to which a channel of a layer responds most. */
typedef struct alexnet_patches alexnet_patches;

typedef struct alexnet_patches_options {
    size_t size;
    int layer;   /**< index, default 0 */
    int channel; /**< of the layer: a filter, or a unit of a fully connected layer; default 0 */
    int count;   /**< how many to find, default 9 */
    int batch;   /**< pictures per pass, default 16 */
} alexnet_patches_options;
#define ALEXNET_PATCHES_OPTIONS_INIT                                                               \
    {                                                                                              \
        sizeof(alexnet_patches_options), 0, 0, 9, 16                                               \
    }

/** A patch: the place in a picture where the channel is largest. */
typedef struct alexnet_patch {
    const char *path;        /**< the picture's name */
    float value;             /**< of the channel there, after the layer's neuron */
    int row, column;         /**< in the layer's output */
    alexnet_rectangle field; /**< what that unit sees, in pixels of the crop */
    const uint8_t *crop;     /**< of the picture */
} alexnet_patch;

/** The data set may be freed afterwards; labels are ignored. */
ALEXNET_API alexnet_status alexnet_patches_new(alexnet_patches **out, alexnet_model *model,
                                               const alexnet_dataset *dataset,
                                               const alexnet_patches_options *options);
/**
 * Compute the next batch. Pictures that cannot be read are left out, with a warning in the log.
 * @param done  out, pictures so far
 * @param more  out, false after the last batch
 */
ALEXNET_API alexnet_status alexnet_patches_step(alexnet_patches *patches, int64_t *done,
                                                bool *more);
/** Pictures left out so far. */
ALEXNET_API int64_t alexnet_patches_skipped(const alexnet_patches *patches);
/** The best patches so far, largest value first; pointers are borrowed until the next step.
 *  @return false past the last */
ALEXNET_API bool alexnet_patches_get(const alexnet_patches *patches, int index,
                                     alexnet_patch *patch);
ALEXNET_API void alexnet_patches_free(alexnet_patches *patches);

/* ---- Similar pictures ----------------------------------------------------------------------- */

/** How far two pictures' features are apart. */
typedef enum alexnet_metric {
    ALEXNET_METRIC_EUCLIDEAN = 1, /**< the square root of the sum of squared differences */
    ALEXNET_METRIC_COSINE = 2, /**< 1 - the cosine of the angle between them, 0 to 2; 1 for zeros */
} alexnet_metric;

/** A picture near a query. */
typedef struct alexnet_neighbour {
    int64_t row;     /**< its number in the index; -1: there are no more */
    double distance; /**< INFINITY if there are no more */
} alexnet_neighbour;

/** Two pictures, `first` < `second`. */
typedef struct alexnet_pair {
    int64_t first, second;
    double distance;
} alexnet_pair;

/**
 * Features of all pictures below a folder, stored in a folder of their own; only new and changed
 * pictures are computed again. Searches look at every picture and are exact. The files of the index
 * are mapped into memory, so that it may be larger than the memory; if another program shortens
 * them meanwhile, the system ends the process (SIGBUS).
 *
 * Several programs and threads may build an index at the same time, each with a handle of its own.
 * Each computes what was missing when it opened the index; what is stored twice is removed by one
 * that is opened later.
 */
typedef struct alexnet_index alexnet_index;

/**
 * Read the index of a folder, and find out which pictures are new or changed since.
 * @param features  computes the rows: the values of all layers that it was made for. Must outlive
 *                  the index. Indices of other models and layers may be in the same folder
 * @param folder    of the pictures
 * @param home      folder of the index, made if absent; NULL: a hidden one beside `folder`,
 *                  ".photos.index" for "photos"
 * @return as alexnet_dataset_open_files(); ALEXNET_ERROR_IO also if `folder` is not a folder, and
 *         if pictures are missing but files cannot be made in `home`. What files held that are
 *         shortened, or damaged other than in the values themselves, is computed again, with a
 *         warning in the log. Values are compared with their checksums where they are first used
 */
ALEXNET_API alexnet_status alexnet_index_open(alexnet_index **out, alexnet_features *features,
                                              const char *folder, const char *home);
/** How many pictures step() will compute in all, and how many it has computed. */
ALEXNET_API int64_t alexnet_index_missing(const alexnet_index *index, int64_t *done);
/**
 * Compute a batch of the missing pictures. Results are written every 64 MiB, and at the end. A
 * picture that cannot be read causes one warning in the log, and is tried again when it changes.
 * After a failure the step can be tried again: no picture is left out or computed twice.
 * @param more  out, false once the index is complete and written
 */
ALEXNET_API alexnet_status alexnet_index_step(alexnet_index *index, bool *more);
/** Write what is computed but not written yet. Call it if the work ends early. */
ALEXNET_API alexnet_status alexnet_index_flush(alexnet_index *index);

/** How many pictures the folder has. Rows are in byte order of their paths. */
ALEXNET_API int64_t alexnet_index_count(const alexnet_index *index);
/** How many of them could not be read. */
ALEXNET_API int64_t alexnet_index_unreadable(const alexnet_index *index);
/** The path of a picture. Borrowed. @return NULL if out of range */
ALEXNET_API const char *alexnet_index_path(const alexnet_index *index, int64_t row);
/** The features of a picture, [alexnet_features_length()], as soon as they are computed. Borrowed
 *  until the next step or flush.
 *  @return NULL if it could not be read, is not computed yet, is out of range, or is damaged: then
 *          alexnet_error_text() names the file */
ALEXNET_API const float *alexnet_index_values(const alexnet_index *index, int64_t row);

/**
 * The nearest pictures of each query.
 * @param queries  float [count][alexnet_features_length()], finite
 * @param count    1 to 100,000
 * @param top      1 to 100,000
 * @param out      [count][top], nearest first; of equal distances the lower row first. Pictures
 *                 that could not be read, or are not computed yet, are left out
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for an unknown metric, a count out of range, and a query
 *         with a value that is not finite; ALEXNET_ERROR_FORMAT for a row that has changed since it
 *         was written: the text names the file, which is to be deleted; ALEXNET_ERROR_CANCELLED
 */
ALEXNET_API alexnet_status alexnet_index_nearest(const alexnet_index *index, const float *queries,
                                                 int count, alexnet_metric metric, int top,
                                                 alexnet_neighbour *out);

/** A search for the pictures of an index that are nearest to each other. */
typedef struct alexnet_pairs alexnet_pairs;

/**
 * @param index  must outlive the search
 * @param limit  how many pairs to find, 1 to 10,000,000
 * @param most   the largest distance of a pair; INFINITY: any
 * @return ALEXNET_ERROR_INVALID_ARGUMENT also for an index with pictures still to compute
 */
ALEXNET_API alexnet_status alexnet_pairs_new(alexnet_pairs **out, const alexnet_index *index,
                                             alexnet_metric metric, int64_t limit, double most);
/** Compare some more pictures with all later ones. @param fraction  out, how much is done, 0 to 1
 *  @param more  out, false at the end
 *  @return ALEXNET_ERROR_FORMAT as alexnet_index_nearest(), in the first step;
 *          ALEXNET_ERROR_CANCELLED: the step can be tried again */
ALEXNET_API alexnet_status alexnet_pairs_step(alexnet_pairs *pairs, double *fraction, bool *more);
/** Pair `index` of those found so far, the nearest being 0. @return false past the last */
ALEXNET_API bool alexnet_pairs_get(alexnet_pairs *pairs, int64_t index, alexnet_pair *pair);
ALEXNET_API void alexnet_pairs_free(alexnet_pairs *pairs);
ALEXNET_API void alexnet_index_free(alexnet_index *index);

/* ---- Distance: how different two pictures look ---------------------------------------------- */

/*
 * LPIPS, version 0.1 (Zhang, Isola, Efros, Shechtman, Wang: The Unreasonable Effectiveness of Deep
 * Features as a Perceptual Metric, CVPR 2018), over the convolutions of a model: 0 for equal
 * pictures, the larger the more different they look. Its weights, one per channel, come from a file
 * or from the model. The published ones are for torchvision's AlexNet; others must fit the model's
 * convolutions.
 *
 * Pictures keep their size and are compared place by place: both must have the same size, at most
 * 16,777,216 pixels (4096 x 4096), and be large enough to reach the last convolution, which takes
 * at least 31 x 31 for alexnet-owt. They are prepared as the model's input is, but not cropped; if
 * the model has a mean image, its mean colour is subtracted.
 */

/**
 * Give a model the weights of LPIPS that a file holds (.pth, .safetensors, .npz; tensors
 * lin0.model.1.weight, ... or lpips.0.weight, ...), so that alexnet_model_save() writes them with
 * it. Call it before other handles and threads use the model.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for weights that do not fit the model's convolutions
 */
ALEXNET_API alexnet_status alexnet_model_set_lpips(alexnet_model *model, const char *path);

/** A model ready to measure how different two pictures look. */
typedef struct alexnet_distance alexnet_distance;

typedef struct alexnet_distance_options {
    size_t size;
    const char *lpips; /**< file of the weights; NULL: the model's own */
    int side; /**< pictures are first resized to side x side, whatever their shape, 1 to 4096; 0:
                 no resizing */
} alexnet_distance_options;
#define ALEXNET_DISTANCE_OPTIONS_INIT                                                              \
    {                                                                                              \
        sizeof(alexnet_distance_options), NULL, 0                                                  \
    }

/** @return ALEXNET_ERROR_INVALID_ARGUMENT if there are no weights, or they do not fit */
ALEXNET_API alexnet_status alexnet_distance_new(alexnet_distance **out, alexnet_model *model,
                                                const alexnet_distance_options *options);
/** The number of layers whose parts add up to a distance. */
ALEXNET_API int alexnet_distance_part_count(const alexnet_distance *distance);
/** The layer's name, as "conv1". Borrowed. @return NULL if out of range */
ALEXNET_API const char *alexnet_distance_part_name(const alexnet_distance *distance, int index);
ALEXNET_API void alexnet_distance_free(alexnet_distance *distance);

/**
 * A picture's features, computed once for comparison with any number of others; about 54 bytes per
 * pixel for alexnet-owt. Only for use with the distance that it was made with; the two may be freed
 * in any order.
 */
typedef struct alexnet_distance_picture alexnet_distance_picture;

/** Compute it from a file. @return as alexnet_classify_file(); _UNSUPPORTED if it is too large,
 *  _INVALID_ARGUMENT if it is too small */
ALEXNET_API alexnet_status alexnet_distance_picture_file(alexnet_distance_picture **out,
                                                         alexnet_distance *distance,
                                                         const char *path);
/** The same from a file's bytes. */
ALEXNET_API alexnet_status alexnet_distance_picture_bytes(alexnet_distance_picture **out,
                                                          alexnet_distance *distance,
                                                          const void *bytes, size_t length);
/** The same from pixels. */
ALEXNET_API alexnet_status alexnet_distance_picture_pixels(alexnet_distance_picture **out,
                                                           alexnet_distance *distance,
                                                           const alexnet_pixels *pixels);
/**
 * The same from numbers, which are not resized.
 * @param levels  [3][height][width], R, G, B from 0 to 255: 127.5 * (x + 1) for x from -1 to 1.
 *                Levels outside, as of a picture that is being optimised, are computed with as they
 *                are; ALEXNET_ERROR_INVALID_ARGUMENT for one that is NaN or beyond 1e6
 */
ALEXNET_API alexnet_status alexnet_distance_picture_levels(alexnet_distance_picture **out,
                                                           alexnet_distance *distance,
                                                           const float *levels, int height,
                                                           int width);
/** The size at which it is compared, in pixels. */
ALEXNET_API int alexnet_distance_picture_width(const alexnet_distance_picture *picture);
ALEXNET_API int alexnet_distance_picture_height(const alexnet_distance_picture *picture);
/** Bytes that it takes. */
ALEXNET_API size_t alexnet_distance_picture_memory(const alexnet_distance_picture *picture);
ALEXNET_API void alexnet_distance_picture_free(alexnet_distance_picture *picture);

/** Computes many pictures: they are decoded in background threads, and computed one by one. */
typedef struct alexnet_distance_stream alexnet_distance_stream;

typedef struct alexnet_distance_result {
    int64_t index; /**< of the picture in the data set */
    const char *path;
    alexnet_status status; /**< of this picture: of its file, or _UNSUPPORTED if it is too large,
                              _INVALID_ARGUMENT if it is too small */
    const char *error;     /**< its error text if status is not ALEXNET_OK, else NULL */
    alexnet_distance_picture *picture; /**< the caller's to free, or NULL */
} alexnet_distance_result;

/**
 * Compute pictures of a data set, bit for bit as alexnet_distance_picture_file() does. The distance
 * must outlive the stream; the data set may be freed.
 * @param order  indices of pictures, which may repeat; copied. NULL: all of them in their order,
 * and `count` is ignored
 */
ALEXNET_API alexnet_status alexnet_distance_stream_new(alexnet_distance_stream **out,
                                                       alexnet_distance *distance,
                                                       const alexnet_dataset *dataset,
                                                       const uint32_t *order, int64_t count);
/**
 * The next picture; *more is false, and the result untouched, past the last. Its texts are valid
 * until the next call. A bad picture is a result, not a failure of this call.
 * @return ALEXNET_ERROR_BAD_MODEL as alexnet_classify_file(); the next call gives the next picture
 */
ALEXNET_API alexnet_status alexnet_distance_stream_next(alexnet_distance_stream *stream,
                                                        alexnet_distance_result *result,
                                                        bool *more);
ALEXNET_API void alexnet_distance_stream_free(alexnet_distance_stream *stream);

/**
 * The distance between two pictures.
 * @param value     out, or NULL
 * @param parts     out [alexnet_distance_part_count()], which add up to it; or NULL
 * @param gradient  out [3][height][width], or NULL: the derivative with respect to R, G, B of
 *                  picture a, in levels from 0 to 255 (times 127.5 for values from -1 to 1)
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for pictures of different sizes
 */
ALEXNET_API alexnet_status alexnet_distance_between(alexnet_distance *distance,
                                                    const alexnet_distance_picture *a,
                                                    const alexnet_distance_picture *b,
                                                    double *value, double *parts, float *gradient);
/** The same for two files. */
ALEXNET_API alexnet_status alexnet_distance_files(alexnet_distance *distance, const char *a,
                                                  const char *b, double *value, double *parts);

/* ---- Recipes -------------------------------------------------------------------------------- */

/** How to train: a table of keys with values. */
typedef struct alexnet_recipe alexnet_recipe;

/** Read a recipe: "default" or another built-in name, or the path of a recipe file. */
ALEXNET_API alexnet_status alexnet_recipe_load(alexnet_recipe **out, const char *name_or_path);
/** The built-in recipes: "default", ... @return NULL if there is none of that index */
ALEXNET_API const alexnet_builtin *alexnet_recipe_builtin(int index);
/**
 * Set a key: "epochs" to "20". Keys that may differ by layer accept a layer and a dot in front,
 * "conv1.rate", or a pattern of layers, "conv*.rate"; if several match a layer, the one set last
 * counts. Numbers are decimal; those that may change by epoch accept steps: "0.01 0.001@25
 * 0.0001@51". Blanks around a number are not kept.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT with the key, its type and range, or the nearest key
 */
ALEXNET_API alexnet_status alexnet_recipe_set(alexnet_recipe *recipe, const char *key,
                                              const char *value);
/** The value of a key as text, borrowed until the next set. @return NULL for an unknown key */
ALEXNET_API const char *alexnet_recipe_get(const alexnet_recipe *recipe, const char *key);
/** Keys that were set for layers, in order: "conv1.rate". Borrowed. @return NULL past the last */
ALEXNET_API const char *alexnet_recipe_layer_key(const alexnet_recipe *recipe, int index);
ALEXNET_API void alexnet_recipe_free(alexnet_recipe *recipe);

/** A key of a recipe. */
typedef struct alexnet_recipe_key {
    const char *name;
    const char *type;     /**< "integer", "number", "schedule", "range", "choice", "layers", or
                               "file": a choice, or the path of a file */
    const char *range;    /**< for people: "1 to 65536", or the choices, "constant|step|cosine" */
    const char *standard; /**< the value of recipe `default` */
    const char *help;     /**< one line */
    bool per_layer;       /**< whether "LAYER.name" is accepted */
    bool at_resume;       /**< whether a resumed run may be given another value */
    const char *also[5];  /**< its names in other programs, for suggestions; unused ones NULL */
} alexnet_recipe_key;

/** @return false past the last. */
ALEXNET_API bool alexnet_recipe_key_get(int index, alexnet_recipe_key *key);

/* ---- Training ------------------------------------------------------------------------------- */

typedef struct alexnet_trainer alexnet_trainer;

typedef struct alexnet_trainer_options {
    size_t size;
    const char *net;              /**< built-in name or path; default: the network of init_from if
                                       that is given, else "alexnet" */
    const alexnet_recipe *recipe; /**< default: recipe "default"; copied */
    const char *init_from;        /**< model file, or run folder for its best model: tensors
                                       of equal name and shape are taken from it, input.mean too
                                       (it is then not computed), and readable names of the same
                                       classes if the data set has none. The log names what is not
                                       taken and how [input] differs: docs/model-files.md */
    const char *out_dir; /**< run folder, made if absent; must not hold a run, nor lie among
                              the class folders of the pictures; required */
    int split;           /**< how sums of weight gradients are grouped, whatever the number of
                              threads; 0: the number of threads that was asked for */
} alexnet_trainer_options;
#define ALEXNET_TRAINER_OPTIONS_INIT                                                               \
    {                                                                                              \
        sizeof(alexnet_trainer_options), NULL, NULL, NULL, NULL, 0                                 \
    }

/** A preview of a network's training input: some pictures, each cropped, mirrored, coloured, erased
 * and mixed in several random draws. */
typedef struct alexnet_preview alexnet_preview;

/** A picture in one draw. */
typedef struct alexnet_preview_view {
    int64_t index;       /**< in the data set */
    const char *error;   /**< why the picture could not be read; NULL: it was. Borrowed */
    const uint8_t *rgb;  /**< [side][side][3]: the network's input, as levels from 0 to 255; black
                              if the picture could not be read. Borrowed */
    int label;           /**< class; -1 if it could not be read */
    int second;          /**< class of the picture mixed into it; -1: none */
    double second_share; /**< share of that class in the target */
} alexnet_preview_view;

/**
 * Compute the input of a network for the pictures of the first batch of a run. The first draw of a
 * picture is what epoch 1 of the run shows; the D-th is what the run would show at the same place
 * of epoch D. Nothing is trained or written. If a run would first compute the mean of all pictures,
 * the mean colour of the pictures shown here is used instead.
 * @param options   net, recipe and init_from as for alexnet_trainer_new(); NULL: the defaults
 * @param pictures  1 to 64; all, if the data set has fewer
 * @param draws     1 to 32
 */
ALEXNET_API alexnet_status alexnet_preview_new(alexnet_preview **out, alexnet_ctx *ctx,
                                               const alexnet_dataset *train,
                                               const alexnet_trainer_options *options, int pictures,
                                               int draws);
/** How many pictures there are. */
ALEXNET_API int alexnet_preview_pictures(const alexnet_preview *preview);
/** Rows and columns of what the network sees. */
ALEXNET_API int alexnet_preview_side(const alexnet_preview *preview);
/** @param view  out; what it borrows lives as long as the preview */
ALEXNET_API alexnet_status alexnet_preview_get(const alexnet_preview *preview, int picture,
                                               int draw, alexnet_preview_view *view);
ALEXNET_API void alexnet_preview_free(alexnet_preview *preview);

/** Training whose result is not kept, to learn something about a run before it is started. */
typedef struct alexnet_trial alexnet_trial;

typedef enum alexnet_trial_kind {
    /** Train on the pictures of the first batch again and again, until they are memorised: a loss
     * below 0.05. If this fails, a run with the same network, recipe and data will not learn
     * either. Pictures are cropped from the middle and not augmented; there is no dropout and no
     * label smoothing; rates stay at half those of the recipe's first epoch, without a warm-up. The
     * mean image is that of these pictures. */
    ALEXNET_TRIAL_OVERFIT = 1,
    /** Raise the rates geometrically from update to update, all in the proportion that they have in
     * the recipe, until the loss is four times its least. All else is as in the run, except that
     * the mean image is that of the pictures that are shown. */
    ALEXNET_TRIAL_RATES = 2,
} alexnet_trial_kind;

typedef struct alexnet_trial_options {
    size_t size;
    alexnet_trial_kind kind;
    int64_t updates;        /**< at most; 0: 500 for OVERFIT, 100 for RATES */
    double lowest, highest; /**< RATES: the recipe's `rate` rises from one to the other */
} alexnet_trial_options;
#define ALEXNET_TRIAL_OPTIONS_INIT                                                                 \
    {                                                                                              \
        sizeof(alexnet_trial_options), ALEXNET_TRIAL_OVERFIT, 0, 1e-5, 1                           \
    }

/** An update of a trial. */
typedef struct alexnet_trial_point {
    int64_t update;  /**< its number, from 1; 0: there was none, as the step computed a part of the
                          mean image, its pictures could not be read, or the loss is no longer
                          finite */
    int64_t updates; /**< at most */
    int64_t images;
    double rate;       /**< of weights */
    double loss;       /**< mean over the images, before the update */
    double top1_error; /**< likewise, a fraction */
    double smooth;     /**< from alexnet_trial_get(): the loss averaged with that of the four
                            updates on either side */
} alexnet_trial_point;

/** The result of a trial. */
typedef struct alexnet_trial_verdict {
    bool good;          /**< OVERFIT: memorised; RATES: the loss fell, and there is a rate */
    int64_t updates;    /**< made */
    int64_t pictures;   /**< shown, again and again (OVERFIT) or each once (RATES) */
    double loss;        /**< OVERFIT: the latest; RATES: the least, smoothed */
    double chance;      /**< ln C: the loss of a network that guesses among C classes */
    double lowest_at;   /**< RATES: the rate of the least loss */
    double rate;        /**< RATES: the suggested `rate`, a tenth of it; 0: none is suggested */
    const char *reason; /**< OVERFIT: why the loss may have stayed at chance, and what to try; ""
                             if it did not. Borrowed from the trial */
} alexnet_trial_verdict;

/**
 * @param options  net, recipe, init_from and split as for alexnet_trainer_new(); NULL: the defaults
 * @param how      NULL: the defaults
 */
ALEXNET_API alexnet_status alexnet_trial_new(alexnet_trial **out, alexnet_ctx *ctx,
                                             const alexnet_dataset *train,
                                             const alexnet_trainer_options *options,
                                             const alexnet_trial_options *how);
/**
 * Make one update, or compute a piece of the mean image.
 * @param more  out, false once the trial is over
 * @return as alexnet_trainer_step(), except that with RATES a loss that is not finite ends the
 *         trial and is not a failure
 */
ALEXNET_API alexnet_status alexnet_trial_step(alexnet_trial *trial, alexnet_trial_point *point,
                                              bool *more);
/** Updates so far, and one of them by its index. @return false past the last */
ALEXNET_API int64_t alexnet_trial_count(const alexnet_trial *trial);
ALEXNET_API bool alexnet_trial_get(const alexnet_trial *trial, int64_t index,
                                   alexnet_trial_point *point);
/** Judge the updates so far. */
ALEXNET_API void alexnet_trial_judge(const alexnet_trial *trial, alexnet_trial_verdict *verdict);
ALEXNET_API void alexnet_trial_free(alexnet_trial *trial);

typedef enum alexnet_phase {
    ALEXNET_PROGRESS_MEAN = 1,  /**< a part of the mean image was computed */
    ALEXNET_PROGRESS_TRAIN = 2, /**< one minibatch */
    ALEXNET_PROGRESS_VAL = 3,   /**< one validation batch */
    ALEXNET_PROGRESS_EPOCH = 4, /**< an epoch ended: `val` holds its validation */
} alexnet_phase;

/** What a step did. Errors are fractions. `phase` is 0 if the run was complete already, and `epoch`
 * then its last. */
typedef struct alexnet_progress {
    alexnet_phase phase;
    int epoch, epochs;   /**< epoch counts from 1 */
    int64_t step;        /**< updates made so far */
    int64_t done, total; /**< pictures of this phase (mean: of the data set) */
    double loss;         /**< mean over the pictures of the latest report interval */
    double top1_error, top5_error;
    double rate;              /**< learning rate of weights in this step */
    double images_per_second; /**< of the latest report interval; before it, of all updates; phase
                                   MEAN: of that pass since the trainer was made */
    double waiting;           /**< share of that time in which computation waited for pictures */
    double seconds_left;      /**< of the whole run, validation included; < 0 if not known yet */
    bool report;         /**< this step ended a report interval and wrote a line to log.jsonl */
    bool saved;          /**< this step wrote a checkpoint */
    bool best;           /**< phase EPOCH: this is the best model so far */
    alexnet_metrics val; /**< phase EPOCH: validation, if there is any (val.images > 0) */
    int64_t skipped;     /**< how often an unreadable training picture was met, in all passes */
    bool norms; /**< this step measured the norms of alexnet_trainer_norms(), and wrote a line */
} alexnet_progress;

/**
 * Prepare a run: network for the data's classes, initial weights, memory. Writes recipe.ini and a
 * first checkpoint into the run folder: from here on the run can be resumed. The folder is made; if
 * it exists, it may hold only what a run leaves that was stopped before its first checkpoint. `val`
 * may be NULL. The data sets may be freed afterwards. The run folder gets checkpoints, the best
 * model, the recipe, a log and a list of unreadable pictures (docs/runs.md); tables, drawings and
 * report.html are made by the command, not by the library.
 * @return ALEXNET_ERROR_CANCELLED while the sizes of the pictures' files are looked up and pictures
 *         of both parts are compared; nothing has been written then
 */
ALEXNET_API alexnet_status alexnet_trainer_new(alexnet_trainer **out, alexnet_ctx *ctx,
                                               const alexnet_dataset *train,
                                               const alexnet_dataset *val,
                                               const alexnet_trainer_options *options);

typedef struct alexnet_resume_options {
    size_t size;
    const char *train; /**< where the folder of the training pictures is now; NULL: where it was */
    const char *val;   /**< the same for the validation pictures; NULL: beside `train` if they were
                            beside it, a share of `train` if they were one, else where they were.
                            Refused, as is val_data, if they were a share, or there were none */
    /** Keys of the recipe and their values, alternating, ended by NULL; only keys whose
     *  `at_resume` is true. NULL: none. A run given another number of epochs ends as if it had
     *  begun with it, unless its rates depend on its end (docs/recipes.md): from where the run
     *  stands, they then follow the schedule to the new end, with a warning. */
    const char *const *settings;
    /** Continue although pictures were changed, added or removed. If they are training pictures,
     *  the current epoch starts again; the updates that it has made are kept, and stay counted. */
    bool accept_changes;
    /** For a run over a source that the caller defines: its training pictures and, unless they
     *  are a share of these, its validation pictures, as alexnet_dataset_from_source() makes them
     *  from the whole source. They may be freed afterwards. NULL: the data that the run recorded
     *  is opened. Not together with `train` or `val`, respectively. */
    const alexnet_dataset *train_data, *val_data;
} alexnet_resume_options;
#define ALEXNET_RESUME_OPTIONS_INIT                                                                \
    {                                                                                              \
        sizeof(alexnet_resume_options), NULL, NULL, NULL, false, NULL, NULL                        \
    }

/**
 * Continue the run of a folder from its last checkpoint, bit for bit as if it had not stopped. Its
 * data is opened again, and checked against the fingerprint of the run. What the options change is
 * saved at once in a checkpoint or, if the system refuses that, by the first step.
 * @param options  NULL: the defaults
 * @return ALEXNET_ERROR_BAD_DATA if the data has changed; ALEXNET_ERROR_INVALID_ARGUMENT for a
 *         setting that cannot be changed in a run, and if another trainer, of any process, has the
 *         folder and does not end within five seconds; ALEXNET_ERROR_CANCELLED, with the run as it
 *         was; ALEXNET_ERROR_FORMAT for a damaged checkpoint, and if a link, pipe, device or folder
 *         has the name of one of the run's files
 */
ALEXNET_API alexnet_status alexnet_trainer_resume(alexnet_trainer **out, alexnet_ctx *ctx,
                                                  const char *run_dir,
                                                  const alexnet_resume_options *options);
/**
 * Do the next piece of work: part of the mean image, one minibatch, one validation batch, or the
 * end of an epoch, which keeps the best model and writes a checkpoint. A checkpoint is also written
 * when ten minutes have passed since the last; if that one fails with ALEXNET_ERROR_IO, the log has
 * a warning, the earlier checkpoint is kept, and the next attempt is ten minutes later. A failure
 * to write the checkpoint at the end of an epoch is a failure of this call, and the next one begins
 * with writing it. After ALEXNET_ERROR_IO, as of a full disk or of pictures out of reach, and after
 * ALEXNET_ERROR_NO_MEMORY, the call can be made again at any time: it does what is left, and the
 * run ends with the same bits.
 * @param more  out, false once the run is complete
 * @return ALEXNET_ERROR_DIVERGED if the loss is not finite: the last good checkpoint is kept, the
 *         text names the first layer whose output is not finite and suggests a rate, and all later
 *         steps and alexnet_trainer_save() fail in the same way; ALEXNET_ERROR_CANCELLED after
 *         alexnet_ctx_cancel(); ALEXNET_ERROR_BAD_DATA at the end of a pass over the training or
 *         the validation pictures in which none could be read, or more than 1% and more than the
 *         recipe's bad_pictures could not: alexnet_trainer_bad(). Such a validation is not compared
 *         with others, and is repeated when the run is resumed
 */
ALEXNET_API alexnet_status alexnet_trainer_step(alexnet_trainer *trainer,
                                                alexnet_progress *progress, bool *more);
/**
 * The epoch of the best model of the run so far, resumed or not, and its validation (images is 0
 * without any); `metrics` may be NULL. @return 0 before the end of the first epoch, and if the file
 * of the best model was missing on resume, or was of an epoch that the run went back from, before
 * the end of the next one
 */
ALEXNET_API int alexnet_trainer_best(const alexnet_trainer *trainer, alexnet_metrics *metrics);
/**
 * After a step that failed with ALEXNET_ERROR_BAD_DATA: how many pictures of the pass could not be
 * read, which is the value of `bad_pictures` with which it would have gone on without them.
 * @return 0 if none could be read, so that no value helps, and after any other step
 */
ALEXNET_API int64_t alexnet_trainer_bad(const alexnet_trainer *trainer);
/** Write a checkpoint now. */
ALEXNET_API alexnet_status alexnet_trainer_save(alexnet_trainer *trainer);
/**
 * The folder of the run, as it was given. If it is renamed or moved while the run trains, the run
 * continues in it, with a warning, and this is its new path from the next report or save on.
 * Borrowed, until the next step or save.
 */
ALEXNET_API const char *alexnet_trainer_folder(const alexnet_trainer *trainer);
/** Memory of the run in bytes, known before the first step. */
typedef struct alexnet_memory {
    size_t parameters, gradients, momentum, activations, scratch, pictures;
    size_t total; /**< their sum, which is compared with what is available at the start */
} alexnet_memory;
ALEXNET_API void alexnet_trainer_memory(const alexnet_trainer *trainer, alexnet_memory *memory);
/** Bytes of the models that a run writes into its folder. Headers, the log, tables and pictures,
 *  some megabytes in all, are not counted. */
typedef struct alexnet_disk {
    uint64_t checkpoint; /**< last.safetensors, and each epoch-N.safetensors */
    uint64_t model;      /**< best.safetensors */
    uint64_t kept;       /**< all of them, at the end of the run */
    uint64_t peak;       /**< the most at any time: a file is replaced by a new one beside it */
} alexnet_disk;
ALEXNET_API void alexnet_trainer_disk(const alexnet_trainer *trainer, alexnet_disk *disk);
ALEXNET_API const alexnet_network *alexnet_trainer_network(const alexnet_trainer *trainer);
/**
 * The tensors as they are now, in the order and with the names of the model's:
 * alexnet_model_tensor(). `info->data` is the trainer's, and valid until the next call with it.
 */
ALEXNET_API int alexnet_trainer_tensor_count(const alexnet_trainer *trainer);
ALEXNET_API alexnet_status alexnet_trainer_tensor(alexnet_trainer *trainer, int index,
                                                  alexnet_tensor_info *info);

/** L2 norms of a tensor that is learned, at the latest update for which the recipe's `norms` had
 * them measured. */
typedef struct alexnet_norms {
    const char *name; /**< borrowed */
    int64_t step;     /**< the number of the update */
    double weights;   /**< after the update */
    double gradient;  /**< of the batch's mean loss, before clipping; without weight decay */
    double change;    /**< what the update added to the weights */
} alexnet_norms;
/**
 * @param index  of the tensor, as for alexnet_trainer_tensor()
 * @return false if nothing was measured yet, or the tensor does not learn; `*norms` is then zero
 */
ALEXNET_API bool alexnet_trainer_norms(const alexnet_trainer *trainer, int index,
                                       alexnet_norms *norms);
ALEXNET_API void alexnet_trainer_free(alexnet_trainer *trainer);

/** An event file for TensorBoard: how numbers, weights and pictures change over a run. */
typedef struct alexnet_events alexnet_events;

/**
 * Begin a new file in a folder: events.out.tfevents.*. Earlier files there stay, but the new file
 * replaces what they say of later steps than this one, as when a run continues from a checkpoint.
 * @param step  updates made so far
 */
ALEXNET_API alexnet_status alexnet_events_open(alexnet_events **out, const char *folder,
                                               int64_t step);
/** Write a number. @param tag  its name: "loss", or "val/loss" to group it with others
 *  @return ALEXNET_ERROR_IO, as from the next two functions; the file is then as before the call */
ALEXNET_API alexnet_status alexnet_events_scalar(alexnet_events *events, int64_t step,
                                                 const char *tag, double value);
/** Write a histogram of the finite values among `count`, in 30 buckets of equal width. */
ALEXNET_API alexnet_status alexnet_events_histogram(alexnet_events *events, int64_t step,
                                                    const char *tag, const float *values,
                                                    int64_t count);
/** Write a picture, given as a PNG file of `length` bytes. */
ALEXNET_API alexnet_status alexnet_events_picture(alexnet_events *events, int64_t step,
                                                  const char *tag, const void *png, size_t length);
ALEXNET_API void alexnet_events_free(alexnet_events *events);

/** Open the validation set of a run folder again, as `alexnet eval RUN` does.
 *  @return ALEXNET_ERROR_UNSUPPORTED for a run over a source that the caller defines: make its data
 *          set again, with `classes_of`, and if its validation pictures are a share, use
 *          alexnet_dataset_split() with the same share and seed */
ALEXNET_API alexnet_status alexnet_run_validation(alexnet_dataset **out, alexnet_ctx *ctx,
                                                  const char *run_dir,
                                                  const alexnet_model *classes_of);
/** Warn, in the log of the context, if a data set that is to be evaluated was opened from the path
 *  of the run's training pictures and holds some of them, as `alexnet eval RUN DATA` does. */
ALEXNET_API alexnet_status alexnet_run_warn_seen(alexnet_ctx *ctx, const char *run_dir,
                                                 const alexnet_dataset *data);
/** Whether a file is a checkpoint, from which its run can be resumed: its metadata have the record
 *  of a run. @return false also if it cannot be read */
ALEXNET_API bool alexnet_is_checkpoint(const char *path);

/* ---- Self-test ------------------------------------------------------------------------------ */

/** A comparison of every operator on every device of this machine with `ref`. */
typedef struct alexnet_selftest alexnet_selftest;

typedef struct alexnet_selftest_result {
    const char *device;  /**< "cpu" */
    const char *test;    /**< operator and shape, e.g. "conv2 forward fp32" */
    double worst;        /**< largest deviation, as a fraction of the one that is allowed */
    bool passed;         /**< worst <= 1 */
    const char *skipped; /**< the reason, or NULL */
    /** What computed it: "onednn jit:avx2 + native pool_max:avx2"; "" if skipped. Valid until
     *  the next result. */
    const char *computed_by;
} alexnet_selftest_result;

ALEXNET_API alexnet_status alexnet_selftest_new(alexnet_selftest **out, alexnet_ctx *ctx);
ALEXNET_API alexnet_status alexnet_selftest_next(alexnet_selftest *test,
                                                 alexnet_selftest_result *result, bool *more);
ALEXNET_API void alexnet_selftest_free(alexnet_selftest *test);

/* ---- Speed ---------------------------------------------------------------------------------- */

/** A measurement of a network's speed on random pictures in memory. */
typedef struct alexnet_bench alexnet_bench;

typedef enum alexnet_bench_mode {
    ALEXNET_BENCH_TRAIN = 0, /**< steps of training: forward, backward, update */
    ALEXNET_BENCH_INFER = 1, /**< forward passes */
} alexnet_bench_mode;

typedef struct alexnet_bench_options {
    size_t size;
    const char *net; /**< built-in name or path; default "alexnet"; 1000 classes */
    alexnet_bench_mode mode;
    int batch; /**< pictures per step, default 64 */
    int steps; /**< to measure, default 5; one unmeasured step precedes them */
} alexnet_bench_options;
#define ALEXNET_BENCH_OPTIONS_INIT                                                                 \
    {                                                                                              \
        sizeof(alexnet_bench_options), NULL, ALEXNET_BENCH_TRAIN, 64, 5                            \
    }

/** The parts of a step's work. */
typedef enum alexnet_pass {
    ALEXNET_PASS_FORWARD = 1,
    ALEXNET_PASS_BACKWARD = 2,
    ALEXNET_PASS_UPDATE = 3,
    ALEXNET_PASS_PACK = 4, /**< weights copied into the layout that the device computes in */
} alexnet_pass;

/**
 * The measured steps. A multiplication and an addition count as two operations; only those of
 * convolution and fully connected layers are counted (a step of training `alexnet` has 4.136e9 for
 * each picture).
 */
typedef struct alexnet_speed {
    const char *net, *device;    /**< names */
    alexnet_precision precision; /**< of the computation: FP32, TF32 or BF16 */
    int batch, threads, steps;   /**< steps measured so far */
    double least, median, most;  /**< seconds per step; 0 before the first measured one */
    double operations;           /**< per step */
    double peak_fp32, peak_bf16; /**< operations per second that the device reaches with operands in
                                       registers; 0 if it lacks the precision or is not measured */
    const char *with_fp32, *with_bf16; /**< by which instruction; "" if there is no peak */
    double copied; /**< bytes per second, read and written, of a copy in the device's memory; 0 if
                        not measured */
} alexnet_speed;

/** A part of a step: neighbouring layers that are computed together, in one pass. */
typedef struct alexnet_layer_speed {
    const char *name; /**< "conv1", "conv1+pool1"; "input", "sum" (of gradients), "all" (update) */
    alexnet_pass pass;
    double seconds;    /**< median over the measured steps; 0 before the first */
    double operations; /**< per step; 0 if none are counted */
    double bytes;      /**< least number read and written per step: the tensors and parameters
                            that enter the part and leave it */
} alexnet_layer_speed;

/** Make the network, with the first weights of recipe "default", and measure the device's peak. */
ALEXNET_API alexnet_status alexnet_bench_new(alexnet_bench **out, alexnet_ctx *ctx,
                                             const alexnet_bench_options *options);
/**
 * Do the next step.
 * @param seconds  out, what it took; 0 for the first, which is not measured
 * @param more     out, false after the last
 */
ALEXNET_API alexnet_status alexnet_bench_step(alexnet_bench *bench, double *seconds, bool *more);
/** Sum up. Names are borrowed from the bench. */
ALEXNET_API void alexnet_bench_speed(const alexnet_bench *bench, alexnet_speed *speed);
/**
 * The device's peak in a precision, which is also measured where alexnet_speed has no field for it.
 * @param with  out, by which instruction or product, "" if there is no peak; NULL: not wanted
 * @return operations per second; 0 if the device lacks the precision or is not measured
 */
ALEXNET_API double alexnet_bench_peak(const alexnet_bench *bench, alexnet_precision precision,
                                      const char **with);
/** Part `index` of a step, in the order of computation. @return false past the last */
ALEXNET_API bool alexnet_bench_layer(const alexnet_bench *bench, int index,
                                     alexnet_layer_speed *layer);
ALEXNET_API void alexnet_bench_free(alexnet_bench *bench);

/**
 * A measurement of how fast the pictures of a data set are read, decoded and resized for training.
 * Every round loads the same pictures, and then decodes the JPEGs among them from memory with
 * libjpeg-turbo alone, on as many threads.
 */
typedef struct alexnet_loader_bench alexnet_loader_bench;

typedef struct alexnet_loader_bench_options {
    size_t size;
    const char *net; /**< its [input] says how pictures are prepared; default "alexnet" */
    const alexnet_recipe *recipe; /**< its crop and rotate; NULL: "paper", crops of one size */
    int batch;                    /**< default 64 */
    int rounds;                   /**< to measure, default 5; one unmeasured round precedes them */
    int64_t pictures;             /**< at most, in each round, drawn at random once; default 2000 */
} alexnet_loader_bench_options;
#define ALEXNET_LOADER_BENCH_OPTIONS_INIT                                                          \
    {                                                                                              \
        sizeof(alexnet_loader_bench_options), NULL, NULL, 64, 5, 2000                              \
    }

/** The measured rounds. */
typedef struct alexnet_loader_speed {
    const char *net;            /**< its name */
    int batch, threads, rounds; /**< rounds measured so far */
    int64_t pictures, bad;      /**< of a round; the unreadable ones among them */
    int64_t jpegs; /**< pictures that libjpeg-turbo alone decodes in a round: up to 1 GiB */
    double bytes;  /**< of the files of a round; 0 for pictures that are pixels */
    double least, median, most; /**< seconds per round of the loader; 0 before the first */
    double decoder; /**< median seconds of libjpeg-turbo alone for these pictures; 0: none */
    double processor, decoder_processor; /**< median CPU seconds of the loader and of libjpeg-turbo,
                                               which other work on the machine changes less */
} alexnet_loader_speed;

/** @return as alexnet_dataset_open(); ALEXNET_ERROR_INVALID_ARGUMENT for an empty data set */
ALEXNET_API alexnet_status alexnet_loader_bench_new(alexnet_loader_bench **out, alexnet_ctx *ctx,
                                                    const alexnet_dataset *dataset,
                                                    const alexnet_loader_bench_options *options);
/** Do the next round. @param more  out, false after the last
 *  @return ALEXNET_ERROR_BAD_DATA if none of the pictures can be read */
ALEXNET_API alexnet_status alexnet_loader_bench_step(alexnet_loader_bench *bench, bool *more);
/** Sum up. The name is borrowed from the bench. */
ALEXNET_API void alexnet_loader_bench_speed(const alexnet_loader_bench *bench,
                                            alexnet_loader_speed *speed);
ALEXNET_API void alexnet_loader_bench_free(alexnet_loader_bench *bench);

/**
 * A search for the fastest implementations of a network's operators on this machine, where a device
 * has several. Choices that were measured for each instruction set are built in; a context whose
 * `tuning` is a file of this search uses the choices in that file instead.
 */
typedef struct alexnet_tuner alexnet_tuner;

/**
 * @param options  the steps to measure; they are measured twice in each of a dozen trials
 * @return as alexnet_bench_new(); ALEXNET_ERROR_INVALID_ARGUMENT for a context with a tuning
 */
ALEXNET_API alexnet_status alexnet_tuner_new(alexnet_tuner **out, alexnet_ctx *ctx,
                                             const alexnet_bench_options *options);
/** Do the next step. @param fraction  out, how much is done, 0 to 1  @param more  out, false after
 *  the last. @return ALEXNET_ERROR_CANCELLED; after any other failure of its work the search cannot
 *  be continued */
ALEXNET_API alexnet_status alexnet_tuner_step(alexnet_tuner *tuner, double *fraction, bool *more);
/** Seconds of a step with the choices found, and with the built-in ones; 0 before the end. */
ALEXNET_API void alexnet_tuner_result(const alexnet_tuner *tuner, double *seconds,
                                      double *built_in);

/** What was chosen for a layer in one pass. */
typedef struct alexnet_choice {
    const char *layer;
    alexnet_pass pass;
    const char *forward;        /**< a name as in docs/performance.md, "direct"; NULL: backward */
    const char *data, *weights; /**< the same for the gradients; NULL: not computed */
    double seconds, direct_seconds; /**< with these choices; with "direct" */
} alexnet_choice;
/** @return false past the last, and before the end of the search */
ALEXNET_API bool alexnet_tuner_choice(const alexnet_tuner *tuner, int index,
                                      alexnet_choice *choice);
/** Write the choices to a file, completely or not at all; an existing file is replaced.
 *  @return ALEXNET_ERROR_INVALID_ARGUMENT before the end of the search */
ALEXNET_API alexnet_status alexnet_tuner_save(const alexnet_tuner *tuner, const char *path);
ALEXNET_API void alexnet_tuner_free(alexnet_tuner *tuner);

#ifdef __cplusplus
}
#endif
#endif
