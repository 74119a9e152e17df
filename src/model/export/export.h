/*
 * Models for other programs. Each format is a row of the table in export.c. To add one, write its
 * function in its own file, export_<name>.c, declare its row below, and add it to the table.
 */
#ifndef AN_MODEL_EXPORT_EXPORT_H
#define AN_MODEL_EXPORT_EXPORT_H

#include "model/model_metadata.h"
#include "model/network/layer_names.h"
#include "model/program/net.h"

typedef struct an_export_options {
    an_dtype weights;      /* type of the parameters in the file: AN_F32, AN_F16 or AN_BF16 */
    an_export_names names; /* names of the tensors, if the format leaves them free */
    bool preprocessing; /* ONNX: include it in the graph, which then takes pixels from 0 to 255 */
} an_export_options;

typedef struct an_export_format {
    const char *name;    /* "onnx" */
    const char *endings; /* ".onnx"; several with a | between them */
    const char *about;   /* a few words: "ONNX, for ONNX Runtime, OpenCV and others" */
    /** What the file cannot hold, for people: "class names"; "" if it holds everything. */
    const char *without;
    /** Whether it takes float16 weights, bfloat16 too, other names of tensors, and
     *  `preprocessing`. */
    bool takes_half, takes_bf16, takes_names, takes_preprocessing;
    /** Write a file, whole or not at all. @param provenance  what made the model, for people */
    alexnet_status (*write)(const char *path, an_net *net, const an_classes *classes,
                            const char *provenance, const an_export_options *options);
} an_export_format;

/**
 * Find a format by its name ("onnx") or, if `name` is NULL, by the path's ending.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for a format that is unknown (the text makes a
 *         suggestion), or known but not written, such as .pth
 */
alexnet_status an_export_find(const an_export_format **out, const char *name, const char *path);
/** @return NULL past the last */
const an_export_format *an_export_format_at(int index);
/** Write a model. Options that the format does not take are refused. */
alexnet_status an_export(const an_export_format *format, const char *path, an_net *net,
                         const an_classes *classes, const char *provenance,
                         const an_export_options *options);

/* ---- For formats ---- */

/** A tensor of the file: a parameter, or one tower's share of it. */
typedef struct an_export_tensor {
    char name[AN_NAME_MAX + 17];
    an_shape shape;
    an_dtype type;
    int param;     /* -1: weights of LPIPS */
    int lpips;     /* if param is -1: their layer (lpips.h) */
    int64_t first; /* index of its first value in the parameter, in row-major order */
    bool swapped;  /* the halves of its columns are swapped */
} an_export_tensor;

/**
 * The tensors of a net under the names and in the types that the options ask for, in the order of
 * its parameters. input.mean, which is not a weight, stays AN_F32.
 * @param out  owned by the caller
 * @return ALEXNET_ERROR_UNSUPPORTED for a network that cannot have these names: the text says why
 */
alexnet_status an_export_tensors(an_export_tensor **out, int *count, const an_net *net,
                                 const an_export_options *options);
/** Append the net's weights of LPIPS, if any, to a list of an_export_tensors(), which has room for
 * them. */
void an_export_add_lpips(an_export_tensor *tensors, int *count, const an_net *net,
                         const an_export_options *options);
/** Receives the bytes of the file in order. */
typedef alexnet_status (*an_export_put)(void *to, const void *bytes, size_t length);
/**
 * Give the values of a tensor to `put` in row-major order, in its type, rounded to nearest even.
 * @return ALEXNET_ERROR_UNSUPPORTED for a value too large for the type: the text names the tensor
 */
alexnet_status an_export_values(an_net *net, const an_export_tensor *tensor, an_export_put put,
                                void *to);
/**
 * Check, before anything is written, a file that will be written beside the one that the caller
 * named: it may only replace a file that the library wrote.
 * @param mark  what every file that the library writes there contains; NULL: none can be told
 * @return ALEXNET_ERROR_INVALID_ARGUMENT if another file has the name
 */
alexnet_status an_export_check_beside(const char *path, const char *mark);
/** Write a model as safetensors to `put`. @param name  for error texts */
alexnet_status an_export_safetensors_to(an_export_put put, void *to, const char *name, an_net *net,
                                        const an_classes *classes, const char *provenance,
                                        const an_export_options *options);

extern const an_export_format an_export_safetensors;
extern const an_export_format an_export_npz;
extern const an_export_format an_export_caffe;
extern const an_export_format an_export_onnx;
extern const an_export_format an_export_c;

#endif
