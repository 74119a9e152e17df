#include "model_args.h"

#include "paths.h"

bool model_args_parse(model_args *line, const opt_page *page, opt_group own, int argc, char **argv,
                      int *code)
{
    *line = (model_args){.args = {.page = page}};
    line->args.groups[0] = own;
    line->args.groups[1] = model_group(&line->model);
    line->args.groups[2] = machine_group(&line->machine);
    return opt_parse(&line->args, argc, argv, code);
}

int model_args_check(const opt_args *args)
{
    if (args->file_count == 0)
        return opt_wrong(args->page, "MODEL is missing: a model file or a run folder");
    if (path_is_picture(args->files[0]))
        return opt_wrong(args->page, "%s is a picture; MODEL comes first", args->files[0]);
    return CLI_DONE;
}

int model_args_check_pictures(const opt_args *args)
{
    const int code = model_args_check(args);
    if (code == CLI_DONE && args->file_count == 1)
        return opt_wrong(args->page, "PICTURE is missing: files, folders, or - for a list on "
                                     "standard input");
    return code;
}
