#include "train/run_data.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "format/tensor_file.h"
#include "train/data_identity.h"
#include "train/run.h"
#include "train/run_state.h"

/* ---- The record ---- */

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

/* ---- The validation set ---- */

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
    rc = an_data_identity_now(&now, ctx, *out, false);
    if (rc == ALEXNET_OK && !an_data_identity_same(&now, val))
        an_log(ctx, ALEXNET_LOG_WARNING,
               "%s has changed since the run began: pictures may have moved between training "
               "and validation",
               val->root);
    an_data_identity_free(&now);
    if (rc != ALEXNET_OK) {
        an_dataset_release(*out);
        *out = NULL;
    }
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
