/*
 * Writing zip archives of stored members. The bytes of each begin at a multiple of 64, so that they
 * can be used in a mapped file. An archive may have up to 4 GiB, because zip64 is not written.
 */
#ifndef AN_FORMAT_ZIP_WRITE_H
#define AN_FORMAT_ZIP_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

typedef struct an_zip_writer an_zip_writer;

/** Opens a temporary file beside `path`. */
alexnet_status an_zip_writer_new(an_zip_writer **out, const char *path);
/**
 * Begin a member.
 * @param name  UTF-8
 * @param crc   the checksum of its bytes, as an_crc32() computes it
 * @param size  of its bytes, which an_zip_writer_put() takes
 * @return ALEXNET_ERROR_UNSUPPORTED if the archive would exceed 4 GiB
 */
alexnet_status an_zip_writer_begin(an_zip_writer *writer, const char *name, uint32_t crc,
                                   uint64_t size);
alexnet_status an_zip_writer_put(an_zip_writer *writer, const void *bytes, size_t length);
/** Write the directory, flush, rename, free. Frees on failure too. */
alexnet_status an_zip_writer_commit(an_zip_writer *writer);
void an_zip_writer_abort(an_zip_writer *writer); /* NULL allowed */

#endif
