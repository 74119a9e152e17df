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

static alexnet_status name_files(an_run *run, const char *folder)
{
    *run = (an_run){.log_file = -1};
    run->folder = an_strdup(folder);
    run->last = an_path_join(folder, "last.safetensors");
    run->best = an_path_join(folder, "best.safetensors");
    run->recipe = an_path_join(folder, "recipe.ini");
    run->log = an_path_join(folder, "log.jsonl");
    if (run->folder && run->last && run->best && run->recipe && run->log)
        return ALEXNET_OK;
    an_run_close(run);
    return AN_FAIL_MEMORY(5 * strlen(folder), "paths");
}

alexnet_status an_run_claim(an_run *run)
{
    run->log_file = open(run->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (run->log_file < 0)
        return AN_FAIL(ALEXNET_ERROR_IO, "cannot open %s: %s", run->log, strerror(errno));
    /* Some network file systems have no locks: then there is no protection, but training. */
    if (flock(run->log_file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s is being trained by another process; wait for it, or stop it",
                       run->folder);
    return ALEXNET_OK;
}

/* An empty log is what a run leaves that could not begin. */
static bool is_taken(const an_run *run)
{
    struct stat log;
    return an_is_file(run->last) || an_is_file(run->best) || an_is_file(run->recipe) ||
           (stat(run->log, &log) == 0 && log.st_size > 0);
}

alexnet_status an_run_create(an_run *run, const char *folder)
{
    alexnet_status rc = ALEXNET_OK;
    AN_CHECK(name_files(run, folder));
    if (is_taken(run)) {
        rc =
            AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                    "%s holds files of a run already; resume it, or choose another folder", folder);
        goto cleanup;
    }
    AN_TRY(an_make_folder(folder));
    AN_TRY(an_run_claim(run));
    AN_TRY(an_run_cut_log(run, 0));
    return ALEXNET_OK;
cleanup:
    an_run_close(run);
    return rc;
}

alexnet_status an_run_open(an_run *run, const char *folder)
{
    AN_CHECK(name_files(run, folder));
    if (an_is_file(run->last))
        return ALEXNET_OK;
    alexnet_status rc = AN_FAIL(ALEXNET_ERROR_IO, "%s",
                                an_is_folder(folder) ? "it has no checkpoint" : "no such folder");
    rc = an_fail_within(rc, folder);
    an_run_close(run);
    return rc;
}

void an_run_close(an_run *run)
{
    if (run->log_file >= 0)
        close(run->log_file);
    an_free(run->folder);
    an_free(run->last);
    an_free(run->best);
    an_free(run->recipe);
    an_free(run->log);
    an_free(run->held);
    *run = (an_run){.log_file = -1};
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
    int error = run->held_length ? write_held(run) : 0;
    return error ? AN_FAIL(ALEXNET_ERROR_IO, "cannot write %s: %s", run->log, strerror(error))
                 : ALEXNET_OK;
}

alexnet_status an_run_cut_log(an_run *run, int64_t length)
{
    off_t size = lseek(run->log_file, 0, SEEK_END);
    /* A log shorter than it was, lost with the machine or edited, is kept as it is. */
    if (size > length && ftruncate(run->log_file, length) != 0)
        return AN_FAIL(ALEXNET_ERROR_IO, "cannot cut %s: %s", run->log, strerror(errno));
    run->log_length = size < length ? size : length;
    return ALEXNET_OK;
}
