/*
 * Whole programs: gradients against finite differences of the loss, tensors with several readers,
 * empty slots, frozen parameters, memory.
 *
 * Tolerance of the differences, (L(w + h) - L(w - h)) / 2h in double with h = 2^-20: the loss is
 * rounded by about 2^-52 * 2^4, which the division by 2h turns into 2^-29; the third derivative
 * adds h^2 = 2^-40 times its value. 2^-26 of the gradient's largest value plus 2^-28 is allowed.
 */
#include "net_rig.h"

#include "model/program/program_impl.h"

/* ---- Networks ---- */

/* Every operator; convolutions, fully connected layers, sums and joins with several inputs; c1, p1
 * and s have three readers, and f3 reads f2 twice. */
static const char everything[] =
    "[input]\nsize = 12\nside = 14\nmean = image\nscale = 0.0156\n"
    "[c1]\ntype = conv\ninputs = input\nfilters = 4\nfilterSize = 3\npadding = 1\n"
    "neuron = tanh[1.7159,0.6666]\n"
    "[c2]\ntype = conv\ninputs = input\nfilters = 2\nfilterSize = 5\npadding = 2 1 2 3\n"
    "neuron = relu\n"
    "[n1]\ntype = cmrnorm\ninputs = c1\ngroups = 2\nsize = 3\nscale = 0.5\ndivide = no\n"
    "pow = 0.75\nminDiv = 2\n"
    "[n2]\ntype = rnorm\ninputs = c2\nsize = 3\nscale = 3\ndivide = yes\npow = 0.5\nminDiv = 1\n"
    "[j]\ntype = concat\ninputs = c1 n1\n"
    "[p1]\ntype = pool\ninputs = j\nsizeX = 3\nstride = 2\nround = ceil\npool = avg\n"
    "[p2]\ntype = pool\ninputs = n2\nsizeX = 3\nstride = 2\nround = ceil\n"
    "[p3]\ntype = pool\ninputs = c1\nsizeX = 2\nstride = 2\nround = floor\n"
    "[c3]\ntype = conv\ninputs = p1 p2 p3\ngroups = 2\nfilters = 4\nfilterSize = 3\npadding = 1\n"
    "neuron = relu\n"
    "[c4]\ntype = conv\ninputs = p1\nfilters = 8\nfilterSize = 1\n"
    "[s]\ntype = eltsum\ninputs = c3 c4 p1\nneuron = logistic\n"
    "[d]\ntype = dropout\ninputs = s\nkind = inverted\nkeep = 0.5\n"
    "[f1]\ntype = fc\ninputs = d\noutputs = 6\nneuron = relu\n"
    "[f2]\ntype = fc\ninputs = s\noutputs = 5\nneuron = tanh\n"
    "[f4]\ntype = fc\ninputs = s\noutputs = 4\n"
    "[m]\ntype = dropout\ninputs = f1\nkind = mask\nkeep = 0.75\n"
    "[f3]\ntype = fc\ninputs = m f2 f4 f2\noutputs = classes\n"
    "[p]\ntype = softmax\ninputs = f3\n";

#define TOWER_INPUT                                                                                \
    "[input]\nsize = 15\nside = 17\nmean = image\nmeanCrop = aligned\nscale = 0.0156\n"
#define NORM(name, input)                                                                          \
    "[" name "]\ntype = cmrnorm\ninputs = " input "\ngroups = 2\nsize = 5\nscale = 0.7\n"          \
    "divide = yes\npow = 0.75\nminDiv = 1\n"
#define POOL(name, input)                                                                          \
    "[" name "]\ntype = pool\ninputs = " input "\nsizeX = 3\nstride = 2\nround = ceil\n"
#define CONV1                                                                                      \
    "[c1]\ntype = conv\ninputs = input\nfilters = 8\nfilterSize = 4\nstride = 2\nround = ceil\n"   \
    "neuron = relu\n"
#define CONV2(input)                                                                               \
    "[c2]\ntype = conv\ninputs = " input                                                           \
    "\ngroups = 2\nfilters = 3\nfilterSize = 3\npadding = 1\n"                                     \
    "neuron = relu\n"
#define TAIL                                                                                       \
    "[f]\ntype = fc\ninputs = c2\noutputs = 6\nneuron = relu\n"                                    \
    "[g]\ntype = fc\ninputs = f\noutputs = classes\n[p]\ntype = softmax\ninputs = g\n"

