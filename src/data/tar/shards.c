#include "data/tar/shards.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/folder.h"
#include "base/interned.h"
#include "base/status.h"
#include "base/text.h"
#include "data/source/class_root.h"
#include "data/source/divided.h"
#include "data/source/pattern.h"

static bool ends_with(const char *name, const char *ending)
{
    const size_t length = strlen(name), wanted = strlen(ending);
    return length > wanted && an_text_same(name + length - wanted, ending);
}

static bool called_tar(const char *name)
{
    return ends_with(name, ".tar");
}

static bool called_archive(const char *name)
{
    static const char *const endings[] = {".tar",     ".tar.gz", ".tgz", ".tar.bz2", ".tbz2",
                                          ".tbz",     ".tar.xz", ".txz", ".tar.zst", ".tzst",
                                          ".tar.lz4", ".tar.lz", ".tlz", ".tar.lzo", ".tar.lzma",
                                          ".tar.Z",   ".taZ",    NULL};
    for (int i = 0; endings[i]; i++)
        if (ends_with(name, endings[i]))
            return true;
    return false;
}

static bool is_devkit(const char *folder)
{
    return strstr(folder, "devkit") != NULL;
}

static bool holds_archives(const an_folder *folder)
{
    bool any = false;
    for (int64_t i = 0; i < folder->folders.count; i++)
        if (!is_devkit(folder->folders.at[i]))
            return false;
    for (int64_t i = 0; i < folder->files.count; i++)
        any = any || called_tar(folder->files.at[i]);
    return any;
}

/* Read a folder if an entry of it is called like an archive; else *out is empty. */
static alexnet_status read_archives(an_folder *out, alexnet_ctx *ctx, const char *path)
{
    bool any;
    *out = (an_folder){0};
    AN_CHECK(an_folder_has(ctx, path, called_tar, &any));
    return any ? an_folder_read(out, ctx, path) : ALEXNET_OK;
}

/* ---- Parts ---- */

