#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files_private.h"
#include "base/lines.h"
#include "base/status.h"

/* What the process lacks says nothing about the file, which must not count as a bad one. */
static alexnet_status status_of(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM ? ALEXNET_ERROR_NO_MEMORY
                                                                 : ALEXNET_ERROR_IO;
}

alexnet_status an_file_fail(const char *verb, const char *path)
{
    const int error = errno;
    struct rlimit limit;
    if (!*path)
        path = "\"\"";
    if (error == EFBIG && getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        return AN_FAIL(ALEXNET_ERROR_IO, "cannot %s %s: %s; the limit (ulimit -f) is %llu bytes",
                       verb, path, strerror(error), (unsigned long long)limit.rlim_cur);
    return AN_FAIL(status_of(error), "cannot %s %s: %s", verb, path, strerror(error));
}

/* The kind of something that is not a regular file; NULL for a regular file. */
static const char *other_kind(mode_t mode)
{
    return S_ISREG(mode)    ? NULL
           : S_ISDIR(mode)  ? "a folder"
           : S_ISLNK(mode)  ? "a link"
           : S_ISFIFO(mode) ? "a pipe"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

/* Report that open() failed: if the path is not a regular file, say what it is; else, why. */
static alexnet_status fail_open(const char *path, bool own)
{
    const int error = errno;
    struct stat info;
    const char *kind = NULL;
    if ((own ? lstat : stat)(path, &info) == 0)
        kind = other_kind(info.st_mode);
    if (kind && own)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "cannot write %s: it is %s, not a file", path, kind);
    if (kind)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "cannot read %s: it is %s, not a file", path, kind);
    errno = error;
    return an_file_fail("open", path);
}

ssize_t an_file_read_fully(int fd, void *dst, size_t length, off_t offset)
{
    size_t done = 0;
    while (done < length) {
        ssize_t n = pread(fd, (char *)dst + done, length - done, offset + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

alexnet_status an_file_measure(const char *path, int fd, uint64_t *size)
{
    struct stat info;
    alexnet_status rc = ALEXNET_OK;
    if (fstat(fd, &info) != 0)
        rc = an_file_fail("examine", path);
    else if (!S_ISREG(info.st_mode))
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "cannot read %s: it is %s, not a file", path,
                     other_kind(info.st_mode));
    if (rc != ALEXNET_OK)
        close(fd);
    *size = rc == ALEXNET_OK ? (uint64_t)info.st_size : 0;
    return rc;
}

alexnet_status an_file_open(const char *path, int *fd, uint64_t *size)
{
    *size = 0;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return *fd < 0 ? fail_open(path, false) : an_file_measure(path, *fd, size);
}

/* What a link leads to that is not meant to become a file: a folder, a device, or what a process
 * has open, as with /dev/stdout. NULL for a link to a regular file, and for one that leads nowhere.
 */
static const char *behind_link(const char *path)
{
    static const char open_files[] = "/proc/";
    char target[sizeof open_files - 1];
    struct stat info;
    if (readlink(path, target, sizeof target) == (ssize_t)sizeof target &&
        memcmp(target, open_files, sizeof target) == 0)
        return "a link to an open file";
    const char *kind = stat(path, &info) == 0 ? other_kind(info.st_mode) : NULL;
    return !kind                   ? NULL
           : S_ISDIR(info.st_mode) ? "a link to a folder"
                                   : "a link to a pipe or a device";
}

alexnet_status an_file_check_own(const char *path, bool replaced)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return ALEXNET_OK; /* nothing is there, or open() will report the reason */
    const char *kind =
        replaced && S_ISLNK(info.st_mode) ? behind_link(path) : other_kind(info.st_mode);
    if (kind)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "cannot write %s: it is %s, not a file", path, kind);
    if (!replaced && info.st_nlink > 1)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "cannot write %s: the file has %llu names (hard links), and would change "
                       "under each of them; replace it with a copy",
                       path, (unsigned long long)info.st_nlink);
    return ALEXNET_OK;
}

alexnet_status an_file_open_own(const char *path, int flags, int *fd)
{
    struct stat info;
    *fd = -1;
    AN_CHECK(an_file_check_own(path, false));
    int file = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    if (file < 0)
        return fail_open(path, true);
    if (fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink <= 1) {
        *fd = file;
        return ALEXNET_OK;
    }
    close(file);
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "cannot write %s: it is not a regular file with a single name", path);
}