/* Two towers, in both orders of LRN and pooling. */
static const char norm_first[] =
    TOWER_INPUT CONV1 NORM("n1", "c1") POOL("p1", "n1") CONV2("p1") TAIL;
static const char pool_first[] =
    TOWER_INPUT CONV1 POOL("p1", "c1") NORM("n1", "p1") CONV2("n1") TAIL;

enum { CLASSES = 5 };

static void open_text(net_rig *rig, const char *device, const char *text, bool training,
                      uint64_t seed)
{
    an_program_options options = training ? an_program_training(4, 2) : an_program_inference(4, 4);
    rig_open(rig, rig_ctx(device, ALEXNET_PRECISION_FP32, 2), rig_parse(text, CLASSES), &options,
             seed);
}

/* ---- Gradients ---- */

static double loss_with(net_rig *rig, int param, double *values, int64_t at, double change)
{
    double kept = values[at];
    values[at] += change;
    expect_ok(an_net_write(rig->net, AN_VALUES, param, values, AN_F64));
    expect_ok(an_program_pack(rig->program));
    values[at] = kept;
    return rig_run(rig, 3);
}

/* Check some elements of a parameter, or all elements of a small one. */
static void check_differences(net_rig *rig, int param, const double *gradient)
{
    const double h = 0x1p-20;
    const an_param *p = &rig->net->params[param];
    double *values = rig_read(rig, AN_VALUES, param);
    double tolerance = 0x1p-26 * rig_largest(gradient, p->count) + 0x1p-28;
    for (int64_t i = 0; i < 16 && i < p->count; i++) {
        int64_t at = p->count <= 16 ? i : i * 7919 % p->count;
        double up = loss_with(rig, param, values, at, h);
        double down = loss_with(rig, param, values, at, -h);
        double expected = (up - down) / (2 * h);
        if (!(fabs(gradient[at] - expected) <= tolerance))
            fail_msg("%s[%lld]: gradient %.12g, by differences %.12g +- %.3g", p->name,
                     (long long)at, gradient[at], expected, tolerance);
    }
    expect_ok(an_net_write(rig->net, AN_VALUES, param, values, AN_F64));
    expect_ok(an_program_pack(rig->program));
    an_free(values);
}

static void check_gradients(const char *text, uint64_t seed)
{
    net_rig rig;
    double *gradients[RIG_PARAMS] = {0};
    open_text(&rig, "ref", text, true, seed);
    rig.draws[2].label = -1;
    rig_run(&rig, 3);
    for (int i = 0; i < rig.net->count; i++)
        if (rig.net->params[i].learned)
            gradients[i] = rig_read(&rig, AN_GRADIENTS, i);
    for (int i = 0; i < rig.net->count; i++)
        if (gradients[i]) {
            assert_true(rig_largest(gradients[i], rig.net->params[i].count) > 1e-6);
            check_differences(&rig, i, gradients[i]);
        }
    for (int i = 0; i < rig.net->count; i++)
        an_free(gradients[i]);
    rig_close(&rig);
}

static void test_gradients(void **state)
{
    (void)state;
    check_gradients(everything, 1);
    check_gradients(norm_first, 1);
    check_gradients(pool_first, 1);
}

/* The same network on the CPU, whose layouts differ between readers of one tensor. Errors of
 * float32: sums of at most 288 terms in eight operators, forward and back, 4 standard deviations
 * each: 16 * 4 * sqrt(288) * 2^-24 < 2^-13 of the largest value. */
static void test_the_cpu_agrees(void **state)
{
    (void)state;
    const char *texts[] = {everything, norm_first, pool_first};
    if (!rig_has_device("cpu"))
        skip();
    for (int t = 0; t < 3; t++) {
        net_rig ref, cpu;
        open_text(&ref, "ref", texts[t], true, 1);
        open_text(&cpu, "cpu", texts[t], true, 1);
        double expected_loss = rig_run(&ref, 3), loss = rig_run(&cpu, 3);
        assert_true(fabs(loss - expected_loss) < 0x1p-13 * fabs(expected_loss));
        for (int i = 0; i < ref.net->count; i++) {
            if (!ref.net->params[i].learned)
                continue;
            double *expected = rig_read(&ref, AN_GRADIENTS, i);
            double *got = rig_read(&cpu, AN_GRADIENTS, i);
            double tolerance = 0x1p-13 * rig_largest(expected, ref.net->params[i].count);
            for (int64_t j = 0; j < ref.net->params[i].count; j++)
                if (!(fabs(got[j] - expected[j]) <= tolerance))
                    fail_msg("%s[%lld]: %.9g, expected %.9g +- %.3g", ref.net->params[i].name,
                             (long long)j, got[j], expected[j], tolerance);
            an_free(expected);
            an_free(got);
        }
        rig_close(&ref);
        rig_close(&cpu);
    }
}

