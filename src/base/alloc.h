/*
 * Memory. Every allocation of the library goes through here, so that tests can count them and make
 * the n-th fail. All functions return NULL when memory is short; the caller reports what did not
 * fit.
 */
#ifndef AN_BASE_ALLOC_H
#define AN_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

/** Alignment of an_alloc_big(): a cache line and an AVX-512 register. */
#define AN_ALIGN 64

/** The next multiple of AN_ALIGN. */
static inline size_t an_aligned(size_t bytes)
{
    return (bytes + AN_ALIGN - 1) / AN_ALIGN * AN_ALIGN;
}

void *an_malloc(size_t bytes);
/** Zeroed, with the product checked for overflow. */
void *an_calloc(size_t count, size_t bytes);
/** Grow an array; the product is checked. On failure the old block stays valid. */
void *an_realloc(void *block, size_t count, size_t bytes);
/**
 * Make room for one more element, which is zeroed, in an array that no other function enlarges;
 * elements may be removed. Its capacity doubles, and is used up when `count` is a power of two.
 * @param array  NULL if count is 0
 * @return the array, which may have moved. On failure the old block stays valid
 */
void *an_grow(void *array, int64_t count, size_t bytes);
/**
 * Make a block of bytes hold at least `needed`; it grows to twice that, so that appending is cheap.
 * @param room  in and out: the bytes that it holds
 * @return the block, which may have moved; NULL if memory is short: the old one stays valid
 */
void *an_reserve(void *block, size_t *room, size_t needed);
char *an_strdup(const char *text);
char *an_strndup(const char *text, size_t length);
/** sprintf() into a new string. */
char *an_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
void an_free(void *block);

/**
 * A block for tensors: aligned to AN_ALIGN, zeroed by the system, on huge pages where available.
 * @param bytes at least 1; an_free_big() needs the same number
 */
void *an_alloc_big(size_t bytes);
void an_free_big(void *block, size_t bytes);

/** Allocations made by this process so far, both kinds. */
uint64_t an_alloc_count(void);
/** Blocks of both kinds that are not freed yet. */
int64_t an_alloc_live(void);
/** For tests: make the n-th allocation from now fail (1 is the next); 0: none. */
void an_alloc_fail_at(uint64_t n);

#endif
