/*
 * Memory that runs out at any point of what callers do with networks, models, data and runs
 * (oom_rig.h).
 */
#include "oom/oom_rig.h"

#include "format/safetensors.h"
#include "model/model_open.h"

static alexnet_status read_networks(void)
{
    alexnet_ctx *ctx = NULL;
    alexnet_network *network = NULL;
    alexnet_status rc;
    AN_TRY(new_ctx(&ctx));
    for (int i = 0; alexnet_network_builtin(i); i++) {
        AN_TRY(alexnet_network_load(&network, ctx, alexnet_network_builtin(i)->name));
        alexnet_network_free(network);
    }
    AN_TRY(alexnet_network_load(&network, ctx, "net.ini"));
    note(alexnet_network_structure(network), strlen(alexnet_network_structure(network)));
    note(alexnet_network_text(network), strlen(alexnet_network_text(network)));
cleanup:
    alexnet_network_free(network);
    alexnet_ctx_free(ctx);
    return rc;
}

static alexnet_status read_recipes(void)
{
    alexnet_recipe *recipe = NULL;
    alexnet_status rc;
    for (int i = 0; alexnet_recipe_builtin(i); i++) {
        alexnet_recipe_free(recipe);
        AN_TRY(alexnet_recipe_load(&recipe, alexnet_recipe_builtin(i)->name));
    }
    AN_TRY(alexnet_recipe_set(recipe, "conv1.rate", "0.01 0.001@25"));
    const char *const texts[] = {alexnet_recipe_get(recipe, "conv1.rate"),
                                 alexnet_recipe_get(recipe, "momentum")};
    note(texts[0], strlen(texts[0]));
    note(texts[1], strlen(texts[1]));
cleanup:
    alexnet_recipe_free(recipe);
    return rc;
}

static alexnet_status read_data(void)
{
    alexnet_ctx *ctx = NULL;
    alexnet_dataset *data = NULL, *fit = NULL, *val = NULL;
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_dataset_kind kind;
    alexnet_status rc;
    options.names_file = "names";
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_dataset_layout("data", &kind));
    AN_TRY(alexnet_dataset_open(&data, ctx, "data", &options));
    AN_TRY(alexnet_dataset_split(data, 0.25, 1, &fit, &val));
    const int64_t counts[] = {alexnet_dataset_count(fit), alexnet_dataset_count(val)};
    note(counts, sizeof counts);
    for (int c = 0; c < alexnet_dataset_class_count(data); c++)
        note(alexnet_dataset_class_name(data, c), strlen(alexnet_dataset_class_name(data, c)));
cleanup:
    alexnet_dataset_free(val);
    alexnet_dataset_free(fit);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    return rc;
}

/* Examine a data set with copies, an empty class and a hidden one; make thumbnails of the findings.
 */
static alexnet_status check_data(void)
{
    alexnet_ctx *ctx = NULL;
    alexnet_dataset *data = NULL;
    alexnet_check *check = NULL;
    alexnet_dataset_options how = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_check_options options = ALEXNET_CHECK_OPTIONS_INIT;
    alexnet_finding found;
    unsigned char small[4 * 16 * 16 + 4096];
    size_t length;
    alexnet_status rc;
    how.examined = options.near = true;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_dataset_open(&data, ctx, "odd", &how));
    AN_TRY(alexnet_check_new(&check, ctx, data, NULL, &options));
    for (bool more = true; more;)
        AN_TRY(alexnet_check_step(check, NULL, &more));
    for (int64_t i = 0; alexnet_check_get(check, i, &found); i++) {
        note(&found.problem, sizeof found.problem);
        note(found.path, strlen(found.path));
        if (found.picture >= 0)
            AN_TRY(
                alexnet_dataset_thumbnail(data, found.picture, 16, small, sizeof small, &length));
    }
cleanup:
    alexnet_check_free(check);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    return rc;
}

/* What the library saved, to the byte. */
static void note_file(const char *path)
{
    size_t length;
    unsigned char *bytes = scratch_read(path, &length);
    note(bytes, length);
    free(bytes);
}

static void look_at_saved(void)
{
    note_file("saved.safetensors");
    note_file("saved.c");
    note_file("saved.h");
}

static alexnet_status save_model(void)
{
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_save_options options = ALEXNET_SAVE_OPTIONS_INIT;
    alexnet_status rc;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_model_load(&model, ctx, "run"));
    options.names = ALEXNET_NAMES_TORCHVISION;
    AN_TRY(alexnet_model_save(model, "saved.safetensors", &options));
    options.weights = ALEXNET_WEIGHTS_BF16;
    AN_TRY(alexnet_model_save(model, "saved.c", &options));
