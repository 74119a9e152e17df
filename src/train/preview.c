#include "train/preview.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "infer/runner.h"
#include "train/init_from.h"
#include "train/mean.h"
#include "train/trainer.h"

/* What is needed while the pictures are drawn. */
typedef struct work {
    alexnet_ctx *ctx;
    alexnet_dataset *train;
    alexnet_recipe *recipe;
    an_net *net;
    an_program *program;
    an_loader *loader;
    uint32_t *order;
    an_batch batch;
    an_draws draws;
    uint8_t *black;     /* black pictures */
    float *seen, *dark; /* the network's input of the batch, and of black pictures */
    an_slot *bare;      /* the slots of a draw with their crops, otherwise unchanged */
} work;

static void end_work(work *w)
{
    an_loader_free(w->loader);
    an_program_free(w->program);
    an_net_release(w->net);
    an_recipe_free(w->recipe);
    an_dataset_release(w->train);
    an_free(w->order);
    an_free(w->black);
    an_free(w->seen);
    an_free(w->dark);
    an_free(w->bare);
}

/* A run computes the mean and the axes of the colours from all pictures. Here those of the pictures
 * that are shown take their place; the mean is a single colour. */
static alexnet_status stand_in(work *w, bool mean_wanted)
{
    const an_input *input = &w->net->network->input;
    const size_t values = (size_t)input->side * (size_t)input->side * 3;
    alexnet_status rc = ALEXNET_OK;
    an_moments moments;
    an_colour_stats colours;
    double axes[3][3];
    AN_CHECK(an_moments_new(&moments, input->side));
    an_moments_add(&moments, &w->batch);
    an_moments_axes(axes, &moments);
    if (an_recipe_choice(w->recipe, AN_KEY_COLOUR_AXES) == AN_AXES_DATA)
        an_draws_set_axes(&w->draws, input, axes);
    an_moments_colours(&colours, &moments);
    for (size_t i = 0; i < values; i++)
        moments.sums[i] = (uint64_t)rint(colours.mean[i % 3] * (double)moments.pictures);
    if (mean_wanted)
        rc = an_mean_store(&moments, w->net);
    an_moments_free(&moments);
    return rc;
}

static alexnet_status make_net(work *w, const alexnet_trainer_options *options, bool *has_mean)
{
    alexnet_network *network = NULL;
    an_classes classes = {0};
    alexnet_status rc;
    AN_TRY(an_trainer_choose_network(&network, w->ctx, options, w->train->classes));
    AN_TRY(an_net_new(&w->net, w->ctx, network, false));
    AN_TRY(an_net_write_mean(w->net));
    if (options->init_from) {
        AN_TRY(an_classes_copy(&classes, w->train->classes, w->train->class_ids,
                               w->train->class_names));
        AN_TRY(an_init_from(w->net, &classes, options->init_from, has_mean));
    }
cleanup:
    an_classes_free(&classes);
    an_network_release(network);
    return rc;
}

/* The order of the first epoch. */
static alexnet_status make_order(work *w)
{
    an_epoch_order order;
    const size_t bytes = (size_t)w->train->count * sizeof *w->order;
    w->order = an_malloc(bytes);
    if (!w->order)
        return AN_FAIL_MEMORY(bytes, "the order of an epoch");
    AN_CHECK(an_epoch_order_new(&order, w->recipe, w->train));
    an_epoch_order_make(&order, w->order, 0);
    an_epoch_order_free(&order);
    return ALEXNET_OK;
}

/* Load the first pictures of a run's first epoch, cut out as in `epoch`. */
static alexnet_status load(work *w, const alexnet_preview *p, uint64_t epoch)
{
    bool more;
    const an_pass pass = {.order = w->order,
                          .count = p->pictures,
                          .regions = an_draws_regions(&w->draws),
                          .epoch = epoch};
    AN_CHECK(an_loader_start_pass(w->loader, &pass));
    return an_loader_next(w->loader, w->ctx, &w->batch, &more);
}

static alexnet_status note_pictures(const work *w, alexnet_preview *p)
{
    for (int i = 0; i < p->pictures; i++) {
        const an_loaded *picture = &w->batch.pictures[i];
        p->samples[i] = picture->sample;
        if (picture->status == ALEXNET_OK)
            continue;
        p->errors[i] = an_strdup(picture->error);
        if (!p->errors[i])
            return AN_FAIL_MEMORY(strlen(picture->error), "an error's text");
    }
    return ALEXNET_OK;
}

static alexnet_status make_buffers(work *w, alexnet_preview *p)
{
    const alexnet_network *network = w->net->network;
    const size_t pictures = (size_t)p->pictures, cells = pictures * (size_t)p->draws;
    const size_t stored = (size_t)network->input.side * (size_t)network->input.side * 3;
    p->size = network->input.size;
    const size_t pixels = (size_t)p->size * (size_t)p->size * 3;
    p->rgb = an_calloc(cells, pixels);
    p->slots = an_calloc(cells, sizeof *p->slots);
    p->samples = an_calloc(pictures, sizeof *p->samples);
    p->errors = an_calloc(pictures, sizeof *p->errors);
    w->black = an_calloc(pictures, stored);
    w->seen = an_calloc(pictures, pixels * sizeof(float));
    w->dark = an_calloc(pictures, pixels * sizeof(float));
    w->bare = an_calloc(pictures, sizeof *w->bare);
    if (p->rgb && p->slots && p->samples && p->errors && w->black && w->seen && w->dark && w->bare)
        return ALEXNET_OK;
    return AN_FAIL_MEMORY((double)(cells * pixels + pictures * (stored + 8 * pixels)),
                          "the pictures of a preview");
}

