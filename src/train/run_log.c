/*
 * The log of a run, log.jsonl, when it is resumed: the lines that its checkpoint does not count are
 * cut off.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/status.h"
#include "train/run.h"

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
    run->logged.count = *end = 0;
    for (int64_t at = 0; got > 0 && at < bytes && run->logged.count < lines; at += got) {
        do
            got = pread(run->logged.file, block, sizeof block, at);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return an_file_fail("read", run->log);
        for (ssize_t i = 0; i < got && at + i < bytes && run->logged.count < lines; i++)
            if (block[i] == '\n') {
                *end = at + i + 1;
                run->logged.count++;
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
    if (fstat(run->logged.file, &info) != 0)
        return an_file_fail("examine", run->log);
    if (info.st_size > keep && ftruncate(run->logged.file, keep) != 0)
        return an_file_fail("cut", run->log);
    return ALEXNET_OK;
}
