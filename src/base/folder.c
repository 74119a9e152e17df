#include "base/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"

bool an_is_hidden(const char *name, size_t length)
{
    static const char *const systems[] = {"@eaDir",       "#recycle",
                                          "__MACOSX",     "lost+found",
                                          "$RECYCLE.BIN", "System Volume Information"};
    bool hidden = length > 0 && name[0] == '.';
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        hidden |= strlen(systems[i]) == length && memcmp(systems[i], name, length) == 0;
    return hidden;
}

static alexnet_status fail_folder(const char *path)
{
    return an_file_fail("read the folder", path);
}

static an_entry_kind kind_of(DIR *folder, const struct dirent *entry)
{
    struct stat info;
    if (entry->d_type == DT_DIR)
        return AN_ENTRY_FOLDER;
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
        return AN_ENTRY_FILE;
    if (fstatat(dirfd(folder), entry->d_name, &info, 0) != 0)
        return AN_ENTRY_LOST;
    if (!S_ISDIR(info.st_mode))
        return AN_ENTRY_FILE;
    bool is_link = entry->d_type == DT_LNK ||
                   fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
                   S_ISLNK(info.st_mode);
    return is_link ? AN_ENTRY_LINKED_FOLDER : AN_ENTRY_FOLDER;
}

static bool is_own_or_parent(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

an_work an_walk_work(alexnet_ctx *ctx)
{
    return an_work_begin(ctx, "found", "files", 0);
}

/* @param file  out, whether it is a file that was wanted */
static alexnet_status take_entry(an_wanted *w, DIR *folder, const struct dirent *entry, bool *file)
{
    *file = false;
    if (is_own_or_parent(entry->d_name))
        return ALEXNET_OK;
    if (an_is_hidden(entry->d_name, strlen(entry->d_name)) != w->hidden) {
        w->others++;
        return ALEXNET_OK;
    }
    const an_entry_kind kind = kind_of(folder, entry);
    *file = kind == AN_ENTRY_FILE;
    return w->lists[kind] ? an_strings_add(w->lists[kind], an_strdup(entry->d_name)) : ALEXNET_OK;
}

alexnet_status an_folder_list(an_work *work, const char *path, an_wanted *w)
{
    DIR *folder = opendir(path);
    bool file = false;
    alexnet_status rc;
    if (!folder)
        return fail_folder(path);
    for (;;) {
        AN_TRY(an_work_add(work, file));
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry)
            break;
        AN_TRY(take_entry(w, folder, entry, &file));
    }
    if (errno != 0)
        rc = fail_folder(path);
cleanup:
    closedir(folder);
    return rc;
}

alexnet_status an_folder_hidden(an_strings *names, an_work *work, const char *path)
{
    an_wanted w = {.hidden = true, .lists = {[AN_ENTRY_FOLDER] = names}};
    AN_CHECK(an_folder_list(work, path, &w));
    an_strings_sort(names);
    return ALEXNET_OK;
}

alexnet_status an_folder_read(an_folder *out, alexnet_ctx *ctx, const char *path)
{
    an_wanted w = {.lists = {[AN_ENTRY_FILE] = &out->files,
                             [AN_ENTRY_FOLDER] = &out->folders,
                             [AN_ENTRY_LINKED_FOLDER] = &out->folders,
                             [AN_ENTRY_LOST] = &out->files}};
    an_work work = an_walk_work(ctx);
    *out = (an_folder){0};
    const alexnet_status rc = an_folder_list(&work, path, &w);
    out->hidden = w.others;
    an_work_end(&work);
    if (rc != ALEXNET_OK)
        an_folder_free(out);
    an_strings_sort(&out->folders);
    an_strings_sort(&out->files);
    return rc;
}

static alexnet_status look_for(bool (*like)(const char *name), bool *yes, an_work *work,
                               const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    alexnet_status rc;
    if (!folder)
        return fail_folder(path);
    do {
        AN_TRY(an_work_add(work, 0));
        errno = 0;
        entry = readdir(folder);
        *yes = entry && like(entry->d_name);
    } while (entry && !*yes);
    if (!entry && errno != 0)
        rc = fail_folder(path);
cleanup:
    closedir(folder);
    return rc;
}

alexnet_status an_folder_has(alexnet_ctx *ctx, const char *path, bool (*like)(const char *name),
                             bool *yes)
{
    an_work work = an_walk_work(ctx);
    *yes = false;
    const alexnet_status rc = look_for(like, yes, &work, path);
    an_work_end(&work);
    return rc;
}

void an_folder_free(an_folder *folder)
{
    an_strings_free(&folder->folders);
    an_strings_free(&folder->files);
}
