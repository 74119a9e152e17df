/*
 * Memory that runs out within the libraries that decode pictures. They call malloc() themselves, so
 * here malloc(), calloc() and realloc() are this program's own: the n-th call of a decoding fails,
 * alone or with all that follow. The decoding must then report that memory is out, which stops a
 * run, and must not take the picture for a bad one, which is left out and counted; or it does
 * without that memory, and the pixels are the same. libtiff 4.5.0 and libwebp 1.2.4 follow
 * a null pointer after some of their calls, which nobody can prevent. HEIC and AVIF are not tried:
 * libheif is C++, and ends the process where its decoders find no memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "data/picture/picture.h"
#include "unit/noise.h"

typedef struct picture_golden {
    const char *file;
    int width, height;
    uint64_t hash;
} picture_golden;

#include "unit/picture_goldens.h"

#if defined(__GLIBC__) && !defined(SANITIZED)
#define OWN_MALLOC 1
#else
#define OWN_MALLOC 0 /* a sanitizer has its own */
#endif

static bool counting, and_later;
static long calls, fail_at; /* 0: none fails */

#if OWN_MALLOC
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);

/* The libraries must find these. */
#define SHOWN __attribute__((visibility("default")))

static bool refused(void)
{
    if (!counting)
        return false;
    calls++;
    return fail_at > 0 && (calls == fail_at || (and_later && calls > fail_at));
}

SHOWN void *malloc(size_t bytes)
{
    return refused() ? NULL : __libc_malloc(bytes);
}

SHOWN void *calloc(size_t count, size_t bytes)
{
    return refused() ? NULL : __libc_calloc(count, bytes);
}

SHOWN void *realloc(void *block, size_t bytes)
{
    return refused() ? NULL : __libc_realloc(block, bytes);
}
#endif

/* A file in memory, and what it decodes to. */
typedef struct subject {
    const char *name;
    unsigned char *bytes;
    size_t length;
    uint64_t hash;
} subject;

static alexnet_status decode(const subject *s, uint64_t *hash, long n, bool later)
{
    an_picture picture;
    calls = 0;
    fail_at = n;
    and_later = later;
    counting = true;
    const alexnet_status rc = an_picture_decode(&picture, s->bytes, s->length, s->name);
    counting = false;
    if (rc == ALEXNET_OK)
        *hash = fnv(picture.rgb, (size_t)picture.width * (size_t)picture.height * 3);
    an_picture_free(&picture);
    return rc;
}

/* How a decoding ended after a failed call; GOOD also if it makes fewer calls. */
enum { TOLD, GOOD, LAST, BAD, DIED };

static int judge(const subject *s, long n, bool later)
{
    uint64_t hash = 0;
    const int64_t live = an_alloc_live();
    const alexnet_status rc = decode(s, &hash, n, later);
    const bool fits = rc == ALEXNET_OK ? hash == s->hash : rc == ALEXNET_ERROR_NO_MEMORY;
    if (!fits || an_alloc_live() != live) {
        fprintf(stderr, "%s, call %ld of malloc fails%s: %s, %lld blocks kept\n", s->name, n,
                later ? ", and all later ones" : "",
                rc == ALEXNET_OK ? "other pixels" : an_error_text(),
                (long long)(an_alloc_live() - live));
        return BAD;
    }
    return rc != ALEXNET_OK ? TOLD : calls < n ? LAST : GOOD;
}

/* In a process of its own, as some libraries do not survive all failures. */
static int judge_apart(const subject *s, long n, bool later)
{
    int status;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(SIGSEGV, SIG_DFL); /* cmocka has handlers of its own */
        signal(SIGABRT, SIG_DFL);
        _exit(judge(s, n, later));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : DIED;
}

/* Fail each call in turn. @param ends  counts how the decodings end */
static void fail_each_call(const subject *s, bool later, int ends[])
{
    int end = GOOD;
    for (long n = 1; end != LAST; n++) {
        end = judge_apart(s, n, later);
        ends[end]++;
    }
}

static bool has_ending(const char *name, const char *ending)
{
    const size_t length = strlen(name), wanted = strlen(ending);
    return length > wanted && strcmp(name + length - wanted, ending) == 0;
}

