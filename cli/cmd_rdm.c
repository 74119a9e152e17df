#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "feature_store.h"
#include "json.h"
#include "layers.h"
#include "library_text.h"
#include "model_args.h"
#include "outputs.h"
#include "paths.h"
#include "pictures.h"
#include "progress.h"
#include "rdm.h"
#include "terminal.h"
#include "text.h"

typedef struct rdm_options {
    const char *out, *layer;
    int metric, pool, rank; /* positions among their words */
    int64_t batch;
    bool compare;
} rdm_options;

/* What other programs call the metrics. */
static const char *const measures[] = {"l2",      "euclidean", "pearson", "correlation",
                                       "angular", "cosine",    NULL};

static const opt rows[] = {
    {.name = "out",
     .letter = 'o',
     .type = OPT_TEXT,
     .also = {"output", "prefix"},
     .arg = "PREFIX",
     .help = "write PREFIX.LAYER.npy, PREFIX.LAYER.csv and PREFIX.names.txt; required without "
             "--compare",
     .offset = offsetof(rdm_options, out)},
    {.name = "layer",
     .type = OPT_TEXT,
     .also = {"layers"},
     .arg = "NAME,...|all",
     .list = true,
     .standard = "all",
     .help = "the layers, as 'features' takes them; all: convolutions and fully connected ones",
     .offset = offsetof(rdm_options, layer)},
    {.name = "metric",
     .type = OPT_CHOICE,
     .also = {"measure", "distance", "dissimilarity"},
     .arg = "correlation|euclidean|cosine",
     .standard = "correlation",
     .words = measures,
     .help = "1 - Pearson's r; Euclidean distance; 1 - cosine",
     .offset = offsetof(rdm_options, metric)},
    MODEL_ARGS_POOL(rdm_options),
    MODEL_ARGS_BATCH(rdm_options, "16"),
    {.name = "compare",
     .type = OPT_FLAG,
     .also = {"rsa", "correlate"},
     .help = "print the similarity of two matrices: the rank correlation above their diagonals",
     .offset = offsetof(rdm_options, compare)},
    {.name = "rank",
     .type = OPT_CHOICE,
     .also = {"correlation", "method"},
     .arg = "spearman|kendall",
     .standard = "spearman",
     .help = "with --compare: Spearman's rho, or Kendall's tau-a",
     .offset = offsetof(rdm_options, rank)},
};

static const opt_page page = {
    .command = "rdm",
    .usage = {"rdm MODEL|RUN PICTURE... -o PREFIX [options]",
              "rdm --compare FIRST SECOND [options]"},
    .about =
        "Compare pictures as the layers of a network see them: write for each layer a matrix "
        "of the dissimilarities of all pairs (representational dissimilarity), as a NumPy "
        "array of float64 and as CSV with the pictures' names. PICTURE is what 'classify' "
        "takes. With --compare, measure how similar two such matrices are: those of two layers, or "
        "of a layer and a measurement (.npy, .csv or .tsv; also the condensed vector of SciPy's "
        "pdist). A picture that cannot be read is left out and reported, and the exit code is 3.",
    .examples = {{"rdm best.safetensors stimuli/ -o stimuli",
                  "stimuli.conv1.npy to stimuli.fc8.npy"},
                 {"rdm --compare stimuli.fc7.npy it-cortex.npy --rank kendall",
                  "compare a layer with a measured matrix"}},
};

/* Features of the pictures that can be read, by layer. */
typedef struct table {
    int64_t count, bad;
    int layers;
    alexnet_feature_info info[FEATURE_LAYERS];
    float *values[FEATURE_LAYERS]; /* [pictures][length] */
    string_list names;
} table;

static void free_table(table *t)
{
    for (int i = 0; i < t->layers; i++)
        free(t->values[i]);
    string_list_free(&t->names);
}

