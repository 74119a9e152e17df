#include "format/onnx/onnx_compare.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "format/onnx/onnx_attribute.h"
#include "format/onnx/onnx_walk.h"

typedef struct comparing {
    an_onnx_comparison *out;
    an_tensor_file *file, *expected;
    an_onnx *theirs, *ours; /* of `file` and `expected` */
    int *queue;             /* values of ours that have partners, in the order of the comparison */
    int queued;
} comparing;

/* Record the first difference. */
static alexnet_status differs(comparing *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static alexnet_status differs(comparing *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    an_format_in(c->out->difference, sizeof c->out->difference, format, args);
    va_end(args);
    return ALEXNET_OK;
}

/* ---- Attributes ---- */

/* The attribute of a joined node that says which activation it has. */
#define ACTIVATION "activation"

static alexnet_status compare_attribute(comparing *c, const an_onnx_node *theirs,
                                        const an_onnx_node *ours, const char *name)
{
    an_onnx_attribute found, expected;
    char texts[2][AN_ONNX_ATTRIBUTE_TEXT];
    if (*an_onnx_node_domain(theirs) && strcmp(name, ACTIVATION) == 0)
        return ALEXNET_OK; /* of a joined node, the only ones of another domain that come here */
    AN_CHECK(an_onnx_attribute_of(theirs, name, &found));
    AN_CHECK(an_onnx_attribute_of(ours, name, &expected));
    if (an_onnx_attribute_same(&found, &expected))
        return ALEXNET_OK;
    return differs(c, "node %.120s (%.40s): %.40s = %s expected, found %s", theirs->name,
                   theirs->op, name, an_onnx_attribute_text(&expected, texts[0]),
                   an_onnx_attribute_text(&found, texts[1]));
}

/* Compare the attributes that `of`, one of the two nodes, has. */
static alexnet_status compare_attributes(comparing *c, const an_onnx_node *theirs,
                                         const an_onnx_node *ours, const an_onnx_node *of)
{
    for (int i = 0; !*c->out->difference; i++) {
        char *name;
        AN_CHECK(an_onnx_node_attribute_name(of, i, &name));
        if (!name)
            return ALEXNET_OK;
        const alexnet_status rc = compare_attribute(c, theirs, ours, name);
        an_free(name);
        AN_CHECK(rc);
    }
    return ALEXNET_OK;
}

/* ---- Values ---- */

/* Whether a node leaves floating-point values as they are. */
static alexnet_status passes(const an_onnx_node *node, bool *does)
{
    an_onnx_attribute to;
    *does = strcmp(node->op, "Identity") == 0;
    if (strcmp(node->op, "Cast") != 0)
        return ALEXNET_OK;
    AN_CHECK(an_onnx_node_attribute(node, "to", &to));
    *does = an_onnx_is_float(to.i);
    return ALEXNET_OK;
}

/* @param node  stays as it is if the value is not a node's */
static alexnet_status read_node_of(an_onnx_node *node, const an_onnx *onnx,
                                   const an_onnx_value *value)
{
    return value->entry < 0 && value->node >= 0 ? an_onnx_node_read(node, onnx, value->node)
                                                : ALEXNET_OK;
}

/* Find a value by its name, or the one that comes to it through nodes that do nothing. */
static alexnet_status settle(const an_onnx *onnx, const char *name, const an_onnx_value **value)
{
    enum { DEEPEST = 8 };
    bool more = true;
    *value = an_onnx_find(onnx, name);
    for (int i = 0; i < DEEPEST && more && *value && (*value)->entry < 0 && (*value)->node >= 0;
         i++) {
        an_onnx_node node;
        AN_CHECK(an_onnx_node_read(&node, onnx, (*value)->node));
        const alexnet_status rc = passes(&node, &more);
        if (more)
            *value = an_onnx_find(onnx, an_onnx_node_input(&node, 0));
        an_onnx_node_free(&node);
        AN_CHECK(rc);
    }
    return ALEXNET_OK;
}

/* Pair a value of ours with one of theirs, to be compared later. Names are "" for inputs that a
 * node omits. */
static alexnet_status pair(comparing *c, const char *theirs, const char *ours)
{
    const an_onnx_value *found, *expected;
    AN_CHECK(settle(c->theirs, theirs, &found));
    AN_CHECK(settle(c->ours, ours, &expected));
    if (!found && !expected)
        return ALEXNET_OK;
    if (!found || !expected)
        return differs(c, "value %.120s: %s", theirs,
                       expected ? "no node computes it" : "it is not expected");
    int *partner = &c->out->partners[expected - c->ours->values];
    const int index = (int)(found - c->theirs->values);
    if (*partner >= 0 && *partner != index)
        return differs(c, "value %.120s: %.120s expected, as elsewhere", found->name,
                       c->theirs->values[*partner].name);
    if (*partner < 0)
        c->queue[c->queued++] = (int)(expected - c->ours->values);
    *partner = index;
    return ALEXNET_OK;
}

/* The elements of constants that our graphs have are few. */
enum { CONSTANT_MAX = 16 };

static alexnet_status compare_constants(comparing *c, const an_tensor_entry *theirs,
                                        const an_tensor_entry *ours)
{
    union {
        double real[CONSTANT_MAX];
        int64_t integer[CONSTANT_MAX];
    } found, expected;
    const int64_t count = an_shape_count(ours->shape);
    const bool real = an_dtype_is_float(ours->dtype);
    char shapes[2][96];
    assert(count <= CONSTANT_MAX && (real || ours->dtype == AN_I64));
    if (!an_shape_equal(theirs->shape, ours->shape))
        return differs(c, "tensor %.120s: shape %s expected, found %s", theirs->name,
                       an_shape_text(ours->shape, shapes[0]),
                       an_shape_text(theirs->shape, shapes[1]));
    if (real != an_dtype_is_float(theirs->dtype) || (!real && theirs->dtype != ours->dtype))
        return differs(c, "tensor %.120s: %s expected, found %s", theirs->name, ours->type,
                       theirs->type);
    if (real) {
        AN_CHECK(an_tensor_file_read_part(c->file, theirs, 0, count, AN_F64, found.real));
        AN_CHECK(an_tensor_file_read_part(c->expected, ours, 0, count, AN_F64, expected.real));
    } else {
        AN_CHECK(an_onnx_read(c->file, theirs, 0, count, found.integer));
        AN_CHECK(an_onnx_read(c->expected, ours, 0, count, expected.integer));
    }
    for (int64_t i = 0; i < count; i++)
        if (real ? found.real[i] != expected.real[i] : found.integer[i] != expected.integer[i])
            return differs(c, "tensor %.120s: %.9g expected at %lld, found %.9g", theirs->name,
                           real ? expected.real[i] : (double)expected.integer[i], (long long)i,
                           real ? found.real[i] : (double)found.integer[i]);
    return ALEXNET_OK;
}

static alexnet_status compare_inputs(comparing *c, const an_onnx_value *theirs,
                                     const an_onnx_value *ours)
{
    an_onnx_input found, expected;
    AN_CHECK(an_onnx_input_read(&found, theirs->info));
    AN_CHECK(an_onnx_input_read(&expected, ours->info));
    if (found.rank && found.rank != expected.rank)
        return differs(c, "input %.120s: %d dimensions expected, found %d", theirs->name,
                       expected.rank, found.rank);
    for (int i = 1; i < found.rank; i++)
        if (found.dims[i] && found.dims[i] != expected.dims[i])
            return differs(c, "input %.120s: %lld expected as dimension %d, found %lld",
                           theirs->name, (long long)expected.dims[i], i, (long long)found.dims[i]);
    return ALEXNET_OK;
}

/* Compare nodes of the same operator. */
static alexnet_status compare_operators(comparing *c, const an_onnx_node *theirs,
                                        const an_onnx_node *ours)
{
    AN_CHECK(compare_attribute(c, theirs, ours, AN_ONNX_PARTS));
    AN_CHECK(compare_attributes(c, theirs, ours, ours));
    AN_CHECK(compare_attributes(c, theirs, ours, theirs));
    if (theirs->n_inputs != ours->n_inputs && !*c->out->difference)
        return differs(c, "node %.120s (%.40s): %d inputs expected, found %d", theirs->name,
                       theirs->op, ours->n_inputs, theirs->n_inputs);
    enum { INPUTS = sizeof ours->inputs / sizeof ours->inputs[0] };
    assert(ours->n_inputs <= INPUTS); /* AN_MAX_INPUTS */
    for (int i = 0; i < ours->n_inputs && !*c->out->difference; i++)
        AN_CHECK(pair(c, an_onnx_node_input(theirs, i), an_onnx_node_input(ours, i)));
    return ALEXNET_OK;
}

/* What ONNX Runtime's optimiser has joined with the Relu after it; NULL: nothing. */
static alexnet_status joined_with_relu(const an_onnx_node *node, char **op)
{
    static char conv[] = "Conv", gemm[] = "Gemm";
    an_onnx_attribute activation;
    *op = NULL;
    if (strcmp(an_onnx_node_domain(node), AN_ONNX_RUNTIME) != 0)
        return ALEXNET_OK;
    AN_CHECK(an_onnx_node_attribute(node, ACTIVATION, &activation));
    if (strcmp(activation.s, "Relu") == 0)
        *op = strcmp(node->op, "FusedConv") == 0   ? conv
              : strcmp(node->op, "FusedGemm") == 0 ? gemm
                                                   : NULL;
    return ALEXNET_OK;
}

static alexnet_status fail_operator(comparing *c, const an_onnx_node *theirs,
                                    const an_onnx_node *ours)
{
    const char *domain = an_onnx_node_domain(theirs);
    return differs(c, "node %.120s: %.40s expected, found %.40s%s%.40s%s", theirs->name, ours->op,
                   theirs->op, *domain ? " of " : "", domain, an_onnx_domain_advice(domain));
}

/* Compare a node of theirs with our Relu and the node before it. */
static alexnet_status compare_joined(comparing *c, const an_onnx_node *theirs, char *op,
                                     const an_onnx_node *relu)
{
    const an_onnx_value *value;
    an_onnx_node before = {0}, alone = *theirs; /* without the Relu; borrows everything */
    AN_CHECK(settle(c->ours, an_onnx_node_input(relu, 0), &value));
    alone.op = op;
    alexnet_status rc = value ? read_node_of(&before, c->ours, value) : ALEXNET_OK;
    if (rc == ALEXNET_OK)
        rc = before.op && strcmp(before.op, op) == 0 ? compare_operators(c, &alone, &before)
                                                     : fail_operator(c, theirs, relu);
    an_onnx_node_free(&before);
    return rc;
}

static alexnet_status compare_nodes(comparing *c, const an_onnx_node *theirs,
                                    const an_onnx_node *ours)
{
    char *joined;
    AN_CHECK(joined_with_relu(theirs, &joined));
    if (joined && strcmp(ours->op, "Relu") == 0)
        return compare_joined(c, theirs, joined, ours);
    if (*an_onnx_node_domain(theirs) || strcmp(theirs->op, ours->op) != 0)
        return fail_operator(c, theirs, ours);
    return compare_operators(c, theirs, ours);
}

/* "Relu", "a tensor" */
static const char *kind_of(const an_onnx_value *value, const an_onnx_node *node)
{
    return value->entry >= 0 ? "a tensor" : value->node < 0 ? "an input" : node->op;
}

/* @param t, o  empty if the value is not a node's */
static alexnet_status compare_value(comparing *c, const an_onnx_value *theirs,
                                    const an_onnx_value *ours, const an_onnx_node *t,
                                    const an_onnx_node *o)
{
    if ((theirs->entry >= 0) != (ours->entry >= 0) || !t->op != !o->op)
        return differs(c, "%s %.120s: %.120s expected, found %.40s", t->op ? "node" : "value",
                       t->op ? t->name : theirs->name,
                       ours->entry >= 0 ? ours->name : kind_of(ours, o), kind_of(theirs, t));
    if (theirs->output != ours->output)
        return differs(c, "node %.120s: output %d expected, found %d", t->name, ours->output,
                       theirs->output);
    if (o->op)
        return compare_nodes(c, t, o);
    if (ours->entry < 0)
        return compare_inputs(c, theirs, ours);
    const an_tensor_entry *expected = &c->expected->entries[ours->entry];
    return expected->dtype == AN_OTHER
               ? ALEXNET_OK
               : compare_constants(c, &c->file->entries[theirs->entry], expected);
}

static alexnet_status compare_next(comparing *c, int index)
{
    const an_onnx_value *ours = &c->ours->values[index];
    const an_onnx_value *theirs = &c->theirs->values[c->out->partners[index]];
    an_onnx_node t = {0}, o = {0};
    alexnet_status rc;
    AN_TRY(read_node_of(&t, c->theirs, theirs));
    AN_TRY(read_node_of(&o, c->ours, ours));
    AN_TRY(compare_value(c, theirs, ours, &t, &o));
cleanup:
    an_onnx_node_free(&t);
    an_onnx_node_free(&o);
    return rc;
}

alexnet_status an_onnx_compare(an_onnx_comparison *out, an_tensor_file *file,
                               an_tensor_file *expected)
{
    comparing c = {.out = out, .file = file, .expected = expected};
    alexnet_status rc = ALEXNET_OK;
    assert(file->format == &an_onnx_format && expected->format == &an_onnx_format);
    *out = (an_onnx_comparison){.file = file, .expected = expected};
    c.theirs = file->state;
    c.ours = expected->state;
    const size_t count = (size_t)c.ours->n_values + 1;
    out->partners = an_calloc(count, sizeof *out->partners);
    c.queue = an_calloc(count, sizeof *c.queue);
    if (!out->partners || !c.queue)
        AN_TRY(AN_FAIL_MEMORY(count * sizeof *c.queue, "a graph"));
    for (size_t i = 0; i < count; i++)
        out->partners[i] = -1;
    AN_TRY(pair(&c, c.theirs->result ? c.theirs->result : "", c.ours->result));
    for (int i = 0; i < c.queued && !*out->difference; i++)
        AN_TRY(compare_next(&c, c.queue[i]));
cleanup:
    an_free(c.queue);
    if (rc != ALEXNET_OK)
        an_onnx_comparison_free(out);
    return rc;
}

alexnet_status an_onnx_takes_bytes(const an_tensor_file *file, bool *takes)
{
    enum { UINT8 = 2 };
    const an_onnx *onnx = file->state;
    *takes = false;
    for (int i = 0; i < onnx->n_values; i++) {
        const an_onnx_value *value = &onnx->values[i];
        an_onnx_input input;
        if (!value->input || value->entry >= 0)
            continue;
        AN_CHECK(an_onnx_input_read(&input, value->info));
        *takes |= input.type == UINT8;
    }
    return ALEXNET_OK;
}

int an_onnx_counterpart(const an_onnx_comparison *comparison, const char *name)
{
    const an_onnx *ours = comparison->expected->state, *theirs = comparison->file->state;
    const an_onnx_value *value = an_onnx_find(ours, name);
    const int partner = value ? comparison->partners[value - ours->values] : -1;
    return partner < 0 ? -1 : theirs->values[partner].entry;
}

void an_onnx_comparison_free(an_onnx_comparison *comparison)
{
    an_free(comparison->partners);
    *comparison = (an_onnx_comparison){0};
}
