/*
 * The public header's smaller promises: versions, contexts, devices, networks, models and data sets
 * as a caller sees them.
 */
#include "training_rig.h"

#include <omp.h>

#include "base/context.h"
#include "base/cpus.h"

static void test_versions(void **state)
{
    (void)state;
    char expected[32];
    const char *name, *version;
    int count = 0;
    snprintf(expected, sizeof expected, "%d.%d.%d", ALEXNET_VERSION_MAJOR, ALEXNET_VERSION_MINOR,
             ALEXNET_VERSION_PATCH);
    assert_string_equal(alexnet_version(), expected);
    for (; alexnet_library_get(count, &name, &version); count++)
        if (!*name || !*version)
            fail_msg("library %d, \"%s\", has version \"%s\"", count, name, version);
    assert_true(count >= 4);
    assert_false(alexnet_library_get(-1, &name, &version));
}

/* ---- Contexts ---- */

static void expect_no_ctx(alexnet_ctx_options options, alexnet_status status, const char *part)
{
    alexnet_ctx *ctx;
    expect_failure(alexnet_ctx_new(&ctx, &options), status, part);
    assert_null(ctx);
}

static void test_contexts(void **state)
{
    (void)state;
    alexnet_ctx *ctx;
    alexnet_ctx_options good = ALEXNET_CTX_OPTIONS_INIT, o;
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    expect_ok(alexnet_ctx_new(&ctx, NULL));
    assert_int_equal(alexnet_ctx_threads(ctx), an_cpu_count());
    alexnet_ctx_free(ctx);
    o = good, o.threads = 3;
    expect_ok(alexnet_ctx_new(&ctx, &o));
    assert_int_equal(alexnet_ctx_threads(ctx), 3);
    alexnet_ctx_free(ctx);
    rig_heard[0] = '\0';
    o = good, o.threads = 4096, o.log = rig_listen;
    expect_ok(alexnet_ctx_new(&ctx, &o));
    const int use = 8 * an_cpu_count();
    assert_int_equal(alexnet_ctx_threads(ctx), use < 4096 ? use : 4096);
    assert_int_equal(alexnet_ctx_split(ctx), 4096);
    assert_int_equal(rig_times_heard("of 4096 threads"), use < 4096);
    alexnet_ctx_free(ctx);
    alexnet_ctx_free(NULL);
    o = good, o.threads = -1;
    expect_no_ctx(o, bad, "threads = -1: expected 0 to 4096");
    o = good, o.threads = 4097;
    expect_no_ctx(o, bad, "threads = 4097");
    o = good, o.precision = 99;
    expect_no_ctx(o, bad, "precision = 99");
    o = good, o.max_isa = -1;
    expect_no_ctx(o, bad, "max_isa = -1");
    o = good, o.device = "tpu";
    expect_no_ctx(o, bad, "tpu\"; there are auto, ");
    o = good, o.device = "";
    expect_no_ctx(o, bad, "");
    o = good, o.size = 0;
    expect_no_ctx(o, bad, "size = 0; set it with its _INIT macro");
}

/* A program built with a header that had fewer options. */
static void test_older_options(void **state)
{
    (void)state;
    alexnet_ctx *ctx;
    alexnet_ctx_options o = ALEXNET_CTX_OPTIONS_INIT;
    o.device = "ref";
    o.log_user = &o;
    o.tuning = "nowhere"; /* a field that the older program does not know */
    o.size = offsetof(alexnet_ctx_options, tuning);
    expect_ok(alexnet_ctx_new(&ctx, &o));
    assert_string_equal(ctx->device, "ref");
    assert_ptr_equal(ctx->log_user, &o);
    alexnet_ctx_free(ctx);
    o.device = "nonsense", o.threads = -7;
    o.size = sizeof o.size; /* every default */
    expect_ok(alexnet_ctx_new(&ctx, &o));
    assert_string_equal(ctx->device, "auto");
    assert_int_equal(alexnet_ctx_threads(ctx), an_cpu_count());
    alexnet_ctx_free(ctx);
}

