#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "explain.h"
#include "json.h"
#include "model_args.h"
#include "outputs.h"
#include "paths.h"
#include "terminal.h"

static const opt rows[] = {
    {.name = "out",
     .letter = 'o',
     .type = OPT_TEXT,
     .also = {"output"},
     .arg = "FILE|FOLDER",
     .help = "the PNG file to write, or the folder to write it to (default: explain.png, "
             "activations.png, patches.png or filters.png in this folder)",
     .offset = offsetof(explain_options, out)},
    {.name = "class",
     .type = OPT_TEXT,
     .also = {"target", "label", "target-class"},
     .arg = "NAME|INDEX",
     .help = "the class to explain (default: the most probable one)",
     .offset = offsetof(explain_options, class_name)},
    {.name = "map",
     .type = OPT_CHOICE,
     .also = {"method", "maps"},
     .arg = "both|gradient|occlusion",
     .standard = "both",
     .help = "which maps of the class to draw",
     .offset = offsetof(explain_options, map)},
    {.name = "occlusion-size",
     .type = OPT_INTEGER,
     .also = {"patch-size", "window", "square"},
     .arg = "N",
     .low = 0,
     .high = 32767,
     .standard = "0",
     .help = "side of the square, in pixels; 0: a seventh of the input",
     .offset = offsetof(explain_options, square)},
    {.name = "occlusion-stride",
     .type = OPT_INTEGER,
     .also = {"stride", "step"},
     .arg = "N",
     .low = 0,
     .high = 32767,
     .standard = "0",
     .help = "distance between squares, in pixels; 0: a quarter of the side",
     .offset = offsetof(explain_options, stride)},
    {.name = "activations",
     .type = OPT_FLAG,
     .also = {"layers", "feature-maps"},
     .help = "draw the output of every layer, a tile for each channel",
     .offset = offsetof(explain_options, activations)},
    {.name = "filter",
     .type = OPT_TEXT,
     .also = {"channel", "unit", "neuron"},
     .arg = "LAYER:INDEX",
     .help = "draw the nine patches in the pictures of --in to which a filter responds most",
     .offset = offsetof(explain_options, filter)},
    {.name = "in",
     .type = OPT_TEXT,
     .also = {"data", "folder"},
     .arg = "FOLDER",
     .help = "with --filter: the pictures, at any depth; or an archive or a list of them",
     .reads = true,
     .offset = offsetof(explain_options, in)},
    {.name = "filters",
     .type = OPT_FLAG,
     .help = "draw the filters of the first layer, a block for each tower",
     .offset = offsetof(explain_options, filters)},
    MODEL_ARGS_BATCH(explain_options, "16"),
};

static const opt_page page = {
    .command = "explain",
    .usage = {"explain MODEL|RUN PICTURE [options]",
              "explain MODEL|RUN PICTURE --activations [options]",
              "explain MODEL|RUN --filters | --filter LAYER:INDEX --in FOLDER"},
    .about = "Draw what a network saw: over a picture, how much each pixel changes the score of a "
             "class (gradient), and how much of its probability is lost when a square of the mean "
             "colour covers "
             "a part of the picture (occlusion); or the output of every layer; or the patches of "
             "pictures to which a filter responds most; or the filters of the first layer. The "
             "drawing is a PNG file; the last line printed is its name.",
    .examples = {{"explain runs/flowers-1 rose.jpg", "what the answer is based on: explain.png"},
                 {"explain runs/photos-1 --filter conv5:12 --in photos -o conv5-12.png",
                  "what a filter of the fifth layer looks for"}},
};

/* What is to be drawn. */
typedef struct kind {
    const char *name; /* of the file, by default */
    int (*run)(const explain_job *job);
    bool picture; /* whether it needs a PICTURE */
} kind;

static int plot_filters(const explain_job *job)
{
    int code = draw_filters(job->model, NULL, job->out);
    if (code == CLI_DONE && job->json) {
        json_t *document = json_object();
        json_object_set_new(document, "out", json_text(job->out));
        json_print(document);
    } else if (code == CLI_DONE) {
        terminal_line(stdout, "%s", job->out);
    }
    return code;
}

