#include "model/model.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/status.h"
#include "model/model_open.h"
#include "model/recognise/leftover.h"

static alexnet_status load_weights(alexnet_model *model, an_model_file *file)
{
    const char *provenance = an_tensor_file_metadata(file->tensors, AN_METADATA_PROVENANCE);
    model->format = an_tensor_file_format(file->tensors);
    model->version = file->ours ? AN_MODEL_FILE_VERSION : "";
    model->provenance = an_strdup(provenance ? provenance : "");
    if (!model->provenance)
        return AN_FAIL_MEMORY(64, "a model");
    AN_CHECK(an_net_new(&model->net, model->ctx, file->network, false));
    model->host = an_calloc((size_t)model->net->count, sizeof *model->host);
    if (!model->host)
        return AN_FAIL_MEMORY(model->net->count * sizeof *model->host, "a model");
    AN_CHECK(an_model_file_weights(file, model->net));
    AN_CHECK(an_lpips_read(&model->net->lpips, file->tensors));
    an_tensor_file_warn(file->tensors, model->ctx);
    an_leftover_warn(file, model->ctx);
    return ALEXNET_OK;
}

alexnet_status an_model_load(alexnet_model **out, alexnet_ctx *ctx, an_reader *reader,
                             const an_model_options *options)
{
    alexnet_status rc = ALEXNET_OK;
    an_model_file file = {0};
    *out = NULL;
    alexnet_model *model = an_calloc(1, sizeof *model);
    if (!model) {
        an_reader_close(reader);
        return AN_FAIL_MEMORY(sizeof *model, "a model");
    }
    atomic_init(&model->references, 1);
    model->ctx = an_ctx_retain(ctx);
    pthread_mutex_init(&model->lock, NULL);
    AN_TRY(an_model_file_open(&file, ctx, reader, options));
    AN_TRY(load_weights(model, &file));
    model->classes = file.classes;
    file.classes = (an_classes){0};
    *out = model;
    model = NULL;
cleanup:
    an_model_file_close(&file);
    an_model_release(model);
    return rc;
}

alexnet_model *an_model_retain(alexnet_model *model)
{
    atomic_fetch_add(&model->references, 1);
    return model;
}

void an_model_release(alexnet_model *model)
{
    if (!model || atomic_fetch_sub(&model->references, 1) != 1)
        return;
    for (int i = 0; model->host && i < model->net->count; i++)
        an_free(model->host[i]);
    an_free(model->host);
    an_net_release(model->net);
    an_classes_free(&model->classes);
    an_free(model->provenance);
    pthread_mutex_destroy(&model->lock);
    an_ctx_release(model->ctx);
    an_free(model);
}

alexnet_status an_model_hash(const alexnet_model *model, uint64_t *out)
{
    enum { PIECE = 1 << 16 };
    an_net *net = model->net;
    alexnet_status rc = ALEXNET_OK;
    uint64_t hash = an_hash_text(AN_HASH_START, net->network->text);
    float *block = an_malloc(PIECE * sizeof *block);
    *out = 0;
    if (!block)
        return AN_FAIL_MEMORY(PIECE * sizeof *block, "a copy of parameters");
    for (int p = 0; p < net->count && rc == ALEXNET_OK; p++)
        for (int64_t at = 0; at < net->params[p].count && rc == ALEXNET_OK; at += PIECE) {
            const int64_t left = net->params[p].count - at, n = left < PIECE ? left : PIECE;
            rc = an_net_read_part(net, AN_VALUES, p, at, n, block, AN_F32);
            hash = an_hash_number(hash, (int64_t)an_hash_bytes(block, (size_t)n * sizeof *block));
        }
    an_free(block);
    if (rc == ALEXNET_OK)
        *out = hash;
    return rc;
}

alexnet_status an_model_fingerprint(const alexnet_model *model, uint64_t *out)
{
    AN_CHECK(an_model_hash(model, out));
    *out = an_lpips_hash(*out, &model->net->lpips);
    return ALEXNET_OK;
}

alexnet_status an_model_values(alexnet_model *model, int param, const float **data)
{
    alexnet_status rc = ALEXNET_OK;
    size_t bytes = (size_t)model->net->params[param].count * sizeof(float);
    pthread_mutex_lock(&model->lock);
    if (!model->host[param]) {
        float *copy = an_malloc(bytes);
        rc = copy ? an_net_read(model->net, AN_VALUES, param, copy, AN_F32)
                  : AN_FAIL_MEMORY(bytes, model->net->params[param].name);
        if (rc == ALEXNET_OK)
            model->host[param] = copy;
        else
            an_free(copy);
    }
    *data = model->host[param];
    pthread_mutex_unlock(&model->lock);
    return rc;
}
