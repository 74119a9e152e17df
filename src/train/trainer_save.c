#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/ini.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"
#include "base/version.h"
#include "base/writer.h"
#include "data/source/names.h"
#include "train/trainer_impl.h"

/* Refuse to replace a file with weights that are not finite. */
static alexnet_status check_weights(const alexnet_trainer *t)
{
    bool finite;
    const char *name;
    AN_CHECK(an_trainer_check_diverged(t));
    AN_CHECK(an_net_check_finite(t->net, &finite, &name));
    if (finite)
        return ALEXNET_OK;
    char what[sizeof t->net->params->name + 80];
    snprintf(what, sizeof what, "%s holds values that are not finite after %lld %s", name,
             (long long)an_trainer_updates(t),
             an_text_plural(an_trainer_updates(t), "update", "updates"));
    return an_trainer_fail_diverged(t, what);
}

static alexnet_status write_model(alexnet_trainer *t, const char *path, bool checkpoint,
                                  const char *record, const char *recipe)
{
    char made[160];
    snprintf(made, sizeof made, "alexnet " AN_VERSION ", after %lld %s",
             (long long)an_trainer_updates(t),
             an_text_plural(an_trainer_updates(t), "update", "updates"));
    const an_metadata metadata[] = {
        {AN_METADATA_PROVENANCE, made}, {AN_METADATA_RUN, record}, {"alexnet.recipe", recipe}};
    an_model_tensor sums[2];
    const an_model_more more = {.metadata = metadata,
                                .n_metadata = checkpoint ? 3 : 1,
                                .tensors = sums,
                                .n_tensors = checkpoint ? an_trainer_mean_tensors(t, sums) : 0};
    return an_model_file_write(path, t->net, checkpoint ? AN_VALUES : an_trainer_result(t),
                               &t->classes, checkpoint, &more);
}

static void say_if_anew(const alexnet_trainer *t, bool anew, const char *path)
{
    if (anew)
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "%s was removed, or replaced by another file: it is written anew, with all lines",
               path);
}

/* The list of bad pictures only has to keep up. */
static void flush_skipped(alexnet_trainer *t)
{
    bool anew;
    if (an_run_flush_skipped(&t->run, &anew) == ALEXNET_OK)
        say_if_anew(t, anew, t->run.skipped);
    else
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "the list of pictures that cannot be read was not written; the next save tries "
               "again: %s",
               an_error_text());
}

/* A checkpoint records how many lines the log has, so these must be on the disk before it. */
static alexnet_status flush_lines(alexnet_trainer *t)
{
    bool anew;
    AN_CHECK(an_run_lines_flush(&t->run.logged, t->run.log, &anew));
    say_if_anew(t, anew, t->run.log);
    t->record.log_lines = t->run.logged.count;
    flush_skipped(t);
    return ALEXNET_OK;
}

static alexnet_status save_as(alexnet_trainer *t, const char *path)
{
    alexnet_status rc;
    char *record = NULL, *recipe = NULL;
    AN_TRY(check_weights(t));
    AN_TRY(flush_lines(t));
    record = an_run_state_to_text(&t->record);
    recipe = an_recipe_text(t->recipe);
    if (!record || !recipe) {
        rc = AN_FAIL_MEMORY(65536, "a checkpoint's metadata");
        goto cleanup;
    }
    AN_TRY(write_model(t, path, true, record, recipe));
cleanup:
    an_free(record);
    an_free(recipe);
    return rc;
}

alexnet_status an_trainer_follow(alexnet_trainer *t)
{
    bool moved;
    AN_CHECK(an_run_follow(&t->run, &moved));
    if (moved)
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "the folder of the run was moved, and the run continues in it: %s", t->run.folder);
    return ALEXNET_OK;
}

void an_trainer_list_bad(alexnet_trainer *t, const char *error)
{
    if (an_trainer_follow(t) == ALEXNET_OK) /* the next save says why not */
        an_run_skipped(&t->run, error);
}

static alexnet_status save_last(alexnet_trainer *t)
{
    AN_CHECK(an_trainer_follow(t));
    AN_CHECK(save_as(t, t->run.last));
    t->pace.saved = an_clock();
    t->changed = false;
    return ALEXNET_OK;
}

/* Remove the copies of `epoch` and of the epochs before it, back to the first that does not
 * exist. */
static alexnet_status remove_from(const alexnet_trainer *t, int64_t epoch)
{
    bool removed = true;
    for (; removed && epoch > 0; epoch--) {
        char *path = an_run_epoch_path(&t->run, epoch);
        if (!path)
            return AN_FAIL_MEMORY(strlen(t->run.folder), "a path");
        removed = unlink(path) == 0;
        an_free(path);
    }
    return ALEXNET_OK;
}

