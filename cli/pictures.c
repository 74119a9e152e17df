#include "pictures.h"

#include <inttypes.h>
#include <string.h>

#include "paths.h"

int pictures_gather(string_list *paths, const opt_page *page, char **names, int count)
{
    int code = CLI_DONE;
    for (int i = 0; i < count && code == CLI_DONE; i++) {
        if (strcmp(names[i], "-") == 0)
            code = paths_read(paths, stdin);
        else if (path_is_model(names[i]))
            code = opt_wrong(page, "%s is a model; MODEL comes first, then pictures", names[i]);
        else
            string_list_add(paths, cli_copy(names[i]));
    }
    return code;
}

int pictures_open(alexnet_dataset **out, alexnet_ctx *ctx, const string_list *paths)
{
    return cli_input_code(alexnet_dataset_open_files(out, ctx, (const char *const *)paths->items,
                                                     (int64_t)paths->count));
}

int pictures_count_bad(int64_t bad, int64_t count)
{
    if (bad == 0)
        return CLI_DONE;
    if (count == 1)
        return CLI_BAD_INPUT;
    return cli_error(CLI_BAD_INPUT, "%" PRId64 " of %" PRId64 " pictures could not be read", bad,
                     count);
}
