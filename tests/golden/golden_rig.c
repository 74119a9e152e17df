#include "golden/golden_rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/status.h"

/* As in tools/make_step_goldens.py. */
enum { WEIGHT_SEED = 2012, UNIT_MEAN = 100, UNIT_PICTURE = 200, UNIT_SLOT = 300 };

static void (*on_device)(const char *device);

static void test_device(void **state)
{
    on_device(*state);
}

int golden_run(const char *group, void (*check)(const char *device))
{
    static char ref[] = "ref", cpu[] = "cpu", cuda[] = "cuda";
    const struct CMUnitTest tests[] = {{"test_ref", test_device, NULL, NULL, ref},
                                       {"test_cpu", test_device, NULL, NULL, cpu},
                                       {"test_cuda", test_device, NULL, NULL, cuda}};
    on_device = check;
    return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}

bool golden_has_device(const char *device)
{
    const alexnet_status rc = an_device_find(&(an_device){0}, device, ALEXNET_ISA_ANY);
    if (rc == ALEXNET_OK)
        return true;
    if (strncmp(device, "cuda", 4) != 0)
        expect_ok(rc);
    print_message("skipped: %s\n", an_error_text());
    return false;
}

/* Elements `from` to `from + count` of a sequence of multiples of 2^-24 in [-1/2, 1/2).
 * @param from  a multiple of 4 */
static void uniform(double *values, int64_t from, int64_t count, uint32_t unit)
{
    for (int64_t i = 0; i < count; i += 4) {
        an_random4 r = an_random(WEIGHT_SEED, AN_PURPOSE_TEST, 0, (uint64_t)(from + i) / 4, unit);
        for (int64_t j = 0; j < 4 && i + j < count; j++)
            values[i + j] = (r.v[j] >> 8) * 0x1p-24 - 0.5;
    }
}

static void write_mean(const golden *g)
{
    int index = an_net_find(g->net, "input.mean");
    if (index < 0)
        return;
    const an_input *input = &g->network->input;
    int64_t count = g->net->params[index].count, area = count / 3;
    double *mean = an_calloc((size_t)count, sizeof *mean);
    assert_non_null(mean);
    uniform(mean, 0, count, UNIT_MEAN);
    for (int64_t i = 0; i < count; i++)
        mean[i] =
            input->mean == AN_INPUT_MEAN_FIXED ? input->fixed_mean[i / area] : 120 + 128 * mean[i];
    expect_ok(an_net_write(g->net, AN_VALUES, index, mean, AN_F64));
    an_free(mean);
}

/* The place of a parameter among those that are learned. */
static int learned_index(const an_net *net, int param)
{
    int index = 0;
    for (int i = 0; i < param; i++)
        index += net->params[i].learned;
    return index;
}

double *golden_first(const golden *g, int param)
{
    int64_t scales, count = g->net->params[param].count;
    int index = learned_index(g->net, param);
    double *scale = golden_tensor(g, "scale", &scales);
    double *values = an_calloc((size_t)count, sizeof *values);
    assert_non_null(values);
    assert_in_range(index, 0, scales - 1);
    uniform(values, 0, count, (uint32_t)index);
    for (int64_t i = 0; i < count; i++)
        values[i] *= scale[index];
    an_free(scale);
    return values;
}

/* In pieces, because fc6 has 38 million weights. */
static void write_first(const golden *g, int param)
{
    enum { PIECE = 1 << 16 };
    static double wide[PIECE], narrow[PIECE];
    an_backend *be = g->net->backend;
    size_t size = an_dtype_bytes(be->param_dtype);
    int index = learned_index(g->net, param);
    int64_t scales, count = g->net->params[param].count;
    double *scale = golden_tensor(g, "scale", &scales);
    assert_in_range(index, 0, scales - 1);
    for (int64_t at = 0; at < count; at += PIECE) {
        int64_t n = count - at < PIECE ? count - at : PIECE;
        char *place = (char *)an_net_at(g->net, AN_VALUES, param) + (size_t)at * size;
        uniform(wide, at, n, (uint32_t)index);
        for (int64_t i = 0; i < n; i++)
            wide[i] *= scale[index];
        an_convert(narrow, be->param_dtype, wide, AN_F64, n);
        expect_ok(be->api->write(be, place, narrow, (size_t)n * size));
    }
    an_free(scale);
}

void golden_open(golden *g, const char *file, alexnet_network *network, const char *device,
                 bool training)
{
    an_reader *reader;
    *g = (golden){.network = network, .ctx = rig_ctx(device, ALEXNET_PRECISION_FP32, 2)};
    expect_ok(an_reader_open(&reader, file));
    expect_ok(an_tensor_file_open(&g->file, reader));
    const char *seed = an_tensor_file_metadata(g->file, "seed");
    assert_non_null(seed);
    g->seed = strtoull(seed, NULL, 10);
    expect_ok(an_net_new(&g->net, g->ctx, network, training));
    write_mean(g);
    for (int i = 0; i < g->net->count; i++) {
        if (g->net->params[i].learned)
            write_first(g, i);
    }
}

