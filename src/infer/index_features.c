#include "infer/index_features.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/status.h"
#include "infer/runner.h"

enum { PIECE = 1 << 16 };

/* Go on from a hash with the values of all parameters. */
static alexnet_status hash_weights(an_net *net, uint64_t *hash)
{
    alexnet_status rc = ALEXNET_OK;
    float *block = an_malloc(PIECE * sizeof *block);
    if (!block)
        return AN_FAIL_MEMORY(PIECE * sizeof *block, "a copy of parameters");
    for (int p = 0; p < net->count && rc == ALEXNET_OK; p++)
        for (int64_t at = 0; at < net->params[p].count && rc == ALEXNET_OK; at += PIECE) {
            const int64_t left = net->params[p].count - at, n = left < PIECE ? left : PIECE;
            rc = an_net_read_part(net, AN_VALUES, p, at, n, block, AN_F32);
            *hash = an_hash_number(*hash, (int64_t)an_hash_bytes(block, (size_t)n * sizeof *block));
        }
    an_free(block);
    return rc;
}

/* A name begins with that of the layer; what a file's name should not have becomes a line. */
static void write_identity(an_feature_maker *maker, const an_features *f, uint64_t hash)
{
    char name[AN_NAME_MAX + 1];
    snprintf(name, sizeof name, "%.*s", AN_NAME_MAX, f->outputs[0].name);
    for (char *c = name; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.", *c))
            *c = '_';
    snprintf(maker->identity, sizeof maker->identity, "%s-%016" PRIx64, name, hash);
}

static alexnet_status compute(void *self, const uint8_t *pixels, int count, float *rows)
{
    an_features *f = self;
    AN_CHECK(an_features_compute(f, pixels, count));
    memcpy(rows, f->values, (size_t)count * (size_t)f->length * sizeof *rows);
    return ALEXNET_OK;
}

alexnet_status an_index_features(an_feature_maker *out, an_features *f)
{
    an_net *net = f->model->net;
    if (f->length > INT_MAX / (int64_t)sizeof(float))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%lld values for a picture are too many",
                       (long long)f->length);
    *out = (an_feature_maker){.fit = an_fit_of(net->network),
                              .batch = f->batch,
                              .dims = (int)f->length,
                              .compute = compute,
                              .self = f};
    uint64_t hash = an_hash_text(AN_HASH_START, net->network->text);
    AN_CHECK(hash_weights(net, &hash));
    for (int i = 0; i < f->count; i++)
        hash = an_hash_number(an_hash_text(hash, f->outputs[i].name), f->outputs[i].place);
    hash = an_hash_number(an_hash_number(hash, f->views), (int64_t)f->pool);
    hash = an_hash_number(hash, (int64_t)net->backend->precision);
    write_identity(out, f, hash);
    return ALEXNET_OK;
}
