/*
 * Memory that runs out while training pictures are previewed (oom_rig.h).
 */
#include "oom/oom_rig.h"

/* With mixup, and the mean of the pictures shown in place of the data set's. */
static alexnet_status preview_pictures(void)
{
    alexnet_ctx *ctx = NULL;
    alexnet_dataset *data = NULL;
    alexnet_recipe *recipe = NULL;
    alexnet_preview *preview = NULL;
    alexnet_preview_view view;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_status rc;
    AN_TRY(new_ctx(&ctx));
    AN_TRY(alexnet_dataset_open(&data, ctx, "data", NULL));
    AN_TRY(alexnet_recipe_load(&recipe, "default"));
    AN_TRY(alexnet_recipe_set(recipe, "mixup", "1"));
    options.net = "net.ini";
    options.recipe = recipe;
    AN_TRY(alexnet_preview_new(&preview, ctx, data, &options, 8, 2));
    AN_TRY(alexnet_preview_get(preview, 7, 1, &view));
    note(view.rgb,
         (size_t)alexnet_preview_side(preview) * (size_t)alexnet_preview_side(preview) * 3);
cleanup:
    alexnet_preview_free(preview);
    alexnet_recipe_free(recipe);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    return rc;
}

static void test_preview(void **state)
{
    (void)state;
    device = "cpu";
    fail_each(&(scenario){preview_pictures, NULL, 100});
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_preview)};
    return cmocka_run_group_tests(tests, set_up_training, scratch_teardown);
}
