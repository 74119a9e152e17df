/*
 * A format of tensor files, as tensor_file*.c use it. To add a format, write its functions in a
 * file of its own beside this one, and add its row to the table in tensor_formats.c.
 */
#ifndef AN_FORMAT_TENSOR_FORMAT_H
#define AN_FORMAT_TENSOR_FORMAT_H

#include <jansson.h>

#include "format/outline.h"
#include "format/tensor_file.h"

/** How many bytes at the start of a file are used to recognise its format. */
enum { AN_TENSOR_HEAD = 512 };

typedef struct an_tensor_format {
    const char *name;
    const char *endings; /* of its files' names, for people: ".pth|.pt" */
    const char *about;   /* a few words: "PyTorch's files, whose pickles are read and not run" */
    /** Whether a file of `size` bytes that begins with `head` is of this format. */
    bool (*recognise)(const unsigned char *head, size_t length, uint64_t size);
    /** Fill in `entries`, `count` and `state`. The caller frees them, after a failure too. */
    alexnet_status (*open)(an_tensor_file *file);
    /**
     * Read `count` elements from element `first` in row-major order, in the tensor's type and the
     * host's byte order. Never called for AN_OTHER; pieces are read in order, from 0.
     */
    alexnet_status (*read)(an_tensor_file *file, const an_tensor_entry *entry, int64_t first,
                           int64_t count, void *dst);
    /** See an_tensor_file_metadata(). NULL: the format has no texts. */
    const char *(*metadata)(const an_tensor_file *file, const char *key);
    /**
     * Fill in the layers that the file lists; the caller frees them, after a failure too. NULL: the
     * format knows tensors only.
     */
    alexnet_status (*outline)(an_tensor_file *file, an_outline *outline);
    /** The built-in network to choose for files of the format if several fit; NULL: none. */
    const char *usual_network;
    /** The list whose order ImageNet's classes have in files of the format; NULL: they are in the
     *  order of their identifiers. */
    const char *class_order;
    /** Free `state`, which may be NULL. */
    void (*close)(void *state);
} an_tensor_format;

struct an_tensor_file {
    const an_tensor_format *format;
    an_reader *reader;
    int count;
    an_tensor_entry *entries;   /* with their names, freed by an_tensor_file_close() */
    void *state;                /* the format's own */
    const json_t *texts;        /* all metadata, in `state`; NULL: none, or not as one object */
    struct an_tensor_sum *sums; /* [count + 1] of the tensors and, last, of the metadata; NULL: the
                                   file has no checksums (tensor_sums.h) */
};

/** For formats in which names may be repeated: refuse a file in which one is. */
alexnet_status an_tensor_file_check_names(const an_tensor_file *file);

extern const an_tensor_format an_safetensors_format;
extern const an_tensor_format an_npy_format;
extern const an_tensor_format an_caffe_format;
extern const an_tensor_format an_pth_format;
extern const an_tensor_format an_onnx_format;
extern const an_tensor_format an_darknet_format;
extern const an_tensor_format an_deep_compression_format;
extern const an_tensor_format an_npz_format;

#endif
