/*
 * Every public function with NULL for its pointers: none crashes, and each returns what the header
 * promises. The test fails if it does not call every function of src/alexnet.map. Then numbers that
 * the header excludes.
 */
#include "null_features.h"
#include "null_rig.h"
#include "null_trials.h"

static void test_contexts_and_devices(void **state)
{
    const char *text;
    (void)state;
    TAKES(alexnet_version);
    TAKES(alexnet_memory_available);
    TAKES(alexnet_error_text);
    TAKES(alexnet_status_name, ALEXNET_OK);
    TAKES(alexnet_precision_name, ALEXNET_PRECISION_AUTO);
    ANSWERS(alexnet_word_nearest, NULL, NULL, &text, 1);
    ANSWERS(alexnet_word_nearest, NULL, "word", NULL, 1);
    REFUSES(alexnet_ctx_new, "out", NULL, NULL);
    TAKES_NOTHING(alexnet_ctx_free, NULL);
    ANSWERS(alexnet_ctx_threads, 0, NULL);
    ANSWERS(alexnet_ctx_split, 0, NULL);
    TAKES_NOTHING(alexnet_ctx_cancel, NULL);
    TAKES_NOTHING(alexnet_ctx_uncancel, NULL);
    ANSWERS(alexnet_device_get, false, 0, NULL);
    ANSWERS(alexnet_library_get, false, 0, NULL, &text);
    ANSWERS(alexnet_library_get, false, 0, &text, NULL);
}

static void test_networks_and_recipes(void **state)
{
    alexnet_network *network;
    alexnet_layer_info layer;
    alexnet_rectangle field;
    alexnet_recipe *recipe;
    (void)state;
    TAKES(alexnet_network_builtin, 0);
    REFUSES(alexnet_network_load, "out", NULL, NULL, "alexnet");
    REFUSES(alexnet_network_load, "name_or_path", &network, NULL, NULL);
    TAKES_NOTHING(alexnet_network_free, NULL);
    ANSWERS(alexnet_network_name, NULL, NULL);
    ANSWERS(alexnet_network_text, NULL, NULL);
    ANSWERS(alexnet_network_structure, NULL, NULL);
    ANSWERS(alexnet_network_preprocessing, NULL, NULL);
    ANSWERS(alexnet_network_layer_count, 0, NULL);
    REFUSES(alexnet_network_layer, "network", NULL, 0, &layer);
    REFUSES(alexnet_network_layer, "info", alexnet_model_network(model), 0, NULL);
    ANSWERS(alexnet_network_side, 0, NULL);
    ANSWERS(alexnet_network_towers, 0, NULL, 0);
    REFUSES(alexnet_network_field, "network", NULL, 0, 0, 0, &field);
    REFUSES(alexnet_network_field, "field", alexnet_model_network(model), 0, 0, 0, NULL);
    TAKES(alexnet_recipe_builtin, 0);
    REFUSES(alexnet_recipe_load, "out", NULL, "default");
    REFUSES(alexnet_recipe_load, "name_or_path", &recipe, NULL);
    expect_ok(alexnet_recipe_load(&recipe, "default"));
    REFUSES(alexnet_recipe_set, "recipe", NULL, "epochs", "1");
    REFUSES(alexnet_recipe_set, "key", recipe, NULL, "1");
    REFUSES(alexnet_recipe_set, "value", recipe, "epochs", NULL);
    ANSWERS(alexnet_recipe_get, NULL, NULL, "epochs");
    ANSWERS(alexnet_recipe_get, NULL, recipe, NULL);
    ANSWERS(alexnet_recipe_layer_key, NULL, NULL, 0);
    ANSWERS(alexnet_recipe_key_get, false, 0, NULL);
    alexnet_recipe_free(recipe);
    TAKES_NOTHING(alexnet_recipe_free, NULL);
}

