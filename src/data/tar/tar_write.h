/*
 * Writing tar archives: ustar headers and, for a name that does not fit into one, a pax header
 * before it (IEEE Std 1003.1, "pax"). A file's owner, mode and time are always the same, so an
 * archive depends only on names and bytes.
 *
 * libarchive is not used: it would be a dependency of every build, for the sake of one block of
 * text.
 */
#ifndef AN_DATA_TAR_TAR_WRITE_H
#define AN_DATA_TAR_TAR_WRITE_H

#include "base/sha256.h"
#include "base/writer.h"

/** An archive being written, hashed on the way. */
typedef struct an_tar_writer {
    an_writer *file; /* NULL: none is open */
    an_sha256 hash;
    uint64_t bytes; /* so far */
} an_tar_writer;

/** Begin an archive, under a temporary name until it is complete. */
alexnet_status an_tar_writer_open(an_tar_writer *tar, const char *path);
/**
 * Add a file.
 * @param name  relative, without "." and ".."; UTF-8 if it is longer than a header has room for
 */
alexnet_status an_tar_writer_add(an_tar_writer *tar, const char *name, const void *bytes,
                                 size_t length);
/** What an_tar_writer_add() would add to the archive, at most. */
uint64_t an_tar_writer_cost(const char *name, size_t length);
/** End the archive, flush it to the disk and give it its name. @param sha256  out, of the file */
alexnet_status an_tar_writer_commit(an_tar_writer *tar, char sha256[65]);
/** Give up and remove what was written. Does nothing if no archive is open. */
void an_tar_writer_abort(an_tar_writer *tar);

#endif
