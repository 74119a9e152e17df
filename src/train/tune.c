#include "train/tune.h"

#include <string.h>

#include "backend/parity.h"
#include "base/alloc.h"
#include "base/status.h"
#include "base/writer.h"

enum { DIRECT_TRIAL, BUILT_IN_TRIAL, VARIANT_TRIALS };
enum { TRIALS_MAX = VARIANT_TRIALS + (AN_VARIANTS - 1) * (1 + AN_DIRECTIONS) + 1 };
enum { CHECK_IMAGES = 2, CHECK_SEED = 1 };

/* What is not faster by this factor is not worth its rounding or memory. */
static const double GAIN = 1.03;
/* The share of what rounding may do that one draw of operands may show, as others show more. Where
 * results are stored in bf16, that rounding alone comes near the whole and never beyond. */
static const double MARGIN_FP32 = 0.9, MARGIN_BF16 = 1;

typedef struct trial {
    an_variant variant; /* that it is about */
    bool checked;       /* compared with ref in all its directions */
    bool single;        /* for the advice: in one direction alone, */
    an_direction direction;
    char *tuning;       /* owned. Before: what to take; NULL: what is built in. After: what was */
    double whole;       /* seconds of a step; 0: not measured */
    double *seconds;    /* [parts]; NULL: not begun */
    an_variants *taken; /* [parts] */
} trial;

/* What is the same in all trials: parts of a step before packing. */
typedef struct tuned_part {
    an_step_info info; /* but for its pointer */
    an_op_desc op;
} tuned_part;

struct alexnet_tuner {
    alexnet_ctx *ctx;
    char *net;
    alexnet_bench_options options;
    alexnet_status failed; /* why no step follows */
    int count, now, best;
    trial trials[TRIALS_MAX];
    alexnet_bench *bench; /* of trial `now`, once it has begun */
    int n_parts;
    tuned_part *parts;
    bool *unfit; /* [AN_VARIANTS][AN_DIRECTIONS][n_parts]: deviates by more than it may */
    alexnet_device_info device;
    char name[AN_NAME_MAX + 1]; /* of the network */
    an_tuning_query query;      /* but for the operator */
};

static bool *unfit_at(const alexnet_tuner *t, an_variant variant, int direction, int part)
{
    return &t->unfit[((int)variant * AN_DIRECTIONS + direction) * t->n_parts + part];
}

/* The directions that a part computes: [*first, *end). */
static void directions_of(const an_step_info *part, int *first, int *end)
{
    bool forward = part->pass == ALEXNET_PASS_FORWARD;
    *first = forward ? AN_FORWARD : part->wants_dx ? AN_BACKWARD_DATA : AN_BACKWARD_WEIGHTS;
    *end = forward ? AN_FORWARD + 1 : AN_DIRECTIONS;
}

/* ---- Which trials ---------------------------------------------------------------------------- */

static void add_trial(alexnet_tuner *t, trial what)
{
    t->trials[t->count++] = what;
}

static void list_trials(alexnet_tuner *t)
{
    bool training = t->options.mode == ALEXNET_BENCH_TRAIN;
    add_trial(t, (trial){.variant = AN_VARIANT_DIRECT});
    add_trial(t, (trial){.variant = AN_VARIANT_DIRECT});
    for (int v = AN_VARIANT_DIRECT + 1; v < AN_VARIANTS; v++) {
        add_trial(t, (trial){.variant = (an_variant)v, .checked = true, .single = !training});
        for (int d = 0; training && d < AN_DIRECTIONS; d++)
            add_trial(
                t, (trial){.variant = (an_variant)v, .single = true, .direction = (an_direction)d});
    }
    add_trial(t, (trial){.variant = AN_VARIANT_DIRECT}); /* what the others advise */
}

/* The fastest variant of a part in one direction, by the trials with that direction alone. */
static an_variant fastest(const alexnet_tuner *t, int part, an_direction direction)
{
    an_variant best = AN_VARIANT_DIRECT;
    double seconds = t->trials[DIRECT_TRIAL].seconds[part] / GAIN;
    for (int i = VARIANT_TRIALS; i < t->now; i++) {
        const trial *other = &t->trials[i];
        if (!other->single || other->direction != direction || other->whole == 0 ||
            other->taken[part].of[direction] != other->variant ||
            *unfit_at(t, other->variant, direction, part) || other->seconds[part] > seconds)
            continue;
        best = other->variant;
        seconds = other->seconds[part];
    }
    return best;
}

