/*
 * The built-in networks at their full size against PyTorch in float64, on one picture: root mean
 * square and samples of every layer's output and of every gradient, and the probabilities that a
 * network gives in inference. tools/make_step_goldens.py made the values. Dropout is off in
 * training (keep = 1); in inference, mask dropout multiplies by keep.
 *
 * Tolerances, as in test_steps.c: an operator with sums of n terms adds a rounding error of u
 * sqrt(n) of the root mean square of its result, u = 2^-24. Four standard deviations of that are
 * allowed, and errors of earlier layers pass on. For an output they are added up along the graph. A
 * gradient has the errors of the forward pass, at most twice as much again from the backward pass,
 * and those of 55 * 55 terms of conv1's gradient. Root mean squares have the same relative
 * tolerance. No decision of a ReLU or a pooling window is closer than 2^-18 (see the script).
 * Logarithms of probabilities and the loss differ by at most twice as much as the logits, and
 * probabilities are returned in float32, which adds 2^-24 of their value. On ref u is 2^-53, and
 * errors are taken to have one direction: n in place of 4 sqrt(n).
 */
#include "golden/golden_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "base/status.h"
#include "model/program/program_impl.h"

typedef struct full {
    golden g;
    const char *name, *device;
    double worst; /* deviation as a share of what is allowed */
} full;

/* ---- The network's text, with dropout on or off ---- */

static const char *builtin_text(const char *name)
{
    for (const alexnet_builtin *b = an_builtin_networks; b->name; b++)
        if (strcmp(b->name, name) == 0)
            return b->text;
    fail_msg("there is no network %s", name);
    return NULL;
}

static alexnet_network *load(const char *name, bool dropout)
{
    alexnet_network *network;
    char *text = an_strdup(builtin_text(name)), *at = text;
    static const char on[] = "keep = 0.5", off[] = "keep = 1.0";
    int replaced = 0;
    assert_non_null(text);
    for (; !dropout && (at = strstr(at, on)); replaced++)
        memcpy(at, off, sizeof off - 1);
    assert_int_equal(replaced, dropout ? 0 : 2);
    expect_ok(an_network_parse(&network, text, name, name, 1000));
    an_free(text);
    return network;
}

static void open_net(full *f, bool training)
{
    char file[64];
    snprintf(file, sizeof file, "golden/full/%s.safetensors", f->name);
    golden_open(&f->g, file, load(f->name, !training), f->device, training);
}

/* ---- What is allowed ---- */

/* Terms of one sum of an operator. */
static double terms(const an_op_desc *desc)
{
    switch (desc->kind) {
    case AN_OP_CONV:
        return (double)desc->in[0].c / desc->u.conv.groups * desc->u.conv.r * desc->u.conv.s;
    case AN_OP_FC: return (double)an_chw_count(desc->in[0]);
    case AN_OP_LRN: return desc->u.lrn.size;
    case AN_OP_LRN_WITHIN: return (double)desc->u.lrn.size * desc->u.lrn.size;
    default: return 0;
    }
}

static double allowed(const full *f, double n)
{
    return strcmp(f->device, "ref") == 0 ? n * 0x1p-53 : 4 * sqrt(n) * 0x1p-24;
}

/* Relative error of a node's output: its own plus those of its inputs. */
static double bound_at(const full *f, int node)
{
    const an_graph *graph = &f->g.network->graph;
    double bound = allowed(f, terms(&graph->nodes[node].desc));
    for (int i = 0; i < graph->nodes[node].desc.n_inputs; i++)
        bound += bound_at(f, graph->nodes[node].inputs[i]);
    return bound;
}

static double bound_of_gradients(const full *f)
{
    int last = f->g.network->graph.count - 1;
    return 3 * bound_at(f, last) + allowed(f, 55 * 55);
}

/* ---- Comparing ---- */

/* Where the script takes its samples. */
static int64_t sample(int64_t i, int64_t count)
{
    return (int64_t)((uint64_t)i * 2654435761u % (uint64_t)count);
}

