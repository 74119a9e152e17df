#include "train/data_identity.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/utf8.h"
#include "data/loader/shard_order.h"

alexnet_status an_data_identity_record(an_data_identity *record, const alexnet_dataset *data,
                                       const int64_t *stamps, bool by_place)
{
    if (!an_is_utf8(data->root))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: the path is not UTF-8; rename the folder",
                       data->root);
    an_free(record->root);
    an_free(record->kind);
    record->root = an_strdup(data->root);
    record->kind = an_strdup(data->source->kind->name);
    if (!record->root || !record->kind)
        return AN_FAIL_MEMORY(strlen(data->root), "a path");
    record->part = data->part;
    record->count = data->count;
    record->fingerprint = an_dataset_fingerprint(data, stamps);
    record->places = by_place ? an_shard_order_places(data) : 0;
    return ALEXNET_OK;
}

alexnet_status an_data_identity_now(an_data_identity *now, alexnet_ctx *ctx,
                                    const alexnet_dataset *data, bool by_place)
{
    int64_t *stamps;
    *now = (an_data_identity){0};
    AN_CHECK(an_dataset_stamps(&stamps, ctx, data, false));
    const alexnet_status rc = an_data_identity_record(now, data, stamps, by_place);
    an_free(stamps);
    return rc;
}

void an_data_identity_free(an_data_identity *identity)
{
    an_free(identity->root);
    an_free(identity->kind);
    *identity = (an_data_identity){0};
}

bool an_data_identity_same_pictures(const an_data_identity *now, const an_data_identity *then)
{
    return now->count == then->count && now->fingerprint == then->fingerprint;
}

bool an_data_identity_same(const an_data_identity *now, const an_data_identity *then)
{
    return an_data_identity_same_pictures(now, then) &&
           (then->places == 0 || now->places == then->places);
}
