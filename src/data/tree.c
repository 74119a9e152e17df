#include "data/tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"

enum { DEPTH_MAX = 64 };

/* A folder being walked, and the ones that it lies in. */
typedef struct level {
    const struct level *parent;
    int depth;
    dev_t device;
    ino_t inode;
} level;

typedef enum entry_kind { ENTRY_OTHER, ENTRY_PICTURE, ENTRY_FOLDER } entry_kind;

alexnet_status an_names_add(an_names *names, char *name)
{
    if (name && names->count == names->room) {
        int64_t room = names->room ? 2 * names->room : 16;
        char **grown = an_realloc(names->name, (size_t)room, sizeof *grown);
        if (grown) {
            names->name = grown;
            names->room = room;
        }
    }
    if (!name || names->count == names->room) {
        an_free(name);
        return AN_FAIL_MEMORY((uint64_t)names->count * sizeof(char *), "a list of files");
    }
    names->name[names->count++] = name;
    return ALEXNET_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void an_names_sort(an_names *names)
{
    if (names->count)
        qsort(names->name, (size_t)names->count, sizeof *names->name, compare_names);
}

void an_names_free(an_names *names)
{
    for (int64_t i = 0; i < names->count; i++)
        an_free(names->name[i]);
    an_free(names->name);
    *names = (an_names){0};
}

const char *const an_picture_endings[] = {".jpg", ".jpeg", ".jpe", ".png", NULL};

static bool has_picture_ending(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (int i = 0; dot && an_picture_endings[i]; i++)
        if (strcasecmp(dot, an_picture_endings[i]) == 0)
            return true;
    return false;
}

/* A broken link or a pipe with a picture's name counts as a picture: reading it says what is wrong,
 * where passing over it would lose it without a word. */
static entry_kind kind_of(DIR *folder, const struct dirent *entry)
{
    struct stat info;
    bool is_folder = entry->d_type == DT_DIR;
    if ((entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) &&
        fstatat(dirfd(folder), entry->d_name, &info, 0) == 0)
        is_folder = S_ISDIR(info.st_mode);
    if (is_folder)
        return ENTRY_FOLDER;
    return has_picture_ending(entry->d_name) ? ENTRY_PICTURE : ENTRY_OTHER;
}

static alexnet_status fail_folder(const char *path)
{
    return AN_FAIL(ALEXNET_ERROR_IO, "cannot read the folder %s: %s", path, strerror(errno));
}

/* Read a folder into names of folders and, if asked for, of pictures. */
static alexnet_status list_folder(const char *path, an_names *folders, an_names *pictures)
{
    DIR *folder = opendir(path);
    if (!folder)
        return fail_folder(path);
    alexnet_status rc = ALEXNET_OK;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry)
            break;
        entry_kind kind = entry->d_name[0] == '.' ? ENTRY_OTHER : kind_of(folder, entry);
        if (kind != ENTRY_OTHER)
            AN_TRY(
                an_names_add(kind == ENTRY_FOLDER ? folders : pictures, an_strdup(entry->d_name)));
    }
    if (errno != 0)
        rc = fail_folder(path);
cleanup:
    closedir(folder);
    return rc;
}

alexnet_status an_folder_read(an_folder *out, const char *path)
{
    *out = (an_folder){0};
    an_names pictures = {0};
    alexnet_status rc = list_folder(path, &out->folders, &pictures);
    out->pictures = pictures.count;
    an_names_free(&pictures);
    if (rc != ALEXNET_OK)
        an_folder_free(out);
    an_names_sort(&out->folders);
    return rc;
}

void an_folder_free(an_folder *folder)
{
    an_names_free(&folder->folders);
    folder->pictures = 0;
}

bool an_folder_has(const an_folder *folder, const char *name)
{
    for (int64_t i = 0; i < folder->folders.count; i++)
        if (strcmp(folder->folders.name[i], name) == 0)
            return true;
    return false;
}

static bool leads_back(const level *at)
{
    for (const level *up = at->parent; up; up = up->parent)
        if (up->device == at->device && up->inode == at->inode)
            return true;
    return false;
}

static alexnet_status enter(level *here, const char *path, const level *parent)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return fail_folder(path);
    *here = (level){parent, parent ? parent->depth + 1 : 0, info.st_dev, info.st_ino};
    return ALEXNET_OK;
}

static alexnet_status walk(an_names *pictures, const char *path, const level *parent)
{
    level here;
    AN_CHECK(enter(&here, path, parent));
    if (leads_back(&here))
        return ALEXNET_OK;
    if (here.depth > DEPTH_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s lies more than %d folders deep", path,
                       DEPTH_MAX);
    alexnet_status rc = ALEXNET_OK;
    an_names folders = {0}, files = {0};
    char *below = NULL;
    AN_TRY(list_folder(path, &folders, &files));
    for (int64_t i = 0; i < files.count; i++)
        AN_TRY(an_names_add(pictures, an_path_join(path, files.name[i])));
    for (int64_t i = 0; i < folders.count; i++) {
        an_free(below);
        below = an_path_join(path, folders.name[i]);
        if (!below) {
            rc = AN_FAIL_MEMORY(strlen(path), "a path");
            goto cleanup;
        }
        AN_TRY(walk(pictures, below, &here));
    }
cleanup:
    an_free(below);
    an_names_free(&folders);
    an_names_free(&files);
    return rc;
}

alexnet_status an_tree_pictures(an_names *pictures, const char *root, const char *path)
{
    level top;
    AN_CHECK(enter(&top, root, NULL));
    AN_CHECK(walk(pictures, path, &top));
    an_names_sort(pictures);
    return ALEXNET_OK;
}
