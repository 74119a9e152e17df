#include "infer/activations.h"

#include "base/alloc.h"
#include "base/status.h"
#include "infer/centre.h"
#include "infer/views.h"

static alexnet_status make_buffers(an_activations *a)
{
    const alexnet_network *network = a->net->network;
    size_t side = (size_t)network->input.side, count = (size_t)network->count;
    a->stored = an_calloc(side * side, 3);
    a->layers = an_calloc(count, sizeof *a->layers);
    a->values = an_calloc(count, sizeof *a->values);
    if (!a->stored || !a->layers || !a->values)
        return AN_FAIL_MEMORY(side * side * 3, "activations");
    for (int i = 0; i < network->count; i++) {
        const an_node *node = &network->graph.nodes[network->graph.layer_node[i]];
        size_t size = (size_t)an_chw_count(node->desc.out);
        a->layers[i] = i;
        a->values[i] = an_calloc(size, sizeof **a->values);
        if (!a->values[i])
            return AN_FAIL_MEMORY(size * sizeof **a->values, "a layer's activations");
    }
    return ALEXNET_OK;
}

alexnet_status an_activations_new(an_activations **out, an_net *net)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_activations *a = an_calloc(1, sizeof *a);
    if (!a)
        return AN_FAIL_MEMORY(sizeof *a, "activations");
    a->net = an_net_retain(net);
    AN_TRY(make_buffers(a));
    an_program_options options = {
        .slots = 1, .pictures = 1, .keep = a->layers, .n_keep = net->network->count};
    AN_TRY(an_program_compile(&a->program, net, &options));
    AN_TRY(an_program_pack(a->program));
    *out = a;
    a = NULL;
cleanup:
    an_activations_free(a);
    return rc;
}

void an_activations_free(an_activations *a)
{
    if (!a)
        return;
    an_program_free(a->program);
    for (int i = 0; a->values && i < a->net->network->count; i++)
        an_free(a->values[i]);
    an_free(a->values);
    an_free(a->layers);
    an_free(a->stored);
    an_net_release(a->net);
    an_free(a);
}

alexnet_status an_activations_compute(an_activations *a, const uint8_t *crop)
{
    const alexnet_network *network = a->net->network;
    const an_step_state state = {0};
    an_slot slot = {.picture = 0, .label = -1};
    an_view_place(&slot, network->input.side, network->input.size, AN_VIEW_CENTRE);
    AN_CHECK(an_ctx_check(a->net->ctx));
    an_centre_lay(a->stored, network, crop);
    AN_CHECK(an_program_feed(a->program, a->stored, &slot, &state));
    AN_CHECK(an_program_run(a->program));
    for (int i = 0; i < network->count; i++)
        AN_CHECK(an_program_read(a->program, i, a->values[i]));
    return ALEXNET_OK;
}