static void test_models(void **state)
{
    alexnet_model *out;
    alexnet_format_info format;
    uint64_t number;
    alexnet_tensor_info tensor;
    (void)state;
    REFUSES(alexnet_model_load, "out", NULL, ctx, "run");
    REFUSES(alexnet_model_load, "ctx", &out, NULL, "run");
    REFUSES(alexnet_model_load, "path", &out, ctx, NULL);
    REFUSES(alexnet_model_load_with, "out", NULL, ctx, "run", NULL);
    REFUSES(alexnet_model_load_with, "ctx", &out, NULL, "run", NULL);
    REFUSES(alexnet_model_load_with, "path", &out, ctx, NULL, NULL);
    REFUSES(alexnet_model_load_memory, "out", NULL, ctx, "x", 1);
    REFUSES(alexnet_model_load_memory, "ctx", &out, NULL, "x", 1);
    REFUSES(alexnet_model_load_memory, "bytes", &out, ctx, NULL, 1);
    assert_null(out);
    TAKES_NOTHING(alexnet_model_free, NULL);
    ANSWERS(alexnet_model_network, NULL, NULL);
    ANSWERS(alexnet_model_format, NULL, NULL);
    ANSWERS(alexnet_model_format_version, NULL, NULL);
    ANSWERS(alexnet_model_provenance, NULL, NULL);
    ANSWERS(alexnet_model_class_count, 0, NULL);
    ANSWERS(alexnet_model_class_name, NULL, NULL, 0);
    ANSWERS(alexnet_model_class_id, NULL, NULL, 0);
    ANSWERS(alexnet_model_tensor_count, 0, NULL);
    REFUSES(alexnet_model_fingerprint, "model", NULL, &number);
    REFUSES(alexnet_model_fingerprint, "fingerprint", model, NULL);
    REFUSES(alexnet_model_tensor, "model", NULL, 0, &tensor);
    REFUSES(alexnet_model_tensor, "info", model, 0, NULL);
    REFUSES(alexnet_model_save, "model", NULL, "x.safetensors", NULL);
    REFUSES(alexnet_model_save, "path", model, NULL, NULL);
    ANSWERS(alexnet_format_get, false, 0, NULL);
    REFUSES(alexnet_format_find, "info", NULL, NULL, "x");
    REFUSES(alexnet_format_find, "path", &format, NULL, NULL);
    TAKES(alexnet_format_find, &format, "safetensors", NULL);
    ANSWERS(alexnet_format_of, NULL, NULL);
    ANSWERS(alexnet_is_checkpoint, false, NULL);
}

static void test_data_sets(void **state)
{
    alexnet_dataset *out, *other;
    alexnet_dataset_kind kind;
    const alexnet_source source = ALEXNET_SOURCE_INIT;
    const char *path;
    int label;
    (void)state;
    TAKES(alexnet_picture_ending, 0);
    TAKES(alexnet_too_many_bad, 0, 0, 0);
    REFUSES(alexnet_dataset_layout, "path", NULL, &kind);
    REFUSES(alexnet_dataset_layout, "kind", "data", NULL);
    REFUSES(alexnet_dataset_layout_on, "ctx", NULL, "data", &kind);
    REFUSES(alexnet_dataset_layout_on, "path", ctx, NULL, &kind);
    REFUSES(alexnet_dataset_layout_on, "kind", ctx, "data", NULL);
    REFUSES(alexnet_dataset_open, "out", NULL, ctx, "data", NULL);
    REFUSES(alexnet_dataset_open, "ctx", &out, NULL, "data", NULL);
    REFUSES(alexnet_dataset_open, "path", &out, ctx, NULL, NULL);
    REFUSES(alexnet_dataset_open_files, "out", NULL, ctx, &path, 1);
    REFUSES(alexnet_dataset_open_files, "ctx", &out, NULL, &path, 1);
    REFUSES(alexnet_dataset_open_files, "picture 0", &out, ctx, NULL, 1);
    REFUSES(alexnet_dataset_from_source, "out", NULL, ctx, &source, NULL);
    REFUSES(alexnet_dataset_from_source, "ctx", &out, NULL, &source, NULL);
    REFUSES(alexnet_dataset_from_source, "source", &out, ctx, NULL, NULL);
    REFUSES(alexnet_dataset_from_source, "(): source->count", &out, ctx, &source, NULL);
    out = other = data;
    REFUSES(alexnet_dataset_split, "dataset", NULL, 0.5, 1, &out, &other);
    assert_true(!out && !other);
    out = other = data;
    REFUSES(alexnet_dataset_split, "train", data, 0.5, 1, NULL, &other);
    assert_null(other);
    REFUSES(alexnet_dataset_split, "val", data, 0.5, 1, &out, NULL);
    assert_null(out);
    TAKES_NOTHING(alexnet_dataset_free, NULL);
    ANSWERS(alexnet_dataset_count, 0, NULL);
    ANSWERS(alexnet_dataset_class_count, 0, NULL);
    ANSWERS(alexnet_dataset_class_name, NULL, NULL, 0);
    ANSWERS(alexnet_dataset_class_id, NULL, NULL, 0);
    path = "left from before", label = 7;
    REFUSES(alexnet_dataset_picture, "dataset", NULL, 0, &path, &label);
    assert_true(!path && label == -1);
    expect_ok(alexnet_dataset_picture(data, 0, NULL, NULL));
}

