/*
 * Kernels of the cuda backend, run as bodies on the host or on a GPU (cuda_rig.h): pictures,
 * softmax with its scores, updates and norms, compared with ref. Outputs are poisoned and fenced.
 * Softmax, updates and norms run with blocks and threads in both orders.
 *
 * Error bounds follow from the operands: parity/bound.h, and update_rig.h for updates. An update in
 * float32 has four roundings of terms no larger than its operands: 4 u (|mom v| + |rate g| +
 * |decay rate w| + |w|), u = 2^-24. Constants are rounded to float32 too, which doubles the bound.
 */
#include "ops/cuda_rig.h"
#include "ops/update_rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cuda/kernels/blocks.h"
#include "backend/parity/bound.h"
#include "base/alloc.h"

/* ---- Pictures -------------------------------------------------------------------------------- */

enum { SLOTS = 3 };

/* The last slot is empty, the second is mirrored. If `changed`, the second is also recoloured and
 * partly erased, and the first is partly mixed with it. */
static void draw_slots(an_slot slots[SLOTS], const an_augment_desc *augment, bool changed)
{
    static const float matrix[3][3] = {
        {1.5f, -0.25f, 0.125f}, {0.25f, 0.75f, -0.375f}, {-0.5f, 0.5f, 1.25f}};
    int places = augment->side - augment->crop + 1;
    for (int n = 0; n < SLOTS; n++)
        slots[n] = (an_slot){.picture = n < SLOTS - 1 ? n % augment->pictures : -1,
                             .label = -1,
                             .y = cuda_pick(70, (uint32_t)n, places),
                             .x = cuda_pick(71, (uint32_t)n, places),
                             .mirror = n == 1,
                             .gain = 0.875f,
                             .colour = {3, -5, 9.5f}};
    if (!changed)
        return;
    slots[1].recoloured = 1;
    memcpy(slots[1].matrix, matrix, sizeof matrix);
    slots[1].offset[0] = -20.5f;
    slots[1].erased = (an_box){1, 2, augment->crop / 2, augment->crop / 4};
    slots[0].mixed = (an_box){augment->crop / 3, 1, augment->crop / 2, augment->crop - 2};
    slots[0].share = 0.375f;
    slots[0].partner = 1;
}

static size_t pictures_bytes(const an_augment_desc *augment)
{
    size_t side = (size_t)augment->side;
    return (size_t)augment->pictures * side * side * 3;
}

static an_cuda_augment_run augment_run(const cuda_case *c, const float *mean)
{
    return (an_cuda_augment_run){
        .desc = c->desc.u.augment,
        .n = SLOTS,
        .pictures = cuda_move(c->operands.pictures, pictures_bytes(&c->desc.u.augment)),
        .slots = cuda_move(c->operands.slots, SLOTS * sizeof(an_slot)),
        .mean = mean,
    };
}

static void free_augment_run(an_cuda_augment_run *run)
{
    cuda_free(run->y);
    cuda_free((void *)run->pictures);
    cuda_free((void *)run->slots);
}

/* Fail unless a value is that of a channel and pixel of the image; both are -1 where it is to be 0.
 */
static void expect_pixel(const cuda_case *c, const char *what, int64_t image, int channel, int y,
                         int x, double got)
{
    const an_chw out = c->desc.out;
    int64_t at = ((image * out.c + channel) * out.h + y) * out.w + x;
    bool there = channel >= 0 && channel < out.c && y >= 0 && y < out.h && x >= 0 && x < out.w;
    double expected = there ? ((const double *)c->chain->link[0].y)[at] : 0;
    double bound = there ? c->e_y[at] : 0;
    if (!(fabs(got - expected) <= bound))
        fail_msg("augment, %s: image %d, channel %d, pixel %d %d is %.9g, expected %.9g +- %g",
                 what, (int)image, channel, y, x, got, expected, bound);
}

