/*
 * ref against PyTorch: the cases of golden/ops/operators.txt, whose format is described in
 * tools/make_op_goldens.py. Outputs, losses and all gradients.
 *
 * Tolerance: both sides compute in double. Their sums have at most 80 terms (in another order) of
 * at most the size of the tensor's largest value, or a few times it, and a handful of library
 * functions: 2^-53 * 80 * 8 = 2^-44 of the largest value of the tensor.
 */
#include "ops/ops_rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"

enum { MAX_TENSORS = 12, LINE = 512 };

typedef struct golden {
    char name[64], op[32], keys[LINE];
    int n, c, h, w;
    int n_tensors;
    struct {
        char name[16];
        int count;
        double *values;
    } tensor[MAX_TENSORS];
} golden;

/* Take one line without its newline; false at the end. */
static bool next_line(char **at, char **line)
{
    if (**at == '\0')
        return false;
    *line = *at;
    *at += strcspn(*at, "\n");
    if (**at == '\n')
        *(*at)++ = '\0';
    return true;
}

static void read_tensor(golden *g, char **at, const char *head)
{
    assert_in_range(g->n_tensors, 0, MAX_TENSORS - 1);
    int t = g->n_tensors++;
    assert_int_equal(sscanf(head, "%15s %d", g->tensor[t].name, &g->tensor[t].count), 2);
    g->tensor[t].values = an_calloc((size_t)g->tensor[t].count, sizeof(double));
    for (int i = 0; i < g->tensor[t].count; i++) {
        char *end;
        g->tensor[t].values[i] = strtod(*at, &end);
        assert_ptr_not_equal(*at, end);
        *at = end;
    }
    *at += strspn(*at, "\n");
}

/* The next case; false past the last. */
static bool read_case(char **at, golden *g)
{
    char *line;
    memset(g, 0, sizeof *g);
    do {
        if (!next_line(at, &line))
            return false;
    } while (*line == '#');
    int length = 0;
    assert_int_equal(sscanf(line, "case %63s %31s %d %d %d %d%n", g->name, g->op, &g->n, &g->c,
                            &g->h, &g->w, &length),
                     6);
    snprintf(g->keys, sizeof g->keys, "%s ", line + length);
    while (next_line(at, &line) && strcmp(line, "end") != 0)
        read_tensor(g, at, line);
    return true;
}

static void free_case(golden *g)
{
    for (int i = 0; i < g->n_tensors; i++)
        an_free(g->tensor[i].values);
}

static double key(const golden *g, const char *name)
{
    char pattern[40];
    snprintf(pattern, sizeof pattern, " %s=", name);
    const char *at = strstr(g->keys, pattern);
    if (!at)
        fail_msg("case %s %s has no key %s", g->op, g->name, name);
    return strtod(at + strlen(pattern), NULL);
}

static int whole(const golden *g, const char *name)
{
    return (int)key(g, name);
}

/* A tensor's values, or NULL. */
static double *values(const golden *g, const char *name)
{
    for (int i = 0; i < g->n_tensors; i++)
        if (strcmp(g->tensor[i].name, name) == 0)
            return g->tensor[i].values;
    return NULL;
}

static void fill_window_ops(const golden *g, an_op_desc *desc)
{
    if (desc->kind == AN_OP_CONV)
        desc->u.conv = (an_conv_desc){whole(g, "k"),      whole(g, "r"),      whole(g, "s"),
                                      whole(g, "stride"), whole(g, "groups"), whole(g, "top"),
                                      whole(g, "left"),   whole(g, "bottom"), whole(g, "right"),
                                      whole(g, "ceil")};
    if (desc->kind == AN_OP_POOL)
        desc->u.pool =
            (an_pool_desc){whole(g, "average") ? AN_POOL_AVG : AN_POOL_MAX, whole(g, "size"),
                           whole(g, "stride"), whole(g, "pad"), whole(g, "ceil")};
    if (desc->kind == AN_OP_LRN || desc->kind == AN_OP_LRN_WITHIN)
        desc->u.lrn = (an_lrn_desc){whole(g, "size"), whole(g, "groups"), key(g, "k"),
                                    key(g, "alpha"), key(g, "beta")};
}

