#include "speed/bench.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"
#include "base/team.h"
#include "data/loader/crop.h"
#include "model/program/room.h"
#include "train/init.h"

enum { SEED = 1 };

/* Runs until all that follow are replayed: the first is never recorded, then each buffer's is. */
enum { UNTIL_REPLAYED = 3 };

/* Not 0, which would skip the update, but low enough that random labels do no harm. */
static const an_rates RATES = {.rate = 1e-6, .decay = 5e-4, .momentum = 0.9};

/* ---- Making ---------------------------------------------------------------------------------- */

static alexnet_status make_net(alexnet_bench *b, const char *name, const char *tuning)
{
    alexnet_status rc;
    alexnet_network *network = NULL;
    alexnet_recipe *recipe = NULL;
    AN_TRY(an_network_load(&network, name, 0));
    an_device_defaults defaults = {.precision = ALEXNET_PRECISION_AUTO, .tuning = tuning};
    AN_TRY(an_net_new_as(&b->net, b->ctx, network, b->mode == ALEXNET_BENCH_TRAIN, &defaults));
    const an_backend *be = b->net->backend;
    b->device = be->info;
    AN_TRY(an_recipe_load(&recipe, "default"));
    AN_TRY(an_init_weights(b->net, recipe));
cleanup:
    an_recipe_free(recipe);
    an_network_release(network);
    return rc;
}

static an_program_options purpose(const alexnet_bench *b, int batch)
{
    const bool training = b->mode == ALEXNET_BENCH_TRAIN;
    an_program_options options =
        training ? an_program_training(batch, b->ctx->split) : an_program_inference(batch, batch);
    options.batches = training && b->net->backend->api->copy_ahead ? 2 : 1; /* as a trainer's */
    return options;
}

/* On the host the weights are allocated already, and pictures are kept twice. */
static alexnet_status need(const void *user, int batch, bool own, uint64_t *bytes)
{
    const alexnet_bench *b = user;
    an_program_memory m;
    const an_program_options options = purpose(b, batch);
    AN_CHECK(an_program_measure(&m, b->net, &options));
    const uint64_t arenas = (uint64_t)(own ? b->net->n_arenas : b->net->n_arenas - 1);
    *bytes = arenas * b->net->bytes + m.activations + m.scratch + m.packed +
             (own ? 1 : 2) * (uint64_t)m.batch;
    return ALEXNET_OK;
}

/* Without this, memory that is mapped lazily could end the process at its first step. */
static alexnet_status check_memory(const alexnet_bench *b)
{
    static const double GIB = 1 << 30;
    an_room room;
    char largest[64];
    AN_CHECK(an_room_find(&room, b->net, b->net->n_arenas - 1, need, b, b->batch));
    if (room.largest == b->batch)
        return ALEXNET_OK;
    an_room_text(largest, sizeof largest, &room);
    return AN_FAIL(ALEXNET_ERROR_NO_MEMORY,
                   "out of memory: %s needs %.2f GiB with batches of %d, and %s has %.2f GiB "
                   "available; %s",
                   b->net->network->name, (double)room.bytes / GIB, b->batch,
                   room.own ? b->net->backend->api->name : "this process",
                   (double)room.available / GIB, largest);
}

static alexnet_status make_program(alexnet_bench *b)
{
    const an_program_options options = purpose(b, b->batch);
    AN_CHECK(check_memory(b));
    AN_CHECK(an_program_compile(&b->program, b->net, &options));
    return an_program_pack(b->program);
}

static alexnet_status set_rates(alexnet_bench *b)
{
    size_t count = (size_t)an_program_learned(b->program);
    if (!count)
        return ALEXNET_OK;
    an_rates *rates = an_calloc(count, sizeof *rates);
    if (!rates)
        return AN_FAIL_MEMORY(count * sizeof *rates, "learning rates");
    for (size_t i = 0; i < count; i++)
        rates[i] = RATES;
    an_program_set_rates(b->program, rates);
    an_free(rates);
    return ALEXNET_OK;
}

