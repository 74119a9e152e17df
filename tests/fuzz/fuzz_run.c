/*
 * Resuming a run in an untrusted folder. The input is, with zero bytes between them, the record of
 * progress, the recipe and the network of the checkpoint, skipped.txt, and log.jsonl. The
 * checkpoint's tensors are those that the network needs. Either there is an error, and log and list
 * stay as they are, or the run makes some steps with pictures of its own, is saved, and can be
 * resumed again.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/safetensors.h"
#include "fuzz/folder.h"
#include "model/model_file.h"
#include "train/trainer.h"

/* Larger runs are left out: they would be refused, or take too long. */
enum { PARAMETERS = 1 << 12, MULT_ADDS = 1 << 14, SIDE = 64, BATCH = 64, STEPS = 6, ITEMS = 8 };

static alexnet_ctx *ctx;
static alexnet_dataset *data;

/* ---- The pictures ---- */

static int64_t count_items(void *user)
{
    (void)user;
    return ITEMS;
}

static int name_item(void *user, int64_t index, const char **name, int *label)
{
    static const char *const names[ITEMS] = {"a0", "b0", "c0", "a1", "b1", "c1", "a2", "bad"};
    (void)user;
    *name = names[index];
    *label = (int)index % 3;
    return 0;
}

static int get_item(void *user, int64_t index, alexnet_source_item *out)
{
    static const uint8_t grey[] = {0, 50, 100, 150, 200, 250, 25, 75, 125};
    (void)user;
    if (index == ITEMS - 1) {
        out->bytes = "no picture";
        out->length = 10;
    } else {
        out->pixels = (alexnet_pixels){grey, 3, 3, 3, ALEXNET_PIXELS_GREY8};
    }
    return 0;
}

static void set_up(void)
{
    static const char *const classes[] = {"a", "b", "c"};
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    alexnet_source source = ALEXNET_SOURCE_INIT;
    if (ctx)
        return;
    options.device = "ref";
    options.threads = 1;
    source.class_count = 3;
    source.class_names = classes;
    source.count = count_items;
    source.item = name_item;
    source.get = get_item;
    require(alexnet_ctx_new(&ctx, &options) == ALEXNET_OK);
    require(alexnet_dataset_from_source(&data, ctx, &source, NULL) == ALEXNET_OK);
    folder_make();
}

/* ---- The checkpoint ---- */

static bool is_small(const alexnet_network *network)
{
    int64_t parameters = 0, mult_adds = 0;
    alexnet_layer_info info;
    for (int i = 0; i < network->count; i++) {
        an_network_layer_info(network, i, &info);
        parameters += info.parameters;
        mult_adds += info.mult_adds;
    }
    return parameters <= PARAMETERS && mult_adds <= MULT_ADDS && network->input.side <= SIDE;
}

/* An invalid recipe passes: resuming reports it. */
static bool has_small_batch(const char *text)
{
    alexnet_recipe *recipe;
    require(an_recipe_new(&recipe) == ALEXNET_OK);
    const bool small = an_recipe_read(recipe, text, "recipe") != ALEXNET_OK ||
                       an_recipe_integer(recipe, AN_KEY_BATCH) <= BATCH;
    an_recipe_free(recipe);
    return small;
}

/* All parameters and all that any optimiser keeps, as zeros, in two passes: declare, then write. */
static void put_tensors(an_tensor_writer *file, const an_net *net, bool values)
{
    an_state_name state;
    for (an_arena arena = 0; arena < net->n_arenas; arena++)
        for (int i = 0; i < net->count; i++) {
            const an_param *p = &net->params[i];
            if (arena == AN_VALUES ? 0 : !net->arenas[arena].saved || !p->learned)
                continue;
            const char *name =
                arena == AN_VALUES ? p->name : an_net_state_name(net, arena, i, state);
            const size_t bytes = (size_t)p->count * an_dtype_bytes(net->backend->param_dtype);
            void *zeros = an_calloc(bytes, 1);
            require(zeros);
            require((values ? an_tensor_writer_data(file, zeros, bytes)
                            : an_tensor_writer_declare(file, name, net->backend->param_dtype,
                                                       p->shape)) == ALEXNET_OK);
            an_free(zeros);
        }
}

