/*
 * Resumes a run from its checkpoint.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/team.h"
#include "base/text.h"
#include "model/model_open.h"
#include "train/trainer_impl.h"

/* Whether device, ISA, library and precision are those that the run had; warns if not. */
static bool same_origin(const alexnet_trainer *t)
{
    an_run_state now = {0};
    an_trainer_origin(t, &now);
    const an_run_state *then = &t->record;
    if (strcmp(now.device, then->device) == 0 && strcmp(now.isa, then->isa) == 0 &&
        strcmp(now.library, then->library) == 0 && strcmp(now.precision, then->precision) == 0)
        return true;
    an_log(t->ctx, ALEXNET_LOG_WARNING,
           "the run began on %s (%s%s%s, %s) and continues on %s (%s%s%s, %s): from here on its "
           "bits may differ",
           then->device, then->isa, *then->library ? ", " : "", then->library, then->precision,
           now.device, now.isa, *now.library ? ", " : "", now.library, now.precision);
    return false;
}

/* Called once the programs exist: warns once if they may compute other bits than before. The
 * record takes the current implementations, so that the next resume uses them. */
static alexnet_status compare_origin(alexnet_trainer *t)
{
    char *then = t->record.tuning, *now = an_trainer_tuning(t);
    if (!now)
        return AN_FAIL_MEMORY(4096, "a record of progress");
    if (same_origin(t) && (!then || strcmp(now, then) != 0))
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "the run %s and continues with those of %s: from here on its bits may differ",
               then ? "used other implementations of its operators"
                    : "does not record the implementations of its operators",
               t->ctx->tuning ? t->ctx->tuning_name : "this machine");
    an_free(then);
    t->record.tuning = now;
    return ALEXNET_OK;
}

/* No tensor has been read yet, so that the check is of the metadata alone. */
static alexnet_status read_metadata(alexnet_trainer *t, an_tensor_file *file)
{
    AN_CHECK(an_tensor_file_check_damage(file));
    const char *record = an_tensor_file_metadata(file, AN_METADATA_RUN);
    const char *recipe = an_tensor_file_metadata(file, "alexnet.recipe");
    if (!record || !recipe)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is a model, not a checkpoint: it lacks %s",
                       t->run.last, record ? "alexnet.recipe" : AN_METADATA_RUN);
    AN_CHECK(an_run_state_from_text(&t->record, record, t->run.last));
    AN_CHECK(an_recipe_new(&t->recipe));
    return an_recipe_read_whole(t->recipe, recipe, t->run.last);
}

/* Check a new number of epochs. A schedule that ends with the run is stretched to the new end, with
 * a warning; the updates made so far had the rates of the old one. */
static alexnet_status change_end(const alexnet_trainer *t, int64_t planned, double before)
{
    int64_t steps = t->steps_per_epoch, step = t->record.step, made = (step + steps - 1) / steps;
    if (t->epochs < made)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "epochs = %lld: %s has already begun epoch %lld", (long long)t->epochs,
                       t->run.folder, (long long)made);
    if (t->epochs == planned || !an_schedule_has_end(t->recipe) || step == 0 ||
        step == t->epochs * steps)
        return ALEXNET_OK;
    double rate = an_recipe_number(t->recipe, AN_KEY_RATE, NULL, (double)(step / steps + 1)) *
                  an_schedule_factor(t->recipe, NULL, step, steps);
    an_log(t->ctx, ALEXNET_LOG_WARNING,
           "schedule = %s was planned to end after %lld %s and now ends after %lld: the rate "
           "continues at %.3g after %.3g. A run that began with epochs = %lld would have had other "
           "rates until now",
           an_recipe_get(t->recipe, "schedule"), (long long)planned,
           an_text_plural(planned, "epoch", "epochs"), (long long)t->epochs, rate, before,
           (long long)t->epochs);
    return ALEXNET_OK;
}

/* Apply the settings that are changed on resume. */
static alexnet_status change_settings(alexnet_trainer *t, const alexnet_resume_options *options,
                                      bool *changed)
{
    const char *const *setting = options->settings;
    AN_CHECK(an_trainer_read_recipe(t));
    const int64_t planned = t->epochs;
    const double rate = an_trainer_rate(t);
    for (; setting && setting[0]; setting += 2) {
        AN_CHECK(an_recipe_set_at_resume(t->recipe, setting[0], setting[1]));
        *changed = true;
    }
    AN_CHECK(an_trainer_read_recipe(t));
    AN_CHECK(change_end(t, planned, rate));
    bool through = t->record.step == t->epochs * t->steps_per_epoch;
    if (t->record.phase == AN_PHASE_DONE && !through && !an_trainer_stopped_early(t))
        t->record.phase = AN_PHASE_TRAIN;
    if (t->record.phase == AN_PHASE_TRAIN && through)
        t->record.phase = AN_PHASE_DONE;
    return ALEXNET_OK;
}

