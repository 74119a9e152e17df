#include <inttypes.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/pack/pack.h"

char *an_pack_shard_path(const alexnet_pack *pack, const an_pack_part *part, int64_t shard)
{
    return an_format("%s/%s-%06" PRId64 ".tar", pack->folder, part->name, shard);
}

alexnet_status an_pack_add_shard(an_pack_part *part, an_pack_shard shard)
{
    an_pack_shard *grown = an_grow(part->shards, part->shard_count, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY(2 * (size_t)part->shard_count * sizeof *grown, "a list of shards");
    part->shards = grown;
    part->shards[part->shard_count++] = shard;
    part->bytes += (int64_t)shard.bytes;
    return ALEXNET_OK;
}