static kind kind_of(const explain_options *o)
{
    return o->activations ? (kind){"activations.png", explain_layers, true}
           : o->filter    ? (kind){"patches.png", explain_filter, false}
           : o->filters   ? (kind){"filters.png", plot_filters, false}
                          : (kind){"explain.png", explain_picture, true};
}

/* Reject options that cannot be combined. */
static int check_options(const opt_args *args, const explain_options *o)
{
    static const char *const of_maps[] = {"class", "map", "occlusion-size", "occlusion-stride"};
    if (o->activations + (o->filter != NULL) + o->filters > 1)
        return opt_wrong(&page, "--activations, --filter and --filters draw different things; use "
                                "one at a time");
    if (o->filter && !o->in)
        return opt_wrong(&page, "--filter needs pictures to search: --in FOLDER");
    if (o->in && !o->filter)
        return opt_wrong(&page, "--in needs --filter");
    bool maps = !o->activations && !o->filter && !o->filters;
    for (size_t i = 0; i < COUNT_OF(of_maps) && !maps; i++)
        if (opt_given(args, of_maps[i]))
            return opt_wrong(&page, "--%s is for the maps of a class, which %s does not draw",
                             of_maps[i],
                             o->activations ? "--activations"
                             : o->filter    ? "--filter"
                                            : "--filters");
    return opt_needs(args, "occlusion-size|occlusion-stride", o->map != EXPLAIN_GRADIENT,
                     "a map of occlusion, not --map gradient");
}

static int check_files(const opt_args *args, const kind *k)
{
    const int wanted = k->picture ? 2 : 1;
    const int code = model_args_check(args);
    if (code != CLI_DONE)
        return code;
    if (args->file_count < wanted)
        return opt_wrong(&page, "PICTURE is missing: a picture file");
    if (args->file_count > wanted)
        return opt_wrong(&page, "%s: explain takes %s", args->files[wanted],
                         k->picture ? "one MODEL and one PICTURE" : "one MODEL");
    if (k->picture && path_is_folder(args->files[1]))
        return opt_wrong(&page, "%s is a folder; PICTURE is a file", args->files[1]);
    if (k->picture && path_is_model(args->files[1]))
        return opt_wrong(&page, "%s is a model; MODEL comes first, then PICTURE", args->files[1]);
    return CLI_DONE;
}

/* Where to write: -o may name a folder. Owned by the caller. */
static int choose_output(char **out, const char *wanted, const char *name)
{
    *out = !wanted                  ? cli_copy(name)
           : path_is_folder(wanted) ? path_join(wanted, name)
                                    : cli_copy(wanted);
    const char *ending = strrchr(*out, '.');
    if (!ending || strcasecmp(ending, ".png") != 0)
        return opt_wrong(&page, "%s: a PNG file's name ends in .png, and there is no such folder",
                         *out);
    return output_check(*out);
}

static int run(model_args *line, const void *own)
{
    const explain_options *options = own;
    const kind k = kind_of(options);
    char *out = NULL;
    int code = check_options(&line->args, options);
    if (code == CLI_DONE)
        code = check_files(&line->args, &k);
    if (code == CLI_DONE)
        code = choose_output(&out, options->out, k.name);
    if (code == CLI_DONE)
        code = model_args_open(line);
    if (code == CLI_DONE) {
        explain_job job = {.options = options,
                           .ctx = line->ctx,
                           .model = line->model,
                           .model_path = line->args.files[0],
                           .picture = k.picture ? line->args.files[1] : NULL,
                           .out = out,
                           .json = line->machine.json};
        code = k.run(&job);
    }
    free(out);
    return code;
}

int cmd_explain(int argc, char **argv)
{
    explain_options options = {0};
    const opt_group own = {"Options", rows, COUNT_OF(rows), .target = &options};
    return model_args_run(&page, own, run, argc, argv);
}