/* ---- Slots ---- */

static void expect_same_gradients(const net_rig *expected, const net_rig *got, double share)
{
    for (int i = 0; i < expected->net->count; i++) {
        const int64_t count = expected->net->params[i].count;
        if (!expected->net->params[i].learned)
            continue;
        double *x = rig_read(expected, AN_GRADIENTS, i), *y = rig_read(got, AN_GRADIENTS, i);
        double tolerance = share * rig_largest(x, count);
        for (int64_t j = 0; j < count; j++)
            assert_true(fabs(y[j] - x[j]) <= tolerance);
        an_free(x);
        an_free(y);
    }
}

/* One picture among empty slots gives the loss and the gradients of that picture alone. */
static void check_empty_slots(const char *device, double share)
{
    net_rig alone, among;
    an_program_options one = an_program_training(1, 1), five = an_program_training(5, 1);
    if (!rig_has_device(device))
        return;
    rig_open(&alone, rig_ctx(device, ALEXNET_PRECISION_FP32, 1), rig_parse(norm_first, CLASSES),
             &one, 7);
    rig_open(&among, rig_ctx(device, ALEXNET_PRECISION_FP32, 1), rig_parse(norm_first, CLASSES),
             &five, 7);
    size_t picture = 17 * 17 * 3;
    memcpy(among.pixels + 3 * picture, alone.pixels, picture);
    for (int i = 0; i < 5; i++)
        among.draws[i].picture = among.draws[i].label = -1;
    among.draws[3] = alone.draws[0];
    among.draws[3].picture = 3;
    double expected_loss = rig_run(&alone, 0), loss = rig_run(&among, 0);
    assert_true(fabs(loss - expected_loss) <= share * expected_loss);
    expect_same_gradients(&alone, &among, share);
    rig_close(&alone);
    rig_close(&among);
}

static void test_empty_slots(void **state)
{
    (void)state;
    check_empty_slots("ref", 0x1p-50);
    check_empty_slots("cpu", 0x1p-18); /* oneDNN may sum other batches in another order */
}

/* A picture of weight 3 beside one of weight 1 counts as three copies of it beside one. */
static void check_weights(const char *device, double share)
{
    net_rig thrice, weighed;
    an_program_options four = an_program_training(4, 1);
    if (!rig_has_device(device))
        return;
    rig_open(&thrice, rig_ctx(device, ALEXNET_PRECISION_FP32, 1), rig_parse(norm_first, CLASSES),
             &four, 7);
    rig_open(&weighed, rig_ctx(device, ALEXNET_PRECISION_FP32, 1), rig_parse(norm_first, CLASSES),
             &four, 7);
    thrice.draws[1] = thrice.draws[2] = thrice.draws[0];
    weighed.draws[0].weight = 3;
    weighed.draws[1].picture = weighed.draws[2].picture = -1;
    weighed.draws[1].label = weighed.draws[2].label = -1;
    rig_run(&thrice, 0);
    rig_run(&weighed, 0);
    expect_same_gradients(&thrice, &weighed, share);
    rig_close(&thrice);
    rig_close(&weighed);
}

static void test_weights_of_slots(void **state)
{
    (void)state;
    check_weights("ref", 0x1p-48);
    check_weights("cpu", 0x1p-18);
}

/* Without any label all gradients are 0. */
static void test_no_labels(void **state)
{
    (void)state;
    net_rig rig;
    open_text(&rig, "ref", everything, true, 1);
    for (int i = 0; i < rig.slots; i++)
        rig.draws[i].label = -1;
    rig_run(&rig, 0);
    for (int i = 0; i < rig.net->count; i++) {
        if (!rig.net->params[i].learned)
            continue;
        double *gradient = rig_read(&rig, AN_GRADIENTS, i);
        assert_true(rig_largest(gradient, rig.net->params[i].count) == 0);
        an_free(gradient);
    }
    rig_close(&rig);
}

