/*
 * Packing, one picture after another.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "data/pack/pack.h"
#include "data/tar/tar_index.h"

static an_pack_part *part_of(alexnet_pack *pack)
{
    return &pack->parts[pack->part];
}

/* Run by the worker threads. pack->part changes only while no workers run. */
static void work(void *user, int64_t place, void *result, const atomic_bool *stop)
{
    const alexnet_pack *pack = user;
    const an_pack_part *part = &pack->parts[pack->part];
    an_pack_picture(result, &pack->options, part->data, part->order[place], stop);
}

static void discard(void *result)
{
    an_packed_free(result);
}

static alexnet_status start(alexnet_pack *pack)
{
    const int threads = pack->ctx->threads;
    const an_ordered_job job = {work, discard, pack, sizeof(an_packed)};
    return an_ordered_new(&pack->workers, &job, pack->place, part_of(pack)->data->count, threads,
                          2 * threads + 2);
}

/* ---- Shards ---- */

static alexnet_status open_shard(alexnet_pack *pack)
{
    const an_pack_part *part = part_of(pack);
    if (part->shard_count >= pack->shards_most)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s has %lld archives after %lld of %lld pictures, and gets no more; "
                       "`shard_bytes` must be larger, and the folder a new one",
                       pack->folder, (long long)part->shard_count, (long long)pack->place,
                       (long long)part->data->count);
    char *path = an_pack_shard_path(pack, part, part->shard_count);
    if (!path)
        return AN_FAIL_MEMORY(strlen(pack->folder), "a path");
    alexnet_status rc = an_tar_writer_open(&pack->tar, path);
    an_free(path);
    pack->shard_pictures = 0;
    pack->keys_length = 0;
    return rc;
}

/* Complete the current shard, which covers all places before pack->place. */
static alexnet_status close_shard(alexnet_pack *pack)
{
    an_pack_shard shard = {.pictures = pack->shard_pictures, .end = pack->place};
    AN_CHECK(an_tar_writer_add(&pack->tar, AN_TAR_KEYS, pack->keys, pack->keys_length));
    AN_CHECK(an_tar_writer_commit(&pack->tar, shard.sha256));
    shard.bytes = pack->tar.bytes;
    AN_CHECK(an_pack_add_shard(part_of(pack), shard));
    pack->bytes_since += shard.bytes;
    return pack->bytes_since < pack->manifest_bytes ? ALEXNET_OK : an_pack_manifest_write(pack);
}

/* ---- Pictures ---- */

/* What is put into the shard for a picture. */
typedef struct entry {
    char *picture, *label; /* names; owned */
    char *line;            /* of AN_TAR_KEYS; owned */
    char class[24];        /* the label's bytes */
} entry;

static alexnet_status make_entry(entry *out, const alexnet_pack *pack, int64_t sample)
{
    const an_pack_part *part = &pack->parts[pack->part];
    const alexnet_dataset *data = part->data;
    const char *key = part->keys.list.at[sample];
    char *before =
        an_text_percent(an_data_source_split_key(data->source, data->samples[sample].item));
    out->picture = an_format("%s.%s", key, pack->options.raw ? "npy" : "jpg");
    out->label = an_format("%s.cls", key);
    out->line = before ? an_format("%s\t%s\n", key, before) : NULL;
    an_free(before);
    snprintf(out->class, sizeof out->class, "%d", data->samples[sample].label);
    return out->picture && out->label && out->line ? ALEXNET_OK
                                                   : AN_FAIL_MEMORY(strlen(key), "a name");
}

static void free_entry(entry *e)
{
    an_free(e->picture);
    an_free(e->label);
    an_free(e->line);
}

/* Whether the current shard has room for one more picture. An empty one always has. */
static bool has_room(const alexnet_pack *pack, const entry *e, size_t length)
{
    const alexnet_pack_options *o = &pack->options;
    const uint64_t end = 1024;
    if (pack->shard_pictures == 0)
        return true;
    const size_t keys = pack->keys_length + strlen(e->line);
    const uint64_t bytes = pack->tar.bytes + an_tar_writer_cost(e->picture, length) +
                           an_tar_writer_cost(e->label, strlen(e->class)) +
                           an_tar_writer_cost(AN_TAR_KEYS, keys) + end;
    return keys <= pack->keys_most &&
           (o->shard_pictures == 0 || pack->shard_pictures < o->shard_pictures) &&
           (o->shard_bytes == 0 || bytes <= (uint64_t)o->shard_bytes);
}

static alexnet_status add_line(alexnet_pack *pack, const char *line)
{
    const size_t length = strlen(line);
    char *keys = an_reserve(pack->keys, &pack->keys_room, pack->keys_length + length);
    if (!keys)
        return AN_FAIL_MEMORY(pack->keys_length + length, "the names of pictures");
    pack->keys = keys;
    memcpy(pack->keys + pack->keys_length, line, length);
    pack->keys_length += length;
    return ALEXNET_OK;
}

