#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "feature_store.h"
#include "json.h"
#include "layers.h"
#include "library_text.h"
#include "model_args.h"
#include "outputs.h"
#include "pictures.h"
#include "progress.h"
#include "terminal.h"

typedef struct features_options {
    const char *out, *layer;
    int pool, views; /* positions in "none|avg|max" and "1|10" */
    int64_t batch;
    bool resume;
} features_options;

static const opt rows[] = {
    {.name = "out",
     .letter = 'o',
     .type = OPT_TEXT,
     .also = {"output"},
     .arg = "FILE",
     .help = "what to write: a .npy, .csv or .safetensors file; required",
     .offset = offsetof(features_options, out)},
    {.name = "layer",
     .type = OPT_TEXT,
     .also = {"layers", "node", "return-nodes", "feature"},
     .arg = "NAME,...|all",
     .list = true,
     .standard = "fc7",
     .help = "the layers: fc7, before its ReLU fc7:pre, or torchvision's classifier.4; all: "
             "convolutions and fully connected ones",
     .offset = offsetof(features_options, layer)},
    MODEL_ARGS_POOL(features_options),
    MODEL_ARGS_VIEWS(features_options),
    MODEL_ARGS_BATCH(features_options, "16"),
    {.name = "resume",
     .type = OPT_FLAG,
     .also = {"append", "continue"},
     .help = "continue where the command was stopped, or add pictures to finished .npy files",
     .offset = offsetof(features_options, resume)},
};

static const opt_page page = {
    .command = "features",
    .usage = {"features MODEL|RUN PICTURE... -o FILE [options]"},
    .about =
        "Compute the outputs of inner layers for pictures. PICTURE is what 'classify' takes: a "
        "picture, a folder of them, an archive, a list, or - for standard input. FILE gets a row "
        "for each picture. A .csv or .safetensors file has their names too; STEM.names.txt beside "
        "a .npy file has them, in the same order. With several layers, .npy and .csv become one "
        "file for each. A picture that cannot be read is reported and has no row, and the exit "
        "code is 3.",
    .examples = {{"features best.safetensors photos/ -o photos.npy",
                  "4,096 numbers for each picture, for NumPy"},
                 {"features a.pth photos/ --layer conv5,fc6:pre --pool avg -o out.npy",
                  "out.conv5.npy and out.fc6-pre.npy"}},
};

typedef struct counts {
    int64_t pictures, resumed, computed, bad;
} counts;

/* ---- What is left to do ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names that a store has, sorted, and how many of each are found again. */
typedef struct done_names {
    char **names;
    size_t count;
    size_t *taken; /* at the first of equal names */
} done_names;

/* Whether the store has a row for this picture; each row is for one picture, also if a list names
 * a picture several times. */
static bool take_done(done_names *done, const char *path)
{
    size_t low = 0, high = done->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(done->names[middle], path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == done->count)
        return false;
    const size_t next = low + done->taken[low];
    if (next == done->count || strcmp(done->names[next], path) != 0)
        return false;
    done->taken[low]++;
    return true;
}

/* Reduce *pictures to those that the store does not have yet. */
static int leave_out_done(alexnet_dataset **pictures, alexnet_ctx *ctx, feature_store *store,
                          counts *n)
{
    string_list rest = {0};
    string_list *done = &store->done;
    n->pictures = alexnet_dataset_count(*pictures);
    if (done->count == 0)
        return CLI_DONE;
    qsort(done->items, done->count, sizeof *done->items, by_name);
    done_names there = {done->items, done->count, calloc(done->count, sizeof *there.taken)};
    if (!there.taken)
        return cli_error(CLI_FAILED, "out of memory for %zu names", done->count);
    for (int64_t i = 0; i < n->pictures; i++) {
        const char *path;
        alexnet_dataset_picture(*pictures, i, &path, NULL);
        if (!take_done(&there, path))
            string_list_add(&rest, cli_copy(path));
    }
    free(there.taken);
    n->resumed = n->pictures - (int64_t)rest.count;
    string_list_free(done);
    alexnet_dataset_free(*pictures);
    *pictures = NULL;
    int code = pictures_open(pictures, ctx, &rest);
    string_list_free(&rest);
    return code;
}

/* ---- The work ---- */

static int compute(feature_store *store, alexnet_feature_stream *stream, int64_t batch, counts *n)
{
    const int64_t all = n->pictures - n->resumed;
    const double began = progress_clock();
    for (int64_t done = 1;; done++) {
        alexnet_feature_result result;
        bool more;
        alexnet_status status = alexnet_feature_stream_next(stream, &result, &more);
        int code = CLI_DONE;
        if (status || !more) {
            progress_clear();
            return cli_code(status);
        }
        if (result.status) {
            cli_error(0, "%s", library_text(result.error));
            n->bad++;
        } else {
            code = feature_store_add(store, result.path, result.values);
            n->computed++;
        }
        if (code == CLI_DONE && done % batch == 0)
            code = feature_store_flush(store);
        if (code != CLI_DONE)
            return code;
        progress_pictures("features", done, all, began);
    }
}

