#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "model.h"
#include "paths.h"
#include "report_builtins.h"
#include "report_info.h"
#include "report_recipe.h"
#include "terminal.h"

typedef struct info_options {
    bool json, text, quiet;
} info_options;

static const opt rows[] = {
    {.name = "text",
     .type = OPT_FLAG,
     .also = {"source", "print", "dump"},
     .help = "print the network file or the recipe itself, as a start for your own",
     .offset = offsetof(info_options, text)},
    {.name = "quiet",
     .letter = 'q',
     .type = OPT_FLAG,
     .also = {"silent"},
     .help = "no notes about what was recognised, only warnings and errors",
     .offset = offsetof(info_options, quiet)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "as JSON, one line for each",
     .offset = offsetof(info_options, json)},
};

static const opt_page page = {
    .command = "info",
    .usage = {"info", "info NET|MODEL|RUN... [options]", "info RECIPE... [options]"},
    .about = "Without a name, list the built-in networks and recipes. For a network, show every "
             "layer's output shape and its arithmetic, parameters, multiply-adds and memory; for a "
             "model, also its classes, its preprocessing and its origin; for a recipe, every key "
             "and its value. Several of one kind are shown side by side. NET is a built-in network "
             "or a network file, MODEL a model file, RUN the folder of a training run, RECIPE a "
             "built-in recipe or a recipe file.",
    .examples = {{"info alexnet caffenet alexnet-owt", "three networks side by side"},
                 {"info alexnet --text >mine.ini", "a network file to start your own from"}},
};

/* What an argument names. The fields of other kinds are NULL. */
typedef struct subject {
    const char *name;
    alexnet_model *model;
    alexnet_network *own;
    const alexnet_network *network; /* the model's, or our own */
    alexnet_recipe *recipe;
} subject;

/* Report an unknown name, with the nearest network or recipe. */
static int unknown_name(const char *name)
{
    enum { MOST = 64 };
    const char *words[MOST];
    int count = 0;
    const builtin_fn tables[] = {alexnet_network_builtin, alexnet_recipe_builtin};
    for (size_t t = 0; t < COUNT_OF(tables); t++)
        for (int i = 0; tables[t](i) && count < MOST; i++)
            words[count++] = tables[t](i)->name;
    const char *near = alexnet_word_nearest(name, words, count);
    return cli_error(CLI_USAGE, "%s is neither a built-in network or recipe nor a file%s%s%s", name,
                     near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static int load_network(subject *out, alexnet_ctx *ctx)
{
    alexnet_status status = alexnet_network_load(&out->own, ctx, out->name);
    out->network = out->own;
    return cli_input_code(status);
}

static int load_recipe(subject *out)
{
    return cli_input_code(alexnet_recipe_load(&out->recipe, out->name));
}

static int subject_load(subject *out, alexnet_ctx *ctx, const char *name, const model_options *how)
{
    out->name = name;
    if (builtin_find(alexnet_network_builtin, name))
        return load_network(out, ctx);
    if (builtin_find(alexnet_recipe_builtin, name))
        return load_recipe(out);
    if (path_is_folder(name) || path_is_model(name)) {
        int code = model_open_as(&out->model, ctx, name, "NET, MODEL or RUN comes first", how);
        if (code == CLI_DONE)
            out->network = alexnet_model_network(out->model);
        return code;
    }
    if (path_is_picture(name))
        return cli_error(CLI_USAGE, "%s is a picture; info takes networks, models and runs", name);
    if (!path_exists(name))
        return unknown_name(name);
    return path_is_recipe(name) ? load_recipe(out) : load_network(out, ctx);
}

/* Print the text of a file, safe for a terminal, with the line ends of Linux. */
static void print_file(const char *text)
{
    char *lines = cli_copy(text), *to = lines;
    for (const char *from = lines; *from; from++)
        if (from[0] != '\r' || from[1] != '\n')
            *to++ = *from;
    *to = '\0';
    char *clean = terminal_text(lines, "\n\t");
    fputs(clean, stdout);
    free(clean);
    free(lines);
}

/* Print the file that a recipe was read from. */
static int print_recipe_text(const char *name)
{
    const alexnet_builtin *builtin = builtin_find(alexnet_recipe_builtin, name);
    if (builtin) {
        fputs(builtin->text, stdout);
        return CLI_DONE;
    }
    FILE *file = fopen(name, "r");
    if (!file)
        return cli_error(CLI_BAD_INPUT, "cannot open %s: %s", name, strerror(errno));
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) >= 0)
        print_file(line);
    free(line);
    fclose(file);
    return CLI_DONE;
}

