/*
 * Kernels of the cuda backend, run as bodies on the host or on a GPU (cuda_rig.h): element-wise
 * operators, bias gradients and copies, compared with cuda_ref in every form of memory; and the
 * functions that bodies are built from. Outputs are poisoned and fenced. Bias gradients are
 * computed with blocks and threads in both orders, which must give the same bits.
 *
 * Error bounds follow from the operands, element by element: parity/bound.h. A bias gradient of
 * n terms may err by 8 u sqrt(n SUM dy^2), u = 2^-24, as there. Copies are exact.
 */
#include "ops/cuda_rig.h"

#include <math.h>
#include <string.h>

#include "backend/cuda/kernels/values.h"
#include "base/alloc.h"
#include "base/random.h"

/* ---- What bodies are made of ----------------------------------------------------------------- */

/* Every bfloat16 stays as it is. A value between two becomes the nearer one, a tie the even one. */
static void test_bf16(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1 << 16; i++) {
        uint32_t exact = i << 16;
        bool finite = (i & 0x7f80) != 0x7f80, nan = !finite && (i & 0x7f);
        uint32_t pair = an_pack_bf16(an_bits_to_float(exact), an_bits_to_float(exact));
        if (nan) {
            assert_true(an_low_bf16(pair) != an_low_bf16(pair));
            continue;
        }
        assert_int_equal(pair, i | i << 16);
        if (!finite)
            continue;
        assert_int_equal(an_pack_bf16(an_bits_to_float(exact + 0x7fff), 0), i);
        assert_int_equal(an_pack_bf16(an_bits_to_float(exact + 0x8001), 0), i + 1);
        assert_int_equal(an_pack_bf16(0, an_bits_to_float(exact + 0x8000)), (i + (i & 1)) << 16);
    }
}

static void check_division(uint32_t x, uint32_t by)
{
    an_divisor d = an_divisor_of(by);
    uint32_t quotient = x;
    int rest = an_split(&quotient, d);
    if (quotient != x / by || (uint32_t)rest != x % by)
        fail_msg("%u / %u is %u, rest %d", x, by, quotient, rest);
}

static void test_division(void **state)
{
    (void)state;
    const uint32_t largest = 0x7fffffff;
    for (uint32_t by = 1; by < 3000; by++)
        for (uint32_t i = 0; i < 40; i++) {
            uint32_t multiple = largest / by / 40 * i * by;
            check_division(multiple, by);
            check_division(multiple + by - 1, by);
            check_division(largest - i, by);
        }
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t by = 1 + (uint32_t)cuda_pick(30, i, (int)largest);
        check_division((uint32_t)cuda_pick(31, i, (int)largest), by);
        check_division(by - 1, by);
        check_division(by, by);
        check_division(largest, by);
    }
}

static void test_random_words(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        uint64_t seed = (uint64_t)cuda_pick(32, i, 0x7fffffff) << 24 | i;
        uint64_t step = (uint64_t)i * 0x123456789u,
                 position = (uint64_t)i * 0x34567891u % ((uint64_t)1 << 40);
        an_random4 expected = an_random(seed, AN_PURPOSE_DROPOUT, step, position, i * 67);
        uint32_t words[4];
        an_dropout_words(seed, step, position, i * 67, words);
        assert_memory_equal(words, expected.v, sizeof words);
    }
}

/* ---- Neurons and biases ---------------------------------------------------------------------- */

static const an_cuda_function functions[] = {
    [AN_RELU] = AN_CUDA_RELU, [AN_TANH] = AN_CUDA_TANH, [AN_LOGISTIC] = AN_CUDA_LOGISTIC};

