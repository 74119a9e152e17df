#include "model_args.h"

bool model_args_parse(model_args *line, const opt_page *page, opt_group own, int argc, char **argv,
                      int *code)
{
    *line = (model_args){.args = {.page = page}};
    line->args.groups[0] = own;
    line->args.groups[1] = model_group(&line->model);
    line->args.groups[2] = machine_group(&line->machine);
    return opt_parse(&line->args, argc, argv, code);
}
