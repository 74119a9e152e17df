#include "trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "files.h"
#include "json.h"
#include "library_text.h"
#include "outputs.h"
#include "progress.h"
#include "recipe.h"
#include "terminal.h"
#include "text.h"

/* ---- A trial ---- */

static int new_trial(alexnet_trial **out, alexnet_ctx *ctx, const training_request *request,
                     const alexnet_recipe *recipe, const alexnet_dataset *train,
                     alexnet_trial_kind kind)
{
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_trial_options how = ALEXNET_TRIAL_OPTIONS_INIT;
    options.net = request->net;
    options.recipe = recipe;
    options.init_from = request->init_from;
    options.split = request->split;
    how.kind = kind;
    recipe_describe(recipe);
    return cli_code(alexnet_trial_new(out, ctx, train, &options, &how));
}

static int open_trial(alexnet_trial **out, alexnet_ctx *ctx, const training_request *request,
                      alexnet_trial_kind kind)
{
    alexnet_recipe *recipe;
    train_data data;
    char *val;
    *out = NULL;
    int code = training_open(ctx, request, &recipe, &data, &val);
    if (code == CLI_DONE)
        code = new_trial(out, ctx, request, recipe, data.train, kind);
    train_data_free(&data);
    alexnet_recipe_free(recipe);
    free(val);
    return code;
}

static int run(alexnet_trial *trial)
{
    alexnet_trial_point p;
    alexnet_status status = ALEXNET_OK;
    bool more = true;
    const double began = progress_clock();
    while (more && !status) {
        char left[TEXT_SIZE];
        status = alexnet_trial_step(trial, &p, &more);
        if (status || !p.update)
            continue;
        const double each = (progress_clock() - began) / (double)p.update;
        text_duration(left, each * (double)(p.updates - p.update));
        progress_show((double)p.update / (double)p.updates,
                      "update %" PRId64 " of at most %" PRId64
                      "  %s left  rate %.3g  loss %.4f  error %.1f%%",
                      p.update, p.updates, left, p.rate, p.loss, 100 * p.top1_error);
    }
    progress_clear();
    return cli_code(status);
}

/* ---- One batch ---- */

static void report_overfit(const alexnet_trial_verdict *v, bool json)
{
    if (json) {
        json_t *document = json_object();
        json_object_set_new(document, "learned", json_boolean(v->good));
        json_object_set_new(document, "updates", json_integer(v->updates));
        json_object_set_new(document, "pictures", json_integer(v->pictures));
        json_object_set_new(document, "loss", json_number(v->loss));
        json_object_set_new(document, "chance", json_number(v->chance));
        if (*v->reason)
            json_object_set_new(document, "reason", json_text(library_text(v->reason)));
        json_print(document);
        return;
    }
    const char *pictures = text_plural(v->pictures, "picture", "pictures");
    if (v->good)
        terminal_line(stdout,
                      "learned: after %" PRId64 " updates the loss of the same %" PRId64
                      " %s is %.4f",
                      v->updates, v->pictures, pictures, v->loss);
    else
        terminal_line(stdout,
                      "not learned: after %" PRId64 " updates the loss of the same %" PRId64
                      " %s is %.4f (that of chance is %.4f); a run will not learn either",
                      v->updates, v->pictures, pictures, v->loss, v->chance);
    if (*v->reason)
        terminal_line(stdout, "%s", library_text(v->reason));
}

int trial_overfit(alexnet_ctx *ctx, const training_request *request, bool json)
{
    alexnet_trial *trial;
    alexnet_trial_verdict verdict = {0};
    int code = open_trial(&trial, ctx, request, ALEXNET_TRIAL_OVERFIT);
    if (code == CLI_DONE)
        code = run(trial);
    if (code == CLI_DONE) {
        alexnet_trial_judge(trial, &verdict);
        report_overfit(&verdict, json);
        code = verdict.good ? CLI_DONE : CLI_FAILED;
    }
    alexnet_trial_free(trial);
    return code;
}

/* ---- Rates ---- */

static int write_table(const alexnet_trial *trial, const char *path)
{
    file_output out;
    alexnet_trial_point p;
    int code = file_begin(&out, path);
    if (code != CLI_DONE)
        return code;
    fputs("update,rate,loss,smoothed,top1_error\n", out.file);
    for (int64_t i = 0; alexnet_trial_get(trial, i, &p); i++)
        fprintf(out.file, "%" PRId64 ",%.9g,%.9g,%.9g,%.9g\n", p.update, p.rate, p.loss, p.smooth,
                p.top1_error);
    return file_end(&out, code);
}

/* Why no rate is suggested. Of a network that has learnt, the loss is low before the first update.
 */
static void say_no_rate(const alexnet_trial *trial, const alexnet_trial_verdict *v)
{
    alexnet_trial_point first;
    if (alexnet_trial_get(trial, 0, &first) && first.smooth < 0.9 * v->chance)
        terminal_line(stdout,
                      "no rate: no update clearly lowered the loss, but at %.4f it was far below "
                      "that of chance, %.4f, already: the network has learnt these pictures",
                      first.smooth, v->chance);
    else
        terminal_line(stdout,
                      "no rate: the loss clearly fell at none of %" PRId64
                      "; --overfit-one-batch says whether this network can learn at all",
                      v->updates);
}

static void report_rates(const alexnet_trial *trial, const alexnet_trial_verdict *v,
                         const char *picture, const char *table, bool json)
{
    if (json) {
        json_t *document = json_object();
        json_object_set_new(document, "rate", v->good ? json_number(v->rate) : json_null());
        json_object_set_new(document, "lowest_at", json_number(v->lowest_at));
        json_object_set_new(document, "loss", json_number(v->loss));
        json_object_set_new(document, "updates", json_integer(v->updates));
        json_object_set_new(document, "curve", json_text(picture));
        json_object_set_new(document, "table", json_text(table));
        json_print(document);
        return;
    }
    if (v->good)
        terminal_line(stdout, "rate %.2g: a tenth of %.2g, where the loss was lowest (%.4f)",
                      v->rate, v->lowest_at, v->loss);
    else
        say_no_rate(trial, v);
    terminal_line(stdout, "curve %s, numbers %s", picture, table);
}

/* "rates.csv" for "rates.png". */
static char *table_of(const char *picture)
{
    return cli_format("%.*s.csv", (int)(strlen(picture) - strlen(".png")), picture);
}

int trial_rates(alexnet_ctx *ctx, const training_request *request, const char *path, bool json)
{
    alexnet_trial *trial = NULL;
    alexnet_trial_verdict verdict;
    char *table = table_of(path);
    int code = output_check_all((const char *const[]){path, table}, 2);
    if (code == CLI_DONE)
        code = open_trial(&trial, ctx, request, ALEXNET_TRIAL_RATES);
    if (code == CLI_DONE)
        code = run(trial);
    if (code == CLI_DONE) {
        alexnet_trial_judge(trial, &verdict);
        code = write_table(trial, table);
    }
    if (code == CLI_DONE)
        code = draw_rates(trial, path);
    if (code == CLI_DONE) {
        report_rates(trial, &verdict, path, table, json);
        code = verdict.good ? CLI_DONE : CLI_FAILED;
    }
    alexnet_trial_free(trial);
    free(table);
    return code;
}