static void check_neuron_form(cuda_case *c, const cuda_form *form)
{
    an_chw shape = c->desc.out;
    int n = c->desc.n;
    void *x = cuda_put(c->operands.x[0], form, n, shape);
    void *dy = cuda_put(c->operands.dy, form, n, shape);
    void *y = cuda_space(form, n, shape), *dx = cuda_space(form, n, shape);
    an_cuda_neuron_run run = {
        .form = cuda_form_of(form, n, shape),
        .function = functions[c->desc.u.neuron.kind],
        .a = (float)c->desc.u.neuron.a,
        .b = (float)c->desc.u.neuron.b,
        .x = x,
        .y = y,
        .dy = dy,
        .dx = dx,
    };
    cuda_ok(an_cuda_neuron_forward(&run, NULL));
    cuda_ok(an_cuda_neuron_backward(&run, NULL));
    cuda_case_bounds(c, form);
    cuda_expect("neuron y", y, form, n, shape, c->chain->link[0].y, c->e_y);
    cuda_expect("neuron dx", dx, form, n, shape, c->chain->dx[0], c->e_dx[0]);
    run.y = x; /* in place */
    run.dx = dy;
    cuda_ok(an_cuda_neuron_forward(&run, NULL));
    cuda_ok(an_cuda_neuron_backward(&run, NULL));
    cuda_expect("neuron y in place", x, form, n, shape, c->chain->link[0].y, c->e_y);
    cuda_expect("neuron dx in place", dy, form, n, shape, c->chain->dx[0], c->e_dx[0]);
    cuda_free(x);
    cuda_free(y);
    cuda_free(dy);
    cuda_free(dx);
}

static void check_neuron(an_neuron_desc neuron, int n, an_chw shape)
{
    an_op_desc desc = rig_desc(AN_OP_NEURON, n, shape.c, shape.h, shape.w);
    desc.u.neuron = neuron;
    cuda_case *c = cuda_case_new(cuda_ref, desc, 4, true);
    for (int f = 0; f < CUDA_FORMS; f++)
        check_neuron_form(c, &cuda_forms[f]);
    cuda_case_free(c);
}

static void test_neuron(void **state)
{
    (void)state;
    const an_neuron_desc neurons[] = {{AN_RELU, 0, 0}, {AN_TANH, 1.75, 0.625}, {AN_LOGISTIC, 0, 0}};
    for (int i = 0; i < 3; i++) {
        check_neuron(neurons[i], 2, (an_chw){64, 13, 13});
        check_neuron(neurons[i], 3, (an_chw){4096, 1, 1});
        check_neuron(neurons[i], 1, (an_chw){5, 3, 1});
    }
}

/* NaN passes forward through every function. Its gradient is 0 at a ReLU, NaN at the others. */
static void test_neuron_of_nan(void **state)
{
    (void)state;
    const cuda_form *form = &cuda_forms[0];
    an_chw shape = {1, 1, 1};
    double nan = (double)NAN, one = 1;
    for (int i = 0; i < 3; i++) {
        void *x = cuda_put(&nan, form, 1, shape), *dy = cuda_put(&one, form, 1, shape);
        an_cuda_neuron_run run = {.form = cuda_form_of(form, 1, shape),
                                  .function = functions[i],
                                  .a = 1,
                                  .b = 1,
                                  .x = x,
                                  .y = x,
                                  .dy = dy,
                                  .dx = dy};
        cuda_ok(an_cuda_neuron_forward(&run, NULL));
        cuda_ok(an_cuda_neuron_backward(&run, NULL));
        assert_true(isnan(*(float *)x));
        assert_true(functions[i] == AN_CUDA_RELU ? *(float *)dy == 0 : isnan(*(float *)dy));
        cuda_free(x);
        cuda_free(dy);
    }
}

/* Forward: a bias and a ReLU. The sum of two multiples of 2^-7 is exact before it is stored. */
static void check_bias_relu(const cuda_form *form, int n, an_chw shape)
{
    int64_t count = n * an_chw_count(shape), pixels = (int64_t)shape.h * shape.w;
    double *x = cuda_random(count, 1, 40), *b = cuda_random(shape.c, 1, 41);
    double *expected = cuda_random(count, 1, 42);
    float *bias = cuda_put(b, &cuda_forms[0], 1, (an_chw){shape.c, 1, 1});
    void *data = cuda_put(x, form, n, shape);
    an_cuda_neuron_run run = {.form = cuda_form_of(form, n, shape),
                              .function = AN_CUDA_RELU,
                              .bias = bias,
                              .x = data,
                              .y = data};
    for (int64_t i = 0; i < count; i++)
        expected[i] = fmax(x[i] + b[i / pixels % shape.c], 0);
    cuda_ok(an_cuda_neuron_forward(&run, NULL));
    cuda_expect("bias and relu", data, form, n, shape, expected, NULL);
    cuda_free(bias);
    cuda_free(data);
    an_free(x);
    an_free(b);
    an_free(expected);
}

/* Write the gradient once and add it once, which gives twice the sum.
 * @param y  output of the ReLU after the bias, or NULL */
