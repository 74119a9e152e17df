#include <stdio.h>
#include <string.h>

#include "bench_loader.h"
#include "bench_tune.h"
#include "json.h"
#include "machine.h"
#include "progress.h"
#include "table.h"
#include "terminal.h"
#include "text.h"
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
     .arg = "NAME|FILE",
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
     .arg = "NAME|FILE",
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

/* Pictures per second in training on the paper's two GTX 580: 90 epochs of 1.2 million pictures in
 * five to six days. */
static const double PAPER_RATE = 227, PAPER_OPERATIONS = 4.136e9; /* of an image in training */

static const char *const pass_names[] = {[ALEXNET_PASS_FORWARD] = "forward",
                                         [ALEXNET_PASS_BACKWARD] = "backward",
                                         [ALEXNET_PASS_UPDATE] = "update",
                                         [ALEXNET_PASS_PACK] = "pack"};

/* The values that the reports are made of. */
typedef struct results {
    alexnet_speed speed;
    bool training;
    double peak;  /* of the precision in use; 0: not measured */
    double rate;  /* pictures per second */
    double flops; /* operations per second */
} results;

static const char *precision_name(const alexnet_speed *speed)
{
    if (strcmp(speed->device, "ref") == 0)
        return "float64";
    return alexnet_precision_name(speed->precision);
}

static results sum_up(const alexnet_bench *bench, bool training)
{
    results r = {.training = training};
    alexnet_bench_speed(bench, &r.speed);
    r.peak = alexnet_bench_peak(bench, r.speed.precision, NULL);
    r.rate = r.speed.median > 0 ? r.speed.batch / r.speed.median : 0;
    r.flops = r.speed.median > 0 ? r.speed.operations / r.speed.median : 0;
    return r;
}

/* ---- For people ------------------------------------------------------------------------------ */

static void print_peaks(const alexnet_bench *bench)
{
    for (int p = ALEXNET_PRECISION_FP32; p <= ALEXNET_PRECISION_BF16; p++) {
        const char *with;
        const double peak = alexnet_bench_peak(bench, (alexnet_precision)p, &with);
        if (peak > 0)
            printf("peak %s: %.1f GFLOP/s with %s\n", alexnet_precision_name((alexnet_precision)p),
                   peak / 1e9, with);
    }
}

/* A number with its unit, or an empty cell. */
static void add_number(table *t, bool known, int decimals, double value, const char *unit)
{
    if (known)
        table_add(t, "%.*f%s", decimals, value, unit);
    else
        table_add(t, "%s", "");
}

/* The cost of a layer or of the whole step. */
typedef struct cost {
    double seconds, operations, bytes;
} cost;

/* Add cells for time, speed, share of peak and, if it was measured, share of the speed of copying;
 * empty where there is nothing to count. */
static void add_speed(table *t, const results *r, cost c)
{
    bool counted = c.operations > 0 && c.seconds > 0, copied = r->speed.copied > 0;
    add_number(t, true, 3, c.seconds * 1e3, "");
    add_number(t, counted, 1, c.operations / c.seconds / 1e9, "");
    add_number(t, counted && r->peak > 0, 0, 100 * c.operations / c.seconds / r->peak, "%");
    if (copied)
        add_number(t, c.bytes > 0 && c.seconds > 0, 0, 100 * c.bytes / c.seconds / r->speed.copied,
                   "%");
}

static void print_layers(const alexnet_bench *bench, const results *r)
{
    static const char *const heading[] = {"layer", "pass", "ms", "GFLOP/s", "of peak", "of copy"};
    alexnet_layer_speed layer;
    double bytes = 0;
    table t = table_new(r->speed.copied > 0 ? "llrrrr" : "llrrr");
    table_add_row(&t, heading);
    for (int i = 0; alexnet_bench_layer(bench, i, &layer); i++) {
        table_add(&t, "%s", layer.name);
        table_add(&t, "%s", pass_names[layer.pass]);
        add_speed(&t, r, (cost){layer.seconds, layer.operations, layer.bytes});
        bytes += layer.bytes;
    }
    table_add(&t, "whole step");
    table_add(&t, "%s", "");
    add_speed(&t, r, (cost){r->speed.median, r->speed.operations, bytes});
    table_print(&t, stdout);
}

