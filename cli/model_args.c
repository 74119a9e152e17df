#include "model_args.h"

#include "paths.h"
#include "pictures.h"

int model_args_run(const opt_page *page, opt_group own, model_args_fn run, int argc, char **argv)
{
    int code;
    model_args line = {.args = {.page = page}};
    line.args.groups[0] = own;
    line.args.groups[1] = model_group(&line.how);
    line.args.groups[2] = machine_group(&line.machine);
    if (opt_parse(&line.args, argc, argv, &code))
        code = run(&line, own.target);
    alexnet_dataset_free(line.pictures);
    alexnet_model_free(line.model);
    machine_close(line.ctx);
    return code;
}

int model_args_open(model_args *line)
{
    const int code = machine_open(&line->ctx, &line->machine);
    return code == CLI_DONE ? model_open_as(&line->model, line->ctx, line->args.files[0],
                                            "MODEL comes first", &line->how)
                            : code;
}

int model_args_open_pictures(model_args *line)
{
    const opt_args *args = &line->args;
    string_list paths = {0};
    int code = pictures_gather(&paths, args->page, args->files + 1, args->file_count - 1);
    if (code == CLI_DONE)
        code = model_args_open(line);
    if (code == CLI_DONE)
        code = pictures_open(&line->pictures, line->ctx, &paths);
    string_list_free(&paths);
    return code;
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
