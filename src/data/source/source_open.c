/*
 * The list of kinds, and opening a path as the kind that it is of.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/compressed.h"
#include "base/files.h"
#include "base/reader.h"
#include "base/status.h"
#include "base/text.h"
#include "data/picture/endings.h"
#include "data/source/pattern.h"
#include "data/source/source_own.h"

/* The first kind that accepts a path is used. */
static const an_data_kind *const kinds[] = {&an_tar_kind,  &an_idx_kind,  &an_cifar_kind,
                                            &an_lmdb_kind, &an_list_kind, &an_folders_kind};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* The absolute path of a pattern, or of a part such as FILE.tar/train, neither of which realpath()
 * resolves: the real path of what is before the last slash, with the rest appended. *out is NULL if
 * that part does not exist. */
static alexnet_status absolute_pattern(char **out, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder =
        slash ? an_strndup(path, (size_t)(slash - path) + (slash == path)) : an_strdup(".");
    char *real = folder ? realpath(folder, NULL) : NULL;
    *out = real ? an_path_join(real, slash ? slash + 1 : path) : NULL;
    const bool memory = !folder || (real && !*out);
    free(real); /* realpath's own */
    an_free(folder);
    return memory ? AN_FAIL_MEMORY(strlen(path), "a path") : ALEXNET_OK;
}

/* Whether a path that is neither a file nor a folder leads to data: to a pattern's archives, or to
 * a part. */
static alexnet_status leads_to_data(const an_data_kind *kind, alexnet_ctx *ctx, const char *path,
                                    bool *yes)
{
    *yes = an_is_pattern(path);
    return *yes || !kind->accepts ? ALEXNET_OK : kind->accepts(ctx, path, yes);
}

static alexnet_status absolute_path(char **out, const an_data_kind *kind, alexnet_ctx *ctx,
                                    const char *path)
{
    char *real = realpath(path, NULL);
    const int error = errno;
    bool other = false;
    *out = real ? an_strdup(real) : NULL;
    free(real); /* realpath's own */
    if (real)
        return *out ? ALEXNET_OK : AN_FAIL_MEMORY(strlen(path), "a path");
    AN_CHECK(leads_to_data(kind, ctx, path, &other));
    if (other)
        AN_CHECK(absolute_pattern(out, path));
    if (*out)
        return ALEXNET_OK;
    errno = error;
    return an_file_fail("open", path);
}

static alexnet_status open_kind(an_data_source **out, alexnet_ctx *ctx, const an_data_kind *kind,
                                const char *path, bool examined)
{
    char *absolute;
    *out = NULL;
    AN_CHECK(absolute_path(&absolute, kind, ctx, path));
    alexnet_status rc = an_data_source_new(out, kind, absolute);
    an_free(absolute);
    if (rc == ALEXNET_OK) {
        (*out)->ctx = ctx;
        (*out)->examined = examined;
        rc = kind->open(*out);
        (*out)->ctx = NULL;
    }
    if (rc != ALEXNET_OK) {
        an_data_source_release(*out);
        *out = NULL;
    }
    return rc;
}

/* Read the first bytes of a file. @return how many; 0 also if it cannot be read */
static size_t read_head(unsigned char *head, size_t room, const char *path)
{
    an_reader *reader;
    if (!an_is_file(path) || an_reader_open(&reader, path) != ALEXNET_OK)
        return 0;
    const uint64_t size = an_reader_size(reader);
    const size_t length = size < room ? (size_t)size : room;
    const alexnet_status rc = an_reader_read(reader, 0, head, length);
    an_reader_close(reader);
    return rc == ALEXNET_OK ? length : 0;
}

/* Say what is expected instead of a path, and what to do about an archive, whatever it is called.
 */
