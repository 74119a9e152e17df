/*
 * The data that a run remembers: what identifies it, and how it is found again.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"
#include "train/trainer_impl.h"

alexnet_status an_trainer_record_data(an_data_identity *record, const alexnet_dataset *data)
{
    if (!an_is_utf8(data->root))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: the path is not UTF-8; rename the folder",
                       data->root);
    an_free(record->root);
    an_free(record->kind);
    record->root = an_strdup(data->root);
    record->kind = an_strdup(data->source->kind->name);
    if (!record->root || !record->kind)
        return AN_FAIL_MEMORY(strlen(data->root), "a path");
    record->part = data->part;
    record->count = data->count;
    record->fingerprint = an_dataset_fingerprint(data);
    return ALEXNET_OK;
}

static bool is_as_it_was(const alexnet_dataset *data, const an_data_identity *record)
{
    return data->count == record->count && an_dataset_fingerprint(data) == record->fingerprint;
}

/* The new path of validation pictures that were beside the training pictures, which are now at
 * `train`; NULL if they were not beside them, or memory is short. */
static char *beside(const an_run_state *record, const char *train)
{
    const char *old = record->train.root, *val = record->val.root;
    const char *slash = strrchr(old, '/'), *name = strrchr(val, '/'), *end = strrchr(train, '/');
    if (!slash || !name || !end || slash - old != name - val ||
        strncmp(old, val, (size_t)(slash - old)) != 0)
        return NULL;
    return an_format("%.*s%s", (int)(end - train), train, name);
}

/* Where data is now: at `path`, or open as `data`. Both NULL: where it was. */
typedef struct place {
    const char *path;
    const alexnet_dataset *data;
} place;

/* Open data where it is now, and check that it is the run's. */
static alexnet_status reopen(alexnet_trainer *t, alexnet_dataset **out, an_data_identity *record,
                             const place *at, const alexnet_resume_options *options)
{
    an_class_list list = an_classes_list(&t->classes);
    const char *where = at->path;
    alexnet_status rc =
        at->data
            ? an_dataset_of_part(out, an_data_source_retain(at->data->source), record->part, &list)
            : an_dataset_reopen(out, t->ctx, record->kind, where ? where : record->root,
                                record->part, &list);
    if (rc == ALEXNET_ERROR_IO && !where)
        return AN_FAIL(rc, "%s; if the pictures have moved, name their folder: --resume %s DATA",
                       an_error_text(), t->run.folder);
    AN_CHECK(rc);
    AN_CHECK(an_dataset_check_labels(*out));
    const alexnet_dataset *now = *out;
    if (is_as_it_was(now, record))
        return ALEXNET_OK;
    if (!options->accept_changes)
        return AN_FAIL(
            ALEXNET_ERROR_BAD_DATA,
            "%s has changed since the run began: %lld %s then, %lld now, and names or sizes "
            "differ; restore it, continue with it as it is (--accept-changes), or begin a new "
            "run with --init-from %s",
            now->root, (long long)record->count,
            an_text_plural(record->count, "picture", "pictures"), (long long)now->count,
            t->run.folder);
    an_log(t->ctx, ALEXNET_LOG_WARNING,
           "%s has changed, and the run continues with it as it is: %lld pictures then, %lld now",
           now->root, (long long)record->count, (long long)now->count);
    return ALEXNET_OK;
}

/* Begin the current epoch again, because its pictures and its length have changed. */
static void begin_epoch_again(alexnet_trainer *t)
{
    int64_t batch = an_recipe_integer(t->recipe, AN_KEY_BATCH);
    int64_t before = an_batches(t->record.train.count, batch);
    int64_t now = an_batches(t->train->count, batch);
    if (t->record.step % before != 0)
        t->record.epoch = t->record.interval = (an_tally){0};
    t->record.step = t->record.step / before * now;
}

static bool is_elsewhere(const alexnet_dataset *data, const an_data_identity *record)
{
    return !is_as_it_was(data, record) || strcmp(data->root, record->root) != 0;
}

alexnet_status an_trainer_reopen_data(alexnet_trainer *t, const alexnet_resume_options *options,
                                      bool *changed)
{
    an_run_state *r = &t->record;
    const place train = {options->train, options->train_data};
    AN_CHECK(reopen(t, &t->train, &r->train, &train, options));
    if (options->val && !r->val.root)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s was trained without a validation set, so it cannot use %s",
                       t->run.folder, options->val);
    if (r->val.root) {
        char *moved = options->train && !options->val ? beside(r, t->train->root) : NULL;
        const place own = {options->val ? options->val : moved, options->val_data};
        alexnet_status rc =
            reopen(t, &t->val, &r->val, r->val.part.share > 0 ? &train : &own, options);
        an_free(moved);
        AN_CHECK(rc);
    }
    *changed = is_elsewhere(t->train, &r->train) || (t->val && is_elsewhere(t->val, &r->val));
    if (!*changed)
        return ALEXNET_OK;
    if (!is_as_it_was(t->train, &r->train))
        begin_epoch_again(t);
    AN_CHECK(an_trainer_record_data(&r->train, t->train));
    return t->val ? an_trainer_record_data(&r->val, t->val) : ALEXNET_OK;
}

/* ---- The validation set of a run that is not trained now ---- */

static alexnet_status open_validation(alexnet_dataset **out, alexnet_ctx *ctx, const char *folder,
                                      const an_data_identity *val, const an_class_list *classes)
{
    if (!val->root)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s was trained without a validation set",
                       folder);
    alexnet_status rc = an_dataset_reopen(out, ctx, val->kind, val->root, val->part, classes);
    if (rc == ALEXNET_ERROR_IO)
        return AN_FAIL(rc, "%s; if the pictures have moved, name their folder", an_error_text());
    AN_CHECK(rc);
    if (!is_as_it_was(*out, val))
        an_log(ctx, ALEXNET_LOG_WARNING,
               "%s has changed since the run began: pictures may have moved between training "
               "and validation",
               val->root);
    return ALEXNET_OK;
}

bool an_is_checkpoint(const char *path)
{
    an_reader *reader;
    an_tensor_file *file;
    const char *format = an_tensor_file_format_of(path);
    if (!format || strcmp(format, "safetensors") != 0 ||
        an_reader_open(&reader, path) != ALEXNET_OK ||
        an_tensor_file_open(&file, reader) != ALEXNET_OK)
        return false;
    const bool yes = an_tensor_file_metadata(file, AN_METADATA_RUN) != NULL;
    an_tensor_file_close(file);
    return yes;
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
    const char *text = an_tensor_file_metadata(file, AN_METADATA_RUN);
    AN_TRY(an_run_state_from_text(&record, text ? text : "", run.last));
    AN_TRY(open_validation(out, ctx, folder, &record.val, classes));
cleanup:
    an_run_state_free(&record);
    an_tensor_file_close(file);
    an_run_close(&run);
    return rc;
}
