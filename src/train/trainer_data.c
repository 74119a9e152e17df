/*
 * The data that a run remembers: what identifies it, and how it is found again.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"
#include "data/shard_order.h"
#include "train/trainer_impl.h"

alexnet_status an_trainer_record_data(an_data_identity *record, const alexnet_dataset *data,
                                      const int64_t *stamps, bool by_place)
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
    record->fingerprint = an_dataset_fingerprint(data, stamps);
    record->places = by_place ? an_shard_order_places(data) : 0;
    return ALEXNET_OK;
}

bool an_trainer_reads_by_place(const alexnet_trainer *t)
{
    return an_recipe_choice(t->recipe, AN_KEY_ORDER) == AN_ORDER_SHARDS;
}

/* What a data set is now; free it with forget(). */
static alexnet_status identify(an_data_identity *now, alexnet_ctx *ctx, const alexnet_dataset *data,
                               bool by_place)
{
    int64_t *stamps;
    *now = (an_data_identity){0};
    AN_CHECK(an_dataset_stamps(&stamps, ctx, data, false));
    const alexnet_status rc = an_trainer_record_data(now, data, stamps, by_place);
    an_free(stamps);
    return rc;
}

static void forget(an_data_identity *identity)
{
    an_free(identity->root);
    an_free(identity->kind);
    *identity = (an_data_identity){0};
}

static bool has_same_pictures(const an_data_identity *now, const an_data_identity *then)
{
    return now->count == then->count && now->fingerprint == then->fingerprint;
}

