/*
 * zlib's memory comes from base/alloc.h, so that a test can make these allocations fail too: zalloc
 * and zfree of a z_stream.
 */
#ifndef AN_BASE_ZLIB_MEMORY_H
#define AN_BASE_ZLIB_MEMORY_H

void *an_zlib_alloc(void *user, unsigned count, unsigned bytes);
void an_zlib_free(void *user, void *block);

#endif
