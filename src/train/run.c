#include "train/run_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/writer.h"
#include "format/tensor_file.h"
#include "format/tensor_sums.h"

static alexnet_status name_files(an_run *run, const char *folder)
{
    char *place;
    *run = AN_RUN_CLOSED;
    AN_CHECK(an_path_absolute(&place, folder));
    const alexnet_status rc = an_run_name(run, folder, place);
    an_free(place);
    return rc;
}

/* A folder may come from anybody: before anything is computed, check that nothing else has the
 * names of the files that will be written. */
static alexnet_status check_files(const an_run *run)
{
    const char *const replaced[] = {run->last, run->best, run->recipe};
    for (size_t i = 0; i < sizeof replaced / sizeof *replaced; i++)
        AN_CHECK(an_file_check_own(replaced[i], true));
    return an_file_check_own(run->skipped, false); /* the log and the lock are opened at once */
}

/* Some network file systems have no locks, or only for files. */
static alexnet_status take_lock(an_run *run, int file)
{
    const bool locked = flock(file, LOCK_EX | LOCK_NB) == 0;
    run->locked |= locked;
    if (locked || errno != EWOULDBLOCK)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s is already being trained; wait for that training, or stop it", run->folder);
}

/* There are two locks. The one on the folder survives the removal of any file in it. The one on a
 * file is for network file systems, which can lock only files. */
static alexnet_status take_locks(an_run *run)
{
    run->folder_file = open(run->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (run->folder_file < 0)
        return an_file_fail("open", run->folder);
    AN_CHECK(take_lock(run, run->folder_file));
    AN_CHECK(an_run_hold(run));
    AN_CHECK(an_file_open_own(run->lock, O_RDWR | O_CREAT, &run->lock_file));
    return take_lock(run, run->lock_file);
}

static void close_file(int *file)
{
    if (*file >= 0)
        close(*file);
    *file = -1;
}

/* The number in epoch-N and `ending`; 0: the name is another. */
static long long epoch_of(const char *name, const char *ending)
{
    static const char head[] = "epoch-";
    char *end;
    if (strncmp(name, head, sizeof head - 1) != 0 || name[sizeof head - 1] < '1' ||
        name[sizeof head - 1] > '9')
        return 0;
    errno = 0;
    const long long epoch = strtoll(name + sizeof head - 1, &end, 10);
    return errno == 0 && strcmp(end, ending) == 0 ? epoch : 0;
}

static alexnet_status clean_epochs(const an_run *run)
{
    an_folder in;
    alexnet_status rc = ALEXNET_OK;
    AN_CHECK(an_folder_read(&in, NULL, run->place));
    for (int64_t i = 0; i < in.files.count && rc == ALEXNET_OK; i++) {
        const long long epoch = epoch_of(in.files.at[i], ".safetensors.tmp");
        char *path = epoch ? an_run_epoch_path(run, epoch) : NULL;
        if (epoch)
            rc = path ? an_writer_clean(path) : AN_FAIL_MEMORY(strlen(run->place), "a path");
        an_free(path);
    }
    an_folder_free(&in);
    return rc;
}

/* Remove what a process that was killed has left of files that were being written: some of them are
 * seldom written again, or never. */
static alexnet_status clean(const an_run *run)
{
    const char *const written[] = {run->last, run->best, run->recipe, run->log, run->skipped};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        AN_CHECK(an_writer_clean(written[i]));
    return clean_epochs(run);
}

alexnet_status an_run_claim(an_run *run)
{
    alexnet_status rc;
    AN_TRY(check_files(run));
    AN_TRY(take_locks(run));
    AN_TRY(clean(run));
    AN_TRY(an_run_lines_open(&run->logged, run->log));
    return ALEXNET_OK;
cleanup:
    close_file(&run->folder_file);
    close_file(&run->lock_file);
    run->locked = false;
    return rc;
}

/* Whether recipe.ini was left by a run that was stopped before its first checkpoint. */
static alexnet_status is_leftover(const an_run *run, bool *leftover)
{
    char *text = NULL;
    *leftover = false;
    if (!an_is_file(run->lock) || !an_is_file(run->recipe))
        return ALEXNET_OK;
    const alexnet_status rc = an_file_read_text(run->recipe, "a recipe", &text);
    if (rc != ALEXNET_OK) /* what is too large, or no text, is not ours */
        return rc == ALEXNET_ERROR_IO || rc == ALEXNET_ERROR_NO_MEMORY ? rc : ALEXNET_OK;
    *leftover = strncmp(text, AN_RUN_RECIPE_HEAD, strlen(AN_RUN_RECIPE_HEAD)) == 0;
    an_free(text);
    return ALEXNET_OK;
}

/* Whether the folder has no file of a run that would be lost: no model, no lines of a log, and only
 * a recipe that is a leftover. */
static bool is_free(const an_run *run, bool leftover)
{
    struct stat log;
    return !an_is_file(run->last) && !an_is_file(run->best) &&
           (!an_is_file(run->recipe) || leftover) &&
           !(stat(run->log, &log) == 0 && S_ISREG(log.st_mode) && log.st_size > 0);
}

/* Whether a run that was stopped before its first checkpoint leaves a file of this name. */
static bool may_be_left(const char *name)
{
    static const char *const left[] = {"lock", "log.jsonl", "recipe.ini", "recipe.ini.tmp",
                                       "last.safetensors.tmp"};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        if (strcmp(name, left[i]) == 0)
            return true;
    return false;
}

/* Who trains writes files with names that are not known here. They must not replace others. */
static alexnet_status check_others(const an_run *run)
{
    an_folder folder;
    if (!an_is_folder(run->folder))
        return ALEXNET_OK;
    AN_CHECK(an_folder_read(&folder, NULL, run->folder));
    const char *other = folder.folders.count ? folder.folders.at[0] : NULL;
    for (int64_t i = 0; i < folder.files.count && !other; i++)
        if (!may_be_left(folder.files.at[i]))
            other = folder.files.at[i];
    alexnet_status rc = !other ? ALEXNET_OK
                               : AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                                         "%s has other files in it, such as %s; a run needs a new "
                                         "folder, or an empty one",
                                         run->folder, other);
    an_folder_free(&folder);
    return rc;
}