static alexnet_status add_entry(alexnet_pack *pack, const entry *e, const an_packed *packed)
{
    if (pack->tar.file && !has_room(pack, e, packed->length))
        AN_CHECK(close_shard(pack));
    if (!pack->tar.file)
        AN_CHECK(open_shard(pack));
    AN_CHECK(an_tar_writer_add(&pack->tar, e->label, e->class, strlen(e->class)));
    AN_CHECK(an_tar_writer_add(&pack->tar, e->picture, packed->bytes, packed->length));
    AN_CHECK(add_line(pack, e->line));
    pack->shard_pictures++;
    return ALEXNET_OK;
}

static alexnet_status add(alexnet_pack *pack, int64_t sample, const an_packed *packed)
{
    an_pack_part *part = part_of(pack);
    entry e = {0};
    alexnet_status rc = make_entry(&e, pack, sample);
    if (rc == ALEXNET_OK)
        rc = add_entry(pack, &e, packed);
    free_entry(&e);
    AN_CHECK(rc);
    part->pictures++;
    part->unchanged += packed->unchanged;
    part->by_class[part->data->samples[sample].label]++;
    return ALEXNET_OK;
}

static alexnet_status leave_out(alexnet_pack *pack, int64_t sample, const an_packed *packed)
{
    an_pack_part *part = part_of(pack);
    const alexnet_dataset *data = part->data;
    const int64_t allowed = pack->options.bad_pictures;
    if (packed->status == ALEXNET_ERROR_NO_MEMORY)
        return AN_FAIL(packed->status, "%s",
                       packed->error ? packed->error : "out of memory: packing pictures");
    an_log(pack->ctx, ALEXNET_LOG_WARNING, "left out: %s", packed->error);
    AN_CHECK(an_strings_add(&part->left_out, an_text_percent(an_data_source_split_key(
                                                 data->source, data->samples[sample].item))));
    if (!an_too_many_bad(part->left_out.count, data->count, allowed))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_BAD_DATA,
                   "%lld of %lld pictures of %s cannot be read: more than 1%% and more than "
                   "bad_pictures = %lld; the last: %s",
                   (long long)part->left_out.count, (long long)data->count, data->root,
                   (long long)allowed, packed->error);
}

/* ---- Steps ---- */

static alexnet_status end_part(alexnet_pack *pack)
{
    an_pack_part *part = part_of(pack);
    if (part->pictures == 0)
        return an_fail_none_read(part->data, "");
    if (pack->tar.file)
        AN_CHECK(close_shard(pack));
    else /* an earlier call closed it, and no picture after it can be read */
        part->shards[part->shard_count - 1].end = pack->place;
    an_ordered_free(pack->workers);
    pack->workers = NULL;
    if (pack->part + 1 < pack->part_count) {
        pack->part++;
        pack->place = 0;
        return ALEXNET_OK;
    }
    pack->complete = true;
    return an_pack_manifest_write(pack);
}

static void report(const alexnet_pack *pack, alexnet_pack_progress *progress)
{
    *progress = (alexnet_pack_progress){.found = pack->found};
    for (int i = 0; i < pack->part_count; i++) {
        const an_pack_part *part = &pack->parts[i];
        progress->total += part->data->count;
        progress->pictures += part->pictures;
        progress->unchanged += part->unchanged;
        progress->left_out += part->left_out.count;
        progress->shards += part->shard_count;
        progress->bytes += part->bytes;
    }
    progress->done =
        an_pack_is_checked(pack) ? progress->pictures + progress->left_out : pack->checked;
}

static alexnet_status step(alexnet_pack *pack)
{
    const an_pack_part *part = part_of(pack);
    AN_CHECK(an_ctx_check(pack->ctx));
    if (!an_pack_is_checked(pack))
        return an_pack_check_next(pack);
    if (!pack->workers)
        AN_CHECK(start(pack));
    void *next;
    AN_CHECK(an_ordered_next(pack->workers, pack->ctx, &next));
    if (next) {
        const an_packed *packed = next;
        const int64_t sample = part->order[pack->place];
        AN_CHECK((packed->status == ALEXNET_OK ? add : leave_out)(pack, sample, packed));
        pack->place++;
    }
    return pack->place == part->data->count ? end_part(pack) : ALEXNET_OK;
}

static bool is_done(const alexnet_pack *pack)
{
    return pack->complete && an_pack_is_checked(pack);
}

alexnet_status an_pack_step(alexnet_pack *pack, alexnet_pack_progress *progress, bool *more)
{
    alexnet_status rc =
        is_done(pack) ? ALEXNET_OK
        : pack->failed
            ? AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                      "packing into %s has failed; start again to continue", pack->folder)
            : step(pack);
    pack->failed |= rc != ALEXNET_OK;
    *more = rc == ALEXNET_OK && !is_done(pack);
    report(pack, progress);
    return rc;
}
