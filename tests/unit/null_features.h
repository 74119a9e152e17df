/*
 * Calls with NULL arguments of the functions for features, their index and their dissimilarities.
 */
#ifndef TESTS_UNIT_NULL_FEATURES_H
#define TESTS_UNIT_NULL_FEATURES_H

#include "null_rig.h"

static void test_features(void **state)
{
    static const char *const layers[] = {"g", NULL};
    const alexnet_pixels nothing = {NULL, 8, 8, 24, ALEXNET_PIXELS_RGB8};
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    alexnet_features *features;
    alexnet_feature_stream *stream;
    alexnet_feature_info info;
    alexnet_feature_result result;
    float values[8];
    (void)state;
    options.count = 2;
    REFUSES(alexnet_features_new, "out", NULL, model, NULL);
    REFUSES(alexnet_features_new, "model", &features, NULL, NULL);
    REFUSES(alexnet_features_new, "layers", &features, model, &options);
    options.layers = layers;
    REFUSES(alexnet_features_new, "layers[1]", &features, model, &options);
    options.count = 1;
    expect_ok(alexnet_features_new(&features, model, &options));
    ANSWERS(alexnet_features_length, 0, NULL);
    ANSWERS(alexnet_features_get, false, NULL, 0, &info);
    ANSWERS(alexnet_features_get, false, features, 0, NULL);
    REFUSES(alexnet_features_file, "features", NULL, "x.png", values);
    REFUSES(alexnet_features_file, "path", features, NULL, values);
    REFUSES(alexnet_features_file, "values", features, "x.png", NULL);
    REFUSES(alexnet_features_bytes, "features", NULL, "x", 1, values);
    REFUSES(alexnet_features_bytes, "bytes", features, NULL, 1, values);
    REFUSES(alexnet_features_bytes, "values", features, "x", 1, NULL);
    REFUSES(alexnet_features_pixels, "features", NULL, &nothing, values);
    REFUSES(alexnet_features_pixels, "pixels", features, NULL, values);
    REFUSES(alexnet_features_pixels, "values", features, &nothing, NULL);
    expect_failure(alexnet_features_pixels(features, &nothing, values),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "no pixels");
    REFUSES(alexnet_feature_stream_new, "out", NULL, features, data);
    REFUSES(alexnet_feature_stream_new, "features", &stream, NULL, data);
    REFUSES(alexnet_feature_stream_new, "dataset", &stream, features, NULL);
    expect_ok(alexnet_feature_stream_new(&stream, features, data));
    REFUSES(alexnet_feature_stream_next, "stream", NULL, &result, &more);
    REFUSES(alexnet_feature_stream_next, "result", stream, NULL, &more);
    REFUSES(alexnet_feature_stream_next, "more", stream, &result, NULL);
    alexnet_feature_stream_free(stream);
    TAKES_NOTHING(alexnet_feature_stream_free, NULL);
    alexnet_features_free(features);
    TAKES_NOTHING(alexnet_features_free, NULL);
}