static an_op_desc describe(const golden *g)
{
    int kind = 0;
    while (kind < AN_OP_COUNT && strcmp(an_op_table[kind]->name, g->op) != 0)
        kind++;
    assert_int_not_equal(kind, AN_OP_COUNT);
    an_op_desc desc = rig_desc((an_op_kind)kind, g->n, g->c, g->h, g->w);
    fill_window_ops(g, &desc);
    if (kind == AN_OP_FC)
        desc.u.fc.k = whole(g, "k");
    if (kind == AN_OP_NEURON)
        desc.u.neuron =
            (an_neuron_desc){(an_neuron_kind)whole(g, "kind"), key(g, "a"), key(g, "b")};
    return desc;
}

static void compare(const golden *g, const char *name, const double *got, int64_t count)
{
    for (int i = 0; i < g->n_tensors; i++) {
        if (strcmp(g->tensor[i].name, name) != 0)
            continue;
        assert_int_equal(g->tensor[i].count, count);
        double largest = 0;
        for (int64_t j = 0; j < count; j++)
            largest = fmax(largest, fabs(g->tensor[i].values[j]));
        rig_close(got, g->tensor[i].values, count, 0x1p-44 * largest);
        return;
    }
    fail_msg("case %s %s has no tensor %s", g->op, g->name, name);
}

static void check_case(const golden *g)
{
    an_backend *ref = rig_open_ref();
    an_op_desc desc = describe(g);
    an_slot slots[8] = {{0}};
    an_operands operands = {.x = {values(g, "x")},
                            .param = {{values(g, "weight"), values(g, "bias")}},
                            .dy = values(g, "dy"),
                            .slots = slots};
    const double *labels = values(g, "labels"), *seconds = values(g, "seconds");
    const double *weights = values(g, "weights");
    for (int n = 0; labels && n < g->n; n++) {
        slots[n].label = (int32_t)labels[n];
        slots[n].weight = weights ? (float)weights[n] : 1;
        if (labels[n] >= 0)
            operands.state.weight += (double)slots[n].weight;
        if (!seconds)
            continue;
        slots[n].second = (int32_t)seconds[n];
        slots[n].second_share = (float)values(g, "shares")[n];
    }
    if (strstr(g->keys, " smoothing="))
        operands.state.smoothing = key(g, "smoothing");
    an_chain *chain = rig_run(ref, &desc, &operands, true);
    compare(g, "y", chain->link[0].y, an_batch_count(&desc, desc.out));
    compare(g, "dx", chain->dx[0], an_batch_count(&desc, desc.in[0]));
    if (chain->scores) {
        double losses[8];
        assert_in_range(g->n, 1, 8);
        expect_ok(an_chain_losses(chain, losses));
        compare(g, "loss", losses, g->n);
    }
    if (an_param_count(&desc, 0) > 0) {
        compare(g, "dweight", chain->link[0].dparam[0], an_param_count(&desc, 0));
        compare(g, "dbias", chain->link[0].dparam[1], an_param_count(&desc, 1));
    }
    an_chain_close(chain);
    an_backend_close(ref);
}

static void test_goldens(void **state)
{
    (void)state;
    unsigned char *text;
    size_t length;
    golden g;
    int cases = 0;
    expect_ok(an_file_read("golden/ops/operators.txt", 1 << 20, &text, &length));
    for (char *at = (char *)text; read_case(&at, &g); cases++) {
        print_message("%s %s\n", g.op, g.name);
        check_case(&g);
        free_case(&g);
    }
    assert_int_equal(cases, 23);
    an_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_goldens)};
    return cmocka_run_group_tests_name("operator goldens", tests, NULL, NULL);
}
