/*
 * Atomic file writing: a file is written under another name beside the final one, flushed to disk,
 * then renamed. If the process is stopped in between, the old file is unchanged.
 */
#ifndef AN_BASE_WRITER_H
#define AN_BASE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

/** A file being written. */
typedef struct an_writer an_writer;

/**
 * Open "<path>.tmp" for writing, and the folder of it for flushing, replacing one that a killed
 * process left. A link under either name is replaced, and never followed.
 * @return ALEXNET_ERROR_FORMAT where a folder, pipe or device has the name; ALEXNET_ERROR_IO
 */
alexnet_status an_writer_open(an_writer **out, const char *path);
alexnet_status an_writer_put(an_writer *writer, const void *bytes, size_t length);
/** Flush to the disk, rename to the final name, flush the folder, free. Allocates nothing. Frees on
 *  failure too, and then removes the temporary file; the old file is untouched, unless it is the
 *  folder that the disk fails to take, when the new file has its name. */
alexnet_status an_writer_commit(an_writer *writer);
/** Give up: remove the temporary file, free. NULL allowed. */
void an_writer_abort(an_writer *writer);

/** an_writer for one block. */
alexnet_status an_file_replace(const char *path, const void *bytes, size_t length);

/** Flush the folder that a file or folder is in, so that its name is on the disk. */
alexnet_status an_flush_name(const char *path);

/** For tests: let the disk be full after this many more bytes; UINT64_MAX: never. */
void an_writer_fail_after(uint64_t bytes);

#endif
