/*
 * Compare the layers of a network: for each, compute the matrix of dissimilarities between every
 * two pictures, and print the rank correlation of this matrix with that of the first layer.
 *
 *     rdm MODEL PICTURE PICTURE PICTURE...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <alexnet/alexnet.h>

enum { LAYERS = 8 };
static const char *const layers[LAYERS] = {"conv1", "conv2", "conv3", "conv4",
                                           "conv5", "fc6",   "fc7",   "fc8"};

/* Compute the dissimilarities of `count` pictures in one layer. */
static int compare_pictures(double *rdm, alexnet_ctx *ctx, alexnet_model *model, const char *layer,
                            char **pictures, int count)
{
    alexnet_features *features = NULL;
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    options.layers = &layer;
    options.count = 1;
    int failed = alexnet_features_new(&features, model, &options) != ALEXNET_OK;
    const int64_t length = alexnet_features_length(features);
    float *values = failed ? NULL : malloc((size_t)count * (size_t)length * sizeof *values);
    failed = failed || !values;
    for (int i = 0; i < count && !failed; i++)
        failed = alexnet_features_file(features, pictures[i], values + i * length) != ALEXNET_OK;
    if (!failed)
        failed = alexnet_rdm(rdm, ctx, values, count, length, ALEXNET_DISSIMILARITY_CORRELATION) !=
                 ALEXNET_OK;
    free(values);
    alexnet_features_free(features);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: %s MODEL PICTURE PICTURE PICTURE...\n", argv[0]);
        return 2;
    }
    const int count = argc - 2;
    const size_t cells = (size_t)count * (size_t)count;
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    double *first = malloc(cells * sizeof *first), *rdm = malloc(cells * sizeof *rdm), rho;
    int failed =
        !first || !rdm || alexnet_ctx_new(&ctx, NULL) || alexnet_model_load(&model, ctx, argv[1]);
    for (int i = 0; i < LAYERS && !failed; i++) {
        failed = compare_pictures(rdm, ctx, model, layers[i], argv + 2, count);
        if (i == 0)
            memcpy(first, rdm, cells * sizeof *first);
        failed = failed || alexnet_rsa(&rho, ctx, first, rdm, count, ALEXNET_RANK_SPEARMAN);
        if (!failed)
            printf("%s: %.4f\n", layers[i], rho);
    }
    if (failed)
        fprintf(stderr, "%s\n", alexnet_error_text());
    free(first);
    free(rdm);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return failed != 0;
}
