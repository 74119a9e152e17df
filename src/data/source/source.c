#include "data/source/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/packed.h"
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

alexnet_status an_data_source_new(an_data_source **out, const an_data_kind *kind, const char *root)
{
    an_data_source *source = an_calloc(1, sizeof *source);
    *out = source;
    if (!source)
        return AN_FAIL_MEMORY(sizeof *source, "a data source");
    atomic_init(&source->references, 1);
    source->kind = kind;
    source->root = an_strdup(root);
    if (source->root)
        return ALEXNET_OK;
    an_data_source_release(source);
    *out = NULL;
    return AN_FAIL_MEMORY(strlen(root), "a path");
}

an_data_source *an_data_source_retain(an_data_source *source)
{
    atomic_fetch_add(&source->references, 1);
    return source;
}

void an_data_source_release(an_data_source *source)
{
    if (!source || atomic_fetch_sub(&source->references, 1) != 1)
        return;
    if (source->kind->close)
        source->kind->close(source);
    for (int64_t i = 0; i < source->count; i++)
        an_free(source->items[i].name);
    an_free(source->items);
    an_strings_free(&source->classes);
    for (int64_t i = 0; i < source->oddity_count; i++) {
        an_free(source->oddities[i].path);
        an_free(source->oddities[i].text);
    }
    an_free(source->oddities);
    an_free(source->doubt);
    an_free(source->searched);
    an_free(source->root);
    an_free(source);
}

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
    unsigned char head[AN_PACKED_HEAD];
    char help[96] = "";
    const size_t length = read_head(head, sizeof head, path);
    const an_packed *packed = an_packed_of(head, length);
    if (packed && packed->archive)
        an_print_in(help, sizeof help, ": unpack it first, with %s", packed->tool);
    else if (packed)
        an_print_in(help, sizeof help, ": decompress it with %s, and call a tar archive .tar",
                    packed->tool);
    else if (an_packed_is_tar(head, length))
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

alexnet_status an_data_source_note(an_data_source *source, an_oddity oddity)
{
    an_oddity *grown = oddity.path && oddity.text
                           ? an_grow(source->oddities, source->oddity_count, sizeof *grown)
                           : NULL;
    if (!grown) {
        an_free(oddity.path);
        an_free(oddity.text);
        return AN_FAIL_MEMORY(sizeof oddity, "the oddities of a data set");
    }
    source->oddities = grown;
    grown[source->oddity_count++] = oddity;
    return ALEXNET_OK;
}

static alexnet_status note_links(an_data_source *source, const an_strings *links, const char *text,
                                 const char *folder)
{
    const int64_t count = links->count;
    for (int64_t i = 0; source->examined && i < count; i++)
        AN_CHECK(
            an_data_source_note(source, (an_oddity){ALEXNET_PROBLEM_DOUBT, an_strdup(links->at[i]),
                                                    an_strdup(text), -1, 1}));
    if (source->examined || count == 0)
        return ALEXNET_OK;
    return an_data_source_doubt(
        source, count == 1 ? an_format("%s %s", links->at[0], text)
                           : an_format("%s %s; nor %s %lld %s below %s", links->at[0], text,
                                       an_text_plural(count - 1, "is", "are"), (long long)count - 1,
                                       an_text_plural(count - 1, "other", "others"), folder));
}

alexnet_status an_data_source_note_links(an_data_source *source, const an_walk *walk,
                                         const char *folder)
{
    AN_CHECK(note_links(source, &walk->upward,
                        "is a link to a folder above it, and is not followed", folder));
    return note_links(source, &walk->lost,
                      "is a link to nothing that can be read, and is not followed", folder);
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

alexnet_status an_data_source_add(an_data_source *source, char *name, const char *key, int class)
{
    if (source->count == AN_PICTURES_MAX) {
        an_free(name);
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has more than %lld pictures", source->root,
                       (long long)AN_PICTURES_MAX);
    }
    an_item *grown = name ? an_grow(source->items, source->count, sizeof *grown) : NULL;
    if (!grown) {
        an_free(name);
        return AN_FAIL_MEMORY(2 * (size_t)source->count * sizeof *grown, "a list of pictures");
    }
    source->items = grown;
    source->items[source->count++] = (an_item){name, key, class};
    return ALEXNET_OK;
}

const char *an_data_source_searched(const an_data_source *source)
{
    return source->searched ? source->searched : source->root;
}

const char *an_data_source_split_key(const an_data_source *source, int64_t item)
{
    return source->kind->split_key ? source->kind->split_key(source, item)
                                   : source->items[item].key;
}

alexnet_status an_data_source_picture_for(const an_data_source *source, int64_t item,
                                          const an_target *target, an_picture *out)
{
    an_item_data data = {0};
    *out = (an_picture){0};
    AN_CHECK(source->kind->read(source, item, &data));
    if (!data.bytes) {
        *out = data.pixels;
        return an_picture_resize_for(out, target, source->items[item].name);
    }
    alexnet_status rc =
        an_picture_decode_for(out, data.bytes, data.length, source->items[item].name, target);
    an_free(data.bytes);
    return rc;
}

alexnet_status an_data_source_picture(const an_data_source *source, int64_t item, an_picture *out)
{
    return an_data_source_picture_for(source, item, NULL, out);
}

alexnet_status an_file_item_read(const an_data_source *source, int64_t item, an_item_data *out)
{
    *out = (an_item_data){0};
    return an_file_read(source->items[item].name, AN_PICTURE_FILE_MAX, &out->bytes, &out->length);
}

int64_t an_file_item_stamp(const an_data_source *source, int64_t item, bool timed)
{
    struct stat info;
    if (stat(source->items[item].name, &info) != 0)
        return -1;
    if (!timed)
        return (int64_t)info.st_size;
    return an_data_stamp_timed((int64_t)info.st_size,
                               (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec);
}

int64_t an_data_stamp_timed(int64_t stamp, int64_t written)
{
    return (int64_t)(an_hash_number(an_hash_number(AN_HASH_START, stamp), written) >> 1);
}
