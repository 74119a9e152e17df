#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "distance.h"
#include "files.h"
#include "model_args.h"
#include "paths.h"
#include "progress.h"

static const opt rows[] = {
    {.name = "lpips",
     .type = OPT_TEXT,
     .also = {"lin", "weights", "linear"},
     .arg = "FILE",
     .help = "the weights of LPIPS (default: those in MODEL, if convert --lpips put them there)",
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
     .help = "results as CSV, with the part of each layer",
     .offset = offsetof(distance_options, csv)},
    {.name = "out",
     .letter = 'o',
     .type = OPT_TEXT,
     .also = {"output", "save"},
     .arg = "FILE",
     .help = "write them to FILE, as CSV unless --json says otherwise",
     .offset = offsetof(distance_options, out)},
};

static const opt_page page = {
    .command = "distance",
    .usage = {"distance MODEL A B [options]", "distance MODEL FOLDER --all-pairs [options]"},
    .about = "Say how different two pictures look: their LPIPS (version 0.1), 0 for equal ones, "
             "larger the less alike they are. A and B are pictures, or two folders, whose "
             "pictures of equal names are compared, and whose mean comes last. Pictures keep their "
             "size, so both must have the same. Weights are needed, such as the published ones "
             "for torchvision's AlexNet.",
    .examples = {{"distance alexnet.pth photo.png jpeg.png --lpips alex.pth",
                  "one number for two pictures"},
                 {"distance perceptual.safetensors originals/ restored/ -o distances.csv",
                  "all pairs of equal names, and their mean"}},
};

/* ---- Lists of pictures ---- */

static int list_folder(string_list *names, alexnet_ctx *ctx, const char *folder)
{
    alexnet_dataset *pictures;
    alexnet_status status = alexnet_dataset_open_files(&pictures, ctx, &folder, 1);
    if (status)
        return cli_input_failed(status);
    for (int64_t i = 0; i < alexnet_dataset_count(pictures); i++) {
        const char *path = NULL;
        if (!alexnet_dataset_picture(pictures, i, &path, NULL))
            string_list_add(names, cli_copy(path));
    }
    alexnet_dataset_free(pictures);
    return CLI_DONE;
}

/* What follows the folder in a path that begins with it. */
static const char *name_in(const char *folder, const char *path)
{
    size_t length = strlen(folder);
    if (strncmp(path, folder, length) == 0)
        path += length;
    return path + strspn(path, "/");
}

/* ---- Ways to pair ---- */

static int compare_files(distance_job *job, const char *a, const char *b)
{
    alexnet_distance_picture *first = NULL, *second = NULL;
    int code = distance_look(&first, job, a);
    if (code == CLI_DONE)
        code = distance_look(&second, job, b);
    if (code == CLI_DONE)
        code = distance_compare(job, first, second, a, b);
    alexnet_distance_picture_free(first);
    alexnet_distance_picture_free(second);
    return code;
}

/* A picture or a pair that is bad does not stop the others. */
static int go_on(distance_job *job, int code)
{
    if (code != CLI_BAD_INPUT)
        return code;
    job->bad++;
    return CLI_DONE;
}

static int compare_folders(distance_job *job, const char *a, const char *b)
{
    string_list left = {0}, right = {0};
    size_t i = 0, j = 0;
    int code = list_folder(&left, job->ctx, a);
    if (code == CLI_DONE)
        code = list_folder(&right, job->ctx, b);
    while (code == CLI_DONE && (i < left.count || j < right.count)) {
        int order = i == left.count ? 1
                    : j == right.count
                        ? -1
                        : strcmp(name_in(a, left.items[i]), name_in(b, right.items[j]));
        if (order) {
            const char *lonely = order < 0 ? left.items[i] : right.items[j];
            progress_clear();
            code = go_on(job, cli_error(CLI_BAD_INPUT, "%s has no counterpart in %s", lonely,
                                        order < 0 ? b : a));
        } else {
            code = go_on(job, compare_files(job, left.items[i], right.items[j]));
        }
        i += order <= 0;
        j += order >= 0;
        distance_show(job, (double)i, (double)left.count);
    }
    string_list_free(&left);
    string_list_free(&right);
    return code;
}

/* Pictures that are in memory at once take up to a GiB: the rows of a block of the matrix. */
static const size_t BLOCK_BYTES = (size_t)1 << 30;

typedef struct block {
    alexnet_distance_picture **pictures;
    size_t first, count, bytes;
} block;

static void empty_block(block *held)
{
    for (size_t i = 0; i < held->count; i++)
        alexnet_distance_picture_free(held->pictures[i]);
    held->first += held->count;
    held->count = held->bytes = 0;
}

/* The bad pictures of a folder are named once, when they first come. */
static int look_at(alexnet_distance_picture **out, distance_job *job, const string_list *names,
                   bool *is_bad, size_t index)
{
    *out = NULL;
    if (is_bad[index])
        return CLI_DONE;
    int code = distance_look(out, job, names->items[index]);
    is_bad[index] = code == CLI_BAD_INPUT;
    return go_on(job, code);
}

/* A picture with all of a block that stand before it. */
static int compare_with_block(distance_job *job, const block *held, const string_list *names,
                              const alexnet_distance_picture *picture, size_t index)
{
    int code = CLI_DONE;
    for (size_t i = 0; i < held->count && held->first + i < index && code == CLI_DONE; i++)
        if (held->pictures[i])
            code = go_on(job, distance_compare(job, held->pictures[i], picture,
                                               names->items[held->first + i], names->items[index]));
    return code;
}

