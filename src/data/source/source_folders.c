/*
 * A tree with one folder per class. Classes are the folders of the root in byte order, items the
 * pictures below each in byte order.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "data/picture/endings.h"
#include "data/source/class_root.h"
#include "data/source/source.h"

/* What a folder without pictures holds. */
static const char *contents(char *out, size_t room, const an_walk *walk)
{
    if (walk->left_out.total > 0)
        return an_endings_text(out, room, &walk->left_out);
    char hidden[128];
    an_hidden_text(hidden, sizeof hidden, walk->left_out.hidden);
    snprintf(out, room, "nothing%s%s",
             walk->left_out.hidden > 0    ? " but "
             : walk->unreadable.count > 0 ? " that can be read"
             : walk->upward.count > 0     ? " but links to folders above it"
             : walk->lost.count > 0       ? " but links that lead nowhere"
             : walk->folders.count > 0    ? " but folders without files"
                                          : "",
             walk->left_out.hidden > 0 ? hidden : "");
    return out;
}

/* A class without pictures, with what its folder holds instead. */
static alexnet_status note_empty(an_data_source *source, const char *path, int class,
                                 const an_walk *walk)
{
    char counts[256], remedy[256];
    const char *help = an_endings_remedy(remedy, sizeof remedy, &walk->left_out);
    contents(counts, sizeof counts, walk);
    char *text = an_format("its folder holds %s%s%s", counts, help ? "; " : "", help ? help : "");
    return an_data_source_note(
        source, (an_oddity){ALEXNET_PROBLEM_EMPTY_CLASS, an_strdup(path), text, class, 1});
}

/* Check that what `an_walk` found below a class folder is pictures of one class. */
static alexnet_status check_class(an_data_source *source, const char *path, int class,
                                  const an_walk *walk)
{
    if (an_have_train_and_val(&walk->folders) ||
        (walk->direct == 0 && an_are_parts(&walk->folders)))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s holds the folders %s and %s: it is not a class of %s but a data set of "
                       "its own; give %s instead",
                       path, walk->folders.at[0], walk->folders.at[walk->folders.count - 1],
                       source->root, path);
    if (walk->files.count == 0)
        return source->examined ? note_empty(source, path, class, walk)
                                : an_fail_no_pictures("the class folder ", path, &walk->left_out);
    return ALEXNET_OK;
}

/* Folders that cannot be read. Unless the source is examined, the first of them was an error. */
static alexnet_status note_unreadable(an_data_source *source, const an_walk *walk, int class)
{
    for (int64_t i = 0; i < walk->unreadable.count; i++)
        AN_CHECK(an_data_source_note(
            source, (an_oddity){ALEXNET_PROBLEM_UNREADABLE, an_strdup(walk->unreadable.at[i]),
                                an_strdup(walk->reasons.at[i]), class, 1}));
    return ALEXNET_OK;
}

/* A file's path without that of the data set: "class/a.jpg". */
static const char *below_root(const an_data_source *source, const char *path)
{
    size_t length = strlen(source->root);
    return path + length + strspn(path + length, "/");
}

static alexnet_status add_class(an_data_source *source, an_walk *walk, int class)
{
    alexnet_status rc;
    char *path = an_path_join(source->root, source->classes.at[class]);
    if (!path)
        return AN_FAIL_MEMORY(strlen(source->root), "a path");
    AN_TRY(an_walk_below(walk, path));
    AN_TRY(an_data_source_note_links(source, walk, path));
    AN_TRY(note_unreadable(source, walk, class));
    AN_TRY(check_class(source, path, class, walk));
    an_endings_join(&source->left_out, &walk->left_out);
    if (walk->left_out.total > source->worst.left_out) {
        source->worst.class = class;
        source->worst.left_out = walk->left_out.total;
        source->worst.items = walk->files.count;
    }
    for (int64_t i = 0; i < walk->files.count; i++) {
        char *file = walk->files.at[i];
        walk->files.at[i] = NULL; /* the source takes it over */
        AN_TRY(an_data_source_add(source, file, below_root(source, file), class));
    }
cleanup:
    an_free(path);
    return rc;
}

/* Make sure that a class folder is read only as its own class, whatever links lead to it. */
static alexnet_status reserve_classes(const an_data_source *source, an_walk *walk)
{
    bool first;
    AN_CHECK(an_walk_reserve(walk, source->root, &first));
    for (int64_t i = 0; i < source->classes.count; i++) {
        char *path = an_path_join(source->root, source->classes.at[i]);
        if (!path)
            return AN_FAIL_MEMORY(strlen(source->root), "a path");
        alexnet_status rc = an_walk_reserve(walk, path, &first);
        if (rc == ALEXNET_OK && !first)
            rc = AN_FAIL(ALEXNET_ERROR_FORMAT,
                         "the class folder %s is a link to %s itself or to another class folder; "
                         "remove it",
                         path, source->root);
        an_free(path);
        AN_CHECK(rc);
    }
    return ALEXNET_OK;
}

