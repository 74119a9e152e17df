/*
 * What is written as JSON is written whole or not at all, if memory runs out for it at any point
 * (oom_rig.h). Here jansson's allocations fail too, which it outlives only where it does not parse.
 */
#include "oom/oom_rig.h"

#include <jansson.h>

#include "base/writer.h"

static void note_file(const char *path)
{
    unsigned char *bytes;
    size_t length;
    expect_ok(an_file_read(path, 1 << 20, &bytes, &length));
    note(bytes, length);
    an_free(bytes);
}

static alexnet_status save_stats(void)
{
    alexnet_ctx *ctx = NULL;
    alexnet_dataset *data = NULL;
    alexnet_network *network = NULL;
    alexnet_data_stats *stats = NULL;
    alexnet_status rc;
    int64_t done;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_dataset_open(&data, ctx, "data", NULL));
    AN_TRY(alexnet_network_load(&network, ctx, "net.ini"));
    AN_TRY(alexnet_data_stats_new(&stats, ctx, data, network));
    for (bool more = true; more;)
        AN_TRY(alexnet_data_stats_step(stats, &done, &more));
    AN_TRY(alexnet_data_stats_save(stats, "stats.safetensors"));
cleanup:
    alexnet_data_stats_free(stats);
    alexnet_network_free(network);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    return rc;
}

static void look_at_stats(void)
{
    note_file("stats.safetensors");
}

static alexnet_status write_pack(void)
{
    alexnet_pack_options options = ALEXNET_PACK_OPTIONS_INIT;
    alexnet_ctx *ctx = NULL;
    alexnet_dataset *data = NULL;
    alexnet_pack *pack = NULL;
    alexnet_pack_progress progress;
    alexnet_status rc;
    scratch_remove("pack");
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_dataset_open(&data, ctx, "data", NULL));
    AN_TRY(alexnet_pack_new(&pack, ctx, data, NULL, "pack", &options));
    for (bool more = true; more;)
        AN_TRY(alexnet_pack_step(pack, &progress, &more));
cleanup:
    alexnet_pack_free(pack);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    return rc;
}

static void look_at_pack(void)
{
    note_file("pack/manifest.json");
}

static int set_up(void **state)
{
    static const char text[] = "no picture";
    device = "ref";
    if (set_up_training(state) != 0)
        return -1;
    json_set_alloc_funcs(an_malloc, an_free);
    return an_file_replace("data/class0/bad.png", text, sizeof text) == ALEXNET_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    json_set_alloc_funcs(malloc, free);
    return scratch_teardown(state);
}

static void test_statistics(void **state)
{
    (void)state;
    fail_each(&(scenario){save_stats, look_at_stats, 100});
}

static void test_manifest(void **state)
{
    (void)state;
    fail_each(&(scenario){write_pack, look_at_pack, 100});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_manifest),
    };
    return cmocka_run_group_tests_name("JSON without memory", tests, set_up, tear_down);
}