static int compare_block(distance_job *job, block *held, const string_list *names, bool *is_bad)
{
    int code = CLI_DONE;
    for (size_t j = held->first; j < names->count && code == CLI_DONE; j++) {
        alexnet_distance_picture *picture;
        code = look_at(&picture, job, names, is_bad, j);
        if (code == CLI_DONE && picture)
            code = compare_with_block(job, held, names, picture, j);
        if (j == held->first + held->count && held->bytes < BLOCK_BYTES) {
            held->pictures[held->count++] = picture;
            held->bytes += alexnet_distance_picture_memory(picture);
        } else {
            alexnet_distance_picture_free(picture);
        }
        double before = (double)held->first, all = (double)names->count;
        distance_show(job, before * (2 * all - before) + (double)j * (double)j - before * before,
                      all * all);
    }
    return code;
}

static int compare_all(distance_job *job, const char *folder)
{
    string_list names = {0};
    int code = list_folder(&names, job->ctx, folder);
    block held = {.pictures = cli_alloc((names.count + 1) * sizeof(alexnet_distance_picture *))};
    bool *is_bad = cli_alloc(names.count + 1);
    memset(is_bad, 0, names.count + 1);
    while (code == CLI_DONE && held.first < names.count) {
        code = compare_block(job, &held, &names, is_bad);
        empty_block(&held);
    }
    empty_block(&held);
    free(is_bad);
    free(held.pictures);
    string_list_free(&names);
    return code;
}

/* ---- The command ---- */

static int compare(distance_job *job, char **files, bool all_pairs)
{
    job->single = !all_pairs && !path_is_folder(files[1]);
    if (job->single)
        return compare_files(job, files[1], files[2]);
    int code = all_pairs ? compare_all(job, files[1]) : compare_folders(job, files[1], files[2]);
    progress_clear();
    if (code == CLI_DONE)
        distance_end(job);
    if (code == CLI_DONE && job->bad)
        code = cli_error(CLI_BAD_INPUT, "%" PRId64 " %s could not be compared", job->bad,
                         job->bad == 1 ? "picture" : "pictures");
    return code;
}

static int open_distance(distance_job *job, alexnet_model *model, const distance_options *options)
{
    alexnet_distance_options settings = ALEXNET_DISTANCE_OPTIONS_INIT;
    settings.lpips = options->lpips;
    settings.side = (int)options->side;
    alexnet_status status = alexnet_distance_new(&job->distance, model, &settings);
    if (status == ALEXNET_ERROR_INVALID_ARGUMENT)
        return cli_error(CLI_BAD_INPUT, "%s%s", alexnet_error_text(),
                         options->lpips ? "" : "; give it as --lpips FILE");
    return status ? cli_input_failed(status) : CLI_DONE;
}

static int run_with(const opt_args *args, const distance_options *options, const model_options *how,
                    const machine_options *machine)
{
    alexnet_model *model = NULL;
    distance_job job = {.csv = options->csv || (options->out && !machine->json),
                        .json = machine->json,
                        .to = stdout};
    file_output file = {0};
    int code = options->out ? file_check_output(options->out) : CLI_DONE;
    if (code == CLI_DONE)
        code = machine_open(&job.ctx, machine);
    if (code == CLI_DONE)
        code = model_open_as(&model, job.ctx, args->files[0], "MODEL comes first", how);
    if (code == CLI_DONE)
        code = open_distance(&job, model, options);
    if (code == CLI_DONE && options->out && (code = file_begin(&file, options->out)) == CLI_DONE)
        job.to = file.file;
    if (code == CLI_DONE) {
        distance_begin(&job);
        code = compare(&job, args->files, options->all_pairs);
    }
    if (file.file) {
        /* What could be compared is kept; what was interrupted is not whole. */
        bool whole = code == CLI_DONE || code == CLI_BAD_INPUT;
        int ended = file_end(&file, whole ? CLI_DONE : code);
        code = whole && ended == CLI_DONE ? code : ended;
    }
    alexnet_distance_free(job.distance);
    alexnet_model_free(model);
    machine_close(job.ctx);
    free(job.parts);
    return code;
}

static int check_files(const opt_args *args, const distance_options *options, bool json)
{
    const int wanted = options->all_pairs ? 2 : 3;
    char **files = args->files;
    if (args->file_count == 0)
        return opt_wrong(&page, "MODEL is missing: a model file or a run folder");
    if (path_is_picture(files[0]))
        return opt_wrong(&page, "%s is a picture; MODEL comes first", files[0]);
    if (options->csv && json)
        return opt_wrong(&page, "--csv and --json exclude each other");
    if (options->all_pairs && args->file_count == 2 && !path_is_folder(files[1]))
        return opt_wrong(&page, "--all-pairs takes a folder; %s is none", files[1]);
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

int cmd_distance(int argc, char **argv)
{
    int code;
    distance_options options = {0};
    model_args line;
    const opt_group own = {"Options", rows, COUNT_OF(rows), &options};
    if (model_args_parse(&line, &page, own, argc, argv, &code)) {
        code = check_files(&line.args, &options, line.machine.json);
        if (code == CLI_DONE)
            code = run_with(&line.args, &options, &line.model, &line.machine);
    }
    opt_free(&line.args);
    return code;
}
