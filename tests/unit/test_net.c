/*
 * Nets: names and shapes of parameters, values in and out in both types, values that are not
 * finite.
 */
#include "net_rig.h"

static void check_param(const an_net *net, const char *name, int layer, bool is_bias, bool learned,
                        an_shape shape, int64_t fan_in)
{
    char expected[96], got[96];
    int i = an_net_find(net, name);
    if (i < 0)
        fail_msg("there is no %s", name);
    const an_param *p = &net->params[i];
    assert_string_equal(an_shape_text(p->shape, got), an_shape_text(shape, expected));
    assert_int_equal(p->count, an_shape_count(shape));
    assert_int_equal(p->layer, layer);
    assert_int_equal(p->is_bias, is_bias);
    assert_int_equal(p->learned, learned);
    assert_int_equal(p->offset % AN_ALIGN, 0);
    if (learned)
        assert_int_equal(p->fan_in, fan_in);
}

static void test_parameters(void **state)
{
    (void)state;
    an_net *net = rig_load_net("ref", "alexnet-mini", 10, false);
    assert_int_equal(net->count, 17);
    assert_string_equal(net->params[0].name, "input.mean");
    assert_string_equal(net->params[16].name, "fc8.bias");
    check_param(net, "input.mean", -1, 0, false, an_shape_of(3, 3, 64, 64), 0);
    check_param(net, "conv1.weight", 0, 0, true, an_shape_of(4, 24, 3, 7, 7), 147);
    check_param(net, "conv1.bias", 0, 1, true, an_shape_of(1, 24), 147);
    check_param(net, "conv2.weight", 3, 0, true, an_shape_of(4, 64, 12, 5, 5), 300);
    check_param(net, "fc6.weight", 10, 0, true, an_shape_of(2, 256, 576), 576);
    check_param(net, "fc8.bias", 14, 1, true, an_shape_of(1, 10), 256);
    assert_int_equal(an_net_find(net, "fc9.bias"), -1);
    assert_int_equal(net->n_arenas, 1);
    assert_int_equal(an_net_find_arena(net, "momentum"), -1);
    an_net_release(net);
}

/* Parameters of one net never overlap, in any arena. */
static void test_places(void **state)
{
    (void)state;
    an_net *net = rig_load_net("ref", "golden/steps/paper.ini", 10, true);
    for (int i = 0; i + 1 < net->count; i++)
        assert_true(net->params[i].offset + (size_t)net->params[i].count * sizeof(double) <=
                    net->params[i + 1].offset);
    assert_ptr_equal((char *)an_net_at(net, AN_MOMENTUM, 3) -
                         (char *)net->arenas[AN_MOMENTUM].memory,
                     net->params[3].offset);
    an_net_release(net);
}

/* A tensor larger than the block through which types are converted and arenas are copied. */
static void check_transfer(const char *device)
{
    enum { MARK = 70000 };
    if (!rig_has_device(device))
        return;
    an_net *net = rig_load_net(device, "alexnet-mini", 10, true);
    int index = an_net_find(net, "fc6.weight");
    int64_t count = net->params[index].count;
    float *narrow = an_calloc((size_t)count, sizeof *narrow);
    double *wide = an_calloc((size_t)count, sizeof *wide);
    assert_true(count > MARK && narrow && wide);
    for (int64_t i = 0; i < count; i++)
        wide[i] = (double)i / 4;
    expect_ok(an_net_write(net, AN_VALUES, index, wide, AN_F64));
    expect_ok(an_net_read(net, AN_VALUES, index, narrow, AN_F32));
    for (int64_t i = 0; i < count; i++)
        assert_true(narrow[i] == (float)i / 4);
    narrow[MARK] = -1;
    expect_ok(an_net_write(net, AN_VALUES, index, narrow, AN_F32));
    expect_ok(an_net_read(net, AN_VALUES, index, wide, AN_F64));
    assert_true(wide[MARK] == -1 && wide[MARK + 1] == (MARK + 1) / 4.0 && wide[count - 1] > 0);
    expect_ok(an_net_copy(net, AN_MOMENTUM, AN_VALUES));
    expect_ok(an_net_read(net, AN_MOMENTUM, index, narrow, AN_F32));
    for (int64_t i = 0; i < count; i++)
        assert_true(narrow[i] == (float)wide[i]);
    an_free(narrow);
    an_free(wide);
    an_net_release(net);
}

static void test_transfer(void **state)
{
    (void)state;
    check_transfer("ref");
    check_transfer("cpu");
}

static void check_finite(const char *device)
{
    bool finite;
    const char *name = NULL;
    if (!rig_has_device(device))
        return;
    an_net *net = rig_load_net(device, "golden/steps/owt.ini", 10, false);
    int index = an_net_find(net, "conv3.bias");
    float values[6] = {1, -2, 3, -4, 5, -6};
    expect_ok(an_net_write(net, AN_VALUES, index, values, AN_F32));
    expect_ok(an_net_check_finite(net, &finite, &name));
    assert_true(finite);
    values[5] = NAN;
    expect_ok(an_net_write(net, AN_VALUES, index, values, AN_F32));
    expect_ok(an_net_check_finite(net, &finite, NULL));
    assert_false(finite);
    values[5] = -INFINITY;
    expect_ok(an_net_write(net, AN_VALUES, index, values, AN_F32));
    expect_ok(an_net_check_finite(net, &finite, &name));
    assert_false(finite);
    assert_string_equal(name, "conv3.bias");
    an_net_release(net);
}

static void test_not_finite(void **state)
{
    (void)state;
    check_finite("ref");
    check_finite("cpu");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_transfer),
        cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests_name("nets", tests, NULL, NULL);
}
