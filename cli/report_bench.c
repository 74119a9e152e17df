#include "report_bench.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "table.h"
#include "terminal.h"
#include "text.h"

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

/* ---- As text ---- */

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

/* ---- As JSON ---- */

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
    for (int p = ALEXNET_PRECISION_FP32; p <= ALEXNET_PRECISION_BF16; p++) {
        const alexnet_precision precision = (alexnet_precision)p;
        char key[32];
        snprintf(key, sizeof key, "peak_gflops_%s", alexnet_precision_name(precision));
        json_object_set_new(all, key, positive(alexnet_bench_peak(bench, precision, NULL) / 1e9));
    }
    json_object_set_new(all, "copied_gb_per_second", positive(s->copied / 1e9));
    json_object_set_new(all, "layers", layers_json(bench));
    json_print(all);
}

void report_bench(const alexnet_bench *bench, bool training, bool json)
{
    const results r = sum_up(bench, training);
    if (json)
        print_json(bench, &r);
    else
        print_results(bench, &r);
}
