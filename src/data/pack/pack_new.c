#include "data/pack/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/random.h"
#include "base/status.h"
#include "data/tar/manifest.h"
#include "data/tar/tar_set.h"

/* ---- Beginning ---- */

static alexnet_status check_options(const alexnet_pack_options *o)
{
    AN_CHECK(an_check_number("side", o->side, 0, 4096));
    AN_CHECK(an_check_number("fit", (int)o->fit, 0, ALEXNET_PACK_WARP));
    AN_CHECK(an_check_number("quality", o->quality, 1, 100));
    AN_CHECK(an_check_number("shard_pictures", o->shard_pictures, 0, INT64_MAX));
    AN_CHECK(an_check_number("shard_bytes", o->shard_bytes, 0, INT64_MAX));
    return an_check_number("bad_pictures", o->bad_pictures, 0, INT64_MAX);
}

static alexnet_status check_shards(const alexnet_pack *pack, const alexnet_dataset *data)
{
    const int64_t each = pack->options.shard_pictures, most = pack->shards_most;
    if (each == 0 || (data->count - 1) / each < most)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "`shard_pictures` %lld makes %lld archives of the %lld pictures of %s, and at "
                   "most %lld are made; `shard_pictures` must be %lld or more",
                   (long long)each, (long long)((data->count - 1) / each + 1),
                   (long long)data->count, data->root, (long long)most,
                   (long long)((data->count - 1) / most + 1));
}

static alexnet_status find_fingerprint(an_pack_part *part, alexnet_ctx *ctx)
{
    int64_t *stamps;
    AN_CHECK(an_dataset_stamps(&stamps, ctx, part->data, false));
    part->fingerprint = an_dataset_fingerprint(part->data, stamps);
    an_free(stamps);
    return ALEXNET_OK;
}

static alexnet_status make_part(an_pack_part *part, alexnet_ctx *ctx, const alexnet_pack_options *o,
                                const alexnet_dataset *data, const char *name)
{
    part->name = name;
    part->data = an_dataset_retain((alexnet_dataset *)data); /* only its reference count changes */
    AN_CHECK(an_dataset_check_labels(data));
    part->order = an_calloc((size_t)data->count, sizeof *part->order);
    part->by_class = an_calloc((size_t)data->classes, sizeof *part->by_class);
    if (!part->order || !part->by_class)
        return AN_FAIL_MEMORY((size_t)data->count * sizeof *part->order, "the order of pictures");
    if (o->in_order)
        for (int64_t i = 0; i < data->count; i++)
            part->order[i] = (uint32_t)i;
    else
        an_shuffle(part->order, (uint32_t)data->count, o->seed, AN_PURPOSE_PACK, 0);
    AN_CHECK(find_fingerprint(part, ctx));
    return an_pack_name(part);
}

/* Called before any file or folder is made. */
static alexnet_status check_outside(const alexnet_pack *pack)
{
    for (int i = 0; i < pack->part_count; i++)
        AN_CHECK(an_dataset_check_outside(pack->parts[i].data, pack->folder));
    return ALEXNET_OK;
}

