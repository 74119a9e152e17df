#include "infer/index_features.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/status.h"

/* The identity begins with the layer's name; characters unsuitable for a file name become '_'. */
static void write_identity(an_feature_maker *maker, const an_features *f, uint64_t hash)
{
    char name[AN_NAME_MAX + 1];
    snprintf(name, sizeof name, "%.*s", AN_NAME_MAX, f->outputs[0].name);
    for (char *c = name; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.", *c))
            *c = '_';
    snprintf(maker->identity, sizeof maker->identity, "%s-%016" PRIx64, name, hash);
}

alexnet_status an_index_features(an_feature_maker *out, an_features *f)
{
    an_net *net = f->model->net;
    if (f->length > INT_MAX / (int64_t)sizeof(float))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%lld values for a picture are too many",
                       (long long)f->length);
    *out = (an_feature_maker){.rows = an_features_maker(f)};
    uint64_t hash;
    AN_CHECK(an_model_hash(f->model, &hash));
    for (int i = 0; i < f->count; i++)
        hash = an_hash_number(an_hash_text(hash, f->outputs[i].name), f->outputs[i].place);
    hash = an_hash_number(an_hash_number(hash, f->views), (int64_t)f->pool);
    hash = an_hash_number(hash, (int64_t)net->backend->precision);
    write_identity(out, f, hash);
    return ALEXNET_OK;
}
