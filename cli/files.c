#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "held.h"
#include "outputs.h"
#include "paths.h"

int file_open(FILE **out, const char *path, const char *missing)
{
    struct stat info;
    *out = NULL;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && missing && (errno == ENOENT || errno == ENOTDIR))
        return cli_error(CLI_BAD_INPUT, "%s", missing);
    if (fd < 0)
        return cli_error(CLI_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    if (fstat(fd, &info) == 0 && !S_ISREG(info.st_mode)) {
        close(fd);
        return cli_error(CLI_BAD_INPUT, "cannot read %s: it is %s, not a file", path,
                         path_kind(info.st_mode));
    }
    *out = fdopen(fd, "r");
    if (*out)
        return CLI_DONE;
    close(fd);
    return cli_error(CLI_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
}

/* ---- Writing ---- */

static int failed(const file_output *out, int error)
{
    return cli_error(CLI_FAILED, "cannot write %s: %s", out->path, strerror(error));
}

static void forget(file_output *out)
{
    if (out->folder >= 0)
        close(out->folder);
    free(out->path);
    free(out->temporary);
    *out = (file_output){.folder = -1};
}

static int busy(const file_output *out)
{
    return cli_error(CLI_FAILED, "cannot write %s: another process is writing it", out->path);
}

bool file_lock(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

/* Remove what has the temporary name: a file that a killed process left, or a link. A file that is
 * being written is locked, and stays. */
static int remove_leftover(const file_output *out)
{
    int code = output_check_kind(out->temporary, true);
    if (code != CLI_DONE)
        return code;
    const char *name = path_last(out->temporary);
    const int fd = openat(out->folder, name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && !file_lock(fd))
        code = busy(out);
    else
        unlinkat(out->folder, name, 0);
    if (fd >= 0)
        close(fd);
    return code;
}

/* ---- The stream ---- */

/* A stream says at its end that an earlier write failed, but not why. */
struct file_sink {
    int fd, error;
};

static ssize_t sink_write(void *cookie, const char *bytes, size_t length)
{
    struct file_sink *sink = cookie;
    size_t done = 0;
    while (done < length) {
        const ssize_t n = write(sink->fd, bytes + done, length - done);
        if (n < 0 && errno != EINTR) {
            sink->error = errno;
            return 0;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)length;
}

static int sink_close(void *cookie)
{
    struct file_sink *sink = cookie;
    const int rc = close(sink->fd);
    free(sink);
    return rc;
}

static void open_stream(file_output *out, int fd)
{
    out->sink = calloc(1, sizeof *out->sink);
    if (!out->sink)
        return;
    out->sink->fd = fd;
    out->file = fopencookie(out->sink, "w",
                            (cookie_io_functions_t){.write = sink_write, .close = sink_close});
    if (!out->file)
        free(out->sink);
}

/* Create the temporary file, and lock it. Another writer may remove it before it is locked. */
static int open_temporary(file_output *out)
{
    struct stat info;
    out->folder = held_open(out->path);
    if (out->folder < 0)
        return failed(out, errno);
    int code = remove_leftover(out);
    if (code != CLI_DONE)
        return code;
    int fd = openat(out->folder, path_last(out->temporary),
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno == EEXIST ? busy(out) : failed(out, errno);
    const bool ours = file_lock(fd) && fstat(fd, &info) == 0 && info.st_nlink > 0;
    if (ours)
        open_stream(out, fd);
    if (out->file)
        return CLI_DONE;
    code = ours ? failed(out, ENOMEM) : busy(out);
    close(fd);
    return code;
}

int file_begin(file_output *out, const char *path)
{
    int code = output_check_place(path);
    if (code != CLI_DONE)
        return code;
    *out = (file_output){.path = cli_copy(path), .temporary = cli_format("%s.tmp", path)};
    code = open_temporary(out);
    if (code != CLI_DONE)
        forget(out);
    return code;
}

/* Bring everything to the disk. @return 0, or the error */
static int flush(const file_output *out)
{
    if (fflush(out->file) != 0 || ferror(out->file))
        return out->sink->error;
    return fsync(out->sink->fd) == 0 ? 0 : errno;
}

int file_end(file_output *out, int code)
{
    if (code == CLI_DONE) {
        const int error = flush(out);
        if (error)
            code = failed(out, error);
        else if (renameat(out->folder, path_last(out->temporary), out->folder,
                          path_last(out->path)) != 0)
            code = failed(out, errno);
    }
    /* A new name is on the disk once its folder is. EINVAL: the file system cannot flush folders */
    if (code != CLI_DONE)
        unlinkat(out->folder, path_last(out->temporary), 0);
    else if (fsync(out->folder) != 0 && errno != EINVAL)
        code = failed(out, errno);
    fclose(out->file); /* not before the rename: it also unlocks the file */
    forget(out);
    return code;
}
