#include <inttypes.h>
#include <stdlib.h>

#include "evaluate.h"
#include "files.h"
#include "json.h"
#include "machine.h"
#include "model.h"
#include "paths.h"
#include "progress.h"
#include "text.h"

typedef struct eval_options {
    int views; /* position in "1|10" */
    int64_t batch;
    bool per_class;
    const char *confusion;
} eval_options;

static const opt rows[] = {
    {.name = "views",
     .type = OPT_CHOICE,
     .also = {"crops", "ten-crop", "tta"},
     .arg = "1|10",
     .standard = "1",
     .help = "1: the centre of each picture; 10: corners, centre and their mirrors, averaged",
     .offset = offsetof(eval_options, views)},
    {.name = "batch",
     .type = OPT_INTEGER,
     .also = {"batch-size", "bs", "b"},
     .arg = "N",
     .low = 1,
     .high = 65536,
     .standard = "32",
     .help = "pictures per pass",
     .offset = offsetof(eval_options, batch)},
    {.name = "per-class",
     .type = OPT_FLAG,
     .help = "a table of the classes as well",
     .offset = offsetof(eval_options, per_class)},
    {.name = "confusion",
     .type = OPT_TEXT,
     .arg = "FILE",
     .help = "write the confusion matrix to a CSV file: a row per class, a column per answer",
     .offset = offsetof(eval_options, confusion)},
};

static const opt_page page = {
    .command = "eval",
    .usage = {"eval MODEL|RUN [DATA] [options]"},
    .about =
        "Measure a model on labelled pictures: the shares of pictures whose class is not the "
        "best answer (top-1 error) and not among the best five (top-5 error, where there are "
        "more classes than that), and the loss. Classes of equal probability share the error "
        "between them; the counts of --per-class and --confusion take the first of them. "
        "DATA is a folder with one folder of pictures per class, or .tar archives; of a folder "
        "that holds 'train' and 'val', 'val' is used. Without DATA, a RUN is measured on its own "
        "validation set. Pictures that cannot be read are named and left out; where "
        "they are more than 5 and more than 1%, the exit code is 3.",
    .examples = {{"eval runs/flowers-1", "measure a run on its own validation set"},
                 {"eval best.safetensors photos --views 10 --per-class",
                  "ten views of each picture, and a row per class"}},
};

/* Open what is to be measured on. */
static int open_data(alexnet_dataset **out, alexnet_ctx *ctx, const alexnet_model *model,
                     const opt_args *args)
{
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_dataset_kind kind;
    alexnet_status status;
    options.classes_of = model;
    if (args->file_count < 2) {
        status = alexnet_run_validation(out, ctx, args->files[0], model);
        return status ? cli_input_failed(status) : CLI_DONE;
    }
    const char *path = args->files[1];
    char *val = path_join(path, "val");
    status = alexnet_dataset_layout(path, &kind);
    if (!status)
        status = alexnet_dataset_open(out, ctx, kind == ALEXNET_DATASET_TRAIN_VAL ? val : path,
                                      &options);
    free(val);
    return status ? cli_input_failed(status) : CLI_DONE;
}

static json_t *classes_json(const alexnet_evaluation *evaluation, const alexnet_model *model)
{
    int classes = alexnet_model_class_count(model);
    json_t *list = json_array();
    for (int i = 0; i < classes; i++) {
        class_result r = evaluate_class(evaluation, classes, i);
        json_t *row = json_object();
        json_object_set_new(row, "class", json_text(alexnet_model_class_name(model, i)));
        json_object_set_new(row, "images", json_integer(r.images));
        json_object_set_new(row, "correct", json_integer(r.correct));
        json_array_append_new(list, row);
    }
    return list;
}

/* A mean over the pictures; null if there are none to take it over. */
static json_t *mean_json(const alexnet_metrics *m, double mean)
{
    return m->images ? json_number(mean) : json_null();
}

static void print_json(const alexnet_evaluation *evaluation, const alexnet_model *model,
                       const alexnet_metrics *m, int views, bool per_class)
{
    json_t *document = json_object();
    json_object_set_new(document, "images", json_integer(m->images));
    json_object_set_new(document, "skipped", json_integer(m->skipped));
    json_object_set_new(document, "views", json_integer(views));
    json_object_set_new(document, "top1_error", mean_json(m, m->top1_error));
    json_object_set_new(document, "top5_error", mean_json(m, m->top5_error));
    json_object_set_new(document, "loss", mean_json(m, m->loss));
    if (per_class)
        json_object_set_new(document, "classes", classes_json(evaluation, model));
    json_print(document);
}