cleanup:
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return rc;
}

/* Load a model as if another program had written it: network, mean and names are given. */
static alexnet_status adopt_model(void)
{
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_load_options options = ALEXNET_LOAD_OPTIONS_INIT;
    alexnet_tensor_info mean;
    alexnet_status rc;
    options.net = "net.ini";
    options.mean = "run/last.safetensors";
    options.names_file = "names";
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_model_load_with(&model, ctx, "run/best.safetensors", &options));
    AN_TRY(alexnet_model_tensor(model, 0, &mean));
    note(mean.data, 3 * sizeof *mean.data);
    note(alexnet_model_class_name(model, 0), 3);
cleanup:
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return rc;
}

/* The first layer of torchvision's network, without its values. */
static alexnet_status recognise_part(void)
{
    static const char json[] = "{\"features.0.weight\":{\"dtype\":\"F32\",\"shape\":[64,3,11,11],"
                               "\"data_offsets\":[0,92928]},\"features.0.bias\":{\"dtype\":\"F32\","
                               "\"shape\":[64],\"data_offsets\":[92928,93184]}}";
    static unsigned char bytes[8 + sizeof json - 1 + 93184];
    const uint64_t length = sizeof json - 1;
    an_reader *reader;
    an_model_file file = {0};
    alexnet_status rc;
    memcpy(bytes, &length, sizeof length);
    memcpy(bytes + 8, json, sizeof json - 1);
    AN_CHECK(an_reader_memory(&reader, "part", bytes, sizeof bytes));
    AN_TRY(an_model_file_open(&file, NULL, reader, &(an_model_options){.part = true}));
    note(file.network->text, strlen(file.network->text));
cleanup:
    an_model_file_close(&file);
    return rc;
}

/* A file of tests/golden, which is out of reach from the scratch folder. */
static unsigned char *compressed;
static size_t compressed_length;

static alexnet_status read_compressed(void)
{
    static float values[96 * 3 * 11 * 11];
    an_reader *reader;
    an_tensor_file *file = NULL;
    an_outline outline = {0};
    alexnet_status rc;
    AN_CHECK(an_reader_memory(&reader, "small.net", compressed, compressed_length));
    AN_TRY(an_tensor_file_open(&file, reader));
    AN_TRY(an_tensor_file_outline(file, &outline));
    AN_TRY(
        an_tensor_file_read(file, "conv1.weight", an_shape_of(4, 96, 3, 11, 11), AN_F32, values));
    note(values, sizeof values);
cleanup:
    an_outline_free(&outline);
    an_tensor_file_close(file);
    return rc;
}

static alexnet_status drain(alexnet_stream *stream)
{
    alexnet_stream_result got;
    for (bool more = true; more;) {
        AN_CHECK(alexnet_stream_next(stream, &got, &more));
        if (more && got.status != ALEXNET_OK) /* a picture's own failure */
            return an_fail(got.status, "%s", got.error);
        if (more)
            note(&got.best[0].probability, sizeof got.best[0].probability);
    }
    return ALEXNET_OK;
}

static alexnet_status evaluate(alexnet_evaluation *evaluation)
{
    alexnet_metrics metrics;
    int64_t done;
    for (bool more = true; more;)
        AN_CHECK(alexnet_evaluation_step(evaluation, &done, &more));
    AN_CHECK(alexnet_evaluation_metrics(evaluation, &metrics));
    note(&metrics, sizeof metrics);
    return ALEXNET_OK;
}

/* Two models as one, and the search for their weights. */
static alexnet_status evaluate_together(alexnet_session *session, const alexnet_dataset *data)
{
    alexnet_session *const sessions[] = {session, session};
    alexnet_ensemble_options options = ALEXNET_ENSEMBLE_OPTIONS_INIT;
    alexnet_evaluation *evaluation = NULL;
    alexnet_weight_search *search = NULL;
    alexnet_status rc;
    double lowest;
    int tried;
    options.keep = true;
    AN_TRY(alexnet_evaluation_new_ensemble(&evaluation, sessions, 2, data, &options));
    AN_TRY(evaluate(evaluation));
    AN_TRY(alexnet_weight_search_new(&search, evaluation, NULL));
    for (bool more = true; more;)
        AN_TRY(alexnet_weight_search_step(search, &tried, &more));
    AN_TRY(alexnet_weight_search_result(search, NULL, &lowest));
    note(&lowest, sizeof lowest);
    AN_TRY(alexnet_evaluation_set_weights(evaluation, (double[]){1, 2}));
    AN_TRY(evaluate(evaluation));
cleanup:
    alexnet_weight_search_free(search);
    alexnet_evaluation_free(evaluation);
    return rc;
}