static int print_text(const subject *s)
{
    if (s->recipe)
        return print_recipe_text(s->name);
    print_file(alexnet_network_text(s->network));
    return CLI_DONE;
}

static void print_json(const subject *s)
{
    if (s->recipe)
        json_print(report_recipe_json(s->recipe, s->name));
    else
        json_print(report_info_json(s->network, s->model));
}

/* Networks, then recipes: several of a kind side by side. */
static void print_report(const subject *subjects, int count)
{
    const alexnet_network **networks = cli_alloc((size_t)count * sizeof(const alexnet_network *));
    const alexnet_recipe **recipes = cli_alloc((size_t)count * sizeof(const alexnet_recipe *));
    const char **net_names = cli_alloc((size_t)count * sizeof(const char *));
    const char **recipe_names = cli_alloc((size_t)count * sizeof(const char *));
    const alexnet_model *model = NULL;
    int nets = 0, recs = 0;
    for (int i = 0; i < count; i++)
        if (subjects[i].recipe) {
            recipe_names[recs] = subjects[i].name;
            recipes[recs++] = subjects[i].recipe;
        } else {
            net_names[nets] = subjects[i].name;
            networks[nets++] = subjects[i].network;
            model = subjects[i].model;
        }
    if (nets == 1)
        report_info(networks[0]);
    else if (nets > 1)
        report_info_compared(networks, net_names, nets);
    if (nets == 1 && model)
        report_model(model);
    if (nets && recs)
        putchar('\n');
    if (recs)
        report_recipes(recipes, recipe_names, recs);
    free(networks);
    free(recipes);
    free(net_names);
    free(recipe_names);
}

static int show(const subject *subjects, int count, const info_options *options)
{
    if (options->text && count > 1)
        return opt_wrong(&page, "--text prints one network or recipe at a time");
    if (options->text)
        return print_text(subjects);
    for (int i = 0; i < count && options->json; i++)
        print_json(&subjects[i]);
    if (!options->json)
        print_report(subjects, count);
    return CLI_DONE;
}

static int run(const opt_args *args, const info_options *options, const model_options *how)
{
    alexnet_ctx *ctx;
    const machine_options machine = {.quiet = options->quiet};
    int code = opt_needs(args, "json", !options->text, "a report, not --text");
    if (code != CLI_DONE)
        return code;
    if (args->file_count == 0) {
        if (options->text)
            return opt_wrong(&page, "--text needs the name of a network or recipe");
        report_builtins(options->json);
        return CLI_DONE;
    }
    int count = args->file_count;
    subject *subjects = cli_alloc((size_t)count * sizeof *subjects);
    code = machine_open(&ctx, &machine);
    for (int i = 0; i < count && code == CLI_DONE; i++)
        code = subject_load(&subjects[i], ctx, args->files[i], how);
    if (code == CLI_DONE)
        code = show(subjects, count, options);
    for (int i = 0; i < count; i++) {
        alexnet_model_free(subjects[i].model);
        alexnet_network_free(subjects[i].own);
        alexnet_recipe_free(subjects[i].recipe);
    }
    free(subjects);
    machine_close(ctx);
    return code;
}

int cmd_info(int argc, char **argv)
{
    int code;
    info_options options = {0};
    model_options how = {0};
    opt_args args = {.page = &page,
                     .groups = {{"Options", rows, COUNT_OF(rows), &options}, model_group(&how)}};
    return opt_parse(&args, argc, argv, &code) ? run(&args, &options, &how) : code;
}