static void check_augment_form(cuda_case *c, const cuda_form *form, int channels, const float *mean)
{
    an_chw shape = {channels, c->desc.out.h, c->desc.out.w};
    int64_t pixels = (int64_t)shape.h * shape.w;
    an_cuda_augment_run run = augment_run(c, mean);
    run.y = cuda_space(form, SLOTS, shape);
    run.nhwc = form->nhwc;
    run.bf16 = form->bf16;
    run.channels = channels;
    cuda_ok(an_cuda_augment(&run, NULL));
    cuda_case_bounds(c, form);
    for (int64_t i = 0; i < SLOTS * an_chw_count(shape); i++)
        expect_pixel(c, form->name, i / pixels / channels, (int)(i / pixels % channels),
                     (int)(i % pixels / shape.w), (int)(i % shape.w),
                     cuda_get(run.y, form, shape, i));
    free_augment_run(&run);
}

/* In blocks, with padding and rows to spare. */
static void check_augment_blocks(cuda_case *c, const cuda_form *form, int block, const float *mean)
{
    int colours = c->desc.out.c, unit = form->bf16 ? 8 : 4, top = block / 2, left = block + 1;
    int channels = (colours * block * block + unit - 1) / unit * unit;
    an_chw shape = {channels, (c->desc.out.h + top) / block + 2,
                    (c->desc.out.w + left) / block + 1};
    int64_t pixels = (int64_t)shape.h * shape.w;
    an_cuda_blocks blocks = {.n = SLOTS,
                             .c = colours,
                             .h = c->desc.out.h,
                             .w = c->desc.out.w,
                             .block = block,
                             .top = top,
                             .left = left,
                             .rows = shape.h,
                             .columns = shape.w,
                             .channels = channels,
                             .nhwc = true,
                             .bf16 = form->bf16};
    an_cuda_augment_run run = augment_run(c, mean);
    run.y = cuda_space(form, SLOTS, shape);
    cuda_ok(an_cuda_augment_blocks(&run, &blocks, NULL));
    cuda_case_bounds(c, form);
    for (int64_t i = 0; i < SLOTS * an_chw_count(shape); i++) {
        int in = (int)(i / pixels % channels), dy = in / colours / block, dx = in / colours % block;
        int y = (int)(i % pixels / shape.w) * block + dy - top;
        int x = (int)(i % shape.w) * block + dx - left;
        expect_pixel(c, "blocks", i / pixels / channels, dy < block ? in % colours : -1, y, x,
                     cuda_get(run.y, form, shape, i));
    }
    free_augment_run(&run);
}

static void check_augment_of(an_augment_desc augment, bool changed)
{
    size_t bytes = pictures_bytes(&augment);
    an_op_desc desc = {.kind = AN_OP_AUGMENT, .n = SLOTS, .u.augment = augment};
    expect_ok(an_op_resolve(&desc));
    cuda_case *c = cuda_case_of(cuda_ref, desc);
    c->operands.slots = an_calloc(SLOTS, sizeof(an_slot));
    c->operands.pictures = an_malloc(bytes);
    for (size_t i = 0; i < bytes; i++)
        c->operands.pictures[i] = (uint8_t)cuda_pick(72, (uint32_t)i, 256);
    draw_slots(c->operands.slots, &augment, changed);
    int64_t means = an_param_count(&desc, 0);
    float *mean = NULL;
    if (means) {
        c->operands.param[0][0] = cuda_random(means, 128, 73);
        mean = cuda_put(c->operands.param[0][0], &cuda_forms[0], 1, (an_chw){(int)means, 1, 1});
    }
    cuda_case_run(c, true);
    check_augment_form(c, &cuda_forms[0], desc.out.c, mean);
    for (int channels = desc.out.c; channels <= 8; channels += channels == 3 ? 1 : 4)
        for (int f = 1; f < CUDA_FORMS && (desc.out.c == 3 || channels == 1); f++)
            check_augment_form(c, &cuda_forms[f], channels, mean);
    for (int block = 1; block * block * desc.out.c <= 64; block++)
        for (int f = 1; f < CUDA_FORMS; f++)
            check_augment_blocks(c, &cuda_forms[f], block, mean);
    cuda_free(mean);
    cuda_case_free(c);
}

static void check_augment(an_augment_desc augment)
{
    check_augment_of(augment, false);
    check_augment_of(augment, true);
}