/* Check that the phase is possible at the step: with a damaged record a run could train for
 * ever. */
static alexnet_status check_place(const alexnet_trainer *t)
{
    const an_run_state *r = &t->record;
    int64_t batch = an_recipe_integer(t->recipe, AN_KEY_BATCH), count = r->train.count;
    int64_t steps = count > 0 && count <= UINT32_MAX ? an_batches(count, batch) : 1;
    int64_t all = an_recipe_integer(t->recipe, AN_KEY_EPOCHS) * steps;
    bool good = r->phase == AN_PHASE_MEAN    ? r->step == 0
                : r->phase == AN_PHASE_TRAIN ? r->step < all
                                             : r->step > 0 && r->step % steps == 0;
    const int64_t ended = r->step / steps; /* epochs */
    good &= (r->phase == AN_PHASE_MEAN || r->mean_done == 0) && r->step <= all &&
            r->best_epoch <= ended && r->drops.after <= ended && r->drops.count <= ended;
    if (good)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s: its record of progress is damaged: update %lld of %lld, phase %d",
                   t->run.last, (long long)r->step, (long long)all, (int)r->phase);
}

static alexnet_status cut_log(alexnet_trainer *t)
{
    const int64_t lines = t->record.log_lines;
    AN_CHECK(an_run_cut_log(&t->run, lines, t->record.log_bytes));
    if (t->run.logged.count < lines && lines < AN_RUN_COUNT_MAX)
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "%s is shorter than the run left it: %lld of %lld lines remain; the missing ones "
               "cannot be written again",
               t->run.log, (long long)t->run.logged.count, (long long)lines);
    return ALEXNET_OK;
}

/* Find out whether the best model is still there. If the run went back to an earlier checkpoint, or
 * was killed before the latest one was written, the file may be of an epoch that the record does
 * not know. What the best achieved stays in the record: the rates of a plateau depend on when
 * validation improved. */
static alexnet_status look_for_best(alexnet_trainer *t)
{
    uint64_t id;
    bool there;
    const an_run_state *r = &t->record;
    AN_CHECK(an_file_exists(t->run.best, &there));
    AN_CHECK(an_run_best_id(&t->run, &id));
    const bool ours = there && (!r->best_id || r->best_id == id);
    t->best_lost = r->best_epoch > 0 && !ours;
    if (t->best_lost)
        an_log(t->ctx, ALEXNET_LOG_WARNING, "%s%s epoch %lld%s: %s", t->run.best,
               there ? " is not the model of" : ", the model of", (long long)r->best_epoch,
               there ? ", the best so far" : ", is missing",
               r->phase == AN_PHASE_DONE
                   ? "the run is complete, so nothing replaces it unless epochs are added"
                   : "the model of the next epoch replaces it, even if it is not as good");
    return ALEXNET_OK;
}

/* On the device and in the precision of the run, unless the context names others. Runs of
 * versions that called tf32 "fp32" continue in fp32. */
static alexnet_status make_net(alexnet_trainer *t, const alexnet_network *network)
{
    an_device_defaults defaults = {t->record.device, an_precision_from_name(t->record.precision),
                                   t->record.tuning, t->record.deterministic};
    if (defaults.precision == ALEXNET_PRECISION_AUTO) /* float64 */
        defaults.precision = ALEXNET_PRECISION_FP32;
    return an_net_new_as(&t->net, t->ctx, network, true, &defaults);
}

/* The file that class_weights names is not read again: it may have changed. */
static void say_weights(const alexnet_trainer *t)
{
    if (an_recipe_choice(t->recipe, AN_KEY_CLASS_WEIGHTS) == AN_WEIGHTS_FILE)
        an_log(
            t->ctx, ALEXNET_LOG_INFO,
            "class_weights = %s: the run continues with the weights that it began with; the file "
            "is not read again",
            an_recipe_get(t->recipe, "class_weights"));
}

/* ---- The checkpoint ---- */

/* Beside a damaged or missing checkpoint there may be one of an epoch, or the best model: add to
 * the error how to use it. */
