#include <inttypes.h>
#include <stdlib.h>

#include "answers.h"
#include "draw.h"
#include "ensemble.h"
#include "evaluate.h"
#include "model_args.h"
#include "outputs.h"
#include "paths.h"
#include "report_evaluation.h"
#include "text.h"
#include "train_data.h"

typedef struct eval_options {
    int views; /* position in "1|10" */
    int64_t batch;
    bool per_class;
    const char *confusion, *calibration, *images;
    int64_t top;
    const char *weights;
    int search; /* position in "none|top1|top5|loss" */
    bool compare;
} eval_options;

enum { SEARCH_TOP1 = 1, SEARCH_TOP5, SEARCH_LOSS };

static const opt rows[] = {
    MODEL_ARGS_VIEWS(eval_options),
    MODEL_ARGS_BATCH(eval_options, "32"),
    {.name = "per-class",
     .type = OPT_FLAG,
     .help = "a table of the classes as well",
     .offset = offsetof(eval_options, per_class)},
    {.name = "confusion",
     .type = OPT_TEXT,
     .arg = "FILE",
     .ends = ".csv|.png",
     .help = "write the confusion matrix, a row per class, a column per answer: a picture if FILE "
             "ends in .png, the counts if it ends in .csv",
     .offset = offsetof(eval_options, confusion)},
    {.name = "calibration",
     .type = OPT_TEXT,
     .also = {"reliability", "ece"},
     .arg = "FILE",
     .ends = ".csv|.png",
     .help = "write how often answers are right, by confidence: a diagram if FILE ends in .png, "
             "the bins if it ends in .csv",
     .offset = offsetof(eval_options, calibration)},
    {.name = "images",
     .type = OPT_TEXT,
     .also = {"test-out", "results-file", "predictions"},
     .arg = "FILE.csv",
     .ends = ".csv",
     .help = "write a CSV file with a row per picture: its class, whether the answer is correct, "
             "the loss, the best classes with their probabilities",
     .offset = offsetof(eval_options, images)},
    {.name = "top",
     .type = OPT_INTEGER,
     .also = {"topk", "top-k", "k"},
     .arg = "K",
     .low = 1,
     .high = 1000000,
     .standard = "5",
     .help = "classes per row of --images, at most all of them",
     .offset = offsetof(eval_options, top)},
    {.name = "weights",
     .type = OPT_TEXT,
     .also = {"coeffs", "coefficients"},
     .arg = "W,W,...",
     .list = true,
     .help = "for several models: the weight of each (default: all equal)",
     .offset = offsetof(eval_options, weights)},
    {.name = "search",
     .type = OPT_CHOICE,
     .arg = "none|top1|top5|loss",
     .standard = "none",
     .help = "for several models: find the weights with the lowest error or loss on DATA",
     .offset = offsetof(eval_options, search)},
    {.name = "compare",
     .type = OPT_FLAG,
     .also = {"mcnemar"},
     .help =
         "compare two models, by the files that --images wrote for them: is one of them better?",
     .offset = offsetof(eval_options, compare)},
};

static const opt_page page = {
    .command = "eval",
    .usage = {"eval RUN [options]", "eval MODEL|RUN... DATA [options]",
              "eval --compare FIRST.csv SECOND.csv [--json]"},
    .about =
        "Measure a model on labelled pictures: the shares of pictures whose class is not the best "
        "answer (top-1 error) and not among the best five (top-5 error, if there are more than "
        "five classes), the mean of the classes' recalls, and the loss. Classes of equal "
        "probability share the error; the counts of "
        "--per-class and --confusion take the first of them. DATA is a folder with one folder of "
        "pictures per class, .tar archives, a list (.txt, .csv), an LMDB of Caffe or the files of "
        "MNIST or CIFAR; in a folder with 'train' and 'val', 'val' is used. Without DATA, a RUN is "
        "measured on its own validation set. Several models are measured as one, by the mean of "
        "their probabilities, weighted with --weights; their classes must be the same. Each figure "
        "is followed by its 95% confidence interval. Pictures that cannot be read are named and "
        "left out; if they are more than 5 and more than 1%, the exit code is 3.",
    .examples = {{"eval runs/flowers-1", "measure a run on its own validation set"},
                 {"eval best.safetensors photos --views 10 --per-class",
                  "ten views of each picture, and a row per class"}},
};

