#include "train/run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/writer.h"

static alexnet_status name_files(an_run *run, const char *folder)
{
    *run = AN_RUN_CLOSED;
    run->folder = an_strdup(folder);
    run->last = an_path_join(folder, "last.safetensors");
    run->best = an_path_join(folder, "best.safetensors");
    run->recipe = an_path_join(folder, "recipe.ini");
    run->log = an_path_join(folder, "log.jsonl");
    run->lock = an_path_join(folder, "lock");
    run->skipped = an_path_join(folder, "skipped.txt");
    if (run->folder && run->last && run->best && run->recipe && run->log && run->lock &&
        run->skipped)
        return ALEXNET_OK;
    an_run_close(run);
    return AN_FAIL_MEMORY(7 * strlen(folder), "paths");
}

/* A folder may come from anybody: what is to be written must not be something else, before anything
 * is computed for it. */
static alexnet_status check_files(const an_run *run)
{
    const char *const replaced[] = {run->last, run->best, run->recipe};
    for (size_t i = 0; i < sizeof replaced / sizeof *replaced; i++) {
        char *temporary = an_format("%s.tmp", replaced[i]);
        if (!temporary)
            return AN_FAIL_MEMORY(strlen(replaced[i]), "a path");
        alexnet_status rc = an_file_check_own(replaced[i], true);
        if (rc == ALEXNET_OK)
            rc = an_file_check_own(temporary, true);
        an_free(temporary);
        AN_CHECK(rc);
    }
    AN_CHECK(an_file_check_own(run->log, false));
    AN_CHECK(an_file_check_own(run->skipped, false));
    return an_file_check_own(run->lock, false);
}

/* Some network file systems have no locks: then there is no protection, but training. */
static alexnet_status take_lock(const an_run *run, int file)
{
    if (flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s is being trained by another process; wait for it, or stop it", run->folder);
}

/* Two locks: one on the folder, which stays whatever file is removed from it, and one on a file
 * that is there for nothing else, because network file systems lock files alone. */
alexnet_status an_run_claim(an_run *run)
{
    AN_CHECK(check_files(run));
    run->folder_file = open(run->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (run->folder_file < 0)
        return an_file_fail("open", run->folder);
    AN_CHECK(take_lock(run, run->folder_file));
    AN_CHECK(an_file_open_own(run->lock, O_RDWR | O_CREAT, &run->lock_file));
    AN_CHECK(take_lock(run, run->lock_file));
    return an_file_open_own(run->log, O_RDWR | O_APPEND | O_CREAT, &run->log_file);
}

/* Whether a recipe is there that a run left which was stopped before its first checkpoint. */
static bool is_leftover(const an_run *run)
{
    char *text = NULL;
    if (!an_is_file(run->lock) || an_file_read_text(run->recipe, "a recipe", &text) != ALEXNET_OK)
        return false;
    bool ours = strncmp(text, AN_RUN_RECIPE_HEAD, strlen(AN_RUN_RECIPE_HEAD)) == 0;
    an_free(text);
    return ours;
}

/* An empty log is what a run leaves that could not begin. */
static alexnet_status check_free(const an_run *run)
{
    struct stat log;
    if (!an_is_file(run->last) && !an_is_file(run->best) &&
        (!an_is_file(run->recipe) || is_leftover(run)) &&
        !(stat(run->log, &log) == 0 && S_ISREG(log.st_mode) && log.st_size > 0))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s holds files of a run already; resume it, or choose another folder",
                   run->folder);
}

alexnet_status an_run_create(an_run *run, const char *folder)
{
    alexnet_status rc = ALEXNET_OK;
    AN_CHECK(name_files(run, folder));
    AN_TRY(check_free(run));
    AN_TRY(an_make_folder(folder));
    AN_TRY(an_flush_name(folder));
    AN_TRY(an_run_claim(run));
    AN_TRY(check_free(run)); /* another may have been quicker, and be through */
    AN_TRY(an_run_cut_log(run, 0));
    return ALEXNET_OK;
cleanup:
    an_run_close(run);
    return rc;
}

static alexnet_status check_checkpoint(const an_run *run)
{
    struct stat info;
    if (stat(run->last, &info) == 0)
        return ALEXNET_OK; /* reading it will tell what it is */
    if (errno == ENOTDIR)
        return AN_FAIL(ALEXNET_ERROR_IO, "%s is a file, not a run folder", run->folder);
    if (errno != ENOENT)
        return an_file_fail("open", run->last);
    if (an_is_folder(run->folder))
        return AN_FAIL(ALEXNET_ERROR_IO, "%s: it has no checkpoint (last.safetensors)",
                       run->folder);
    return AN_FAIL(ALEXNET_ERROR_IO, "%s: no such folder", run->folder);
}

alexnet_status an_run_open(an_run *run, const char *folder)
{
    AN_CHECK(name_files(run, folder));
    alexnet_status rc = check_checkpoint(run);
    if (rc != ALEXNET_OK)
        an_run_close(run);
    return rc;
}

static void close_file(int file)
{
    if (file >= 0)
        close(file);
}

void an_run_close(an_run *run)
{
    close_file(run->skipped_file);
    close_file(run->log_file);
    close_file(run->lock_file);
    close_file(run->folder_file);
    an_free(run->folder);
    an_free(run->last);
    an_free(run->best);
    an_free(run->recipe);
    an_free(run->log);
    an_free(run->lock);
    an_free(run->skipped);
    an_free(run->named);
    an_free(run->held);
    *run = AN_RUN_CLOSED;
}

/* Write the lines that are held back; those that do not fit stay. @return 0, or errno */
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
    run->log_length += (int64_t)done;
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
    write_held(run); /* a failure counts at the next checkpoint */
    return ALEXNET_OK;
}

