/*
 * The log of a run, log.jsonl. Lines are only appended; a resumed run first cuts off those that its
 * checkpoint does not count.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
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

alexnet_status an_run_flush_log(an_run *run)
{
    errno = run->held_length ? write_held(run) : 0;
    if (errno)
        return an_file_fail("write", run->log);
    if (fsync(run->log_file) != 0 && errno != EINVAL) /* EINVAL: the file system has no fsync */
        return an_file_fail("flush", run->log);
    return ALEXNET_OK;
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