static alexnet_status suggest_another(const char *folder, alexnet_status rc)
{
    char why[1024];
    if (rc != ALEXNET_ERROR_FORMAT && rc != ALEXNET_ERROR_IO)
        return rc;
    snprintf(why, sizeof why, "%s", an_error_text());
    char *epoch = an_run_newest_epoch(folder), *last = an_path_join(folder, "last.safetensors");
    char *best = an_path_join(folder, "best.safetensors");
    const bool lost = last && (rc == ALEXNET_ERROR_FORMAT || !an_is_file(last));
    if (lost && epoch)
        rc = AN_FAIL(rc, "%.600s. To continue from a checkpoint that was kept, copy %s to %s", why,
                     epoch, last);
    else if (lost && best && an_is_file(best))
        rc = AN_FAIL(rc, "%.600s. To begin a new run with its best model, use `init_from` %s", why,
                     folder);
    else
        rc = AN_FAIL(rc, "%s", why);
    an_free(epoch);
    an_free(last);
    an_free(best);
    return rc;
}

static alexnet_status read_head(alexnet_trainer *t, an_model_file *file)
{
    an_reader *reader;
    AN_CHECK(an_reader_open(&reader, t->run.last));
    AN_CHECK(an_model_file_open(file, t->ctx, reader, &(an_model_options){.ours = true}));
    t->classes = file->classes;
    file->classes = (an_classes){0};
    AN_CHECK(read_metadata(t, file->tensors));
    return check_place(t);
}

static alexnet_status read_tensors(alexnet_trainer *t, an_model_file *file)
{
    AN_CHECK(an_model_file_weights(file, t->net));
    AN_CHECK(an_model_file_state(file, t->net));
    AN_CHECK(an_trainer_read_mean(t, file->tensors));
    return an_tensor_file_check_damage(file->tensors);
}

/* ---- The folder ---- */

/* A killed process keeps its locks until its memory is freed and its device is released, and a job
 * may be started again before that. Another process that trains keeps them for longer. */
enum { WAIT_SECONDS = 5, TRIES_A_SECOND = 10 };

static alexnet_status claim(alexnet_trainer *t)
{
    const struct timespec pause = {.tv_nsec = 1000000000 / TRIES_A_SECOND};
    alexnet_status rc = an_run_claim(&t->run);
    if (rc == ALEXNET_ERROR_INVALID_ARGUMENT)
        an_log(t->ctx, ALEXNET_LOG_INFO,
               "another trainer has locked %s: waiting up to %d seconds for it to end",
               t->run.folder, WAIT_SECONDS);
    for (int i = 0; rc == ALEXNET_ERROR_INVALID_ARGUMENT && i < WAIT_SECONDS * TRIES_A_SECOND;
         i++) {
        AN_CHECK(an_compute_check(t->ctx));
        nanosleep(&pause, NULL);
        rc = an_run_claim(&t->run);
    }
    return rc;
}

static alexnet_status resume(alexnet_trainer *t, const char *folder,
                             const alexnet_resume_options *options)
{
    alexnet_status rc;
    bool moved = false, set = false;
    an_model_file file = {0};
    AN_TRY(suggest_another(folder, an_run_open(&t->run, folder)));
    AN_TRY(claim(t));
    an_trainer_warn_unlocked(t);
    AN_TRY(suggest_another(folder, read_head(t, &file)));
    AN_TRY(an_trainer_reopen_data(t, options, &moved));
    AN_TRY(change_settings(t, options, &set));
    AN_TRY(make_net(t, file.network));
    AN_TRY(an_trainer_make(t));
    say_weights(t);
    t->record.has_mean |= !an_mean_wanted(t->net); /* a damaged record may say otherwise */
    AN_TRY(compare_origin(t));
    AN_TRY(suggest_another(folder, read_tensors(t, &file)));
    AN_TRY(an_program_pack(t->program));
    AN_TRY(cut_log(t));
    AN_TRY(an_trainer_follow(t)); /* reading the data and the checkpoint took a while */
    AN_TRY(look_for_best(t));
    t->changed = moved || set;
    t->recipe_due = true; /* it may be that of a later checkpoint than the one in its place */
    rc = an_trainer_keep_changes(t);
    if (rc == ALEXNET_ERROR_IO) /* that is an error of the first step, which can be made again */
        rc = ALEXNET_OK;
cleanup:
    an_model_file_close(&file);
    return rc;
}

alexnet_status an_trainer_resume(alexnet_trainer **out, alexnet_ctx *ctx, const char *folder,
                                 const alexnet_resume_options *options)
{
    AN_CHECK(an_trainer_alloc(out, ctx));
    return an_trainer_finish(out, resume(*out, folder, options));
}
