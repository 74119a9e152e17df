#include "evaluate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "paths.h"
#include "progress.h"
#include "text.h"

int picture_rows_begin(picture_rows *rows, const char *path, const alexnet_model *model, int top,
                       const char *data)
{
    int classes = alexnet_model_class_count(model);
    *rows = (picture_rows){.model = model, .top = top < classes ? top : classes};
    int code = file_begin(&rows->out, path);
    if (code != CLI_DONE)
        return code;
    rows->best = cli_alloc((size_t)rows->top * sizeof *rows->best);
    fputs("file,label,class,correct,loss", rows->out.file);
    for (int i = 1; i <= rows->top; i++)
        fprintf(rows->out.file, ",index%d,class%d,probability%d", i, i, i);
    fputc('\n', rows->out.file);
    if (data && path_is_folder(data)) {
        rows->given = data;
        rows->real = realpath(data, NULL);
    }
    return CLI_DONE;
}

int picture_rows_end(picture_rows *rows, int code)
{
    free(rows->best);
    free(rows->real);
    return file_end(&rows->out, code);
}

/* Pictures in archives, which are no files, keep their absolute names. Owned by the caller. */
static char *name_of(const picture_rows *rows, const char *path)
{
    const size_t length = rows->real ? strlen(rows->real) : 0;
    if (!length || strncmp(path, rows->real, length) != 0 || path[length] != '/' ||
        !path_exists(path))
        return cli_copy(path);
    return path_join(rows->given, path + length + 1);
}

static void write_row(const picture_rows *rows, const alexnet_evaluated *picture)
{
    FILE *file = rows->out.file;
    char *name = name_of(rows, picture->path);
    csv_text(file, name);
    free(name);
    fprintf(file, ",%d,", picture->label);
    csv_text(file, alexnet_model_class_name(rows->model, picture->label));
    fprintf(file, ",%d,%.9g", rows->best[0].index == picture->label, picture->loss);
    for (int i = 0; i < rows->top; i++) {
        fprintf(file, ",%d,", rows->best[i].index);
        csv_text(file, rows->best[i].name);
        fprintf(file, ",%.9g", (double)rows->best[i].probability);
    }
    fputc('\n', file);
}

/* Pictures that could not be read have no row. */
void picture_rows_take(void *rows, const alexnet_evaluation *evaluation)
{
    const picture_rows *r = rows;
    alexnet_evaluated picture;
    for (int i = 0; !alexnet_evaluation_picture(evaluation, i, r->top, &picture, r->best); i++)
        if (picture.status == ALEXNET_OK)
            write_row(r, &picture);
}

int evaluate_all(alexnet_evaluation *evaluation, int64_t total, const evaluation_watch *watch)
{
    alexnet_status status = ALEXNET_OK;
    int64_t done = 0;
    double start = progress_clock();
    for (bool more = true; more;) {
        status = alexnet_evaluation_step(evaluation, &done, &more);
        if (status)
            break;
        if (watch)
            watch->take(watch->user, evaluation);
        progress_pictures("evaluated", done, total, start);
    }
    progress_clear();
    return cli_code(status);
}

int evaluate(alexnet_evaluation **out, alexnet_session *session, const alexnet_dataset *data,
             const alexnet_ensemble_options *options, const evaluation_watch *watch)
{
    alexnet_status status = alexnet_evaluation_new_ensemble(out, &session, 1, data, options);
    if (status)
        return cli_code(status);
    int code = evaluate_all(*out, alexnet_dataset_count(data), watch);
    if (code == CLI_DONE)
        return code;
    alexnet_evaluation_free(*out);
    *out = NULL;
    return code;
}

const char *metrics_text(char out[METRICS_SIZE], const alexnet_metrics *metrics, int classes)
{
    int length = snprintf(out, METRICS_SIZE, "top-1 error %.2f%%", 100 * metrics->top1_error);
    if (classes > 5)
        snprintf(out + length, METRICS_SIZE - (size_t)length, ", top-5 error %.2f%%",
                 100 * metrics->top5_error);
    return out;
}
