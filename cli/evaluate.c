#include "evaluate.h"

#include <inttypes.h>
#include <string.h>

#include "csv.h"
#include "files.h"
#include "progress.h"
#include "table.h"
#include "text.h"

int evaluate(alexnet_evaluation **out, alexnet_session *session, const alexnet_dataset *data)
{
    alexnet_status status = alexnet_evaluation_new(out, session, data);
    if (status)
        return cli_failed(status);
    int64_t total = alexnet_dataset_count(data), done = 0;
    double start = progress_clock();
    for (bool more = true; more;) {
        status = alexnet_evaluation_step(*out, &done, &more);
        if (status)
            break;
        double rate = (double)done / (progress_clock() - start + 1e-9);
        char left[TEXT_SIZE];
        progress_show((double)done / (double)total,
                      "evaluated %" PRId64 "/%" PRId64 "  %.0f images/s  %s left", done, total,
                      rate, text_duration(left, (double)(total - done) / (rate + 1e-9)));
    }
    progress_clear();
    if (!status)
        return CLI_DONE;
    int code = cli_failed(status);
    alexnet_evaluation_free(*out);
    *out = NULL;
    return code;
}

class_result evaluate_class(const alexnet_evaluation *evaluation, int classes, int label)
{
    class_result result = {.mistaken_for = -1};
    int64_t worst = 0;
    for (int i = 0; i < classes; i++) {
        int64_t count = alexnet_evaluation_confusion(evaluation, label, i);
        result.images += count;
        if (i == label)
            result.correct = count;
        else if (count > worst) {
            worst = count;
            result.mistaken_for = i;
        }
    }
    return result;
}

const char *metrics_text(char out[METRICS_SIZE], const alexnet_metrics *metrics, int classes)
{
    int length = snprintf(out, METRICS_SIZE, "top-1 error %.2f%%", 100 * metrics->top1_error);
    if (classes > 5)
        snprintf(out + length, METRICS_SIZE - (size_t)length, ", top-5 error %.2f%%",
                 100 * metrics->top5_error);
    return out;
}

void report_classes(const alexnet_evaluation *evaluation, const alexnet_model *model)
{
    static const char *const heading[] = {"class", "images", "correct", "error",
                                          "most often taken for"};
    int classes = alexnet_model_class_count(model);
    table t = table_new("crrrc");
    table_add_row(&t, heading);
    for (int i = 0; i < classes; i++) {
        class_result r = evaluate_class(evaluation, classes, i);
        table_add(&t, "%s", alexnet_model_class_name(model, i));
        table_add(&t, "%" PRId64, r.images);
        table_add(&t, "%" PRId64, r.correct);
        if (r.images)
            table_add(&t, "%.1f%%", 100.0 * (double)(r.images - r.correct) / (double)r.images);
        else
            table_add(&t, "-");
        table_add(&t, "%s",
                  r.mistaken_for < 0 ? "" : alexnet_model_class_name(model, r.mistaken_for));
    }
    table_print(&t, stdout);
}

int write_confusion(const alexnet_evaluation *evaluation, const alexnet_model *model,
                    const char *path)
{
    int classes = alexnet_model_class_count(model);
    file_output out;
    int code = file_begin(&out, path);
    if (code != CLI_DONE)
        return code;
    FILE *file = out.file;
    fputs("class", file);
    for (int j = 0; j < classes; j++) {
        fputc(',', file);
        csv_text(file, alexnet_model_class_name(model, j));
    }
    fputc('\n', file);
    for (int i = 0; i < classes; i++) {
        csv_text(file, alexnet_model_class_name(model, i));
        for (int j = 0; j < classes; j++)
            fprintf(file, ",%" PRId64, alexnet_evaluation_confusion(evaluation, i, j));
        fputc('\n', file);
    }
    return file_end(&out, CLI_DONE);
}
