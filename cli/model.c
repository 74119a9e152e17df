#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "paths.h"
#include "report_builtins.h"

static const opt rows[] = {
    {.name = "net",
     .type = OPT_TEXT,
     .also = {"network", "arch"},
     .arg = "NET",
     .help = "read MODEL as this built-in network or network file, whatever it is recognised as",
     .reads = true,
     .offset = offsetof(model_options, net)},
    {.name = "mean",
     .type = OPT_TEXT,
     .also = {"mean-file", "mean-image", "meanfile"},
     .arg = "FILE",
     .help =
         "subtract this mean from pictures: Caffe's .binaryproto or .npy, or the mean of another "
         "model",
     .reads = true,
     .offset = offsetof(model_options, mean)},
    {.name = "class-names",
     .type = OPT_TEXT,
     .also = {"names", "labels", "synsets"},
     .arg = "FILE",
     .help = "readable names of the classes, lines \"identifier words\" as in synset_words.txt",
     .reads = true,
     .offset = offsetof(model_options, names)},
};

opt_group model_group(model_options *options)
{
    return (opt_group){"Options of MODEL", rows, COUNT_OF(rows), options, true};
}

static const char best_name[] = "best.safetensors";

/* @return 0, or errno: why a path cannot be opened */
static int trouble_with(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? 0 : errno;
}

static int check_run(const char *folder, const char *rule)
{
    char *best = path_join(folder, best_name), *recipe = path_join(folder, "recipe.ini");
    int trouble = trouble_with(best), code = CLI_DONE;
    if (trouble == ENOENT && trouble_with(recipe) == 0)
        code = cli_error(CLI_BAD_INPUT,
                         "%s is a run without best.safetensors: no epoch of it is complete, or the "
                         "file was removed",
                         folder);
    else if (trouble == ENOENT)
        code =
            cli_error(CLI_USAGE, "%s is a folder without best.safetensors, so it is not a run; %s",
                      folder, rule);
    else if (trouble)
        code = cli_error(CLI_BAD_INPUT, "cannot open %s: %s", best, strerror(trouble));
    free(best);
    free(recipe);
    return code;
}

static int does_not_open(const char *path, int trouble)
{
    if (trouble == ENOENT && builtin_find(alexnet_network_builtin, path))
        return cli_error(CLI_USAGE,
                         "%s is a built-in network, which has no weights: 'alexnet train DATA "
                         "--net %s' makes some, and docs/models.md says where published ones are",
                         path, path);
    return cli_error(CLI_BAD_INPUT, "cannot open %s: %s", path,
                     trouble == ENOENT ? "no such file or folder" : strerror(trouble));
}

int model_check(const char *path, const char *rule)
{
    if (path_is_picture(path))
        return cli_error(CLI_USAGE, "%s is a picture; %s", path, rule);
    if (path_is_folder(path))
        return check_run(path, rule);
    int trouble = trouble_with(path);
    return trouble ? does_not_open(path, trouble) : CLI_DONE;
}

int model_open(alexnet_model **out, alexnet_ctx *ctx, const char *path, const char *rule)
{
    return model_open_as(out, ctx, path, rule, &(model_options){0});
}

int model_open_as(alexnet_model **out, alexnet_ctx *ctx, const char *path, const char *rule,
                  const model_options *options)
{
    alexnet_load_options how = ALEXNET_LOAD_OPTIONS_INIT;
    *out = NULL;
    int code = model_check(path, rule);
    if (code != CLI_DONE)
        return code;
    how.net = options->net;
    how.mean = options->mean;
    how.names_file = options->names;
    return cli_input_code(alexnet_model_load_with(out, ctx, path, &how));
}
