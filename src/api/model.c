#include "model/model.h"

#include <string.h>

#include "api/options.h"
#include "base/status.h"
#include "model/model_open.h"

alexnet_status alexnet_model_load(alexnet_model **out, alexnet_ctx *ctx, const char *path)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(path);
    return alexnet_model_load_with(out, ctx, path, NULL);
}

alexnet_status alexnet_model_load_with(alexnet_model **out, alexnet_ctx *ctx, const char *path,
                                       const alexnet_load_options *options)
{
    alexnet_load_options o = ALEXNET_LOAD_OPTIONS_INIT;
    an_reader *reader;
    AN_NEED(out);
    *out = NULL;
    AN_NEED(ctx);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    AN_NEED(path);
    AN_CHECK(an_model_file_reader(&reader, path));
    return an_model_load(out, ctx, reader,
                         &(an_model_options){.net = o.net, .mean = o.mean, .names = o.names_file});
}

alexnet_status alexnet_model_load_memory(alexnet_model **out, alexnet_ctx *ctx, const void *bytes,
                                         size_t length)
{
    AN_NEED(out);
    an_reader *reader;
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(bytes);
    AN_CHECK(an_reader_memory(&reader, "model in memory", bytes, length));
    return an_model_load(out, ctx, reader, NULL);
}

void alexnet_model_free(alexnet_model *model)
{
    an_model_release(model);
}

const alexnet_network *alexnet_model_network(const alexnet_model *model)
{
    if (!model)
        return NULL;
    return model->net->network;
}

int alexnet_model_class_count(const alexnet_model *model)
{
    if (!model)
        return 0;
    return model->classes.count;
}

const char *alexnet_model_class_name(const alexnet_model *model, int index)
{
    return model && index >= 0 && index < model->classes.count ? model->classes.names[index] : NULL;
}

const char *alexnet_model_class_id(const alexnet_model *model, int index)
{
    return model && index >= 0 && index < model->classes.count ? model->classes.ids[index] : NULL;
}

const char *alexnet_model_format(const alexnet_model *model)
{
    return model ? model->format : NULL;
}

const char *alexnet_model_format_version(const alexnet_model *model)
{
    return model ? model->version : NULL;
}

const char *alexnet_model_provenance(const alexnet_model *model)
{
    return model ? model->provenance : NULL;
}

alexnet_status alexnet_model_fingerprint(const alexnet_model *model, uint64_t *fingerprint)
{
    AN_NEED(model);
    AN_NEED(fingerprint);
    return an_model_fingerprint(model, fingerprint);
}

int alexnet_model_tensor_count(const alexnet_model *model)
{
    if (!model)
        return 0;
    return model->net->count;
}

alexnet_status alexnet_model_tensor(const alexnet_model *model, int index,
                                    alexnet_tensor_info *info)
{
    AN_NEED(model);
    AN_NEED(info);
    memset(info, 0, sizeof *info);
    if (index < 0 || index >= model->net->count)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "tensor %d of a model with %d", index,
                       model->net->count);
    const an_param *param = &model->net->params[index];
    info->name = param->name;
    info->rank = param->shape.rank;
    memcpy(info->shape, param->shape.dim, sizeof info->shape);
    return an_model_values((alexnet_model *)model, index, &info->data);
}