static void print_results(const alexnet_bench *bench, const results *r)
{
    const alexnet_speed *s = &r->speed;
    terminal_line(stdout, "%s of %s on %s, %s, %d %s, %d %s per step",
                  r->training ? "training" : "inference", s->net, s->device, precision_name(s),
                  s->threads, text_plural(s->threads, "thread", "threads"), s->batch,
                  text_plural(s->batch, "picture", "pictures"));
    print_peaks(bench);
    if (s->copied > 0)
        printf("copy within its memory: %.0f GB/s read and written\n", s->copied / 1e9);
    printf("\n");
    print_layers(bench, r);
    printf("\n%.1f images/s; %.1f ms per batch (min %.1f, max %.1f); %.1f GFLOP/s", r->rate,
           s->median * 1e3, s->least * 1e3, s->most * 1e3, r->flops / 1e9);
    if (r->peak > 0)
        printf(", %.0f%% of peak", 100 * r->flops / r->peak);
    printf("\n");
    if (r->training)
        printf("The paper's rig, two GTX 580, trained alexnet at about %.0f images/s; this machine "
               "trains %s at %.1f images/s, %.2f times the operations per second\n",
               PAPER_RATE, s->net, r->rate, r->flops / (PAPER_RATE * PAPER_OPERATIONS));
}

/* ---- For programs ---------------------------------------------------------------------------- */

static json_t *positive(double value)
{
    return value > 0 ? json_number(value) : json_null();
}

static json_t *layers_json(const alexnet_bench *bench)
{
    json_t *list = json_array();
    alexnet_layer_speed layer;
    for (int i = 0; alexnet_bench_layer(bench, i, &layer); i++) {
        json_t *row = json_object();
        json_object_set_new(row, "name", json_text(layer.name));
        json_object_set_new(row, "pass", json_text(pass_names[layer.pass]));
        json_object_set_new(row, "ms", json_number(layer.seconds * 1e3));
        json_object_set_new(row, "gflops", positive(layer.operations / layer.seconds / 1e9));
        json_object_set_new(row, "bytes", positive(layer.bytes));
        json_array_append_new(list, row);
    }
    return list;
}

static void print_json(const alexnet_bench *bench, const results *r)
{
    const alexnet_speed *s = &r->speed;
    json_t *all = json_object();
    json_object_set_new(all, "mode", json_text(r->training ? "train" : "infer"));
    json_object_set_new(all, "net", json_text(s->net));
    json_object_set_new(all, "device", json_text(s->device));
    json_object_set_new(all, "precision", json_text(precision_name(s)));
    json_object_set_new(all, "batch", json_integer(s->batch));
    json_object_set_new(all, "threads", json_integer(s->threads));
    json_object_set_new(all, "steps", json_integer(s->steps));
    json_object_set_new(all, "images_per_second", json_number(r->rate));
    json_object_set_new(all, "ms_per_batch",
                        json_pack("{s:o, s:o, s:o}", "min", json_number(s->least * 1e3), "median",
                                  json_number(s->median * 1e3), "max", json_number(s->most * 1e3)));
    json_object_set_new(all, "gflop_per_image", json_number(s->operations / s->batch / 1e9));
    json_object_set_new(all, "gflops", json_number(r->flops / 1e9));
    json_object_set_new(all, "peak_gflops", positive(r->peak / 1e9));
    json_object_set_new(all, "fraction_of_peak",
                        r->peak > 0 ? json_number(r->flops / r->peak) : json_null());
    json_object_set_new(all, "peak_gflops_fp32", positive(s->peak_fp32 / 1e9));
    json_object_set_new(all, "peak_gflops_tf32",
                        positive(alexnet_bench_peak(bench, ALEXNET_PRECISION_TF32, NULL) / 1e9));
    json_object_set_new(all, "peak_gflops_bf16", positive(s->peak_bf16 / 1e9));
    json_object_set_new(all, "copied_gb_per_second", positive(s->copied / 1e9));
    json_object_set_new(all, "layers", layers_json(bench));
    json_print(all);
}

/* ---- The command ----------------------------------------------------------------------------- */

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
    if (!status) {
        results r = sum_up(bench, settings.mode == ALEXNET_BENCH_TRAIN);
        if (json)
            print_json(bench, &r);
        else
            print_results(bench, &r);
    }
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
