#include "infer/runner.h"

#include "base/alloc.h"
#include "base/status.h"
#include "infer/metrics.h"
#include "infer/views.h"

an_fit an_fit_of(const alexnet_network *network)
{
    return (an_fit){network->input.resize ? AN_FIT_WARP : AN_FIT_SHORT, network->input.side,
                    network->input.decode == 1};
}

static alexnet_status make_buffers(an_runner *r)
{
    size_t slots = (size_t)r->batch * (size_t)r->views, classes = (size_t)r->classes;
    r->slots = an_calloc(slots, sizeof *r->slots);
    r->all = an_calloc(r->views > 1 ? slots * classes : 1, sizeof *r->all);
    r->probabilities = an_calloc((size_t)r->batch * classes, sizeof *r->probabilities);
    r->scores = an_calloc((size_t)r->batch, sizeof *r->scores);
    r->order = an_calloc(classes, sizeof *r->order);
    r->pixels = an_calloc((size_t)r->batch, (size_t)r->side * (size_t)r->side * 3);
    if (r->slots && r->all && r->probabilities && r->scores && r->order && r->pixels)
        return ALEXNET_OK;
    return AN_FAIL_MEMORY(slots * classes * sizeof(float), "results");
}

alexnet_status an_runner_new(an_runner **out, an_net *net, int batch, int views)
{
    return an_runner_new_of(out, net, AN_VALUES, batch, views);
}

alexnet_status an_runner_new_of(an_runner **out, an_net *net, an_arena values, int batch, int views)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_runner *r = an_calloc(1, sizeof *r);
    if (!r)
        return AN_FAIL_MEMORY(sizeof *r, "a session");
    *r = (an_runner){.batch = batch,
                     .views = views,
                     .classes = net->network->classes,
                     .side = net->network->input.side,
                     .crop = net->network->input.size,
                     .fit = an_fit_of(net->network),
                     .memory = an_net_loader_memory(net)};
    AN_TRY(make_buffers(r));
    an_program_options options = an_program_inference(batch * views, batch);
    options.values = values;
    AN_TRY(an_program_compile(&r->program, net, &options));
    AN_TRY(an_program_pack(r->program));
    *out = r;
    r = NULL;
cleanup:
    an_runner_free(r);
    return rc;
}

void an_runner_free(an_runner *r)
{
    if (!r)
        return;
    an_program_free(r->program);
    an_free(r->slots);
    an_free(r->all);
    an_free(r->probabilities);
    an_free(r->scores);
    an_free(r->order);
    an_free(r->pixels);
    an_free(r);
}

alexnet_status an_runner_refresh(an_runner *r)
{
    return an_program_pack(r->program);
}

static void draw_slots(an_runner *r, const int *labels, int count)
{
    for (int i = 0; i < r->batch; i++)
        for (int v = 0; v < r->views; v++) {
            an_slot *slot = &r->slots[i * r->views + v];
            an_view_place(slot, r->side, r->crop, r->views == 1 ? AN_VIEW_CENTRE : v);
            slot->picture = i < count ? i : -1;
            slot->label = i < count && labels ? labels[i] : -1;
        }
}

/* Probabilities are averaged over the views, not logits (paper section 4.1). */
static void average_views(an_runner *r, const int *labels, int count)
{
    for (int i = 0; i < count; i++) {
        float *mean = r->probabilities + (size_t)i * (size_t)r->classes;
        const float *views = r->all + (size_t)i * (size_t)r->views * (size_t)r->classes;
        for (int c = 0; c < r->classes; c++) {
            double sum = 0;
            for (int v = 0; v < r->views; v++)
                sum += views[(size_t)v * (size_t)r->classes + (size_t)c];
            mean[c] = (float)(sum / r->views);
        }
        if (labels)
            r->scores[i] = an_score_mean(mean, r->classes, labels[i]);
    }
}

alexnet_status an_runner_compute(an_runner *r, const uint8_t *pixels, const int *labels, int count,
                                 bool probabilities)
{
    an_step_state state = {0};
    draw_slots(r, labels, count);
    AN_CHECK(an_program_feed(r->program, pixels, r->slots, &state));
    AN_CHECK(an_program_run(r->program));
    if (r->views > 1) {
        AN_CHECK(an_program_read(r->program, AN_LAYER_LAST, r->all));
        average_views(r, labels, count);
        return ALEXNET_OK;
    }
    if (labels) /* reading them costs a device a round trip */
        AN_CHECK(an_program_scores(r->program, r->scores));
    return probabilities ? an_program_read(r->program, AN_LAYER_LAST, r->probabilities)
                         : ALEXNET_OK;
}
