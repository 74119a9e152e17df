/*
 * Every built-in network, and every value of keys that have a list of values, trained for a few
 * steps on every device: none may fail, and sanitizers see what each of them does. Keys that take
 * numbers are tested elsewhere, by what their values do.
 */
#include "training_rig.h"

#include <stdlib.h>

static void for_devices(void (*run)(alexnet_ctx *ctx))
{
    alexnet_device_info info;
    for (int i = 0; alexnet_device_get(i, &info); i++) {
        if (!info.available)
            continue;
        static const alexnet_precision precisions[] = {ALEXNET_PRECISION_FP32,
                                                       ALEXNET_PRECISION_BF16};
        for (int p = 0; p < (info.bf16 ? 2 : 1); p++) {
            alexnet_ctx *ctx = rig_new_ctx(info.name, precisions[p], 2);
            run(ctx);
            alexnet_ctx_free(ctx);
        }
    }
}

/* ---- Values of keys, on a tiny network ---- */

/* Each replaces a text in the network of training_rig.h. */
static const char *const changes[][2] = {
    {"mean = image", "mean = channel"},
    {"mean = image", "mean = none"},
    {"mean = image", "mean = 10 20 30"},
    {"mean = image", "mean = image\nmeanCrop = aligned"},
    {"mean = image", "mean = image\nchannels = bgr"},
    {"mean = image", "mean = image\nresize = warp"},
    {"scale = 0.02", "scale = 0.02 0.03 0.04"},
    {"round = ceil", "round = floor"},
    {"filterSize = 3\nstride = 2", "filterSize = 3\nstride = 2\npadding = 1 0 2 1"},
    {"groups = 2\nsize = 3", "groups = 1\nsize = 3"},
    {"type = cmrnorm\ninputs = c\ngroups = 2", "type = rnorm\ninputs = c"},
    {"divide = no", "divide = yes"},
    {"sizeX = 3", "pool = avg\nsizeX = 3"},
    {"sizeX = 3", "padding = 1\nsizeX = 3"},
    {"kind = mask", "kind = inverted"},
    {"keep = 0.75", "keep = 1"},
    {"initW = 0.2\nneuron = relu", "initW = he\nneuron = tanh[1.5,0.5]"},
    {"initW = 0.2\nneuron = relu", "initW = uniform\ninitB = uniform\nneuron = logistic"},
    {"outputs = 8\ninitW = 0.2\nneuron = relu", "outputs = 8\ninitW = 0.2"},
};

static const char *recipe_key, *recipe_value;

static void train_briefly(alexnet_ctx *ctx)
{
    const char *settings[] = {"batch", "4", "epochs", "1", NULL, NULL, NULL};
    alexnet_trainer *trainer;
    alexnet_progress last;
    if (recipe_key) {
        settings[4] = recipe_key;
        settings[5] = recipe_value;
    }
    scratch_remove("run");
    alexnet_status rc = rig_start(&trainer, ctx, "data", "val", "run", settings);
    if (rc == ALEXNET_OK)
        rc = rig_finish(trainer, &last);
    if (rc != ALEXNET_OK)
        fail_msg("%s = %s: %s", recipe_key ? recipe_key : "network",
                 recipe_value ? recipe_value : "", alexnet_error_text());
    alexnet_trainer_free(trainer);
}

static void test_values_of_networks(void **state)
{
    (void)state;
    recipe_key = recipe_value = NULL;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        rig_change_network(changes[i][0], changes[i][1]);
        for_devices(train_briefly);
    }
}

static void test_values_of_recipes(void **state)
{
    alexnet_recipe_key key;
    (void)state;
    rig_write_network("net.ini");
    for (int i = 0; alexnet_recipe_key_get(i, &key); i++) {
        bool flag = strcmp(key.type, "flag") == 0;
        char values[256], *rest = values, *value;
        snprintf(values, sizeof values, "%s",
                 flag                              ? "yes|no"
                 : strcmp(key.type, "choice") == 0 ? key.range
                 : strcmp(key.type, "file") == 0   ? key.range
                                                   : "");
        while ((value = strtok_r(rest, "|", &rest))) {
            if (strcmp(value, "shards") == 0)
                continue; /* for archives only: see test_shard_order */
            if (strcmp(value, "FILE") == 0)
                value = "weights.txt";
            recipe_key = key.name;
            recipe_value = value;
            for_devices(train_briefly);
        }
    }
}

static int set_up(void **state)
{
    if (rig_set_up(state) != 0)
        return -1;
    rig_write_pictures("data", 2, 4);
    rig_write_pictures("val", 2, 1);
    scratch_text("weights.txt", "class0 3\n");
    return 0;
}

/* ---- Networks ---- */

static const char *network;

static void step(alexnet_ctx *ctx)
{
    for (int mode = ALEXNET_BENCH_TRAIN; mode <= ALEXNET_BENCH_INFER; mode++) {
        alexnet_bench_options options = ALEXNET_BENCH_OPTIONS_INIT;
        alexnet_bench *bench;
        double seconds;
        bool more = true;
        options.net = network;
        options.mode = (alexnet_bench_mode)mode;
        options.batch = options.steps = 1;
        expect_ok(alexnet_bench_new(&bench, ctx, &options));
        while (more)
            expect_ok(alexnet_bench_step(bench, &seconds, &more));
        alexnet_bench_free(bench);
    }
}

/* On ref only the smallest network is run: others take a minute for a picture. */
static void test_networks(void **state)
{
    alexnet_device_info info;
    (void)state;
    for (int n = 0; alexnet_network_builtin(n); n++) {
        network = alexnet_network_builtin(n)->name;
        for (int i = 0; alexnet_device_get(i, &info); i++) {
            if (!info.available ||
                (strcmp(info.name, "ref") == 0 && strcmp(network, "alexnet-mini") != 0))
                continue;
            alexnet_ctx *ctx = rig_new_ctx(info.name, ALEXNET_PRECISION_AUTO, 2);
            step(ctx);
            alexnet_ctx_free(ctx);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values_of_networks, set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_values_of_recipes, set_up, scratch_teardown),
        cmocka_unit_test(test_networks),
    };
    return cmocka_run_group_tests_name("every value", tests, NULL, NULL);
}
