#include <stdlib.h>

#include "distance.h"
#include "files.h"
#include "library_text.h"
#include "model_args.h"
#include "outputs.h"
#include "paths.h"
#include "progress.h"

static const opt rows[] = {
    {.name = "lpips",
     .type = OPT_TEXT,
     .also = {"lin", "weights", "linear"},
     .arg = "FILE",
     .help = "the weights of LPIPS (default: those in MODEL, put there by convert --lpips)",
     .reads = true,
     .offset = offsetof(distance_options, lpips)},
    {.name = "resize",
     .type = OPT_INTEGER,
     .also = {"size", "side"},
     .arg = "SIDE",
     .low = 0,
     .high = 4096,
     .standard = "0",
     .help = "bring pictures to SIDE x SIDE first, whatever their shape; 0: leave them as they are",
     .offset = offsetof(distance_options, side)},
    {.name = "all-pairs",
     .type = OPT_FLAG,
     .also = {"all", "matrix", "pairwise"},
     .help = "compare every picture of one folder with every other",
     .offset = offsetof(distance_options, all_pairs)},
    {.name = "csv",
     .type = OPT_FLAG,
     .help = "results as CSV, with the contribution of each layer",
     .offset = offsetof(distance_options, csv)},
    {.name = "out",
     .letter = 'o',
     .type = OPT_TEXT,
     .also = {"output", "save"},
     .arg = "FILE",
     .ends = ".csv|.json|.jsonl",
     .help = "write the results to FILE: a .csv file, or a .json or .jsonl file with what --json "
             "prints",
     .offset = offsetof(distance_options, out)},
};

static const opt_elsewhere elsewhere[] = {{"format", OPT_AS_CSV_OR_JSON}, {0}};

static const opt_page page = {
    .command = "distance",
    .usage = {"distance MODEL|RUN A B [options]",
              "distance MODEL|RUN FOLDER --all-pairs [options]"},
    .elsewhere = elsewhere,
    .about =
        "Measure how different two pictures look, by LPIPS (version 0.1): 0 for equal pictures, "
        "and larger the less alike they are. A and B are pictures, or two folders whose pictures "
        "with equal names are compared, followed by the mean. Pictures keep their size, so both "
        "must have the same. Weights are needed, such as the published ones for torchvision's "
        "AlexNet.",
    .examples = {{"distance alexnet.pth photo.png jpeg.png --lpips alex.pth",
                  "one number for two pictures"},
                 {"distance perceptual.safetensors originals/ restored/ -o distances.csv",
                  "all pairs of equal names, and their mean"}},
};

static int open_distance(distance_job *job, alexnet_model *model, const distance_options *options)
{
    alexnet_distance_options settings = ALEXNET_DISTANCE_OPTIONS_INIT;
    settings.lpips = options->lpips;
    settings.side = (int)options->side;
    alexnet_status status = alexnet_distance_new(&job->distance, model, &settings);
    if (status == ALEXNET_ERROR_INVALID_ARGUMENT)
        return cli_error(CLI_BAD_INPUT, "%s%s", library_error(),
                         options->lpips ? "" : "; give it as --lpips FILE");
    return cli_input_code(status);
}

static int check_files(const opt_args *args, const distance_options *options,
                       const distance_job *job)
{
    const int wanted = options->all_pairs ? 2 : 3;
    char **files = args->files;
    const int code = model_args_check(args);
    if (code != CLI_DONE)
        return code;
    if (job->csv && job->json)
        return opt_wrong(&page, "--csv and --json cannot be combined, nor either of them with a "
                                "FILE of the other kind");
    if (options->all_pairs && args->file_count == 2 && !path_is_folder(files[1]))
        return opt_wrong(&page, "--all-pairs takes a folder; %s is not one", files[1]);
    if (!options->all_pairs && args->file_count == 2 && path_is_folder(files[1]))
        return opt_wrong(&page, "give a second folder, or --all-pairs to compare the pictures of "
                                "this one with each other");
    if (args->file_count != wanted)
        return opt_wrong(&page, args->file_count < wanted ? "%s" : "too many arguments: %s",
                         options->all_pairs ? "--all-pairs takes MODEL and one folder"
                                            : "two pictures or two folders come after MODEL");
    if (!options->all_pairs && path_is_folder(files[1]) != path_is_folder(files[2]))
        return opt_wrong(&page, "give two pictures, or two folders");
    return CLI_DONE;
}

static int run(model_args *line, const void *own)
{
    const distance_options *options = own;
    const bool to_csv = options->out && path_ends_in(options->out, ".csv");
    distance_job job = {.csv = options->csv || to_csv,
                        .json = line->machine.json || (options->out && !to_csv),
                        .to = stdout};
    file_output file = {0};
    int code = check_files(&line->args, options, &job);
    if (code == CLI_DONE && options->out)
        code = output_check(options->out);
    if (code == CLI_DONE)
        code = model_args_open(line);
    if (code == CLI_DONE)
        code = open_distance(&job, line->model, options);
    if (code == CLI_DONE && options->out && (code = file_begin(&file, options->out)) == CLI_DONE)
        job.to = file.file;
    if (code == CLI_DONE) {
        /* a model's note about its preparation would be taken to hold here too */
        progress_note("LPIPS takes pictures whole and scales them itself: the model's preparation "
                      "is not used");
        job.ctx = line->ctx;
        distance_begin(&job);
        code = distance_compare_paths(&job, line->args.files, options->all_pairs);
    }
    if (file.file) {
        /* Bad pictures leave a usable file; an interruption or a failure does not. */
        bool whole = code == CLI_DONE || code == CLI_BAD_INPUT;
        int ended = file_end(&file, whole ? CLI_DONE : code);
        code = whole && ended == CLI_DONE ? code : ended;
    }
    alexnet_distance_free(job.distance);
    free(job.parts);
    return code;
}

int cmd_distance(int argc, char **argv)
{
    distance_options options = {0};
    const opt_group own = {"Options", rows, COUNT_OF(rows), .target = &options};
    return model_args_run(&page, own, run, argc, argv);
}