static alexnet_status make_buffers(alexnet_bench *b)
{
    const alexnet_network *network = b->net->network;
    size_t batch = (size_t)b->batch, steps = (size_t)b->steps, side = (size_t)network->input.side;
    b->parts = an_program_steps(b->program);
    size_t parts = (size_t)b->parts, classes = (size_t)network->classes;
    b->pixel_memory = an_net_loader_memory(b->net);
    b->pixel_bytes = batch * side * side * 3;
    AN_CHECK(b->pixel_memory.alloc(b->pixel_memory.user, b->pixel_bytes, (void **)&b->pixels));
    b->slots = an_calloc(batch, sizeof *b->slots);
    b->probabilities = an_calloc(batch * classes, sizeof *b->probabilities);
    b->whole = an_calloc(steps, sizeof *b->whole);
    b->sorted = an_calloc(steps, sizeof *b->sorted);
    b->part_seconds = an_calloc(steps * parts, sizeof *b->part_seconds);
    b->medians = an_calloc(parts, sizeof *b->medians);
    b->part_info = an_calloc(parts, sizeof *b->part_info);
    if (!b->slots || !b->probabilities || !b->whole || !b->sorted || !b->part_seconds ||
        !b->medians || !b->part_info)
        return AN_FAIL_MEMORY(steps * parts * sizeof *b->part_seconds, "a measurement of speed");
    for (int i = 0; i < b->parts; i++)
        an_program_step(b->program, i, &b->part_info[i]);
    return ALEXNET_OK;
}

static void draw_batch(alexnet_bench *b)
{
    const an_input *input = &b->net->network->input;
    an_crop_rule rule = {.side = input->side,
                         .crop = input->size,
                         .random_crop = true,
                         .mirror = true,
                         .seed = SEED};
    size_t bytes = (size_t)b->batch * (size_t)input->side * (size_t)input->side * 3;
    for (size_t i = 0; i < bytes; i += 16) {
        an_random4 r = an_random(SEED, AN_PURPOSE_TEST, 0, i / 16, 0);
        memcpy(b->pixels + i, r.v, bytes - i < 16 ? bytes - i : 16);
    }
    for (int i = 0; i < b->batch; i++) {
        an_random4 r = an_random(SEED, AN_PURPOSE_TEST, 0, (uint64_t)i, 1);
        an_crop_draw(&b->slots[i], &rule, 0, (uint64_t)i);
        b->slots[i].picture = i;
        b->slots[i].weight = 1;
        b->slots[i].label = (int32_t)an_below(r.v[0], (uint32_t)b->net->network->classes);
    }
}

static alexnet_status measure_peak(alexnet_bench *b, alexnet_precision precision, an_peak *out)
{
    an_backend *be = b->net->backend;
    *out = (an_peak){.with = ""};
    if (!be->api->peak)
        return ALEXNET_OK;
    alexnet_status rc = be->api->peak(be, precision, out);
    return rc == ALEXNET_ERROR_NOT_AVAILABLE ? ALEXNET_OK : rc;
}

alexnet_status an_bench_measure_peaks(alexnet_bench *b)
{
    for (int p = ALEXNET_PRECISION_FP32; p <= ALEXNET_PRECISION_BF16; p++)
        AN_CHECK(measure_peak(b, (alexnet_precision)p, &b->peaks[p]));
    return ALEXNET_OK;
}

alexnet_status an_bench_new(alexnet_bench **out, alexnet_ctx *ctx,
                            const alexnet_bench_options *options, const char *tuning)
{
    alexnet_status rc;
    *out = NULL;
    alexnet_bench *b = an_calloc(1, sizeof *b);
    if (!b)
        return AN_FAIL_MEMORY(sizeof *b, "a measurement of speed");
    b->ctx = an_ctx_retain(ctx);
    b->mode = options->mode;
    b->batch = options->batch;
    b->steps = options->steps;
    b->done = -1;
    AN_TRY(make_net(b, options->net, tuning));
    AN_TRY(make_program(b));
    AN_TRY(set_rates(b));
    AN_TRY(make_buffers(b));
    draw_batch(b);
    *out = b;
    b = NULL;
cleanup:
    an_bench_free(b);
    return rc;
}

void an_bench_free(alexnet_bench *b)
{
    if (!b)
        return;
    an_program_free(b->program);
    if (b->pixels)
        b->pixel_memory.free(b->pixel_memory.user, b->pixels, b->pixel_bytes);
    an_net_release(b->net);
    an_ctx_release(b->ctx);
    an_free(b->slots);
    an_free(b->probabilities);
    an_free(b->whole);
    an_free(b->sorted);
    an_free(b->part_seconds);
    an_free(b->medians);
    an_free(b->part_info);
    an_free(b);
}

/* ---- Measuring ------------------------------------------------------------------------------- */