static void test_index(void **state)
{
    alexnet_features *features;
    alexnet_index *index;
    alexnet_pairs *pairs;
    alexnet_neighbour found;
    alexnet_pair pair;
    double fraction;
    int64_t done;
    float values[8] = {0};
    (void)state;
    static const char *const layers[] = {"g"};
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    options.layers = layers;
    options.count = 1;
    expect_ok(alexnet_features_new(&features, model, &options));
    REFUSES(alexnet_index_open, "out", NULL, features, "data", NULL);
    REFUSES(alexnet_index_open, "features", &index, NULL, "data", NULL);
    REFUSES(alexnet_index_open, "folder", &index, features, NULL, NULL);
    expect_ok(alexnet_index_open(&index, features, "data", "null.index"));
    ANSWERS(alexnet_index_missing, 0, NULL, &done);
    ANSWERS(alexnet_index_count, 0, NULL);
    ANSWERS(alexnet_index_unreadable, 0, NULL);
    ANSWERS(alexnet_index_path, NULL, NULL, 0);
    ANSWERS(alexnet_index_path, NULL, index, -1);
    ANSWERS(alexnet_index_path, NULL, index, alexnet_index_count(index));
    ANSWERS(alexnet_index_values, NULL, NULL, 0);
    ANSWERS(alexnet_index_values, NULL, index, 0); /* not computed */
    REFUSES(alexnet_index_step, "index", NULL, &more);
    REFUSES(alexnet_index_step, "more", index, NULL);
    REFUSES(alexnet_index_flush, "index", NULL);
    REFUSES(alexnet_index_nearest, "index", NULL, values, 1, ALEXNET_METRIC_EUCLIDEAN, 1, &found);
    REFUSES(alexnet_index_nearest, "queries", index, NULL, 1, ALEXNET_METRIC_EUCLIDEAN, 1, &found);
    REFUSES(alexnet_index_nearest, "out", index, values, 1, ALEXNET_METRIC_EUCLIDEAN, 1, NULL);
    expect_failure(alexnet_index_nearest(index, values, 1, (alexnet_metric)9, 1, &found),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "metric = 9");
    expect_failure(alexnet_index_nearest(index, values, 0, ALEXNET_METRIC_EUCLIDEAN, 1, &found),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "count = 0");
    expect_failure(alexnet_index_nearest(index, values, 1, ALEXNET_METRIC_EUCLIDEAN, 0, &found),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "top = 0");
    REFUSES(alexnet_pairs_new, "out", NULL, index, ALEXNET_METRIC_EUCLIDEAN, 1, 1.0);
    REFUSES(alexnet_pairs_new, "index", &pairs, NULL, ALEXNET_METRIC_EUCLIDEAN, 1, 1.0);
    expect_failure(alexnet_pairs_new(&pairs, index, ALEXNET_METRIC_EUCLIDEAN, 0, 1.0),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "limit = 0");
    expect_failure(alexnet_pairs_new(&pairs, index, ALEXNET_METRIC_EUCLIDEAN, 1, -1.0),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "most = -1");
    for (more = true; more;)
        expect_ok(alexnet_index_step(index, &more));
    expect_ok(alexnet_pairs_new(&pairs, index, ALEXNET_METRIC_EUCLIDEAN, 1, 1.0));
    REFUSES(alexnet_pairs_step, "pairs", NULL, &fraction, &more);
    REFUSES(alexnet_pairs_step, "fraction", pairs, NULL, &more);
    REFUSES(alexnet_pairs_step, "more", pairs, &fraction, NULL);
    ANSWERS(alexnet_pairs_get, false, NULL, 0, &pair);
    ANSWERS(alexnet_pairs_get, false, pairs, 0, NULL);
    alexnet_pairs_free(pairs);
    TAKES_NOTHING(alexnet_pairs_free, NULL);
    alexnet_index_free(index);
    TAKES_NOTHING(alexnet_index_free, NULL);
    alexnet_features_free(features);
}

static void test_dissimilarities(void **state)
{
    static const float values[3] = {1, 2, 4};
    double rdm[9], similarity;
    int64_t count;
    (void)state;
    REFUSES(alexnet_rdm, "rdm", NULL, ctx, values, 3, 1, ALEXNET_DISSIMILARITY_EUCLIDEAN);
    REFUSES(alexnet_rdm, "ctx", rdm, NULL, values, 3, 1, ALEXNET_DISSIMILARITY_EUCLIDEAN);
    REFUSES(alexnet_rdm, "features", rdm, ctx, NULL, 3, 1, ALEXNET_DISSIMILARITY_EUCLIDEAN);
    expect_ok(alexnet_rdm(rdm, ctx, values, 3, 1, ALEXNET_DISSIMILARITY_EUCLIDEAN));
    REFUSES(alexnet_rsa, "similarity", NULL, ctx, rdm, rdm, 3, ALEXNET_RANK_SPEARMAN);
    REFUSES(alexnet_rsa, "ctx", &similarity, NULL, rdm, rdm, 3, ALEXNET_RANK_SPEARMAN);
    REFUSES(alexnet_rsa, "a", &similarity, ctx, NULL, rdm, 3, ALEXNET_RANK_SPEARMAN);
    REFUSES(alexnet_rsa, "b", &similarity, ctx, rdm, NULL, 3, ALEXNET_RANK_SPEARMAN);
    REFUSES(alexnet_rdm_read, "path", NULL, &count, NULL);
    REFUSES(alexnet_rdm_read, "count", "x.npy", NULL, NULL);
}

#endif