alexnet_status an_run_flush_log(an_run *run)
{
    errno = run->held_length ? write_held(run) : 0;
    if (errno)
        return an_file_fail("write", run->log);
    if (fsync(run->log_file) != 0 && errno != EINVAL) /* EINVAL: a file system without it */
        return an_file_fail("flush", run->log);
    return ALEXNET_OK;
}

/* No line of a log is nearly as long. */
enum { LINE_BYTES_MAX = 1 << 20 };

/* Where the last whole line of the log's first `length` bytes ends. */
static alexnet_status end_of_lines(const an_run *run, int64_t length, int64_t *end)
{
    char block[4096];
    const int64_t least = length - LINE_BYTES_MAX;
    for (*end = length; *end > 0;) {
        if (*end < least)
            return AN_FAIL(ALEXNET_ERROR_FORMAT,
                           "%s is not the log of a run: no line ends in the %d bytes before byte "
                           "%lld, where the checkpoint was written",
                           run->log, LINE_BYTES_MAX, (long long)length);
        int64_t begin = *end - *end % (int64_t)sizeof block;
        begin = begin < *end ? begin : *end - (int64_t)sizeof block;
        ssize_t got = pread(run->log_file, block, (size_t)(*end - begin), begin);
        if (got < 0 && errno != EINTR)
            return an_file_fail("read", run->log);
        for (ssize_t i = got; got == *end - begin && i > 0; i--)
            if (block[i - 1] == '\n') {
                *end = begin + i;
                return ALEXNET_OK;
            }
        if (got >= 0)
            *end = begin;
    }
    return ALEXNET_OK;
}

alexnet_status an_run_cut_log(an_run *run, int64_t length)
{
    struct stat info;
    int64_t keep;
    if (fstat(run->log_file, &info) != 0)
        return an_file_fail("examine", run->log);
    AN_CHECK(end_of_lines(run, length < info.st_size ? length : info.st_size, &keep));
    if (info.st_size > keep && ftruncate(run->log_file, keep) != 0)
        return an_file_fail("cut", run->log);
    run->log_length = keep;
    return ALEXNET_OK;
}
