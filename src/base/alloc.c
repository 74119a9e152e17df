#include "base/alloc.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static atomic_uint_fast64_t allocations;
static atomic_uint_fast64_t fail_at; /* absolute count at which to fail; 0 is never */
static atomic_int_fast64_t live;     /* blocks not freed yet */

static int refused(void)
{
    uint64_t now = atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed) + 1;
    return now == atomic_load_explicit(&fail_at, memory_order_relaxed);
}

/* Count a new block, unless it is NULL. */
static void *taken(void *block)
{
    if (block)
        atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
    return block;
}

static void given_back(const void *block)
{
    if (block)
        atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
}

uint64_t an_alloc_count(void)
{
    return atomic_load(&allocations);
}

int64_t an_alloc_live(void)
{
    return atomic_load(&live);
}

void an_alloc_fail_at(uint64_t n)
{
    atomic_store(&fail_at, n ? atomic_load(&allocations) + n : 0);
}

void *an_malloc(size_t bytes)
{
    return refused() ? NULL : taken(malloc(bytes ? bytes : 1));
}

void *an_calloc(size_t count, size_t bytes)
{
    size_t total;
    if (refused() || __builtin_mul_overflow(count, bytes, &total))
        return NULL;
    return taken(calloc(1, total ? total : 1));
}

void *an_realloc(void *block, size_t count, size_t bytes)
{
    size_t total;
    if (refused() || __builtin_mul_overflow(count, bytes, &total))
        return NULL;
    void *grown = realloc(block, total ? total : 1);
    return block ? grown : taken(grown);
}

char *an_strndup(const char *text, size_t length)
{
    char *copy = an_malloc(length + 1);
    if (copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

void *an_grow(void *array, int64_t count, size_t bytes)
{
    char *grown = array;
    if ((count & (count - 1)) == 0)
        grown = an_realloc(array, count ? 2 * (size_t)count : 1, bytes);
    if (grown)
        memset(grown + (size_t)count * bytes, 0, bytes);
    return grown;
}

void *an_reserve(void *block, size_t *room, size_t needed)
{
    enum { LEAST = 64 };
    if (block && needed <= *room)
        return block;
    if (needed > SIZE_MAX / 4)
        return NULL;
    const size_t larger = 2 * needed + LEAST;
    void *grown = an_realloc(block, larger, 1);
    if (grown)
        *room = larger;
    return grown;
}

char *an_strdup(const char *text)
{
    return an_strndup(text, strlen(text));
}

char *an_format(const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = an_format_in(NULL, 0, format, args);
    char *text = length < 0 ? NULL : an_malloc((size_t)length + 1);
    if (text)
        an_format_in(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

void an_free(void *block)
{
    given_back(block);
    free(block);
}

void *an_alloc_big(size_t bytes)
{
    if (refused())
        return NULL;
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return NULL;
#ifdef MADV_HUGEPAGE
    madvise(block, bytes, MADV_HUGEPAGE); /* advice: a refusal changes nothing */
#endif
    return taken(block);
}

void an_free_big(void *block, size_t bytes)
{
    given_back(block);
    if (block)
        munmap(block, bytes);
}
