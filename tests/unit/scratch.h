/*
 * A temporary folder for a test. It is the working folder while the test runs, and is removed with
 * its contents at the end.
 */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char scratch_folder[64];
static int scratch_home = -1; /* the previous working folder */

/** Make the folder in another one and go there. */
static inline int scratch_make(const char *parent)
{
    scratch_home = open(".", O_RDONLY | O_DIRECTORY);
    snprintf(scratch_folder, sizeof scratch_folder, "%s/alexnet-test-XXXXXX", parent);
    return mkdtemp(scratch_folder) ? chdir(scratch_folder) : -1;
}

/** cmocka set-up: make the folder and go there. */
static inline int scratch_setup(void **state)
{
    (void)state;
    return scratch_make("/tmp");
}

/** The same for small files that are written very often, each flushed to the disk: in memory, where
 *  the system has a folder for that. */
static inline int scratch_setup_in_memory(void **state)
{
    (void)state;
    return scratch_make(access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
}

static inline int scratch_remove_entry(const char *path, const struct stat *info, int kind,
                                       struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path);
}

/** cmocka tear-down: remove it. */
static inline int scratch_teardown(void **state)
{
    (void)state;
    if (fchdir(scratch_home) != 0 || close(scratch_home) != 0)
        return -1;
    return nftw(scratch_folder, scratch_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/** Remove a file, or a folder with its contents, if it exists. */
static inline void scratch_remove(const char *path)
{
    nftw(path, scratch_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/** Write a file without the library under test. */
static inline void scratch_write(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/** The same of a text. */
static inline void scratch_text(const char *path, const char *text)
{
    scratch_write(path, text, strlen(text));
}

/** Read a file without the library under test. A NUL is appended; the caller frees it with
 *  free(). */
static inline unsigned char *scratch_read(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    unsigned char *bytes = malloc((size_t)size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)size, file), size);
    bytes[size] = '\0';
    fclose(file);
    *length = (size_t)size;
    return bytes;
}

#endif
