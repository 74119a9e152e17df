/*
 * Reads at any place of a file or of a block of memory, each checked against the size.
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
void an_reader_close(an_reader *reader); /* NULL allowed */
uint64_t an_reader_size(const an_reader *reader);
const char *an_reader_name(const an_reader *reader);
/** @return ALEXNET_ERROR_FORMAT if [offset, offset + length) is not inside the reader */
alexnet_status an_reader_read(an_reader *reader, uint64_t offset, void *dst, size_t length);

#endif