/* Several views of one picture: slots outnumber pictures. */
static void test_views_of_one_picture(void **state)
{
    (void)state;
    net_rig rig;
    an_program_options options = an_program_inference(4, 1);
    float probabilities[4 * CLASSES];
    double losses[4];
    rig_open(&rig, rig_ctx("ref", ALEXNET_PRECISION_FP32, 1), rig_parse(pool_first, CLASSES),
             &options, 3);
    rig.draws[1] = rig.draws[0];
    rig_run(&rig, 0);
    rig_probabilities(&rig, probabilities, losses);
    assert_memory_equal(probabilities, probabilities + CLASSES, CLASSES * sizeof(float));
    assert_memory_not_equal(probabilities, probabilities + 2 * CLASSES, CLASSES * sizeof(float));
    for (int i = 0; i < 4; i++) {
        double sum = 0;
        for (int c = 0; c < CLASSES; c++)
            sum += probabilities[i * CLASSES + c];
        assert_true(fabs(sum - 1) < 1e-6);
        assert_true(fabs(losses[i] + log(probabilities[i * CLASSES + rig.draws[i].label])) < 1e-5);
    }
    rig_close(&rig);
}

/* ---- Update ---- */

/* A rate of 0 leaves weights and momentum as they are, bit for bit; the others learn. */
static void check_frozen(const char *device)
{
    net_rig rig;
    an_rates rates[RIG_PARAMS];
    double *before[RIG_PARAMS], *momentum[RIG_PARAMS];
    if (!rig_has_device(device))
        return;
    open_text(&rig, device, pool_first, true, 1);
    rig_set_rates(&rig, 0.01, 0.0005, 0.9);
    rig_run(&rig, 0);
    for (int i = 0; i < rig.net->count; i++) {
        before[i] = rig_read(&rig, AN_VALUES, i);
        momentum[i] = rig_read(&rig, AN_MOMENTUM, i);
    }
    int n = 0;
    for (int i = 0; i < rig.net->count; i++)
        if (rig.net->params[i].learned)
            rates[n++] = (an_rates){.rate = i % 2 ? 0 : 0.01, .decay = 0.0005, .momentum = 0.9};
    an_program_set_rates(rig.program, rates);
    for (int step = 1; step < 4; step++)
        rig_run(&rig, (uint64_t)step);
    for (int i = 0; i < rig.net->count; i++) {
        size_t bytes = (size_t)rig.net->params[i].count * sizeof(double);
        double *value = rig_read(&rig, AN_VALUES, i), *m = rig_read(&rig, AN_MOMENTUM, i);
        bool still = !rig.net->params[i].learned || i % 2;
        assert_int_equal(memcmp(value, before[i], bytes) == 0, still);
        assert_int_equal(memcmp(m, momentum[i], bytes) == 0, still);
        if (rig.net->params[i].learned)
            assert_true(rig_largest(m, rig.net->params[i].count) > 0);
        an_free(value);
        an_free(m);
        an_free(before[i]);
        an_free(momentum[i]);
    }
    rig_close(&rig);
}

static void test_frozen(void **state)
{
    (void)state;
    check_frozen("ref");
    check_frozen("cpu");
}

/* Dropout's masks follow the step, and nothing else. */
static void test_masks_follow_the_step(void **state)
{
    (void)state;
    net_rig rig;
    open_text(&rig, "ref", everything, true, 1);
    rig_set_rates(&rig, 0, 0, 0);
    double first = rig_run(&rig, 1), other = rig_run(&rig, 2), again = rig_run(&rig, 1);
    assert_true(first == again);
    assert_true(first != other);
    rig_close(&rig);
}

/* Logits reach the softmax in float32, whatever the rest is stored in. */
static void test_logits_are_wide(void **state)
{
    static const char small[] = TOWER_INPUT CONV1 CONV2("c1") TAIL;
    (void)state;
    for (int training = 0; training < 2; training++) {
        net_rig rig;
        an_program_options options =
            training ? an_program_training(4, 2) : an_program_inference(4, 4);
        rig_open(&rig, rig_ctx("cpu", ALEXNET_PRECISION_BF16, 2), rig_parse(small, CLASSES),
                 &options, 1);
        const an_program *program = rig.program;
        const an_unit *softmax = &program->units[program->kept[0]];
        assert_int_equal(softmax->n_inputs, 1);
        assert_int_equal(program->units[softmax->inputs[0]].op->out.dtype, AN_F32);
        rig_run(&rig, 1);
        rig_close(&rig);
    }
}