alexnet_status an_file_read(const char *path, size_t limit, unsigned char **bytes, size_t *length)
{
    int fd;
    uint64_t size;
    *bytes = NULL;
    *length = 0;
    AN_CHECK(an_file_open(path, &fd, &size));
    alexnet_status rc = ALEXNET_OK;
    unsigned char *block = NULL;
    if (size > limit) {
        rc = AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has %llu bytes; at most %zu are read", path,
                     (unsigned long long)size, limit);
        goto cleanup;
    }
    block = an_malloc((size_t)size + 1);
    if (!block) {
        rc = AN_FAIL_MEMORY(size, path);
        goto cleanup;
    }
    ssize_t got = an_file_read_fully(fd, block, (size_t)size, 0);
    if (got < 0) {
        rc = an_file_fail("read", path);
        goto cleanup;
    }
    block[got] = '\0';
    *bytes = block;
    *length = (size_t)got;
    block = NULL;
cleanup:
    an_free(block);
    close(fd);
    return rc;
}

alexnet_status an_file_read_text(const char *path, const char *what, char **text)
{
    unsigned char *bytes;
    size_t length;
    *text = NULL;
    AN_CHECK(an_file_read(path, 1 << 20, &bytes, &length));
    alexnet_status rc = an_refuse_encoded(bytes, length, path);
    if (rc == ALEXNET_OK && memchr(bytes, '\0', length))
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not %s: it holds a zero byte", path, what);
    if (rc == ALEXNET_OK)
        *text = (char *)bytes;
    else
        an_free(bytes);
    return rc;
}

bool an_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool an_is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

const char *an_file_kind(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return NULL;
    return S_ISREG(info.st_mode) ? "a file" : other_kind(info.st_mode);
}

alexnet_status an_file_exists(const char *path, bool *there)
{
    struct stat info;
    const bool found = stat(path, &info) == 0;
    *there = found && !S_ISDIR(info.st_mode);
    if (found || errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)
        return ALEXNET_OK;
    return an_file_fail("open", path);
}

/* mkdir() failed, which is well if the folder is there. */
static alexnet_status check_folder(const char *path)
{
    const int error = errno;
    struct stat info;
    const bool there = error == EEXIST && lstat(path, &info) == 0;
    if (there && stat(path, &info) != 0)
        return AN_FAIL(ALEXNET_ERROR_IO,
                       "cannot make the folder %s: it is a link that leads nowhere", path);
    if (there && S_ISDIR(info.st_mode))
        return ALEXNET_OK;
    if (there)
        return AN_FAIL(ALEXNET_ERROR_IO, "cannot make the folder %s: it is %s", path,
                       S_ISREG(info.st_mode) ? "a file" : other_kind(info.st_mode));
    errno = error;
    return an_file_fail("make the folder", path);
}

alexnet_status an_make_folder(const char *path)
{
    char *copy = an_strdup(path);
    if (!copy)
        return AN_FAIL_MEMORY(strlen(path), "a path");
    alexnet_status rc = ALEXNET_OK;
    if (!*path)
        rc = AN_FAIL(ALEXNET_ERROR_IO, "cannot make a folder without a name");
    for (char *p = copy + 1; rc == ALEXNET_OK; p++) {
        char kept = *p;
        if (kept != '/' && kept != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, 0777) != 0)
            rc = check_folder(copy);
        *p = kept;
        if (kept == '\0')
            break;
    }
    an_free(copy);
    return rc;
}

bool an_path_is_within(const char *path, const char *folder)
{
    const size_t length = strlen(folder);
    return length <= 1 || /* "/" */
           (strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0'));
}

alexnet_status an_path_absolute(char **out, const char *path)
{
    const bool relative = *path && *path != '/';
    char *here = relative ? getcwd(NULL, 0) : NULL;
    *out = NULL;
    if (relative && !here)
        return an_file_fail("find", "the current folder");
    *out = relative ? an_path_join(here, path) : an_strdup(path);
    free(here); /* getcwd's own */
    return *out ? ALEXNET_OK : AN_FAIL_MEMORY(strlen(path), "a path");
}

size_t an_path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

const char *an_path_last(const char *path)
{
    return path + an_path_folder(path);
}

char *an_path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    return an_format("%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", name);
}
