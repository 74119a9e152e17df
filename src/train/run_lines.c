#include "train/run_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/writer.h"

alexnet_status an_run_lines_open(an_run_lines *l, const char *path)
{
    return an_file_open_own(path, O_RDWR | O_APPEND | O_CREAT, &l->file);
}

/* Write the lines that are held back; what cannot be written stays. @return 0, or errno */
static int write_held(an_run_lines *l)
{
    size_t done = 0;
    int error = 0;
    while (done < l->held_length && !error) {
        ssize_t n = write(l->file, l->held + done, l->held_length - done);
        if (n < 0)
            error = errno == EINTR ? 0 : errno;
        else
            done += (size_t)n;
    }
    l->held_length -= done;
    for (size_t i = 0; i < done; i++)
        l->count += l->held[i] == '\n';
    memmove(l->held, l->held + done, l->held_length);
    return error;
}

alexnet_status an_run_lines_add(an_run_lines *l, const char *line)
{
    size_t length = strlen(line);
    char *grown = an_realloc(l->held, l->held_length + length + 1, 1);
    if (!grown)
        return AN_FAIL_MEMORY(l->held_length + length + 1, "a line");
    memcpy(grown + l->held_length, line, length);
    grown[l->held_length + length] = '\n';
    l->held = grown;
    l->held_length += length + 1;
    if (l->file >= 0)
        write_held(l); /* a failure is reported when the file is flushed */
    return ALEXNET_OK;
}

/* Whether the file is the one that its name leads to. If the system does not say, it is. */
static bool has_name(const an_run_lines *l, const char *path)
{
    struct stat open, named;
    if (fstat(l->file, &open) != 0)
        return true;
    if (lstat(path, &named) != 0)
        return errno != ENOENT;
    return open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

static alexnet_status copy(const an_run_lines *l, const char *path, an_writer *to)
{
    char block[8192];
    ssize_t got;
    for (off_t at = 0; (got = pread(l->file, block, sizeof block, at)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return an_file_fail("read", path);
        AN_CHECK(an_writer_put(to, block, (size_t)got));
        at += got;
    }
    return ALEXNET_OK;
}

/* Continue in a copy of the file, which is on the disk and has its name. */
static alexnet_status write_anew(an_run_lines *l, const char *path)
{
    an_writer *writer;
    int file;
    AN_CHECK(an_writer_open(&writer, path));
    AN_CHECK(an_writer_end(writer, copy(l, path, writer)));
    AN_CHECK(an_file_open_own(path, O_RDWR | O_APPEND, &file));
    close(l->file);
    l->file = file;
    l->in_doubt = false;
    return ALEXNET_OK;
}

alexnet_status an_run_lines_flush(an_run_lines *l, const char *path, bool *anew)
{
    *anew = false;
    errno = l->held_length ? write_held(l) : 0;
    if (errno)
        return an_file_fail("write", path);
    const bool lost = !has_name(l, path);
    if (lost || l->in_doubt) {
        AN_CHECK(write_anew(l, path));
        *anew = lost;
        return ALEXNET_OK;
    }
    /* EINVAL: the file system has no fsync. After a failure the system forgets what it could not
     * write, so that another fsync would succeed without it. */
    l->in_doubt = fsync(l->file) != 0 && errno != EINVAL;
    return l->in_doubt ? an_file_fail("flush", path) : ALEXNET_OK;
}

void an_run_lines_close(an_run_lines *l)
{
    if (l->file >= 0)
        close(l->file);
    an_free(l->held);
    *l = AN_RUN_LINES_CLOSED;
}
