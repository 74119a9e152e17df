/*
 * Files: whole-file reads with a limit, and writes that are never half there.
 */
#ifndef AN_BASE_FILES_H
#define AN_BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

/**
 * Read a whole regular file into a new block with a NUL after it (not counted in *length).
 * @param limit  ALEXNET_ERROR_UNSUPPORTED above this many bytes
 * @return ALEXNET_ERROR_IO with path and reason
 */
alexnet_status an_file_read(const char *path, size_t limit, unsigned char **bytes, size_t *length);

/** Whether a path is an existing folder; an existing file. */
bool an_is_folder(const char *path);
bool an_is_file(const char *path);

/** Make a folder and its missing parents. */
alexnet_status an_make_folder(const char *path);

/** "folder/name" in a new string; NULL if memory is short. */
char *an_path_join(const char *folder, const char *name);

/** A file being written beside its final name. */
typedef struct an_writer an_writer;

/** Open "<path>.tmp" for writing, replacing one that a killed process left. */
alexnet_status an_writer_open(an_writer **out, const char *path);
alexnet_status an_writer_put(an_writer *writer, const void *bytes, size_t length);
/** Flush to the disk (fsync of file and folder), rename to the final name, free. Frees on failure
 *  too, and then removes the temporary file; the old file is untouched. */
alexnet_status an_writer_commit(an_writer *writer);
/** Give up: remove the temporary file, free. NULL allowed. */
void an_writer_abort(an_writer *writer);

/** an_writer for one block. */
alexnet_status an_file_replace(const char *path, const void *bytes, size_t length);

/** Random-access reads from a file or from memory, each checked against the size. */
typedef struct an_source an_source;

alexnet_status an_source_open(an_source **out, const char *path);
/** The block is borrowed and must outlive the source. `name` is for error texts; copied. */
alexnet_status an_source_memory(an_source **out, const char *name, const void *bytes,
                                size_t length);
void an_source_close(an_source *source);
uint64_t an_source_size(const an_source *source);
const char *an_source_name(const an_source *source);
/** @return ALEXNET_ERROR_FORMAT if [offset, offset + length) is not inside the source */
alexnet_status an_source_read(an_source *source, uint64_t offset, void *dst, size_t length);

#endif
