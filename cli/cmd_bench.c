#include "bench_loader.h"
#include "bench_tune.h"
#include "machine.h"
#include "progress.h"
#include "report_bench.h"
#include "train_data.h"

typedef struct bench_options {
    const char *net, *tune, *recipe;
    int mode; /* an alexnet_bench_mode, or MODE_LOADER */
    int64_t batch, steps, pictures;
} bench_options;

enum { MODE_LOADER = ALEXNET_BENCH_INFER + 1 };

static const opt rows[] = {
    {.name = "net",
     .type = OPT_TEXT,
     .arg = "NET",
     .standard = "alexnet",
     .help =
         "a built-in network or a network file; with 1000 classes, unless it fixes their number",
     .reads = true,
     .offset = offsetof(bench_options, net)},
    {.name = "mode",
     .type = OPT_CHOICE,
     .arg = "train|infer|loader",
     .standard = "train",
     .help = "whole training steps, forward passes alone, or the loading of DATA",
     .offset = offsetof(bench_options, mode)},
    {.name = "batch",
     .type = OPT_INTEGER,
     .also = {"batch-size", "bs", "b"},
     .arg = "N",
     .low = 1,
     .high = 65536,
     .standard = "64",
     .help = "pictures per step",
     .offset = offsetof(bench_options, batch)},
    {.name = "steps",
     .type = OPT_INTEGER,
     .also = {"iterations", "iters", "repeat", "runs"},
     .arg = "N",
     .low = 1,
     .high = 100000,
     .standard = "5",
     .help = "steps to measure, or rounds of the loader, after one that is not measured",
     .offset = offsetof(bench_options, steps)},
    {.name = "recipe",
     .type = OPT_TEXT,
     .arg = "RECIPE",
     .help = "with --mode loader: how pictures are cut (crop, rotate); default: paper, crops of "
             "one size",
     .reads = true,
     .offset = offsetof(bench_options, recipe)},
    {.name = "pictures",
     .type = OPT_INTEGER,
     .arg = "N",
     .low = 1,
     .high = 4e9,
     .standard = "2000",
     .help = "with --mode loader: pictures per round, drawn at random",
     .offset = offsetof(bench_options, pictures)},
    {.name = "tune",
     .type = OPT_TEXT,
     .arg = "FILE.ini",
     .ends = ".ini",
     .help = "find the fastest implementation of each layer on this machine and write the choices "
             "to this file, for --tuning; takes about 24 times as long",
     .offset = offsetof(bench_options, tune)},
};

static const opt_page page = {
    .command = "bench",
    .usage = {"bench [options]", "bench --mode loader DATA [options]"},
    .about = "Measure how fast this machine trains a network, or classifies with it: as a "
             "whole and layer by layer, each with its share of the machine's peak, which is "
             "measured too (multiply and add with operands in registers). Pictures are random and "
             "in memory; reading and decoding files is not included. Operations are those of "
             "convolution and fully connected layers; times are medians over the steps. --mode "
             "loader measures the other half: how fast pictures of DATA are read, decoded and "
             "resized, compared with libjpeg-turbo alone on the same files.",
    .examples = {{"bench --net alexnet-owt --mode infer --batch 1 --json",
                  "the time to classify one picture, for another program to read"},
                 {"bench --tune fast.ini && alexnet train photos --tuning fast.ini",
                  "choose the implementations for this machine, then train with them"}},
};

static alexnet_status run_steps(alexnet_bench *bench, int64_t steps)
{
    bool more = true;
    alexnet_status status = ALEXNET_OK;
    for (int64_t done = 0; more && !status; done++) {
        double seconds;
        progress_show((double)done / (double)(steps + 1), "step %lld of %lld", (long long)done,
                      (long long)steps);
        status = alexnet_bench_step(bench, &seconds, &more);
    }
    progress_clear();
    return status;
}

static int measure_loader(alexnet_ctx *ctx, const bench_options *options, const char *data,
                          bool json)
{
    return bench_loader(ctx, &(bench_loader_options){.data = data,
                                                     .net = options->net,
                                                     .recipe = options->recipe,
                                                     .batch = options->batch,
                                                     .rounds = options->steps,
                                                     .pictures = options->pictures,
                                                     .json = json});
}

static int measure_network(alexnet_ctx *ctx, const bench_options *options, bool json)
{
    alexnet_bench *bench = NULL;
    alexnet_bench_options settings = ALEXNET_BENCH_OPTIONS_INIT;
    settings.net = options->net;
    settings.mode = (alexnet_bench_mode)options->mode;
    settings.batch = (int)options->batch;
    settings.steps = (int)options->steps;
    if (options->tune)
        return bench_tune(ctx, &settings, options->tune, json);
    alexnet_status status = alexnet_bench_new(&bench, ctx, &settings);
    if (!status)
        status = run_steps(bench, options->steps);
    if (!status)
        report_bench(bench, settings.mode == ALEXNET_BENCH_TRAIN, json);
    const int code = cli_input_code(status);
    alexnet_bench_free(bench);
    return code;
}

static int check_usage(const opt_args *args, const bench_options *options)
{
    const bool loader = options->mode == MODE_LOADER;
    const int code = opt_needs(args, "recipe|pictures", loader, "--mode loader");
    if (code != CLI_DONE)
        return code;
    if (!loader && args->file_count > 0)
        return opt_wrong(&page, "bench takes no files, except with --mode loader");
    if (loader && args->file_count == 0)
        return opt_wrong(&page, "--mode loader takes one DATA");
    if (loader && args->file_count > 1)
        return train_data_several(&page, args->files[1]);
    if (loader && options->tune)
        return opt_wrong(&page, "--tune measures layers, of which --mode loader has none");
    return CLI_DONE;
}

static int run(const opt_args *args, const bench_options *options, const machine_options *machine)
{
    alexnet_ctx *ctx = NULL;
    int code = check_usage(args, options);
    if (code == CLI_DONE)
        code = machine_open(&ctx, machine);
    if (code == CLI_DONE)
        code = options->mode == MODE_LOADER
                   ? measure_loader(ctx, options, args->files[0], machine->json)
                   : measure_network(ctx, options, machine->json);
    machine_close(ctx);
    return code;
}

int cmd_bench(int argc, char **argv)
{
    int code;
    bench_options options = {0};
    machine_options machine = {0};
    opt_args args = {
        .page = &page,
        .groups = {{"Options", rows, COUNT_OF(rows), &options}, machine_group(&machine)}};
    return opt_parse(&args, argc, argv, &code) ? run(&args, &options, &machine) : code;
}