/* No compiler makes a struct that ends within a pointer: what would be read of it is no address. */
static void test_sizes_of_no_struct(void **state)
{
    (void)state;
    alexnet_ctx_options o = ALEXNET_CTX_OPTIONS_INIT;
    o.device = "ref";
    for (o.size = 0; o.size <= sizeof o + 8; o.size++) {
        char part[64];
        snprintf(part, sizeof part, "size = %zu; set it with its _INIT macro", o.size);
        if (o.size < sizeof o.size || o.size % sizeof(char *) != 0)
            expect_no_ctx(o, ALEXNET_ERROR_INVALID_ARGUMENT, part);
    }
}

static void test_devices(void **state)
{
    (void)state;
    alexnet_device_info info;
    int count = 0, ref = 0;
    for (; alexnet_device_get(count, &info); count++) {
        assert_true(strlen(info.name) > 0);
        ref += strcmp(info.name, "ref") == 0 && info.available && !info.bf16;
    }
    assert_int_equal(ref, 1);
    assert_false(alexnet_device_get(-1, &info));
}

/* ---- Networks ---- */

/* The description is the first line of the file, and short enough for a line of `alexnet info`. */
static void expect_description(const alexnet_builtin *builtin)
{
    size_t length = strlen(builtin->description);
    assert_in_range(length, 10, 55);
    assert_memory_equal(builtin->text, "# ", 2);
    assert_memory_equal(builtin->text + 2, builtin->description, length);
    assert_int_equal(builtin->text[2 + length], '\n');
}

static void test_networks(void **state)
{
    (void)state;
    alexnet_network *network;
    alexnet_layer_info layer;
    int count = 0;
    for (const alexnet_builtin *net; (net = alexnet_network_builtin(count)); count++) {
        expect_ok(alexnet_network_load(&network, NULL, net->name));
        assert_string_equal(alexnet_network_name(network), net->name);
        assert_string_equal(alexnet_network_text(network), net->text);
        expect_description(net);
        assert_true(strlen(alexnet_network_structure(network)) > 20);
        int layers = alexnet_network_layer_count(network);
        expect_ok(alexnet_network_layer(network, layers - 1, &layer));
        assert_string_equal(layer.type, "softmax");
        assert_int_equal(layer.output[0], 1000);
        expect_failure(alexnet_network_layer(network, layers, &layer),
                       ALEXNET_ERROR_INVALID_ARGUMENT, "layer");
        expect_failure(alexnet_network_layer(network, -1, &layer), ALEXNET_ERROR_INVALID_ARGUMENT,
                       "layer -1");
        alexnet_network_free(network);
    }
    assert_int_equal(count, 9);
    assert_null(alexnet_network_builtin(-1));
    expect_failure(alexnet_network_load(&network, NULL, "alexnet-min"),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "did you mean alexnet-mini?");
    assert_null(network);
    alexnet_network_free(NULL);
}

/* ---- Models ---- */

static void train(const char *out, const char *names)
{
    static const char *const settings[] = {"epochs", "1", NULL};
    alexnet_ctx *ctx = rig_new_ctx("auto", ALEXNET_PRECISION_FP32, 1);
    alexnet_trainer *trainer;
    alexnet_progress p;
    alexnet_dataset *data;
    alexnet_dataset_options data_options = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_recipe *recipe = rig_recipe(settings);
    rig_write_network("net.ini");
    rig_write_pictures("data", 2, 2);
    data_options.names_file = names;
    expect_ok(alexnet_dataset_open(&data, ctx, "data", &data_options));
    options.net = "net.ini";
    options.recipe = recipe;
    options.out_dir = out;
    options.split = 1;
    expect_ok(alexnet_trainer_new(&trainer, ctx, data, NULL, &options));
    expect_ok(rig_finish(trainer, &p));
    alexnet_trainer_free(trainer);
    alexnet_dataset_free(data);
    alexnet_recipe_free(recipe);
    alexnet_ctx_free(ctx);
}