static bool same_layer(const alexnet_tuner *t, int a, int b)
{
    return t->parts[b].info.tunable && strcmp(t->parts[a].info.name, t->parts[b].info.name) == 0;
}

/* Whether the layer whose forward part this is computes a gradient of its input. */
static bool wants_dx(const alexnet_tuner *t, int forward)
{
    for (int i = 0; i < t->n_parts; i++)
        if (same_layer(t, forward, i) && t->parts[i].info.wants_dx)
            return true;
    return false;
}

/* A row for the layer whose forward part this is: what the trials so far advise for both passes. */
static char *advise(const alexnet_tuner *t, int forward)
{
    an_variants chosen = {{AN_VARIANT_DIRECT}};
    an_tuning_query query = t->query;
    query.op = &t->parts[forward].op;
    for (int i = 0; i < t->n_parts; i++) {
        int d, end;
        if (!same_layer(t, forward, i))
            continue;
        for (directions_of(&t->parts[i].info, &d, &end); d < end; d++)
            chosen.of[d] = fastest(t, i, (an_direction)d);
    }
    return an_tuning_row(t->parts[forward].info.name, &query, &chosen);
}

static char *advice(const alexnet_tuner *t)
{
    char *text = an_strdup("");
    for (int i = 0; text && i < t->n_parts; i++) {
        if (!t->parts[i].info.tunable || t->parts[i].info.pass != ALEXNET_PASS_FORWARD)
            continue;
        char *row = advise(t, i), *both = row ? an_format("%s%s", text, row) : NULL;
        an_free(row);
        an_free(text);
        text = both;
    }
    return text;
}

/* What trial `now` shall take, for every operator alike. */
static char *wish(const trial *now)
{
    const char *of[AN_DIRECTIONS];
    for (int d = 0; d < AN_DIRECTIONS; d++) {
        bool in = !now->single || now->checked || (int)now->direction == d;
        of[d] = an_variant_names[in ? now->variant : AN_VARIANT_DIRECT];
    }
    return an_format("[trial]\nisa = *\nprecision = *\noperator = *\nforward = %s\n"
                     "backward_data = %s\nbackward_weights = %s\n",
                     of[AN_FORWARD], of[AN_BACKWARD_DATA], of[AN_BACKWARD_WEIGHTS]);
}

/* ---- Beginning one ---------------------------------------------------------------------------- */

static int parts_before_packing(const alexnet_bench *b)
{
    int n = 0;
    while (n < b->parts && b->part_info[n].pass != ALEXNET_PASS_PACK)
        n++;
    return n;
}

/* What the first trial's program says of all of them. */
static alexnet_status study(alexnet_tuner *t)
{
    an_backend *be = t->bench->net->backend;
    t->n_parts = parts_before_packing(t->bench);
    size_t n = (size_t)t->n_parts;
    t->parts = an_calloc(n, sizeof *t->parts);
    t->unfit = an_calloc(AN_VARIANTS * AN_DIRECTIONS * n, sizeof *t->unfit);
    if (!t->parts || !t->unfit)
        return AN_FAIL_MEMORY(n * sizeof *t->parts, "a tuning");
    for (int i = 0; i < t->n_parts; i++) {
        t->parts[i].info = t->bench->part_info[i];
        t->parts[i].info.op = NULL;
        if (t->bench->part_info[i].op)
            t->parts[i].op = *t->bench->part_info[i].op;
    }
    memcpy(t->name, t->bench->net->network->name, sizeof t->name);
    be->api->describe(&t->device, t->ctx->max_isa);
    t->query = an_backend_query(be, NULL, t->options.mode == ALEXNET_BENCH_TRAIN);
    return ALEXNET_OK;
}