static alexnet_status begin_work(work *w, alexnet_preview *p,
                                 const alexnet_trainer_options *options)
{
    const int input = AN_LAYER_INPUT;
    bool has_mean = false;
    if (options->recipe)
        AN_CHECK(an_recipe_copy(&w->recipe, options->recipe));
    else
        AN_CHECK(an_recipe_load(&w->recipe, "default"));
    AN_CHECK(make_net(w, options, &has_mean));
    const alexnet_network *network = w->net->network;
    AN_CHECK(an_recipe_check_layers(w->recipe, network));
    AN_CHECK(make_buffers(w, p));
    an_program_options purpose = {
        .slots = p->pictures, .pictures = p->pictures, .keep = &input, .n_keep = 1};
    AN_CHECK(an_program_compile(&w->program, w->net, &purpose));
    AN_CHECK(an_loader_new(&w->loader, w->train, an_fit_of(network), p->pictures, w->ctx->threads,
                           NULL));
    an_draws_make(&w->draws, w->recipe, &network->input);
    AN_CHECK(make_order(w));
    AN_CHECK(load(w, p, 0));
    AN_CHECK(note_pictures(w, p));
    return stand_in(w, an_mean_wanted(w->net) && !has_mean);
}

static alexnet_status see(work *w, float *input, const uint8_t *pixels, const an_slot *slots)
{
    const an_step_state state = {0};
    AN_CHECK(an_program_feed(w->program, pixels, slots, &state));
    AN_CHECK(an_program_run(w->program));
    return an_program_read(w->program, AN_LAYER_INPUT, input);
}

/* The channel of the network's input that shows R, G or B. */
static int channel_of(an_channels channels, int colour)
{
    return channels == AN_CHANNELS_GREY ? 0 : channels == AN_CHANNELS_BGR ? 2 - colour : colour;
}

/* Convert the input back to grey levels: subtract the input of a black picture in the same place,
 * and divide by the scale. What colour noise and mixing have added is kept. */
static void to_rgb(const work *w, const alexnet_preview *p, int picture, uint8_t *rgb)
{
    const an_input *input = &w->net->network->input;
    const an_channels channels = (an_channels)input->channels;
    const int64_t area = (int64_t)p->size * p->size;
    for (int colour = 0; colour < 3; colour++) {
        const int c = channel_of(channels, colour);
        const int64_t plane = ((int64_t)picture * an_channel_count(channels) + c) * area;
        const double scale = input->scale[c] == 0 ? 1 : input->scale[c];
        for (int64_t i = 0; i < area; i++) {
            double level = ((double)w->seen[plane + i] - (double)w->dark[plane + i]) / scale;
            rgb[3 * i + colour] = (uint8_t)(level > 0 ? fmin(rint(level), 255) : 0);
        }
    }
}

static alexnet_status draw(work *w, alexnet_preview *p, int number)
{
    an_slot *slots = p->slots + (size_t)number * (size_t)p->pictures;
    const size_t bytes = (size_t)p->size * (size_t)p->size * 3;
    AN_CHECK(an_compute_check(w->ctx));
    AN_CHECK(load(w, p, (uint64_t)number));
    an_draws_slots(&w->draws, slots, p->pictures, &w->batch, (uint64_t)number);
    for (int i = 0; i < p->pictures; i++) {
        w->bare[i] = slots[i];
        an_slot_unchanged(&w->bare[i]);
    }
    AN_CHECK(see(w, w->seen, w->batch.pixels, slots));
    AN_CHECK(see(w, w->dark, w->black, w->bare));
    for (int i = 0; i < p->pictures; i++)
        if (slots[i].picture >= 0)
            to_rgb(w, p, i, p->rgb + ((size_t)number * (size_t)p->pictures + (size_t)i) * bytes);
    return ALEXNET_OK;
}

alexnet_status an_preview_new(alexnet_preview **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                              const alexnet_trainer_options *options, int pictures, int draws)
{
    work w = {.ctx = ctx, .train = an_dataset_retain((alexnet_dataset *)train)};
    alexnet_status rc = ALEXNET_OK;
    alexnet_preview *p = an_calloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        AN_TRY(AN_FAIL_MEMORY(sizeof *p, "a preview"));
    p->pictures = train->count < pictures ? (int)train->count : pictures;
    p->draws = draws;
    AN_TRY(begin_work(&w, p, options));
    for (int i = 0; i < draws; i++)
        AN_TRY(draw(&w, p, i));
    *out = p;
    p = NULL;
cleanup:
    an_preview_free(p);
    end_work(&w);
    return rc;
}

void an_preview_free(alexnet_preview *p)
{
    if (!p)
        return;
    for (int i = 0; p->errors && i < p->pictures; i++)
        an_free(p->errors[i]);
    an_free(p->errors);
    an_free(p->samples);
    an_free(p->slots);
    an_free(p->rgb);
    an_free(p);
}
