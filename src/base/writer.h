/*
 * Atomic file writing: a file is written under another name in the same folder, flushed to disk,
 * then renamed. If the process is stopped before that, the old file is unchanged. The folder may be
 * moved meanwhile: both names are those of the folder that was opened.
 */
#ifndef AN_BASE_WRITER_H
#define AN_BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

/** A file being written. */
typedef struct an_writer an_writer;

/**
 * Open the folder of a path, and "<path>.tmp" in it for writing, replacing one that a killed
 * process left. A link under either name is replaced, and never followed.
 * @return ALEXNET_ERROR_FORMAT if a folder, pipe or device has the name; ALEXNET_ERROR_IO, also if
 *         another writer of the path is open, in this process or another. Writers that may be open
 *         at the same time need paths of their own
 */
alexnet_status an_writer_open(an_writer **out, const char *path);
alexnet_status an_writer_put(an_writer *writer, const void *bytes, size_t length);
/** Go back to the beginning: the bytes that follow replace the first ones. */
alexnet_status an_writer_rewind(an_writer *writer);
/** Flush to the disk, rename to the final name, flush the folder, free. Allocates nothing. A
 * failure also frees, removes the temporary file and leaves the old file untouched, except a
 * failure to flush the folder: the new file then already has the name. */
alexnet_status an_writer_commit(an_writer *writer);
/** Give up: remove the temporary file, free. NULL allowed. */
void an_writer_abort(an_writer *writer);

/** Commit if what came before succeeded, which `rc` says; else give up. @return the first error */
alexnet_status an_writer_end(an_writer *writer, alexnet_status rc);
/** Remove "<path>.tmp", which a killed process has left, if it is there. @return ALEXNET_ERROR_IO,
 *  also if a writer of the path is open; ALEXNET_ERROR_FORMAT as above */
alexnet_status an_writer_clean(const char *path);

/** Write a file of one block, atomically. */
alexnet_status an_file_replace(const char *path, const void *bytes, size_t length);
/** The same for a file that others may write too, with the same bytes. @param busy  out: somebody
 * is writing it, and nothing was done */
alexnet_status an_file_replace_unless_busy(const char *path, const void *bytes, size_t length,
                                           bool *busy);

/** Flush the folder that contains a file or folder, so that its name is on the disk. */
alexnet_status an_flush_name(const char *path);

/** For tests: simulate a disk that is full after this many more bytes; UINT64_MAX: never. */
void an_writer_fail_after(uint64_t bytes);

#endif
