/*
 * Hashes. FNV-1a, 64 bits (Fowler, Noll, Vo), byte by byte, and a variant of it that takes eight
 * bytes at a time, against accidental differences, not against an adversary. SipHash with 128
 * bits: contents with equal hashes may be assumed to be equal.
 */
#ifndef AN_BASE_HASH_H
#define AN_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define AN_HASH_START 0xcbf29ce484222325u

/** Extend a hash by a text, its zero byte included, or by a number. */
uint64_t an_hash_text(uint64_t hash, const char *text);
uint64_t an_hash_number(uint64_t hash, int64_t number);
/** The hash of a block, by words; never 0. */
uint64_t an_hash_bytes(const void *bytes, size_t length);

typedef struct an_hash128 {
    uint64_t word[2];
} an_hash128;

/** SipHash-2-4 (Aumasson, Bernstein 2012) with 128 bits of output. The first word of the key is
 *  `start`, for what the bytes do not show, such as the width of a picture; the second is 0. */
an_hash128 an_hash_content(uint64_t start, const void *bytes, size_t length);

#endif