/* Folders that all class folders contain: perhaps they are the classes. */
typedef struct layout {
    an_strings folders; /* of the first class */
    bool same;          /* no class has pictures of its own, and all have these folders */
} layout;

static bool equal(const an_strings *a, const an_strings *b)
{
    bool same = a->count == b->count;
    for (int64_t i = 0; same && i < a->count; i++)
        same = strcmp(a->at[i], b->at[i]) == 0;
    return same;
}

static void compare_layout(layout *all, an_walk *walk, int class)
{
    if (class == 0) {
        all->same = walk->direct == 0 && walk->folders.count > 1;
        all->folders = walk->folders;
        walk->folders = (an_strings){0};
    } else {
        all->same = all->same && walk->direct == 0 && equal(&all->folders, &walk->folders);
    }
}

static alexnet_status note_doubt(an_data_source *source, const layout *all)
{
    if (!all->same)
        return ALEXNET_OK;
    return an_data_source_doubt(
        source,
        an_format("%s of %s holds nothing but the folders %s, %s%s: if these are the classes, give "
                  "%s/%s instead",
                  source->classes.count > 1 ? "every folder" : "the one folder", source->root,
                  all->folders.at[0], all->folders.at[1], all->folders.count > 2 ? ", ..." : "",
                  source->root, source->classes.at[0]));
}

/* Note the hidden folders of the root that have pictures in them. */
static alexnet_status note_hidden(an_data_source *source, an_work *work)
{
    an_strings hidden = {0};
    an_walk walk = {.takes = an_has_picture_ending, .work = work};
    alexnet_status rc;
    AN_TRY(an_folder_hidden(&hidden, work, source->root));
    for (int64_t i = 0; i < hidden.count; i++) {
        char *path = an_path_join(source->root, hidden.at[i]);
        rc = path ? an_walk_below(&walk, path) : AN_FAIL_MEMORY(strlen(source->root), "a path");
        if (rc != ALEXNET_OK || walk.files.count == 0)
            an_free(path);
        else
            rc = an_data_source_note(
                source,
                (an_oddity){ALEXNET_PROBLEM_HIDDEN, path,
                            an_format("holds %lld %s", (long long)walk.files.count,
                                      an_text_plural(walk.files.count, "picture", "pictures")),
                            -1, 1});
        if (an_status_ends_all(rc))
            goto cleanup;
        rc = ALEXNET_OK; /* one that cannot be read does not matter */
    }
cleanup:
    an_strings_free(&hidden);
    an_walk_free(&walk);
    return rc;
}

static alexnet_status open_folders(an_data_source *source)
{
    an_folder root;
    layout all = {0};
    AN_CHECK(an_folder_read(&root, source->ctx, source->root));
    an_work work = an_walk_work(source->ctx);
    an_walk walk = {.takes = an_has_picture_ending,
                    .tolerant = source->examined,
                    .root = source->root,
                    .work = &work};
    alexnet_status rc;
    AN_TRY(an_class_root_check(&root, source->root, &work));
    source->loose = an_count_pictures(&root.files, &source->left_out);
    source->classes = root.folders;
    root.folders = (an_strings){0};
    AN_TRY(reserve_classes(source, &walk));
    for (int64_t i = 0; i < source->classes.count; i++) {
        AN_TRY(add_class(source, &walk, (int)i));
        compare_layout(&all, &walk, (int)i);
    }
    AN_TRY(note_doubt(source, &all));
    if (source->examined)
        AN_TRY(note_hidden(source, &work));
cleanup:
    an_work_end(&work);
    an_strings_free(&all.folders);
    an_walk_free(&walk);
    an_folder_free(&root);
    return rc;
}

static alexnet_status accept_folder(alexnet_ctx *ctx, const char *path, bool *yes)
{
    (void)ctx;
    *yes = an_is_folder(path);
    return ALEXNET_OK;
}

static alexnet_status has_folder(const char *path, const char *name, bool *yes)
{
    char *folder = an_path_join(path, name);
    if (!folder)
        return AN_FAIL_MEMORY(strlen(path), "a path");
    *yes = an_is_folder(folder);
    an_free(folder);
    return ALEXNET_OK;
}

static alexnet_status divided(alexnet_ctx *ctx, const char *path, bool *yes)
{
    (void)ctx;
    AN_CHECK(has_folder(path, "train", yes));
    return *yes ? has_folder(path, "val", yes) : ALEXNET_OK;
}

const an_data_kind an_folders_kind = {.name = "folders",
                                      .accepts = accept_folder,
                                      .open = open_folders,
                                      .divided = divided,
                                      .read = an_file_item_read,
                                      .stamp = an_file_item_stamp};
