#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "model.h"
#include "paths.h"
#include "preview.h"
#include "recipe.h"
#include "report_training.h"
#include "trial.h"

typedef struct train_options {
    const char *net, *recipe, *val, *out, *init_from, *names, *resume, *preview;
    const char *find_rate;
    bool accept_changes, overfit, recipe_given;
    int64_t split, wait;
    string_list settings; /* keys and values in turn */
} train_options;

static const opt rows[] = {
    {.name = "net",
     .type = OPT_TEXT,
     .also = {"network", "arch", "model", "a"},
     .arg = "NET",
     .help = "name of a built-in network ('alexnet info' lists them) or a network file (default: "
             "that of --init-from, else alexnet)",
     .reads = true,
     .offset = offsetof(train_options, net)},
    {.name = "recipe",
     .type = OPT_TEXT,
     .also = {"solver", "config", "cfg"},
     .arg = "RECIPE",
     .standard = "default",
     .help = "name of a built-in recipe ('alexnet info' lists them) or a recipe file",
     .reads = true,
     .offset = offsetof(train_options, recipe)},
    {.name = "val",
     .type = OPT_TEXT,
     .also = {"validation", "val-split", "validation-split", "valid", "val-dir"},
     .arg = "DATA2|SHARE",
     .help = "validation pictures: another data set, or the share of DATA to hold back, chosen by "
             "name; 0 for none (default: DATA's own 'val', else 0.1)",
     .reads = true,
     .offset = offsetof(train_options, val)},
    {.name = "init-from",
     .type = OPT_TEXT,
     .also = {"pretrained", "weights", "finetune", "load"},
     .arg = "MODEL|RUN",
     .help = "start from the tensors of this model that have the same name and shape, including "
             "its mean; warnings name those that are not used",
     .reads = true,
     .offset = offsetof(train_options, init_from)},
    {.name = "out",
     .letter = 'o',
     .type = OPT_TEXT,
     .also = {"output", "out-dir", "save-dir", "logdir", "name"},
     .arg = "DIR",
     .help =
         "folder of the run, new or empty (default: runs/NAME-N, named after DATA, with the first "
         "free number)",
     .offset = offsetof(train_options, out)},
    {.name = "names",
     .type = OPT_TEXT,
     .also = {"labels", "class-names", "synsets"},
     .arg = "FILE",
     .help = "readable class names: lines with an identifier and words, as in synset_words.txt",
     .reads = true,
     .offset = offsetof(train_options, names)},
    {.name = "split",
     .type = OPT_INTEGER,
     .arg = "N",
     .low = 0,
     .high = 4096,
     .standard = "0",
     .help = "how sums of weight gradients are grouped; 0 takes the number that "
             "--threads requests",
     .offset = offsetof(train_options, split)},
    {.name = "set",
     .type = OPT_SETTING,
     .arg = "KEY=VALUE",
     .help = "set a key of the recipe, also for some layers: 'conv*.rate=0.001'",
     .offset = offsetof(train_options, settings)},
    {.name = "preview",
     .type = OPT_TEXT,
     .also = {"show", "dry-run", "augment-preview", "visualize"},
     .arg = "FILE.png",
     .ends = ".png",
     .help = "train nothing: draw what the network would see of eight pictures, each in eight "
             "random variants, with their labels",
     .offset = offsetof(train_options, preview)},
    {.name = "overfit-one-batch",
     .type = OPT_FLAG,
     .also = {"overfit", "overfit-batches", "sanity-check", "sanity"},
     .help = "keep nothing: test whether the network can memorise the first batch, without "
             "augmentation or dropout; exit code 1 if it cannot, since then a run could not learn "
             "either",
     .offset = offsetof(train_options, overfit)},
    {.name = "find-rate",
     .type = OPT_TEXT,
     .also = {"lr-find", "find-lr", "lr-finder", "auto-lr-find"},
     .arg = "FILE.png",
     .ends = ".png",
     .help = "keep nothing: raise the rate from 0.00001 to 1 in 100 updates, or until the loss "
             "explodes; draw the losses, write them to FILE.csv, and suggest a rate",
     .offset = offsetof(train_options, find_rate)},
    {.name = "resume",
     .type = OPT_TEXT,
     .also = {"continue", "checkpoint", "restore", "snapshot", "ckpt"},
     .arg = "RUN",
     .help =
         "continue a run from its last checkpoint; give DATA if its pictures have moved; --epochs, "
         "--stop-patience, --keep, --report, --norms and --bad-pictures may be given new values",
     .reads = true,
     .offset = offsetof(train_options, resume)},
    {.name = "accept-changes",
     .type = OPT_FLAG,
     .help = "with --resume: continue although pictures were repaired, added or removed; the "
             "current epoch starts again",
     .offset = offsetof(train_options, accept_changes)},
    {.name = "wait",
     .type = OPT_INTEGER,
     .arg = "MINUTES",
     .low = 0,
     .high = 10080,
     .standard = "0",
     .help = "how long a run waits, and tries again, when the disk is full, a quota is used up, "
             "memory is short or its pictures are out of reach; 0: it ends, and can be resumed",
     .offset = offsetof(train_options, wait)},
};