/* Open the data set to measure on. */
static int open_data(alexnet_dataset **out, alexnet_ctx *ctx, const alexnet_model *model,
                     const opt_args *args, int models)
{
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_dataset_kind kind;
    alexnet_status status;
    options.classes_of = model;
    if (args->file_count == 1) {
        status = alexnet_run_validation(out, ctx, args->files[0], model);
        return cli_input_code(status);
    }
    const char *path = args->files[models];
    char *val = path_join(path, "val");
    status = alexnet_dataset_layout_on(ctx, path, &kind);
    if (!status)
        status = alexnet_dataset_open(out, ctx, kind == ALEXNET_DATASET_TRAIN_VAL ? val : path,
                                      &options);
    free(val);
    return cli_input_code(status);
}

/* A figure on pictures that a model was trained on says little. A run without its checkpoint can be
 * measured, but does not know its pictures. */
static void warn_seen(alexnet_ctx *ctx, const alexnet_dataset *data, const opt_args *args,
                      int models)
{
    for (int i = 0; i < models && args->file_count > models; i++) {
        const char *model = args->files[i];
        char *run = path_is_folder(model) ? cli_copy(model) : output_run_of(model);
        if (run)
            alexnet_run_warn_seen(ctx, run, data);
        free(run);
    }
}

static const alexnet_weight_measure measures[] = {[SEARCH_TOP1] = ALEXNET_WEIGHT_TOP1,
                                                  [SEARCH_TOP5] = ALEXNET_WEIGHT_TOP5,
                                                  [SEARCH_LOSS] = ALEXNET_WEIGHT_LOSS};

/* ---- The files besides the report ---- */

static int write_matrix(const alexnet_evaluation *evaluation, const alexnet_model *model,
                        const char *path)
{
    confusion matrix = confusion_of(evaluation, model);
    int code =
        path_ends_in(path, ".png") ? draw_confusion(&matrix, path) : confusion_write(&matrix, path);
    confusion_free(&matrix);
    return code;
}

static int write_reliability(const alexnet_evaluation *evaluation, const char *path)
{
    double error;
    alexnet_calibration_bin bins[ALEXNET_CALIBRATION_BINS];
    if (!path_ends_in(path, ".png"))
        return write_calibration(evaluation, path);
    alexnet_status status = alexnet_evaluation_calibration(evaluation, &error, bins);
    return status ? cli_code(status) : draw_calibration(bins, error, path);
}

static int check_skipped(const alexnet_evaluation *evaluation)
{
    alexnet_metrics m;
    alexnet_status status = alexnet_evaluation_metrics(evaluation, &m);
    if (status)
        return cli_code(status);
    bool none = m.skipped > 0 && m.images == 0;
    if (none || alexnet_too_many_bad(m.skipped, m.images + m.skipped, ALEXNET_BAD_PICTURES))
        return cli_error(CLI_BAD_INPUT, "%" PRId64 " of %" PRId64 " %s could not be read",
                         m.skipped, m.images + m.skipped,
                         text_plural(m.images + m.skipped, "picture", "pictures"));
    return CLI_DONE;
}

static int report(const alexnet_evaluation *evaluation, const ensemble *m,
                  const eval_options *options, bool json)
{
    evaluation_report about = {.evaluation = evaluation,
                               .model = m->models[0],
                               .views = options->views ? 10 : 1,
                               .per_class = options->per_class,
                               .weights = m->count > 1 ? m->weights : NULL,
                               .models = m->count};
    int code = report_evaluation(&about, json);
    if (code == CLI_DONE && options->confusion)
        code = write_matrix(evaluation, m->models[0], options->confusion);
    if (code == CLI_DONE && options->calibration)
        code = write_reliability(evaluation, options->calibration);
    return code == CLI_DONE ? check_skipped(evaluation) : code;
}

/* ---- The command ---- */

/* Evaluate all pictures. After a search they are evaluated again, from the kept probabilities. */
static int compute(alexnet_evaluation *evaluation, ensemble *m, const opt_args *args, int64_t total,
                   const eval_options *options)
{
    picture_rows table;
    int code = CLI_DONE;
    if (options->search) {
        code = evaluate_all(evaluation, total, NULL);
        if (code == CLI_DONE)
            code = ensemble_search(m, evaluation, measures[options->search]);
    }
    if (code != CLI_DONE || !options->images)
        return code == CLI_DONE ? evaluate_all(evaluation, total, NULL) : code;
    code = picture_rows_begin(&table, options->images, m->models[0], (int)options->top,
                              args->file_count > 1 ? args->files[m->count] : NULL);
    if (code != CLI_DONE)
        return code;
    const evaluation_watch watch = {picture_rows_take, &table};
    return picture_rows_end(&table, evaluate_all(evaluation, total, &watch));
}