static void test_augment(void **state)
{
    (void)state;
    check_augment((an_augment_desc){2, 256, 224, AN_MEAN_IMAGE_CENTRE, AN_CHANNELS_RGB, {1, 1, 1}});
    check_augment(
        (an_augment_desc){2, 19, 14, AN_MEAN_IMAGE_ALIGNED, AN_CHANNELS_BGR, {0.25, 0.5, 2}});
    check_augment((an_augment_desc){1, 9, 9, AN_MEAN_CHANNEL, AN_CHANNELS_RGB, {0.0625, 1, 1}});
    check_augment((an_augment_desc){2, 12, 5, AN_MEAN_NONE, AN_CHANNELS_BGR, {1, 0.125, 1}});
    check_augment((an_augment_desc){2, 12, 8, AN_MEAN_CHANNEL, AN_CHANNELS_GREY, {0.5}});
    check_augment((an_augment_desc){3, 30, 26, AN_MEAN_CHANNEL, AN_CHANNELS_RGB, {1, 1, 1}});
    check_augment((an_augment_desc){2, 12, 5, AN_MEAN_IMAGE_ALIGNED, AN_CHANNELS_GREY, {1}});
}

/* ---- Softmax --------------------------------------------------------------------------------- */

/* One slot in five has no label. If `soft`, every other slot has a second label. */
static an_slot *draw_labels(int n, int classes, bool soft)
{
    an_slot *slots = an_calloc((size_t)n, sizeof *slots);
    for (int i = 0; i < n; i++) {
        slots[i].label = i % 5 == 4 ? -1 : cuda_pick(80, (uint32_t)i, classes);
        slots[i].weight = i % 3 ? 1 : 0.625f;
        if (!soft || i % 2 == 0)
            continue;
        slots[i].second = cuda_pick(82, (uint32_t)i, classes);
        slots[i].second_share = i % 4 == 1 ? 0.25f : 0.75f;
    }
    return slots;
}

static void check_scores(const cuda_case *c, const an_score *scores, const an_results *results,
                         const float *y)
{
    an_results sums;
    an_results_sum(&sums, scores, c->desc.n);
    assert_memory_equal(&sums.images, &results->images, sizeof sums.images);
    assert_int_equal(results->not_finite, 0);
    assert_true(fabs(results->loss - sums.loss) <= 1e-12 * fabs(sums.loss));
    assert_true(fabs(results->top1 - sums.top1) <= 1e-12 * sums.top1);
    assert_true(fabs(results->top5 - sums.top5) <= 1e-12 * sums.top5);
    for (int n = 0; n < c->desc.n; n++) {
        const an_slot *slot = &c->operands.slots[n];
        int label = an_slot_main_label(slot), classes = c->desc.out.c;
        an_score expected = {0, 0, 0};
        if (slot->label >= 0)
            expected = an_score_of(y + (int64_t)n * classes, classes, label, scores[n].loss);
        assert_int_equal(scores[n].above, expected.above);
        assert_int_equal(scores[n].level, expected.level);
        double loss = ((const an_score *)c->chain->scores)[n].loss;
        if (!(fabs(scores[n].loss - loss) <= c->e_loss[n]))
            fail_msg("loss[%d] is %g, expected %g +- %g", n, scores[n].loss, loss, c->e_loss[n]);
    }
}

