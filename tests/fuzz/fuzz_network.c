/*
 * Any text as a network file: an error that names the file, or layers with consistent shapes and
 * counts, whose text gives the same network again. For a network of moderate size, training and
 * inference are planned, without allocating memory; a small one is trained for an update.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "fuzz/require.h"
#include "model/program/program.h"

/* Limits. PLANNED: parameters of what is planned. The next three: of what is computed. */
enum { PLANNED = 1 << 20, PARAMETERS = 1 << 12, MULT_ADDS = 1 << 14, BYTES = 1 << 20, SLOTS = 2 };

typedef struct totals {
    int64_t parameters, mult_adds;
} totals;

static totals check_layers(const alexnet_network *network)
{
    totals sum = {0};
    alexnet_layer_info info;
    for (int i = 0; i < network->count; i++) {
        an_network_layer_info(network, i, &info);
        require(info.output[0] > 0 && info.output[1] > 0 && info.output[2] > 0);
        require(info.parameters >= 0 && info.mult_adds >= 0);
        sum.parameters += info.parameters;
        sum.mult_adds += info.mult_adds;
        require(sum.parameters >= 0 && sum.mult_adds >= 0);
    }
    require(info.output[0] == network->classes && strlen(network->structure) > 0);
    return sum;
}

static void try_again(const alexnet_network *network)
{
    alexnet_network *again;
    require(an_network_parse(&again, network->text, "again", network->name, network->classes) ==
            ALEXNET_OK);
    require(again->count == network->count && again->graph.count == network->graph.count);
    require(strcmp(again->structure, network->structure) == 0);
    an_network_release(again);
}

static void try_graph(const alexnet_network *network)
{
    an_graph graph;
    const an_graph_extent extent = {.slots = SLOTS, .pictures = 1};
    if (an_graph_build(&graph, network, &extent) == ALEXNET_OK)
        an_graph_free(&graph);
}

/* One update of a black picture and an empty slot. */
static void run(an_net *net, const an_program_options *purpose)
{
    an_program *program;
    const int side = net->network->input.side;
    const size_t bytes = (size_t)SLOTS * (size_t)side * (size_t)side * 3;
    an_slot slots[SLOTS] = {{.picture = 0, .label = 1, .weight = 1}, {.picture = -1, .label = -1}};
    an_rates *rates = an_calloc((size_t)net->count, sizeof *rates);
    uint8_t *pixels = an_calloc(bytes, 1);
    require(rates && pixels);
    if (an_program_compile(&program, net, purpose) == ALEXNET_OK) {
        an_results results;
        require(an_program_pack(program) == ALEXNET_OK);
        an_program_set_rates(program, rates);
        require(an_program_feed(program, pixels, slots, &(an_step_state){.seed = 1}) == ALEXNET_OK);
        require(an_program_run(program) == ALEXNET_OK);
        require(an_program_results(program, &results) == ALEXNET_OK && results.images == 1);
        an_program_free(program);
    }
    an_free(pixels);
    an_free(rates);
}

static void try_programs(const alexnet_network *network, const totals *sum)
{
    static alexnet_ctx *ctx;
    an_net *net;
    an_program_memory memory;
    const an_program_options training = an_program_training(SLOTS, 1);
    const an_program_options inference = an_program_inference(10, 1);
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    options.device = "ref";
    if (!ctx)
        require(alexnet_ctx_new(&ctx, &options) == ALEXNET_OK);
    require(an_net_new(&net, ctx, network, true) == ALEXNET_OK);
    an_program_measure(&memory, net, &inference);
    if (an_program_measure(&memory, net, &training) == ALEXNET_OK &&
        sum->parameters <= PARAMETERS && sum->mult_adds <= MULT_ADDS &&
        memory.activations + memory.scratch + memory.batch <= BYTES)
        run(net, &training);
    an_net_release(net);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    alexnet_network *network;
    char *text = an_strndup((const char *)bytes, length);
    require(text);
    if (an_network_parse(&network, text, "fuzz", "fuzz", 3) == ALEXNET_OK) {
        const totals sum = check_layers(network);
        try_again(network);
        try_graph(network);
        if (sum.parameters <= PLANNED)
            try_programs(network, &sum);
        an_network_release(network);
    } else {
        require(network == NULL && strstr(an_error_text(), "fuzz"));
    }
    an_free(text);
    return 0;
}
