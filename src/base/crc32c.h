/*
 * CRC-32C (Castagnoli), polynomial 0x1EDC6F41, reflected: the checksum of TensorBoard's event files
 * (RFC 3720, section 12.1).
 */
#ifndef AN_BASE_CRC32C_H
#define AN_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t an_crc32c(const void *bytes, size_t length);

#endif
