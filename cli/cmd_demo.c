#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "machine.h"
#include "paths.h"
#include "progress.h"
#include "signals.h"
#include "text.h"
#include "training.h"

typedef struct demo_options {
    const char *out;
    int64_t seed, count;
    bool only_pictures;
} demo_options;

static const opt rows[] = {
    {.name = "out",
     .letter = 'o',
     .type = OPT_TEXT,
     .arg = "DIR",
     .help = "folder to write to; must not exist (default: alexnet-demo-N, the first that is free)",
     .offset = offsetof(demo_options, out)},
    {.name = "seed",
     .type = OPT_INTEGER,
     .arg = "N",
     .low = 0,
     .high = 9e15,
     .standard = "1",
     .help = "seed of the pictures and of the training",
     .offset = offsetof(demo_options, seed)},
    {.name = "count",
     .type = OPT_INTEGER,
     .arg = "N",
     .low = 1,
     .high = 100000,
     .standard = "300",
     .help = "pictures of each class to train on",
     .offset = offsetof(demo_options, count)},
    {.name = "only-pictures",
     .type = OPT_FLAG,
     .help = "draw the pictures and stop",
     .offset = offsetof(demo_options, only_pictures)},
};

static const opt_page page = {
    .command = "demo",
    .usage = {"demo [options]"},
    .about = "A complete small example with nothing to download: draw labelled pictures of shapes, "
             "train the network alexnet-mini on them, measure it on pictures that it has not seen, "
             "classify some, and draw its filters and its training curve. It takes about a "
             "minute on two cores.",
    .examples = {{"demo", "draw, train, measure, and see what was learned"},
                 {"demo --only-pictures --count 20 --out shapes",
                  "only the pictures, for 'alexnet train shapes/pictures' to train on"}},
};

/* The run of the demo: `alexnet train` with these options. */
static int train(alexnet_ctx *ctx, const demo_folders *folders, const machine_options *machine,
                 int64_t seed)
{
    training_result result;
    string_list settings = {0};
    char *device = machine_text(ctx, machine), *arguments = machine_arguments(machine);
    for (size_t i = 0; demo_recipe[i][0]; i++) {
        string_list_add(&settings, cli_copy(demo_recipe[i][0]));
        string_list_add(&settings, cli_copy(demo_recipe[i][1]));
    }
    string_list_add(&settings, cli_copy("seed"));
    string_list_add(&settings, cli_format("%lld", (long long)seed));
    training_request request = {
        .data = folders->pictures,
        .net = demo_network,
        .recipe = "default",
        .out = folders->run,
        .machine = device,
        .machine_arguments = arguments,
        .settings = &settings,
    };
    int code = training_start(ctx, &request, &result);
    training_result_free(&result);
    string_list_free(&settings);
    free(arguments);
    free(device);
    return code;
}

/* Print the commands for what the demo would have done next. */
static void say_the_rest(const demo_folders *folders)
{
    char *run = cli_quote(folders->run), *unseen = cli_quote(folders->unseen);
    progress_say("and then, to see what the demo would have shown:");
    progress_say("  %s eval %s %s", cli_program, run, unseen);
    progress_say("  %s plot curves %s", cli_program, run);
    free(run);
    free(unseen);
}

static int work(const demo_folders *folders, const demo_options *options,
                const machine_options *machine, double start)
{
    alexnet_ctx *ctx = NULL;
    char text[TEXT_SIZE];
    int code = machine_open(&ctx, machine);
    if (code == CLI_DONE)
        machine_describe(ctx, machine);
    if (code == CLI_DONE)
        code = train(ctx, folders, machine, options->seed);
    if (code != CLI_DONE && signals_stopped())
        say_the_rest(folders);
    if (code == CLI_DONE)
        code = demo_show(ctx, folders, machine->json, start);
    if (code == CLI_DONE)
        progress_note("the demo took %s", text_duration(text, progress_clock() - start));
    machine_close(ctx);
    return code;
}

static int choose_out(char **out, const demo_options *options)
{
    if (!options->out)
        return path_new_folder(out, "alexnet-demo");
    if (path_exists(options->out))
        return opt_wrong(&page, "%s already exists; give --out another folder", options->out);
    *out = cli_copy(options->out);
    return CLI_DONE;
}

static int run(const demo_options *options, const machine_options *machine)
{
    double start = progress_clock();
    char *out = NULL;
    progress_set_quiet(machine->quiet);
    signals_watch(NULL); /* the pictures are drawn without a context */
    int code = choose_out(&out, options);
    if (code == CLI_DONE) {
        demo_folders folders = demo_folders_in(out);
        code = demo_draw(&folders, (uint64_t)options->seed, (int)options->count);
        if (code == CLI_DONE && !options->only_pictures)
            code = work(&folders, options, machine, start);
        demo_folders_free(&folders);
    }
    free(out);
    return code;
}

int cmd_demo(int argc, char **argv)
{
    int code;
    demo_options options = {0};
    machine_options machine = {0};
    opt_args args = {
        .page = &page,
        .groups = {{"Options", rows, COUNT_OF(rows), &options}, machine_group(&machine)}};
    if (opt_parse(&args, argc, argv, &code))
        code = args.file_count ? opt_wrong(&page, "demo takes no files") : run(&options, &machine);
    return code;
}