static void check_softmax_form(cuda_case *c, bool bf16, bool backwards)
{
    const cuda_form float32 = cuda_forms[0], form = {"logits", false, bf16};
    an_chw shape = c->desc.out;
    int n = c->desc.n;
    an_cuda_softmax_run run = {
        .n = n,
        .c = shape.c,
        .x_bf16 = bf16,
        .dx_bf16 = bf16,
        .x = cuda_put(c->operands.x[0], &form, n, shape),
        .y = cuda_space(&float32, n, shape),
        .slots = cuda_move(c->operands.slots, sizeof(an_slot) * (size_t)n),
        .scores = cuda_block(sizeof(an_score) * (size_t)n),
        .results = cuda_block(sizeof(an_results)),
        .smoothing = cuda_move(&c->operands.state.smoothing, sizeof(double)),
        .weight = cuda_move(&c->operands.state.weight, sizeof(double)),
        .dx = cuda_space(&form, n, shape),
    };
    an_host_backwards = backwards;
    cuda_ok(an_cuda_softmax_forward(&run, NULL));
    cuda_ok(an_cuda_softmax_backward(&run, NULL));
    cuda_case_bounds(c, &float32);
    cuda_expect("softmax y", run.y, &float32, n, shape, c->chain->link[0].y, c->e_y);
    check_scores(c, run.scores, run.results, run.y);
    cuda_case_bounds(c, &form);
    cuda_expect("softmax dx", run.dx, &form, n, shape, c->chain->dx[0], c->e_dx[0]);
    cuda_free((void *)run.x);
    cuda_free(run.y);
    cuda_free(run.scores);
    cuda_free(run.results);
    cuda_free((void *)run.slots);
    cuda_free((void *)run.smoothing);
    cuda_free((void *)run.weight);
    cuda_free(run.dx);
}

static void check_softmax_of(int n, int classes, bool soft)
{
    cuda_case *c = cuda_case_of(cuda_ref, rig_desc(AN_OP_SOFTMAX, n, classes, 1, 1));
    c->operands.x[0] = cuda_random((int64_t)n * classes, 8, 81); /* with ties */
    c->operands.slots = draw_labels(n, classes, soft);
    c->operands.state.smoothing = soft ? 0.125 : 0;
    for (int i = 0; i < n; i++)
        if (c->operands.slots[i].label >= 0)
            c->operands.state.weight += (double)c->operands.slots[i].weight;
    cuda_case_run(c, true);
    for (int i = 0; i < 4; i++)
        check_softmax_form(c, i % 2 == 1, i / 2 == 1);
    cuda_case_free(c);
}

static void check_softmax(int n, int classes)
{
    check_softmax_of(n, classes, false);
    check_softmax_of(n, classes, true);
}

static void test_softmax(void **state)
{
    (void)state;
    check_softmax(7, 1000);
    check_softmax(300, 10);
    check_softmax(2, 2);
    check_softmax(1, 1);
    check_softmax(3, 257);
}

/* Equal logits, the largest of float32, NaN and infinities. */
static void test_softmax_of_extremes(void **state)
{
    (void)state;
    enum { ROWS = 5, CLASSES = 6 };
    const float inf = INFINITY, rows[ROWS][CLASSES] = {{2, 2, 2, 2, 2, 2},
                                                       {3e38f, -3e38f, 0, 0, 0, 0},
                                                       {NAN, 1, 2, 3, 4, 5},
                                                       {0, 1, inf, 3, 4, 5},
                                                       {0, -inf, 0, 0, 0, 0}};
    an_slot slots[ROWS] = {{.label = 3}, {.label = 0}, {.label = 1}, {.label = 1}, {.label = 1}};
    float *y = cuda_block(sizeof(float) * ROWS * CLASSES);
    an_score *s = cuda_block(sizeof(an_score) * ROWS);
    an_results *results = cuda_block(sizeof *results);
    const double none = 0;
    an_cuda_softmax_run run = {.n = ROWS,
                               .c = CLASSES,
                               .x = cuda_move(rows, sizeof rows),
                               .y = y,
                               .slots = cuda_move(slots, sizeof slots),
                               .smoothing = cuda_move(&none, sizeof none),
                               .scores = s,
                               .results = results};
    cuda_ok(an_cuda_softmax_forward(&run, NULL));
    assert_true(s[0].above == 0 && s[0].level == 6 && fabs(s[0].loss - log(6)) < 1e-6);
    assert_true(s[1].above == 0 && s[1].level == 1 && s[1].loss == 0);
    assert_true(s[2].above == 6 && s[2].level == 0 && isnan(s[2].loss));
    assert_true(isnan(s[3].loss));
    assert_true(s[4].above == 5 && s[4].level == 1 && isinf(s[4].loss));
    assert_true(results->images == 5 && results->not_finite == 3);
    assert_true(fabs(results->loss - log(6)) < 1e-6);
    assert_true(fabs(results->top1 - (5.0 / 6 + 0 + 3)) < 1e-12);
    assert_true(fabs(results->top5 - (1.0 / 6 + 0 + 3)) < 1e-12);
    cuda_free((void *)run.slots);
    run.scores = NULL; /* probabilities alone */
    run.results = NULL;
    run.slots = NULL;
    memset(y, 0xff, sizeof *y * ROWS * CLASSES);
    cuda_ok(an_cuda_softmax_forward(&run, NULL));
    assert_true(fabsf(y[0] - 1.0f / 6) < 1e-7f);
    cuda_free((void *)run.x);
    cuda_free((void *)run.smoothing);
    cuda_free(y);
    cuda_free(s);
    cuda_free(results);
}

