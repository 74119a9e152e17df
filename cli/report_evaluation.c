#include "report_evaluation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "files.h"
#include "json.h"
#include "table.h"

enum { BINS = ALEXNET_CALIBRATION_BINS };

/* All results of an evaluation. */
typedef struct figures {
    alexnet_metrics m;
    alexnet_intervals intervals;
    double calibration_error;
    alexnet_calibration_bin bins[BINS];
    double mean_recall; /* of the classes that have pictures; NAN: none has any */
} figures;

static double mean_recall(const alexnet_evaluation *evaluation)
{
    alexnet_class_metrics c;
    double sum = 0;
    int classes = 0;
    for (int i = 0; !alexnet_evaluation_class(evaluation, i, &c); i++)
        if (c.images) {
            sum += c.recall;
            classes++;
        }
    return classes ? sum / classes : NAN;
}

static alexnet_status ask(figures *f, const alexnet_evaluation *evaluation)
{
    alexnet_status status = alexnet_evaluation_metrics(evaluation, &f->m);
    if (!status)
        status = alexnet_evaluation_intervals(evaluation, &f->intervals);
    if (!status)
        status = alexnet_evaluation_calibration(evaluation, &f->calibration_error, f->bins);
    f->mean_recall = mean_recall(evaluation);
    return status;
}

/* ---- Text ---- */

static void add_share(table *t, double share)
{
    if (isfinite(share))
        table_add(t, "%.1f%%", 100 * share);
    else
        table_add(t, "-");
}

static void print_classes(const evaluation_report *r)
{
    static const char *const heading[] = {"class",  "images",    "correct",
                                          "recall", "precision", "most often taken for"};
    table t = table_new("crrrrc");
    table_add_row(&t, heading);
    alexnet_class_metrics c;
    for (int i = 0; !alexnet_evaluation_class(r->evaluation, i, &c); i++) {
        table_add(&t, "%s", alexnet_model_class_name(r->model, i));
        table_add(&t, "%" PRId64, c.images);
        table_add(&t, "%" PRId64, c.correct);
        add_share(&t, c.recall);
        add_share(&t, c.precision);
        table_add(&t, "%s",
                  c.mistaken_for < 0 ? "" : alexnet_model_class_name(r->model, c.mistaken_for));
    }
    table_print(&t, stdout);
    putchar('\n');
}

static void print_error(const char *what, double error, alexnet_interval interval)
{
    printf("%s  %.2f%%  (95%%: %.2f to %.2f)\n", what, 100 * error, 100 * interval.low,
           100 * interval.high);
}

static void print_text(const evaluation_report *r, const figures *f)
{
    const alexnet_interval *loss = &f->intervals.loss;
    if (r->per_class)
        print_classes(r);
    if (r->weights) {
        printf("weights     ");
        for (int i = 0; i < r->models; i++)
            printf(" %.4g", r->weights[i]);
        putchar('\n');
    }
    printf("images       %" PRId64 "\n", f->m.images);
    printf("left out     %" PRId64 "\n", f->m.skipped);
    printf("views        %d\n", r->views);
    if (!f->m.images)
        return;
    print_error("top-1 error", f->m.top1_error, f->intervals.top1_error);
    if (alexnet_model_class_count(r->model) > 5)
        print_error("top-5 error", f->m.top5_error, f->intervals.top5_error);
    printf("mean recall  %.2f%%\n", 100 * f->mean_recall);
    printf("loss         %.4f", f->m.loss);
    if (isfinite(loss->low))
        printf("  (95%%: %.4f to %.4f)", loss->low, loss->high);
    printf("\ncalibration  %.2f%% expected error\n", 100 * f->calibration_error);
}

/* ---- JSON ---- */

static json_t *classes_json(const evaluation_report *r)
{
    json_t *list = json_array();
    alexnet_class_metrics c;
    for (int i = 0; !alexnet_evaluation_class(r->evaluation, i, &c); i++) {
        json_t *row = json_object();
        json_object_set_new(row, "class", json_text(alexnet_model_class_name(r->model, i)));
        json_object_set_new(row, "images", json_integer(c.images));
        json_object_set_new(row, "correct", json_integer(c.correct));
        json_object_set_new(row, "answers", json_integer(c.answers));
        json_object_set_new(row, "precision", json_number(c.precision));
        json_object_set_new(row, "recall", json_number(c.recall));
        json_object_set_new(row, "f1", json_number(c.f1));
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *interval_json(alexnet_interval interval)
{
    json_t *pair = json_array();
    json_array_append_new(pair, json_number(interval.low));
    json_array_append_new(pair, json_number(interval.high));
    return pair;
}

static json_t *bins_json(const figures *f)
{
    json_t *list = json_array();
    for (int i = 0; i < BINS; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "images", json_integer(f->bins[i].images));
        json_object_set_new(row, "confidence", json_number(f->bins[i].confidence));
        json_object_set_new(row, "accuracy", json_number(f->bins[i].accuracy));
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *weights_json(const evaluation_report *r)
{
    json_t *list = json_array();
    for (int i = 0; i < r->models; i++)
        json_array_append_new(list, json_number(r->weights[i]));
    return list;
}

/* A mean over the pictures; null if there are none to take it over. */
static json_t *mean_json(const figures *f, double mean)
{
    return f->m.images ? json_number(mean) : json_null();
}

static void print_json(const evaluation_report *r, const figures *f)
{
    json_t *document = json_object();
    json_object_set_new(document, "images", json_integer(f->m.images));
    json_object_set_new(document, "skipped", json_integer(f->m.skipped));
    json_object_set_new(document, "views", json_integer(r->views));
    json_object_set_new(document, "top1_error", mean_json(f, f->m.top1_error));
    json_object_set_new(document, "top5_error", mean_json(f, f->m.top5_error));
    json_object_set_new(document, "mean_recall", json_number(f->mean_recall));
    json_object_set_new(document, "loss", mean_json(f, f->m.loss));
    json_object_set_new(document, "top1_interval", interval_json(f->intervals.top1_error));
    json_object_set_new(document, "top5_interval", interval_json(f->intervals.top5_error));
    json_object_set_new(document, "loss_interval", interval_json(f->intervals.loss));
    json_object_set_new(document, "calibration_error", mean_json(f, f->calibration_error));
    json_object_set_new(document, "calibration", bins_json(f));
    if (r->weights)
        json_object_set_new(document, "weights", weights_json(r));
    if (r->per_class)
        json_object_set_new(document, "classes", classes_json(r));
    json_print(document);
}

int report_evaluation(const evaluation_report *report, bool json)
{
    figures f;
    alexnet_status status = ask(&f, report->evaluation);
    if (status)
        return cli_code(status);
    if (json)
        print_json(report, &f);
    else
        print_text(report, &f);
    return CLI_DONE;
}

int write_calibration(const alexnet_evaluation *evaluation, const char *path)
{
    figures f;
    file_output out;
    alexnet_status status = ask(&f, evaluation);
    int code = status ? cli_code(status) : file_begin(&out, path);
    if (code != CLI_DONE)
        return code;
    fputs("from,to,images,confidence,accuracy\n", out.file);
    for (int i = 0; i < BINS; i++)
        fprintf(out.file, "%.9g,%.9g,%" PRId64 ",%.9g,%.9g\n", (double)i / BINS, (i + 1.0) / BINS,
                f.bins[i].images, f.bins[i].confidence, f.bins[i].accuracy);
    return file_end(&out, CLI_DONE);
}