static void test_packs_and_statistics(void **state)
{
    alexnet_pack *pack;
    alexnet_data_stats *stats, *more_stats;
    int64_t done;
    (void)state;
    REFUSES(alexnet_pack_new, "out", NULL, ctx, data, NULL, "out", NULL);
    REFUSES(alexnet_pack_new, "ctx", &pack, NULL, data, NULL, "out", NULL);
    REFUSES(alexnet_pack_new, "train", &pack, ctx, NULL, NULL, "out", NULL);
    REFUSES(alexnet_pack_new, "folder", &pack, ctx, data, NULL, NULL, NULL);
    expect_ok(alexnet_pack_new(&pack, ctx, data, NULL, "packed", NULL));
    REFUSES(alexnet_pack_step, "pack", NULL, NULL, &more);
    REFUSES(alexnet_pack_step, "more", pack, NULL, NULL);
    expect_ok(alexnet_pack_step(pack, NULL, &more));
    alexnet_pack_free(pack);
    TAKES_NOTHING(alexnet_pack_free, NULL);
    REFUSES(alexnet_data_stats_new, "out", NULL, ctx, data, NULL);
    REFUSES(alexnet_data_stats_new, "ctx", &more_stats, NULL, data, NULL);
    REFUSES(alexnet_data_stats_new, "dataset", &more_stats, ctx, NULL, NULL);
    expect_ok(alexnet_data_stats_new(&stats, ctx, data, NULL));
    ANSWERS(alexnet_data_stats_get, NULL, stats);
    ANSWERS(alexnet_data_stats_get, NULL, NULL);
    REFUSES(alexnet_data_stats_save, "stats", NULL, "x.safetensors");
    REFUSES(alexnet_data_stats_save, "path", stats, NULL);
    REFUSES(alexnet_data_stats_step, "stats", NULL, &done, &more);
    REFUSES(alexnet_data_stats_step, "more", stats, &done, NULL);
    expect_ok(alexnet_data_stats_step(stats, NULL, &more));
    alexnet_data_stats_free(stats);
    TAKES_NOTHING(alexnet_data_stats_free, NULL);
}

static void test_sessions(void **state)
{
    static const char *const paths[] = {"data/class0/000.png", NULL};
    const alexnet_pixels nothing = {NULL, 8, 8, 24, ALEXNET_PIXELS_RGB8};
    alexnet_session *out;
    alexnet_stream *stream;
    alexnet_stream_result result;
    (void)state;
    REFUSES(alexnet_stream_open, "out", NULL, session, data, 1);
    REFUSES(alexnet_stream_open, "session", &stream, NULL, data, 1);
    REFUSES(alexnet_stream_open, "dataset", &stream, session, NULL, 1);
    REFUSES(alexnet_session_new, "out", NULL, model, NULL);
    REFUSES(alexnet_session_new, "model", &out, NULL, NULL);
    TAKES_NOTHING(alexnet_session_free, NULL);
    REFUSES(alexnet_classify_file, "session", NULL, paths[0], 1, best);
    REFUSES(alexnet_classify_file, "path", session, NULL, 1, best);
    REFUSES(alexnet_classify_file, "best", session, paths[0], 1, NULL);
    REFUSES(alexnet_classify_bytes, "session", NULL, "x", 1, 1, best);
    REFUSES(alexnet_classify_bytes, "bytes", session, NULL, 1, 1, best);
    REFUSES(alexnet_classify_bytes, "best", session, "x", 1, 1, NULL);
    REFUSES(alexnet_classify_pixels, "session", NULL, &nothing, 1, best);
    REFUSES(alexnet_classify_pixels, "pixels", session, NULL, 1, best);
    REFUSES(alexnet_classify_pixels, "best", session, &nothing, 1, NULL);
    expect_failure(alexnet_classify_pixels(session, &nothing, 1, best),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "no pixels");
    REFUSES(alexnet_stream_new, "out", NULL, session, paths, 1, 1);
    REFUSES(alexnet_stream_new, "session", &stream, NULL, paths, 1, 1);
    REFUSES(alexnet_stream_new, "picture 0", &stream, session, NULL, 1, 1);
    REFUSES(alexnet_stream_new, "picture 1", &stream, session, paths, 2, 1);
    expect_ok(alexnet_stream_new(&stream, session, NULL, 0, 1));
    REFUSES(alexnet_stream_next, "stream", NULL, &result, &more);
    REFUSES(alexnet_stream_next, "result", stream, NULL, &more);
    REFUSES(alexnet_stream_next, "more", stream, &result, NULL);
    alexnet_stream_free(stream);
    TAKES_NOTHING(alexnet_stream_free, NULL);
}

static uint8_t crop[14 * 14 * 3];