static alexnet_status check_free(const an_run *run)
{
    bool leftover;
    AN_CHECK(is_leftover(run, &leftover));
    if (is_free(run, leftover))
        return check_others(run);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s already holds files of a run; resume it, or choose another folder",
                   run->folder);
}

alexnet_status an_run_check_free(const char *folder)
{
    an_run run = AN_RUN_CLOSED;
    alexnet_status rc = name_files(&run, folder);
    if (rc == ALEXNET_OK)
        rc = check_free(&run);
    an_run_close(&run);
    return rc;
}

alexnet_status an_run_create(an_run *run, const char *folder)
{
    alexnet_status rc = ALEXNET_OK;
    AN_CHECK(name_files(run, folder));
    AN_TRY(check_free(run));
    AN_TRY(an_make_folder(folder));
    AN_TRY(an_flush_name(folder));
    AN_TRY(an_run_claim(run));
    AN_TRY(check_free(run)); /* another process may have used the folder since */
    return ALEXNET_OK;
cleanup:
    an_run_close(run);
    return rc;
}

static alexnet_status check_checkpoint(const an_run *run)
{
    struct stat info;
    bool leftover;
    if (stat(run->last, &info) == 0)
        return ALEXNET_OK; /* reading it will show what it is */
    if (errno == ENOTDIR)
        return AN_FAIL(ALEXNET_ERROR_IO, "%s is a file, not a run folder", run->folder);
    if (errno != ENOENT)
        return an_file_fail("open", run->last);
    AN_CHECK(is_leftover(run, &leftover));
    if (leftover && is_free(run, leftover))
        return AN_FAIL(ALEXNET_ERROR_IO,
                       "%s: it has no checkpoint (last.safetensors), because the run was stopped "
                       "just after its start; begin it again with `out_dir` %s",
                       run->folder, run->folder);
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

alexnet_status an_run_best_id(const an_run *run, uint64_t *id)
{
    an_reader *reader;
    an_tensor_file *file;
    bool there;
    *id = 0;
    AN_CHECK(an_file_exists(run->best, &there));
    if (!there)
        return ALEXNET_OK;
    alexnet_status rc = an_reader_open(&reader, run->best);
    if (rc == ALEXNET_OK)
        rc = an_tensor_file_open(&file, reader);
    if (rc != ALEXNET_OK)
        return rc == ALEXNET_ERROR_NO_MEMORY || rc == ALEXNET_ERROR_IO ? rc : ALEXNET_OK;
    const char *sums = an_tensor_file_metadata(file, AN_METADATA_SUMS);
    *id = sums ? an_hash_text(AN_HASH_START, sums) : 0;
    an_tensor_file_close(file);
    return ALEXNET_OK;
}

char *an_run_epoch_path(const an_run *run, int64_t epoch)
{
    return an_format("%s/epoch-%lld.safetensors", run->place, (long long)epoch);
}

char *an_run_newest_epoch(const char *folder)
{
    static const char ending[] = ".safetensors";
    an_folder in = {0};
    const char *newest = NULL;
    if (an_folder_read(&in, NULL, folder) != ALEXNET_OK)
        return NULL;
    for (int64_t i = 0; i < in.files.count; i++)
        if (epoch_of(in.files.at[i], ending) > (newest ? epoch_of(newest, ending) : 0))
            newest = in.files.at[i];
    char *path = newest ? an_path_join(folder, newest) : NULL;
    an_folder_free(&in);
    return path;
}

void an_run_close(an_run *run)
{
    an_run_lines_close(&run->listed);
    an_run_lines_close(&run->logged);
    close_file(&run->lock_file);
    close_file(&run->folder_file);
    an_run_free_names(run);
    an_free(run->named);
    *run = AN_RUN_CLOSED;
}
