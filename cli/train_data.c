#include "train_data.h"

#include <stdlib.h>

#include "paths.h"

/* Whether DATA is divided into `train` and `val`. */
static int find_layout(bool *divided, alexnet_ctx *ctx, const char *data)
{
    alexnet_dataset_kind kind;
    alexnet_status status = alexnet_dataset_layout_on(ctx, data, &kind);
    *divided = !status && kind == ALEXNET_DATASET_TRAIN_VAL;
    return cli_input_code(status);
}

/* A number that is not also the name of a folder. */
static bool is_share(const char *val, double *share)
{
    char *end;
    *share = strtod(val, &end);
    return end != val && *end == '\0' && !path_is_folder(val);
}

int train_data_val(char **out, alexnet_ctx *ctx, const char *data, const char *val,
                   const char *standard)
{
    bool divided;
    double share = 0;
    *out = NULL;
    int code = find_layout(&divided, ctx, data);
    if (code != CLI_DONE)
        return code;
    if (val && is_share(val, &share)) {
        if (!(share >= 0 && share < 1))
            return cli_error(
                CLI_USAGE,
                "--val takes a share from 0 to below 1 or a data set, as DATA is; not %s", val);
        if (divided && share > 0)
            return cli_error(CLI_USAGE, "%s holds train and val, so --val cannot be the share %s",
                             data, val);
    }
    if (val)
        *out = cli_copy(val);
    else
        *out = divided ? path_join(data, "val") : cli_copy(standard);
    return CLI_DONE;
}

int train_data_part(char **out, alexnet_ctx *ctx, const char *path, const char *part)
{
    bool divided = false;
    *out = NULL;
    int code = path ? find_layout(&divided, ctx, path) : CLI_DONE;
    if (path && code == CLI_DONE)
        *out = divided ? path_join(path, part) : cli_copy(path);
    return code;
}

/* Open a folder of classes; if it is divided into train and val, open `part`. */
static int open_part(alexnet_dataset **out, alexnet_ctx *ctx, const char *path, const char *part,
                     const alexnet_dataset_options *options)
{
    char *folder;
    int code = train_data_part(&folder, ctx, path, part);
    if (code != CLI_DONE)
        return code;
    alexnet_status status = alexnet_dataset_open(out, ctx, folder, options);
    free(folder);
    return cli_input_code(status);
}

static int split(train_data *data, double share, uint64_t seed)
{
    alexnet_dataset *whole = data->train;
    alexnet_status status = alexnet_dataset_split(whole, share, seed, &data->train, &data->val);
    alexnet_dataset_free(whole);
    return cli_input_code(status);
}

int train_data_open(train_data *out, alexnet_ctx *ctx, const char *data, const char *val,
                    const alexnet_dataset_options *options, uint64_t seed)
{
    double share;
    alexnet_dataset_options again = ALEXNET_DATASET_OPTIONS_INIT;
    *out = (train_data){0};
    if (options)
        again = *options;
    if (!again.examined)
        again.names_file = NULL; /* training names the classes of both; its warnings are enough */
    int code = open_part(&out->train, ctx, data, "train", options);
    if (code == CLI_DONE && !is_share(val, &share))
        code = open_part(&out->val, ctx, val, "val", &again);
    else if (code == CLI_DONE && share > 0)
        code = split(out, share, seed);
    if (code != CLI_DONE)
        train_data_free(out);
    return code;
}

void train_data_free(train_data *data)
{
    alexnet_dataset_free(data->train);
    alexnet_dataset_free(data->val);
    *data = (train_data){0};
}

int train_data_several(const opt_page *page, const char *second)
{
    return opt_wrong(page, "%s takes one DATA, not also %s%s", page->command, second,
                     path_ends_in(second, ".tar")
                         ? ": several archives are given by the folder that holds them, or as a "
                           "pattern in quotes, 'train-{000000..000146}.tar'"
                         : "");
}