#define IN_NETWORK(what)                                                                           \
    what " in the network file; 'alexnet info alexnet --text' prints one to change, and --net "    \
         "takes it"

#define SIZE IN_NETWORK("the size of pictures is set")
#define DROPOUT IN_NETWORK("dropout is set")
#define AS_DATA "DATA is given without an option, as in 'alexnet train photos'"
#define EVAL "'alexnet eval' measures a model"
#define NEW_OUT "--out takes a folder that is new or empty"

static const opt_elsewhere elsewhere[] = {
    {"dropout", DROPOUT},
    {"dropout-rate", DROPOUT},
    {"drop-rate", DROPOUT},
    {"image-size", SIZE},
    {"img-size", SIZE},
    {"imgsz", SIZE},
    {"input-size", SIZE},
    {"crop-size", SIZE},
    {"resize", SIZE},
    {"classes", "the classes are those of DATA"},
    {"num-classes", "the classes are those of DATA"},
    {"data", AS_DATA},
    {"data-dir", AS_DATA},
    {"data-path", AS_DATA},
    {"dataset", AS_DATA},
    {"train-dir", AS_DATA},
    {"train-data", AS_DATA},
    {"evaluate", EVAL},
    {"eval-only", EVAL},
    {"test-only", EVAL},
    {"overwrite", NEW_OUT},
    {"force", NEW_OUT},
    {"vflip", "pictures are mirrored from left to right only, with --mirror"},
    {0},
};

static const opt_page page = {
    .command = "train",
    .usage = {"train DATA [options]", "train --resume RUN [DATA] [options]"},
    .about = "Train a network. DATA is a folder with one folder of pictures per class; if it "
             "contains 'train' and 'val', these are used. Or it is a .tar archive such as "
             "ImageNet's, a folder of archives, or a pattern of their names, which are read in "
             "place; a list of lines 'path label' (.txt) or a table with such columns (.csv); an "
             "LMDB of Caffe; or the folder of MNIST's or CIFAR's files. The run folder receives "
             "the best model, a checkpoint after each epoch and every ten minutes, the recipe and "
             "a log. Ctrl-C finishes the step, saves, and prints how to continue.",
    .examples = {{"train photos",
                  "train the network of the paper; about a tenth is held back for validation"},
                 {"train photos --recipe finetune --init-from alexnet.pth",
                  "start from published weights and keep their convolutions unchanged"}},
    .elsewhere = elsewhere,
};

/* Whether an option may be given with --resume. All others are fixed when a run begins. The library
 * decides which keys of the recipe may change. */
static bool fits_resume(const opt *row)
{
    static const char *const allowed[] = {"resume",  "val",    "accept-changes", "wait",  "device",
                                          "threads", "tuning", "precision",      "quiet", "json"};
    for (size_t i = 0; i < COUNT_OF(allowed); i++)
        if (strcmp(row->name, allowed[i]) == 0)
            return true;
    return row->type == OPT_KEY || row->type == OPT_SETTING;
}

/* Report that a folder is a run, and how to resume it. */
static int wrong_run(const char *path, const char *wrong)
{
    char *word = cli_quote(path);
    int code = opt_wrong(&page, "%s %s. To continue the run: %s train --resume %s", path, wrong,
                         cli_program, word);
    free(word);
    return code;
}

static int check_data(const char *data)
{
    if (path_is_model(data))
        return opt_wrong(&page, "%s is a model; train takes DATA, and --init-from %s", data, data);
    if (path_is_picture(data))
        return opt_wrong(&page, "%s is a picture; train takes a folder of them", data);
    if (path_has(data, "last.safetensors"))
        return wrong_run(data, "is a run folder; train takes DATA");
    return CLI_DONE;
}

static int check_resume(const opt_args *args, const train_options *options)
{
    for (int i = 0; i < args->given_count; i++)
        if (!fits_resume(args->given[i]))
            return opt_wrong(&page,
                             "--resume continues with what the run began with, so --%s cannot be "
                             "given; to train differently, begin a new run with --init-from %s",
                             args->given[i]->name, options->resume);
    alexnet_dataset_kind kind;
    if (options->val && alexnet_dataset_layout(options->val, &kind) != ALEXNET_OK)
        return opt_wrong(&page,
                         "with --resume, --val says where the run's validation pictures are now; "
                         "%s is not a data set",
                         options->val);
    return CLI_DONE;
}

