#include "base/walk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"

/* ---- Folders already seen ---- */

static size_t place_of(const an_walk *walk, const struct stat *info)
{
    uint64_t hash = ((uint64_t)info->st_ino * 31 + (uint64_t)info->st_dev) * 0x9E3779B97F4A7C15u;
    size_t at = (size_t)(hash >> 20) & (walk->seen_room - 1);
    const an_seen_folder *s = walk->seen;
    while (s[at].walk && (s[at].device != info->st_dev || s[at].inode != info->st_ino))
        at = (at + 1) & (walk->seen_room - 1);
    return at;
}

static alexnet_status grow_seen(an_walk *walk)
{
    an_walk larger = {.seen_room = walk->seen_room ? 2 * walk->seen_room : 64};
    larger.seen = an_calloc(larger.seen_room, sizeof *larger.seen);
    if (!larger.seen)
        return AN_FAIL_MEMORY(larger.seen_room * sizeof *larger.seen, "a walk through folders");
    for (size_t i = 0; i < walk->seen_room; i++)
        if (walk->seen[i].walk) {
            struct stat info = {.st_dev = walk->seen[i].device, .st_ino = walk->seen[i].inode};
            larger.seen[place_of(&larger, &info)] = walk->seen[i];
        }
    an_free(walk->seen);
    walk->seen = larger.seen;
    walk->seen_room = larger.seen_room;
    return ALEXNET_OK;
}

/* Whether walk number `by` has read a folder, or the folder is reserved. */
static bool is_seen(const an_walk *walk, const struct stat *info, int64_t by)
{
    if (walk->seen_room == 0)
        return false;
    const int64_t seen = walk->seen[place_of(walk, info)].walk;
    return seen == by || seen == AN_WALK_RESERVED;
}

/* Record that walk number `by` reads a folder. *first: it has not read it before, and the folder is
 * not reserved. */
static alexnet_status see(an_walk *walk, const char *path, int64_t by, bool *first)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return an_file_fail("read the folder", path);
    if (2 * walk->seen_count >= walk->seen_room)
        AN_CHECK(grow_seen(walk));
    *first = !is_seen(walk, &info, by);
    an_seen_folder *place = &walk->seen[place_of(walk, &info)];
    walk->seen_count += place->walk == 0;
    if (*first)
        *place = (an_seen_folder){info.st_dev, info.st_ino, by};
    return ALEXNET_OK;
}

alexnet_status an_walk_reserve(an_walk *walk, const char *folder, bool *first)
{
    AN_CHECK(an_work_add(walk->work, 0));
    return see(walk, folder, AN_WALK_RESERVED, first);
}

/* ---- The walk ---- */

/* Folders still to be read. */
typedef struct agenda {
    an_strings folders; /* paths */
    int *depths;        /* depth of each */
    int64_t next;
} agenda;