static void put_checkpoint(const char *record, const char *recipe, const alexnet_network *network)
{
    const struct {
        const char *key, *value;
    } texts[] = {{AN_METADATA_FORMAT, AN_MODEL_FILE_VERSION},
                 {AN_METADATA_NETWORK, network->text},
                 {AN_METADATA_CLASSES, "[\"a\",\"b\",\"c\"]"},
                 {AN_METADATA_NAMES, "[\"a\",\"b\",\"c\"]"},
                 {"alexnet.run", record},
                 {"alexnet.recipe", recipe}};
    an_tensor_writer *file;
    an_net *net;
    an_arena arena;
    require(an_net_new(&net, ctx, network, true) == ALEXNET_OK);
    require(an_net_add_arena(net, AN_ARENA_SQUARE, true, &arena) == ALEXNET_OK);
    require(an_net_add_arena(net, AN_ARENA_AVERAGE, true, &arena) == ALEXNET_OK);
    require(an_tensor_writer_new(&file, folder_path("last.safetensors")) == ALEXNET_OK);
    bool good = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        good &= an_tensor_writer_metadata(file, texts[i].key, texts[i].value) == ALEXNET_OK;
    if (good) {
        put_tensors(file, net, false);
        put_tensors(file, net, true);
        require(an_tensor_writer_commit(file) == ALEXNET_OK);
    } else { /* text that no JSON holds */
        an_tensor_writer_abort(file);
        folder_write("last.safetensors", NULL, 0);
    }
    an_net_release(net);
}

/* ---- The run ---- */

static alexnet_status resume(alexnet_trainer **trainer)
{
    alexnet_resume_options options = ALEXNET_RESUME_OPTIONS_INIT;
    options.train_data = data;
    options.val_data = data;
    options.accept_changes = true;
    return alexnet_trainer_resume(trainer, ctx, folder, &options);
}

/* @return whether it could continue */
static bool go_on(void)
{
    alexnet_trainer *trainer;
    alexnet_progress progress;
    bool more = true;
    if (resume(&trainer) != ALEXNET_OK) {
        require(!trainer && strlen(an_error_text()) > 0);
        return false;
    }
    alexnet_status rc = ALEXNET_OK;
    for (int i = 0; i < STEPS && more && rc == ALEXNET_OK; i++)
        rc = alexnet_trainer_step(trainer, &progress, &more);
    require(rc == ALEXNET_OK || strlen(an_error_text()) > 0);
    rc = alexnet_trainer_save(trainer);
    alexnet_trainer_free(trainer);
    if (rc == ALEXNET_OK) {
        require(resume(&trainer) == ALEXNET_OK);
        alexnet_trainer_free(trainer);
    }
    return true;
}

/* The file must still begin with its earlier content; whole: nothing may have been added. */
static void check_kept(const char *name, section before, bool whole)
{
    size_t length = 0;
    char *now = folder_read(name, &length);
    require(!before.at || (now && length >= before.length));
    require(!before.at || memcmp(now, before.at, before.length) == 0);
    require(!whole || length == before.length);
    free(now);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const uint8_t *at = bytes;
    alexnet_network *network;
    section parts[5];
    set_up();
    for (int i = 0; i < 5; i++)
        parts[i] = section_next(&at, bytes + length, i == 4);
    if (!parts[2].at)
        return 0;
    char *network_text = an_strndup(parts[2].at, parts[2].length);
    char *record = an_strndup(parts[0].at, parts[0].length);
    char *recipe = an_strndup(parts[1].at, parts[1].length);
    require(network_text && record && recipe);
    if (an_network_parse(&network, network_text, "fuzz", "fuzz", 3) == ALEXNET_OK) {
        if (is_small(network) && has_small_batch(recipe)) {
            folder_write("skipped.txt", parts[3].at, parts[3].length);
            folder_write("log.jsonl", parts[4].at, parts[4].length);
            put_checkpoint(record, recipe, network);
            const bool went_on = go_on();
            check_kept("skipped.txt", parts[3], !went_on);
            if (!went_on)
                check_kept("log.jsonl", parts[4], true);
        }
        an_network_release(network);
    }
    an_free(network_text);
    an_free(record);
    an_free(recipe);
    return 0;
}