static bool is_as_it_was(const an_data_identity *now, const an_data_identity *then)
{
    return has_same_pictures(now, then) && (then->places == 0 || now->places == then->places);
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

static alexnet_status fail_changed(const alexnet_trainer *t, const an_data_identity *now,
                                   const an_data_identity *record)
{
    char what[128] = "its pictures are at other places in the archives, so that order = shards "
                     "reads them in another order";
    if (!has_same_pictures(now, record))
        snprintf(what, sizeof what, "%lld %s then, %lld now, and names or sizes differ",
                 (long long)record->count, an_text_plural(record->count, "picture", "pictures"),
                 (long long)now->count);
    return AN_FAIL(ALEXNET_ERROR_BAD_DATA,
                   "%s has changed since the run began: %s; restore it, continue with it as it is "
                   "(`accept_changes`), or begin a new run with `init_from` %s",
                   now->root, what, t->run.folder);
}

/* Open data where it is now, and check that it is the run's. @param now  out, what it is */
static alexnet_status reopen(alexnet_trainer *t, alexnet_dataset **out, an_data_identity *now,
                             const an_data_identity *record, const place *at,
                             const alexnet_resume_options *options)
{
    an_class_list list = an_classes_list(&t->classes);
    const char *where = at->path;
    alexnet_status rc =
        at->data
            ? an_dataset_of_part(out, an_data_source_retain(at->data->source), record->part, &list)
            : an_dataset_reopen(out, t->ctx, record->kind, where ? where : record->root,
                                record->part, &list);
    if (rc == ALEXNET_ERROR_IO && !where)
        return AN_FAIL(rc, "%s; if the pictures have moved, name their folder as `train`",
                       an_error_text());
    AN_CHECK(rc);
    AN_CHECK(an_dataset_check_labels(*out));
    const bool by_place = record == &t->record.train && an_trainer_reads_by_place(t);
    AN_CHECK(identify(now, t->ctx, *out, by_place));
    if (is_as_it_was(now, record))
        return ALEXNET_OK;
    if (!options->accept_changes)
        return fail_changed(t, now, record);
    an_log(t->ctx, ALEXNET_LOG_WARNING,
           "%s has changed, and the run continues with it as it is: %lld pictures then, %lld now",
           now->root, (long long)record->count, (long long)now->count);
    return ALEXNET_OK;
}

/* Begin the current epoch, or the mean's pass, again, because its pictures have changed. The
 * weights keep the updates that the epoch has made, and so does the log. */
static void begin_epoch_again(alexnet_trainer *t)
{
    t->record.mean_done = 0;
    int64_t batch = an_recipe_integer(t->recipe, AN_KEY_BATCH);
    int64_t before = an_batches(t->record.train.count, batch);
    int64_t now = an_batches(t->train->count, batch);
    const int64_t made = an_trainer_updates(t);
    if (t->record.step % before != 0)
        t->record.epoch = (an_tally){0};
    t->record.step = t->record.step / before * now;
    t->record.shift = made - t->record.step;
}

static bool is_elsewhere(const an_data_identity *now, const an_data_identity *then)
{
    return !is_as_it_was(now, then) || strcmp(now->root, then->root) != 0;
}

/* Whether validation pictures that are a share of a source share it with the training pictures, so
 * that it is open already. */
static bool share_source(const an_run_state *r, const alexnet_resume_options *options)
{
    return options->train_data || (strcmp(r->val.kind, r->train.kind) == 0 &&
                                   (options->train || strcmp(r->val.root, r->train.root) == 0));
}

static alexnet_status reopen_val(alexnet_trainer *t, an_data_identity *now,
                                 const alexnet_resume_options *options)
{
    const an_run_state *r = &t->record;
    char *moved = options->train && !options->val ? beside(r, t->train->root) : NULL;
    place at = {options->val ? options->val : moved, options->val_data};
    if (r->val.part.share > 0)
        at = (place){options->train, share_source(r, options) ? t->train : NULL};
    alexnet_status rc = reopen(t, &t->val, now, &r->val, &at, options);
    an_free(moved);
    return rc;
}

/* Refuse validation pictures that would not be used. */
static alexnet_status check_val(const alexnet_trainer *t, const alexnet_resume_options *options)
{
    const an_data_identity *val = &t->record.val;
    const char *given = options->val        ? options->val
                        : options->val_data ? options->val_data->root
                                            : NULL;
    if (!given || (val->root && val->part.share == 0))
        return ALEXNET_OK;
    return AN_FAIL(
        ALEXNET_ERROR_INVALID_ARGUMENT, "%s was trained %s, so it cannot use %s", t->run.folder,
        val->root ? "with a share of its pictures for validation" : "without a validation set",
        given);
}

/* Record what a data set is now. */
static void replace(an_data_identity *record, an_data_identity *now)
{
    forget(record);
    *record = *now;
    *now = (an_data_identity){0};
}

alexnet_status an_trainer_reopen_data(alexnet_trainer *t, const alexnet_resume_options *options,
                                      bool *changed)
{
    an_run_state *r = &t->record;
    an_data_identity train = {0}, val = {0};
    const place at = {options->train, options->train_data};
    alexnet_status rc;
    AN_TRY(reopen(t, &t->train, &train, &r->train, &at, options));
    AN_TRY(check_val(t, options));
    if (r->val.root)
        AN_TRY(reopen_val(t, &val, options));
    *changed = is_elsewhere(&train, &r->train) || (t->val && is_elsewhere(&val, &r->val));
    if (!*changed)
        goto cleanup;
    if (!is_as_it_was(&train, &r->train))
        begin_epoch_again(t);
    replace(&r->train, &train);
    if (t->val)
        replace(&r->val, &val);
cleanup:
    forget(&train);
    forget(&val);
    return rc;
}

/* ---- The validation set of a run that is not trained now ---- */

static alexnet_status open_validation(alexnet_dataset **out, alexnet_ctx *ctx, const char *folder,
                                      const an_data_identity *val, const an_class_list *classes)
{
    an_data_identity now;
    if (!val->root)
        return AN_FAIL(
            ALEXNET_ERROR_INVALID_ARGUMENT,
            "%s was trained without a validation set; name the pictures to measure it on", folder);
    alexnet_status rc = an_dataset_reopen(out, ctx, val->kind, val->root, val->part, classes);
    if (rc == ALEXNET_ERROR_IO)
        return AN_FAIL(rc, "%s; if the pictures have moved, name their folder", an_error_text());
    AN_CHECK(rc);
    rc = identify(&now, ctx, *out, false);
    if (rc == ALEXNET_OK && !is_as_it_was(&now, val))
        an_log(ctx, ALEXNET_LOG_WARNING,
               "%s has changed since the run began: pictures may have moved between training "
               "and validation",
               val->root);
    forget(&now);
    if (rc != ALEXNET_OK) {
        an_dataset_release(*out);
        *out = NULL;
    }
    return rc;
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

/* Read the record of a run from its checkpoint; free it with an_run_state_free(). */
static alexnet_status read_record(an_run_state *record, const char *folder)
{
    alexnet_status rc;
    an_run run;
    an_reader *reader;
    an_tensor_file *file = NULL;
    *record = (an_run_state){0};
    AN_CHECK(an_run_open(&run, folder));
    AN_TRY(an_reader_open(&reader, run.last));
    AN_TRY(an_tensor_file_open(&file, reader));
    const char *text = an_tensor_file_metadata(file, AN_METADATA_RUN);
    AN_TRY(an_run_state_from_text(record, text ? text : "", run.last));
cleanup:
    an_tensor_file_close(file);
    an_run_close(&run);
    return rc;
}

alexnet_status an_run_validation(alexnet_dataset **out, alexnet_ctx *ctx, const char *folder,
                                 const an_class_list *classes)
{
    an_run_state record;
    *out = NULL;
    AN_CHECK(read_record(&record, folder));
    alexnet_status rc = open_validation(out, ctx, folder, &record.val, classes);
    an_run_state_free(&record);
    return rc;
}

/* ---- Pictures that a run was trained on ---- */

/* How many samples of a data set are in another over the same source. */
static alexnet_status count_common(int64_t *out, const alexnet_dataset *data,
                                   const alexnet_dataset *other)
{
    bool *has = an_calloc((size_t)data->source->count + 1, sizeof *has);
    if (!has)
        return AN_FAIL_MEMORY((size_t)data->source->count, "comparing pictures");
    for (int64_t i = 0; i < other->count; i++)
        has[other->samples[i].item] = true;
    *out = 0;
    for (int64_t i = 0; i < data->count; i++)
        *out += has[data->samples[i].item];
    an_free(has);
    return ALEXNET_OK;
}

/* How many samples the training part of their source has, as a run remembers it. */
static alexnet_status count_seen(int64_t *out, const alexnet_dataset *data, an_part training)
{
    alexnet_dataset *part;
    const an_class_list list = {data->classes, (const char *const *)data->class_ids,
                                (const char *const *)data->class_names};
    AN_CHECK(an_dataset_of_part(&part, an_data_source_retain(data->source), training, &list));
    alexnet_status rc = count_common(out, data, part);
    an_dataset_release(part);
    return rc;
}

alexnet_status an_run_warn_seen(alexnet_ctx *ctx, const char *folder, const alexnet_dataset *data)
{
    an_run_state record;
    int64_t seen = 0;
    alexnet_status rc;
    AN_CHECK(read_record(&record, folder));
    if (strcmp(record.train.root, data->root) == 0)
        AN_TRY(count_seen(&seen, data, record.train.part));
    if (seen > 0)
        an_log(ctx, ALEXNET_LOG_WARNING,
               "%lld of %lld %s are training pictures of %s, so errors on them look too low%s%s",
               (long long)seen, (long long)data->count,
               an_text_plural(data->count, "picture", "pictures"), folder,
               record.val.root ? "; those that were held back: `alexnet_run_validation()` " : "",
               record.val.root ? folder : "");
    rc = ALEXNET_OK;
cleanup:
    an_run_state_free(&record);
    return rc;
}
