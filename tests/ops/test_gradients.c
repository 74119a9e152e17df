/*
 * Gradient check of every operator on ref: every element of every input and every learned parameter
 * against a central difference in double.
 *
 *     L(t) = SUM_i dy[i] * y[i](t)        or, for softmax, the weighted mean loss
 *     numeric = (L(t + h) - L(t - h)) / 2h, with t + h and t - h as they are stored
 *
 * Step and tolerance. Let S be the sum of |dy[i] * y[i]|, or 1 + max |x| for softmax. The
 * difference has a rounding error of about sqrt(count) u S / h with u = 2^-53, below 2^-50 S / h
 * for these sizes, and a truncation error of h^2/6 times the third derivative of L. With operands
 * of size 1 that derivative is below 100 for all operators here (tanh: 2 a b^3 |dy|; LRN with alpha
 * 0.1: below that), so that with h = 2^-17, near the cube root of u,
 *
 *     |numeric - analytic| <= 2^-50 S 2^17 + 2^-34 100/6 = 2^-33 S + 2^-29
 *
 * S is 10 to 500 here, derivatives are of size 0.1 to 10: an error in the sixth digit shows.
 *
 * Kinks. ReLU at 0 and equal values in a window of max pooling have no derivative: their operands
 * are a shuffled sequence of multiples of 2^-5 plus 2^-6, further from each other and from 0 than
 * h moves them.
 */
#include "ops/ops_rig.h"

#include <math.h>
#include <stdio.h>

#include "backend/backend.h"
#include "base/alloc.h"
#include "base/random.h"

static const uint64_t seed = 20120930;

/* Uniform in [-1, 1). */
static double *draw(uint32_t tensor, int64_t count)
{
    double *x = an_malloc((size_t)count * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < count; i++)
        x[i] = 2 * an_uniform(an_random(seed, AN_PURPOSE_TEST, tensor, (uint64_t)i, 0).v[0]) - 1;
    return x;
}

/* Values (i + 1/2 - count/2) / 32 in a shuffled order. */
static double *draw_apart(int64_t count)
{
    double *x = an_malloc((size_t)count * sizeof *x);
    uint32_t *order = an_malloc((size_t)count * sizeof *order);
    assert_non_null(x);
    assert_non_null(order);
    an_shuffle(order, (uint32_t)count, seed, AN_PURPOSE_TEST, 0);
    for (int64_t i = 0; i < count; i++)
        x[i] = (order[i] + 0.5 - (double)(count / 2)) / 32;
    an_free(order);
    return x;
}

/* One operator being checked. */
typedef struct check {
    an_backend *ref;
    an_chain *chain;
    const an_op_desc *desc;
    const double *dy;
    double magnitude; /* S */
} check;

static double objective(check *c)
{
    expect_ok(an_chain_forward(c->chain));
    double sum = 0;
    if (c->desc->kind == AN_OP_SOFTMAX) {
        const an_step_state *step = c->chain->state;
        for (int n = 0; n < c->desc->n; n++)
            sum += (double)((const an_slot *)c->chain->slots)[n].weight *
                   ((const an_score *)c->chain->scores)[n].loss;
        return sum / step->weight;
    }
    const double *y = c->chain->link[0].y;
    int64_t count = an_batch_count(c->desc, c->desc->out);
    c->magnitude = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += c->dy[i] * y[i];
        c->magnitude += fabs(c->dy[i] * y[i]);
    }
    return sum;
}

/* Move each element of t, which lies in the chain, and compare with its gradient. */
static void check_tensor(check *c, const char *name, double *t, const double *gradient,
                         int64_t count)
{
    const double h = 0x1p-17;
    double largest = 0;
    for (int64_t i = 0; i < count; i++) {
        double kept = t[i], up = kept + h, down = kept - h;
        t[i] = up;
        double above = objective(c);
        t[i] = down;
        double below = objective(c);
        t[i] = kept;
        double numeric = (above - below) / (up - down);
        double allowed = 0x1p-33 * c->magnitude + 0x1p-29;
        if (!(fabs(numeric - gradient[i]) <= allowed))
            fail_msg("%s %s[%lld]: analytic %.12g, numeric %.12g +- %g",
                     an_op_table[c->desc->kind]->name, name, (long long)i, gradient[i], numeric,
                     allowed);
        largest = fmax(largest, fabs(gradient[i]));
    }
    assert_true(largest > 1e-3); /* a gradient that is zero throughout was not checked */
}

static void check_all(check *c)
{
    const an_op_desc *desc = c->desc;
    an_param_info info[AN_MAX_PARAMS];
    char name[16];
    for (int i = 0; i < desc->n_inputs; i++) {
        snprintf(name, sizeof name, "x%d", i);
        check_tensor(c, name, c->chain->x[i], c->chain->dx[i], an_batch_count(desc, desc->in[i]));
    }
    int n_params = an_op_params(desc, info);
    for (int i = 0; i < n_params; i++)
        check_tensor(c, info[i].name, c->chain->link[0].param[i], c->chain->link[0].dparam[i],
                     an_shape_count(info[i].shape));
}