static alexnet_status use_model(void)
{
    static const char *const paths[] = {"data/class0/000.png", "data/class1/001.png"};
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_session *session = NULL;
    alexnet_dataset *data = NULL;
    alexnet_stream *stream = NULL;
    alexnet_evaluation *evaluation = NULL;
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_tensor_info tensor;
    alexnet_prediction best[2];
    alexnet_status rc;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_model_load(&model, ctx, "run"));
    AN_TRY(alexnet_model_tensor(model, 0, &tensor));
    AN_TRY(alexnet_session_new(&session, model, NULL));
    AN_TRY(alexnet_classify_file(session, paths[0], 2, best));
    note(&best[0].probability, sizeof best[0].probability);
    AN_TRY(alexnet_stream_new(&stream, session, paths, 2, 2));
    AN_TRY(drain(stream));
    options.classes_of = model;
    AN_TRY(alexnet_dataset_open(&data, ctx, "data", &options));
    AN_TRY(alexnet_evaluation_new(&evaluation, session, data));
    AN_TRY(evaluate(evaluation));
    AN_TRY(evaluate_together(session, data));
cleanup:
    alexnet_evaluation_free(evaluation);
    alexnet_dataset_free(data);
    alexnet_stream_free(stream);
    alexnet_session_free(session);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return rc;
}

static alexnet_status explain_picture(alexnet_model *model, const uint8_t *crop)
{
    alexnet_saliency *saliency = NULL;
    alexnet_occlusion *occlusion = NULL;
    alexnet_activations *activations = NULL;
    float map[14 * 14];
    int64_t done;
    alexnet_status rc;
    AN_TRY(alexnet_saliency_new(&saliency, model));
    AN_TRY(alexnet_saliency_compute(saliency, crop, 1, NULL, NULL, map));
    note(map, sizeof map);
    AN_TRY(alexnet_occlusion_new(&occlusion, model, NULL));
    AN_TRY(alexnet_occlusion_start(occlusion, crop, 1));
    for (bool more = true; more;)
        AN_TRY(alexnet_occlusion_step(occlusion, &done, &more));
    note(alexnet_occlusion_map(occlusion, NULL), sizeof map);
    AN_TRY(alexnet_activations_new(&activations, model));
    AN_TRY(alexnet_activations_compute(activations, crop));
    note(alexnet_activations_layer(activations, 0), sizeof(float));
cleanup:
    alexnet_activations_free(activations);
    alexnet_occlusion_free(occlusion);
    alexnet_saliency_free(saliency);
    return rc;
}

/* If memory runs out for a picture, the stream returns that as a result; here it is a failure. */
static alexnet_status next_picture(alexnet_distance_picture **out, alexnet_distance_stream *stream)
{
    alexnet_distance_result got;
    bool more;
    AN_CHECK(alexnet_distance_stream_next(stream, &got, &more));
    assert_true(more);
    *out = got.picture;
    return got.status ? AN_FAIL(got.status, "%s", got.error) : ALEXNET_OK;
}

static alexnet_status compare_pictures(alexnet_ctx *ctx, alexnet_model *model, const char *first,
                                       const char *second)
{
    static float gradient[3 * 32 * 32];
    alexnet_distance *distance = NULL;
    alexnet_distance_picture *a = NULL, *b = NULL;
    alexnet_dataset *data = NULL;
    alexnet_distance_stream *stream = NULL;
    alexnet_distance_options options = ALEXNET_DISTANCE_OPTIONS_INIT;
    double value;
    alexnet_status rc;
    options.lpips = "lin.safetensors";
    options.side = 32;
    AN_TRY(alexnet_model_set_lpips(model, options.lpips));
    AN_TRY(alexnet_distance_new(&distance, model, &options));
    AN_TRY(alexnet_dataset_open_files(&data, ctx, &second, 1));
    AN_TRY(alexnet_distance_stream_new(&stream, distance, data, NULL, 0));
    AN_TRY(alexnet_distance_picture_file(&a, distance, first));
    AN_TRY(next_picture(&b, stream));
    AN_TRY(alexnet_distance_between(distance, a, b, &value, NULL, gradient));
    note(&value, sizeof value);
    note(gradient, sizeof gradient);
cleanup:
    alexnet_distance_stream_free(stream);
    alexnet_dataset_free(data);
    alexnet_distance_picture_free(a);
    alexnet_distance_picture_free(b);
    alexnet_distance_free(distance);
    return rc;
}

