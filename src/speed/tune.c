#include "speed/tune.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "base/text.h"
#include "base/writer.h"
#include "speed/tune_check.h"

/* ---- Beginning a trial ----------------------------------------------------------------------- */

static int parts_before_packing(const alexnet_bench *b)
{
    int n = 0;
    while (n < b->parts && b->part_info[n].pass != ALEXNET_PASS_PACK)
        n++;
    return n;
}

/* Keep what the first trial's program has in common with all others. */
static alexnet_status study(alexnet_tuner *t)
{
    an_backend *be = t->bench->net->backend;
    t->n_parts = parts_before_packing(t->bench);
    size_t n = (size_t)t->n_parts;
    t->parts = an_calloc(n, sizeof *t->parts);
    t->unfit = an_calloc((size_t)t->n_variants * AN_DIRECTIONS * n, sizeof *t->unfit);
    if (!t->parts || !t->unfit)
        return AN_FAIL_MEMORY(n * sizeof *t->parts, "a tuning");
    for (int i = 0; i < t->n_parts; i++) {
        t->parts[i].info = t->bench->part_info[i];
        t->parts[i].info.op = NULL;
        if (t->bench->part_info[i].op)
            t->parts[i].op = *t->bench->part_info[i].op;
    }
    memcpy(t->name, t->bench->net->network->name, sizeof t->name);
    t->device = be->info;
    t->query = an_backend_query(be, NULL, t->options.mode == ALEXNET_BENCH_TRAIN);
    t->query.place = an_device_place(be->api, &t->device); /* the backend's own is freed with it */
    return ALEXNET_OK;
}

/* The trial whose turn it is. All but the last have their first turns in order, then their second
 * turns, so that a burst of other work on the machine does not hit both turns of a trial. The last
 * one follows, because it needs their results. */
static int trial_of(const alexnet_tuner *t, int turn)
{
    int others = t->count - 1;
    return turn < 2 * others ? turn % others : others;
}

static bool is_first_turn(const alexnet_tuner *t)
{
    int others = t->count - 1;
    return t->turn < others || t->turn == 2 * others;
}

static alexnet_status renew_bench(alexnet_tuner *t)
{
    an_bench_free(t->bench); /* two of them might not fit */
    t->bench = NULL;
    return an_bench_new(&t->bench, t->ctx, &t->options, t->trials[t->now].tuning);
}

static alexnet_status begin_trial(alexnet_tuner *t)
{
    trial *now = &t->trials[t->now];
    if (t->now != BUILT_IN_TRIAL) {
        now->tuning = an_tune_request(t, t->now);
        if (!now->tuning)
            return AN_FAIL_MEMORY(4096, "a tuning");
    }
    AN_CHECK(renew_bench(t));
    if (t->now == DIRECT_TRIAL)
        AN_CHECK(study(t));
    if (parts_before_packing(t->bench) != t->n_parts)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "the steps of %s differ between implementations: nothing to compare",
                       t->net);
    now->seconds = an_calloc((size_t)t->n_parts, sizeof *now->seconds);
    now->taken = an_calloc((size_t)t->n_parts, sizeof *now->taken);
    now->tails = an_calloc((size_t)t->n_parts, sizeof *now->tails);
    if (!now->seconds || !now->taken || !now->tails)
        return AN_FAIL_MEMORY((size_t)t->n_parts * sizeof *now->taken, "a tuning");
    for (int i = 0; i < t->n_parts; i++) {
        now->taken[i] = t->bench->part_info[i].variants;
        now->tails[i] = t->bench->part_info[i].tail;
    }
    return ALEXNET_OK;
}

static bool takes_the_same(const alexnet_tuner *t, const trial *a, const trial *b)
{
    for (int i = 0; i < t->n_parts; i++)
        if (t->parts[i].info.tunable &&
            (memcmp(&a->taken[i], &b->taken[i], sizeof a->taken[i]) != 0 ||
             !an_tune_same_tail(a->tails[i], b->tails[i])))
            return false;
    return true;
}

/* Whether an earlier trial has measured the same variants. */
static bool is_known(const alexnet_tuner *t)
{
    for (int i = 0; i < t->now; i++)
        if (t->trials[i].whole > 0 && takes_the_same(t, &t->trials[i], &t->trials[t->now]))
            return t->now != BUILT_IN_TRIAL; /* it is measured anyway: the others must beat it */
    return false;
}

/* ---- Turns ----------------------------------------------------------------------------------- */

alexnet_status an_tuner_new(alexnet_tuner **out, alexnet_ctx *ctx,
                            const alexnet_bench_options *options)
{
    *out = NULL;
    an_device device;
    AN_CHECK(an_device_find(&device, ctx->device, ctx->max_isa));
    int n_variants = an_variant_count(device.api->variants);
    assert(n_variants <= AN_VARIANTS_MAX);
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
    t->n_variants = n_variants > 0 ? n_variants : 1;
    t->query.place.variants = device.api->variants;
    an_tune_list(t);
    *out = t;
    return ALEXNET_OK;
}

