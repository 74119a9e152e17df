#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "model.h"
#include "paths.h"
#include "report_info.h"

typedef struct info_options {
    bool json;
} info_options;

static const opt rows[] = {
    {.name = "json",
     .type = OPT_FLAG,
     .help = "as JSON, one line for each network",
     .offset = offsetof(info_options, json)},
};

static const opt_page page = {
    .command = "info",
    .usage = {"info NET|MODEL|RUN... [options]"},
    .about = "Show networks: every layer's output shape and how it was found, parameters, "
             "multiply-adds and memory. NET is the name of a built-in network or a network file, "
             "MODEL a model file, RUN the folder of a training run. Without one, the built-in "
             "networks are listed.",
    .examples = {{"info alexnet", "the network of the paper, layer by layer"},
                 {"info alexnet caffenet alexnet-owt", "three networks side by side"}},
};

/* What an argument names. The network is the model's, or our own. */
typedef struct subject {
    alexnet_model *model;
    alexnet_network *own;
    const alexnet_network *network;
} subject;

static bool is_builtin(const char *name)
{
    for (int i = 0; alexnet_network_builtin(i); i++)
        if (strcmp(alexnet_network_builtin(i), name) == 0)
            return true;
    return false;
}

static int subject_load(subject *out, alexnet_ctx *ctx, const char *name)
{
    if (!is_builtin(name) && (path_is_folder(name) || path_is_model(name))) {
        int code = model_open(&out->model, ctx, name, "NET, MODEL or RUN comes first");
        if (code == CLI_DONE)
            out->network = alexnet_model_network(out->model);
        return code;
    }
    if (!is_builtin(name) && path_is_picture(name))
        return cli_error(CLI_USAGE, "%s is a picture; info takes networks, models and runs", name);
    alexnet_status status = alexnet_network_load(&out->own, ctx, name);
    out->network = out->own;
    return status ? cli_input_failed(status) : CLI_DONE;
}

static void list_builtin(bool json)
{
    for (int i = 0; alexnet_network_builtin(i); i++) {
        if (json)
            json_print(json_pack("{s:s}", "name", alexnet_network_builtin(i)));
        else
            printf("%s\n", alexnet_network_builtin(i));
    }
}

static int show(alexnet_ctx *ctx, char **names, int count, bool json)
{
    subject *subjects = cli_alloc((size_t)count * sizeof *subjects);
    const alexnet_network **networks = cli_alloc((size_t)count * sizeof(const alexnet_network *));
    int code = CLI_DONE;
    for (int i = 0; i < count && code == CLI_DONE; i++) {
        code = subject_load(&subjects[i], ctx, names[i]);
        networks[i] = subjects[i].network;
    }
    for (int i = 0; i < count && code == CLI_DONE && json; i++)
        json_print(report_info_json(networks[i]));
    if (code == CLI_DONE && !json && count == 1)
        report_info(networks[0]);
    else if (code == CLI_DONE && !json)
        report_info_compared(networks, count);
    for (int i = 0; i < count; i++) {
        alexnet_model_free(subjects[i].model);
        alexnet_network_free(subjects[i].own);
    }
    free(subjects);
    free(networks);
    return code;
}

static int run(const opt_args *args, const info_options *options)
{
    alexnet_ctx *ctx;
    machine_options machine = {0};
    if (args->file_count == 0) {
        list_builtin(options->json);
        return CLI_DONE;
    }
    int code = machine_open(&ctx, &machine);
    if (code == CLI_DONE)
        code = show(ctx, args->files, args->file_count, options->json);
    machine_close(ctx);
    return code;
}

int cmd_info(int argc, char **argv)
{
    int code;
    info_options options = {0};
    opt_args args = {.page = &page, .groups = {{"Options", rows, COUNT_OF(rows), &options}}};
    if (opt_parse(&args, argc, argv, &code))
        code = run(&args, &options);
    opt_free(&args);
    return code;
}