static alexnet_status begin_trial(alexnet_tuner *t)
{
    trial *now = &t->trials[t->now];
    if (t->now != BUILT_IN_TRIAL) {
        now->tuning = t->now == t->count - 1 ? advice(t) : wish(now);
        if (!now->tuning)
            return AN_FAIL_MEMORY(4096, "a tuning");
    }
    an_bench_free(t->bench); /* two of them might not fit */
    t->bench = NULL;
    AN_CHECK(an_bench_new(&t->bench, t->ctx, &t->options, now->tuning));
    if (t->now == DIRECT_TRIAL)
        AN_CHECK(study(t));
    if (parts_before_packing(t->bench) != t->n_parts)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "the steps of %s differ between implementations: nothing to compare",
                       t->net);
    now->seconds = an_calloc((size_t)t->n_parts, sizeof *now->seconds);
    now->taken = an_calloc((size_t)t->n_parts, sizeof *now->taken);
    if (!now->seconds || !now->taken)
        return AN_FAIL_MEMORY((size_t)t->n_parts * sizeof *now->taken, "a tuning");
    for (int i = 0; i < t->n_parts; i++)
        now->taken[i] = t->bench->part_info[i].variants;
    return ALEXNET_OK;
}

static bool takes_the_same(const alexnet_tuner *t, const trial *a, const trial *b)
{
    for (int i = 0; i < t->n_parts; i++)
        if (t->parts[i].info.tunable && memcmp(&a->taken[i], &b->taken[i], sizeof a->taken[i]) != 0)
            return false;
    return true;
}

/* Whether an earlier trial has measured the same. */
static bool is_known(const alexnet_tuner *t)
{
    for (int i = 0; i < t->now; i++)
        if (t->trials[i].whole > 0 && takes_the_same(t, &t->trials[i], &t->trials[t->now]))
            return t->now != BUILT_IN_TRIAL; /* which is the one that others must beat */
    return false;
}

/* ---- Whether it computes what it should ------------------------------------------------------- */

static alexnet_status check_layer(alexnet_tuner *t, an_backend *ref, int forward)
{
    const trial *now = &t->trials[t->now];
    an_op_desc op = t->parts[forward].op;
    const an_op_desc *ops[] = {&op};
    bool training = t->query.training;
    an_parity_options options = {.training = training,
                                 .gradients = training,
                                 .first = !wants_dx(t, forward),
                                 .split = t->ctx->threads,
                                 .seed = CHECK_SEED};
    an_parity parity;
    op.n = CHECK_IMAGES;
    AN_CHECK(an_op_resolve(&op));
    AN_CHECK(an_parity_run(t->bench->net->backend, ref, ops, 1, &options, &parity));
    const double shares[AN_DIRECTIONS] = {parity.forward, parity.dx, parity.dw};
    bool bf16 = t->bench->net->backend->precision == ALEXNET_PRECISION_BF16;
    double margin = bf16 ? MARGIN_BF16 : MARGIN_FP32;
    for (int i = 0; i < t->n_parts; i++) {
        int d, end;
        if (!same_layer(t, forward, i))
            continue;
        for (directions_of(&t->parts[i].info, &d, &end); d < end; d++) {
            if (now->taken[i].of[d] != now->variant || shares[d] <= margin)
                continue;
            *unfit_at(t, now->variant, d, i) = true;
            an_log(t->ctx, ALEXNET_LOG_INFO,
                   "%s is left out for %s of %s: it deviates by %.2f of what rounding may do",
                   an_variant_names[now->variant], an_direction_names[d], t->parts[i].info.name,
                   shares[d]);
        }
    }
    return ALEXNET_OK;
}

static alexnet_status check_trial(alexnet_tuner *t)
{
    an_backend *ref;
    if (!t->trials[t->now].checked)
        return ALEXNET_OK;
    AN_CHECK(an_backend_open_ref(&ref, t->ctx));
    alexnet_status rc = ALEXNET_OK;
    for (int i = 0; i < t->n_parts && rc == ALEXNET_OK; i++)
        if (t->parts[i].info.tunable && t->parts[i].info.pass == ALEXNET_PASS_FORWARD)
            rc = check_layer(t, ref, i);
    an_backend_close(ref);
    return rc;
}

/* Whether an operator of this trial deviates by more than it may. */
static bool deviates(const alexnet_tuner *t)
{
    const trial *now = &t->trials[t->now];
    for (int i = 0; i < t->n_parts; i++) {
        int d, end;
        for (directions_of(&t->parts[i].info, &d, &end); t->parts[i].info.tunable && d < end; d++)
            if (*unfit_at(t, now->taken[i].of[d], d, i))
                return true;
    }
    return false;
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
    t->best = BUILT_IN_TRIAL;
    list_trials(t);
    *out = t;
    return ALEXNET_OK;
}