/* Make room for all features, which are held at once; the check counts one matrix as well. */
static int make_table(table *t, const alexnet_features *features, int64_t pictures)
{
    char need[TEXT_SIZE];
    char *what = cli_format("the features of %" PRId64 " pictures", pictures);
    int code = machine_check_memory(
        (double)pictures * ((double)alexnet_features_length(features) * 4 + (double)pictures * 8),
        what, "; use fewer layers, or --pool");
    free(what);
    if (code != CLI_DONE)
        return code;
    for (; alexnet_features_get(features, t->layers, &t->info[t->layers]); t->layers++) {
        size_t size = (size_t)pictures * (size_t)t->info[t->layers].length * sizeof(float);
        t->values[t->layers] = malloc(size);
        if (!t->values[t->layers])
            return cli_error(CLI_FAILED, "out of memory for the features: %s",
                             text_bytes(need, (double)size));
    }
    return CLI_DONE;
}

static void add(table *t, const alexnet_feature_result *result)
{
    for (int i = 0; i < t->layers; i++)
        memcpy(t->values[i] + t->count * t->info[i].length, result->values + t->info[i].offset,
               (size_t)t->info[i].length * sizeof(float));
    string_list_add(&t->names, cli_copy(result->path));
    t->count++;
}

static int fill(table *t, alexnet_features *features, const alexnet_dataset *pictures)
{
    alexnet_feature_stream *stream = NULL;
    const int64_t all = alexnet_dataset_count(pictures);
    const double began = progress_clock();
    alexnet_status status = alexnet_feature_stream_new(&stream, features, pictures);
    bool more = true;
    for (int64_t done = 1; !status && more; done++) {
        alexnet_feature_result result;
        status = alexnet_feature_stream_next(stream, &result, &more);
        if (status || !more)
            break;
        if (result.status) {
            cli_error(0, "%s", library_text(result.error));
            t->bad++;
        } else {
            add(t, &result);
        }
        progress_pictures("features", done, all, began);
    }
    progress_clear();
    alexnet_feature_stream_free(stream);
    return cli_code(status);
}

/* Whether features have no correlation, because all are equal, or no cosine, because all are 0. */
static bool is_flat(const float *x, int64_t length, int metric)
{
    for (int64_t i = 0; i < length; i++)
        if (x[i] != (metric == ALEXNET_DISSIMILARITY_COSINE ? 0 : x[0]))
            return false;
    return metric != ALEXNET_DISSIMILARITY_EUCLIDEAN;
}

static void warn_of_flat(const table *t, int layer, int metric)
{
    const int64_t length = t->info[layer].length;
    const char *first = NULL;
    int64_t flat = 0;
    for (int64_t i = 0; i < t->count; i++)
        if (is_flat(t->values[layer] + i * length, length, metric)) {
            first = first ? first : t->names.items[i];
            flat++;
        }
    if (flat > 0)
        progress_say("warning: %s: all features of %" PRId64 " %s, such as %s, are %s: "
                     "their dissimilarities are NaN",
                     t->info[layer].name, flat, text_plural(flat, "picture", "pictures"), first,
                     metric == ALEXNET_DISSIMILARITY_COSINE ? "zero" : "equal");
}

static int write_layer(const table *t, int i, double *rdm, const char *prefix, json_t *layers)
{
    char *name = cli_copy(t->info[i].name);
    for (char *c = name; *c; c++)
        if (strchr(":/\\", *c))
            *c = '-';
    char *array = cli_format("%s.%s.npy", prefix, name),
         *csv = cli_format("%s.%s.csv", prefix, name);
    int code = rdm_write_array(array, rdm, t->count);
    if (code == CLI_DONE)
        code = rdm_write_csv(csv, rdm, &t->names);
    if (code == CLI_DONE && layers) {
        json_t *row = json_object();
        json_object_set_new(row, "layer", json_text(t->info[i].name));
        json_object_set_new(row, "length", json_integer(t->info[i].length));
        json_object_set_new(row, "file", json_text(array));
        json_array_append_new(layers, row);
    } else if (code == CLI_DONE) {
        terminal_line(stdout, "%s  %" PRId64 " x %" PRId64 "  %s", t->info[i].name, t->count,
                      t->count, array);
    }
    free(name);
    free(array);
    free(csv);
    return code;
}

