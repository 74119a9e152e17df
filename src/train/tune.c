#include "train/tune.h"

#include <stdio.h>
#include <string.h>

#include "backend/parity.h"
#include "base/alloc.h"
#include "base/status.h"
#include "base/writer.h"

enum { TRIALS_MAX = 1 + (AN_VARIANTS - 1) * (1 + AN_DIRECTIONS) + 1 };
enum { CHECK_IMAGES = 2, CHECK_SEED = 1 };

/* A variant that is not faster than direct by this factor is not worth its rounding or memory. */
static const double GAIN = 1.03;

typedef struct trial {
    an_variants wanted; /* of every operator; the last trial's are `tuning` */
    an_variant variant; /* the one that it is about */
    bool single;        /* in one direction alone: */
    an_direction direction;
    char *tuning;       /* owned: before the trial what to take, after it what was taken */
    double whole;       /* seconds of a step; 0 before */
    double *seconds;    /* [parts] */
    an_variants *taken; /* [parts] */
} trial;

struct alexnet_tuner {
    alexnet_ctx *ctx;
    char *net;
    alexnet_bench_options options;
    int count, now, best;
    trial trials[TRIALS_MAX];
    alexnet_bench *bench;  /* of trial `now`, once it has begun; the last one stays */
    int parts;             /* of every trial's step */
    bool *unfit;           /* [AN_VARIANTS][parts]: deviates by more than it may */
};

/* ---- Trials ---------------------------------------------------------------------------------- */

static trial *add_trial(alexnet_tuner *t, an_variant variant, int from, int to)
{
    trial *new = &t->trials[t->count++];
    *new = (trial){.variant = variant};
    for (int d = from; d < to; d++)
        new->wanted.of[d] = variant;
    return new;
}

static void list_trials(alexnet_tuner *t)
{
    bool training = t->options.mode == ALEXNET_BENCH_TRAIN;
    add_trial(t, AN_VARIANT_DIRECT, 0, 0);
    for (int v = AN_VARIANT_DIRECT + 1; v < AN_VARIANTS; v++) {
        add_trial(t, (an_variant)v, 0, AN_DIRECTIONS);
        for (int d = 0; d < (training ? AN_DIRECTIONS : 1); d++) {
            trial *single = add_trial(t, (an_variant)v, d, d + 1);
            single->single = true;
            single->direction = (an_direction)d;
        }
    }
    add_trial(t, AN_VARIANT_DIRECT, 0, 0); /* what the others advise */
}

static char *wish_text(const an_variants *wanted)
{
    return an_format("[trial]\nisa = *\nprecision = *\noperator = *\nforward = %s\n"
                     "backward_data = %s\nbackward_weights = %s\n",
                     an_variant_names[wanted->of[AN_FORWARD]],
                     an_variant_names[wanted->of[AN_BACKWARD_DATA]],
                     an_variant_names[wanted->of[AN_BACKWARD_WEIGHTS]]);
}

/* The directions of a pass: [*first, *end). */
static void directions_of(alexnet_pass pass, int *first, int *end)
{
    *first = pass == ALEXNET_PASS_FORWARD ? AN_FORWARD : AN_BACKWARD_DATA;
    *end = pass == ALEXNET_PASS_FORWARD ? AN_FORWARD + 1 : AN_DIRECTIONS;
}

/* The fastest variant of a part in one direction, by the trials with that direction alone. */
static an_variant fastest(const alexnet_tuner *t, int part, an_direction direction)
{
    an_variant best = AN_VARIANT_DIRECT;
    double seconds = t->trials[0].seconds[part] / GAIN;
    for (int i = 1; i < t->now; i++) {
        const trial *other = &t->trials[i];
        if (!other->single || other->direction != direction ||
            other->taken[part].of[direction] != other->variant ||
            t->unfit[other->variant * t->parts + part] || other->seconds[part] > seconds)
            continue;
        best = other->variant;
        seconds = other->seconds[part];
    }
    return best;
}

/* Rows of what the trials so far advise. Both passes of a layer have parts; a row is written for the
 * forward one. */
static char *advice(const alexnet_tuner *t)
{
    const alexnet_bench *b = t->bench;
    char *text = an_strdup("");
    for (int i = 0; text && i < t->parts; i++) {
        const an_step_info *part = &b->part_info[i];
        if (!part->tunable || part->pass != ALEXNET_PASS_FORWARD)
            continue;
        an_variants chosen = {{AN_VARIANT_DIRECT}};
        for (int j = 0; j < t->parts; j++) {
            int d, end;
            if (!b->part_info[j].tunable || strcmp(b->part_info[j].name, part->name) != 0)
                continue;
            for (directions_of(b->part_info[j].pass, &d, &end); d < end; d++)
                chosen.of[d] = fastest(t, j, (an_direction)d);
        }
        an_tuning_query query = an_backend_query(b->net->backend, part->op,
                                                 t->options.mode == ALEXNET_BENCH_TRAIN);
        char *row = an_tuning_row(part->name, &query, &chosen);
        char *both = row ? an_format("%s%s", text, row) : NULL;
        an_free(row);
        an_free(text);
        text = both;
    }
    return text;
}

