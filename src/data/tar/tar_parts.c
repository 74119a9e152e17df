/*
 * Archives that hold the folders or archives train and val; each is opened as a part,
 * FILE.tar/train or FILE.tar/val (divided.h).
 */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/tar/tar.h"
#include "data/tar/tar_set.h"

static bool is_part(const char *name, size_t length, const char *part)
{
    return length == strlen(part) && strncmp(name, part, length) == 0;
}

/* ---- Whether an archive has the parts ---- */

/* Whether a member's name has train or val in it, as a folder or an archive. */
static bool names_part(const char *name)
{
    for (const char *word = name; *word; word += strspn(word, "/")) {
        size_t length = strcspn(word, "/");
        const char *end = word + length;
        if (length > 4 && strncmp(end - 4, ".tar", 4) == 0)
            length -= 4;
        if (is_part(word, length, "train") || is_part(word, length, "val"))
            return true;
        word = end;
    }
    return false;
}

/* Whether one of the first members is in a part; if not, nothing more of the archive is read. */
static alexnet_status look(an_tar *tar, bool *yes)
{
    enum { MEMBERS = 64 };
    an_tar_member member;
    bool more = true;
    for (int i = 0; i < MEMBERS && !*yes; i++) {
        AN_CHECK(an_tar_next(tar, &member, &more));
        if (!more)
            return ALEXNET_OK;
        *yes = names_part(member.name);
    }
    return ALEXNET_OK;
}

static alexnet_status look_into(const char *path, bool *yes)
{
    an_tar tar;
    an_reader *reader;
    AN_CHECK(an_reader_open(&reader, path));
    alexnet_status rc = an_tar_begin(&tar, reader, 0, an_reader_size(reader), path);
    if (rc == ALEXNET_OK)
        rc = look(&tar, yes);
    an_tar_end(&tar);
    an_reader_close(reader);
    return rc;
}

/* Whether a picture has a label. Labels of nothing do not count. */
static bool has_labels(const an_tar_index *index)
{
    for (int64_t i = 0; i < index->count; i++)
        if (index->pictures[i].label >= 0)
            return true;
    return false;
}

/* Whether the folder that all pictures are in holds both parts, and there are no labels. */
static bool holds_both(const an_tar_set *set)
{
    const an_strings *folders = &set->indexes[0].folders;
    const size_t shared = an_tar_set_shared(set);
    bool train = false, val = false;
    for (int64_t i = 0; i < folders->count; i++) {
        if (strlen(folders->at[i]) <= shared)
            continue;
        const char *name = folders->at[i] + shared;
        train = train || is_part(name, strcspn(name, "/"), "train");
        val = val || is_part(name, strcspn(name, "/"), "val");
    }
    return train && val && !has_labels(&set->indexes[0]);
}

alexnet_status an_tar_divided(alexnet_ctx *ctx, const char *path, bool named, bool *yes)
{
    an_tar_set set;
    an_strings only = {0};
    *yes = named;
    alexnet_status rc = named ? ALEXNET_OK : look_into(path, yes);
    if (rc == ALEXNET_OK && *yes) {
        *yes = false;
        rc = an_strings_add(&only, an_strdup(path));
        if (rc == ALEXNET_OK)
            rc = an_tar_set_open(&set, only, ctx);
        if (rc == ALEXNET_OK) {
            *yes = holds_both(&set);
            an_tar_set_free(&set);
        }
    }
    return an_status_ends_all(rc) ? rc : ALEXNET_OK; /* opening it reports what is wrong */
}

/* ---- Keeping one part ---- */

/* The kept folders, and of each folder its place among them; -1: it is not kept. */
static alexnet_status keep_folders(an_strings *kept, int32_t *places, const an_strings *folders,
                                   size_t shared, const char *part)
{
    for (int64_t i = 0; i < folders->count; i++) {
        const char *folder = folders->at[i];
        places[i] = -1;
        if (strlen(folder) <= shared ||
            !is_part(folder + shared, strcspn(folder + shared, "/"), part))
            continue;
        places[i] = (int32_t)kept->count;
        AN_CHECK(an_strings_add(kept, an_strdup(folder)));
    }
    return ALEXNET_OK;
}

alexnet_status an_tar_set_keep(an_tar_set *set, const char *part)
{
    an_tar_index *index = &set->indexes[0];
    an_strings kept = {0};
    alexnet_status rc;
    const size_t bytes = (size_t)index->folders.count * sizeof(int32_t);
    int32_t *places = an_malloc(bytes + 1);
    if (!places)
        return AN_FAIL_MEMORY(bytes, "the folders of an archive");
    AN_TRY(keep_folders(&kept, places, &index->folders, an_tar_set_shared(set), part));
    int64_t count = 0;
    for (int64_t i = 0; i < index->count; i++) {
        an_tar_picture picture = index->pictures[i];
        picture.folder = places[picture.folder];
        if (picture.folder >= 0)
            index->pictures[count++] = picture;
    }
    index->count = count;
    set->part = true;
    an_strings_free(&index->folders);
    index->folders = kept;
    kept = (an_strings){0};
cleanup:
    an_strings_free(&kept);
    an_free(places);
    return rc;
}
