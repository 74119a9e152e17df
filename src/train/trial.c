#include "train/trial.h"

#include <math.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "train/trainer_impl.h"

/* A batch is learnt by heart below this loss: probabilities of 95% for the right classes. */
static const double LEARNT = 0.05;
/* Factor of the recipe's rates when overfitting. They are meant for a warm-up and pictures that
 * change; without these they can be too high. */
static const double CALM = 0.5;

/* A sweep ends when the moving average of the loss, in which weights fall by KEPT from update to
 * update, is more than TOO_HIGH times its minimum, after FEW updates at the earliest. */
static const double KEPT = 0.9, TOO_HIGH = 4;
enum { FEW = 10 };
/* Points on either side that a point of the smoothed curve is averaged with. */
enum { NEIGHBOURS = 4 };
/* A loss has fallen if it is at most FALLEN times the first ones, and lower by CLEAR standard
 * errors of that difference: batches differ, and the lowest of many means is low by chance. The
 * suggested rate is SAFE times the rate at which it was lowest. */
static const double FALLEN = 0.95, CLEAR = 4, SAFE = 0.1;

/* ---- What is trained, and how ---- */

/* Keys that every trial sets to other values than the run's recipe, and those that overfitting sets
 * as well. */
static const char *const always[][2] = {{"schedule", "constant"},
                                        {"warmup", "0"},
                                        {"stop_patience", "0"},
                                        {"norms", "0"},
                                        {"epochs", "1000000"}};
static const char *const unchanged[][2] = {{"crop", "centre"},
                                           {"mirror", "no"},
                                           {"rotate", "0"},
                                           {"colour_noise", "0"},
                                           {"brightness", "0"},
                                           {"contrast", "0"},
                                           {"saturation", "0"},
                                           {"hue", "0"},
                                           {"erase", "0"},
                                           {"mixup", "0"},
                                           {"cutmix", "0"},
                                           {"label_smoothing", "0"},
                                           {"colour_axes", "published"},
                                           {"class_weights", "none"}};

static alexnet_status set_all(alexnet_recipe *recipe, const char *const (*keys)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        AN_CHECK(an_recipe_set(recipe, keys[i][0], keys[i][1]));
    return ALEXNET_OK;
}

static alexnet_status make_recipe(alexnet_recipe **out, const alexnet_recipe *of,
                                  alexnet_trial_kind kind)
{
    *out = NULL;
    if (of)
        AN_CHECK(an_recipe_copy(out, of));
    else
        AN_CHECK(an_recipe_load(out, "default"));
    alexnet_status rc = set_all(*out, always, sizeof always / sizeof *always);
    if (rc == ALEXNET_OK && kind == ALEXNET_TRIAL_OVERFIT)
        rc = set_all(*out, unchanged, sizeof unchanged / sizeof *unchanged);
    return rc;
}

/* The first `count` pictures of a run's first epoch. */
static alexnet_status first_pictures(alexnet_dataset **out, const alexnet_dataset *train,
                                     const alexnet_recipe *recipe, int64_t count)
{
    const size_t bytes = (size_t)train->count * sizeof(uint32_t);
    an_epoch_order order = {0};
    alexnet_status rc;
    uint32_t *samples = an_malloc(bytes);
    if (!samples)
        return AN_FAIL_MEMORY(bytes, "the order of an epoch");
    AN_TRY(an_epoch_order_new(&order, recipe, (alexnet_dataset *)train));
    an_epoch_order_make(&order, samples, 0);
    AN_TRY(an_dataset_of_samples(out, train, samples, count));
cleanup:
    an_epoch_order_free(&order);
    an_free(samples);
    return rc;
}

/* The pictures that the updates of a trial need. They are chosen by the recipe's sampling, and then
 * not sampled again. */
static alexnet_status choose_pictures(alexnet_dataset **out, const alexnet_dataset *train,
                                      alexnet_recipe *recipe, int64_t updates)
{
    const int64_t wanted = updates * an_recipe_integer(recipe, AN_KEY_BATCH);
    *out = NULL;
    if (train->count <= wanted) {
        *out = an_dataset_retain((alexnet_dataset *)train);
        return ALEXNET_OK;
    }
    AN_CHECK(first_pictures(out, train, recipe, wanted));
    return an_recipe_set(recipe, "sampling", "uniform");
}