void golden_close(golden *g)
{
    an_net_release(g->net);
    an_tensor_file_close(g->file);
    an_network_release(g->network);
    an_ctx_release(g->ctx);
}

void golden_probabilities(an_program *program, float *probabilities, double *losses, int slots)
{
    an_score scores[64];
    assert_in_range(slots, 1, 64);
    expect_ok(an_program_read(program, AN_LAYER_LAST, probabilities));
    expect_ok(an_program_scores(program, scores));
    for (int i = 0; i < slots; i++)
        losses[i] = scores[i].loss;
}

an_program *golden_program(const golden *g, an_program_options options)
{
    an_program *program;
    static const int keep[] = {AN_LAYER_LAST};
    options.keep = keep;
    options.n_keep = 1;
    expect_ok(an_program_compile(&program, g->net, &options));
    expect_ok(an_program_pack(program));
    return program;
}

/* Some steps have empty slots, and one a slot without label; slot 1 has colour noise. */
static an_slot draw_slot(const golden *g, int step, int index)
{
    const an_input *input = &g->network->input;
    uint32_t places = (uint32_t)(input->side - input->size + 1);
    an_random4 r =
        an_random(g->seed, AN_PURPOSE_TEST, (uint64_t)step, 0, UNIT_SLOT + (uint32_t)index);
    an_slot slot = {.picture = index,
                    .label = (int32_t)(r.v[3] % (uint32_t)g->network->classes),
                    .y = (int32_t)(r.v[0] % places),
                    .x = (int32_t)(r.v[1] % places),
                    .mirror = r.v[2] & 1,
                    .weight = 1,
                    .gain = 1};
    if (index == 1) {
        slot.gain = 0.875f;
        memcpy(slot.colour, (float[]){3, -2, 1}, sizeof slot.colour);
    }
    if ((step == 3 && index == 2) || (step == 7 && index > 0))
        slot.picture = slot.label = -1;
    if (step == 5 && index == 3)
        slot.label = -1;
    return slot;
}

void golden_feed(const golden *g, an_program *program, int step, int first, int slots,
                 const an_step_state *state)
{
    const an_input *input = &g->network->input;
    size_t picture = (size_t)input->side * (size_t)input->side * 3;
    size_t bytes = (size_t)slots * picture, before = (size_t)first * picture;
    uint8_t *pixels = an_malloc(bytes);
    an_slot draws[GOLDEN_SLOTS_MAX];
    assert_non_null(pixels);
    for (size_t i = before; i < before + bytes; i++)
        pixels[i - before] =
            (uint8_t)(an_random(g->seed, AN_PURPOSE_TEST, (uint64_t)step, i / 4, UNIT_PICTURE)
                          .v[i % 4] >>
                      24);
    for (int i = 0; i < slots; i++) {
        draws[i] = draw_slot(g, step, first + i);
        draws[i].picture = draws[i].picture < 0 ? -1 : i;
    }
    expect_ok(an_program_feed(program, pixels, draws, state));
    expect_ok(an_program_taken(program));
    an_free(pixels);
}

double *golden_tensor(const golden *g, const char *name, int64_t *count)
{
    const an_tensor_entry *entry = an_tensor_file_find(g->file, name);
    if (!entry)
        fail_msg("%s has no tensor %s", an_tensor_file_name(g->file), name);
    *count = an_shape_count(entry->shape);
    double *values = an_calloc((size_t)*count, sizeof *values);
    assert_non_null(values);
    expect_ok(an_tensor_file_read(g->file, name, entry->shape, AN_F64, values));
    return values;
}

double *golden_member(const golden *g, const char *prefix, const char *name, int64_t *count)
{
    char full[128];
    snprintf(full, sizeof full, "%s.%s", prefix, name);
    return golden_tensor(g, full, count);
}

double *golden_read(const golden *g, an_arena arena, int param)
{
    double *values = an_calloc((size_t)g->net->params[param].count, sizeof *values);
    assert_non_null(values);
    expect_ok(an_net_read(g->net, arena, param, values, AN_F64));
    return values;
}

double golden_largest(const double *values, int64_t count)
{
    double largest = 0;
    for (int64_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(values[i]));
    return largest;
}

double golden_close_to(const char *what, const double *got, const double *expected, int64_t count,
                       double tolerance)
{
    double worst = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!(fabs(got[i] - expected[i]) <= tolerance))
            fail_msg("%s: [%lld] is %.17g, expected %.17g +- %.3g", what, (long long)i, got[i],
                     expected[i], tolerance);
        worst = fmax(worst, fabs(got[i] - expected[i]) / tolerance);
    }
    return worst;
}
