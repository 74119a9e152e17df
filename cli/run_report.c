#include "run_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "evaluate.h"
#include "html.h"
#include "mistakes.h"
#include "model.h"
#include "paths.h"
#include "progress.h"
#include "run_log.h"
#include "signals.h"
#include "text.h"

static const char style[] =
    "h2 { font-size: 15px; font-weight: 600; margin-top: 28px; border-top: 1px solid #ddd; "
    "padding-top: 12px }\n"
    "table { border-collapse: collapse }\n"
    "th { text-align: left; font-weight: 400; color: #777; padding: 2px 18px 2px 0; "
    "vertical-align: top }\n"
    "td { padding: 2px 0 }\n"
    "img { max-width: 100% }\n"
    ".row { display: flex; flex-wrap: wrap; gap: 12px }\n"
    "figure { margin: 0; width: 150px }\n"
    "figure img { width: 150px; height: 150px; display: block }\n"
    "figcaption { overflow-wrap: anywhere }\n"
    ".d { color: #777 }\n"
    "pre { background: #f6f6f6; padding: 10px; white-space: pre-wrap; overflow-wrap: anywhere }\n";

/** What the page is about. */
typedef struct report {
    alexnet_ctx *ctx;
    const char *run, *machine;
    FILE *page;
    alexnet_model *model;
    alexnet_dataset *val; /* NULL: none; then so are the next two */
    alexnet_session *session;
    alexnet_evaluation *evaluation;
    mistakes worst;
    run_log log;
} report;

/* ---- What is measured ---- */

static int draw_answers(const report *r)
{
    char *path = path_join(r->run, "confusion.png");
    confusion matrix = confusion_of(r->evaluation, r->model);
    int code = draw_confusion(&matrix, path);
    confusion_free(&matrix);
    free(path);
    return code;
}

/* The run has named the pictures that cannot be read, and skipped.txt lists them. */
static int measure(report *r)
{
    const evaluation_watch watch = {mistakes_take, &r->worst};
    alexnet_session_options settings = ALEXNET_SESSION_OPTIONS_INIT;
    alexnet_ensemble_options alone = ALEXNET_ENSEMBLE_OPTIONS_INIT;
    settings.batch = 32;
    alone.unnamed = true;
    alexnet_status status = alexnet_run_validation(&r->val, r->ctx, r->run, r->model);
    if (!status)
        status = alexnet_session_new(&r->session, r->model, &settings);
    int code =
        status ? cli_code(status) : evaluate(&r->evaluation, r->session, r->val, &alone, &watch);
    return code == CLI_DONE ? draw_answers(r) : code;
}

static bool has_validation(const run_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->points[i].val_loss == log->points[i].val_loss) /* a number */
            return true;
    return false;
}

/* ---- The page ---- */

static void put_row(FILE *page, const char *what, const char *value)
{
    fputs("<tr><th>", page);
    html_text(page, what);
    fputs("</th><td>", page);
    html_text(page, value);
    fputs("</td></tr>\n", page);
}

static void put_heading(FILE *page, const char *text)
{
    fprintf(page, "<h2>%s</h2>\n", text);
}

static void put_error(FILE *page, const char *what, double error, alexnet_interval interval)
{
    char *text = cli_format("%.2f%% (95%%: %.2f to %.2f)", 100 * error, 100 * interval.low,
                            100 * interval.high);
    put_row(page, what, text);
    free(text);
}

static void put_metrics(report *r)
{
    alexnet_metrics m;
    alexnet_intervals intervals;
    char *text;
    if (!r->evaluation || alexnet_evaluation_metrics(r->evaluation, &m) ||
        alexnet_evaluation_intervals(r->evaluation, &intervals))
        return;
    put_error(r->page, "Top-1 error", m.top1_error, intervals.top1_error);
    if (alexnet_model_class_count(r->model) > 5)
        put_error(r->page, "Top-5 error", m.top5_error, intervals.top5_error);
    put_row(r->page, "Loss", text = cli_format("%.4f", m.loss));
    free(text);
    put_row(r->page, "Measured on",
            text = cli_format("%" PRId64 " validation pictures, one view, the best model in "
                              "float32; %" PRId64 " could not be read",
                              m.images, m.skipped));
    free(text);
}

