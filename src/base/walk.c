#include "base/walk.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"

/* ---- One folder ---- */

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

/* ENTRY_LOST: a link to what is not there, or an entry that the file system cannot tell about. */
typedef enum entry_kind {
    ENTRY_FILE,
    ENTRY_FOLDER,
    ENTRY_LINKED_FOLDER,
    ENTRY_LOST,
    ENTRY_KINDS
} entry_kind;

static entry_kind kind_of(DIR *folder, const struct dirent *entry)
{
    struct stat info;
    if (entry->d_type == DT_DIR)
        return ENTRY_FOLDER;
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
        return ENTRY_FILE;
    if (fstatat(dirfd(folder), entry->d_name, &info, 0) != 0)
        return ENTRY_LOST;
    if (!S_ISDIR(info.st_mode))
        return ENTRY_FILE;
    bool is_link = entry->d_type == DT_LNK ||
                   fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
                   S_ISLNK(info.st_mode);
    return is_link ? ENTRY_LINKED_FOLDER : ENTRY_FOLDER;
}

static bool is_own_or_parent(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

an_work an_walk_work(alexnet_ctx *ctx)
{
    return an_work_begin(ctx, "found", "files", 0);
}

/* Which entries of a folder are read, into a list for each kind. Lists may be the same, or NULL. */
typedef struct wanted {
    bool hidden; /* these, else those that are not hidden */
    an_strings *lists[ENTRY_KINDS];
    int64_t others; /* the number of other entries is added to this */
} wanted;

/* @param file  out, whether it is a file that was wanted */
static alexnet_status take_entry(wanted *w, DIR *folder, const struct dirent *entry, bool *file)
{
    *file = false;
    if (is_own_or_parent(entry->d_name))
        return ALEXNET_OK;
    if (an_is_hidden(entry->d_name, strlen(entry->d_name)) != w->hidden) {
        w->others++;
        return ALEXNET_OK;
    }
    const entry_kind kind = kind_of(folder, entry);
    *file = kind == ENTRY_FILE;
    return w->lists[kind] ? an_strings_add(w->lists[kind], an_strdup(entry->d_name)) : ALEXNET_OK;
}

/* Read a folder. */
static alexnet_status list_entries(an_work *work, const char *path, wanted *w)
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
    wanted w = {.hidden = true, .lists = {[ENTRY_FOLDER] = names}};
    AN_CHECK(list_entries(work, path, &w));
    an_strings_sort(names);
    return ALEXNET_OK;
}

alexnet_status an_folder_read(an_folder *out, alexnet_ctx *ctx, const char *path)
{
    wanted w = {.lists = {[ENTRY_FILE] = &out->files,
                          [ENTRY_FOLDER] = &out->folders,
                          [ENTRY_LINKED_FOLDER] = &out->folders,
                          [ENTRY_LOST] = &out->files}};
    an_work work = an_walk_work(ctx);
    *out = (an_folder){0};
    const alexnet_status rc = list_entries(&work, path, &w);
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

/* ---- Endings ---- */

const char *an_ending_of(const char *file_name)
{
    const char *slash = strrchr(file_name, '/');
    const char *dot = strrchr(slash ? slash : file_name, '.');
    return dot && dot[1] ? dot : "";
}

static void count_ending(an_endings *endings, const char *ending, int64_t count)
{
    enum { KINDS = 3 }; /* rows that are kept for what is no ending */
    const bool kind = *ending == '*' || *ending == AN_ENDING_LINK || *ending == AN_ENDING_OTHER;
    int i = 0;
    while (i < endings->rows && strcmp(endings->row[i].ending, ending) != 0)
        i++;
    if (i == endings->rows && i >= AN_ENDING_ROWS - KINDS && !kind) {
        count_ending(endings, "*", count);
        return;
    }
    if (i == endings->rows)
        memcpy(endings->row[endings->rows++].ending, ending, strlen(ending) + 1);
    endings->row[i].count += count;
    endings->total += count;
}

void an_endings_add(an_endings *endings, const char *file_name)
{
    const char *ending = an_ending_of(file_name);
    char lower[sizeof endings->row[0].ending] = "*";
    size_t length = strlen(ending);
    bool plain = length < sizeof lower;
    for (size_t i = 1; i < length && plain; i++)
        plain = isalnum((unsigned char)ending[i]) && (unsigned char)ending[i] < 0x80;
    for (size_t i = 0; i <= length && plain; i++)
        lower[i] = (char)(ending[i] >= 'A' && ending[i] <= 'Z' ? ending[i] + 'a' - 'A' : ending[i]);
    count_ending(endings, lower, 1);
}

void an_endings_add_as(an_endings *endings, char kind)
{
    count_ending(endings, (const char[]){kind, '\0'}, 1);
}

void an_endings_join(an_endings *endings, const an_endings *others)
{
    for (int i = 0; i < others->rows; i++)
        count_ending(endings, others->row[i].ending, others->row[i].count);
    endings->hidden += others->hidden;
}

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
        return fail_folder(path);
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
    wanted w = {.lists = {[ENTRY_FILE] = &files,
                          [ENTRY_FOLDER] = &folders,
                          [ENTRY_LINKED_FOLDER] = &linked,
                          [ENTRY_LOST] = &lost}};
    alexnet_status rc;
    AN_TRY(list_entries(walk->work, path, &w));
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