/* ---- Updates --------------------------------------------------------------------------------- */

typedef struct tensor {
    int64_t count;
    an_copy_form copy;
    int shift; /* elements by which its memory is off a multiple of 16 bytes */
} tensor;

static float *float_block(const double *values, const tensor *t)
{
    float *block = cuda_block(sizeof(float) * (size_t)(t->count + t->shift));
    for (int64_t i = 0; i < t->count; i++)
        block[t->shift + i] = (float)values[i];
    return block + t->shift;
}

/* Elements of the first copy, and of both if there are two. */
static int64_t first_count(const tensor *t)
{
    const an_copy_form *f = &t->copy;
    if (f->in_order)
        return t->count;
    return t->count / (f->c * f->r * f->s) * f->rows * f->columns * f->channels;
}

static int64_t copy_count(const tensor *t)
{
    return first_count(t) + t->copy.twin;
}

static size_t copy_bytes(const tensor *t)
{
    return t->copy.at + (size_t)copy_count(t) * (t->copy.bf16 ? sizeof(uint16_t) : sizeof(float));
}

static uint16_t bf16_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* Which element of the parameter is in element i of its copy; -1: none. */
static int64_t copied_from(const tensor *t, int64_t i)
{
    const an_copy_form *f = &t->copy;
    if (i >= first_count(t))
        return i < f->twin ? -1 : copied_from(t, i - f->twin);
    if (f->in_order)
        return i;
    int64_t channel = i % f->channels, c = channel % f->c;
    int64_t place = channel / f->c, pixel = i / f->channels;
    int64_t x = pixel % f->columns * f->block + place % f->block;
    int64_t y = pixel / f->columns % f->rows * f->block + place / f->block;
    int64_t k = pixel / f->columns / f->rows;
    if (place >= f->block * f->block || x >= f->s || y >= f->r)
        return -1;
    return ((k * f->c + c) * f->r + y) * f->s + x;
}

/* The copy must hold the parameter, and whatever else is there must be untouched. */
static void check_update_copy(const tensor *t, const float *w, const void *copy, bool touched)
{
    const char *first = (const char *)copy + t->copy.at;
    for (size_t i = 0; i < t->copy.at; i++)
        assert_int_equal(((const uint8_t *)copy)[i], 0xff);
    for (int64_t i = 0; i < copy_count(t); i++) {
        int64_t from = touched ? copied_from(t, i) : -1;
        uint32_t bits = 0xffffffff;
        if (from >= 0)
            memcpy(&bits, &w[from], sizeof bits);
        if (t->copy.bf16)
            assert_int_equal(((const uint16_t *)first)[i], from < 0 ? 0xffff : bf16_of(w[from]));
        else
            assert_int_equal(((const uint32_t *)first)[i], bits);
    }
}