static void test_crops_and_gradients(void **state)
{
    const alexnet_network *network = alexnet_model_network(model);
    const alexnet_pixels pixels = {crop, 14, 14, 42, ALEXNET_PIXELS_RGB8};
    alexnet_saliency *saliency;
    (void)state;
    REFUSES(alexnet_crop_file, "network", NULL, "x.png", crop);
    REFUSES(alexnet_crop_file, "path", network, NULL, crop);
    REFUSES(alexnet_crop_file, "crop", network, "x.png", NULL);
    REFUSES(alexnet_crop_bytes, "network", NULL, "x", 1, crop);
    REFUSES(alexnet_crop_bytes, "bytes", network, NULL, 1, crop);
    REFUSES(alexnet_crop_bytes, "crop", network, "x", 1, NULL);
    REFUSES(alexnet_crop_pixels, "network", NULL, &pixels, crop);
    REFUSES(alexnet_crop_pixels, "pixels", network, NULL, crop);
    REFUSES(alexnet_crop_pixels, "crop", network, &pixels, NULL);
    REFUSES(alexnet_crop_item, "network", NULL, data, 0, crop);
    REFUSES(alexnet_crop_item, "dataset", network, NULL, 0, crop);
    REFUSES(alexnet_crop_item, "crop", network, data, 0, NULL);
    REFUSES(alexnet_saliency_new, "out", NULL, model);
    REFUSES(alexnet_saliency_new, "model", &saliency, NULL);
    expect_ok(alexnet_saliency_new(&saliency, model));
    REFUSES(alexnet_saliency_compute, "saliency", NULL, crop, 0, NULL, NULL, NULL);
    REFUSES(alexnet_saliency_compute, "crop", saliency, NULL, 0, NULL, NULL, NULL);
    expect_ok(alexnet_saliency_compute(saliency, crop, 0, NULL, NULL, NULL));
    alexnet_saliency_free(saliency);
    TAKES_NOTHING(alexnet_saliency_free, NULL);
}

static void test_distances(void **state)
{
    alexnet_distance *distance;
    alexnet_distance_picture *picture;
    alexnet_distance_stream *stream;
    alexnet_distance_result result;
    const alexnet_pixels pixels = {crop, 14, 14, 42, ALEXNET_PIXELS_RGB8};
    const float level = 0;
    (void)state;
    REFUSES(alexnet_model_set_lpips, "model", NULL, "x.pth");
    REFUSES(alexnet_model_set_lpips, "path", model, NULL);
    REFUSES(alexnet_distance_new, "out", NULL, model, NULL);
    REFUSES(alexnet_distance_new, "model", &distance, NULL, NULL);
    REFUSES(alexnet_distance_picture_file, "out", NULL, NULL, "x.png");
    REFUSES(alexnet_distance_picture_file, "distance", &picture, NULL, "x.png");
    REFUSES(alexnet_distance_picture_bytes, "out", NULL, NULL, "x", 1);
    REFUSES(alexnet_distance_picture_bytes, "distance", &picture, NULL, "x", 1);
    REFUSES(alexnet_distance_picture_pixels, "out", NULL, NULL, &pixels);
    REFUSES(alexnet_distance_picture_pixels, "distance", &picture, NULL, &pixels);
    REFUSES(alexnet_distance_picture_levels, "out", NULL, NULL, &level, 1, 1);
    REFUSES(alexnet_distance_picture_levels, "distance", &picture, NULL, &level, 1, 1);
    REFUSES(alexnet_distance_stream_new, "out", NULL, NULL, NULL, NULL, 0);
    REFUSES(alexnet_distance_stream_new, "distance", &stream, NULL, NULL, NULL, 0);
    REFUSES(alexnet_distance_stream_next, "stream", NULL, &result, &more);
    TAKES_NOTHING(alexnet_distance_stream_free, NULL);
    REFUSES(alexnet_distance_between, "distance", NULL, NULL, NULL, NULL, NULL, NULL);
    REFUSES(alexnet_distance_files, "distance", NULL, "x.png", "y.png", NULL, NULL);
    ANSWERS(alexnet_distance_part_count, 0, NULL);
    ANSWERS(alexnet_distance_part_name, NULL, NULL, 0);
    ANSWERS(alexnet_distance_picture_width, 0, NULL);
    ANSWERS(alexnet_distance_picture_height, 0, NULL);
    ANSWERS(alexnet_distance_picture_memory, 0, NULL);
    TAKES_NOTHING(alexnet_distance_free, NULL);
    TAKES_NOTHING(alexnet_distance_picture_free, NULL);
}

static void test_occlusion_and_activations(void **state)
{
    alexnet_occlusion *occlusion;
    alexnet_activations *activations;
    int64_t done;
    (void)state;
    REFUSES(alexnet_occlusion_new, "out", NULL, model, NULL);
    REFUSES(alexnet_occlusion_new, "model", &occlusion, NULL, NULL);
    expect_ok(alexnet_occlusion_new(&occlusion, model, NULL));
    REFUSES(alexnet_occlusion_start, "occlusion", NULL, crop, 0);
    REFUSES(alexnet_occlusion_start, "crop", occlusion, NULL, 0);
    expect_ok(alexnet_occlusion_start(occlusion, crop, 0));
    REFUSES(alexnet_occlusion_step, "occlusion", NULL, &done, &more);
    REFUSES(alexnet_occlusion_step, "done", occlusion, NULL, &more);
    REFUSES(alexnet_occlusion_step, "more", occlusion, &done, NULL);
    ANSWERS(alexnet_occlusion_side, 0, NULL);
    ANSWERS(alexnet_occlusion_stride, 0, NULL);
    ANSWERS(alexnet_occlusion_square, 0, NULL);
    ANSWERS(alexnet_occlusion_map, NULL, NULL, NULL);
    alexnet_occlusion_free(occlusion);
    TAKES_NOTHING(alexnet_occlusion_free, NULL);
    REFUSES(alexnet_activations_new, "out", NULL, model);
    REFUSES(alexnet_activations_new, "model", &activations, NULL);
    expect_ok(alexnet_activations_new(&activations, model));
    REFUSES(alexnet_activations_compute, "activations", NULL, crop);
    REFUSES(alexnet_activations_compute, "crop", activations, NULL);
    ANSWERS(alexnet_activations_layer, NULL, NULL, 0);
    alexnet_activations_free(activations);
    TAKES_NOTHING(alexnet_activations_free, NULL);
}

