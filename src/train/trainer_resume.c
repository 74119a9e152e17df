/*
 * A run that goes on from its checkpoint, and the data that a run remembers.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "train/trainer.h"

static bool is_as_it_was(const alexnet_dataset *data, const an_data_identity *record)
{
    return data->count == record->count && an_dataset_fingerprint(data) == record->fingerprint;
}

static alexnet_status reopen(alexnet_dataset **out, const an_data_identity *record,
                             const an_classes *classes)
{
    an_class_list list = an_classes_list(classes);
    AN_CHECK(an_dataset_reopen(out, record->kind, record->root, record->part, &list));
    if (is_as_it_was(*out, record))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_BAD_DATA,
                   "%s is not as it was when the run began: %lld %s then, %lld now, and "
                   "names or sizes differ; restore it, or begin a new run with --init-from",
                   record->root, (long long)record->count,
                   an_text_plural(record->count, "picture", "pictures"), (long long)(*out)->count);
}

/* Whether device, ISA, library and precision are those that the run had; else it is said. */
static bool same_origin(const alexnet_trainer *t)
{
    an_run_state now = {0};
    an_trainer_origin(t, &now);
    const an_run_state *then = &t->record;
    if (strcmp(now.device, then->device) == 0 && strcmp(now.isa, then->isa) == 0 &&
        strcmp(now.library, then->library) == 0 && strcmp(now.precision, then->precision) == 0)
        return true;
    an_log(t->ctx, ALEXNET_LOG_WARNING,
           "the run began on %s (%s, %s, %s) and goes on on %s (%s, %s, %s): from here on its bits "
           "may differ",
           then->device, then->isa, then->library, then->precision, now.device, now.isa,
           now.library, now.precision);
    return false;
}

/* Once the programs are there: one warning if they may compute other bits than before. What
 * computes the operators from here on is what the next resume must take. */
static alexnet_status compare_origin(alexnet_trainer *t)
{
    char *then = t->record.tuning, *now = an_trainer_tuning(t);
    if (!now)
        return AN_FAIL_MEMORY(4096, "a record of progress");
    if (same_origin(t) && (!then || strcmp(now, then) != 0))
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "the run %s and goes on with what %s%s: from here on its bits may differ",
               then ? "used other implementations of its operators"
                    : "does not say what computed its operators",
               t->ctx->tuning ? t->ctx->tuning_name : "this machine takes",
               t->ctx->tuning ? " says" : "");
    an_free(then);
    t->record.tuning = now;
    return ALEXNET_OK;
}

static alexnet_status read_metadata(alexnet_trainer *t, an_tensor_file *file)
{
    const char *record = an_tensor_file_metadata(file, "alexnet.run");
    const char *recipe = an_tensor_file_metadata(file, "alexnet.recipe");
    if (!record || !recipe)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is a model, not a checkpoint: it lacks %s",
                       t->run.last, record ? "alexnet.recipe" : "alexnet.run");
    AN_CHECK(an_run_state_from_text(&t->record, record, t->run.last));
    AN_CHECK(an_recipe_new(&t->recipe));
    return an_recipe_read(t->recipe, recipe, t->run.last);
}

/* What a run does next must be possible at its step: a damaged record could train for ever. */
static alexnet_status check_place(const alexnet_trainer *t)
{
    const an_run_state *r = &t->record;
    int64_t all = t->epochs * t->steps_per_epoch;
    bool good = r->phase == AN_PHASE_MEAN    ? r->step == 0
                : r->phase == AN_PHASE_TRAIN ? r->step < all
                : r->phase == AN_PHASE_VAL   ? r->step > 0 && r->step % t->steps_per_epoch == 0
                                             : r->step == all;
    if (good && r->step <= all)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s: its record of progress is damaged: update %lld of %lld, phase %d",
                   t->run.last, (long long)r->step, (long long)all, (int)r->phase);
}

static alexnet_status cut_log(alexnet_trainer *t)
{
    AN_CHECK(an_run_cut_log(&t->run, t->record.log_length));
    if (t->run.log_length < t->record.log_length)
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "%s is not as the run left it: of %lld bytes %lld are there; what is missing cannot "
               "be written again",
               t->run.log, (long long)t->record.log_length, (long long)t->run.log_length);
    return ALEXNET_OK;
}

static alexnet_status go_on(alexnet_trainer *t, const char *folder)
{
    alexnet_status rc;
    an_reader *reader = NULL;
    an_tensor_file *file = NULL;
    alexnet_network *network = NULL;
    AN_TRY(an_run_open(&t->run, folder));
    AN_TRY(an_run_claim(&t->run));
    AN_TRY(an_reader_open(&reader, t->run.last));
    AN_TRY(an_model_file_open(&file, &network, &t->classes, reader));
    AN_TRY(read_metadata(t, file));
    AN_TRY(reopen(&t->train, &t->record.train, &t->classes));
    if (t->record.val.root)
        AN_TRY(reopen(&t->val, &t->record.val, &t->classes));
    an_trainer_read_recipe(t);
    AN_TRY(check_place(t));
    an_device_defaults defaults = {
        t->record.device,
        strcmp(t->record.precision, "bf16") == 0 ? ALEXNET_PRECISION_BF16 : ALEXNET_PRECISION_FP32,
        t->record.tuning};
    AN_TRY(an_net_new_as(&t->net, t->ctx, network, true, &defaults));
    AN_TRY(an_trainer_make(t));
    AN_TRY(compare_origin(t));
    AN_TRY(an_model_file_weights(file, t->net));
    AN_TRY(an_model_file_state(file, t->net));
    AN_TRY(an_program_pack(t->program));
    AN_TRY(cut_log(t));
    if (!an_is_file(t->run.recipe))
        AN_TRY(an_trainer_save_recipe(t));
cleanup:
    an_network_release(network);
    an_tensor_file_close(file);
    return rc;
}

alexnet_status an_trainer_resume(alexnet_trainer **out, alexnet_ctx *ctx, const char *folder)
{
    AN_CHECK(an_trainer_alloc(out, ctx));
    return an_trainer_finish(out, go_on(*out, folder));
}

alexnet_status an_run_validation(alexnet_dataset **out, alexnet_ctx *ctx, const char *folder,
                                 const an_class_list *classes)
{
    alexnet_status rc;
    an_run run;
    an_reader *reader;
    an_tensor_file *file = NULL;
    an_run_state record = {0};
    *out = NULL;
    AN_CHECK(an_run_open(&run, folder));
    AN_TRY(an_reader_open(&reader, run.last));
    AN_TRY(an_tensor_file_open(&file, reader));
    const char *text = an_tensor_file_metadata(file, "alexnet.run");
    AN_TRY(an_run_state_from_text(&record, text ? text : "", run.last));
    if (record.val.root)
        rc = an_dataset_reopen(out, record.val.kind, record.val.root, record.val.part, classes);
    else
        rc = AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s was trained without a validation set",
                     folder);
    if (*out && !is_as_it_was(*out, &record.val))
        an_log(ctx, ALEXNET_LOG_WARNING,
               "%s is not as it was when the run began: pictures may have moved between training "
               "and validation",
               record.val.root);
cleanup:
    an_run_state_free(&record);
    an_tensor_file_close(file);
    an_run_close(&run);
    return rc;
}
