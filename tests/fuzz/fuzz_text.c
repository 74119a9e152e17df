/*
 * Any text as a network file, a recipe, a tuning and a progress record: an error, or something that
 * holds together. A recipe or record that is taken is written and taken again as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "backend/tuning.h"
#include "base/alloc.h"
#include "model/network.h"
#include "train/recipe.h"
#include "train/run_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void try_network(const char *text)
{
    alexnet_network *network;
    alexnet_layer_info info;
    if (an_network_parse(&network, text, "fuzz", "fuzz", 3) != ALEXNET_OK) {
        require(network == NULL);
        return;
    }
    for (int i = 0; i < network->count; i++) {
        an_network_layer_info(network, i, &info);
        require(info.output[0] > 0 && info.output[1] > 0 && info.output[2] > 0);
        require(info.parameters >= 0 && info.mult_adds >= 0);
    }
    require(info.output[0] == 3 && strlen(network->structure) > 0);
    an_graph graph;
    if (an_graph_build(&graph, network, &(an_graph_extent){.slots = 2, .pictures = 1}) ==
        ALEXNET_OK)
        an_graph_free(&graph);
    an_network_release(network);
}

static void try_recipe(const char *text)
{
    alexnet_recipe *recipe, *again;
    require(an_recipe_new(&recipe) == ALEXNET_OK);
    if (an_recipe_read(recipe, text, "fuzz") == ALEXNET_OK) {
        char *first = an_recipe_text(recipe);
        require(an_recipe_new(&again) == ALEXNET_OK);
        require(an_recipe_read(again, first, "again") == ALEXNET_OK);
        char *second = an_recipe_text(again);
        require(strcmp(first, second) == 0);
        an_free(first);
        an_free(second);
        an_recipe_free(again);
    }
    an_recipe_free(recipe);
}

static void try_tuning(const char *text)
{
    an_tuning *tuning;
    an_op_desc op = {.kind = AN_OP_CONV,
                     .n = 1,
                     .n_inputs = 1,
                     .in = {{256, 13, 13}},
                     .u.conv = {384, 3, 3, 1, 1, 1, 1, 1, 1, false}};
    static const char *const names[] = {"direct",  "channels_last", "blocked", "winograd",
                                        "flipped", "padded",        "native",  NULL};
    an_tuning_query query = {"avx512", "fp32", true, &op, names};
    an_variants variants = {{0}};
    require(an_op_resolve(&op) == ALEXNET_OK);
    if (an_tuning_parse(&tuning, text, "fuzz", query.isa, names) != ALEXNET_OK) {
        require(tuning == NULL);
        return;
    }
    an_tuning_apply(tuning, &query, &variants);
    for (int d = 0; d < AN_DIRECTIONS; d++)
        require(variants.of[d] >= 0 && variants.of[d] < an_variant_count(names));
    an_tuning_free(tuning);
}

static void try_record(const char *text)
{
    an_run_state record, again;
    if (an_run_state_from_text(&record, text, "fuzz") != ALEXNET_OK)
        return;
    char *first = an_run_state_to_text(&record);
    require(first && an_run_state_from_text(&again, first, "again") == ALEXNET_OK);
    char *second = an_run_state_to_text(&again);
    require(strcmp(first, second) == 0);
    an_free(first);
    an_free(second);
    an_run_state_free(&record);
    an_run_state_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *text = an_strndup((const char *)bytes, length);
    require(text != NULL);
    try_network(text);
    try_recipe(text);
    try_tuning(text);
    try_record(text);
    an_free(text);
    return 0;
}
