#include "infer/patches.h"

#include <math.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/loader/bad_pictures.h"
#include "infer/centre.h"
#include "infer/runner.h"
#include "infer/views.h"

static alexnet_status make_buffers(an_patches *p)
{
    const size_t batch = (size_t)p->batch, size = (size_t)p->net->network->input.size;
    p->slots = an_calloc(batch, sizeof *p->slots);
    p->best = an_calloc((size_t)p->count, sizeof *p->best);
    if (!p->slots || !p->best)
        return AN_FAIL_MEMORY(batch * sizeof *p->slots, "a search for patches");
    for (int i = 0; i < p->count; i++) {
        p->best[i].pixels = an_calloc(size * size, 3);
        if (!p->best[i].pixels)
            return AN_FAIL_MEMORY(size * size * 3, "a picture");
    }
    return ALEXNET_OK;
}

static alexnet_status compute(void *self, const uint8_t *pixels, int count, float *outputs)
{
    an_patches *p = self;
    const an_input *input = &p->net->network->input;
    const an_step_state state = {0};
    for (int i = 0; i < p->batch; i++) {
        an_view_place(&p->slots[i], input->side, input->size, AN_VIEW_CENTRE);
        p->slots[i].picture = i < count ? i : -1;
        p->slots[i].label = -1;
    }
    AN_CHECK(an_program_feed(p->program, pixels, p->slots, &state));
    AN_CHECK(an_program_run(p->program));
    return an_program_read(p->program, p->layer, outputs);
}

static alexnet_status start(an_patches *p, const alexnet_dataset *dataset)
{
    const an_loader_memory memory = an_net_loader_memory(p->net);
    const an_row_maker maker = {.fit = an_fit_of(p->net->network),
                                .batch = p->batch,
                                .length = an_chw_count(p->shape),
                                .compute = compute,
                                .self = p};
    return an_row_pass_start(&p->pass, p->net->ctx, dataset, &maker, &memory, &(an_pass){0});
}

alexnet_status an_patches_new(an_patches **out, an_net *net, const alexnet_dataset *dataset,
                              const alexnet_patches_options *options)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_patches *p = an_calloc(1, sizeof *p);
    if (!p)
        return AN_FAIL_MEMORY(sizeof *p, "a search for patches");
    const an_graph *graph = &net->network->graph;
    p->net = an_net_retain(net);
    p->layer = options->layer;
    p->channel = options->channel;
    p->count = options->count;
    p->batch = options->batch < dataset->count ? options->batch
               : dataset->count                ? (int)dataset->count
                                               : 1;
    p->shape = graph->nodes[graph->layer_node[p->layer]].desc.out;
    AN_TRY(make_buffers(p));
    an_program_options purpose = {
        .slots = p->batch, .pictures = p->batch, .keep = &p->layer, .n_keep = 1};
    AN_TRY(an_program_compile(&p->program, net, &purpose));
    AN_TRY(an_program_pack(p->program));
    AN_TRY(start(p, dataset));
    *out = p;
    p = NULL;
cleanup:
    an_patches_free(p);
    return rc;
}

void an_patches_free(an_patches *p)
{
    if (!p)
        return;
    an_row_pass_end(&p->pass);
    an_program_free(p->program);
    for (int i = 0; p->best && i < p->count; i++)
        an_free(p->best[i].pixels);
    an_free(p->best);
    an_free(p->slots);
    an_net_release(p->net);
    an_free(p);
}

/* The largest value of the channel in a picture of the batch; of equal ones the first in row order.
 */
static alexnet_status find_largest(const an_patches *p, const float *outputs, const char *name,
                                   an_found *out)
{
    const int plane = p->shape.h * p->shape.w;
    const float *map = outputs + (int64_t)p->channel * plane;
    int at = 0;
    for (int i = 0; i < plane; i++) {
        if (!isfinite(map[i]))
            return AN_FAIL(ALEXNET_ERROR_BAD_MODEL,
                           "%s: what the layer computes is not a number: the model's weights are "
                           "damaged, or too large",
                           name);
        if (map[i] > map[at])
            at = i;
    }
    out->value = map[at];
    out->row = at / p->shape.w;
    out->column = at % p->shape.w;
    return ALEXNET_OK;
}

/* Insert a place into the best ones; of equal ones the earlier picture comes first. */
static void insert(an_patches *p, an_found found, const uint8_t *stored)
{
    int at = p->found;
    while (at > 0 && found.value > p->best[at - 1].value)
        at--;
    if (at == p->count)
        return;
    if (p->found < p->count)
        p->found++;
    found.pixels = p->best[p->found - 1].pixels;
    for (int i = p->found - 1; i > at; i--)
        p->best[i] = p->best[i - 1];
    an_centre_copy(found.pixels, p->net->network, stored);
    p->best[at] = found;
}

static alexnet_status take_picture(an_patches *p, int place)
{
    const size_t side = (size_t)p->net->network->input.side;
    const an_loaded *picture = &p->pass.batch.pictures[place];
    const float *outputs;
    an_found found = {.sample = picture->sample};
    AN_CHECK(an_row_pass_row(&p->pass, place, &outputs));
    if (!outputs) {
        p->skipped++;
        an_bad_picture_name(p->net->ctx, &p->named, picture->error, NULL);
        return ALEXNET_OK;
    }
    AN_CHECK(find_largest(p, outputs, p->pass.pictures->samples[picture->sample].name, &found));
    insert(p, found, p->pass.batch.pixels + (size_t)place * side * side * 3);
    return ALEXNET_OK;
}

alexnet_status an_patches_step(an_patches *p, bool *more)
{
    an_row_pass *pass = &p->pass;
    AN_CHECK(an_row_pass_fill(pass, more));
    for (; pass->taken < pass->batch.count; pass->taken++, p->done++)
        AN_CHECK(take_picture(p, pass->taken));
    *more = p->done < pass->pictures->count;
    return ALEXNET_OK;
}