static int write_all(const table *t, alexnet_ctx *ctx, const rdm_options *options, bool json)
{
    json_t *layers = json ? json_array() : NULL, *document = json ? json_object() : NULL;
    double *rdm = malloc((size_t)(t->count * t->count) * sizeof *rdm + 1);
    int code = rdm ? rdm_write_names(options->out, &t->names)
                   : cli_error(CLI_FAILED, "out of memory for a matrix");
    for (int i = 0; i < t->layers && code == CLI_DONE; i++) {
        progress_show((double)i / t->layers, "comparing by %s", t->info[i].name);
        alexnet_status status = alexnet_rdm(rdm, ctx, t->values[i], t->count, t->info[i].length,
                                            (alexnet_dissimilarity)options->metric);
        progress_clear();
        if (!status)
            warn_of_flat(t, i, options->metric);
        code = status ? cli_code(status) : write_layer(t, i, rdm, options->out, layers);
    }
    free(rdm);
    if (code == CLI_DONE && json) {
        json_object_set_new(document, "pictures", json_integer(t->count));
        json_object_set_new(document, "failed", json_integer(t->bad));
        json_object_set_new(document, "layers", json_incref(layers));
        json_print(json_incref(document));
    }
    json_decref(layers);
    json_decref(document);
    return code;
}

static int compute(const model_args *line, const rdm_options *options)
{
    alexnet_features *features = NULL;
    table t = {0};
    const int64_t count = alexnet_dataset_count(line->pictures);
    alexnet_features_options settings = ALEXNET_FEATURES_OPTIONS_INIT;
    settings.batch = (int)(options->batch < count ? options->batch : count ? count : 1);
    settings.pool = (alexnet_pooling)options->pool;
    int code = layers_open(&features, line->model, options->layer, &settings);
    if (code == CLI_DONE)
        code = make_table(&t, features, count);
    if (code == CLI_DONE)
        code = fill(&t, features, line->pictures);
    if (code == CLI_DONE && t.count < 3)
        code = cli_error(CLI_BAD_INPUT, "%" PRId64 " %s: a comparison needs three", t.count,
                         text_plural(t.count, "picture", "pictures"));
    if (code == CLI_DONE)
        code = write_all(&t, line->ctx, options, line->machine.json);
    if (code == CLI_DONE)
        code = pictures_count_bad(t.bad, count);
    alexnet_features_free(features);
    free_table(&t);
    return code;
}

/* Reject options that have no effect. */
static int check_options(const opt_args *args, const rdm_options *options)
{
    const int code = opt_needs(args, "rank", options->compare, "--compare");
    return code == CLI_DONE ? opt_needs(args, "out|layer|metric|pool|batch", !options->compare,
                                        "pictures, not --compare")
                            : code;
}

static int compare(const model_args *line, const rdm_options *options)
{
    if (line->args.file_count != 2)
        return opt_wrong(&page, "--compare takes two files (.npy, .csv, .tsv)");
    return rdm_compare(line->args.files, (alexnet_rank)options->rank, &line->machine);
}

/* Whether a path can only be a folder's: it ends in "/", "." or "..". */
static bool is_folder_name(const char *path)
{
    const char *name = path_last(path);
    return !*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int refuse_folder(const char *path)
{
    char *example = path_join(path, "stimuli");
    int code = opt_wrong(
        &page, "-o %s is a folder; PREFIX is the beginning of the files' names, such as %s", path,
        example);
    free(example);
    return code;
}

static int run(model_args *line, const void *own)
{
    const rdm_options *options = own;
    int code = check_options(&line->args, options);
    if (code == CLI_DONE && options->compare)
        return compare(line, options);
    if (code == CLI_DONE)
        code = model_args_check_pictures(&line->args);
    if (code != CLI_DONE)
        return code;
    if (!options->out)
        return opt_wrong(&page, "-o PREFIX is missing: the beginning of the files' names");
    if (is_folder_name(options->out))
        return refuse_folder(options->out);
    char *first = cli_format("%s.names.txt", options->out);
    code = output_check(first);
    free(first);
    if (code == CLI_DONE)
        code = model_args_open_pictures(line);
    return code == CLI_DONE ? compute(line, options) : code;
}

int cmd_rdm(int argc, char **argv)
{
    rdm_options options = {0};
    const opt_group own = {"Options", rows, COUNT_OF(rows), .target = &options};
    return model_args_run(&page, own, run, argc, argv);
}