/* Root mean square, then samples. */
static void compare(full *f, const char *prefix, const char *name, const double *values,
                    int64_t count, double bound)
{
    int64_t n;
    double *expected = golden_member(&f->g, prefix, name, &n), got[256], squares = 0;
    assert_in_range(n, 2, 256);
    for (int64_t i = 0; i < count; i++)
        squares += values[i] * values[i];
    got[0] = sqrt(squares / (double)count);
    for (int64_t i = 0; i + 1 < n; i++)
        got[i + 1] = values[sample(i, count)];
    f->worst = fmax(f->worst, golden_close_to(name, got, expected, n, bound * expected[0]));
    an_free(expected);
}

/* The place of element (c, y, x) of the first picture in a layout. */
static int64_t place(an_layout l, int c, int y, int x)
{
    int64_t pixel = (int64_t)y * l.shape.w + x, area = (int64_t)l.shape.h * l.shape.w;
    int block = l.kind == AN_LAYOUT_C8 ? 8 : 16;
    switch (l.kind) {
    case AN_LAYOUT_PLAIN: return c * area + pixel;
    case AN_LAYOUT_NHWC: return pixel * l.shape.c + c;
    default: return (c / block * area + pixel) * block + c % block;
    }
}

/* A unit's output in the plain order; freed with an_free(). */
static double *read_output(const full *f, const an_unit *unit, const void *y)
{
    an_backend *be = f->g.net->backend;
    an_layout l = unit->op->out;
    size_t bytes = an_layout_bytes(l);
    int64_t stored = (int64_t)(bytes / an_dtype_bytes(l.dtype)), at = 0;
    void *raw = an_malloc(bytes);
    double *wide = an_calloc((size_t)stored, sizeof *wide);
    double *values = an_calloc((size_t)an_chw_count(l.shape), sizeof *values);
    assert_true(raw && wide && values);
    expect_ok(be->api->read(be, raw, y, bytes));
    an_convert(wide, AN_F64, raw, l.dtype, stored);
    for (int c = 0; c < l.shape.c; c++)
        for (int row = 0; row < l.shape.h; row++)
            for (int x = 0; x < l.shape.w; x++)
                values[at++] = wide[place(l, c, row, x)];
    an_free(raw);
    an_free(wide);
    return values;
}

/* The forward steps one by one; a layer in the middle of a fused run has no output of its own. */
static void check_layers(full *f, an_program *program)
{
    const alexnet_network *network = f->g.network;
    an_backend *be = f->g.net->backend;
    int compared = 0;
    for (int i = 0; program->steps[i].kind == AN_STEP_FORWARD; i++) {
        const an_step *step = &program->steps[i];
        const an_unit *unit = &program->units[step->unit];
        int layer = program->graph.nodes[unit->last].layer;
        expect_ok(be->api->op_forward(be, unit->op, &step->args));
        expect_ok(be->api->sync(be));
        if (layer < 0 || network->graph.layer_node[layer] != unit->last ||
            layer == network->count - 1)
            continue;
        double *values = read_output(f, unit, step->args.y);
        compare(f, "out", network->layers[layer].name, values, an_chw_count(unit->op->out.shape),
                bound_at(f, unit->last));
        an_free(values);
        compared++;
    }
    print_message("  %d of %d layers have an output of their own\n", compared, network->count - 1);
    assert_true(compared >= 8);
}

/* The same for a gradient, which is read in pieces because that of fc6's weights is large. */
static void compare_gradient(full *f, int param, double bound)
{
    enum { PIECE = 1 << 16 };
    static double raw[PIECE], values[PIECE];
    an_backend *be = f->g.net->backend;
    const an_param *p = &f->g.net->params[param];
    size_t size = an_dtype_bytes(be->param_dtype);
    const char *base = an_net_at(f->g.net, AN_GRADIENTS, param);
    int64_t n;
    double *expected = golden_member(&f->g, "grad", p->name, &n), got[64], squares = 0;
    assert_in_range(n, 2, 64);
    for (int64_t at = 0; at < p->count; at += PIECE) {
        int64_t count = p->count - at < PIECE ? p->count - at : PIECE;
        expect_ok(be->api->read(be, raw, base + (size_t)at * size, (size_t)count * size));
        an_convert(values, AN_F64, raw, be->param_dtype, count);
        for (int64_t i = 0; i < count; i++)
            squares += values[i] * values[i];
    }
    got[0] = sqrt(squares / (double)p->count);
    for (int64_t i = 0; i + 1 < n; i++) {
        expect_ok(be->api->read(be, raw, base + (size_t)sample(i, p->count) * size, size));
        an_convert(&got[i + 1], AN_F64, raw, be->param_dtype, 1);
    }
    f->worst = fmax(f->worst, golden_close_to(p->name, got, expected, n, bound * expected[0]));
    an_free(expected);
}