alexnet_status an_trainer_save_epoch(alexnet_trainer *t)
{
    int64_t kept = an_recipe_integer(t->recipe, AN_KEY_KEEP);
    int64_t epoch = an_trainer_epoch(t);
    if (!kept)
        return save_last(t);
    AN_CHECK(an_trainer_follow(t));
    char *path = an_run_epoch_path(&t->run, epoch);
    alexnet_status rc = path ? save_as(t, path) : AN_FAIL_MEMORY(strlen(t->run.folder), "a path");
    an_free(path);
    /* last.safetensors comes after the copy: a process that stops in between does both again. */
    AN_CHECK(rc);
    AN_CHECK(save_last(t));
    return remove_from(t, epoch - kept);
}

alexnet_status an_trainer_save_best(alexnet_trainer *t)
{
    AN_CHECK(check_weights(t));
    AN_CHECK(an_trainer_follow(t));
    return write_model(t, t->run.best, false, NULL, NULL);
}

/* A line of recipe.ini that is for people. It must not keep the file from being read as a recipe,
 * as a long path would. Owned; NULL if memory is short. */
static char *line_of(const char *key, const char *value)
{
    const bool fits = strlen(key) + strlen(value) + 3 <= AN_INI_LINE_MAX && !an_text_fault(value);
    return fits ? an_format("%s = %s\n", key, value)
                : an_format("; %s has a name that fits no line\n", key);
}

/* Whether a file has this text. If it cannot be read, it has not. */
static bool has_text(const char *path, const char *text)
{
    char *there = NULL;
    const bool same =
        an_file_read_text(path, "a recipe", &there) == ALEXNET_OK && strcmp(there, text) == 0;
    an_free(there);
    return same;
}

static alexnet_status save_recipe(const alexnet_trainer *t)
{
    char *recipe = an_recipe_text(t->recipe);
    char *network = line_of("network", t->net->network->name);
    char *train = line_of("train", t->train->root);
    char *val = line_of("val", t->val ? t->val->root : "");
    char *weights = an_trainer_weights_text(t);
    char *text =
        recipe && network && train && val && weights
            ? an_format(AN_RUN_RECIPE_HEAD "; resuming reads the checkpoint, not this\n%s\n"
                                           "[run]\n%s%s%sval_share = %g\nsplit = %d\n%s",
                        recipe, network, train, val, t->train->part.share, t->record.split, weights)
            : NULL;
    alexnet_status rc = ALEXNET_OK;
    if (!text)
        rc = AN_FAIL_MEMORY(4096, "a recipe");
    else if (!has_text(t->run.recipe, text))
        rc = an_file_replace(t->run.recipe, text, strlen(text));
    an_free(recipe);
    an_free(network);
    an_free(train);
    an_free(val);
    an_free(weights);
    an_free(text);
    return rc;
}

static alexnet_status keep_recipe(alexnet_trainer *t)
{
    if (!t->recipe_due)
        return ALEXNET_OK;
    AN_CHECK(an_trainer_follow(t));
    AN_CHECK(save_recipe(t));
    t->recipe_due = false;
    return ALEXNET_OK;
}

alexnet_status an_trainer_save(alexnet_trainer *t)
{
    AN_CHECK(keep_recipe(t));
    return t->ended.unsaved ? an_trainer_save_epoch(t) : save_last(t);
}

alexnet_status an_trainer_save_after(alexnet_trainer *t, alexnet_status failure)
{
    char why[AN_ERROR_TEXT_MAX]; /* a save that succeeds may leave a text of its own */
    snprintf(why, sizeof why, "%s", an_error_text());
    AN_CHECK(an_trainer_save(t));
    return an_fail(failure, "%s", why);
}

alexnet_status an_trainer_keep_changes(alexnet_trainer *t)
{
    AN_CHECK(keep_recipe(t));
    return t->changed ? save_last(t) : ALEXNET_OK;
}

static json_t *metrics_object(const alexnet_metrics *m)
{
    return json_pack("{s:I,s:I,s:f,s:f,s:f}", "images", (json_int_t)m->images, "skipped",
                     (json_int_t)m->skipped, "top1_error", m->top1_error, "top5_error",
                     m->top5_error, "loss", m->loss);
}

alexnet_status an_trainer_log(alexnet_trainer *t, const an_tally *tally, const alexnet_metrics *val)
{
    alexnet_metrics m = an_tally_metrics(tally);
    int64_t epoch = (t->record.step + t->steps_per_epoch - 1) / t->steps_per_epoch;
    json_t *line =
        json_pack("{s:I,s:I,s:I,s:f,s:f,s:f,s:f,s:f,s:f}", "epoch", (json_int_t)epoch, "step",
                  (json_int_t)an_trainer_updates(t), "images", (json_int_t)m.images, "loss", m.loss,
                  "top1_error", m.top1_error, "top5_error", m.top5_error, "lr", an_trainer_rate(t),
                  "images_per_second", t->pace.rate, "waiting", t->pace.waiting);
    if (val)
        an_json_set(&line, "val", val->images ? metrics_object(val) : json_null());
    char *text = an_json_text(line, JSON_COMPACT | JSON_REAL_PRECISION(9));
    alexnet_status rc =
        text ? an_run_lines_add(&t->run.logged, text) : AN_FAIL_MEMORY(512, "a line of the log");
    an_free(text);
    json_decref(line);
    return rc;
}
