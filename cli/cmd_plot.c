#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "evaluate.h"
#include "machine.h"
#include "model.h"
#include "outputs.h"
#include "paths.h"
#include "terminal.h"

typedef struct plot_options {
    const char *out, *since;
    bool quiet;
} plot_options;

static const opt rows[] = {
    {.name = "out",
     .letter = 'o',
     .type = OPT_TEXT,
     .also = {"output", "save"},
     .arg = "FILE",
     .ends = ".png",
     .help = "the PNG file to write (default: filters.png, curves.png or confusion.png, in the run "
             "folder if there is one)",
     .offset = offsetof(plot_options, out)},
    {.name = "since",
     .type = OPT_TEXT,
     .arg = "MODEL",
     .help = "with filters: draw what they have learned since this model, such as the one that the "
             "run started from",
     .reads = true,
     .offset = offsetof(plot_options, since)},
    {.name = "quiet",
     .letter = 'q',
     .type = OPT_FLAG,
     .also = {"silent"},
     .help = "no progress and no notes, only warnings and errors",
     .offset = offsetof(plot_options, quiet)},
};

static const opt_page page = {
    .command = "plot",
    .usage = {"plot filters MODEL|RUN [options]", "plot curves RUN... [options]",
              "plot confusion RUN|CSV [options]"},
    .about = "Draw a picture of a model or of runs: the filters of the first layer, a block for "
             "each tower; loss and error over the epochs, in training and validation, of one run "
             "or of several together; or which classes are confused, in the validation of a run or "
             "in a CSV file written by 'eval --confusion'.",
    .examples = {{"plot filters runs/photos-1", "what the first layer learned"},
                 {"plot curves runs/photos-1 runs/photos-2 -o curves.png", "how two runs learned"}},
};

static int plot_filters(const char *path, const plot_options *options, const char *out,
                        const model_options *how)
{
    alexnet_ctx *ctx;
    alexnet_model *model = NULL, *since = NULL;
    const machine_options machine = {.quiet = options->quiet};
    int code = machine_open(&ctx, &machine);
    if (code == CLI_DONE)
        code = model_open_as(&model, ctx, path, "MODEL comes after what is to be plotted", how);
    if (code == CLI_DONE && options->since)
        code = model_open(&since, ctx, options->since, "--since takes a MODEL");
    if (code == CLI_DONE)
        code = draw_filters(model, since, out);
    alexnet_model_free(since);
    alexnet_model_free(model);
    machine_close(ctx);
    return code;
}

/* The confusion of a run's best model on its own validation set. */
static int measure_run(confusion *out, const char *path, const plot_options *options,
                       const model_options *how)
{
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_dataset *data = NULL;
    alexnet_session *session = NULL;
    alexnet_evaluation *evaluation = NULL;
    const machine_options machine = {.quiet = options->quiet};
    alexnet_session_options settings = ALEXNET_SESSION_OPTIONS_INIT;
    settings.batch = 32;
    int code = machine_open(&ctx, &machine);
    if (code == CLI_DONE)
        code = model_open_as(&model, ctx, path, "a RUN comes after confusion", how);
    if (code == CLI_DONE) {
        alexnet_status status = alexnet_run_validation(&data, ctx, path, model);
        code = cli_input_code(status);
    }
    if (code == CLI_DONE) {
        alexnet_status status = alexnet_session_new(&session, model, &settings);
        code = status ? cli_code(status) : evaluate(&evaluation, session, data, NULL, NULL);
    }
    if (code == CLI_DONE)
        *out = confusion_of(evaluation, model);
    alexnet_evaluation_free(evaluation);
    alexnet_session_free(session);
    alexnet_dataset_free(data);
    alexnet_model_free(model);
    machine_close(ctx);
    return code;
}

static int plot_confusion(const char *path, const plot_options *options, const char *out,
                          const model_options *how)
{
    confusion matrix;
    int code = path_is_folder(path) ? measure_run(&matrix, path, options, how)
               : path_is_model(path)
                   ? cli_error(CLI_USAGE,
                               "%s is a model, which has no pictures of its own; 'alexnet eval %s "
                               "DATA --confusion %s' measures it",
                               path, path, out)
                   : confusion_read(&matrix, path);
    if (code != CLI_DONE)
        return code;
    code = draw_confusion(&matrix, out);
    confusion_free(&matrix);
    return code;
}

/* What can be plotted, in the order of `enum subject`. */
static const struct {
    const char *name, *of, *file;
} subjects[] = {{"filters", "one MODEL or RUN", "filters.png"},
                {"curves", "one RUN or several", "curves.png"},
                {"confusion", "one RUN or CSV file", "confusion.png"}};
enum subject { FILTERS, CURVES, CONFUSION, SUBJECTS };

/* Whether the picture goes into the folder of the one run that it is made from; otherwise the
 * default is the working folder. */
static bool goes_into_run(const opt_args *args, const plot_options *options)
{
    return !options->out && args->file_count == 2 && path_is_folder(args->files[1]);
}

static int plot(enum subject subject, const opt_args *args, const plot_options *options,
                const model_options *how, const char *out)
{
    const char *path = args->files[1];
    /* what has the name of a plot in a run is one, perhaps of an earlier version */
    int code = goes_into_run(args, options) ? CLI_DONE : output_check(out);
    if (code != CLI_DONE)
        return code;
    code = subject == FILTERS  ? plot_filters(path, options, out, how)
           : subject == CURVES ? draw_curves(args->files + 1, args->file_count - 1, out)
                               : plot_confusion(path, options, out, how);
    if (code == CLI_DONE)
        terminal_line(stdout, "%s", out);
    return code;
}

static int run(const opt_args *args, const plot_options *options, const model_options *how)
{
    if (args->file_count == 0)
        return opt_wrong(&page, "what is to be plotted is missing: filters, curves or confusion");
    const char *what = args->files[0];
    int subject = 0;
    while (subject < SUBJECTS && strcmp(what, subjects[subject].name) != 0)
        subject++;
    if (subject == SUBJECTS)
        return opt_wrong(&page, "%s cannot be plotted; filters, curves and confusion can", what);
    if (args->file_count < 2 || (args->file_count > 2 && subject != CURVES))
        return opt_wrong(&page, "plot %s takes %s", what, subjects[subject].of);
    if (options->since && subject != FILTERS)
        return opt_wrong(&page, "--since is for plot filters");
    const char *name = options->out ? options->out : subjects[subject].file;
    char *out = goes_into_run(args, options) ? path_join(args->files[1], name) : cli_copy(name);
    const int code = plot((enum subject)subject, args, options, how, out);
    free(out);
    return code;
}

int cmd_plot(int argc, char **argv)
{
    int code;
    plot_options options = {0};
    model_options how = {0};
    opt_args args = {.page = &page,
                     .groups = {{"Options", rows, COUNT_OF(rows), &options}, model_group(&how)}};
    return opt_parse(&args, argc, argv, &code) ? run(&args, &options, &how) : code;
}
