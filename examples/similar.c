/*
 * Find the pictures of a folder that are most similar to a given one.
 *
 *     similar MODEL PICTURE FOLDER
 *
 * The features of the folder's pictures are stored beside it, in .FOLDER.index: a second search
 * computes only those of new pictures.
 */
#include <stdio.h>
#include <stdlib.h>

#include <alexnet/alexnet.h>

enum { TOP = 6 };

static int search(const alexnet_index *index, const float *query)
{
    alexnet_neighbour nearest[TOP];
    if (alexnet_index_nearest(index, query, 1, ALEXNET_METRIC_EUCLIDEAN, TOP, nearest))
        return 1;
    for (int i = 0; i < TOP && nearest[i].row >= 0; i++)
        printf("%10.4f  %s\n", nearest[i].distance, alexnet_index_path(index, nearest[i].row));
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s MODEL PICTURE FOLDER\n", argv[0]);
        return 2;
    }
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_features *features = NULL;
    alexnet_index *index = NULL;
    float *query = NULL;
    int failed = alexnet_ctx_new(&ctx, NULL) || alexnet_model_load(&model, ctx, argv[1]) ||
                 alexnet_features_new(&features, model, NULL);
    if (!failed) {
        query = malloc((size_t)alexnet_features_length(features) * sizeof *query);
        failed = !query || alexnet_features_file(features, argv[2], query) ||
                 alexnet_index_open(&index, features, argv[3], NULL);
    }
    for (bool more = true; more && !failed;)
        failed = alexnet_index_step(index, &more) != ALEXNET_OK;
    if (!failed)
        failed = search(index, query);
    if (failed)
        fprintf(stderr, "%s\n", alexnet_error_text());
    free(query);
    alexnet_index_free(index);
    alexnet_features_free(features);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return failed;
}
