/*
 * CRC-32 (ISO 3309), polynomial 0x04C11DB7, reflected: the checksum of zlib, zip and PNG.
 */
#ifndef AN_BASE_CRC32_H
#define AN_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/** Extend a checksum, which begins as 0: zlib's crc32_z(), at about the speed of memory. */
uint32_t an_crc32(uint32_t sum, const void *bytes, size_t length);

#endif