/* A run is refused before the pictures are looked for, which may take long. What else may be in the
 * folder, the library refuses when the run begins. */
static int check_out(const char *out)
{
    return out && path_has(out, "last.safetensors")
               ? wrong_run(out, "already holds files of a run; --out takes another folder")
               : CLI_DONE;
}

/* The options by which no run is kept. */
static int check_instead(const train_options *options)
{
    if (!!options->preview + !!options->find_rate + options->overfit > 1)
        return opt_wrong(&page,
                         "--preview, --find-rate and --overfit-one-batch: use one at a time");
    if (options->out && (options->preview || options->find_rate || options->overfit))
        return opt_wrong(&page, "--out cannot be given here, because no run is kept");
    return CLI_DONE;
}

static int check_usage(const opt_args *args, const train_options *options)
{
    const char *data = args->file_count ? args->files[0] : NULL;
    if (args->file_count > 1)
        return train_data_several(&page, args->files[1]);
    int code = data ? check_data(data) : CLI_DONE;
    if (code != CLI_DONE)
        return code;
    if (options->resume)
        return check_resume(args, options);
    if (!data)
        return opt_wrong(&page,
                         "DATA is missing: a folder with one folder of pictures per class, or "
                         "archives of pictures");
    if (options->accept_changes)
        return opt_wrong(&page, "--accept-changes needs --resume");
    code = check_instead(options);
    if (code == CLI_DONE)
        code = check_out(options->out);
    if (code == CLI_DONE && options->init_from)
        return model_check(options->init_from, "--init-from takes a MODEL or a RUN");
    return code;
}

/* The machine, as text and as options (machine.h): all, and those that were given. */
typedef struct machine_words {
    char *text, *arguments, *given;
} machine_words;

static int start(alexnet_ctx *ctx, const train_options *options, const char *data,
                 const machine_words *words, bool json)
{
    training_result result;
    training_request request = {
        .data = data,
        .val = options->val,
        .net = options->net || options->init_from ? options->net : "alexnet",
        .recipe = options->recipe,
        .init_from = options->init_from,
        .names = options->names,
        .machine = words->text,
        .machine_arguments = words->arguments,
        .out = options->out,
        .split = (int)options->split,
        .wait = options->wait,
        .advise = !options->recipe_given && !options->init_from,
        .settings = &options->settings,
    };
    if (options->preview)
        return preview_write(ctx, &request, options->preview, json);
    if (options->overfit)
        return trial_overfit(ctx, &request, json);
    if (options->find_rate)
        return trial_rates(ctx, &request, options->find_rate, json);
    int code = training_start(ctx, &request, &result);
    if (code == CLI_DONE)
        report_training_result(&result, json);
    training_result_free(&result);
    return code;
}

static int resume(alexnet_ctx *ctx, const train_options *options, const char *data,
                  const machine_words *words, bool json)
{
    training_result result;
    training_again again = {
        .run = options->resume,
        .data = data,
        .val = options->val,
        .machine = words->text,
        .machine_arguments = words->given,
        .accept_changes = options->accept_changes,
        .wait = options->wait,
        .settings = &options->settings,
    };
    int code = training_resume(ctx, &again, &result);
    if (code == CLI_DONE)
        report_training_result(&result, json);
    training_result_free(&result);
    return code;
}

static int run(const opt_args *args, const train_options *options, const machine_options *machine)
{
    alexnet_ctx *ctx = NULL;
    int code = check_usage(args, options);
    if (code != CLI_DONE)
        return code;
    code = machine_open(&ctx, machine);
    if (code == CLI_DONE) {
        machine_words words = {machine_text(ctx, machine), machine_arguments(machine),
                               machine_arguments_given(machine)};
        machine_describe(ctx, machine);
        code = (options->resume ? resume : start)(
            ctx, options, args->file_count ? args->files[0] : NULL, &words, machine->json);
        free(words.text);
        free(words.arguments);
        free(words.given);
    }
    machine_close(ctx);
    return code;
}

int cmd_train(int argc, char **argv)
{
    int code;
    train_options options = {0};
    machine_options machine = {0};
    opt_args args = {.page = &page,
                     .groups = {{"Options", rows, COUNT_OF(rows), &options},
                                recipe_group(&options.settings),
                                machine_group(&machine)}};
    if (opt_parse(&args, argc, argv, &code)) {
        options.recipe_given = opt_given(&args, "recipe");
        code = run(&args, &options, &machine);
    }
    recipe_group_free(&args.groups[1]);
    string_list_free(&options.settings);
    return code;
}