static void expect_same_models(const alexnet_model *a, const alexnet_model *b)
{
    assert_int_equal(alexnet_model_tensor_count(a), alexnet_model_tensor_count(b));
    for (int i = 0; i < alexnet_model_tensor_count(a); i++) {
        alexnet_tensor_info x, y;
        int64_t count = 1;
        expect_ok(alexnet_model_tensor(a, i, &x));
        expect_ok(alexnet_model_tensor(b, i, &y));
        assert_string_equal(x.name, y.name);
        assert_int_equal(x.rank, y.rank);
        assert_memory_equal(x.shape, y.shape, sizeof x.shape);
        for (int d = 0; d < x.rank; d++)
            count *= x.shape[d];
        assert_memory_equal(x.data, y.data, (size_t)count * sizeof *x.data);
    }
}

static void test_models(void **state)
{
    (void)state;
    static const char names[] = "class0 the first, of two\nclass1 the second\n";
    alexnet_model *folder, *file, *memory;
    alexnet_tensor_info tensor;
    size_t length;
    scratch_text("names.txt", names);
    train("run", "names.txt");
    alexnet_ctx *ctx = rig_new_ctx("auto", ALEXNET_PRECISION_FP32, 1);
    expect_ok(alexnet_model_load(&folder, ctx, "run"));
    expect_ok(alexnet_model_load(&file, ctx, "run/best.safetensors"));
    unsigned char *bytes = scratch_read("run/best.safetensors", &length);
    expect_ok(alexnet_model_load_memory(&memory, ctx, bytes, length));
    memset(bytes, 0, length); /* the model has its own copy */
    free(bytes);
    expect_same_models(folder, file);
    expect_same_models(folder, memory);
    assert_int_equal(alexnet_model_class_count(folder), 2);
    assert_string_equal(alexnet_model_class_id(folder, 1), "class1");
    assert_string_equal(alexnet_model_class_name(folder, 0), "the first, of two");
    assert_null(alexnet_model_class_name(folder, 2));
    assert_null(alexnet_model_class_id(folder, -1));
    assert_string_equal(alexnet_network_name(alexnet_model_network(folder)), "tiny");
    assert_string_equal(alexnet_model_format(memory), "safetensors");
    assert_string_equal(alexnet_model_format_version(memory), "1");
    assert_string_equal(alexnet_model_provenance(file), "alexnet 0.1.0, after 1 update");
    assert_string_equal(alexnet_network_preprocessing(alexnet_model_network(file)),
                        "short side resized to 16, centre crop of 14, RGB, minus the mean image "
                        "(centre), times 0.02");
    expect_ok(alexnet_model_tensor(folder, 1, &tensor));
    assert_string_equal(tensor.name, "c.weight");
    assert_int_equal(tensor.rank, 4);
    assert_memory_equal(tensor.shape, ((int64_t[]){4, 3, 3, 3}), sizeof tensor.shape);
    const float *data = tensor.data;
    expect_ok(alexnet_model_tensor(folder, 1, &tensor));
    assert_ptr_equal(tensor.data, data); /* borrowed from the model: the pointer does not change */
    expect_failure(alexnet_model_tensor(folder, 9, &tensor), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "tensor 9 of a model with 9");
    alexnet_model_free(folder);
    alexnet_model_free(file);
    alexnet_model_free(memory);
    alexnet_ctx_free(ctx);
}