/* If memory runs out for a picture, the search leaves it out, with a line in the log; here that is
 * a failure. */
static alexnet_status find_patches(alexnet_patches *patches)
{
    alexnet_patch patch;
    int64_t done;
    for (bool more = true; more;)
        AN_CHECK(alexnet_patches_step(patches, &done, &more));
    if (alexnet_patches_skipped(patches) > 0)
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory");
    for (int i = 0; alexnet_patches_get(patches, i, &patch); i++)
        note(&patch.value, sizeof patch.value);
    return ALEXNET_OK;
}

/* If memory runs out for a picture, the stream returns that as a result; here it is a failure. */
static alexnet_status compute_features(void)
{
    static const char *const paths[] = {"data/class0/000.png", "data/class1/001.png"};
    static const char *const layers[] = {"g", "c:pre"};
    static const float rows[9] = {1, 0, 0, 1, 1, 0, 1, 2, 3};
    double rdm[9], rho;
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_dataset *data = NULL;
    alexnet_features *features = NULL;
    alexnet_feature_stream *stream = NULL;
    alexnet_feature_result got;
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    alexnet_status rc;
    options.layers = layers;
    options.count = 2;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_model_load(&model, ctx, "run"));
    AN_TRY(alexnet_features_new(&features, model, &options));
    AN_TRY(alexnet_dataset_open_files(&data, ctx, paths, 2));
    AN_TRY(alexnet_feature_stream_new(&stream, features, data));
    for (bool more = true; more;) {
        AN_TRY(alexnet_feature_stream_next(stream, &got, &more));
        if (more && got.status)
            AN_TRY(AN_FAIL(got.status, "%s", got.error));
        if (more)
            note(got.values, (size_t)alexnet_features_length(features) * sizeof(float));
    }
    AN_TRY(alexnet_rdm(rdm, ctx, rows, 3, 3, ALEXNET_DISSIMILARITY_COSINE));
    AN_TRY(alexnet_rsa(&rho, ctx, rdm, rdm, 3, ALEXNET_RANK_SPEARMAN));
    note(&rho, sizeof rho);
cleanup:
    alexnet_feature_stream_free(stream);
    alexnet_features_free(features);
    alexnet_dataset_free(data);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return rc;
}

static alexnet_status search_index(void)
{
    static const char *const layers[] = {"g"};
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_features *features = NULL;
    alexnet_index *index = NULL;
    alexnet_pairs *pairs = NULL;
    alexnet_neighbour found[3];
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    double fraction;
    bool more = true;
    alexnet_status rc;
    options.layers = layers;
    options.count = 1;
    options.batch = 2;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_model_load(&model, ctx, "run"));
    AN_TRY(alexnet_features_new(&features, model, &options));
    AN_TRY(alexnet_index_open(&index, features, "data/class0", NULL));
    while (more)
        AN_TRY(alexnet_index_step(index, &more));
    const float *values = alexnet_index_values(index, 0);
    AN_TRY(alexnet_index_nearest(index, values, 1, ALEXNET_METRIC_COSINE, 3, found));
    AN_TRY(alexnet_pairs_new(&pairs, index, ALEXNET_METRIC_EUCLIDEAN, 3, 1e9));
    AN_TRY(alexnet_pairs_step(pairs, &fraction, &more));
    for (int i = 0; i < 3; i++)
        note(&found[i].distance, sizeof found[i].distance);
cleanup:
    alexnet_pairs_free(pairs);
    alexnet_index_free(index);
    alexnet_features_free(features);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return rc;
}

static alexnet_status explain_model(void)
{
    static const char *const paths[] = {"data/class0/000.png", "data/class1/001.png"};
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_dataset *data = NULL;
    alexnet_patches *patches = NULL;
    alexnet_patches_options options = ALEXNET_PATCHES_OPTIONS_INIT;
    uint8_t crop[14 * 14 * 3];
    alexnet_status rc;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_model_load(&model, ctx, "run"));
    AN_TRY(alexnet_crop_file(alexnet_model_network(model), paths[0], crop));
    AN_TRY(explain_picture(model, crop));
    AN_TRY(compare_pictures(ctx, model, paths[0], paths[1]));
    AN_TRY(alexnet_dataset_open_files(&data, ctx, paths, 2));
    options.batch = 1;
    AN_TRY(alexnet_patches_new(&patches, model, data, &options));
    AN_TRY(find_patches(patches));
cleanup:
    alexnet_patches_free(patches);
    alexnet_dataset_free(data);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return rc;
}