static alexnet_status fail_unknown(const char *path, const char *what)
{
    unsigned char head[AN_COMPRESSED_HEAD];
    char help[96] = "";
    const size_t length = read_head(head, sizeof head, path);
    const an_compressed *compressed = an_compressed_of(head, length);
    if (compressed && compressed->archive)
        an_print_in(help, sizeof help, ": unpack it first, with %s", compressed->tool);
    else if (compressed)
        an_print_in(help, sizeof help, ": decompress it with %s, and call a tar archive .tar",
                    compressed->tool);
    else if (an_is_tar(head, length))
        an_print_in(help, sizeof help, ": it is a tar archive; add .tar to its name");
    else if (an_is_archive(path))
        an_print_in(help, sizeof help, ": unpack it first");
    return AN_FAIL(
        ALEXNET_ERROR_FORMAT,
        "%s is %s; a folder with one folder of pictures per class, a .tar archive, a "
        "list (.txt, .csv), the folder of an LMDB, or the files of MNIST or CIFAR are expected%s",
        path, what, help);
}

/* The first kind that accepts a path. */
static alexnet_status find_kind(const an_data_kind **out, alexnet_ctx *ctx, const char *path)
{
    *out = NULL;
    for (int i = 0; i < KINDS; i++) {
        bool yes;
        AN_CHECK(kinds[i]->accepts(ctx, path, &yes));
        *out = kinds[i];
        if (yes)
            return ALEXNET_OK;
    }
    const char *what = an_file_kind(path);
    return what ? fail_unknown(path, what) : an_file_fail("open", path);
}

alexnet_status an_data_source_check(alexnet_ctx *ctx, const char *path)
{
    const an_data_kind *kind;
    return find_kind(&kind, ctx, path);
}

alexnet_status an_data_source_open(an_data_source **out, alexnet_ctx *ctx, const char *path)
{
    const an_data_kind *kind;
    *out = NULL;
    AN_CHECK(find_kind(&kind, ctx, path));
    return open_kind(out, ctx, kind, path, false);
}

alexnet_status an_data_source_examine(an_data_source **out, alexnet_ctx *ctx, const char *path)
{
    const an_data_kind *kind;
    *out = NULL;
    AN_CHECK(find_kind(&kind, ctx, path));
    return open_kind(out, ctx, kind, path, true);
}

alexnet_status an_data_source_open_pictures(an_data_source **out, alexnet_ctx *ctx,
                                            const char *path, bool *divided)
{
    *out = NULL;
    *divided = false;
    for (int i = 0; i < KINDS; i++) {
        bool yes = false;
        if (kinds[i] != &an_folders_kind)
            AN_CHECK(kinds[i]->accepts(ctx, path, &yes));
        if (yes && kinds[i]->divided && an_is_folder(path))
            AN_CHECK(kinds[i]->divided(ctx, path, divided));
        if (yes && *divided)
            return ALEXNET_OK;
        if (yes)
            return open_kind(out, ctx, kinds[i]->pictures ? kinds[i]->pictures : kinds[i], path,
                             false);
    }
    return ALEXNET_OK;
}

alexnet_status an_data_source_divided(alexnet_ctx *ctx, const char *path, bool *yes)
{
    *yes = false;
    for (int i = 0; i < KINDS && !*yes; i++)
        if (kinds[i]->divided)
            AN_CHECK(kinds[i]->divided(ctx, path, yes));
    return ALEXNET_OK;
}

alexnet_status an_data_source_reopen(an_data_source **out, alexnet_ctx *ctx, const char *kind,
                                     const char *path)
{
    *out = NULL;
    for (int i = 0; i < KINDS; i++)
        if (strcmp(kinds[i]->name, kind) == 0)
            return open_kind(out, ctx, kinds[i], path, false);
    if (strcmp(kind, an_own_kind.name) == 0)
        return AN_FAIL(
            ALEXNET_ERROR_UNSUPPORTED,
            "the pictures of %s come from a source that a program defined, and only that "
            "program can open them again",
            path);
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s was opened as %s, a kind of data set that this build does not read", path,
                   kind);
}
