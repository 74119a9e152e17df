/*
 * Shared by the sources of this folder that open files.
 */
#ifndef AN_BASE_FILES_PRIVATE_H
#define AN_BASE_FILES_PRIVATE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/files.h"

/** Open for reading and get the size. Only regular files: opening a pipe could block. */
alexnet_status an_file_open(const char *path, int *fd, uint64_t *size);
/** The same for a file that is open already; on failure it is closed. */
alexnet_status an_file_measure(const char *path, int fd, uint64_t *size);

/** Read until `length` bytes or the end. Returns the count, or -1 with errno. */
ssize_t an_file_read_fully(int fd, void *dst, size_t length, off_t offset);

#endif