static float *bias_gradient(const cuda_form *form, int n, an_chw shape, const double *dy,
                            const double *y)
{
    float *dbias = cuda_block(sizeof(float) * (size_t)shape.c);
    an_cuda_bias_run run = {
        .form = cuda_form_of(form, n, shape), .dy = cuda_put(dy, form, n, shape), .dbias = dbias};
    run.scratch = cuda_block(an_cuda_bias_scratch(&run));
    if (y) {
        run.relu_y = cuda_put(y, form, n, shape);
        run.dx = cuda_space(form, n, shape);
    }
    cuda_ok(an_cuda_bias_gradient(&run, NULL));
    run.accumulate = true;
    cuda_ok(an_cuda_bias_gradient(&run, NULL));
    for (int64_t i = 0; y && i < n * an_chw_count(shape); i++)
        assert_true(cuda_get(run.dx, form, shape, i) == (y[i] > 0 ? dy[i] : 0));
    cuda_free((void *)run.dy);
    cuda_free((void *)run.relu_y);
    cuda_free(run.dx);
    cuda_free(run.scratch);
    return dbias;
}

static void check_bias_gradient(const cuda_form *form, int n, an_chw shape, bool relu)
{
    int64_t pixels = (int64_t)shape.h * shape.w;
    double *dy = cuda_random(n * an_chw_count(shape), 1, 43);
    double *y = relu ? cuda_random(n * an_chw_count(shape), 1, 44) : NULL;
    an_host_backwards = false;
    float *forwards = bias_gradient(form, n, shape, dy, y);
    an_host_backwards = true;
    float *backwards = bias_gradient(form, n, shape, dy, y);
    assert_memory_equal(forwards, backwards, sizeof(float) * (size_t)shape.c);
    for (int c = 0; c < shape.c; c++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < n * pixels; i++) {
            int64_t at = (i / pixels * shape.c + c) * pixels + i % pixels;
            double term = !y || y[at] > 0 ? dy[at] : 0;
            sum += term;
            squares += term * term;
        }
        double bound = 16 * 0x1p-24 * sqrt((double)(n * pixels) * squares) + 0x1p-23 * fabs(sum);
        if (!(fabs((double)forwards[c] - 2 * sum) <= bound))
            fail_msg("%s: dbias[%d] of %d x [%d, %d, %d] is %g, expected %g", form->name, c, n,
                     shape.c, shape.h, shape.w, (double)forwards[c], 2 * sum);
    }
    cuda_free(forwards);
    cuda_free(backwards);
    an_free(dy);
    an_free(y);
}

/* After a ReLU and a max pooling: gradients count if their maximum is above zero. */
static void check_pooled_bias(const cuda_form *form, int n, an_chw out, int window)
{
    an_chw in = {out.c, 2 * (out.h - 1) + window, 2 * (out.w - 1) + window};
    double *x = cuda_random(n * an_chw_count(in), 1, 45);
    double *dy = cuda_random(n * an_chw_count(out), 1, 46);
    for (int64_t i = 0; i < n * an_chw_count(in); i++)
        x[i] -= 0.75; /* so that many windows have nothing above zero */
    an_cuda_pool_run pool = {.in = cuda_form_of(form, n, in),
                             .out_h = out.h,
                             .out_w = out.w,
                             .size = window,
                             .stride = 2,
                             .max = true,
                             .relu = true,
                             .x = cuda_put(x, form, n, in),
                             .y = cuda_space(form, n, out)};
    pool.places = cuda_block(an_cuda_pool_places(&pool));
    cuda_ok(an_cuda_pool_forward(&pool, NULL));
    float *dbias = cuda_block(sizeof(float) * (size_t)out.c);
    an_cuda_bias_run run = {.form = cuda_form_of(form, n, out),
                            .dy = cuda_put(dy, form, n, out),
                            .places = pool.places,
                            .window = window,
                            .dbias = dbias};
    run.scratch = cuda_block(an_cuda_bias_scratch(&run));
    cuda_ok(an_cuda_bias_gradient(&run, NULL));
    int64_t pixels = (int64_t)out.h * out.w, none = 0;
    for (int c = 0; c < out.c; c++) {
        double sum = 0, all = 0;
        for (int64_t i = 0; i < n * pixels; i++) {
            int64_t at = (i / pixels * out.c + c) * pixels + i % pixels;
            bool passes = cuda_get(pool.y, form, out, at) > 0;
            sum += passes ? dy[at] : 0;
            all += fabs(dy[at]);
            none += !passes;
        }
        assert_true(fabs((double)dbias[c] - sum) <= 0x1p-22 * all);
    }
    assert_true(window > 3 || none > 0);
    void *blocks[] = {(void *)pool.x, pool.y, pool.places, (void *)run.dy, run.scratch, dbias};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        cuda_free(blocks[i]);
    an_free(x);
    an_free(dy);
}