/* A first layer with a stride, groups, and channels that vectors divide. */
static const char even[] =
    "[input]\nsize = 23\nside = 24\nmean = image\nscale = 0.0156\n"
    "[c1]\ntype = conv\ninputs = input\nfilters = 16\nfilterSize = 11\nstride = 4\nround = "
    "floor\npadding = 2\n"
    "neuron = relu\n"
    "[c2]\ntype = conv\ninputs = c1\ngroups = 2\nfilters = 16\nfilterSize = 3\npadding = 1\n"
    "neuron = relu\n"
    "[f1]\ntype = fc\ninputs = c2\noutputs = 8\nneuron = relu\n"
    "[d]\ntype = dropout\ninputs = f1\nkind = inverted\nkeep = 0.5\n"
    "[f2]\ntype = fc\ninputs = d\noutputs = classes\n"
    "[p]\ntype = softmax\ninputs = f2\n";

/* A copy of the packed copy of a unit's parameters; NULL if it has none. */
static void *packed_of(const net_rig *rig, int unit)
{
    const an_packed *packed = rig->program->units[unit].packed;
    if (!packed)
        return NULL;
    an_backend *backend = rig->net->backend;
    void *bytes = an_calloc(1, packed->bytes);
    expect_ok(backend->api->read(backend, bytes, packed->memory, packed->bytes));
    return bytes;
}

/* After an update, the packed copies are those that packing the new weights makes. */
static void check_copies(const char *device, alexnet_precision precision, const char *text)
{
    net_rig rig;
    void *kept[32] = {NULL};
    an_program_options options = an_program_training(4, 2);
    if (!rig_has_device(device))
        return;
    rig_open(&rig, rig_ctx(device, precision, 2), rig_parse(text, CLASSES), &options, 1);
    rig_set_rates(&rig, 0.25, 0.01, 0.5);
    double first = rig_run(&rig, 3);
    rig_set_rates(&rig, 0, 0, 0);
    assert_true(rig_run(&rig, 3) != first);
    assert_true(rig.program->n_units <= 32);
    for (int i = 0; i < rig.program->n_units; i++)
        kept[i] = packed_of(&rig, i);
    rig.net->version++; /* as if the weights had been written */
    expect_ok(an_program_pack(rig.program));
    for (int i = 0; i < rig.program->n_units; i++) {
        void *packed = packed_of(&rig, i);
        if (packed)
            assert_memory_equal(kept[i], packed, rig.program->units[i].packed->bytes);
        an_free(packed);
        an_free(kept[i]);
    }
    rig_close(&rig);
}

static void test_copies_follow_the_update(void **state)
{
    static const alexnet_precision precisions[] = {ALEXNET_PRECISION_FP32, ALEXNET_PRECISION_TF32,
                                                   ALEXNET_PRECISION_BF16};
    (void)state;
    for (int i = 0; i < 3; i++) {
        check_copies("cpu", precisions[i], everything);
        check_copies("cpu", precisions[i], even);
        check_copies("cuda", precisions[i], everything);
        check_copies("cuda", precisions[i], even);
    }
}

/* ---- Memory ---- */

static void check_no_allocation(const char *device, alexnet_precision precision, const char *text,
                                bool training)
{
    net_rig rig;
    an_program_options options = training ? an_program_training(4, 2) : an_program_inference(4, 4);
    float probabilities[4 * CLASSES];
    double losses[4];
    if (!rig_has_device(device))
        return;
    rig_open(&rig, rig_ctx(device, precision, 2), rig_parse(text, CLASSES), &options, 1);
    uint64_t before = an_alloc_count();
    for (int i = 0; i < 2; i++) {
        rig_run(&rig, (uint64_t)i);
        rig_probabilities(&rig, probabilities, losses);
    }
    assert_int_equal(an_alloc_count(), before);
    rig_close(&rig);
}

