/*
 * Where the folder of a run is. It may be renamed or moved while the run trains, and another folder
 * may take its name: the run continues in the folder that it holds open.
 */
#include "train/run_place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"

void an_run_free_names(an_run *run)
{
    char **const names[] = {&run->folder, &run->place, &run->last, &run->best,
                            &run->recipe, &run->log,   &run->lock, &run->skipped};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        an_free(*names[i]);
        *names[i] = NULL;
    }
}

alexnet_status an_run_name(an_run *run, const char *folder, const char *place)
{
    an_run named = *run;
    named.folder = an_strdup(folder);
    named.place = an_strdup(place);
    named.last = an_path_join(place, "last.safetensors");
    named.best = an_path_join(place, "best.safetensors");
    named.recipe = an_path_join(place, "recipe.ini");
    named.log = an_path_join(place, "log.jsonl");
    named.lock = an_path_join(place, "lock");
    named.skipped = an_path_join(place, "skipped.txt");
    const bool whole = named.folder && named.place && named.last && named.best && named.recipe &&
                       named.log && named.lock && named.skipped;
    an_run_free_names(whole ? run : &named);
    if (!whole)
        return AN_FAIL_MEMORY(8 * (strlen(place) + 16), "paths");
    *run = named;
    return ALEXNET_OK;
}

/* The path of an open folder, without links; false if the system does not say. */
static bool find(int folder, char *path, size_t size)
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    const ssize_t length = readlink(link, path, size - 1);
    path[length > 0 ? length : 0] = '\0';
    return path[0] == '/' && (size_t)length < size - 1;
}

static bool leads_to(const char *path, int folder)
{
    struct stat a, b;
    return stat(path, &a) == 0 && fstat(folder, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

alexnet_status an_run_hold(an_run *run)
{
    char path[PATH_MAX];
    return find(run->folder_file, path, sizeof path) && leads_to(path, run->folder_file)
               ? an_run_name(run, run->folder, path)
               : ALEXNET_OK;
}

/* A folder that was removed has no name left; one whose file system was unmounted still has. */
static alexnet_status fail_lost(const an_run *run, const char *path)
{
    struct stat info;
    if (fstat(run->folder_file, &info) == 0 && info.st_nlink == 0)
        return AN_FAIL(ALEXNET_ERROR_IO, "%s was removed, and nothing can be saved in it",
                       run->folder);
    if (stat(path, &info) != 0 && errno == EACCES)
        return AN_FAIL(ALEXNET_ERROR_IO, "%s was moved to %s, where nothing can be saved in it: %s",
                       run->folder, path, strerror(EACCES));
    return AN_FAIL(ALEXNET_ERROR_IO,
                   "%s is out of reach, and nothing can be saved in it: was its file system "
                   "unmounted?",
                   run->folder);
}

alexnet_status an_run_follow(an_run *run, bool *moved)
{
    char path[PATH_MAX];
    *moved = false;
    if (!find(run->folder_file, path, sizeof path) || strcmp(path, run->place) == 0)
        return ALEXNET_OK;
    if (!leads_to(path, run->folder_file)) /* mounted again, it has the name that it had before */
        return leads_to(run->place, run->folder_file) ? ALEXNET_OK : fail_lost(run, path);
    AN_CHECK(an_run_name(run, path, path));
    *moved = true;
    return ALEXNET_OK;
}