static void check_op(an_op_desc desc, bool training, bool apart)
{
    an_slot slots[] = {{.label = 1, .weight = 1},
                       {.picture = -1, .label = -1},
                       {.label = 0, .weight = 0.75f, .second = 3, .second_share = 0.25f},
                       {.label = 4, .weight = 2.5f}};
    an_operands operands = {.state = {.seed = seed, .step = 3, .weight = 4.25, .smoothing = 0.125},
                            .slots = slots};
    assert_true(desc.n <= 4);
    expect_ok(an_op_resolve(&desc));
    for (int i = 0; i < desc.n_inputs; i++) {
        int64_t count = an_batch_count(&desc, desc.in[i]);
        operands.x[i] = apart ? draw_apart(count) : draw((uint32_t)i, count);
    }
    for (int i = 0; i < AN_MAX_PARAMS; i++)
        operands.param[0][i] = draw(100 + (uint32_t)i, an_param_count(&desc, i));
    operands.dy = draw(200, an_batch_count(&desc, desc.out));
    check c = {.ref = rig_open_ref(), .desc = &desc, .dy = operands.dy, .magnitude = 2};
    c.chain = rig_run(c.ref, &desc, &operands, training);
    check_all(&c);
    an_chain_close(c.chain);
    an_backend_close(c.ref);
    for (int i = 0; i < AN_MAX_INPUTS; i++)
        an_free(operands.x[i]);
    for (int i = 0; i < AN_MAX_PARAMS; i++)
        an_free(operands.param[0][i]);
    an_free(operands.dy);
}

static void test_conv(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_CONV, 2, 4, 7, 6);
    desc.u.conv = (an_conv_desc){.k = 6, .r = 3, .s = 2, .stride = 1, .groups = 1};
    check_op(desc, true, false);
    desc.u.conv = (an_conv_desc){
        .k = 6, .r = 3, .s = 2, .stride = 2, .groups = 2, .top = 2, .left = 1, .right = 2};
    check_op(desc, true, false);
    desc.u.conv.ceil = true; /* 7 + 2 - 3 = 6 divides; columns 6 + 3 - 2 = 7 do not */
    check_op(desc, true, false);
    desc.u.conv =
        (an_conv_desc){.k = 4, .r = 5, .s = 5, .stride = 3, .groups = 4, .bottom = 1, .ceil = true};
    check_op(desc, true, false);
}

static void test_fc(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_FC, 3, 3, 2, 5);
    desc.u.fc.k = 7;
    check_op(desc, true, false);
}

static void test_neuron(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_NEURON, 2, 3, 4, 5);
    desc.u.neuron.kind = AN_RELU;
    check_op(desc, true, true);
    desc.u.neuron = (an_neuron_desc){AN_TANH, 1.7159, 0.6666};
    check_op(desc, true, false);
    desc.u.neuron = (an_neuron_desc){AN_TANH, -0.5, 2};
    check_op(desc, true, false);
    desc.u.neuron.kind = AN_LOGISTIC;
    check_op(desc, true, false);
}

static void test_pool(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_POOL, 2, 3, 7, 8);
    for (int kind = AN_POOL_MAX; kind <= AN_POOL_AVG; kind++) {
        desc.u.pool = (an_pool_desc){(an_pool_kind)kind, 3, 2, 0, false};
        check_op(desc, true, true);
        desc.u.pool.ceil = true; /* 8 columns: the last window is clipped */
        check_op(desc, true, true);
        desc.u.pool.pad = 2;
        check_op(desc, true, true);
    }
}

static void test_lrn(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_LRN, 2, 8, 2, 3);
    desc.u.lrn = (an_lrn_desc){5, 1, 2, 0.1, 0.75};
    check_op(desc, true, false);
    desc.u.lrn.groups = 2;
    check_op(desc, true, false);
    desc.u.lrn = (an_lrn_desc){7, 4, 1, 0.1, 1.5}; /* wider than a group of 2 */
    check_op(desc, true, false);
}

static void test_lrn_within(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_LRN_WITHIN, 2, 2, 5, 4);
    desc.u.lrn = (an_lrn_desc){3, 1, 1, 0.1, 0.75};
    check_op(desc, true, false);
    desc.u.lrn.size = 11; /* wider than the map */
    check_op(desc, true, false);
}

static void test_dropout(void **state)
{
    (void)state;
    an_op_desc desc = rig_desc(AN_OP_DROPOUT, 2, 3, 3, 5);
    for (int kind = AN_DROPOUT_MASK; kind <= AN_DROPOUT_INVERTED; kind++) {
        desc.u.dropout = (an_dropout_desc){(an_dropout_kind)kind, 0.6, 2};
        check_op(desc, true, false);
        check_op(desc, false, false);
    }
}

static void test_concat(void **state)
{
    (void)state;
    an_op_desc desc = {
        .kind = AN_OP_CONCAT, .n = 2, .n_inputs = 3, .in = {{3, 2, 5}, {1, 2, 5}, {4, 2, 5}}};
    check_op(desc, true, false);
}

static void test_eltsum(void **state)
{
    (void)state;
    an_op_desc desc = {
        .kind = AN_OP_ELTSUM, .n = 2, .n_inputs = 3, .in = {{3, 2, 5}, {3, 2, 5}, {3, 2, 5}}};
    check_op(desc, true, false);
    desc.n_inputs = 1;
    check_op(desc, true, false);
}

static void test_softmax(void **state)
{
    (void)state;
    check_op(rig_desc(AN_OP_SOFTMAX, 4, 5, 1, 1), true, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv),    cmocka_unit_test(test_fc),
        cmocka_unit_test(test_neuron),  cmocka_unit_test(test_pool),
        cmocka_unit_test(test_lrn),     cmocka_unit_test(test_lrn_within),
        cmocka_unit_test(test_dropout), cmocka_unit_test(test_concat),
        cmocka_unit_test(test_eltsum),  cmocka_unit_test(test_softmax),
    };
    return cmocka_run_group_tests_name("gradients", tests, NULL, NULL);
}