static void find_medians(alexnet_bench *b)
{
    for (int part = 0; part < b->parts; part++) {
        for (int step = 0; step < b->done; step++)
            b->sorted[step] = b->part_seconds[(size_t)step * (size_t)b->parts + (size_t)part];
        b->medians[part] = an_median(b->sorted, b->done);
    }
    memcpy(b->sorted, b->whole, (size_t)b->done * sizeof *b->sorted);
    b->median = an_median(b->sorted, b->done);
}

/* What a user of the program reads of each batch: the sums in training, else the probabilities. */
static alexnet_status read_results(alexnet_bench *b)
{
    an_results results;
    return b->mode == ALEXNET_BENCH_TRAIN
               ? an_program_results(b->program, &results)
               : an_program_read(b->program, AN_LAYER_LAST, b->probabilities);
}

static alexnet_status feed(alexnet_bench *b)
{
    an_step_state state = {.seed = SEED, .step = (uint64_t)b->fed++};
    return an_program_feed(b->program, b->pixels, b->slots, &state);
}

/* A step as users run it: a batch is fed, computed, and its results are read. A device that copies
 * ahead is fed what the next step computes.
 * @param parts  out: the seconds of each part; NULL: these are not measured */
static alexnet_status run(alexnet_bench *b, double *parts)
{
    if (an_program_feeds_ahead(b->program) && b->fed == 0)
        AN_CHECK(feed(b));
    AN_CHECK(feed(b));
    AN_CHECK(parts ? an_program_run_timed(b->program, parts) : an_program_run(b->program));
    return read_results(b);
}

/* Time a step and its parts, in two runs if the device replays steps: it is slower at the parts one
 * by one. */
static alexnet_status time_step(alexnet_bench *b, double *whole, double *parts)
{
    const bool replays = an_program_replays(b->program);
    for (int i = 0; replays && b->done < 0 && i < UNTIL_REPLAYED; i++)
        AN_CHECK(run(b, NULL));
    const double began = an_clock();
    AN_CHECK(run(b, replays ? NULL : parts));
    *whole = an_clock() - began;
    return replays ? run(b, parts) : ALEXNET_OK;
}

alexnet_status an_bench_step(alexnet_bench *b, double *seconds, bool *more)
{
    *seconds = 0;
    *more = b->done < b->steps;
    if (!*more)
        return ALEXNET_OK;
    AN_CHECK(an_compute_check(b->ctx));
    int step = b->done < 0 ? 0 : b->done; /* an unmeasured step is overwritten by the first */
    AN_CHECK(time_step(b, &b->whole[step], b->part_seconds + (size_t)step * (size_t)b->parts));
    *seconds = b->done < 0 ? 0 : b->whole[step];
    b->done++;
    *more = b->done < b->steps;
    if (b->done > 0)
        find_medians(b);
    return ALEXNET_OK;
}

/* ---- Results --------------------------------------------------------------------------------- */

static double operations_of(const an_step_info *part)
{
    return 2.0 * (double)part->mult_adds;
}

void an_bench_speed(const alexnet_bench *b, alexnet_speed *out)
{
    const an_backend *be = b->net->backend;
    const an_peak *fp32 = &b->peaks[ALEXNET_PRECISION_FP32];
    const an_peak *bf16 = &b->peaks[ALEXNET_PRECISION_BF16];
    *out = (alexnet_speed){.net = b->net->network->name,
                           .device = b->device.name,
                           .precision = be->precision,
                           .batch = b->batch,
                           .threads = b->ctx->threads,
                           .steps = b->done > 0 ? b->done : 0,
                           .peak_fp32 = fp32->flops,
                           .peak_bf16 = bf16->flops,
                           .with_fp32 = fp32->with,
                           .with_bf16 = bf16->with,
                           .copied = fp32->copied};
    for (int i = 0; i < b->parts; i++)
        out->operations += operations_of(&b->part_info[i]);
    if (b->done < 1)
        return;
    out->least = b->sorted[0];
    out->most = b->sorted[b->done - 1];
    out->median = b->median;
}

bool an_bench_layer(const alexnet_bench *b, int index, alexnet_layer_speed *out)
{
    if (index < 0 || index >= b->parts)
        return false;
    const an_step_info *part = &b->part_info[index];
    *out = (alexnet_layer_speed){.name = part->name,
                                 .pass = part->pass,
                                 .seconds = b->medians[index],
                                 .operations = operations_of(part),
                                 .bytes = (double)part->bytes};
    return true;
}
