#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "draw.h"
#include "files.h"
#include "machine.h"
#include "model.h"
#include "paths.h"
#include "terminal.h"

typedef struct plot_options {
    const char *out, *since;
} plot_options;

static const opt rows[] = {
    {.name = "out",
     .letter = 'o',
     .type = OPT_TEXT,
     .arg = "FILE",
     .help = "the PNG file to write (default: filters.png or curves.png, in the run folder if "
             "there is one)",
     .offset = offsetof(plot_options, out)},
    {.name = "since",
     .type = OPT_TEXT,
     .arg = "MODEL",
     .help = "of filters: draw what they have learned since this model, such as the one that the "
             "run began with",
     .offset = offsetof(plot_options, since)},
};

static const opt_page page = {
    .command = "plot",
    .usage = {"plot filters MODEL|RUN [options]", "plot curves RUN [options]"},
    .about = "Draw a picture of a model or a run: the filters of its first layer, a block for each "
             "tower; or loss and error over the epochs, in training and validation.",
    .examples = {{"plot filters runs/photos-1", "what the first layer learned"},
                 {"plot curves runs/photos-1 -o curves.png", "how it learned"}},
};

static int plot_filters(const char *path, const char *since_path, const char *out,
                        const model_options *how)
{
    alexnet_ctx *ctx;
    alexnet_model *model = NULL, *since = NULL;
    machine_options machine = {0};
    int code = machine_open(&ctx, &machine);
    if (code == CLI_DONE)
        code = model_open_as(&model, ctx, path, "MODEL comes after what is to be plotted", how);
    if (code == CLI_DONE && since_path)
        code = model_open(&since, ctx, since_path, "a MODEL belongs to --since");
    if (code == CLI_DONE)
        code = draw_filters(model, since, out);
    alexnet_model_free(since);
    alexnet_model_free(model);
    machine_close(ctx);
    return code;
}

static int run(const opt_args *args, const plot_options *options, const model_options *how)
{
    if (args->file_count == 0)
        return opt_wrong(&page, "what is to be plotted is missing: filters or curves");
    const char *what = args->files[0];
    bool filters = strcmp(what, "filters") == 0;
    if (!filters && strcmp(what, "curves") != 0)
        return opt_wrong(&page, "%s cannot be plotted; filters and curves can", what);
    if (args->file_count != 2)
        return opt_wrong(&page, "plot %s takes one %s", what, filters ? "MODEL or RUN" : "RUN");
    if (options->since && !filters)
        return opt_wrong(&page, "--since belongs to plot filters");
    const char *path = args->files[1], *name = filters ? "filters.png" : "curves.png";
    char *out = options->out           ? cli_copy(options->out)
                : path_is_folder(path) ? path_join(path, name)
                                       : cli_copy(name);
    const char *ending = strrchr(out, '.');
    if (!ending || strcasecmp(ending, ".png") != 0) {
        int code = opt_wrong(&page, "%s: a PNG file's name ends in .png", out);
        free(out);
        return code;
    }
    int code = file_check_output(out);
    if (code == CLI_DONE)
        code = filters ? plot_filters(path, options->since, out, how) : draw_curve(path, out);
    if (code == CLI_DONE)
        terminal_line(stdout, "%s", out);
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
    if (opt_parse(&args, argc, argv, &code))
        code = run(&args, &options, &how);
    opt_free(&args);
    return code;
}