static alexnet_status train_into(const char *folder, const char *epochs)
{
    const char *const settings[] = {"batch", "4", "epochs", epochs, "norms", "1", NULL};
    alexnet_ctx *ctx = NULL;
    alexnet_trainer *trainer = NULL;
    alexnet_progress progress;
    alexnet_status rc;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(begin_run(&trainer, ctx, folder, settings));
    AN_TRY(rig_finish(trainer, &progress));
cleanup:
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    return rc;
}

static alexnet_status train(void)
{
    scratch_remove("out");
    return train_into("out", "1");
}

static void look_at_weights(void)
{
    note_tensors("out/last.safetensors");
}

/* Resume a run that is complete: everything is read, nothing is left to do. */
static alexnet_status resume(void)
{
    alexnet_ctx *ctx = NULL;
    alexnet_trainer *trainer = NULL;
    alexnet_progress progress;
    alexnet_status rc;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    AN_TRY(rig_finish(trainer, &progress));
cleanup:
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    return rc;
}

static void test_networks(void **state)
{
    (void)state;
    fail_each(&(scenario){read_networks, NULL, 100});
}

static void test_recipes(void **state)
{
    (void)state;
    fail_each(&(scenario){read_recipes, NULL, 5});
}

static void test_data(void **state)
{
    (void)state;
    fail_each(&(scenario){read_data, NULL, 20});
}

static void test_check(void **state)
{
    (void)state;
    fail_each(&(scenario){check_data, NULL, 50});
}

static void test_model_in_use(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        device = i ? "cpu" : "ref";
        fail_each(&(scenario){use_model, NULL, 100});
        fail_each(&(scenario){save_model, look_at_saved, 100});
    }
}

static void test_files_of_others(void **state)
{
    (void)state;
    device = "cpu";
    fail_each(&(scenario){adopt_model, NULL, 100});
    fail_each(&(scenario){recognise_part, NULL, 100});
}

static void test_compressed(void **state)
{
    (void)state;
    fail_each(&(scenario){read_compressed, NULL, 20});
}

static void test_explanation(void **state)
{
    (void)state;
    device = "cpu";
    fail_each(&(scenario){explain_model, NULL, 100});
}

static void test_features(void **state)
{
    (void)state;
    device = "cpu";
    fail_each(&(scenario){compute_features, NULL, 100});
}

static alexnet_status search_new_index(void)
{
    scratch_remove("data/.class0.index");
    return search_index();
}

/* An index that is computed each time, and one that exists already. */
static void test_index(void **state)
{
    (void)state;
    fail_each(&(scenario){search_new_index, NULL, 100});
    fail_each(&(scenario){search_index, NULL, 100});
}

static void test_training(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        device = i ? "cpu" : "ref";
        fail_each(&(scenario){train, look_at_weights, 100});
    }
}

static void test_resuming(void **state)
{
    (void)state;
    device = "cpu";
    fail_each(&(scenario){resume, NULL, 100});
}

static void write_odd(void)
{
    static const char *const places[] = {"odd/a/1.png", "odd/a/1 (copy).png", "odd/b/1.png",
                                         "odd/.c/1.png", "odd/b/one.jpg"};
    size_t length;
    unsigned char *bytes = scratch_read("data/class0/000.png", &length);
    expect_ok(an_make_folder("odd/a"));
    expect_ok(an_make_folder("odd/b"));
    expect_ok(an_make_folder("odd/.c"));
    expect_ok(an_make_folder("odd/empty"));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        scratch_write(places[i], bytes, length);
    free(bytes);
}

static int set_up(void **state)
{
    static const char names[] = "class0 the first\nclass1 the second\n";
    static const float ones[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    compressed = scratch_read("golden/compressed/small.net", &compressed_length);
    if (scratch_setup_in_memory(state) != 0)
        return -1;
    device = "cpu";
    rig_write_pictures("data", 2, 4);
    rig_write_network("net.ini");
    write_odd();
    scratch_text("names", names);
    rig_write_lpips("lin.safetensors", 6, ones);
    return train_into("run", "1") == ALEXNET_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),     cmocka_unit_test(test_recipes),
        cmocka_unit_test(test_data),         cmocka_unit_test(test_check),
        cmocka_unit_test(test_model_in_use), cmocka_unit_test(test_features),
        cmocka_unit_test(test_index),        cmocka_unit_test(test_explanation),
        cmocka_unit_test(test_training),     cmocka_unit_test(test_resuming),
        cmocka_unit_test(test_compressed),   cmocka_unit_test(test_files_of_others),
    };
    const int failed = cmocka_run_group_tests(tests, set_up, scratch_teardown);
    free(compressed);
    return failed;
}
