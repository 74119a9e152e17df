/*
 * Find the pictures that are most alike: those whose features point in the same direction.
 *
 *     cc features.c -o features $(pkg-config --cflags --libs alexnet) -lm
 *     features MODEL LAYER PICTURE PICTURE...
 *
 * Prints, for each picture, the other one that is nearest by the cosine between their outputs of
 * LAYER, for example "fc7". A folder stands for all its pictures.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <alexnet/alexnet.h>

/* The vectors of all pictures that can be read, each of length 1. */
typedef struct table {
    int64_t count, length;
    float *values;
    const char **names;
} table;

static void add(table *t, const alexnet_feature_result *result)
{
    double sum = 0;
    for (int64_t i = 0; i < t->length; i++)
        sum += (double)result->values[i] * result->values[i];
    for (int64_t i = 0; i < t->length; i++)
        t->values[t->count * t->length + i] =
            sum > 0 ? (float)(result->values[i] / sqrt(sum)) : 0.0f;
    t->names[t->count++] = result->path;
}

static int compute(table *t, alexnet_features *features, const alexnet_dataset *data)
{
    alexnet_feature_stream *stream = NULL;
    alexnet_feature_result result;
    int failed = alexnet_feature_stream_new(&stream, features, data);
    for (bool more = true; more && !failed;) {
        failed = alexnet_feature_stream_next(stream, &result, &more);
        if (!failed && more && result.status)
            fprintf(stderr, "%s\n", result.error);
        else if (!failed && more)
            add(t, &result);
    }
    alexnet_feature_stream_free(stream);
    return failed;
}

static void print(const table *t)
{
    for (int64_t i = 0; i < t->count; i++) {
        double most = -2;
        int64_t nearest = -1;
        for (int64_t j = 0; j < t->count; j++) {
            double cosine = 0;
            for (int64_t k = 0; k < t->length; k++)
                cosine += (double)t->values[i * t->length + k] * t->values[j * t->length + k];
            if (j != i && cosine > most) {
                most = cosine;
                nearest = j;
            }
        }
        if (nearest >= 0)
            printf("%s: %s, %.4f\n", t->names[i], t->names[nearest], most);
    }
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: %s MODEL LAYER PICTURE...\n", argv[0]);
        return 2;
    }
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_features *features = NULL;
    alexnet_dataset *data = NULL;
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    const char *layer = argv[2];
    table t = {0};
    options.layers = &layer;
    options.count = 1;
    options.batch = 16;
    int failed = alexnet_ctx_new(&ctx, NULL) || alexnet_model_load(&model, ctx, argv[1]) ||
                 alexnet_features_new(&features, model, &options) ||
                 alexnet_dataset_open_files(&data, ctx, (const char *const *)argv + 3, argc - 3);
    if (!failed) {
        const size_t count = (size_t)alexnet_dataset_count(data);
        t.length = alexnet_features_length(features);
        t.values = calloc(count ? count : 1, (size_t)t.length * sizeof *t.values);
        t.names = calloc(count ? count : 1, sizeof *t.names);
        failed = !t.values || !t.names || compute(&t, features, data);
    }
    if (failed)
        fprintf(stderr, "%s\n", alexnet_error_text());
    else
        print(&t);
    free(t.values);
    free(t.names);
    alexnet_dataset_free(data);
    alexnet_features_free(features);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return failed != 0;
}
