/*
 * Reads at any place of a file or of a block of memory, each checked against the size.
 */
#ifndef AN_BASE_SOURCE_H
#define AN_BASE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

typedef struct an_source an_source;

alexnet_status an_source_open(an_source **out, const char *path);
/** The block is borrowed and must outlive the source. `name` is for error texts; copied. */
alexnet_status an_source_memory(an_source **out, const char *name, const void *bytes,
                                size_t length);
void an_source_close(an_source *source); /* NULL allowed */
uint64_t an_source_size(const an_source *source);
const char *an_source_name(const an_source *source);
/** @return ALEXNET_ERROR_FORMAT if [offset, offset + length) is not inside the source */
alexnet_status an_source_read(an_source *source, uint64_t offset, void *dst, size_t length);

#endif