static alexnet_status make_rule(alexnet_trial *trial, const alexnet_recipe *recipe,
                                const alexnet_trial_options *how)
{
    trial->rate = an_recipe_number(recipe, AN_KEY_RATE, NULL, 1);
    const bool overfit = trial->kind == ALEXNET_TRIAL_OVERFIT;
    trial->rule = (an_trial_rule){.still = overfit,
                                  .first = overfit ? CALM : 1,
                                  .growth = 1,
                                  .updates = AN_TRIAL_UPDATES_MAX};
    if (overfit)
        return ALEXNET_OK;
    if (trial->rate == 0)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "rate = 0: rates are tried out in the ratios that the recipe's have to its "
                       "rate, which must be above 0");
    trial->rule.first = how->lowest / trial->rate;
    trial->rule.growth = pow(how->highest / how->lowest, 1.0 / (double)(trial->updates - 1));
    return ALEXNET_OK;
}

static alexnet_status begin(alexnet_trial *trial, alexnet_ctx *ctx, const alexnet_dataset *train,
                            const alexnet_trainer_options *options,
                            const alexnet_trial_options *how)
{
    alexnet_trainer_options o = *options;
    alexnet_recipe *recipe = NULL;
    alexnet_dataset *shown = NULL;
    alexnet_status rc;
    const bool overfit = trial->kind == ALEXNET_TRIAL_OVERFIT;
    AN_TRY(make_recipe(&recipe, options->recipe, trial->kind));
    AN_TRY(make_rule(trial, recipe, how));
    AN_TRY(choose_pictures(&shown, train, recipe, overfit ? 1 : trial->updates));
    trial->points = an_calloc((size_t)trial->updates, sizeof *trial->points);
    if (!trial->points)
        AN_TRY(AN_FAIL_MEMORY((size_t)trial->updates * sizeof *trial->points, "a trial"));
    o.recipe = recipe;
    AN_TRY(an_trainer_new(&trial->trainer, ctx, shown, NULL, &o, &trial->rule));
cleanup:
    an_recipe_free(recipe);
    an_dataset_release(shown);
    return rc;
}

alexnet_status an_trial_new(alexnet_trial **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                            const alexnet_trainer_options *options,
                            const alexnet_trial_options *how)
{
    alexnet_trial *trial = an_calloc(1, sizeof *trial);
    *out = NULL;
    if (!trial)
        return AN_FAIL_MEMORY(sizeof *trial, "a trial");
    trial->kind = how->kind;
    trial->updates = how->updates;
    trial->best = INFINITY;
    alexnet_status rc = begin(trial, ctx, train, options, how);
    if (rc == ALEXNET_OK)
        *out = trial;
    else
        an_trial_free(trial);
    return rc;
}

void an_trial_free(alexnet_trial *trial)
{
    if (!trial)
        return;
    an_trainer_free(trial->trainer);
    an_free(trial->points);
    an_free(trial);
}

/* ---- Steps ---- */

/* Whether the trial has seen enough. */
static bool is_over(alexnet_trial *trial)
{
    const alexnet_trial_point *latest = &trial->points[trial->count - 1];
    if (trial->count == trial->updates)
        return true;
    if (trial->kind == ALEXNET_TRIAL_OVERFIT)
        return latest->loss < LEARNT;
    trial->sum = KEPT * trial->sum + (1 - KEPT) * latest->loss;
    const double mean = trial->sum / (1 - pow(KEPT, (double)trial->count));
    trial->best = fmin(trial->best, mean);
    return trial->count >= FEW && mean > TOO_HIGH * trial->best;
}

/* Find the reason if a batch was not learnt and its loss is still that of chance. */
static void find_reason(alexnet_trial *trial)
{
    const double loss = trial->points[trial->count - 1].loss;
    if (trial->kind == ALEXNET_TRIAL_OVERFIT && an_trainer_stuck_at(trial->trainer, loss))
        an_trainer_why_stuck(trial->trainer, loss, trial->reason, sizeof trial->reason);
}

/* Check the pictures at the end of an epoch: a trial that can read none would never end. */
static alexnet_status end_epoch(alexnet_trainer *t)
{
    const an_tally epoch = t->record.epoch;
    if (t->record.step % t->steps_per_epoch != 0)
        return ALEXNET_OK;
    t->loading = false;
    t->record.epoch = (an_tally){0};
    return an_trainer_check_bad(t, t->train, epoch.images, epoch.skipped);
}