static void put_summary(report *r)
{
    const log_point *last = &r->log.points[r->log.count - 1];
    const double seconds = run_log_seconds(&r->log);
    char *text, number[TEXT_SIZE], time[TEXT_SIZE];
    fputs("<table>\n", r->page);
    put_metrics(r);
    put_row(r->page, "Network", alexnet_network_name(alexnet_model_network(r->model)));
    put_row(r->page, "Structure", alexnet_network_structure(alexnet_model_network(r->model)));
    put_row(r->page, "Classes", text = cli_format("%d", alexnet_model_class_count(r->model)));
    free(text);
    put_row(r->page, "Trained",
            text = cli_format("%.0f epochs, %.0f updates, training loss %.4f at the end",
                              last->epoch, last->step, last->loss));
    free(text);
    if (last->whole_epoch && last->images >= 0)
        put_row(r->page, "Training pictures", text_count(number, (int64_t)last->images));
    if (seconds >= 0)
        put_row(r->page, "Time for updates", text_duration(time, seconds));
    put_row(r->page, "Machine", r->machine ? r->machine : "");
    put_row(r->page, "Model", alexnet_model_provenance(r->model));
    fputs("</table>\n", r->page);
}

static void put_drawing(report *r, const char *heading, const char *name)
{
    char *path = path_join(r->run, name);
    if (path_exists(path)) {
        put_heading(r->page, heading);
        html_png(r->page, path, heading);
    }
    free(path);
}

static void put_mistake(report *r, const mistake *m, uint8_t *crop)
{
    const char *path = "";
    const alexnet_network *network = alexnet_model_network(r->model);
    if (alexnet_dataset_picture(r->val, m->picture, &path, NULL) ||
        alexnet_crop_item(network, r->val, m->picture, crop))
        return;
    fputs("<figure>", r->page);
    html_pixels(r->page, crop, alexnet_network_side(network), path);
    fputs("<figcaption>", r->page);
    html_text(r->page, alexnet_model_class_name(r->model, m->label));
    fputs(", taken for ", r->page);
    html_text(r->page, alexnet_model_class_name(r->model, m->answer));
    fprintf(r->page, " (%.0f%%)<br><span class=\"d\">", 100 * m->probability);
    html_text(r->page, path);
    fputs("</span></figcaption></figure>\n", r->page);
}

static void put_mistakes(report *r)
{
    if (r->worst.count == 0)
        return;
    const size_t side = (size_t)alexnet_network_side(alexnet_model_network(r->model));
    uint8_t *crop = cli_alloc(3 * side * side);
    put_heading(r->page, "Worst mistakes");
    fputs("<div class=\"row\">\n", r->page);
    for (int i = 0; i < r->worst.count; i++)
        put_mistake(r, &r->worst.list[i], crop);
    fputs("</div>\n", r->page);
    free(crop);
}

/* The lines of a small text file of the run, if it is there. */
enum { TEXT_MAX = 1 << 16, LINE_MAX_BYTES = 4096 };

static void put_file(report *r, const char *heading, const char *name)
{
    char line[LINE_MAX_BYTES], *path = path_join(r->run, name);
    FILE *file = NULL;
    if (path_exists(path))
        file_open(&file, path, NULL); /* anything but a plain file is reported */
    free(path);
    if (!file)
        return;
    put_heading(r->page, heading);
    fputs("<pre>", r->page);
    while (ftell(file) < TEXT_MAX && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        html_text(r->page, line);
        fputc('\n', r->page);
    }
    fputs(feof(file) ? "</pre>\n" : "...</pre>\n", r->page);
    fclose(file);
}

static void put_page(report *r)
{
    char *name = path_name(r->run), *title = cli_format("Training run %s", name);
    html_begin(r->page, title, style);
    put_summary(r);
    put_drawing(r, "Loss and error", "curves.png");
    put_drawing(r, "Filters of the first layer, a block for each tower", "filters.png");
    if (r->evaluation)
        put_drawing(r, "Confusion", "confusion.png");
    put_mistakes(r);
    put_file(r, "The command", "command.txt");
    put_file(r, "The recipe and the data", "recipe.ini");
    put_file(r, "Pictures that could not be read", "skipped.txt");
    html_end(r->page);
    free(title);
    free(name);
}

static int write_page(report *r)
{
    file_output out;
    char *path = path_join(r->run, "report.html");
    int code = file_begin(&out, path);
    free(path);
    if (code != CLI_DONE)
        return code;
    r->page = out.file;
    put_page(r);
    return file_end(&out, CLI_DONE);
}

int run_report_write(alexnet_ctx *ctx, const char *run, const char *machine)
{
    report r = {.ctx = ctx, .run = run, .machine = machine};
    int code = run_log_read(&r.log, run);
    if (code == CLI_DONE)
        code = model_open(&r.model, ctx, run, "a RUN is expected");
    if (code == CLI_DONE && has_validation(&r.log))
        code = measure(&r);
    if (code == CLI_DONE)
        code = write_page(&r);
    alexnet_evaluation_free(r.evaluation);
    alexnet_session_free(r.session);
    alexnet_dataset_free(r.val);
    alexnet_model_free(r.model);
    free(r.log.points);
    if (code == CLI_DONE || signals_stopped())
        return code;
    progress_say("warning: report.html was not written; the run itself is complete");
    return CLI_DONE;
}
