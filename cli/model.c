#include "model.h"

#include <stdlib.h>

#include "paths.h"

static const char best_name[] = "best.safetensors";

char *model_file(const char *path)
{
    return path_is_folder(path) ? path_join(path, best_name) : cli_copy(path);
}

static bool holds(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    bool there = path_exists(path);
    free(path);
    return there;
}

int model_open(alexnet_model **out, alexnet_ctx *ctx, const char *path, const char *place)
{
    *out = NULL;
    if (path_is_picture(path))
        return cli_error(CLI_USAGE, "%s is a picture; %s comes first", path, place);
    if (path_is_folder(path) && !holds(path, best_name)) {
        if (holds(path, "recipe.ini"))
            return cli_error(CLI_BAD_INPUT,
                             "%s is a run without best.safetensors: no epoch of it is complete",
                             path);
        return cli_error(CLI_USAGE,
                         "%s is a folder without best.safetensors, so it is no run; %s comes first",
                         path, place);
    }
    alexnet_status status = alexnet_model_load(out, ctx, path);
    return status ? cli_input_failed(status) : CLI_DONE;
}