static const tensor tensors[] = {
    /* conv1: padded to 8 channels, and in blocks of four; conv2 */
    {96 * 3 * 121, {true, true, 0, false, 3, 11, 11, 1, 11, 11, 8, 0}, 0},
    {96 * 3 * 121, {true, true, 0, false, 3, 11, 11, 4, 3, 3, 48, 0}, 0},
    {96 * 3 * 121, {true, false, 16, false, 3, 11, 11, 4, 3, 3, 48, 0}, 0},
    {64 * 48 * 25, {true, true, 64, false, 48, 5, 5, 1, 5, 5, 48, 0}, 0},
    {96 * 3 * 121, {true, true, 64, false, 3, 11, 11, 4, 3, 4, 48, 96 * 3 * 4 * 48 + 48}, 0},
    {6 * 5 * 7 * 3, {true, false, 8, false, 5, 7, 3, 2, 4, 2, 24, 0}, 0},
    {96, {.kept = false}, 0},
    {96, {.kept = true, .bf16 = true, .in_order = true, .at = 6}, 0},
    {1, {.kept = true, .bf16 = true, .in_order = true}, 0},
    {20 * 1000, {.kept = true, .bf16 = true, .in_order = true}, 0},
    {4099, {.kept = true, .bf16 = false, .in_order = true}, 0}, /* no multiple of anything */
    {96, {.kept = true, .bf16 = true, .in_order = true, .at = 32, .twin = 96}, 0},
    {50, {.kept = true, .bf16 = false, .in_order = true, .twin = 51}, 0},
    {5000, {.kept = true, .bf16 = true, .in_order = true}, 1}, /* no access is aligned */
    {8192, {.kept = false}, 3},
};
enum { TENSORS = sizeof tensors / sizeof tensors[0] };

/* Allocate a tensor's blocks, each with its shift, and describe them as a segment. */
static an_cuda_segment segment_of(const tensor *t, const update_case *c,
                                  double *const from[UPDATE_TENSORS], float *got[UPDATE_TENSORS])
{
    for (int k = 0; k < UPDATE_TENSORS; k++)
        got[k] = float_block(from[k], t);
    return (an_cuda_segment){.param = got[UPDATE_W],
                             .gradient = got[UPDATE_G],
                             .momentum = got[UPDATE_V],
                             .square = got[UPDATE_Q],
                             .average = c->averages ? got[UPDATE_A] : NULL,
                             .copy = t->copy.kept ? cuda_block(copy_bytes(t)) : NULL,
                             .count = t->count,
                             .clear = c->clears,
                             .form = t->copy};
}

/* Update all tensors in one launch by a case's rule. Every other tensor is frozen. */
static void check_update(const update_case *c, double *const before[UPDATE_TENSORS],
                         double *const after[2][UPDATE_TENSORS])
{
    update_case cases[2] = {*c, *c};
    cases[1].rates.rate = 0;
    an_cuda_segment segments[TENSORS];
    an_rates rates[TENSORS];
    float *got[TENSORS][UPDATE_TENSORS];
    for (int i = 0; i < TENSORS; i++) {
        segments[i] = segment_of(&tensors[i], c, before, got[i]);
        rates[i] = cases[i % 2].rates;
    }
    int64_t blocks = an_cuda_update_plan(segments, TENSORS);
    an_cuda_segment *list = cuda_move(segments, sizeof segments);
    an_rule *rule = cuda_move(&c->rule, sizeof c->rule);
    an_rates *moved = cuda_move(rates, sizeof rates);
    const an_cuda_update_run run = {list, TENSORS, blocks, rule, moved};
    cuda_ok(an_cuda_update(&run, NULL));
    cuda_free(list);
    cuda_free(rule);
    cuda_free(moved);
    for (int i = 0; i < TENSORS; i++) {
        const tensor *t = &tensors[i];
        for (int64_t j = 0; j < t->count; j++)
            update_compare(&cases[i % 2], before, after[i % 2], got[i], j);
        if (segments[i].copy)
            check_update_copy(t, got[i][UPDATE_W], segments[i].copy,
                              rates[i].rate != 0 && !c->rule.held);
        cuda_free(segments[i].copy);
        for (int k = 0; k < UPDATE_TENSORS; k++)
            cuda_free(got[i][k] - t->shift);
    }
}

static void test_update(void **state)
{
    enum { COUNT = 64 * 48 * 25 }; /* the largest tensor */
    double *before[UPDATE_TENSORS];
    (void)state;
    update_fill(before, COUNT);
    for (int i = 0; i < UPDATE_CASES; i++) {
        double *after[2][UPDATE_TENSORS];
        update_case frozen = update_cases[i];
        frozen.rates.rate = 0;
        update_fill(after[0], COUNT);
        update_fill(after[1], COUNT);
        update_on_ref(&update_cases[i], after[0], COUNT);
        update_on_ref(&frozen, after[1], COUNT);
        for (int order = 0; order < 2; order++) {
            an_host_backwards = order == 1;
            check_update(&update_cases[i], before, after);
        }
        update_free(after[0]);
        update_free(after[1]);
    }
    an_host_backwards = false;
    update_free(before);
}