static alexnet_status get_room(alexnet_tuner *t)
{
    trial *now = &t->trials[t->now];
    size_t parts = (size_t)t->parts;
    if (!t->unfit)
        t->unfit = an_calloc(AN_VARIANTS * parts, sizeof *t->unfit);
    now->seconds = an_calloc(parts, sizeof *now->seconds);
    now->taken = an_calloc(parts, sizeof *now->taken);
    if (t->unfit && now->seconds && now->taken)
        return ALEXNET_OK;
    return AN_FAIL_MEMORY(parts * sizeof *now->taken, "a tuning");
}

static alexnet_status begin_trial(alexnet_tuner *t)
{
    trial *now = &t->trials[t->now];
    now->tuning = t->now == t->count - 1 ? advice(t) : wish_text(&now->wanted);
    if (!now->tuning)
        return AN_FAIL_MEMORY(4096, "a tuning");
    an_bench_free(t->bench); /* two of them might not fit */
    t->bench = NULL;
    AN_CHECK(an_bench_new(&t->bench, t->ctx, &t->options, now->tuning));
    if (t->now == 0)
        t->parts = t->bench->parts;
    if (t->bench->parts != t->parts)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "the steps of %s differ between implementations: nothing to compare",
                       t->net);
    AN_CHECK(get_room(t));
    for (int i = 0; i < t->parts; i++)
        now->taken[i] = t->bench->part_info[i].variants;
    return ALEXNET_OK;
}

/* ---- Whether they compute what they should ---------------------------------------------------- */

static bool takes(const trial *now, int part)
{
    for (int d = 0; d < AN_DIRECTIONS; d++)
        if (now->taken[part].of[d] == now->variant)
            return true;
    return false;
}

static alexnet_status check_part(alexnet_tuner *t, an_backend *ref, int index)
{
    trial *now = &t->trials[t->now];
    const an_step_info *part = &t->bench->part_info[index];
    an_op_desc op = *part->op;
    const an_op_desc *ops[] = {&op};
    bool training = t->options.mode == ALEXNET_BENCH_TRAIN;
    an_parity_options options = {
        .training = training, .gradients = training, .split = t->ctx->threads, .seed = CHECK_SEED};
    an_parity parity;
    op.n = CHECK_IMAGES;
    AN_CHECK(an_op_resolve(&op));
    AN_CHECK(an_parity_run(t->bench->net->backend, ref, ops, 1, &options, &parity));
    if (parity.worst <= 1)
        return ALEXNET_OK;
    an_log(t->ctx, ALEXNET_LOG_INFO, "%s of %s is left out: %s", an_variant_names[now->variant],
           part->name, parity.where);
    for (int i = 0; i < t->parts; i++)
        if (strcmp(t->bench->part_info[i].name, part->name) == 0)
            t->unfit[now->variant * t->parts + i] = true;
    return ALEXNET_OK;
}

/* A variant is checked where it is in all directions. */
static alexnet_status check_trial(alexnet_tuner *t)
{
    const trial *now = &t->trials[t->now];
    an_backend *ref;
    if (now->variant == AN_VARIANT_DIRECT || now->single)
        return ALEXNET_OK;
    AN_CHECK(an_backend_open_ref(&ref, t->ctx));
    alexnet_status rc = ALEXNET_OK;
    for (int i = 0; i < t->parts && rc == ALEXNET_OK; i++) {
        const an_step_info *part = &t->bench->part_info[i];
        if (part->tunable && part->pass == ALEXNET_PASS_FORWARD && takes(now, i))
            rc = check_part(t, ref, i);
    }
    an_backend_close(ref);
    return rc;
}

/* ---- Steps ----------------------------------------------------------------------------------- */

alexnet_status an_tuner_new(alexnet_tuner **out, alexnet_ctx *ctx,
                            const alexnet_bench_options *options)
{
    *out = NULL;
    if (ctx->tuning)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "the context has a tuning already (%s): nothing to measure",
                       ctx->tuning_name);
    alexnet_tuner *t = an_calloc(1, sizeof *t);
    char *net = an_strdup(options->net);
    if (!t || !net) {
        an_free(t);
        an_free(net);
        return AN_FAIL_MEMORY(sizeof *t, "a tuning");
    }
    t->ctx = an_ctx_retain(ctx);
    t->net = net;
    t->options = *options;
    t->options.net = net;
    list_trials(t);
    *out = t;
    return ALEXNET_OK;
}

