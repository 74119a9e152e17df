#include "infer/features.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "infer/runner.h"
#include "infer/views.h"

/* ---- What is asked for ---- */

static alexnet_status take_name(an_features *f, const char *name)
{
    const alexnet_network *network = f->model->net->network;
    an_feature *o = &f->outputs[f->count];
    if (strlen(name) > AN_FEATURE_NAME)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "a layer's name of %zu characters",
                       strlen(name));
    for (int i = 0; i < f->count; i++)
        if (strcmp(f->outputs[i].name, name) == 0)
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "layer %s is named twice", name);
    snprintf(o->name, sizeof o->name, "%s", name);
    AN_CHECK(an_place_find(&o->place, network, name));
    o->shape = o->given = an_place_shape(network, o->place);
    if (f->pool != ALEXNET_POOLING_NONE)
        o->given.h = o->given.w = 1;
    o->length = an_chw_count(o->given);
    o->offset = f->length;
    f->length += o->length;
    f->count++;
    return ALEXNET_OK;
}

static alexnet_status take_names(an_features *f, const alexnet_features_options *options)
{
    static const char *const standard[] = {"fc7"};
    const char *const *names = options->count ? options->layers : standard;
    const int count = options->count ? options->count : 1;
    f->outputs = an_calloc((size_t)count, sizeof *f->outputs);
    if (!f->outputs)
        return AN_FAIL_MEMORY((size_t)count * sizeof *f->outputs, "features");
    for (int i = 0; i < count; i++)
        AN_CHECK(take_name(f, names[i]));
    return ALEXNET_OK;
}

static alexnet_status make_buffers(an_features *f)
{
    const size_t slots = (size_t)f->batch * (size_t)f->views;
    const size_t side = (size_t)f->model->net->network->input.side;
    size_t largest = 0;
    for (int i = 0; i < f->count; i++) {
        size_t size = (size_t)an_chw_count(f->outputs[i].shape);
        largest = size > largest ? size : largest;
    }
    f->slots = an_calloc(slots, sizeof *f->slots);
    f->raw = an_calloc(slots, largest * sizeof *f->raw);
    f->sums = an_calloc(largest, sizeof *f->sums);
    f->pixels = an_calloc((size_t)f->batch, side * side * 3);
    if (f->slots && f->raw && f->sums && f->pixels)
        return ALEXNET_OK;
    return AN_FAIL_MEMORY(slots * largest * sizeof *f->raw, "features");
}

static alexnet_status compile(an_features *f)
{
    int *keep = an_calloc((size_t)f->count, sizeof *keep);
    if (!keep)
        return AN_FAIL_MEMORY((size_t)f->count * sizeof *keep, "features");
    for (int i = 0; i < f->count; i++)
        keep[i] = f->outputs[i].place;
    const an_program_options options = {
        .slots = f->batch * f->views, .pictures = f->batch, .keep = keep, .n_keep = f->count};
    alexnet_status rc = an_program_compile(&f->program, f->model->net, &options);
    an_free(keep);
    return rc;
}

alexnet_status an_features_new(an_features **out, alexnet_model *model,
                               const alexnet_features_options *options)
{
    alexnet_status rc;
    *out = NULL;
    an_features *f = an_calloc(1, sizeof *f);
    if (!f)
        return AN_FAIL_MEMORY(sizeof *f, "features");
    f->model = an_model_retain(model);
    f->batch = options->batch;
    f->views = options->views;
    f->pool = options->pool;
    AN_TRY(take_names(f, options));
    AN_TRY(compile(f));
    AN_TRY(an_program_pack(f->program));
    AN_TRY(make_buffers(f));
    *out = f;
    f = NULL;
cleanup:
    an_features_free(f);
    return rc;
}

void an_features_free(an_features *f)
{
    if (!f)
        return;
    an_program_free(f->program);
    an_model_release(f->model);
    an_free(f->outputs);
    an_free(f->slots);
    an_free(f->raw);
    an_free(f->sums);
    an_free(f->pixels);
    an_free(f);
}

/* ---- Computing ---- */

static void draw_slots(an_features *f, int count)
{
    const an_input *input = &f->model->net->network->input;
    for (int i = 0; i < f->batch; i++)
        for (int v = 0; v < f->views; v++) {
            an_slot *slot = &f->slots[i * f->views + v];
            an_view_place(slot, input->side, input->size, f->views == 1 ? AN_VIEW_CENTRE : v);
            slot->picture = i < count ? i : -1;
            slot->label = -1;
        }
}