static void test_pooled_bias(void **state)
{
    (void)state;
    for (int f = 0; f < CUDA_FORMS; f++) {
        check_pooled_bias(&cuda_forms[f], 2, (an_chw){64, 27, 27}, 3);
        check_pooled_bias(&cuda_forms[f], 3, (an_chw){7, 4, 5}, 3);
        check_pooled_bias(&cuda_forms[f], 2, (an_chw){8, 2, 3}, 16);
    }
}

static void test_bias(void **state)
{
    (void)state;
    static const struct {
        int n;
        an_chw shape;
    } cases[] = {{2, {96, 55, 55}}, {2, {256, 27, 27}}, {2, {384, 13, 13}}, {130, {4096, 1, 1}},
                 {5, {1000, 1, 1}}, {3, {7, 5, 4}},     {1, {1, 1, 1}},     {2, {2056, 2, 2}},
                 {3, {300, 3, 3}},  {40, {8, 40, 40}},  {9, {3, 30, 30}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int f = 0; f < CUDA_FORMS; f++) {
            check_bias_relu(&cuda_forms[f], cases[i].n, cases[i].shape);
            check_bias_gradient(&cuda_forms[f], cases[i].n, cases[i].shape, false);
            check_bias_gradient(&cuda_forms[f], cases[i].n, cases[i].shape, true);
        }
}

/* ---- Sums of tensors ------------------------------------------------------------------------- */

static void check_eltsum(int inputs, an_chw shape)
{
    an_op_desc desc = rig_desc(AN_OP_ELTSUM, 2, shape.c, shape.h, shape.w);
    desc.n_inputs = inputs;
    for (int i = 1; i < inputs; i++)
        desc.in[i] = shape;
    cuda_case *c = cuda_case_new(cuda_ref, desc, 1, true);
    for (int f = 0; f < CUDA_FORMS; f++) {
        const cuda_form *form = &cuda_forms[f];
        an_cuda_eltsum_run run = {.count = an_batch_count(&c->desc, shape),
                                  .bf16 = form->bf16,
                                  .n_inputs = inputs,
                                  .y = cuda_space(form, 2, shape)};
        for (int i = 0; i < inputs; i++)
            run.x[i] = cuda_put(c->operands.x[i], form, 2, shape);
        cuda_ok(an_cuda_eltsum(&run, NULL));
        cuda_case_bounds(c, form);
        cuda_expect("eltsum y", run.y, form, 2, shape, c->chain->link[0].y, c->e_y);
        cuda_free(run.y);
        for (int i = 0; i < inputs; i++)
            cuda_free((void *)run.x[i]);
    }
    cuda_case_free(c);
}

static void test_eltsum(void **state)
{
    (void)state;
    check_eltsum(2, (an_chw){48, 13, 13});
    check_eltsum(1, (an_chw){3, 1, 1});
    check_eltsum(AN_CUDA_MAX_INPUTS, (an_chw){5, 3, 3});
}

/* ---- Dropout --------------------------------------------------------------------------------- */

/* To rows and back, which is what the same launch does without a turn. */
static void check_dropout_turned(cuda_case *c, const cuda_form *form, an_cuda_dropout_run run)
{
    const cuda_form rows = {"rows", false, form->bf16};
    const an_chw shape = c->desc.out;
    const int n = c->desc.n;
    void *y = cuda_space(&rows, n, shape), *dx = cuda_space(form, n, shape);
    void *dy = cuda_put(c->operands.dy, &rows, n, shape);
    run.y = y;
    run.turn = AN_CUDA_TO_ROWS;
    cuda_ok(an_cuda_dropout(&run, NULL));
    cuda_case_bounds(c, form);
    cuda_expect("dropout to rows", y, &rows, n, shape, c->chain->link[0].y, c->e_y);
    run.x = dy;
    run.y = dx;
    run.turn = AN_CUDA_FROM_ROWS;
    cuda_ok(an_cuda_dropout(&run, NULL));
    cuda_expect("dropout from rows", dx, form, n, shape, c->chain->dx[0], c->e_dx[0]);
    cuda_free(y);
    cuda_free(dx);
    cuda_free(dy);
}

static void check_dropout_form(cuda_case *c, const cuda_form *form, bool training)
{
    const an_dropout_desc *dropout = &c->desc.u.dropout;
    bool mask = dropout->kind == AN_DROPOUT_MASK;
    an_chw shape = c->desc.out;
    int n = c->desc.n;
    void *x = cuda_put(c->operands.x[0], form, n, shape);
    void *dy = cuda_put(c->operands.dy, form, n, shape), *y = cuda_space(form, n, shape);
    an_step_state *state = cuda_move(&c->operands.state, sizeof *state);
    an_cuda_dropout_run run = {
        .form = cuda_form_of(form, n, shape),
        .seed = training ? &state->seed : NULL,
        .step = &state->step,
        .before = training ? &state->before : NULL,
        .keep = dropout->keep,
        .layer = dropout->layer,
        .kept = mask ? 1 : (float)(1 / dropout->keep),
        .always = mask ? (float)dropout->keep : 1,
        .x = x,
        .y = y,
    };
    if (form->nhwc)
        check_dropout_turned(c, form, run);
    cuda_ok(an_cuda_dropout(&run, NULL));
    cuda_case_bounds(c, form);
    cuda_expect("dropout y", y, form, n, shape, c->chain->link[0].y, c->e_y);
    run.x = dy;
    run.y = dy; /* in place */
    cuda_ok(an_cuda_dropout(&run, NULL));
    cuda_expect("dropout dx", dy, form, n, shape, c->chain->dx[0], c->e_dx[0]);
    /* with a ReLU before it: 0 for what is negative, else the same bits */
    void *relu = cuda_space(form, n, shape);
    run.x = x;
    run.y = relu;
    run.relu = true;
    cuda_ok(an_cuda_dropout(&run, NULL));
    for (int64_t i = 0; i < n * an_chw_count(shape); i++) {
        double all = cuda_get(y, form, shape, i), got = cuda_get(relu, form, shape, i);
        assert_true(c->operands.x[0][i] < 0 ? got == 0 : got == all);
    }
    cuda_free(relu);
    run.relu = false;
    /* with x as the output of a ReLU: 0 wherever x is not above 0 */
    run.y = y;
    run.x = x;
    run.relu_y = x;
    cuda_ok(an_cuda_dropout(&run, NULL));
    for (int64_t i = 0; i < n * an_chw_count(shape); i++) {
        double all = ((const double *)c->chain->link[0].y)[i];
        assert_true((cuda_get(y, form, shape, i) == 0) == !(all > 0));
    }
    cuda_free(state);
    cuda_free(x);
    cuda_free(dy);
    cuda_free(y);
}

static void check_dropout(an_dropout_desc dropout, bool training, int n, an_chw shape)
{
    an_op_desc desc = rig_desc(AN_OP_DROPOUT, n, shape.c, shape.h, shape.w);
    desc.u.dropout = dropout;
    for (uint64_t before = 0; before < 2; before++) { /* alone, and after five other slots */
        cuda_case *c = cuda_case_of(cuda_ref, desc);
        c->operands.state.before = 5 * before;
        c->operands.x[0] = cuda_random(an_batch_count(&c->desc, c->desc.in[0]), 1, 0);
        c->operands.dy = cuda_random(an_batch_count(&c->desc, c->desc.out), 1, 100);
        cuda_case_run(c, training);
        for (int f = 0; f < CUDA_FORMS; f++)
            check_dropout_form(c, &cuda_forms[f], training);
        cuda_case_free(c);
    }
}

static void test_dropout(void **state)
{
    (void)state;
    for (int training = 0; training < 2; training++) {
        check_dropout((an_dropout_desc){AN_DROPOUT_MASK, 0.5, 1}, training, 3,
                      (an_chw){4096, 1, 1});
        check_dropout((an_dropout_desc){AN_DROPOUT_INVERTED, 0.7, 2}, training, 2,
                      (an_chw){13, 5, 3});
        check_dropout((an_dropout_desc){AN_DROPOUT_INVERTED, 1, 3}, training, 1, (an_chw){5, 1, 1});
    }
    check_dropout((an_dropout_desc){AN_DROPOUT_MASK, 0.9, 9}, true, 2, (an_chw){16, 7, 7});
    check_dropout((an_dropout_desc){AN_DROPOUT_INVERTED, 0.5, 4}, true, 3, (an_chw){72, 6, 6});
}

/* ---- Copies ---------------------------------------------------------------------------------- */

/* A whole tensor to copy from or to. The copied channels begin at `first`. */
typedef struct copy_side {
    cuda_form form;
    an_chw shape;
    int first;
} copy_side;

static an_cuda_part part_of(const copy_side *side, void *data)
{
    return (an_cuda_part){data, side->form.nhwc, side->form.bf16, side->shape.c, side->first};
}

/* Copy c channels of n images. All else in the target must stay as it was, except padding. */
static void check_copy(int n, int c, const copy_side *from, const copy_side *to, bool pad)
{
    int64_t pixels = (int64_t)to->shape.h * to->shape.w;
    double *source = cuda_random(n * an_chw_count(from->shape), 1, 50);
    double *target = cuda_random(n * an_chw_count(to->shape), 1, 51);
    for (int twice = 0; twice < 2; twice++) {
        void *x = cuda_put(source, &from->form, n, from->shape);
        void *y = cuda_put(target, &to->form, n, to->shape);
        an_cuda_copy_run run = {.n = n,
                                .c = c,
                                .h = to->shape.h,
                                .w = to->shape.w,
                                .from = part_of(from, x),
                                .to = part_of(to, y),
                                .pad_zeros = pad,
                                .accumulate = twice == 1};
        an_host_backwards = twice == 1;
        cuda_ok(an_cuda_copy(&run, NULL));
        for (int64_t i = 0; i < n * an_chw_count(to->shape); i++) {
            int channel = (int)(i / pixels % to->shape.c) - to->first;
            int64_t image = i / pixels / to->shape.c;
            bool copied = channel >= 0 && channel < c;
            if (copied || (pad && channel >= c && !run.accumulate))
                target[i] = run.accumulate ? target[i] : 0;
            if (copied)
                target[i] +=
                    source[(image * from->shape.c + from->first + channel) * pixels + i % pixels];
        }
        cuda_expect("copy", y, &to->form, n, to->shape, target, NULL);
        cuda_free(x);
        cuda_free(y);
    }
    an_free(source);
    an_free(target);
}

/* Every pair of memory orders and element types. */
static void check_copies(int n, int c, int h, int w, int channels, int first)
{
    for (int i = 0; i < 16; i++) {
        copy_side from = {{"", i & 1, i & 2}, {c, h, w}, 0};
        copy_side to = {{"copied", i & 4, i & 8}, {channels, h, w}, first};
        check_copy(n, c, &from, &to, false);
        check_copy(n, c, &from, &to, true);
        copy_side back = {{"taken", i & 4, i & 8}, {c, h, w}, 0};
        copy_side part = {{"", i & 1, i & 2}, {channels, h, w}, first};
        check_copy(n, c, &part, &back, false);
    }
}

static void test_copy(void **state)
{
    (void)state;
    check_copies(2, 3, 37, 41, 8, 0);   /* pixels of a first layer */
    check_copies(5, 48, 3, 3, 48, 0);   /* weights */
    check_copies(2, 256, 6, 6, 256, 0); /* before a fully connected layer */
    check_copies(2, 40, 5, 5, 104, 24); /* a concatenation in eights */
    check_copies(2, 33, 5, 7, 70, 1);
    check_copies(3, 64, 1, 1, 64, 0);
    check_copies(3, 5, 1, 1, 9, 2);
    for (uint32_t i = 0; i < 10; i++) {
        int c = 1 + cuda_pick(60, i, 70), first = cuda_pick(61, i, 3);
        check_copies(1 + cuda_pick(62, i, 3), c, 1 + cuda_pick(63, i, 9), 1 + cuda_pick(64, i, 9),
                     first + c + cuda_pick(65, i, 4), first);
    }
}

int main(void)
{
    if (cuda_absent())
        return cuda_absent();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bf16),          cmocka_unit_test(test_division),
        cmocka_unit_test(test_random_words),  cmocka_unit_test(test_neuron),
        cmocka_unit_test(test_neuron_of_nan), cmocka_unit_test(test_bias),
        cmocka_unit_test(test_pooled_bias),   cmocka_unit_test(test_eltsum),
        cmocka_unit_test(test_dropout),       cmocka_unit_test(test_copy),
    };
    return cmocka_run_group_tests(tests, cuda_open_ref, cuda_close_ref);
}