static alexnet_status end_trial(alexnet_tuner *t)
{
    trial *now = &t->trials[t->now];
    const trial *best = &t->trials[t->best];
    alexnet_speed speed;
    an_bench_speed(t->bench, &speed);
    memcpy(now->seconds, t->bench->medians, (size_t)t->n_parts * sizeof *now->seconds);
    an_free(now->tuning);
    now->tuning = an_program_tuning(t->bench->program);
    if (!now->tuning)
        return AN_FAIL_MEMORY(4096, "a tuning");
    now->whole = speed.median;
    double least = t->best == BUILT_IN_TRIAL ? best->whole / GAIN : best->whole;
    if (t->now > BUILT_IN_TRIAL && !deviates(t) && now->whole < least)
        t->best = t->now;
    t->now++;
    return ALEXNET_OK;
}

static alexnet_status step(alexnet_tuner *t, double *fraction)
{
    double seconds;
    bool more;
    if (t->trials[t->now].seconds) {
        AN_CHECK(an_bench_step(t->bench, &seconds, &more));
        *fraction += (double)t->bench->done / t->options.steps / t->count;
        return more ? ALEXNET_OK : end_trial(t);
    }
    alexnet_status rc = begin_trial(t);
    if (rc == ALEXNET_ERROR_NO_MEMORY && t->now >= VARIANT_TRIALS) {
        an_log(t->ctx, ALEXNET_LOG_INFO, "%s is left out: %s",
               an_variant_names[t->trials[t->now].variant], an_error_text());
        t->now++;
        return ALEXNET_OK;
    }
    AN_CHECK(rc);
    if (is_known(t)) {
        t->now++;
        return ALEXNET_OK;
    }
    return check_trial(t);
}

alexnet_status an_tuner_step(alexnet_tuner *t, double *fraction, bool *more)
{
    *more = t->now < t->count;
    *fraction = (double)t->now / t->count;
    if (t->failed)
        return AN_FAIL(t->failed, "the search for a tuning has failed before");
    if (!*more)
        return ALEXNET_OK;
    alexnet_status rc = step(t, fraction);
    if (rc != ALEXNET_ERROR_CANCELLED)
        t->failed = rc;
    *more = t->now < t->count;
    return rc;
}

/* ---- Results --------------------------------------------------------------------------------- */

static bool is_done(const alexnet_tuner *t)
{
    return t->now == t->count && !t->failed;
}

void an_tuner_result(const alexnet_tuner *t, double *seconds, double *built_in)
{
    *seconds = is_done(t) ? t->trials[t->best].whole : 0;
    *built_in = is_done(t) ? t->trials[BUILT_IN_TRIAL].whole : 0;
}

bool an_tuner_choice(const alexnet_tuner *t, int index, alexnet_choice *out)
{
    const trial *best = &t->trials[t->best];
    if (index < 0 || !is_done(t))
        return false;
    for (int i = 0; i < t->n_parts; i++) {
        const an_step_info *part = &t->parts[i].info;
        if (!part->tunable || index-- > 0)
            continue;
        const an_variant *of = best->taken[i].of;
        *out = (alexnet_choice){.layer = part->name,
                                .pass = part->pass,
                                .seconds = best->seconds[i],
                                .direct_seconds = t->trials[DIRECT_TRIAL].seconds[i]};
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
    if (!is_done(t))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "the search for a tuning is not done");
    const trial *best = &t->trials[t->best];
    char *text = an_format(
        "; What alexnet bench --tune measured: %s, %s, %d pictures per step, %d threads.\n"
        "; %s, %s\n; %.1f ms per step, %.1f ms with what is built in\n\n%s",
        t->name, t->query.training ? "training" : "inference", t->options.batch, t->ctx->threads,
        t->device.processor, t->device.library, best->whole * 1e3,
        t->trials[BUILT_IN_TRIAL].whole * 1e3, best->tuning);
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
    an_free(t->parts);
    an_free(t->unfit);
    an_free(t->net);
    an_ctx_release(t->ctx);
    an_free(t);
}
