/*
 * CRC-32C (Castagnoli), polynomial 0x1EDC6F41, reflected (RFC 3720, section 12.1): the checksum of
 * TensorBoard's event files and of the rows of an index of pictures.
 */
#ifndef AN_BASE_CRC32C_H
#define AN_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/** Extend a checksum, which begins as 0. */
uint32_t an_crc32c(uint32_t sum, const void *bytes, size_t length);
/** The same without the processor's instructions for it; for tests. */
uint32_t an_crc32c_portable(uint32_t sum, const void *bytes, size_t length);

#endif
