/*
 * Reads at any offset of a file or of a block of memory, each checked against the size.
 *
 * Files are read with pread() and not mapped: if a mapped file is truncated, the process is killed,
 * while a read fails. Read in pieces that stay in the cache, 240 MB of weights cost one pass over
 * memory, as they would through a mapping.
 */
#ifndef AN_BASE_READER_H
#define AN_BASE_READER_H

#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

typedef struct an_reader an_reader;

alexnet_status an_reader_open(an_reader **out, const char *path);
/** The block is borrowed and must outlive the reader. `name` is for error texts; copied. */
alexnet_status an_reader_memory(an_reader **out, const char *name, const void *bytes,
                                size_t length);
/**
 * Open a file below the folder of another reader's file, for formats that consist of several files.
 * Names that are absolute, have a component "." or "..", or pass through a link are refused, so
 * that an untrusted file cannot make the program read other files.
 * @return ALEXNET_ERROR_FORMAT for such a name, and if the other reader reads memory
 */
alexnet_status an_reader_open_beside(an_reader **out, const an_reader *other, const char *name);
void an_reader_close(an_reader *reader); /* NULL allowed */
uint64_t an_reader_size(const an_reader *reader);
const char *an_reader_name(const an_reader *reader);
/** @return ALEXNET_ERROR_FORMAT if [offset, offset + length) is not inside the reader */
alexnet_status an_reader_read(an_reader *reader, uint64_t offset, void *dst, size_t length);

#endif
