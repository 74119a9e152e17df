/*
 * The log of a run, log.jsonl. Lines are only appended; a resumed run first cuts off those that its
 * checkpoint does not count. If the file loses its name while the run trains, what is open still
 * has every line, and is copied.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/writer.h"
#include "train/run.h"

/* Write the lines that are held back; what cannot be written stays. @return 0, or errno */
static int write_held(an_run *run)
{
    size_t done = 0;
    int error = 0;
    while (done < run->held_length && !error) {
        ssize_t n = write(run->log_file, run->held + done, run->held_length - done);
        if (n < 0)
            error = errno == EINTR ? 0 : errno;
        else
            done += (size_t)n;
    }
    run->held_length -= done;
    for (size_t i = 0; i < done; i++)
        run->log_lines += run->held[i] == '\n';
    memmove(run->held, run->held + done, run->held_length);
    return error;
}

alexnet_status an_run_log(an_run *run, const char *line)
{
    size_t length = strlen(line);
    char *grown = an_realloc(run->held, run->held_length + length + 1, 1);
    if (!grown)
        return AN_FAIL_MEMORY(run->held_length + length + 1, "a line of the log");
    memcpy(grown + run->held_length, line, length);
    grown[run->held_length + length] = '\n';
    run->held = grown;
    run->held_length += length + 1;
    write_held(run); /* a failure is reported at the next checkpoint */
    return ALEXNET_OK;
}

/* Whether the log is the file that its name leads to. If the system does not say, it is. */
static bool has_name(const an_run *run)
{
    struct stat open, named;
    if (fstat(run->log_file, &open) != 0)
        return true;
    if (lstat(run->log, &named) != 0)
        return errno != ENOENT;
    return open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

static alexnet_status copy_log(const an_run *run, an_writer *to)
{
    char block[8192];
    ssize_t got;
    for (off_t at = 0; (got = pread(run->log_file, block, sizeof block, at)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return an_file_fail("read", run->log);
        AN_CHECK(an_writer_put(to, block, (size_t)got));
        at += got;
    }
    return ALEXNET_OK;
}

/* Continue in a copy of the log, which is on the disk and has its name. */
static alexnet_status write_anew(an_run *run)
{
    an_writer *writer;
    int file;
    AN_CHECK(an_writer_open(&writer, run->log));
    const alexnet_status rc = copy_log(run, writer);
    if (rc != ALEXNET_OK) {
        an_writer_abort(writer);
        return rc;
    }
    AN_CHECK(an_writer_commit(writer));
    AN_CHECK(an_file_open_own(run->log, O_RDWR | O_APPEND, &file));
    close(run->log_file);
    run->log_file = file;
    run->log_in_doubt = false;
    return ALEXNET_OK;
}

alexnet_status an_run_flush_log(an_run *run, bool *anew)
{
    *anew = false;
    errno = run->held_length ? write_held(run) : 0;
    if (errno)
        return an_file_fail("write", run->log);
    const bool lost = !has_name(run);
    if (lost || run->log_in_doubt) {
        AN_CHECK(write_anew(run));
        *anew = lost;
        return ALEXNET_OK;
    }
    /* EINVAL: the file system has no fsync. After a failure the system forgets what it could not
     * write, so that another fsync would succeed without it. */
    run->log_in_doubt = fsync(run->log_file) != 0 && errno != EINVAL;
    return run->log_in_doubt ? an_file_fail("flush", run->log) : ALEXNET_OK;
}

/* Far longer than any line of a log. */
enum { LINE_BYTES_MAX = 1 << 20 };

static alexnet_status endless_line(const an_run *run, int64_t begin)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s is not the log of a run: no line ends in the %d bytes from byte %lld on",
                   run->log, LINE_BYTES_MAX, (long long)begin);
}

/* Count the log's complete lines, at most `lines`, that end within its first `bytes` bytes; `end`
 * is set to the end of the last one. */
static alexnet_status count_lines(an_run *run, int64_t lines, int64_t bytes, int64_t *end)
{
    char block[8192];
    ssize_t got = 1;
    run->log_lines = *end = 0;
    for (int64_t at = 0; got > 0 && at < bytes && run->log_lines < lines; at += got) {
        do
            got = pread(run->log_file, block, sizeof block, at);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return an_file_fail("read", run->log);
        for (ssize_t i = 0; i < got && at + i < bytes && run->log_lines < lines; i++)
            if (block[i] == '\n') {
                *end = at + i + 1;
                run->log_lines++;
            }
        if (at + got - *end > LINE_BYTES_MAX)
            return endless_line(run, *end);
    }
    return ALEXNET_OK;
}

alexnet_status an_run_cut_log(an_run *run, int64_t lines, int64_t bytes)
{
    struct stat info;
    int64_t keep;
    AN_CHECK(count_lines(run, lines, bytes, &keep));
    if (fstat(run->log_file, &info) != 0)
        return an_file_fail("examine", run->log);
    if (info.st_size > keep && ftruncate(run->log_file, keep) != 0)
        return an_file_fail("cut", run->log);
    return ALEXNET_OK;
}