static void test_patches(void **state)
{
    alexnet_patches *patches;
    alexnet_patch patch;
    alexnet_dataset *nothing;
    int64_t done;
    (void)state;
    REFUSES(alexnet_patches_new, "out", NULL, model, data, NULL);
    REFUSES(alexnet_patches_new, "model", &patches, NULL, data, NULL);
    REFUSES(alexnet_patches_new, "dataset", &patches, model, NULL, NULL);
    expect_ok(alexnet_dataset_open_files(&nothing, ctx, NULL, 0));
    expect_ok(alexnet_patches_new(&patches, model, nothing, NULL));
    alexnet_dataset_free(nothing);
    REFUSES(alexnet_patches_step, "patches", NULL, &done, &more);
    REFUSES(alexnet_patches_step, "done", patches, NULL, &more);
    REFUSES(alexnet_patches_step, "more", patches, &done, NULL);
    expect_ok(alexnet_patches_step(patches, &done, &more));
    assert_false(more);
    ANSWERS(alexnet_patches_get, false, NULL, 0, &patch);
    ANSWERS(alexnet_patches_get, false, patches, 0, NULL);
    assert_false(alexnet_patches_get(patches, 0, &patch));
    ANSWERS(alexnet_patches_skipped, 0, NULL);
    alexnet_patches_free(patches);
    TAKES_NOTHING(alexnet_patches_free, NULL);
}

static void test_evaluations(void **state)
{
    alexnet_evaluation *evaluation;
    alexnet_metrics metrics;
    alexnet_evaluated picture;
    alexnet_class_metrics of;
    alexnet_intervals intervals;
    double number;
    int64_t done;
    (void)state;
    REFUSES(alexnet_evaluation_new, "out", NULL, session, data);
    REFUSES(alexnet_evaluation_new, "session", &evaluation, NULL, data);
    REFUSES(alexnet_evaluation_new, "dataset", &evaluation, session, NULL);
    expect_ok(alexnet_evaluation_new(&evaluation, session, data));
    REFUSES(alexnet_evaluation_step, "evaluation", NULL, &done, &more);
    REFUSES(alexnet_evaluation_step, "done", evaluation, NULL, &more);
    REFUSES(alexnet_evaluation_step, "more", evaluation, &done, NULL);
    REFUSES(alexnet_evaluation_metrics, "evaluation", NULL, &metrics);
    REFUSES(alexnet_evaluation_metrics, "metrics", evaluation, NULL);
    ANSWERS(alexnet_evaluation_confusion, -1, NULL, 0, 0);
    ANSWERS(alexnet_evaluation_answer, -1, NULL, 0, 0, NULL);
    REFUSES(alexnet_evaluation_picture, "evaluation", NULL, 0, 0, &picture, NULL);
    REFUSES(alexnet_evaluation_picture, "picture", evaluation, 0, 0, NULL, NULL);
    REFUSES(alexnet_evaluation_picture, "best", evaluation, 0, 1, &picture, NULL);
    REFUSES(alexnet_evaluation_class, "evaluation", NULL, 0, &of);
    REFUSES(alexnet_evaluation_class, "metrics", evaluation, 0, NULL);
    REFUSES(alexnet_evaluation_intervals, "evaluation", NULL, &intervals);
    REFUSES(alexnet_evaluation_intervals, "intervals", evaluation, NULL);
    REFUSES(alexnet_evaluation_calibration, "evaluation", NULL, &number, NULL);
    REFUSES(alexnet_evaluation_calibration, "error", evaluation, NULL, NULL);
    alexnet_evaluation_free(evaluation);
    TAKES_NOTHING(alexnet_evaluation_free, NULL);
}