static void test_no_models(void **state)
{
    (void)state;
    alexnet_model *model;
    alexnet_ctx *ctx = rig_new_ctx("auto", ALEXNET_PRECISION_FP32, 1);
    expect_ok(an_make_folder("folder"));
    scratch_text("text.safetensors", "hello, this is no model");
    expect_failure(alexnet_model_load(&model, ctx, "nowhere"), ALEXNET_ERROR_IO, "nowhere");
    expect_failure(alexnet_model_load(&model, ctx, "alexnet"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "alexnet is a built-in network, which has no weights: `alexnet_trainer_new()`");
    scratch_write("alexnet", "hello, this is a file", 21);
    expect_failure(alexnet_model_load(&model, ctx, "alexnet"), ALEXNET_ERROR_FORMAT, "alexnet");
    expect_failure(alexnet_model_load(&model, ctx, "folder"), ALEXNET_ERROR_IO,
                   "folder/best.safetensors");
    expect_failure(alexnet_model_load(&model, ctx, "text.safetensors"), ALEXNET_ERROR_FORMAT,
                   "text.safetensors");
    expect_failure(alexnet_model_load(&model, ctx, ""), ALEXNET_ERROR_IO, "");
    expect_failure(alexnet_model_load_memory(&model, ctx, "", 0), ALEXNET_ERROR_FORMAT,
                   "model in memory");
    assert_null(model);
    alexnet_model_free(NULL);
    alexnet_ctx_free(ctx);
}

/* ---- Data sets ---- */

static void test_data_sets(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_dataset_kind kind;
    const char *path;
    int label;
    rig_write_pictures("all/train", 2, 3);
    rig_write_pictures("all/val", 2, 1);
    expect_ok(alexnet_dataset_layout("all", &kind));
    assert_int_equal(kind, ALEXNET_DATASET_TRAIN_VAL);
    expect_ok(alexnet_dataset_layout("all/train", &kind));
    assert_int_equal(kind, ALEXNET_DATASET_CLASSES);
    alexnet_dataset *data = rig_open_data(ctx, "all/train");
    assert_int_equal(alexnet_dataset_count(data), 6);
    assert_int_equal(alexnet_dataset_class_count(data), 2);
    assert_string_equal(alexnet_dataset_class_name(data, 1), "class1");
    assert_null(alexnet_dataset_class_name(data, 2));
    assert_null(alexnet_dataset_class_id(data, -1));
    expect_ok(alexnet_dataset_picture(data, 5, &path, &label));
    assert_non_null(strstr(path, "all/train/class1/002.png"));
    assert_int_equal(label, 1);
    expect_ok(alexnet_dataset_picture(data, 0, NULL, NULL));
    expect_failure(alexnet_dataset_picture(data, 6, &path, &label), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "picture 6 of a data set with 6");
    alexnet_dataset_free(data);
    alexnet_dataset_free(NULL);
    alexnet_ctx_free(ctx);
}

/* A names file of which no line names a class gives one warning; one line that does is enough to
 * avoid it. */
static void test_names_of_other_classes(void **state)
{
    (void)state;
    static const char strangers[] = "n01440764 tench\n", known[] = "n01440764 tench\nclass2 two\n";
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_dataset *data;
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    options.names_file = "names.txt";
    rig_write_pictures("data", 4, 1);
    rig_heard[0] = '\0';
    scratch_text("names.txt", strangers);
    expect_ok(alexnet_dataset_open(&data, ctx, "data", &options));
    alexnet_dataset_free(data);
    assert_int_equal(rig_times_heard("1 no line of names.txt names a class"), 1);
    assert_int_equal(rig_times_heard("an identifier, a space or tab, and words"), 1);
    assert_int_equal(rig_times_heard("the 4 classes are class0, class1, class2, ...\n"), 1);
    rig_heard[0] = '\0';
    scratch_text("names.txt", known);
    expect_ok(alexnet_dataset_open(&data, ctx, "data", &options));
    alexnet_dataset_free(data);
    assert_string_equal(rig_heard, "");
    alexnet_ctx_free(ctx);
}

/* ---- The log ---- */

/* The log says what was chosen, as promised at ALEXNET_LOG_INFO. */
static void test_log_of_choices(void **state)
{
    (void)state;
    alexnet_device_info info;
    alexnet_session *session;
    alexnet_model *model;
    train("run", NULL);
    for (int i = 0; alexnet_device_get(i, &info); i++) {
        if (!info.available)
            continue;
        alexnet_ctx *ctx = rig_new_ctx(info.name, ALEXNET_PRECISION_FP32, 2);
        rig_device[0] = rig_memory[0] = '\0';
        expect_ok(alexnet_model_load(&model, ctx, "run"));
        expect_ok(alexnet_session_new(&session, model, NULL));
        assert_non_null(strstr(rig_device, info.processor));
        assert_non_null(strstr(rig_device, info.isa));
        assert_non_null(strstr(rig_device, strcmp(info.name, "ref") == 0 ? "float64" : "fp32"));
        assert_non_null(strstr(rig_device, "2 threads"));
        assert_non_null(strstr(rig_memory, "memory of tiny for inference: "));
        assert_non_null(strstr(rig_memory, ", with 1 picture"));
        assert_null(strstr(rig_memory, "pictures"));
        alexnet_session_free(session);
        alexnet_model_free(model);
        alexnet_ctx_free(ctx);
    }
}

/* ---- The caller's surroundings ---- */

/* A call restores the caller's OpenMP settings before it returns. */
static void test_openmp_settings(void **state)
{
    (void)state;
    int threads = omp_get_max_threads();
    omp_set_num_threads(5);
    omp_set_dynamic(1);
    train("run", NULL);
    assert_int_equal(omp_get_max_threads(), 5);
    assert_int_equal(omp_get_dynamic(), 1);
    omp_set_dynamic(0);
    omp_set_num_threads(threads);
}

/* What a program frees after a failure does not change the text, even if it is in the midst of its
 * work: a pack removes its open archive. */
static void test_error_text(void **state)
{
    static const char *const settings[] = {"batch", "4", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_progress progress;
    alexnet_check *check;
    alexnet_pack *pack;
    alexnet_events *events;
    alexnet_recipe *recipe;
    bool more;
    (void)state;
    rig_write_network("net.ini");
    rig_write_pictures("data", 2, 8);
    alexnet_dataset *data = rig_open_data(ctx, "data");
    expect_ok(rig_start(&trainer, ctx, "data", NULL, "run", settings));
    expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    expect_ok(alexnet_check_new(&check, ctx, data, NULL, NULL));
    expect_ok(alexnet_check_step(check, NULL, &more));
    expect_ok(alexnet_pack_new(&pack, ctx, data, NULL, "packed", NULL));
    expect_ok(alexnet_pack_step(pack, NULL, &more));
    expect_ok(alexnet_events_open(&events, "run", 0));
    expect_ok(alexnet_events_scalar(events, 1, "loss", 1));
    expect_failure(alexnet_recipe_load(&recipe, "nonsense"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "nonsense");
    char *kept = an_strdup(alexnet_error_text());
    alexnet_recipe_free(recipe);
    alexnet_events_free(events);
    alexnet_pack_free(pack);
    alexnet_check_free(check);
    alexnet_trainer_free(trainer);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    assert_string_equal(alexnet_error_text(), kept);
    an_free(kept);
}

static void test_recipes(void **state)
{
    (void)state;
    alexnet_recipe_key key;
    int recipes = 0, keys = 0;
    for (const alexnet_builtin *recipe; (recipe = alexnet_recipe_builtin(recipes)); recipes++)
        expect_description(recipe);
    assert_int_equal(recipes, 7);
    assert_null(alexnet_recipe_builtin(-1));
    while (alexnet_recipe_key_get(keys, &key))
        keys++;
    assert_true(keys >= 17);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_contexts),
        cmocka_unit_test(test_older_options),
        cmocka_unit_test(test_sizes_of_no_struct),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_networks),
        IN_SCRATCH(test_models),
        IN_SCRATCH(test_no_models),
        IN_SCRATCH(test_data_sets),
        IN_SCRATCH(test_names_of_other_classes),
        IN_SCRATCH(test_log_of_choices),
        IN_SCRATCH(test_openmp_settings),
        IN_SCRATCH(test_error_text),
        cmocka_unit_test(test_recipes),
    };
    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
