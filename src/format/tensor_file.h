/*
 * Files of named tensors, in any format: recognised by content, whatever their names.
 *
 * The formats are a table in tensor_formats.c; tensor_format.h says what a row is. Formats check
 * everything that a file claims against the file before they use it. Tensors that are not asked for
 * may have any element type and shape.
 */
#ifndef AN_FORMAT_TENSOR_FILE_H
#define AN_FORMAT_TENSOR_FILE_H

#include "base/context.h"
#include "base/reader.h"
#include "format/outline.h"
#include "tensor/tensor.h"

typedef struct an_tensor_entry {
    char *name;
    an_dtype dtype;
    char type[16]; /* the file's own word for its element type: "F32", "F8_E8M0" */
    an_shape shape;
    uint64_t offset, bytes; /* for the format: where the data is */
} an_tensor_entry;

typedef struct an_tensor_file an_tensor_file;

/**
 * @param reader  taken over, also on failure
 * @return ALEXNET_ERROR_FORMAT for a file that is damaged or not a file of tensors,
 *         ALEXNET_ERROR_UNSUPPORTED for a format that is not read: the text says what the file is
 */
alexnet_status an_tensor_file_open(an_tensor_file **out, an_reader *reader);
/** The same for a file that is not to be a model. @param wanted  what it is to be instead, for the
 *  error of a file of another kind: "a mean image"; NULL: a model */
alexnet_status an_tensor_file_open_as(an_tensor_file **out, an_reader *reader, const char *wanted);
/**
 * Refuse a file that should be text but is a model, or anything else that can be identified.
 * @param expected  what it should be: "a network file"
 */
alexnet_status an_tensor_file_refuse(const char *path, const char *expected);
void an_tensor_file_close(an_tensor_file *file); /* NULL allowed */
/** The reader's name, for error texts. */
const char *an_tensor_file_name(const an_tensor_file *file);
/** "safetensors" */
const char *an_tensor_file_format(const an_tensor_file *file);
/** The format of a file by its first bytes; NULL: none, or it cannot be read. */
const char *an_tensor_file_format_of(const char *path);
/** Name, endings and a few words of a format that is read. @return false past the last */
bool an_tensor_file_format_at(int index, const char **name, const char **endings,
                              const char **about);
int an_tensor_file_count(const an_tensor_file *file);
const an_tensor_entry *an_tensor_file_entry(const an_tensor_file *file, int index);
/** The entry of a name. */
int an_tensor_file_index(const an_tensor_file *file, const char *name); /* -1: none */
const an_tensor_entry *an_tensor_file_find(const an_tensor_file *file,
                                           const char *name); /* NULL: none */
/** A text that the file carries besides its tensors, borrowed. @return NULL if absent */
const char *an_tensor_file_metadata(const an_tensor_file *file, const char *key);

/**
 * The layers that the file lists, in order; none if its format knows tensors only.
 * @return ALEXNET_ERROR_FORMAT; ALEXNET_ERROR_UNSUPPORTED for a network that is not a chain of
 *         layers that this program has: the text names the layer
 */
alexnet_status an_tensor_file_outline(an_tensor_file *file, an_outline *outline);
/** The built-in network to choose for files of the format if several fit; NULL: none. */
const char *an_tensor_file_usual_network(const an_tensor_file *file);
/** an_tensor_format.class_order. */
const char *an_tensor_file_class_order(const an_tensor_file *file);

/**
 * Whether a tensor can be read in a shape, as a type.
 * @param why  receives, if it cannot, what was expected and what is there, without names
 */
bool an_tensor_file_has(const an_tensor_file *file, const char *name, an_shape shape, an_dtype as,
                        char why[256]);
/**
 * Read a tensor.
 * @param as  AN_F32 or AN_F64, to which any floating type is converted; else the tensor's own type
 * @param dst row-major, whole
 * @return ALEXNET_ERROR_FORMAT if an_tensor_file_has() says no: the text names file and tensor
 */
alexnet_status an_tensor_file_read(an_tensor_file *file, const char *name, an_shape shape,
                                   an_dtype as, void *dst);
/**
 * Read `count` elements from element `first` of an entry in row-major order, converted likewise.
 * The entry must have a floating type. Pieces must be read in order; element 0 starts again.
 * @param as  AN_F32 or AN_F64
 */
alexnet_status an_tensor_file_read_part(an_tensor_file *file, const an_tensor_entry *entry,
                                        int64_t first, int64_t count, an_dtype as, void *dst);

/**
 * Whether the metadata, or a tensor that was read as a whole, does not match its checksum in the
 * file (tensor_sums.h): its bits have changed since it was written.
 * @param text  receives, if so, the first in the file: "tensor x: checksum .. expected, .. found",
 *              or "its metadata: " with the same
 */
enum { AN_DAMAGE_TEXT = 256 };
bool an_tensor_file_damage(const an_tensor_file *file, char text[AN_DAMAGE_TEXT]);
/** After reading: warn of damage. A program that copies metadata may have changed a model on
 * purpose. */
void an_tensor_file_warn(const an_tensor_file *file, alexnet_ctx *ctx);
/** The same as an error, for a checkpoint, which only a run may change.
 * @return ALEXNET_ERROR_FORMAT */
alexnet_status an_tensor_file_check_damage(const an_tensor_file *file);

#endif