/* @param least  calls that a decoding makes, so that the test cannot pass without any
 *  @param dying  how many trials of a hundred may end the process, within the library */
static void try_format(const char *ending, int least, int dying)
{
    int ends[DIED + 1] = {0};
    if (!OWN_MALLOC)
        skip();
    for (size_t i = 0; i < sizeof picture_goldens / sizeof *picture_goldens; i++) {
        subject s = {.name = picture_goldens[i].file};
        char path[256];
        if (!has_ending(s.name, ending))
            continue;
        snprintf(path, sizeof path, "golden/pictures/%s", s.name);
        assert_int_equal(an_file_read(path, 1 << 24, &s.bytes, &s.length), ALEXNET_OK);
        const alexnet_status rc = decode(&s, &s.hash, 0, false);
        if (rc == ALEXNET_OK) {
            assert_true(calls >= least);
            fail_each_call(&s, false, ends);
            fail_each_call(&s, true, ends);
        }
        an_free(s.bytes);
        if (rc == ALEXNET_ERROR_UNSUPPORTED)
            skip(); /* a build without the library */
        assert_int_equal(rc, ALEXNET_OK);
    }
    const int trials = ends[TOLD] + ends[GOOD] + ends[BAD] + ends[DIED];
    print_message("%s: %d failures, told %d, done without %d, died %d\n", ending, trials,
                  ends[TOLD], ends[GOOD], ends[DIED]);
    assert_int_equal(ends[BAD], 0);
    assert_true(ends[TOLD] > 0 && ends[DIED] * 100 <= trials * dying);
}

static void test_jpeg(void **state)
{
    (void)state;
    try_format(".jpg", 3, 0);
}

static void test_png(void **state)
{
    (void)state;
    try_format(".png", 3, 0);
}

static void test_gif(void **state)
{
    (void)state;
    try_format(".gif", 4, 0);
}

static void test_tiff(void **state)
{
    (void)state;
    try_format(".tif", 10, 10);
}

static void test_webp(void **state)
{
    (void)state;
    try_format(".webp", 4, 10);
}

static unsigned char *put(unsigned char *to, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *to++ = (unsigned char)(value >> 8 * i);
    return to;
}

/* A strip of YCbCr, which libtiff converts as a whole, of more bytes than it may have: the file is
 * to blame, not the memory, or one such file would stop a run. */
static void test_tiff_asks_for_too_much(void **state)
{
    (void)state;
    enum { WIDTH = 9000, HEIGHT = 6000, ENTRIES = 9, HEAD = 8 + 8, LENGTH = 256 };
    static const uint32_t entries[ENTRIES][4] = {
        {256, 4, 1, WIDTH}, {257, 4, 1, HEIGHT}, {258, 3, 3, HEAD + 2 + 12 * ENTRIES + 4},
        {259, 3, 1, 34925}, {262, 3, 1, 6},      {273, 4, 1, 8},
        {277, 3, 1, 3},     {278, 4, 1, HEIGHT}, {279, 4, 1, 8}};
    unsigned char file[LENGTH] = "II*\0", *to = put(file + 4, HEAD, 4) + 8;
    an_picture picture;
    to = put(to, ENTRIES, 2);
    for (int i = 0; i < ENTRIES; i++) {
        to = put(put(to, entries[i][0], 2), entries[i][1], 2);
        to = put(put(to, entries[i][2], 4), entries[i][3], 4);
    }
    put(put(put(put(to, 0, 4), 8, 2), 8, 2), 8, 2); /* bits of the samples */
    const alexnet_status rc = an_picture_decode(&picture, file, sizeof file, "large.tif");
    if (rc == ALEXNET_ERROR_UNSUPPORTED)
        skip(); /* a build without libtiff */
    if (rc != ALEXNET_ERROR_FORMAT || !strstr(an_error_text(), "limit"))
        fail_msg("%d: %s", (int)rc, an_error_text());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg), cmocka_unit_test(test_png),
        cmocka_unit_test(test_gif),  cmocka_unit_test(test_tiff),
        cmocka_unit_test(test_webp), cmocka_unit_test(test_tiff_asks_for_too_much)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
