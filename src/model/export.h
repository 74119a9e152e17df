/*
 * Models for other programs. Each format is a row of the table in export.c: to add one, write its
 * function in a file of its own, export_<name>.c, and add its row.
 */
#ifndef AN_MODEL_EXPORT_H
#define AN_MODEL_EXPORT_H

#include "model/model_file.h"

typedef enum an_export_names {
    AN_NAMES_OURS,        /* conv1.weight */
    AN_NAMES_TORCHVISION, /* features.0.weight, classifier.1.weight */
    AN_NAMES_TOWERS,      /* conv1a.weight, conv1b.weight: the two halves of 2012 */
} an_export_names;

typedef struct an_export_options {
    an_dtype weights;      /* AN_F32, AN_F16 or AN_BF16: of the parameters in the file */
    an_export_names names; /* of tensors, where the format leaves them free */
    bool preprocessing;    /* ONNX: inside the graph, which then takes pixels from 0 to 255 */
} an_export_options;

typedef struct an_export_format {
    const char *name;    /* "onnx" */
    const char *endings; /* ".onnx"; several with a | between them */
    /** What the file does not carry, for people: "class names"; "" if it carries everything. */
    const char *without;
    /** Whether a type of weights and kind of names can be written. */
    bool takes_half, takes_names;
    /** Write a file, whole or not at all. @param provenance  what made the model, for people */
    alexnet_status (*write)(const char *path, an_net *net, const an_classes *classes,
                            const char *provenance, const an_export_options *options);
} an_export_format;

/** The format of a name ("onnx"), or of a path's ending; the text suggests. */
alexnet_status an_export_find(const an_export_format **out, const char *name, const char *path);
/** @return NULL past the last */
const an_export_format *an_export_format_at(int index);

#endif