/* Add one view to the sums: a map as it is, or its mean or its largest value. */
static void add_view(const an_features *f, const an_feature *o, const float *x)
{
    const int64_t plane = (int64_t)o->shape.h * o->shape.w;
    if (f->pool == ALEXNET_POOLING_NONE) {
        for (int64_t i = 0; i < o->length; i++)
            f->sums[i] += x[i];
        return;
    }
    for (int64_t c = 0; c < o->length; c++, x += plane) {
        double sum = 0, most = -INFINITY;
        for (int64_t i = 0; i < plane; i++) {
            sum += x[i];
            most = x[i] > most ? x[i] : most;
        }
        /* comparisons miss a NaN; the sum does not, and replaces the maximum if it is not finite */
        f->sums[c] += f->pool == ALEXNET_POOLING_MAX && isfinite(sum) ? most : sum / (double)plane;
    }
}

static void give_picture(const an_features *f, const an_feature *o, int picture, float *values)
{
    const int64_t size = an_chw_count(o->shape);
    memset(f->sums, 0, (size_t)o->length * sizeof *f->sums);
    for (int v = 0; v < f->views; v++)
        add_view(f, o, f->raw + ((int64_t)picture * f->views + v) * size);
    for (int64_t i = 0; i < o->length; i++)
        values[i] = (float)(f->sums[i] / f->views);
}

alexnet_status an_features_compute(an_features *f, const uint8_t *pixels, int count, float *rows)
{
    const an_step_state state = {0};
    AN_CHECK(an_compute_check(f->model->ctx));
    draw_slots(f, count);
    AN_CHECK(an_program_feed(f->program, pixels, f->slots, &state));
    AN_CHECK(an_program_run(f->program));
    for (int i = 0; i < f->count; i++) {
        const an_feature *o = &f->outputs[i];
        AN_CHECK(an_program_read(f->program, o->place, f->raw));
        for (int picture = 0; picture < count; picture++)
            give_picture(f, o, picture, rows + picture * f->length + o->offset);
    }
    return ALEXNET_OK;
}

alexnet_status an_features_check(const an_features *f, const float *values, const char *picture)
{
    for (int i = 0; i < f->count; i++) {
        const an_feature *o = &f->outputs[i];
        for (int64_t j = 0; j < o->length; j++)
            if (!isfinite(values[o->offset + j]))
                return AN_FAIL(ALEXNET_ERROR_BAD_MODEL,
                               "%s: value %lld of %s is not a number: the model's weights are "
                               "damaged, or too large",
                               picture, (long long)j, o->name);
    }
    return ALEXNET_OK;
}

alexnet_status an_features_picture(an_features *f, const an_picture *picture, const char *name,
                                   float *values)
{
    AN_CHECK(an_fit_picture(f->pixels, an_fit_of(f->model->net->network), picture));
    AN_CHECK(an_features_compute(f, f->pixels, 1, values));
    return an_features_check(f, values, name);
}

/* ---- Many pictures ---- */

static alexnet_status compute(void *self, const uint8_t *pixels, int count, float *rows)
{
    return an_features_compute(self, pixels, count, rows);
}

static alexnet_status check(void *self, const float *row, const char *picture)
{
    return an_features_check(self, row, picture);
}

an_row_maker an_features_maker(an_features *f)
{
    return (an_row_maker){.fit = an_fit_of(f->model->net->network),
                          .batch = f->batch,
                          .length = f->length,
                          .compute = compute,
                          .check = check,
                          .self = f};
}

alexnet_status an_feature_stream_new(an_feature_stream **out, an_features *features,
                                     const alexnet_dataset *dataset)
{
    const an_row_maker maker = an_features_maker(features);
    *out = NULL;
    an_feature_stream *s = an_calloc(1, sizeof *s);
    if (!s)
        return AN_FAIL_MEMORY(sizeof *s, "a stream");
    const alexnet_status rc =
        an_row_pass_start(&s->pass, features->model->ctx, dataset, &maker, NULL, &(an_pass){0});
    if (rc != ALEXNET_OK) {
        an_free(s);
        return rc;
    }
    *out = s;
    return ALEXNET_OK;
}

alexnet_status an_feature_stream_next(an_feature_stream *s, alexnet_feature_result *result,
                                      bool *more)
{
    const float *values;
    AN_CHECK(an_row_pass_fill(&s->pass, more));
    if (!*more)
        return ALEXNET_OK;
    const int i = s->pass.taken++;
    const an_loaded *picture = &s->pass.batch.pictures[i];
    AN_CHECK(an_row_pass_row(&s->pass, i, &values));
    *result = (alexnet_feature_result){s->pass.pictures->samples[picture->sample].name,
                                       picture->status, picture->error, values};
    return ALEXNET_OK;
}

void an_feature_stream_free(an_feature_stream *s)
{
    if (!s)
        return;
    an_row_pass_end(&s->pass);
    an_free(s);
}