/* A variant that no operator takes has nothing to show. */
static bool is_idle(const alexnet_tuner *t)
{
    const trial *now = &t->trials[t->now];
    if (now->variant == AN_VARIANT_DIRECT)
        return false;
    for (int i = 0; i < t->parts; i++)
        if (t->bench->part_info[i].tunable && takes(now, i))
            return false;
    return true;
}

/* Whether an operator of this trial deviates by more than it may. */
static bool deviates(const alexnet_tuner *t)
{
    const trial *now = &t->trials[t->now];
    for (int i = 0; i < t->parts; i++)
        for (int d = 0; d < AN_DIRECTIONS; d++)
            if (t->unfit[now->taken[i].of[d] * t->parts + i])
                return true;
    return false;
}

static alexnet_status end_trial(alexnet_tuner *t)
{
    trial *now = &t->trials[t->now];
    alexnet_speed speed;
    an_bench_speed(t->bench, &speed);
    now->whole = speed.median;
    memcpy(now->seconds, t->bench->medians, (size_t)t->parts * sizeof *now->seconds);
    an_free(now->tuning);
    now->tuning = an_program_tuning(t->bench->program);
    if (!now->tuning)
        return AN_FAIL_MEMORY(4096, "a tuning");
    double least = t->trials[t->best].whole / (t->best ? 1 : GAIN);
    if (t->now > 0 && !deviates(t) && now->whole < least)
        t->best = t->now;
    t->now++;
    return ALEXNET_OK;
}

alexnet_status an_tuner_step(alexnet_tuner *t, double *fraction, bool *more)
{
    double seconds;
    bool more_steps;
    *more = t->now < t->count;
    *fraction = (double)t->now / t->count;
    if (!*more)
        return ALEXNET_OK;
    trial *now = &t->trials[t->now];
    if (!now->seconds) {
        AN_CHECK(begin_trial(t));
        AN_CHECK(check_trial(t));
        if (is_idle(t))
            t->now++;
    } else {
        AN_CHECK(an_bench_step(t->bench, &seconds, &more_steps));
        *fraction += (double)t->bench->done / t->options.steps / t->count;
        if (!more_steps)
            AN_CHECK(end_trial(t));
    }
    *more = t->now < t->count;
    return ALEXNET_OK;
}

/* ---- Results --------------------------------------------------------------------------------- */

void an_tuner_result(const alexnet_tuner *t, double *seconds, double *direct)
{
    *seconds = t->trials[t->best].whole;
    *direct = t->trials[0].whole;
}

bool an_tuner_choice(const alexnet_tuner *t, int index, alexnet_choice *out)
{
    const trial *best = &t->trials[t->best];
    for (int i = 0; t->bench && i < t->parts; i++) {
        const an_step_info *part = &t->bench->part_info[i];
        if (!part->tunable || index-- > 0)
            continue;
        const an_variant *of = best->taken[i].of;
        *out = (alexnet_choice){.layer = part->name,
                                .pass = part->pass,
                                .seconds = best->seconds[i],
                                .direct_seconds = t->trials[0].seconds[i]};
        if (part->pass == ALEXNET_PASS_FORWARD) {
            out->forward = an_variant_names[of[AN_FORWARD]];
        } else {
            out->data = part->wants_dx ? an_variant_names[of[AN_BACKWARD_DATA]] : NULL;
            out->weights = an_variant_names[of[AN_BACKWARD_WEIGHTS]];
        }
        return true;
    }
    return false;
}

alexnet_status an_tuner_save(const alexnet_tuner *t, const char *path)
{
    alexnet_device_info device;
    t->bench->net->backend->api->describe(&device, t->ctx->max_isa);
    const trial *best = &t->trials[t->best];
    char *text = an_format("; what alexnet bench --tune measured of %s, %s, %d pictures per step, %d "
                           "threads,\n; on %s with %s: %.1f ms per step, %.1f ms with everything "
                           "direct\n\n%s",
                           t->net,
                           t->options.mode == ALEXNET_BENCH_TRAIN ? "training" : "inference",
                           t->options.batch, t->ctx->threads, device.processor, device.library,
                           best->whole * 1e3, t->trials[0].whole * 1e3, best->tuning);
    if (!text)
        return AN_FAIL_MEMORY(4096, "a tuning");
    alexnet_status rc = an_file_replace(path, text, strlen(text));
    an_free(text);
    return rc;
}

void an_tuner_free(alexnet_tuner *t)
{
    if (!t)
        return;
    for (int i = 0; i < t->count; i++) {
        an_free(t->trials[i].tuning);
        an_free(t->trials[i].seconds);
        an_free(t->trials[i].taken);
    }
    an_bench_free(t->bench);
    an_free(t->unfit);
    an_free(t->net);
    an_ctx_release(t->ctx);
    an_free(t);
}
