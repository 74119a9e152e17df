#include "base/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/files_private.h"
#include "base/status.h"

struct an_writer {
    int fd;     /* of the temporary file, locked */
    int folder; /* of both, which may be moved meanwhile; to be flushed after the rename */
    char *path; /* of both, for errors, and for their names in the folder */
    char *temporary;
};

static atomic_uint_fast64_t room = UINT64_MAX; /* bytes until the disk is full, for tests */

void an_writer_fail_after(uint64_t bytes)
{
    atomic_store(&room, bytes);
}

static void release(an_writer *writer)
{
    if (writer->folder >= 0)
        close(writer->folder);
    an_free(writer->path);
    an_free(writer->temporary);
    an_free(writer);
}

/* @param busy  out, true */
static alexnet_status fail_busy(const char *name, bool *busy)
{
    *busy = true;
    return AN_FAIL(ALEXNET_ERROR_IO, "cannot write %s: it is being written already", name);
}

/* Lock an open file. @return false: somebody else has. Where files cannot be locked, nobody has. */
static bool take_lock(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

/* Remove what has the temporary name: a file that a killed process left, or a link. A file that is
 * being written is locked, and stays. */
static alexnet_status remove_leftover(const an_writer *writer, bool *busy)
{
    const char *name = an_path_last(writer->temporary);
    AN_CHECK(an_file_check_own(writer->temporary, true));
    const int fd = openat(writer->folder, name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    const bool locked = fd >= 0 && !take_lock(fd);
    alexnet_status rc = locked ? fail_busy(writer->temporary, busy) : ALEXNET_OK;
    if (!locked && unlinkat(writer->folder, name, 0) != 0 && errno != ENOENT)
        rc = an_file_fail("create", writer->temporary);
    if (fd >= 0)
        close(fd);
    return rc;
}

/* Open the folder that contains a path of `length` bytes. @param verb, what  for the error */
static alexnet_status open_folder(int *fd, const char *path, size_t length, const char *verb,
                                  const char *what)
{
    while (length > 0 && path[length - 1] != '/')
        length--;
    char *name = length ? an_strndup(path, length) : an_strdup(".");
    *fd = -1;
    if (!name)
        return AN_FAIL_MEMORY(length + 2, "a path");
    *fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const alexnet_status rc = *fd < 0 ? an_file_fail(verb, what) : ALEXNET_OK;
    an_free(name);
    return rc;
}

/* Create a new file under the temporary name, and lock it. Another writer may remove it before it
 * is locked. */
static alexnet_status open_temporary(an_writer *writer, bool *busy)
{
    const char *name = an_path_last(writer->temporary);
    struct stat info;
    AN_CHECK(an_file_check_own(writer->path, true));
    AN_CHECK(open_folder(&writer->folder, writer->path, strlen(writer->path), "create",
                         writer->temporary));
    AN_CHECK(remove_leftover(writer, busy));
    writer->fd =
        openat(writer->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (writer->fd < 0)
        return errno == EEXIST ? fail_busy(writer->temporary, busy)
                               : an_file_fail("create", writer->temporary);
    if (take_lock(writer->fd) && fstat(writer->fd, &info) == 0 && info.st_nlink > 0)
        return ALEXNET_OK;
    close(writer->fd);
    return fail_busy(writer->temporary, busy);
}

alexnet_status an_flush_name(const char *path)
{
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/')
        length--;
    int fd;
    AN_CHECK(open_folder(&fd, path, length, "open the folder of", path));
    /* EINVAL: the file system cannot flush folders */
    alexnet_status rc =
        fsync(fd) != 0 && errno != EINVAL ? an_file_fail("flush the folder of", path) : ALEXNET_OK;
    close(fd);
    return rc;
}

alexnet_status an_writer_clean(const char *path)
{
    an_writer writer = {.temporary = an_format("%s.tmp", path)};
    bool busy = false;
    if (!writer.temporary)
        return AN_FAIL_MEMORY(strlen(path), "a path");
    alexnet_status rc = open_folder(&writer.folder, path, strlen(path), "open the folder of", path);
    if (rc == ALEXNET_OK) {
        rc = remove_leftover(&writer, &busy);
        close(writer.folder);
    }
    an_free(writer.temporary);
    return rc;
}

/* @param busy  out: it failed because another writer of the path is open */
static alexnet_status open_writer(an_writer **out, const char *path, bool *busy)
{
    *out = NULL;
    *busy = false;
    an_writer *writer = an_calloc(1, sizeof *writer);
    if (!writer)
        return AN_FAIL_MEMORY(sizeof *writer, path);
    writer->folder = -1;
    writer->path = an_strdup(path);
    writer->temporary = an_format("%s.tmp", path);
    alexnet_status rc = ALEXNET_OK;
    if (!writer->path || !writer->temporary)
        rc = AN_FAIL_MEMORY(2 * strlen(path), "a path");
    else
        rc = open_temporary(writer, busy);
    if (rc == ALEXNET_OK)
        *out = writer;
    else
        release(writer);
    return rc;
}

alexnet_status an_writer_open(an_writer **out, const char *path)
{
    bool busy;
    return open_writer(out, path, &busy);
}

/* write(2), or the full disk that a test simulates. */
static ssize_t write_some(int fd, const void *from, size_t length)
{
    uint64_t left = atomic_load(&room);
    if (left != UINT64_MAX) {
        if (left == 0 && length > 0) {
            errno = ENOSPC;
            return -1;
        }
        length = length < left ? length : (size_t)left;
        atomic_fetch_sub(&room, length);
    }
    return write(fd, from, length);
}

alexnet_status an_writer_put(an_writer *writer, const void *bytes, size_t length)
{
    const char *from = bytes;
    while (length > 0) {
        ssize_t n = write_some(writer->fd, from, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return an_file_fail("write", writer->temporary);
        from += n;
        length -= (size_t)n;
    }
    return ALEXNET_OK;
}

alexnet_status an_writer_rewind(an_writer *writer)
{
    return lseek(writer->fd, 0, SEEK_SET) == 0 ? ALEXNET_OK
                                               : an_file_fail("write", writer->temporary);
}

alexnet_status an_writer_commit(an_writer *writer)
{
    alexnet_status rc = ALEXNET_OK;
    if (fsync(writer->fd) != 0)
        rc = an_file_fail("flush", writer->temporary);
    else if (renameat(writer->folder, an_path_last(writer->temporary), writer->folder,
                      an_path_last(writer->path)) != 0)
        rc = an_file_fail("rename a temporary file to", writer->path);
    if (rc != ALEXNET_OK) {
        an_writer_abort(writer);
        return rc;
    }
    close(writer->fd); /* not before the rename: it also unlocks the file. Its bytes are flushed */
    /* The rename is safe only once the folder is on the disk. EINVAL: the file system cannot flush
     * folders. */
    if (fsync(writer->folder) != 0 && errno != EINVAL)
        rc = an_file_fail("flush the folder of", writer->path);
    release(writer);
    return rc;
}

void an_writer_abort(an_writer *writer)
{
    if (!writer)
        return;
    unlinkat(writer->folder, an_path_last(writer->temporary), 0);
    close(writer->fd);
    release(writer);
}

alexnet_status an_writer_end(an_writer *writer, alexnet_status rc)
{
    if (rc == ALEXNET_OK)
        return an_writer_commit(writer);
    an_writer_abort(writer);
    return rc;
}

alexnet_status an_file_replace(const char *path, const void *bytes, size_t length)
{
    an_writer *writer;
    AN_CHECK(an_writer_open(&writer, path));
    return an_writer_end(writer, an_writer_put(writer, bytes, length));
}

alexnet_status an_file_replace_unless_busy(const char *path, const void *bytes, size_t length,
                                           bool *busy)
{
    an_writer *writer;
    const alexnet_status rc = open_writer(&writer, path, busy);
    if (*busy)
        return ALEXNET_OK;
    AN_CHECK(rc);
    return an_writer_end(writer, an_writer_put(writer, bytes, length));
}