/* "train" of "train-000000.tar" and "ILSVRC2012_img_train.tar". Owned; NULL if out of memory. */
static char *stem_of(const char *name)
{
    size_t end = strlen(name) - strlen(".tar");
    while (end > 0 && strchr("0123456789-_.", name[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && isalpha((unsigned char)name[begin - 1]))
        begin--;
    return an_strndup(name + begin, end - begin);
}

/* The distinct stems of a folder's archives. */
static alexnet_status find_stems(an_interned *stems, const an_folder *folder)
{
    for (int64_t i = 0; i < folder->files.count; i++) {
        int64_t index;
        if (!called_tar(folder->files.at[i]))
            continue;
        char *stem = stem_of(folder->files.at[i]);
        if (!stem)
            return AN_FAIL_MEMORY(strlen(folder->files.at[i]), "a name");
        const alexnet_status rc = an_interned_add(stems, stem, &index);
        an_free(stem);
        AN_CHECK(rc);
    }
    return ALEXNET_OK;
}

static bool have_train_and_val(const an_interned *stems)
{
    return an_interned_find(stems, "train") >= 0 && an_interned_find(stems, "val") >= 0;
}

/* Whether a folder holds archives of a part; AN_PART_WHOLE: of both. */
static alexnet_status holds_part(alexnet_ctx *ctx, const char *path, an_part_name part, bool *yes)
{
    an_folder folder;
    an_interned stems = {0};
    *yes = false;
    alexnet_status rc = read_archives(&folder, ctx, path);
    if (rc != ALEXNET_OK)
        return an_status_ends_all(rc) ? rc : ALEXNET_OK;
    if (holds_archives(&folder)) {
        rc = find_stems(&stems, &folder);
        *yes = part == AN_PART_WHOLE ? have_train_and_val(&stems)
                                     : an_interned_find(&stems, an_part_word(part)) >= 0;
    }
    an_interned_free(&stems);
    an_folder_free(&folder);
    return rc;
}

/* The one archive of a folder, owned; NULL: it has none, or several. */
static alexnet_status only_archive(char **out, alexnet_ctx *ctx, const char *path)
{
    an_folder folder;
    const char *name = NULL;
    int64_t count = 0;
    *out = NULL;
    alexnet_status rc = read_archives(&folder, ctx, path);
    if (rc != ALEXNET_OK)
        return an_status_ends_all(rc) ? rc : ALEXNET_OK;
    for (int64_t i = 0; i < folder.files.count && holds_archives(&folder); i++)
        if (called_tar(folder.files.at[i])) {
            name = folder.files.at[i];
            count++;
        }
    if (count == 1) {
        *out = an_path_join(path, name);
        rc = *out ? ALEXNET_OK : AN_FAIL_MEMORY(strlen(path), "a path");
    }
    an_folder_free(&folder);
    return rc;
}

/* The only archive of a folder, if it holds both parts; owned; NULL: there is none. */
static alexnet_status divided_archive(char **out, alexnet_ctx *ctx, const char *folder)
{
    bool yes = false;
    AN_CHECK(only_archive(out, ctx, folder));
    if (!*out)
        return ALEXNET_OK;
    const alexnet_status rc = an_tar_divided(ctx, *out, false, &yes);
    if (rc != ALEXNET_OK || !yes) {
        an_free(*out);
        *out = NULL;
    }
    return rc;
}

alexnet_status an_shards_divided(alexnet_ctx *ctx, const char *path, bool *yes)
{
    *yes = false;
    if (called_tar(path) && an_is_file(path))
        return an_tar_divided(ctx, path, false, yes);
    if (!an_is_folder(path))
        return ALEXNET_OK;
    AN_CHECK(holds_part(ctx, path, AN_PART_WHOLE, yes));
    if (*yes)
        return ALEXNET_OK;
    char *archive;
    AN_CHECK(divided_archive(&archive, ctx, path));
    *yes = archive != NULL;
    an_free(archive);
    return ALEXNET_OK;
}

/* Split FILE.tar/train or FILE.tar/val, which name a part of an archive that holds both, or
 * FOLDER/train or FOLDER/val, if FILE.tar is the folder's only archive and holds both. *archive is
 * FILE.tar, owned; NULL if the path is not of this form. */
static alexnet_status archive_part(char **archive, an_part_name *part, alexnet_ctx *ctx,
                                   const char *path)
{
    char *folder;
    *archive = NULL;
    AN_CHECK(an_divided_path(&folder, part, path));
    if (!folder)
        return ALEXNET_OK;
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        folder[--length] = '\0';
    if (*part != AN_PART_WHOLE && called_tar(folder) && an_is_file(folder)) {
        *archive = folder;
        return ALEXNET_OK;
    }
    alexnet_status rc = ALEXNET_OK;
    if (*part != AN_PART_WHOLE && an_is_folder(folder))
        rc = divided_archive(archive, ctx, folder);
    an_free(folder);
    return rc;
}

alexnet_status an_shards_accept(alexnet_ctx *ctx, const char *path, bool *yes)
{
    char *folder;
    an_part_name part;
    *yes = called_archive(path) && (an_is_file(path) || an_is_pattern(path));
    if (*yes)
        return ALEXNET_OK;
    AN_CHECK(archive_part(&folder, &part, ctx, path));
    if (folder) {
        const alexnet_status rc = an_tar_divided(ctx, folder, true, yes);
        an_free(folder);
        return rc;
    }
    AN_CHECK(an_divided_path(&folder, &part, path));
    alexnet_status rc = ALEXNET_OK;
    if (folder && part != AN_PART_WHOLE) {
        rc = holds_part(ctx, folder, part, yes);
    } else if (folder) {
        an_folder inside;
        rc = read_archives(&inside, ctx, path);
        *yes = rc == ALEXNET_OK && holds_archives(&inside);
        if (rc == ALEXNET_OK)
            an_folder_free(&inside);
        rc = an_status_ends_all(rc) ? rc : ALEXNET_OK;
    }
    an_free(folder);
    return rc;
}

/* A folder that holds several parts of a data set is not one data set. */
static alexnet_status check_parts(const an_folder *folder, const char *path)
{
    an_interned stems = {0};
    alexnet_status rc = find_stems(&stems, folder);
    if (rc == ALEXNET_OK && have_train_and_val(&stems))
        rc = an_divided_fail(path);
    else if (rc == ALEXNET_OK && an_are_parts(&stems.list))
        rc = AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                     "%s holds archives for %s and for %s; give those of one part, as a file or as "
                     "a pattern such as train-{000000..000146}.tar",
                     path, stems.list.at[0], stems.list.at[1]);
    an_interned_free(&stems);
    return rc;
}

/* The archives of a folder, or of one part. */
static alexnet_status list_folder(an_strings *out, alexnet_ctx *ctx, const char *path,
                                  an_part_name part)
{
    an_folder folder;
    AN_CHECK(an_folder_read(&folder, ctx, path));
    alexnet_status rc = part == AN_PART_WHOLE ? check_parts(&folder, path) : ALEXNET_OK;
    for (int64_t i = 0; i < folder.files.count && rc == ALEXNET_OK; i++) {
        const char *name = folder.files.at[i];
        if (!called_tar(name))
            continue;
        char *stem = stem_of(name);
        if (!stem)
            rc = AN_FAIL_MEMORY(strlen(name), "a name");
        else if (part == AN_PART_WHOLE || strcmp(stem, an_part_word(part)) == 0)
            rc = an_strings_add(out, an_path_join(path, name));
        an_free(stem);
    }
    if (rc == ALEXNET_OK && out->count == 0)
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s holds no .tar files", path);
    an_folder_free(&folder);
    return rc;
}

/* The archives of a path that does not name a part of one. */
static alexnet_status list_archives(an_strings *out, alexnet_ctx *ctx, const char *path)
{
    char *folder;
    an_part_name part;
    AN_CHECK(an_divided_path(&folder, &part, path));
    alexnet_status rc;
    if (folder)
        rc = list_folder(out, ctx, folder, part);
    else if (!an_is_file(path) && an_is_pattern(path))
        rc = an_pattern_expand(out, path);
    else
        rc = an_strings_add(out, an_strdup(path));
    an_free(folder);
    if (rc != ALEXNET_OK)
        an_strings_free(out);
    return rc;
}

alexnet_status an_shards_open(an_tar_set *out, alexnet_ctx *ctx, const char *path)
{
    char *archive;
    an_part_name part;
    an_strings paths = {0};
    *out = (an_tar_set){0};
    AN_CHECK(archive_part(&archive, &part, ctx, path));
    const bool one_part = archive != NULL;
    AN_CHECK(one_part ? an_strings_add(&paths, archive) : list_archives(&paths, ctx, path));
    AN_CHECK(an_tar_set_open(out, paths, ctx));
    alexnet_status rc = one_part ? an_tar_set_keep(out, an_part_word(part)) : ALEXNET_OK;
    if (rc != ALEXNET_OK)
        an_tar_set_free(out);
    return rc;
}
