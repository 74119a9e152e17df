/*
 * Hashes that tell contents apart by accident, not against an adversary: FNV-1a, 64 bits (Fowler,
 * Noll, Vo), byte by byte, and a variant of it that takes eight bytes at a time.
 */
#ifndef AN_BASE_HASH_H
#define AN_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define AN_HASH_START 0xcbf29ce484222325u

/** Go on from a hash with a text, its zero byte included, or with a number. */
uint64_t an_hash_text(uint64_t hash, const char *text);
uint64_t an_hash_number(uint64_t hash, int64_t number);
/** Of a block, by words; never 0. */
uint64_t an_hash_bytes(const void *bytes, size_t length);

#endif
