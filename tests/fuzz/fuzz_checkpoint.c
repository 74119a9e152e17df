/*
 * Any bytes as a checkpoint: the header of a safetensors file as text up to the first zero byte,
 * and its data after it. Either an error that names the file, or a network, a recipe and a record
 * of progress that are the same after they are written and read again; of a small network the
 * weights and the state of the optimiser are read too.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "fuzz/header.h"
#include "fuzz/require.h"
#include "model/model_open.h"
#include "train/recipe.h"
#include "train/run_state.h"

enum { PARAMETERS = 1 << 14 };

static void check_error(void)
{
    require(strstr(an_error_text(), "fuzz"));
}

static void try_record(const char *text)
{
    an_run_state record, again;
    if (an_run_state_from_text(&record, text, "fuzz") != ALEXNET_OK) {
        check_error();
        require(!record.train.root && !record.tuning);
        return;
    }
    char *first = an_run_state_to_text(&record);
    require(first && an_run_state_from_text(&again, first, "again") == ALEXNET_OK);
    char *second = an_run_state_to_text(&again);
    require(strcmp(first, second) == 0);
    an_free(first);
    an_free(second);
    an_run_state_free(&record);
    an_run_state_free(&again);
}

static void try_recipe(const char *text)
{
    alexnet_recipe *recipe;
    require(an_recipe_new(&recipe) == ALEXNET_OK);
    if (an_recipe_read_whole(recipe, text, "fuzz") != ALEXNET_OK)
        check_error();
    an_recipe_free(recipe);
}

static int64_t parameters_of(const alexnet_network *network)
{
    int64_t sum = 0;
    alexnet_layer_info info;
    for (int i = 0; i < network->count; i++) {
        an_network_layer_info(network, i, &info);
        sum += info.parameters;
    }
    return sum;
}

static void try_tensors(an_model_file *file)
{
    static alexnet_ctx *ctx;
    an_net *net;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    options.device = "ref";
    if (!ctx)
        require(alexnet_ctx_new(&ctx, &options) == ALEXNET_OK);
    require(an_net_new(&net, ctx, file->network, true) == ALEXNET_OK);
    if (an_model_file_weights(file, net) != ALEXNET_OK ||
        an_model_file_state(file, net) != ALEXNET_OK ||
        an_tensor_file_check_damage(file->tensors) != ALEXNET_OK)
        check_error();
    an_net_release(net);
}

static void try_checkpoint(an_reader *reader)
{
    an_model_file file;
    if (an_model_file_open(&file, NULL, reader, &(an_model_options){.ours = true}) != ALEXNET_OK) {
        check_error();
        return;
    }
    require(file.classes.count > 0 && file.classes.count == file.network->classes);
    const char *record = an_tensor_file_metadata(file.tensors, "alexnet.run");
    const char *recipe = an_tensor_file_metadata(file.tensors, "alexnet.recipe");
    if (record)
        try_record(record);
    if (recipe)
        try_recipe(recipe);
    if (parameters_of(file.network) <= PARAMETERS &&
        (int64_t)file.network->input.side * file.network->input.side <= PARAMETERS)
        try_tensors(&file);
    an_model_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    an_reader *reader;
    size_t whole;
    uint8_t *file = with_header_length(bytes, length, &whole);
    if (an_reader_memory(&reader, "fuzz", file, whole) == ALEXNET_OK)
        try_checkpoint(reader);
    free(file);
    return 0;
}