static void test_no_allocation_in_a_step(void **state)
{
    (void)state;
    for (int training = 0; training < 2; training++) {
        check_no_allocation("ref", ALEXNET_PRECISION_FP32, everything, training);
        check_no_allocation("cpu", ALEXNET_PRECISION_FP32, everything, training);
        check_no_allocation("cpu", ALEXNET_PRECISION_BF16, everything, training);
        check_no_allocation("cpu", ALEXNET_PRECISION_FP32, norm_first, training);
    }
}

/* Whichever allocation fails, the error says so, and nothing is left behind. */
static void test_short_of_memory(void **state)
{
    (void)state;
    alexnet_network *network = rig_parse(everything, CLASSES);
    alexnet_ctx *ctx = rig_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    an_program_options options = an_program_training(4, 1);
    alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
    uint64_t n = 0;
    while (rc != ALEXNET_OK) {
        an_net *net = NULL;
        an_program *program = NULL;
        an_alloc_fail_at(++n);
        rc = an_net_new(&net, ctx, network, true);
        if (rc == ALEXNET_OK)
            rc = an_program_compile(&program, net, &options);
        an_alloc_fail_at(0);
        if (rc != ALEXNET_OK)
            expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "memory");
        assert_int_equal(program != NULL, rc == ALEXNET_OK);
        an_program_free(program);
        an_net_release(net);
        assert_in_range(n, 1, 10000);
    }
    assert_true(n > 30);
    an_network_release(network);
    an_ctx_release(ctx);
}

/* ---- Odd networks ---- */

/* Nothing to learn at all: still a program. */
static void test_no_parameters(void **state)
{
    (void)state;
    net_rig rig;
    an_program_options options = an_program_training(2, 1);
    rig_open(&rig, rig_ctx("ref", ALEXNET_PRECISION_FP32, 1),
             rig_parse("[input]\nsize = 1\nside = 1\nmean = none\nscale = 0.01\n"
                       "[p]\ntype = softmax\ninputs = input\n",
                       3),
             &options, 1);
    assert_int_equal(rig.net->count, 0);
    assert_true(rig_run(&rig, 0) > 0);
    rig_close(&rig);
}

/* If a layer exceeds an operator's 2^31 elements, the error names it and the largest batch that
 * fits: with outputs of [96, 55, 55] it is 7394. With ten views a picture takes ten slots. */
static void test_a_batch_too_large(void **state)
{
    (void)state;
    alexnet_network *network;
    an_net *net;
    an_program *program;
    an_program_memory memory;
    an_program_options pixels = an_program_training(65536, 1), most = an_program_training(7394, 1),
                       layer = an_program_training(7395, 1),
                       views = an_program_inference(7400, 740);
    const alexnet_status wrong = ALEXNET_ERROR_INVALID_ARGUMENT;
    alexnet_ctx *ctx = rig_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    expect_ok(an_network_load(&network, "alexnet", 10));
    expect_ok(an_net_new(&net, ctx, network, true));
    expect_failure(
        an_program_compile(&program, net, &pixels), wrong,
        "batch = 65536 is too large for alexnet: layer input: 65536 pictures of side 256");
    assert_non_null(strstr(an_error_text(), "the largest batch that works is 7394"));
    assert_null(program);
    expect_failure(an_program_measure(&memory, net, &layer), wrong,
                   "batch = 7395 is too large for alexnet: layer conv1: output [7395, 96, 55, 55]");
    assert_non_null(strstr(an_error_text(), "the largest batch that works is 7394"));
    expect_ok(an_program_measure(&memory, net, &most));
    expect_failure(an_program_measure(&memory, net, &views), wrong, "batch = 740 is too large");
    assert_non_null(strstr(an_error_text(), "the largest batch that works is 739"));
    an_net_release(net);
    an_network_release(network);
    an_ctx_release(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_the_cpu_agrees),
        cmocka_unit_test(test_empty_slots),
        cmocka_unit_test(test_weights_of_slots),
        cmocka_unit_test(test_no_labels),
        cmocka_unit_test(test_views_of_one_picture),
        cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_masks_follow_the_step),
        cmocka_unit_test(test_logits_are_wide),
        cmocka_unit_test(test_copies_follow_the_update),
        cmocka_unit_test(test_no_allocation_in_a_step),
        cmocka_unit_test(test_short_of_memory),
        cmocka_unit_test(test_no_parameters),
        cmocka_unit_test(test_a_batch_too_large),
    };
    return cmocka_run_group_tests_name("programs", tests, NULL, NULL);
}