static void test_norms(void **state)
{
    (void)state;
    enum { SPANS = 4 };
    const int64_t counts[SPANS] = {70000, 1, 16384, 100};
    const int holes[SPANS] = {3, 0, 1, 100};
    an_cuda_span spans[SPANS];
    double expected[SPANS] = {0};
    for (uint32_t i = 0; i < SPANS; i++) {
        double *values = cuda_random(counts[i], 1, 95 + i);
        tensor t = {.count = counts[i]};
        float *data = float_block(values, &t);
        for (int64_t j = 0; j < counts[i]; j++) {
            bool hole = j < holes[i];
            if (hole)
                data[j] = j % 2 ? NAN : -INFINITY;
            expected[i] += hole ? 0 : values[j] * values[j];
        }
        spans[i] = (an_cuda_span){.data = data, .count = counts[i]};
        an_free(values);
    }
    int64_t blocks = an_cuda_norms_plan(spans, SPANS);
    an_norm *out = cuda_block(sizeof *out * SPANS);
    an_norm *partial = cuda_block(sizeof *out * (size_t)blocks);
    an_cuda_span *list = cuda_move(spans, sizeof spans);
    double *norm = cuda_block(sizeof *norm), all = 0;
    const an_rates rates[SPANS] = {{.spread = 0}, {.spread = 1}, {.spread = 4}, {.spread = 0.5}};
    for (int i = 0; i < SPANS; i++)
        all += expected[i] / (i == 2 ? 16 : i == 3 ? 0.25 : 1);
    an_rates *moved = cuda_move(rates, sizeof rates);
    an_cuda_norms_run run = {list, SPANS, blocks, partial, out, norm, moved};
    for (int order = 0; order < 2; order++) {
        an_host_backwards = order == 1;
        cuda_ok(an_cuda_norms(&run, NULL));
        for (int i = 0; i < SPANS; i++) {
            assert_true(fabs(out[i].sum_squares - expected[i]) <= 1e-12 * expected[i]);
            assert_int_equal(out[i].not_finite, holes[i]);
        }
        assert_true(fabs(*norm - sqrt(all)) <= 1e-12 * sqrt(all));
    }
    cuda_free(norm);
    cuda_free(moved);
    cuda_free(list);
    cuda_free(out);
    cuda_free(partial);
    for (int i = 0; i < SPANS; i++)
        cuda_free((void *)spans[i].data);
}

/* Updates stop at a loss that is not finite. */
static void test_hold(void **state)
{
    (void)state;
    const int32_t expected[] = {0, 1, 1}, lost[] = {0, 2, 0};
    const an_results none = {.loss = 3, .images = 4};
    const an_rule free_rule = {.clip = 3};
    an_results *results = cuda_move(&none, sizeof none);
    an_rule *rule = cuda_move(&free_rule, sizeof free_rule);
    const an_cuda_hold_run run = {results, rule};
    for (int i = 0; i < 3; i++) {
        results->not_finite = lost[i];
        cuda_ok(an_cuda_hold(&run, NULL));
        assert_true(rule->held == expected[i] && rule->clip == 3);
    }
    cuda_free(rule);
    cuda_free(results);
}

/* Nothing to update or to measure. */
static void test_nothing(void **state)
{
    (void)state;
    cuda_ok(an_cuda_update(&(an_cuda_update_run){.count = 0}, NULL));
    cuda_ok(an_cuda_norms(&(an_cuda_norms_run){.count = 0}, NULL));
}

int main(void)
{
    if (cuda_absent())
        return cuda_absent();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_augment),
        cmocka_unit_test(test_softmax),
        cmocka_unit_test(test_softmax_of_extremes),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_norms),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, cuda_open_ref, cuda_close_ref);
}
