/*
 * Compares the shards of an earlier pack with its manifest: an archive may since have been changed
 * or damaged without a change in size.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/reader.h"
#include "base/sha256.h"
#include "base/status.h"
#include "data/pack/pack.h"

static alexnet_status hash_file(char out[65], alexnet_ctx *ctx, an_reader *reader,
                                unsigned char *buffer, size_t room)
{
    const uint64_t size = an_reader_size(reader);
    an_sha256 hash;
    an_sha256_begin(&hash);
    for (uint64_t at = 0; at < size;) {
        const size_t n = size - at < room ? (size_t)(size - at) : room;
        AN_CHECK(an_ctx_check(ctx));
        AN_CHECK(an_reader_read(reader, at, buffer, n));
        an_sha256_add(&hash, buffer, n);
        at += n;
    }
    an_sha256_end(&hash, out);
    return ALEXNET_OK;
}

static alexnet_status check_shard(alexnet_ctx *ctx, const char *path, const an_pack_shard *shard)
{
    enum { ROOM = 1 << 20 };
    char found[65];
    alexnet_status rc;
    an_reader *reader = NULL;
    unsigned char *buffer = an_malloc(ROOM);
    if (!buffer)
        return AN_FAIL_MEMORY(ROOM, "reading an archive");
    AN_TRY(an_reader_open(&reader, path));
    AN_TRY(hash_file(found, ctx, reader, buffer, ROOM));
    if (strcmp(found, shard->sha256) != 0)
        rc = AN_FAIL(ALEXNET_ERROR_BAD_DATA,
                     "%s has changed since it was packed: its SHA-256 is %s, but the manifest's is "
                     "%s; restore it, or remove the folder and pack again",
                     path, found, shard->sha256);
cleanup:
    an_reader_close(reader);
    an_free(buffer);
    return rc;
}

bool an_pack_is_checked(const alexnet_pack *pack)
{
    return pack->checked == pack->found;
}

alexnet_status an_pack_check_next(alexnet_pack *pack)
{
    const an_pack_part *part = pack->parts;
    int64_t i = pack->checked_shards;
    while (i >= part->shard_count)
        i -= part++->shard_count;
    char *path = an_pack_shard_path(pack, part, i);
    if (!path)
        return AN_FAIL_MEMORY(strlen(pack->folder), "a path");
    const an_pack_shard *shard = &part->shards[i];
    alexnet_status rc = check_shard(pack->ctx, path, shard);
    an_free(path);
    AN_CHECK(rc);
    pack->checked_shards++;
    pack->checked += shard->end - (i > 0 ? part->shards[i - 1].end : 0);
    return ALEXNET_OK;
}