/* Run the backward steps, without the update. */
static void run_backward(const full *f, an_program *program)
{
    an_backend *be = f->g.net->backend;
    for (int i = 0; i < program->n_steps; i++) {
        const an_step *step = &program->steps[i];
        if (step->kind == AN_STEP_BACKWARD)
            expect_ok(be->api->op_backward(be, program->units[step->unit].op, &step->args));
    }
    expect_ok(be->api->sync(be));
}

static void check_gradients(full *f, an_program *program)
{
    const an_net *net = f->g.net;
    int64_t n;
    float probabilities[1000];
    double loss;
    run_backward(f, program);
    golden_probabilities(program, probabilities, &loss, 1);
    double *expected = golden_tensor(&f->g, "loss", &n), size;
    double *logits = golden_tensor(&f->g, "out.fc8", &n);
    size = 2 * logits[0] * bound_at(f, net->network->graph.count - 1);
    /* the loss is handed out in the device's type */
    size += fabs(expected[0]) * allowed(f, 1);
    f->worst = fmax(f->worst, golden_close_to("loss", &loss, expected, 1, size));
    an_free(expected);
    an_free(logits);
    for (int i = 0; i < net->count; i++) {
        if (net->params[i].learned)
            compare_gradient(f, i, bound_of_gradients(f));
    }
}

static void check_training(full *f)
{
    open_net(f, true);
    an_program *program = golden_program(&f->g, an_program_training(1, 2));
    golden_feed(&f->g, program, 0, 0, 1, &(an_step_state){.seed = 1});
    check_layers(f, program);
    check_gradients(f, program);
    an_program_free(program);
    golden_close(&f->g);
}

static void check_use(full *f)
{
    float probabilities[1000];
    double logarithms[1000], loss;
    int64_t n;
    open_net(f, false);
    an_program *program = golden_program(&f->g, an_program_inference(1, 1));
    golden_feed(&f->g, program, 0, 0, 1, &(an_step_state){.seed = 1});
    expect_ok(an_program_run(program));
    golden_probabilities(program, probabilities, &loss, 1);
    for (int i = 0; i < 1000; i++)
        logarithms[i] = log(probabilities[i]);
    double *logits = golden_tensor(&f->g, "out.fc8", &n),
           *eval = golden_tensor(&f->g, "eval.logp", &n);
    double bound = 2 * logits[0] * bound_at(f, f->g.network->graph.count - 1) + 0x1p-24;
    compare(f, "eval", "logp", logarithms, 1000, bound / eval[0]);
    an_free(logits);
    an_free(eval);
    an_program_free(program);
    golden_close(&f->g);
}

static void check(const char *name, const char *device)
{
    full f = {.name = name, .device = device};
    if (!golden_has_device(device))
        return;
    check_training(&f);
    if (strcmp(device, "ref") != 0)
        check_use(&f);
    print_message("%s on %s: at most %.2g of what is allowed\n", name, device, f.worst);
}

static void test_cpu(void **state)
{
    (void)state;
    check("alexnet", "cpu");
    check("alexnet-2012", "cpu");
    check("bvlc-alexnet", "cpu");
    check("caffenet", "cpu");
    check("alexnet-owt", "cpu");
}

/* Two networks that together have all operators of the others. */
static void test_ref(void **state)
{
    (void)state;
    check("alexnet-2012", "ref");
    check("alexnet-owt", "ref");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cpu), cmocka_unit_test(test_ref)};
    return cmocka_run_group_tests_name("golden networks", tests, NULL, NULL);
}