static alexnet_status update(alexnet_trial *trial, alexnet_trial_point *point)
{
    alexnet_trainer *t = trial->trainer;
    t->record.interval = (an_tally){0};
    const double rate =
        trial->rate * trial->rule.first * pow(trial->rule.growth, (double)t->record.step);
    alexnet_status rc = an_trainer_update(t);
    if (rc == ALEXNET_ERROR_DIVERGED && trial->kind == ALEXNET_TRIAL_RATES && trial->count > 0) {
        trial->over = true; /* the sweep has seen the rate that is too high */
        return ALEXNET_OK;
    }
    AN_CHECK(rc);
    t->record.step++;
    const alexnet_metrics m = an_tally_metrics(&t->record.interval);
    point->images = m.images;
    point->rate = rate;
    point->loss = m.loss;
    point->top1_error = m.top1_error;
    if (m.images > 0) {
        point->update = ++trial->count;
        trial->points[trial->count - 1] = *point;
        trial->over = is_over(trial);
        if (trial->over)
            find_reason(trial);
    }
    return end_epoch(t);
}

alexnet_status an_trial_step(alexnet_trial *trial, alexnet_trial_point *point, bool *more)
{
    alexnet_trainer *t = trial->trainer;
    *point = (alexnet_trial_point){.updates = trial->updates};
    *more = !trial->over;
    if (trial->over)
        return ALEXNET_OK;
    AN_CHECK(an_compute_check(t->ctx));
    if (t->record.phase == AN_PHASE_MEAN) {
        alexnet_progress mean;
        return an_trainer_step_mean(t, &mean);
    }
    AN_CHECK(update(trial, point));
    *more = !trial->over;
    return ALEXNET_OK;
}

/* ---- What it came to ---- */

double an_trial_smooth(const alexnet_trial *trial, int64_t index)
{
    const int64_t first = index > NEIGHBOURS ? index - NEIGHBOURS : 0;
    const int64_t last = index + NEIGHBOURS < trial->count ? index + NEIGHBOURS : trial->count - 1;
    double sum = 0;
    for (int64_t i = first; i <= last; i++)
        sum += trial->points[i].loss;
    return sum / (double)(last - first + 1);
}

/* The standard error of the difference between the first smoothed loss and that at `best`, by how
 * much the losses until there differ from the smoothed ones. */
static double error_of_fall(const alexnet_trial *trial, int64_t best)
{
    const double width = 2 * NEIGHBOURS + 1;
    double sum = 0;
    for (int64_t i = 0; i <= best; i++)
        sum += pow(trial->points[i].loss - an_trial_smooth(trial, i), 2);
    const double variance = sum / (double)(best + 1) * width / (width - 1);
    return sqrt(variance * (1.0 / (NEIGHBOURS + 1) + 1 / width));
}

/* Find the lowest loss of a sweep and its rate, and derive the rate to suggest. */
static void judge_rates(const alexnet_trial *trial, alexnet_trial_verdict *verdict)
{
    int64_t best = 0;
    for (int64_t i = 1; i < trial->count; i++)
        if (an_trial_smooth(trial, i) < an_trial_smooth(trial, best))
            best = i;
    if (trial->count == 0)
        return;
    verdict->loss = an_trial_smooth(trial, best);
    verdict->lowest_at = trial->points[best].rate;
    const double first = an_trial_smooth(trial, 0);
    verdict->good = verdict->loss <= FALLEN * first &&
                    first - verdict->loss >= CLEAR * error_of_fall(trial, best);
    if (verdict->good)
        verdict->rate = SAFE * verdict->lowest_at;
}

void an_trial_verdict(const alexnet_trial *trial, alexnet_trial_verdict *verdict)
{
    *verdict = (alexnet_trial_verdict){.reason = trial->reason,
                                       .updates = trial->count,
                                       .pictures = trial->trainer->train->count,
                                       .chance = log(trial->trainer->classes.count)};
    if (trial->kind == ALEXNET_TRIAL_RATES) {
        judge_rates(trial, verdict);
    } else if (trial->count > 0) {
        verdict->loss = trial->points[trial->count - 1].loss;
        verdict->good = verdict->loss < LEARNT;
    }
}
