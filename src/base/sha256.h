/*
 * SHA-256 (FIPS 180-4), as sha256sum prints it.
 */
#ifndef AN_BASE_SHA256_H
#define AN_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct an_sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    unsigned char block[64];
} an_sha256;

void an_sha256_begin(an_sha256 *hash);
void an_sha256_add(an_sha256 *hash, const void *bytes, size_t length);
/** The hash in 64 hexadecimal digits; nothing can be added after it. */
void an_sha256_end(an_sha256 *hash, char out[65]);

#endif