static int measure(ensemble *m, model_args *line, const eval_options *options)
{
    const opt_args *args = &line->args;
    alexnet_evaluation *evaluation = NULL;
    alexnet_ensemble_options together = ALEXNET_ENSEMBLE_OPTIONS_INIT;
    alexnet_session_options settings = ALEXNET_SESSION_OPTIONS_INIT;
    together.weights = m->weights;
    together.keep = options->search > 0;
    settings.batch = (int)options->batch;
    settings.views = options->views ? 10 : 1;
    int code = machine_open(&line->ctx, &line->machine);
    if (code == CLI_DONE)
        code = ensemble_open(m, line->ctx, args->files, &line->how);
    if (code == CLI_DONE)
        code = open_data(&line->pictures, line->ctx, m->models[0], args, m->count);
    if (code == CLI_DONE) {
        warn_seen(line->ctx, line->pictures, args, m->count);
        code = ensemble_open_sessions(m, &settings);
    }
    if (code == CLI_DONE) {
        alexnet_status status = alexnet_evaluation_new_ensemble(&evaluation, m->sessions, m->count,
                                                                line->pictures, &together);
        code = status
                   ? cli_code(status)
                   : compute(evaluation, m, args, alexnet_dataset_count(line->pictures), options);
    }
    if (code == CLI_DONE)
        code = report(evaluation, m, options, line->machine.json);
    alexnet_evaluation_free(evaluation);
    return code;
}

/* Whether a path can be DATA: it is neither a model nor a run. */
static bool is_data(const char *path)
{
    return !path_has(path, "best.safetensors") && !path_is_model(path);
}

/* Count the models: all arguments but the last, which is DATA, unless the only one is a run. */
static int count_models(int *out, const opt_args *args)
{
    *out = args->file_count > 1 ? args->file_count - 1 : 1;
    if (args->file_count == 0)
        return opt_wrong(&page, "MODEL is missing: a model file or a run folder");
    if (args->file_count > 2 && path_ends_in(args->files[args->file_count - 2], ".tar"))
        return train_data_several(&page, args->files[args->file_count - 2]);
    const char *last = args->files[args->file_count - 1];
    if (args->file_count == 1 && path_is_model(last))
        return opt_wrong(&page,
                         "DATA is missing: %s is a model file, and only a run folder knows its "
                         "validation set",
                         last);
    bool model_last = args->file_count > 1 && !is_data(last);
    if (model_last && path_is_folder(args->files[0]) && is_data(args->files[0]))
        return model_check(args->files[0], "MODEL comes first, then DATA");
    if (model_last && is_data(args->files[0]))
        return opt_wrong(&page, "%s is a model; MODEL comes first, then DATA", last);
    if (model_last)
        return opt_wrong(&page,
                         "DATA is missing: %s is a model, and several models are measured "
                         "on the same DATA, which comes last",
                         last);
    return CLI_DONE;
}

/* Before the work, reject files that cannot be written. */
static int check_files(const eval_options *o)
{
    return output_check_all((const char *const[]){o->confusion, o->calibration, o->images}, 3);
}

/* Reject options that cannot be combined. */
static int check_options(const opt_args *args, const eval_options *o, int models)
{
    const int code = opt_needs(args, "top", o->images, "--images");
    if (code != CLI_DONE)
        return code;
    if (models == 1 && (o->weights || o->search))
        return opt_wrong(&page, "--%s needs several models", o->weights ? "weights" : "search");
    if (o->weights && o->search)
        return opt_wrong(&page, "--weights gives what --search looks for; use only one of them");
    return check_files(o);
}

static int compare(const opt_args *args, bool json)
{
    const int code =
        opt_needs(args, "views|batch|per-class|confusion|calibration|images|top|weights|search",
                  false, "models, not --compare");
    if (code != CLI_DONE)
        return code;
    if (args->file_count != 2)
        return opt_wrong(&page, "--compare takes two files that --images wrote");
    return answers_compare(args->files, json);
}

static int run(model_args *line, const void *own)
{
    const eval_options *options = own;
    int count;
    if (options->compare)
        return compare(&line->args, line->machine.json);
    int code = count_models(&count, &line->args);
    if (code == CLI_DONE)
        code = check_options(&line->args, options, count);
    if (code != CLI_DONE)
        return code;
    ensemble m = ensemble_new(count);
    code = ensemble_read_weights(&m, options->weights, &page);
    if (code == CLI_DONE)
        code = measure(&m, line, options);
    ensemble_free(&m);
    return code;
}

int cmd_eval(int argc, char **argv)
{
    eval_options options = {0};
    const opt_group own = {"Options", rows, COUNT_OF(rows), .target = &options};
    return model_args_run(&page, own, run, argc, argv);
}
