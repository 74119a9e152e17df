#include "infer/distance.h"

#include "api/options.h"
#include "base/status.h"
#include "model/model.h"

enum { SIDE_MAX = 4096 };

static const char in_memory[] = "picture in memory";

alexnet_status alexnet_model_set_lpips(alexnet_model *model, const char *path)
{
    an_lpips lpips;
    AN_NEED(model);
    AN_NEED(path);
    AN_CHECK(an_lpips_load(&lpips, model->ctx, path));
    alexnet_status rc = an_distance_suits(model->net, &lpips);
    if (rc != ALEXNET_OK) {
        an_lpips_free(&lpips);
        return rc;
    }
    an_lpips_free(&model->net->lpips);
    model->net->lpips = lpips;
    return ALEXNET_OK;
}

alexnet_status alexnet_distance_new(alexnet_distance **out, alexnet_model *model,
                                    const alexnet_distance_options *options)
{
    AN_NEED(out);
    alexnet_distance_options o = ALEXNET_DISTANCE_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(model);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    AN_CHECK(an_check_number("side", o.side, 0, SIDE_MAX));
    return an_distance_new(out, model->net, o.lpips, o.side);
}

void alexnet_distance_free(alexnet_distance *distance)
{
    an_distance_free(distance);
}

int alexnet_distance_part_count(const alexnet_distance *distance)
{
    return distance ? distance->lpips->count : 0;
}

const char *alexnet_distance_part_name(const alexnet_distance *distance, int index)
{
    if (!distance || index < 0 || index >= distance->lpips->count)
        return NULL;
    return distance->net->network->layers[distance->layers[index]].name;
}

/* ---- Pictures ---- */

/* Compute a picture's features, and free the picture. */
static alexnet_status look(alexnet_distance_picture **out, alexnet_distance *distance,
                           alexnet_status read, an_picture *picture, const char *name)
{
    AN_CHECK(read);
    alexnet_status rc = an_distance_look_at(out, distance, picture, name);
    an_picture_free(picture);
    return rc;
}

alexnet_status alexnet_distance_picture_file(alexnet_distance_picture **out,
                                             alexnet_distance *distance, const char *path)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(distance);
    AN_NEED(path);
    an_picture picture;
    alexnet_status read = an_fit_read(&picture, distance->fit, distance->net->ctx, path);
    return look(out, distance, read, &picture, path);
}

alexnet_status alexnet_distance_picture_bytes(alexnet_distance_picture **out,
                                              alexnet_distance *distance, const void *bytes,
                                              size_t length)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(distance);
    AN_NEED(bytes);
    an_picture picture;
    alexnet_status read =
        an_fit_decode(&picture, distance->fit, distance->net->ctx, bytes, length, in_memory);
    return look(out, distance, read, &picture, in_memory);
}

alexnet_status alexnet_distance_picture_pixels(alexnet_distance_picture **out,
                                               alexnet_distance *distance,
                                               const alexnet_pixels *pixels)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(distance);
    AN_NEED(pixels);
    an_picture picture;
    alexnet_status read = an_picture_from_pixels(&picture, pixels);
    const an_target target = an_fit_target(&distance->fit, distance->net->ctx);
    if (read == ALEXNET_OK)
        read = an_picture_resize_for(&picture, &target, in_memory);
    return look(out, distance, read, &picture, in_memory);
}

alexnet_status alexnet_distance_picture_levels(alexnet_distance_picture **out,
                                               alexnet_distance *distance, const float *levels,
                                               int height, int width)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(distance);
    AN_NEED(levels);
    if (height < 1 || width < 1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "a picture of %d x %d pixels", width,
                       height);
    AN_CHECK(an_distance_check_levels(levels, height, width, in_memory));
    return an_distance_look(out, distance, levels, height, width, in_memory);
}

int alexnet_distance_picture_width(const alexnet_distance_picture *picture)
{
    return picture ? picture->columns : 0;
}

int alexnet_distance_picture_height(const alexnet_distance_picture *picture)
{
    return picture ? picture->rows : 0;
}

size_t alexnet_distance_picture_memory(const alexnet_distance_picture *picture)
{
    return picture ? picture->bytes : 0;
}

void alexnet_distance_picture_free(alexnet_distance_picture *picture)
{
    an_distance_picture_free(picture);
}

/* ---- Many pictures ---- */

alexnet_status alexnet_distance_stream_new(alexnet_distance_stream **out,
                                           alexnet_distance *distance,
                                           const alexnet_dataset *dataset, const uint32_t *order,
                                           int64_t count)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(distance);
    AN_NEED(dataset);
    if (order)
        AN_CHECK(an_check_number("count", count, 0, INT64_MAX));
    return an_distance_stream_new(out, distance, dataset, order, count);
}

alexnet_status alexnet_distance_stream_next(alexnet_distance_stream *stream,
                                            alexnet_distance_result *result, bool *more)
{
    AN_NEED(stream);
    AN_NEED(result);
    AN_NEED(more);
    return an_distance_stream_next(stream, result, more);
}

void alexnet_distance_stream_free(alexnet_distance_stream *stream)
{
    an_distance_stream_free(stream);
}

/* ---- Distances ---- */

alexnet_status alexnet_distance_between(alexnet_distance *distance,
                                        const alexnet_distance_picture *a,
                                        const alexnet_distance_picture *b, double *value,
                                        double *parts, float *gradient)
{
    AN_NEED(distance);
    AN_NEED(a);
    AN_NEED(b);
    return an_distance_between(distance, a, b, value, parts, gradient);
}

alexnet_status alexnet_distance_files(alexnet_distance *distance, const char *a, const char *b,
                                      double *value, double *parts)
{
    alexnet_distance_picture *first = NULL, *second = NULL;
    AN_NEED(distance);
    AN_NEED(a);
    AN_NEED(b);
    alexnet_status rc = alexnet_distance_picture_file(&first, distance, a);
    if (rc == ALEXNET_OK)
        rc = alexnet_distance_picture_file(&second, distance, b);
    if (rc == ALEXNET_OK)
        rc = an_distance_between(distance, first, second, value, parts, NULL);
    an_distance_picture_free(first);
    an_distance_picture_free(second);
    return rc;
}
