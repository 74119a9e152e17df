#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "paths.h"

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
        code =
            cli_error(CLI_BAD_INPUT,
                      "%s is a run without best.safetensors: no epoch of it is complete", folder);
    else if (trouble == ENOENT)
        code = cli_error(CLI_USAGE, "%s is a folder without best.safetensors, so it is no run; %s",
                         folder, rule);
    else if (trouble)
        code = cli_error(CLI_BAD_INPUT, "cannot open %s: %s", best, strerror(trouble));
    free(best);
    free(recipe);
    return code;
}

int model_check(const char *path, const char *rule)
{
    if (path_is_picture(path))
        return cli_error(CLI_USAGE, "%s is a picture; %s", path, rule);
    if (path_is_folder(path))
        return check_run(path, rule);
    int trouble = trouble_with(path);
    if (!trouble)
        return CLI_DONE;
    return cli_error(CLI_BAD_INPUT, "cannot open %s: %s", path,
                     trouble == ENOENT ? "no such file or folder" : strerror(trouble));
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