static void report_json(const feature_store *store, const counts *n)
{
    const bool written = store->rows > 0;
    json_t *document = json_object(), *layers = json_array();
    json_object_set_new(document, "pictures", json_integer(n->pictures));
    json_object_set_new(document, "resumed", json_integer(n->resumed));
    json_object_set_new(document, "computed", json_integer(n->computed));
    json_object_set_new(document, "failed", json_integer(n->bad));
    json_object_set_new(document, "rows", json_integer(store->rows));
    json_object_set_new(document, "names",
                        written && !store->names_inside ? json_text(store->names_final)
                                                        : json_null());
    for (int i = 0; i < store->count; i++) {
        const feature_layer *layer = &store->layers[i];
        json_t *row = json_object(), *shape = json_array();
        for (int j = 0; j < 3; j++)
            json_array_append_new(shape, json_integer(layer->info.shape[j]));
        json_object_set_new(row, "layer", json_text(layer->info.name));
        json_object_set_new(row, "shape", shape);
        json_object_set_new(row, "file", written ? json_text(layer->final) : json_null());
        json_array_append_new(layers, row);
    }
    json_object_set_new(document, "layers", layers);
    json_print(document);
}

static void report(const feature_store *store)
{
    for (int i = 0; i < store->count; i++) {
        const feature_layer *layer = &store->layers[i];
        const int *c = layer->info.shape;
        if (c[1] * c[2] == 1)
            terminal_line(stdout, "%s  %" PRId64 " x %d  %s", layer->info.name, store->rows, c[0],
                          layer->final);
        else
            terminal_line(stdout, "%s  %" PRId64 " x %d x %d x %d  %s", layer->info.name,
                          store->rows, c[0], c[1], c[2], layer->final);
    }
    if (!store->names_inside)
        terminal_line(stdout, "names  %" PRId64 "  %s", store->rows, store->names_final);
}

static int work(feature_store *store, alexnet_features *features, const alexnet_dataset *pictures,
                int64_t batch, counts *n)
{
    alexnet_feature_stream *stream = NULL;
    alexnet_status status = alexnet_feature_stream_new(&stream, features, pictures);
    int code = status ? cli_code(status) : compute(store, stream, batch, n);
    alexnet_feature_stream_free(stream);
    if (code == CLI_DONE && store->rows + n->computed == 0)
        return CLI_DONE; /* nothing to write */
    if (code == CLI_DONE)
        return feature_write(store);
    if (feature_store_flush(store) == CLI_DONE && store->rows > 0)
        progress_note("%" PRId64 " rows are kept; --resume continues from them", store->rows);
    return code;
}

static int run_model(model_args *line, const features_options *options)
{
    static const char *const pools[] = {"none", "avg", "max"};
    alexnet_features *features = NULL;
    feature_store store = {0};
    counts n = {0};
    char about[64];
    uint64_t fingerprint;
    const int views = options->views ? 10 : 1;
    const int64_t count = alexnet_dataset_count(line->pictures);
    const int64_t batch = options->batch < count ? options->batch : count ? count : 1;
    int code =
        layers_open(&features, line->model, options->layer,
                    &(alexnet_features_options){sizeof(alexnet_features_options), NULL, 0,
                                                (int)batch, views, (alexnet_pooling)options->pool});
    if (code != CLI_DONE)
        return code;
    alexnet_status status = alexnet_model_fingerprint(line->model, &fingerprint);
    snprintf(about, sizeof about, "pool %s, views %d, model %016" PRIx64, pools[options->pool],
             views, fingerprint);
    code = status ? cli_code(status)
                  : feature_store_open(&store, options->out, features, about, options->resume);
    if (code == CLI_DONE)
        code = leave_out_done(&line->pictures, line->ctx, &store, &n);
    if (code == CLI_DONE)
        code = work(&store, features, line->pictures, batch, &n);
    if (code == CLI_DONE && line->machine.json)
        report_json(&store, &n);
    else if (code == CLI_DONE && store.rows > 0)
        report(&store);
    feature_store_close(&store);
    alexnet_features_free(features);
    return code == CLI_DONE ? pictures_count_bad(n.bad, n.pictures) : code;
}

static int check_arguments(const opt_args *args, const features_options *options)
{
    feature_format format;
    const int code = model_args_check_pictures(args);
    if (code != CLI_DONE)
        return code;
    if (!options->out)
        return opt_wrong(&page, "-o FILE is missing: what to write");
    if (!feature_format_of(options->out, &format))
        return opt_wrong(&page, "-o %s: FILE ends in .npy, .csv or .safetensors", options->out);
    return output_check(options->out);
}

static int run(model_args *line, const void *own)
{
    const features_options *options = own;
    int code = check_arguments(&line->args, options);
    if (code == CLI_DONE)
        code = model_args_open_pictures(line);
    return code == CLI_DONE ? run_model(line, options) : code;
}

int cmd_features(int argc, char **argv)
{
    features_options options = {0};
    const opt_group own = {"Options", rows, COUNT_OF(rows), .target = &options};
    return model_args_run(&page, own, run, argc, argv);
}
