/*
 * The data of a run that is resumed: found again, and compared with what the run remembers.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "train/trainer_impl.h"

bool an_trainer_reads_by_place(const alexnet_trainer *t)
{
    return an_recipe_choice(t->recipe, AN_KEY_ORDER) == AN_ORDER_SHARDS;
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

static const char *part_name(const alexnet_trainer *t, const an_data_identity *record)
{
    return record == &t->record.val ? "validation" : "training";
}

static alexnet_status fail_changed(const alexnet_trainer *t, const an_data_identity *now,
                                   const an_data_identity *record)
{
    char what[128] = "they are at other places in the archives, so that order = shards reads them "
                     "in another order";
    if (!an_data_identity_same_pictures(now, record))
        snprintf(what, sizeof what, "%lld then, %lld now, and names or sizes differ",
                 (long long)record->count, (long long)now->count);
    return AN_FAIL(ALEXNET_ERROR_BAD_DATA,
                   "the %s pictures of %s have changed since the run began: %s; restore them, "
                   "continue with them as they are (`accept_changes`), or begin a new run with "
                   "`init_from` %s",
                   part_name(t, record), now->root, what, t->run.folder);
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
    AN_CHECK(an_data_identity_now(now, t->ctx, *out, by_place));
    if (an_data_identity_same(now, record))
        return ALEXNET_OK;
    if (!options->accept_changes)
        return fail_changed(t, now, record);
    an_log(t->ctx, ALEXNET_LOG_WARNING,
           "the %s pictures of %s have changed, and the run continues with them as they are: %lld "
           "then, %lld now",
           part_name(t, record), now->root, (long long)record->count, (long long)now->count);
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
    return !an_data_identity_same(now, then) || strcmp(now->root, then->root) != 0;
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
    an_data_identity_free(record);
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
    if (!an_data_identity_same(&train, &r->train))
        begin_epoch_again(t);
    replace(&r->train, &train);
    if (t->val)
        replace(&r->val, &val);
cleanup:
    an_data_identity_free(&train);
    an_data_identity_free(&val);
    return rc;
}