static void test_ensembles(void **state)
{
    alexnet_evaluation *evaluation;
    alexnet_weight_search *search;
    alexnet_session *const sessions[] = {session, NULL};
    alexnet_ensemble_options options = ALEXNET_ENSEMBLE_OPTIONS_INIT;
    const double left[] = {1}, *weights = left;
    int64_t done;
    int tried;
    (void)state;
    REFUSES(alexnet_evaluation_new_ensemble, "out", NULL, sessions, 1, data, NULL);
    REFUSES(alexnet_evaluation_new_ensemble, "sessions", &evaluation, NULL, 1, data, NULL);
    REFUSES(alexnet_evaluation_new_ensemble, "sessions[1]", &evaluation, sessions, 2, data, NULL);
    REFUSES(alexnet_evaluation_new_ensemble, "dataset", &evaluation, sessions, 1, NULL, NULL);
    options.keep = true;
    expect_ok(alexnet_evaluation_new_ensemble(&evaluation, sessions, 1, data, &options));
    REFUSES(alexnet_evaluation_set_weights, "evaluation", NULL, (double[]){1});
    REFUSES(alexnet_evaluation_set_weights, "weights", evaluation, NULL);
    for (more = true; more;)
        expect_ok(alexnet_evaluation_step(evaluation, &done, &more));
    REFUSES(alexnet_weight_search_new, "out", NULL, evaluation, NULL);
    REFUSES(alexnet_weight_search_new, "evaluation", &search, NULL, NULL);
    expect_ok(alexnet_weight_search_new(&search, evaluation, NULL));
    REFUSES(alexnet_weight_search_step, "search", NULL, &tried, &more);
    REFUSES(alexnet_weight_search_step, "tried", search, NULL, &more);
    REFUSES(alexnet_weight_search_step, "more", search, &tried, NULL);
    REFUSES(alexnet_weight_search_result, "search", NULL, &weights, NULL);
    assert_null(weights);
    alexnet_weight_search_free(search);
    TAKES_NOTHING(alexnet_weight_search_free, NULL);
    alexnet_evaluation_free(evaluation);
}

static void test_trainers(void **state)
{
    alexnet_trainer *trainer;
    alexnet_dataset *val;
    alexnet_progress progress;
    alexnet_metrics metrics;
    alexnet_memory memory;
    alexnet_disk disk;
    alexnet_norms norms;
    alexnet_tensor_info tensor;
    alexnet_events *events;
    const float value = 0;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    (void)state;
    REFUSES(alexnet_trainer_new, "out", NULL, ctx, data, NULL, &options);
    REFUSES(alexnet_trainer_new, "ctx", &trainer, NULL, data, NULL, &options);
    REFUSES(alexnet_trainer_new, "train", &trainer, ctx, NULL, NULL, &options);
    expect_failure(alexnet_trainer_new(&trainer, ctx, data, NULL, NULL),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "out_dir");
    REFUSES(alexnet_trainer_resume, "out", NULL, ctx, "run", NULL);
    REFUSES(alexnet_trainer_resume, "ctx", &trainer, NULL, "run", NULL);
    REFUSES(alexnet_trainer_resume, "run_dir", &trainer, ctx, NULL, NULL);
    static const char *const no_value[] = {"epochs", NULL};
    const alexnet_resume_options half = {.size = sizeof half, .settings = no_value};
    expect_failure(alexnet_trainer_resume(&trainer, ctx, "run", &half),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "the setting epochs has no value");
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    REFUSES(alexnet_trainer_step, "trainer", NULL, &progress, &more);
    REFUSES(alexnet_trainer_step, "progress", trainer, NULL, &more);
    REFUSES(alexnet_trainer_step, "more", trainer, &progress, NULL);
    ANSWERS(alexnet_trainer_best, 0, NULL, &metrics);
    ANSWERS(alexnet_trainer_best, 1, trainer, NULL);
    REFUSES(alexnet_trainer_save, "trainer", NULL);
    ANSWERS(alexnet_trainer_folder, NULL, NULL);
    ANSWERS(alexnet_trainer_bad, 0, NULL);
    TAKES_NOTHING(alexnet_trainer_memory, NULL, &memory);
    assert_int_equal(memory.parameters, 0);
    TAKES_NOTHING(alexnet_trainer_memory, trainer, NULL);
    TAKES_NOTHING(alexnet_trainer_disk, NULL, &disk);
    assert_true(disk.peak == 0);
    TAKES_NOTHING(alexnet_trainer_disk, trainer, NULL);
    ANSWERS(alexnet_trainer_network, NULL, NULL);
    ANSWERS(alexnet_trainer_tensor_count, 0, NULL);
    ANSWERS(alexnet_trainer_norms, false, NULL, 0, &norms);
    ANSWERS(alexnet_trainer_norms, false, trainer, 0, NULL);
    REFUSES(alexnet_trainer_tensor, "trainer", NULL, 0, &tensor);
    REFUSES(alexnet_trainer_tensor, "info", trainer, 0, NULL);
    alexnet_trainer_free(trainer);
    REFUSES(alexnet_events_open, "out", NULL, ".", 0);
    REFUSES(alexnet_events_open, "folder", &events, NULL, 0);
    expect_ok(alexnet_events_open(&events, ".", 0));
    REFUSES(alexnet_events_scalar, "events", NULL, 0, "loss", 0);
    REFUSES(alexnet_events_scalar, "tag", events, 0, NULL, 0);
    REFUSES(alexnet_events_histogram, "events", NULL, 0, "w", &value, 1);
    REFUSES(alexnet_events_histogram, "tag", events, 0, NULL, &value, 1);
    REFUSES(alexnet_events_histogram, "values", events, 0, "w", NULL, 1);
    REFUSES(alexnet_events_picture, "events", NULL, 0, "p", "x", 1);
    REFUSES(alexnet_events_picture, "tag", events, 0, NULL, "x", 1);
    REFUSES(alexnet_events_picture, "png", events, 0, "p", NULL, 1);
    alexnet_events_free(events);
    TAKES_NOTHING(alexnet_events_free, NULL);
    TAKES_NOTHING(alexnet_trainer_free, NULL);
    REFUSES(alexnet_run_validation, "out", NULL, ctx, "run", model);
    REFUSES(alexnet_run_validation, "ctx", &val, NULL, "run", model);
    REFUSES(alexnet_run_validation, "run_dir", &val, ctx, NULL, model);
    REFUSES(alexnet_run_validation, "classes_of", &val, ctx, "run", NULL);
    REFUSES(alexnet_run_warn_seen, "ctx", NULL, "run", data);
    REFUSES(alexnet_run_warn_seen, "run_dir", ctx, NULL, data);
    REFUSES(alexnet_run_warn_seen, "data", ctx, "run", NULL);
}