static void print_text(const alexnet_evaluation *evaluation, const alexnet_model *model,
                       const alexnet_metrics *m, int views, bool per_class)
{
    if (per_class) {
        report_classes(evaluation, model);
        putchar('\n');
    }
    printf("images       %" PRId64 "\n", m->images);
    printf("skipped      %" PRId64 "\n", m->skipped);
    printf("views        %d\n", views);
    if (!m->images)
        return;
    printf("top-1 error  %.2f%%\n", 100 * m->top1_error);
    if (alexnet_model_class_count(model) > 5)
        printf("top-5 error  %.2f%%\n", 100 * m->top5_error);
    printf("loss         %.4f\n", m->loss);
}

static int report(const alexnet_evaluation *evaluation, const alexnet_model *model,
                  const eval_options *options, int views, bool json)
{
    alexnet_metrics m;
    alexnet_status status = alexnet_evaluation_metrics(evaluation, &m);
    if (status)
        return cli_failed(status);
    if (json)
        print_json(evaluation, model, &m, views, options->per_class);
    else
        print_text(evaluation, model, &m, views, options->per_class);
    int code = CLI_DONE;
    if (options->confusion)
        code = write_confusion(evaluation, model, options->confusion);
    bool none = m.skipped > 0 && m.images == 0;
    if (code == CLI_DONE &&
        (none || alexnet_too_many_bad(m.skipped, m.images + m.skipped, ALEXNET_BAD_PICTURES)))
        code = cli_error(CLI_BAD_INPUT, "%" PRId64 " of %" PRId64 " %s could not be read",
                         m.skipped, m.images + m.skipped,
                         text_plural(m.images + m.skipped, "picture", "pictures"));
    return code;
}

static int measure(alexnet_ctx *ctx, const opt_args *args, const eval_options *options,
                   const model_options *how, bool json)
{
    alexnet_model *model = NULL;
    alexnet_dataset *data = NULL;
    alexnet_session *session = NULL;
    alexnet_evaluation *evaluation = NULL;
    alexnet_session_options settings = ALEXNET_SESSION_OPTIONS_INIT;
    settings.batch = (int)options->batch;
    settings.views = options->views ? 10 : 1;
    int code = model_open_as(&model, ctx, args->files[0], "MODEL comes first", how);
    if (code == CLI_DONE)
        code = open_data(&data, ctx, model, args);
    if (code != CLI_DONE)
        goto cleanup;
    alexnet_status status = alexnet_session_new(&session, model, &settings);
    code = status ? cli_failed(status) : evaluate(&evaluation, session, data);
    if (code == CLI_DONE)
        code = report(evaluation, model, options, settings.views, json);
cleanup:
    alexnet_evaluation_free(evaluation);
    alexnet_session_free(session);
    alexnet_dataset_free(data);
    alexnet_model_free(model);
    return code;
}

static int run(const opt_args *args, const eval_options *options, const model_options *how,
               const machine_options *machine)
{
    alexnet_ctx *ctx;
    if (args->file_count == 0 || args->file_count > 2)
        return opt_wrong(&page, args->file_count
                                    ? "eval takes one MODEL and one DATA"
                                    : "MODEL is missing: a model file or a run folder");
    if (args->file_count == 2 && !path_is_folder(args->files[0]) && path_is_model(args->files[1]))
        return opt_wrong(&page, "%s is a model; MODEL comes first, then DATA", args->files[1]);
    if (args->file_count == 1 && path_is_model(args->files[0]))
        return opt_wrong(&page,
                         "DATA is missing: %s is a model file, and only a run folder knows its "
                         "validation set",
                         args->files[0]);
    int code = options->confusion ? file_check_output(options->confusion) : CLI_DONE;
    if (code != CLI_DONE)
        return code;
    code = machine_open(&ctx, machine);
    if (code == CLI_DONE)
        code = measure(ctx, args, options, how, machine->json);
    machine_close(ctx);
    return code;
}

int cmd_eval(int argc, char **argv)
{
    int code;
    eval_options options = {0};
    model_options how = {0};
    machine_options machine = {0};
    opt_args args = {.page = &page,
                     .groups = {{"Options", rows, COUNT_OF(rows), &options},
                                model_group(&how),
                                machine_group(&machine)}};
    if (opt_parse(&args, argc, argv, &code))
        code = run(&args, &options, &how, &machine);
    opt_free(&args);
    return code;
}
