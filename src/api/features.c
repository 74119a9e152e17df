#include "infer/features.h"

#include "api/options.h"
#include "base/status.h"
#include "infer/runner.h"

enum { COUNT_MAX = 2 * AN_LAYERS_MAX };

static const char in_memory[] = "picture in memory";

static alexnet_status check_options(const alexnet_features_options *o)
{
    AN_CHECK(an_check_number("count", o->count, 0, COUNT_MAX));
    if (o->count > 0 && !o->layers)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "count = %d, but layers is NULL", o->count);
    if (o->count == 0 && o->layers)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "count = 0, but layers is set");
    for (int i = 0; i < o->count; i++)
        if (!o->layers[i])
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "layers[%d] is NULL", i);
    AN_CHECK(an_check_number("batch", o->batch, 1, AN_BATCH_MAX));
    if (o->views != 1 && o->views != 10)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "views = %d: expected 1 or 10", o->views);
    AN_CHECK(an_check_number("pool", (int)o->pool, ALEXNET_POOLING_NONE, ALEXNET_POOLING_MAX));
    return ALEXNET_OK;
}

alexnet_status alexnet_features_new(alexnet_features **out, alexnet_model *model,
                                    const alexnet_features_options *options)
{
    AN_NEED(out);
    alexnet_features_options o = ALEXNET_FEATURES_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(model);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    AN_CHECK(check_options(&o));
    return an_features_new(out, model, &o);
}

void alexnet_features_free(alexnet_features *features)
{
    an_features_free(features);
}

int64_t alexnet_features_length(const alexnet_features *features)
{
    return features ? features->length : 0;
}

bool alexnet_features_get(const alexnet_features *features, int index, alexnet_feature_info *info)
{
    if (!features || !info || index < 0 || index >= features->count)
        return false;
    const an_feature *o = &features->outputs[index];
    *info =
        (alexnet_feature_info){o->name, {o->given.c, o->given.h, o->given.w}, o->length, o->offset};
    return true;
}

static an_fit fit_of(const alexnet_features *features)
{
    return an_fit_of(features->model->net->network);
}

/* Compute a picture and free it. */
static alexnet_status compute(alexnet_features *features, alexnet_status read, an_picture *picture,
                              const char *name, float *values)
{
    AN_CHECK(read);
    alexnet_status rc = an_features_picture(features, picture, name, values);
    an_picture_free(picture);
    return rc;
}

alexnet_status alexnet_features_file(alexnet_features *features, const char *path, float *values)
{
    AN_NEED(features);
    AN_NEED(path);
    AN_NEED(values);
    an_picture picture;
    alexnet_status read = an_fit_read(&picture, fit_of(features), features->model->ctx, path);
    return compute(features, read, &picture, path, values);
}

alexnet_status alexnet_features_bytes(alexnet_features *features, const void *bytes, size_t length,
                                      float *values)
{
    AN_NEED(features);
    AN_NEED(bytes);
    AN_NEED(values);
    an_picture picture;
    alexnet_status read =
        an_fit_decode(&picture, fit_of(features), features->model->ctx, bytes, length, in_memory);
    return compute(features, read, &picture, in_memory, values);
}

alexnet_status alexnet_features_pixels(alexnet_features *features, const alexnet_pixels *pixels,
                                       float *values)
{
    AN_NEED(features);
    AN_NEED(pixels);
    AN_NEED(values);
    an_picture picture;
    alexnet_status read = an_picture_from_pixels(&picture, pixels);
    return compute(features, read, &picture, in_memory, values);
}

alexnet_status alexnet_feature_stream_new(alexnet_feature_stream **out, alexnet_features *features,
                                          const alexnet_dataset *dataset)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(features);
    AN_NEED(dataset);
    return an_feature_stream_new(out, features, dataset);
}

alexnet_status alexnet_feature_stream_next(alexnet_feature_stream *stream,
                                           alexnet_feature_result *result, bool *more)
{
    AN_NEED(stream);
    AN_NEED(result);
    AN_NEED(more);
    return an_feature_stream_next(stream, result, more);
}

void alexnet_feature_stream_free(alexnet_feature_stream *stream)
{
    an_feature_stream_free(stream);
}
