/*
 * Files that hold a part of a network: layers before the first missing one are computed as by the
 * whole network; anything else is refused with an error that names the missing layer.
 */
#include "recognise_rig.h"
#include "scratch.h"

#include "base/alloc.h"
#include "base/random.h"
#include "format/safetensors.h"

static float value_of(int64_t place)
{
    an_random4 r = an_random(4, AN_PURPOSE_TEST, 0, (uint64_t)place, 0);
    return (float)(an_uniform(r.v[0]) - 0.5) / 8;
}

/* Write the first `count` tensors of alexnet-mini, under names of the given kind. */
static void write_part(const char *path, int count, an_export_names names)
{
    an_tensor_writer *writer;
    add_network("alexnet-mini", 10, names, "");
    expect_ok(an_tensor_writer_new(&writer, path));
    for (int i = 0; i < count; i++)
        expect_ok(an_tensor_writer_declare(writer, fake.names[i], AN_F32, fake.entries[i].shape));
    int64_t at = 0;
    for (int i = 0; i < count; i++)
        for (int64_t j = 0; j < an_shape_count(fake.entries[i].shape); j++, at++) {
            const float value = value_of(at);
            expect_ok(an_tensor_writer_data(writer, &value, sizeof value));
        }
    expect_ok(an_tensor_writer_commit(writer));
}

enum { CONVOLUTIONS = 10, ALL = 16 }; /* tensors: weight and bias of each layer */
enum { POOL5 = 64 * 3 * 3 };

/* Compute pool5 of a fixed picture. */
static void expect_features(alexnet_ctx *ctx, const char *path, const char *net, float *values)
{
    static const char *const pool[] = {"pool5"};
    static uint8_t picture[56 * 56 * 3];
    const alexnet_pixels pixels = {picture, 56, 56, 168, ALEXNET_PIXELS_RGB8};
    alexnet_model *model;
    alexnet_features *features;
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    alexnet_load_options how = ALEXNET_LOAD_OPTIONS_INIT;
    for (size_t i = 0; i < sizeof picture; i++)
        picture[i] = (uint8_t)(i * 37 % 251);
    how.net = net;
    options.layers = pool;
    options.count = 1;
    expect_ok(alexnet_model_load_with(&model, ctx, path, &how));
    expect_ok(alexnet_features_new(&features, model, &options));
    assert_int_equal(alexnet_features_length(features), POOL5);
    expect_ok(alexnet_features_pixels(features, &pixels, values));
    alexnet_features_free(features);
    alexnet_model_free(model);
}

static void expect_refusals(alexnet_ctx *ctx, const char *path, int classes)
{
    static const char *const fc[] = {"fc6:pre"};
    alexnet_model *model;
    alexnet_features *features;
    alexnet_session *session;
    alexnet_saliency *saliency;
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    alexnet_load_options how = ALEXNET_LOAD_OPTIONS_INIT;
    how.net = "alexnet-mini";
    options.layers = fc;
    options.count = 1;
    const alexnet_status none = ALEXNET_ERROR_UNSUPPORTED;
    expect_ok(alexnet_model_load_with(&model, ctx, path, &how));
    assert_int_equal(alexnet_model_class_count(model), classes);
    expect_failure(alexnet_features_new(&features, model, &options), none,
                   "the model's file has no weights for layer fc6; only the layers before it can "
                   "be computed, up to pool5");
    expect_failure(alexnet_session_new(&session, model, NULL), none, "layer fc6");
    expect_failure(alexnet_saliency_new(&saliency, model), none, "layer fc6");
    expect_failure(alexnet_model_save(model, "whole.safetensors", NULL), none,
                   "a part of a network cannot be written as a model: the model's file has no "
                   "weights for layer fc6");
    alexnet_model_free(model);
}

static char heard[256]; /* the latest warning */

static void listen(void *user, alexnet_log_level level, const char *line)
{
    (void)user;
    if (level == ALEXNET_LOG_WARNING)
        snprintf(heard, sizeof heard, "%s", line);
}

static void test_convolutions(void **state)
{
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    float whole[POOL5], part[POOL5], found[POOL5];
    alexnet_ctx *ctx;
    (void)state;
    write_part("whole.safetensors", ALL, AN_NAMES_OURS);
    write_part("part.safetensors", CONVOLUTIONS, AN_NAMES_OURS);
    options.log = listen;
    expect_ok(alexnet_ctx_new(&ctx, &options));
    expect_features(ctx, "whole.safetensors", "alexnet-mini", whole);
    expect_features(ctx, "part.safetensors", "alexnet-mini", part);
    assert_non_null(strstr(heard, "it has no weights for fc6, fc7, fc8, and only the layers"));
    expect_features(ctx, "part.safetensors", NULL, found); /* recognised by its tensors */
    assert_memory_equal(part, whole, sizeof part);
    assert_memory_equal(found, whole, sizeof found);
    expect_refusals(ctx, "part.safetensors", 1000);
    alexnet_ctx_free(ctx);
}

/* A file with only a few layers, or with one that does not fit, is not accepted as a part of a
 * network. */
static void test_too_little(void **state)
{
    alexnet_ctx *ctx;
    alexnet_model *model;
    alexnet_load_options how = ALEXNET_LOAD_OPTIONS_INIT;
    (void)state;
    expect_ok(alexnet_ctx_new(&ctx, NULL));
    write_part("little.safetensors", 6, AN_NAMES_OURS);
    expect_failure(alexnet_model_load(&model, ctx, "little.safetensors"), ALEXNET_ERROR_FORMAT,
                   "fits no built-in network");
    how.net = "alexnet-mini";
    expect_failure(alexnet_model_load_with(&model, ctx, "little.safetensors", &how),
                   ALEXNET_ERROR_FORMAT, "the file has no such layer");
    write_part("part.safetensors", CONVOLUTIONS, AN_NAMES_OURS);
    how.net = "alexnet";
    expect_failure(alexnet_model_load_with(&model, ctx, "part.safetensors", &how),
                   ALEXNET_ERROR_FORMAT, "does not fit alexnet: layer conv1");
    alexnet_ctx_free(ctx);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {IN_SCRATCH(test_convolutions), IN_SCRATCH(test_too_little)};
    return cmocka_run_group_tests_name("parts of networks", tests, NULL, NULL);
}