static alexnet_status plan(agenda *list, const char *parent, const char *name, int depth)
{
    const int64_t count = list->folders.count;
    int *grown = an_grow(list->depths, count, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY(2 * (size_t)count * sizeof *grown, "a walk through folders");
    list->depths = grown;
    list->depths[count] = depth;
    return an_strings_add(&list->folders, name ? an_path_join(parent, name) : an_strdup(parent));
}

static void agenda_free(agenda *list)
{
    an_strings_free(&list->folders);
    an_free(list->depths);
}

static alexnet_status take_files(an_walk *walk, const char *folder, const an_strings *files)
{
    for (int64_t i = 0; i < files->count; i++)
        if (walk->takes(files->at[i]))
            AN_CHECK(an_strings_add(&walk->files, an_path_join(folder, files->at[i])));
        else
            an_endings_add(&walk->left_out, files->at[i]);
    return ALEXNET_OK;
}

/* A lost entry with the name of a picture is one that cannot be read; another may be a folder. */
static alexnet_status take_lost(an_walk *walk, const char *folder, const an_strings *lost)
{
    for (int64_t i = 0; i < lost->count; i++)
        AN_CHECK(an_strings_add(walk->takes(lost->at[i]) ? &walk->files : &walk->lost,
                                an_path_join(folder, lost->at[i])));
    return ALEXNET_OK;
}

/* Record what is directly in the folder where the walk begins; its files have just been taken. */
static alexnet_status note_top(an_walk *walk, const an_strings *folders, const an_strings *linked)
{
    walk->direct = walk->files.count;
    for (int64_t i = 0; i < folders->count; i++)
        AN_CHECK(an_strings_add(&walk->folders, an_strdup(folders->at[i])));
    for (int64_t i = 0; i < linked->count; i++)
        AN_CHECK(an_strings_add(&walk->folders, an_strdup(linked->at[i])));
    an_strings_sort(&walk->folders);
    return ALEXNET_OK;
}

/* Read a folder: take its files, and add its folders and links to folders to the agendas. */
static alexnet_status read_folder(an_walk *walk, const char *path, int depth, agenda *own,
                                  agenda *links)
{
    an_strings files = {0}, folders = {0}, linked = {0}, lost = {0};
    an_wanted w = {.lists = {[AN_ENTRY_FILE] = &files,
                             [AN_ENTRY_FOLDER] = &folders,
                             [AN_ENTRY_LINKED_FOLDER] = &linked,
                             [AN_ENTRY_LOST] = &lost}};
    alexnet_status rc;
    AN_TRY(an_folder_list(walk->work, path, &w));
    walk->left_out.hidden += w.others;
    an_strings_sort(&folders);
    an_strings_sort(&linked);
    AN_TRY(take_files(walk, path, &files));
    AN_TRY(take_lost(walk, path, &lost));
    if (own->next == 0)
        AN_TRY(note_top(walk, &folders, &linked));
    for (int64_t i = 0; i < folders.count; i++)
        AN_TRY(plan(own, path, folders.at[i], depth + 1));
    for (int64_t i = 0; i < linked.count; i++)
        AN_TRY(plan(links, path, linked.at[i], depth + 1));
cleanup:
    an_strings_free(&files);
    an_strings_free(&folders);
    an_strings_free(&linked);
    an_strings_free(&lost);
    return rc;
}

/* Read the next folder on the agenda, unless it was read before. */
static alexnet_status read_next(an_walk *walk, agenda *own, agenda *links)
{
    const char *path = own->folders.at[own->next];
    const int depth = own->depths[own->next];
    bool first;
    AN_CHECK(an_work_add(walk->work, 0));
    AN_CHECK(see(walk, path, walk->walks, &first));
    if (!first && own->next > 0) /* the first folder may be reserved */
        return ALEXNET_OK;
    if (depth > AN_WALK_DEPTH_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s is more than %d folders deep", path,
                       AN_WALK_DEPTH_MAX);
    return read_folder(walk, path, depth, own, links);
}

static alexnet_status note_unreadable(an_walk *walk, const char *path)
{
    AN_CHECK(an_strings_add(&walk->reasons, an_strdup(an_error_text())));
    return an_strings_add(&walk->unreadable, an_strdup(path));
}

/* Read the folders on the agenda, including those added to it meanwhile. */
static alexnet_status read_agenda(an_walk *walk, agenda *own, agenda *links)
{
    for (; own->next < own->folders.count; own->next++) {
        alexnet_status rc = read_next(walk, own, links);
        if (rc == ALEXNET_ERROR_IO && walk->tolerant)
            rc = note_unreadable(walk, own->folders.at[own->next]);
        AN_CHECK(rc);
    }
    return ALEXNET_OK;
}

/* Whether a link leads above the folder that it is in, or above the root, to a folder that this
 * walk would not read otherwise. False on errors, which are reported when the folder is read. */
static bool leads_up(const an_walk *walk, const char *link)
{
    struct stat info;
    if (stat(link, &info) != 0 || is_seen(walk, &info, walk->walks))
        return false;
    char *parent = an_strdup(link), *slash = parent ? strrchr(parent, '/') : NULL;
    if (slash)
        *slash = '\0';
    char *to = realpath(link, NULL), *from = slash ? realpath(parent, NULL) : NULL;
    char *root = walk->root ? realpath(walk->root, NULL) : NULL;
    const bool up =
        to && ((from && an_path_is_within(from, to)) || (root && an_path_is_within(root, to)));
    free(to); /* realpath's own */
    free(from);
    free(root);
    an_free(parent);
    return up;
}

/* Links come last, so that a folder below this one is read by its own path. */
alexnet_status an_walk_below(an_walk *walk, const char *folder)
{
    agenda own = {0}, links = {0};
    alexnet_status rc;
    an_strings_free(&walk->files);
    an_strings_free(&walk->folders);
    walk->left_out = (an_endings){0};
    an_strings_free(&walk->upward);
    an_strings_free(&walk->lost);
    an_strings_free(&walk->unreadable);
    an_strings_free(&walk->reasons);
    walk->direct = 0;
    walk->walks++;
    AN_TRY(plan(&own, folder, NULL, 1));
    AN_TRY(read_agenda(walk, &own, &links));
    for (; links.next < links.folders.count; links.next++) {
        const char *link = links.folders.at[links.next];
        AN_TRY(an_work_add(walk->work, 0));
        if (leads_up(walk, link)) {
            AN_TRY(an_strings_add(&walk->upward, an_strdup(link)));
            continue;
        }
        AN_TRY(plan(&own, link, NULL, links.depths[links.next]));
        AN_TRY(read_agenda(walk, &own, &links));
    }
    an_strings_sort(&walk->files);
cleanup:
    agenda_free(&own);
    agenda_free(&links);
    return rc;
}

void an_walk_free(an_walk *walk)
{
    an_strings_free(&walk->files);
    an_strings_free(&walk->folders);
    an_strings_free(&walk->upward);
    an_strings_free(&walk->lost);
    an_strings_free(&walk->unreadable);
    an_strings_free(&walk->reasons);
    an_free(walk->seen);
    *walk = (an_walk){0};
}