static void test_measurements(void **state)
{
    alexnet_selftest *selftest;
    alexnet_selftest_result result;
    alexnet_bench *bench;
    alexnet_speed speed;
    alexnet_layer_speed layer;
    alexnet_loader_bench *loading;
    alexnet_loader_speed load;
    alexnet_tuner *tuner;
    alexnet_choice choice;
    double seconds = 7, other = 7;
    (void)state;
    REFUSES(alexnet_selftest_new, "out", NULL, ctx);
    REFUSES(alexnet_selftest_new, "ctx", &selftest, NULL);
    expect_ok(alexnet_selftest_new(&selftest, ctx));
    REFUSES(alexnet_selftest_next, "test", NULL, &result, &more);
    REFUSES(alexnet_selftest_next, "result", selftest, NULL, &more);
    REFUSES(alexnet_selftest_next, "more", selftest, &result, NULL);
    alexnet_selftest_free(selftest);
    TAKES_NOTHING(alexnet_selftest_free, NULL);
    REFUSES(alexnet_bench_new, "out", NULL, ctx, NULL);
    REFUSES(alexnet_bench_new, "ctx", &bench, NULL, NULL);
    REFUSES(alexnet_bench_step, "bench", NULL, &seconds, &more);
    TAKES_NOTHING(alexnet_bench_speed, NULL, &speed);
    assert_int_equal(speed.steps, 0);
    ANSWERS(alexnet_bench_peak, 0, NULL, ALEXNET_PRECISION_FP32, NULL);
    ANSWERS(alexnet_bench_layer, false, NULL, 0, &layer);
    TAKES_NOTHING(alexnet_bench_free, NULL);
    REFUSES(alexnet_loader_bench_new, "out", NULL, ctx, data, NULL);
    REFUSES(alexnet_loader_bench_new, "ctx", &loading, NULL, data, NULL);
    REFUSES(alexnet_loader_bench_new, "dataset", &loading, ctx, NULL, NULL);
    REFUSES(alexnet_loader_bench_step, "bench", NULL, &more);
    TAKES_NOTHING(alexnet_loader_bench_speed, NULL, &load);
    assert_int_equal(load.rounds, 0);
    TAKES_NOTHING(alexnet_loader_bench_free, NULL);
    REFUSES(alexnet_tuner_new, "out", NULL, ctx, NULL);
    REFUSES(alexnet_tuner_new, "ctx", &tuner, NULL, NULL);
    REFUSES(alexnet_tuner_step, "tuner", NULL, &seconds, &more);
    TAKES_NOTHING(alexnet_tuner_result, NULL, &seconds, &other);
    assert_true(seconds == 0 && other == 0);
    ANSWERS(alexnet_tuner_choice, false, NULL, 0, &choice);
    REFUSES(alexnet_tuner_save, "tuner", NULL, "t.ini");
    TAKES_NOTHING(alexnet_tuner_free, NULL);
}

