/*
 * Statistics as a file of tensors.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/safetensors.h"
#include "model/classes.h"
#include "train/data_stats.h"

static alexnet_status describe(an_tensor_writer *file, const alexnet_data_stats *s)
{
    char text[32];
    char *list = an_strings_to_json(s->data->class_ids, s->data->classes);
    alexnet_status rc = list ? an_tensor_writer_metadata(file, "classes", list)
                             : AN_FAIL_MEMORY(64, "the names of classes");
    an_free(list);
    AN_CHECK(rc);
    AN_CHECK(an_tensor_writer_metadata(file, "alexnet.statistics", "1"));
    snprintf(text, sizeof text, "%lld", (long long)s->result.pictures);
    AN_CHECK(an_tensor_writer_metadata(file, "pictures", text));
    return an_tensor_writer_metadata(file, "resize", s->fit.rule == AN_FIT_WARP ? "warp" : "short");
}

static alexnet_status declare(an_tensor_writer *file, const alexnet_data_stats *s)
{
    const int side = s->fit.side;
    AN_CHECK(
        an_tensor_writer_declare(file, "class.pictures", AN_I64, an_shape_of(1, s->data->classes)));
    AN_CHECK(an_tensor_writer_declare(file, "colour.mean", AN_F64, an_shape_of(1, 3)));
    AN_CHECK(an_tensor_writer_declare(file, "colour.covariance", AN_F64, an_shape_of(2, 3, 3)));
    AN_CHECK(an_tensor_writer_declare(file, "colour.eigenvalues", AN_F64, an_shape_of(1, 3)));
    AN_CHECK(an_tensor_writer_declare(file, "colour.eigenvectors", AN_F64, an_shape_of(2, 3, 3)));
    return an_tensor_writer_declare(file, "input.mean", AN_F32, an_shape_of(3, 3, side, side));
}

static alexnet_status put_mean(an_tensor_writer *file, const alexnet_data_stats *s)
{
    const size_t area = (size_t)s->fit.side * (size_t)s->fit.side;
    float *planes = an_calloc(3 * area, sizeof *planes);
    if (!planes)
        return AN_FAIL_MEMORY(3 * area * sizeof *planes, "the mean image");
    for (size_t i = 0; i < 3 * area; i++)
        planes[i % 3 * area + i / 3] = (float)s->mean_image[i];
    alexnet_status rc = an_tensor_writer_data(file, planes, 3 * area * sizeof *planes);
    an_free(planes);
    return rc;
}

static alexnet_status put(an_tensor_writer *file, const alexnet_data_stats *s)
{
    const an_colour_stats *c = &s->colours;
    AN_CHECK(describe(file, s));
    AN_CHECK(declare(file, s));
    AN_CHECK(
        an_tensor_writer_data(file, s->by_class, (size_t)s->data->classes * sizeof *s->by_class));
    AN_CHECK(an_tensor_writer_data(file, c->mean, sizeof c->mean));
    AN_CHECK(an_tensor_writer_data(file, c->covariance, sizeof c->covariance));
    AN_CHECK(an_tensor_writer_data(file, c->eigenvalues, sizeof c->eigenvalues));
    AN_CHECK(an_tensor_writer_data(file, c->eigenvectors, sizeof c->eigenvectors));
    return put_mean(file, s);
}

alexnet_status an_data_stats_save(const alexnet_data_stats *s, const char *path)
{
    an_tensor_writer *file;
    if (!s->done)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "statistics cannot be saved before all pictures are counted");
    AN_CHECK(an_tensor_writer_new(&file, path));
    alexnet_status rc = put(file, s);
    if (rc == ALEXNET_OK)
        return an_tensor_writer_commit(file);
    an_tensor_writer_abort(file);
    return rc;
}
