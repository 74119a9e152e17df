#include "model.h"

#include <stdlib.h>

#include "paths.h"

static const char best_name[] = "best.safetensors";

static bool holds(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    bool there = path_exists(path);
    free(path);
    return there;
}

int model_check(const char *path, const char *rule)
{
    if (path_is_picture(path))
        return cli_error(CLI_USAGE, "%s is a picture; %s", path, rule);
    if (!path_is_folder(path))
        return path_exists(path)
                   ? CLI_DONE
                   : cli_error(CLI_BAD_INPUT, "cannot open %s: no such file or folder", path);
    if (holds(path, best_name))
        return CLI_DONE;
    if (holds(path, "recipe.ini"))
        return cli_error(CLI_BAD_INPUT,
                         "%s is a run without best.safetensors: no epoch of it is complete", path);
    return cli_error(CLI_USAGE, "%s is a folder without best.safetensors, so it is no run; %s",
                     path, rule);
}

int model_open(alexnet_model **out, alexnet_ctx *ctx, const char *path, const char *rule)
{
    *out = NULL;
    int code = model_check(path, rule);
    if (code != CLI_DONE)
        return code;
    alexnet_status status = alexnet_model_load(out, ctx, path);
    return status ? cli_input_failed(status) : CLI_DONE;
}
