#include "bench_loader.h"

#include <stdlib.h>

#include "json.h"
#include "paths.h"
#include "progress.h"
#include "terminal.h"
#include "text.h"

/* The results of the measurement. */
typedef struct rates {
    alexnet_loader_speed speed;
    double loader, decoder; /* pictures per second; 0: not measured */
} rates;

static rates sum_up(const alexnet_loader_bench *bench)
{
    rates r = {0};
    alexnet_loader_bench_speed(bench, &r.speed);
    if (r.speed.median > 0)
        r.loader = (double)r.speed.pictures / r.speed.median;
    if (r.speed.decoder > 0)
        r.decoder = (double)r.speed.jpegs / r.speed.decoder;
    return r;
}

/* The same comparison by processor time: the share that libjpeg-turbo takes of the loader's. */
static double share_of_processor(const rates *r)
{
    const alexnet_loader_speed *s = &r->speed;
    return s->processor > 0
               ? s->decoder_processor / (double)s->jpegs / (s->processor / (double)s->pictures)
               : 0;
}

static void print_text(const rates *r, const char *data)
{
    const alexnet_loader_speed *s = &r->speed;
    const double pictures = (double)s->pictures;
    terminal_line(stdout, "loading %lld %s of %s for %s, %d %s, %d per batch",
                  (long long)s->pictures, text_plural(s->pictures, "picture", "pictures"), data,
                  s->net, s->threads, text_plural(s->threads, "thread", "threads"), s->batch);
    if (s->bad > 0)
        printf("%lld cannot be read\n", (long long)s->bad);
    printf("%.1f images/s (min %.1f, max %.1f)", r->loader, pictures / s->most,
           pictures / s->least);
    if (s->bytes > 0)
        printf("; %.1f MB/s of files, %.1f kB each", s->bytes / s->median / 1e6,
               s->bytes / pictures / 1e3);
    printf("\n");
    if (r->decoder > 0)
        printf("libjpeg-turbo alone, from memory: %.1f images/s; the loader is at %.0f%% of it\n",
               r->decoder, 100 * r->loader / r->decoder);
    if (s->decoder_processor > 0)
        printf("processor time per picture: %.3f ms in the loader, %.3f ms in libjpeg-turbo "
               "(%.0f%%)\n",
               1e3 * s->processor / pictures, 1e3 * s->decoder_processor / (double)s->jpegs,
               100 * share_of_processor(r));
    if (r->decoder > 0 && s->jpegs < s->pictures)
        printf("measured on %lld of the pictures: the others are not JPEGs, or do not fit in "
               "memory\n",
               (long long)s->jpegs);
}

static json_t *positive(double value)
{
    return value > 0 ? json_number(value) : json_null();
}

static void print_json(const rates *r, const char *data)
{
    const alexnet_loader_speed *s = &r->speed;
    const double batches = (double)((s->pictures + s->batch - 1) / s->batch);
    json_t *all = json_object();
    json_object_set_new(all, "mode", json_text("loader"));
    json_object_set_new(all, "net", json_text(s->net));
    json_object_set_new(all, "data", json_text(data));
    json_object_set_new(all, "batch", json_integer(s->batch));
    json_object_set_new(all, "threads", json_integer(s->threads));
    json_object_set_new(all, "rounds", json_integer(s->rounds));
    json_object_set_new(all, "pictures", json_integer(s->pictures));
    json_object_set_new(all, "bad", json_integer(s->bad));
    json_object_set_new(all, "jpegs", json_integer(s->jpegs));
    json_object_set_new(all, "bytes", positive(s->bytes));
    json_object_set_new(all, "images_per_second", json_number(r->loader));
    json_object_set_new(all, "ms_per_batch",
                        json_pack("{s:o, s:o, s:o}", "min", json_number(s->least * 1e3 / batches),
                                  "median", json_number(s->median * 1e3 / batches), "max",
                                  json_number(s->most * 1e3 / batches)));
    json_object_set_new(all, "decoder_images_per_second", positive(r->decoder));
    json_object_set_new(all, "fraction_of_decoder",
                        r->decoder > 0 ? json_number(r->loader / r->decoder) : json_null());
    json_object_set_new(all, "processor_ms_per_image",
                        json_number(1e3 * s->processor / (double)s->pictures));
    json_object_set_new(all, "fraction_of_decoder_by_processor",
                        s->jpegs > 0 ? json_number(share_of_processor(r)) : json_null());
    json_print(all);
}

static alexnet_status measure(alexnet_loader_bench *bench, int64_t rounds)
{
    bool more = true;
    alexnet_status status = ALEXNET_OK;
    for (int64_t done = 0; more && !status; done++) {
        progress_show((double)done / (double)(rounds + 1), "round %lld of %lld", (long long)done,
                      (long long)rounds);
        status = alexnet_loader_bench_step(bench, &more);
    }
    progress_clear();
    return status;
}

/* Open a data set; of one with the parts train and val, open train. */
static alexnet_status open_data(alexnet_dataset **out, alexnet_ctx *ctx, const char *path)
{
    alexnet_dataset_kind kind;
    alexnet_status status = alexnet_dataset_layout_on(ctx, path, &kind);
    if (status)
        return status;
    char *train = path_join(path, "train");
    status = alexnet_dataset_open(out, ctx, kind == ALEXNET_DATASET_TRAIN_VAL ? train : path, NULL);
    free(train);
    return status;
}

int bench_loader(alexnet_ctx *ctx, const bench_loader_options *options)
{
    alexnet_loader_bench_options settings = ALEXNET_LOADER_BENCH_OPTIONS_INIT;
    alexnet_dataset *data = NULL;
    alexnet_recipe *recipe = NULL;
    alexnet_loader_bench *bench = NULL;
    int code = CLI_DONE;
    alexnet_status status = open_data(&data, ctx, options->data);
    if (!status && options->recipe)
        status = alexnet_recipe_load(&recipe, options->recipe);
    settings.net = options->net;
    settings.recipe = recipe;
    settings.batch = (int)options->batch;
    settings.rounds = (int)options->rounds;
    settings.pictures = options->pictures;
    if (!status)
        status = alexnet_loader_bench_new(&bench, ctx, data, &settings);
    if (!status)
        status = measure(bench, options->rounds);
    if (status) {
        code = cli_input_code(status);
    } else {
        const rates r = sum_up(bench);
        if (options->json)
            print_json(&r, options->data);
        else
            print_text(&r, options->data);
    }
    alexnet_loader_bench_free(bench);
    alexnet_recipe_free(recipe);
    alexnet_dataset_free(data);
    return code;
}
