/*
 * Python pickles, of protocols 2 to 5, as far as PyTorch writes dictionaries of tensors with them.
 *
 * A pickle is a program: its steps put values on a stack, and may call any Python function. This
 * reader calls nothing. It knows by name the few functions that rebuild tensors and dictionaries,
 * and does their work itself; a few classes of plain data that training scripts store with weights
 * (a Namespace of options, NumPy's numbers) become opaque values; every other name is refused.
 * Floating-point numbers, bytes and long texts become opaque values too.
 *
 * Memory is proportional to the pickle, with a limit on values, and nothing recurses. Values may
 * contain themselves, so code that walks through them must bound the depth.
 * Source: CPython's Lib/pickletools.py (opcodes); torch/_utils.py, torch/serialization.py.
 */
#ifndef AN_FORMAT_TORCH_PICKLE_H
#define AN_FORMAT_TORCH_PICKLE_H

#include "format/section.h"
#include "tensor/tensor.h"

typedef enum an_value_kind {
    AN_VALUE_OTHER, /* opaque: its content is not kept */
    AN_VALUE_NONE,
    AN_VALUE_INT,
    AN_VALUE_TEXT,
    AN_VALUE_TUPLE,
    AN_VALUE_LIST,
    AN_VALUE_DICT,
    AN_VALUE_GLOBAL, /* a known name */
    AN_VALUE_STORAGE,
    AN_VALUE_TENSOR,
} an_value_kind;

typedef struct an_value an_value;

/** An item of a tuple or list, or an entry of a dict. */
typedef struct an_item {
    const an_value *key; /* of a dict; else NULL */
    const an_value *value;
    struct an_item *next;
} an_item;

/** An element type of PyTorch. */
typedef struct an_torch_type {
    const char *storage; /* "FloatStorage"; NULL: it has no such class */
    const char *name;    /* "float32" */
    an_dtype dtype;
    int width; /* bytes */
} an_torch_type;

/** A block of elements, which is outside the pickle. */
typedef struct an_storage {
    const char *key;
    const an_torch_type *type;
    int64_t count;         /* elements */
    int64_t offset;        /* where a part of a block begins, in elements */
    uint64_t start, bytes; /* for the caller: the whole block; 0: not known */
    struct an_storage *next;
} an_storage;

typedef struct an_view {
    const an_storage *storage;
    const an_torch_type *type;
    int64_t offset; /* in elements */
    an_shape shape;
    int64_t stride[AN_MAX_RANK]; /* in elements */
} an_view;

struct an_value {
    an_value_kind kind;
    int count;        /* of items */
    bool has_tensors; /* of a dict: it has a tensor under a text */
    union {
        int64_t integer;
        const char *text;
        struct {
            an_item *first, *last;
        } items;
        const struct an_global *global;
        const an_storage *storage;
        const an_view *view;
    } is;
};

/** All values of one or more pickles, freed together. Initialise to all zero. */
typedef struct an_pickle {
    struct an_pickle_block *blocks;
    uint64_t values, limit; /* made so far; at most */
    an_storage *storages;   /* one for each mention; the latest first */
} an_pickle;

/**
 * Read a pickle.
 * @param at    in: where it begins in the section; out: the byte after it
 * @param root  out, owned by `pickle`
 * @return ALEXNET_ERROR_FORMAT with file and byte; ALEXNET_ERROR_UNSUPPORTED for a whole model, or
 *         a name that is refused: the text names it
 */
alexnet_status an_pickle_read(an_pickle *pickle, const an_section *section, uint64_t *at,
                              const an_value **root);
void an_pickle_free(an_pickle *pickle);

/** An item of a tuple or list by its place, NULL if there is none or `value` is neither. */
const an_value *an_value_at(const an_value *value, int index);
/** The integer that a value is, or -1. */
int64_t an_value_int(const an_value *value);
/** The text that a value is, or NULL. */
const char *an_value_text(const an_value *value);

#endif
