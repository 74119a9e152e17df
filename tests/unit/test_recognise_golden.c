/*
 * From JPEG to probability with weights of another program: a network of PyTorch with torchvision's
 * kind of names, read by name and shape alone, against PyTorch's own probabilities
 * (tools/make_recognise_goldens.py).
 *
 * Tolerance 1e-5 of a probability: float32 against float64 over eight layers.
 */
#include "expect.h"
#include "scratch.h"

#include <limits.h>
#include <math.h>

#include "base/alloc.h"
#include "format/safetensors.h"

#include "golden/recognise/goldens.h"

enum { TENSORS = sizeof golden_tensors / sizeof golden_tensors[0], CLASSES = 10 };

static const char prefix[] = "state_dict.module.";

/* Element j of tensor i, as in the script. */
static double uniform(uint32_t i, uint32_t j)
{
    uint32_t x = (j + i * 1000003u) * 2654435761u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return (double)x / 4294967296.0 * 2 - 1;
}

static an_shape shape_of(int tensor)
{
    an_shape shape = {.rank = golden_tensors[tensor].rank};
    for (int i = 0; i < shape.rank; i++)
        shape.dim[i] = golden_tensors[tensor].shape[i];
    return shape;
}

static void put_values(an_tensor_writer *writer, int tensor)
{
    const an_shape shape = shape_of(tensor);
    const int64_t count = an_shape_count(shape);
    double bound = shape.rank == 1 ? 0.1 : sqrt(6 / ((double)count / (double)shape.dim[0]));
    float *values = an_malloc((size_t)count * sizeof *values);
    assert_non_null(values);
    bound /= tensor == 0 ? 64 : 1;
    for (int64_t j = 0; j < count; j++)
        values[j] = (float)(uniform((uint32_t)tensor, (uint32_t)j) * bound);
    expect_ok(an_tensor_writer_data(writer, values, (size_t)count * sizeof *values));
    an_free(values);
}

static void write_weights(const char *path)
{
    an_tensor_writer *writer;
    char name[128];
    expect_ok(an_tensor_writer_new(&writer, path));
    for (int i = 0; i < TENSORS; i++) {
        snprintf(name, sizeof name, "%s%s", prefix, golden_tensors[i].name);
        expect_ok(an_tensor_writer_declare(writer, name, AN_F32, shape_of(i)));
    }
    for (int i = 0; i < TENSORS; i++)
        put_values(writer, i);
    expect_ok(an_tensor_writer_commit(writer));
}

static void test_probabilities(void **state)
{
    (void)state;
    alexnet_ctx *ctx;
    alexnet_model *model;
    alexnet_session *session;
    alexnet_prediction best[CLASSES];
    char path[PATH_MAX];
    snprintf(path, sizeof path, "/proc/self/fd/%d/golden/recognise/picture.jpg", scratch_home);
    write_weights("weights.safetensors");
    expect_ok(alexnet_ctx_new(&ctx, NULL));
    expect_ok(alexnet_model_load(&model, ctx, "weights.safetensors"));
    assert_string_equal(alexnet_network_name(alexnet_model_network(model)), "alexnet-mini");
    assert_string_equal(alexnet_model_class_name(model, 7), "class 7");
    assert_string_equal(alexnet_model_format_version(model), "");
    expect_ok(alexnet_session_new(&session, model, NULL));
    expect_ok(alexnet_classify_file(session, path, CLASSES, best));
    for (int i = 0; i < CLASSES; i++)
        if (fabs(best[i].probability - golden_probabilities[best[i].index]) > 1e-5)
            fail_msg("class %d: %.9g, PyTorch says %.9g", best[i].index,
                     (double)best[i].probability, golden_probabilities[best[i].index]);
    alexnet_session_free(session);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_probabilities, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests_name("weights of PyTorch", tests, NULL, NULL);
}