/* Only one pack at a time may be made in a folder: two would use the same temporary files. */
static alexnet_status claim(alexnet_pack *pack)
{
    AN_CHECK(an_make_folder(pack->folder));
    pack->folder_file = open(pack->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (pack->folder_file < 0)
        return an_file_fail("open", pack->folder);
    if (flock(pack->folder_file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s is in use by another pack; wait for it, or stop it", pack->folder);
}

/* A new pack needs an empty folder. The first file that it writes there is the manifest. */
static alexnet_status check_folder(const alexnet_pack *pack)
{
    an_folder folder;
    AN_CHECK(an_folder_read(&folder, pack->ctx, pack->folder));
    alexnet_status rc = ALEXNET_OK;
    const char *other = folder.folders.count ? folder.folders.at[0] : NULL;
    for (int64_t i = 0; i < folder.files.count; i++) {
        if (strcmp(folder.files.at[i], AN_MANIFEST) == 0) {
            other = NULL;
            break;
        }
        if (strcmp(folder.files.at[i], AN_MANIFEST ".tmp") != 0)
            other = folder.files.at[i];
    }
    if (other)
        rc = AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                     "%s has other files in it, such as %s; a pack needs a new folder, or an empty "
                     "one",
                     pack->folder, other);
    an_folder_free(&folder);
    return rc;
}

static alexnet_status write_classes(const alexnet_pack *pack)
{
    const alexnet_dataset *data = pack->parts[0].data;
    size_t length = 0;
    for (int c = 0; c < data->classes; c++)
        length += strlen(data->class_ids[c]) + 1;
    char *text = an_malloc(length + 1), *to = text;
    char *path = an_path_join(pack->folder, AN_TAR_CLASSES);
    for (int c = 0; text && c < data->classes; c++) {
        const size_t one = strlen(data->class_ids[c]);
        memcpy(to, data->class_ids[c], one);
        to[one] = '\n';
        to += one + 1;
    }
    alexnet_status rc = text && path ? an_file_replace(path, text, length)
                                     : AN_FAIL_MEMORY(length, "the names of classes");
    an_free(text);
    an_free(path);
    return rc;
}

/* How many places of a part its shards cover. */
static int64_t places_done(const an_pack_part *part)
{
    return part->shard_count ? part->shards[part->shard_count - 1].end : 0;
}

static bool is_last(const alexnet_pack *pack)
{
    return pack->part == pack->part_count - 1;
}

/* Whether a file is a shard of this part that the manifest does not have, what a killed pack wrote
 * of one, or an index of one. */
static bool is_unlisted(const char *file, const char *part, int64_t listed)
{
    static const char *const endings[] = {"", ".tmp", ".alexnet-index"};
    char name[64];
    const size_t length = strlen(part);
    if (strncmp(file, part, length) != 0 || file[length] != '-')
        return false;
    const long long shard = strtoll(file + length + 1, NULL, 10);
    const size_t whole = (size_t)snprintf(name, sizeof name, "%s-%06lld.tar", part, shard);
    bool found = false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        found |= strncmp(file, name, whole) == 0 && strcmp(file + whole, endings[i]) == 0;
    return found && shard >= listed;
}

static alexnet_status remove_file(const char *folder, const char *file)
{
    char *path = an_path_join(folder, file);
    if (!path)
        return AN_FAIL_MEMORY(strlen(folder), "a path");
    const alexnet_status rc = unlink(path) == 0 ? ALEXNET_OK : an_file_fail("remove", path);
    an_free(path);
    return rc;
}

/* Remove the shards that an interrupted pack did not enter into the manifest. This pack perhaps has
 * fewer, and the others would count as parts of it. */
static alexnet_status remove_unlisted(const alexnet_pack *pack)
{
    static const char *const names[AN_PACK_PARTS] = {"train", "val"};
    an_folder folder;
    AN_CHECK(an_folder_read(&folder, pack->ctx, pack->folder));
    alexnet_status rc = ALEXNET_OK;
    for (int64_t i = 0; i < folder.files.count && rc == ALEXNET_OK; i++)
        for (int p = 0; p < AN_PACK_PARTS && rc == ALEXNET_OK; p++)
            if (is_unlisted(folder.files.at[i], names[p], pack->parts[p].shard_count))
                rc = remove_file(pack->folder, folder.files.at[i]);
    an_folder_free(&folder);
    return rc;
}

/* Start after the existing shards. */
static alexnet_status find_place(alexnet_pack *pack)
{
    for (int i = 0; i < pack->part_count; i++)
        pack->found += places_done(&pack->parts[i]);
    pack->place = places_done(&pack->parts[0]);
    while (!is_last(pack) && pack->place == pack->parts[pack->part].data->count)
        pack->place = places_done(&pack->parts[++pack->part]);
    if (pack->complete)
        return ALEXNET_OK;
    AN_CHECK(remove_unlisted(pack));
    AN_CHECK(an_pack_manifest_write(pack));
    return write_classes(pack);
}

static alexnet_status make_validation(alexnet_pack *pack, const alexnet_dataset *train,
                                      const alexnet_dataset *val)
{
    alexnet_dataset *matched;
    AN_CHECK(an_dataset_match_classes(&matched, train, val));
    const alexnet_status rc = make_part(&pack->parts[1], pack->ctx, &pack->options, matched, "val");
    an_dataset_release(matched);
    return rc;
}

static alexnet_status make(alexnet_pack *pack, const alexnet_dataset *train,
                           const alexnet_dataset *val, const char *folder)
{
    AN_CHECK(check_options(&pack->options));
    AN_CHECK(check_shards(pack, train));
    if (val)
        AN_CHECK(check_shards(pack, val));
    pack->part_count = val ? 2 : 1;
    if (val)
        AN_CHECK(make_validation(pack, train, val)); /* first: its classes are quickly compared */
    AN_CHECK(make_part(&pack->parts[0], pack->ctx, &pack->options, train, "train"));
    AN_CHECK(an_path_absolute(&pack->folder, folder));
    AN_CHECK(check_outside(pack));
    AN_CHECK(claim(pack));
    AN_CHECK(check_folder(pack));
    AN_CHECK(an_pack_manifest_read(pack));
    return find_place(pack);
}

alexnet_status an_pack_new(alexnet_pack **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                           const alexnet_dataset *val, const char *folder,
                           const alexnet_pack_options *options)
{
    alexnet_pack *pack = an_calloc(1, sizeof *pack);
    *out = pack;
    if (!pack)
        return AN_FAIL_MEMORY(sizeof *pack, "a pack");
    pack->ctx = an_ctx_retain(ctx);
    pack->options = *options;
    pack->folder_file = -1;
    pack->keys_most = AN_TAR_KEYS_MAX;
    pack->shards_most = AN_PACK_SHARDS_MAX;
    alexnet_status rc = make(pack, train, val, folder);
    if (rc != ALEXNET_OK) {
        an_pack_free(pack);
        *out = NULL;
    }
    return rc;
}

void an_pack_free(alexnet_pack *pack)
{
    if (!pack || an_ordered_lost(pack->workers)) /* the parent process finishes the open archive */
        return;
    an_ordered_free(pack->workers);
    an_tar_writer_abort(&pack->tar);
    for (int i = 0; i < AN_PACK_PARTS; i++) {
        an_pack_part *part = &pack->parts[i];
        an_interned_free(&part->keys);
        an_strings_free(&part->left_out);
        an_free(part->order);
        an_free(part->by_class);
        an_free(part->shards);
        an_dataset_release(part->data);
    }
    if (pack->folder_file >= 0)
        close(pack->folder_file);
    an_free(pack->keys);
    an_free(pack->folder);
    an_ctx_release(pack->ctx);
    an_free(pack);
}