static void test_checks(void **state)
{
    alexnet_check *check;
    alexnet_finding finding;
    alexnet_problem_info info;
    unsigned char bytes[16];
    size_t length;
    (void)state;
    ANSWERS(alexnet_problem_get, false, 0, NULL);
    assert_true(alexnet_problem_get(0, &info));
    assert_false(alexnet_problem_get(-1, &info) || alexnet_problem_get(1000, &info));
    REFUSES(alexnet_check_new, "out", NULL, ctx, data, NULL, NULL);
    REFUSES(alexnet_check_new, "ctx", &check, NULL, data, NULL, NULL);
    REFUSES(alexnet_check_new, "train", &check, ctx, NULL, NULL, NULL);
    REFUSES(alexnet_check_step, "check", NULL, NULL, &more);
    expect_ok(alexnet_check_new(&check, ctx, data, NULL, NULL));
    REFUSES(alexnet_check_step, "more", check, NULL, NULL);
    ANSWERS(alexnet_check_get, false, NULL, 0, &finding);
    ANSWERS(alexnet_check_get, false, check, 0, NULL);
    ANSWERS(alexnet_check_findings, 0, NULL);
    ANSWERS(alexnet_check_count, 0, NULL, ALEXNET_PROBLEM_SAME, NULL, NULL);
    ANSWERS(alexnet_check_ready, false, NULL);
    alexnet_check_free(check);
    TAKES_NOTHING(alexnet_check_free, NULL);
    REFUSES(alexnet_dataset_thumbnail, "dataset", NULL, 0, 8, bytes, sizeof bytes, &length);
    REFUSES(alexnet_dataset_thumbnail, "out", data, 0, 8, NULL, 0, &length);
    REFUSES(alexnet_dataset_thumbnail, "length", data, 0, 8, bytes, sizeof bytes, NULL);
}

#define EXCLUDES(call, part) expect_failure(call, ALEXNET_ERROR_INVALID_ARGUMENT, part)

static void test_numbers_of_checks(void **state)
{
    alexnet_check *check;
    alexnet_check_options o = ALEXNET_CHECK_OPTIONS_INIT;
    unsigned char bytes[16];
    size_t length;
    (void)state;
    for (int high = 0; high < 2; high++) {
        o.side = high ? INT32_MAX : -1;
        EXCLUDES(alexnet_check_new(&check, ctx, data, NULL, &o), "side = ");
        o.side = 0;
        o.distance = high ? 65 : -1;
        EXCLUDES(alexnet_check_new(&check, ctx, data, NULL, &o), "distance = ");
        const int64_t index = high ? alexnet_dataset_count(data) : -1;
        EXCLUDES(alexnet_dataset_thumbnail(data, index, 8, bytes, sizeof bytes, &length),
                 "of a data set with");
        EXCLUDES(alexnet_dataset_thumbnail(data, 0, high ? 1025 : 0, bytes, sizeof bytes, &length),
                 "side = ");
    }
    expect_ok(alexnet_check_new(&check, ctx, data, NULL, NULL));
    assert_int_equal(alexnet_check_findings(check), 0); /* until it is done */
    alexnet_check_free(check);
}

static void test_numbers_of_models(void **state)
{
    alexnet_save_options weights = ALEXNET_SAVE_OPTIONS_INIT, names = ALEXNET_SAVE_OPTIONS_INIT;
    (void)state;
    weights.weights = (alexnet_weights)3;
    EXCLUDES(alexnet_model_save(model, "x.safetensors", &weights),
             "weights = 3 is not an alexnet_weights");
    names.names = (alexnet_names)3;
    EXCLUDES(alexnet_model_save(model, "x.safetensors", &names),
             "names = 3 is not an alexnet_names");
}

static void test_numbers_of_trainers(void **state)
{
    alexnet_trainer *trainer;
    alexnet_tensor_info tensor;
    alexnet_trainer_options split = ALEXNET_TRAINER_OPTIONS_INIT;
    (void)state;
    split.out_dir = "other";
    for (int high = 0; high < 2; high++) {
        split.split = high ? INT32_MAX : -1;
        EXCLUDES(alexnet_trainer_new(&trainer, ctx, data, NULL, &split), "split = ");
    }
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    const int count = alexnet_trainer_tensor_count(trainer);
    for (int index = -1; index <= count; index += count + 1)
        EXCLUDES(alexnet_trainer_tensor(trainer, index, &tensor), "of a run with");
    alexnet_trainer_free(trainer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contexts_and_devices),
        cmocka_unit_test(test_networks_and_recipes),
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_data_sets),
        cmocka_unit_test(test_packs_and_statistics),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_dissimilarities),
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_crops_and_gradients),
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_occlusion_and_activations),
        cmocka_unit_test(test_patches),
        cmocka_unit_test(test_evaluations),
        cmocka_unit_test(test_ensembles),
        cmocka_unit_test(test_trainers),
        cmocka_unit_test(test_trials),
        cmocka_unit_test(test_previews),
        cmocka_unit_test(test_measurements),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_numbers_of_checks),
        cmocka_unit_test(test_numbers_of_models),
        cmocka_unit_test(test_numbers_of_trainers),
        cmocka_unit_test(test_nothing_is_forgotten),
    };
    return cmocka_run_group_tests_name("NULL", tests, set_up, tear_down);
}