static double less(double before, double now)
{
    return before > 0 && before < now ? before : now;
}

static alexnet_status end_turn(alexnet_tuner *t)
{
    trial *now = &t->trials[t->now];
    alexnet_speed speed;
    an_bench_speed(t->bench, &speed);
    for (int i = 0; i < t->n_parts; i++)
        now->seconds[i] = less(now->seconds[i], t->bench->medians[i]);
    if (is_first_turn(t)) {
        an_free(now->tuning);
        now->tuning = an_program_tuning(t->bench->program);
        if (!now->tuning)
            return AN_FAIL_MEMORY(4096, "a tuning");
    }
    now->whole = less(now->whole, speed.median);
    t->running = false;
    t->turn++;
    return ALEXNET_OK;
}

/* Begin the turn, or skip it. */
static alexnet_status begin_turn(alexnet_tuner *t)
{
    trial *now = &t->trials[t->now];
    bool first = is_first_turn(t);
    if (!first && now->whole == 0) { /* skipped in the first turn */
        t->turn++;
        return ALEXNET_OK;
    }
    alexnet_status rc = first ? begin_trial(t) : renew_bench(t);
    if (rc == ALEXNET_ERROR_NO_MEMORY && t->now >= VARIANT_TRIALS) {
        an_log(t->ctx, ALEXNET_LOG_INFO, "%s is left out: %s",
               t->query.place.variants[now->variant], an_error_text());
        t->turn++;
        return ALEXNET_OK;
    }
    AN_CHECK(rc);
    if (first && is_known(t)) {
        t->turn++;
        return ALEXNET_OK;
    }
    if (first && t->now >= VARIANT_TRIALS)
        AN_CHECK(an_tune_check(t));
    t->running = true;
    return ALEXNET_OK;
}

static alexnet_status step(alexnet_tuner *t, double *fraction)
{
    double seconds;
    bool more;
    t->now = trial_of(t, t->turn);
    if (!t->running)
        return begin_turn(t);
    AN_CHECK(an_bench_step(t->bench, &seconds, &more));
    *fraction += (double)t->bench->done / t->options.steps / (2 * t->count);
    return more ? ALEXNET_OK : end_turn(t);
}

static bool has_turns(const alexnet_tuner *t)
{
    return t->turn < 2 * t->count;
}

/* The trial that is fastest as a whole; it must beat the built-in tuning by more than chance. */
static int find_best(const alexnet_tuner *t)
{
    int best = BUILT_IN_TRIAL;
    double least = t->trials[BUILT_IN_TRIAL].whole / AN_TUNE_GAIN;
    for (int i = VARIANT_TRIALS; i < t->count; i++) {
        const trial *other = &t->trials[i];
        if (other->whole == 0 || other->whole >= least || an_tune_deviates(t, other))
            continue;
        best = i;
        least = other->whole;
    }
    return best;
}

alexnet_status an_tuner_step(alexnet_tuner *t, double *fraction, bool *more)
{
    *more = has_turns(t);
    *fraction = (double)t->turn / (2 * t->count);
    if (t->failed)
        return AN_FAIL(t->failed, "the search for a tuning has failed before");
    if (!*more)
        return ALEXNET_OK;
    AN_CHECK(an_compute_check(t->ctx));
    alexnet_status rc = step(t, fraction);
    if (rc != ALEXNET_ERROR_CANCELLED)
        t->failed = rc;
    *more = has_turns(t);
    if (!*more)
        t->best = find_best(t);
    return rc;
}

/* ---- Results --------------------------------------------------------------------------------- */

static bool is_done(const alexnet_tuner *t)
{
    return !has_turns(t) && !t->failed;
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
            out->forward = t->query.place.variants[of[AN_FORWARD]];
        } else {
            out->data = part->wants_dx ? t->query.place.variants[of[AN_BACKWARD_DATA]] : NULL;
            out->weights = t->query.place.variants[of[AN_BACKWARD_WEIGHTS]];
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
    char *text = an_format("; A tuning that was measured for: %s, %s, %d %s per step, %d %s.\n"
                           "; %s, %s\n; %.1f ms per step, %.1f ms with the built-in tuning\n\n%s",
                           t->name, t->query.training ? "training" : "inference", t->options.batch,
                           an_text_plural(t->options.batch, "picture", "pictures"), t->ctx->threads,
                           an_text_plural(t->ctx->threads, "thread", "threads"),
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
        an_free(t->trials[i].tails);
    }
    an_bench_free(t->bench);
    an_free(t->parts);
    an_free(t->unfit);
    an_free(t->net);
    an_ctx_release(t->ctx);
    an_free(t);
}
