/*
 * The preview of training pictures: without changes it shows the pictures themselves; with changes
 * it shows what the first update of a run computes with.
 */
#include "training_rig.h"

#include "data/picture/resize.h"
#include "infer/centre.h"
#include "train/preview.h"
#include "train/trainer.h"

enum { SIZE = 14, PICTURES = 6, DRAWS = 3 };

static alexnet_preview *preview_of(alexnet_ctx *ctx, const char *folder,
                                   const char *const *settings)
{
    alexnet_dataset *data;
    alexnet_recipe *recipe = rig_recipe(settings);
    alexnet_preview *preview;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    options.net = "net.ini";
    options.recipe = recipe;
    expect_ok(alexnet_dataset_open(&data, ctx, folder, NULL));
    expect_ok(alexnet_preview_new(&preview, ctx, data, &options, PICTURES, DRAWS));
    alexnet_recipe_free(recipe);
    alexnet_dataset_free(data);
    return preview;
}

/* Cut the centre out of a picture of the data set, as for the network's input. */
static void centre_of(uint8_t *crop, const alexnet_dataset *data, int64_t index,
                      const alexnet_network *network)
{
    an_picture picture;
    expect_ok(an_data_source_picture(data->source, data->samples[index].item, &picture));
    expect_ok(an_centre_cut(crop, network, &picture));
    an_picture_free(&picture);
}

static const char *const still[] = {"mirror", "no", "crop", "centre", NULL};

/* This holds for either order of the network's channels, and whatever its scale and mean. */
static void test_what_is_not_changed_is_the_picture(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    rig_write_pictures("train", 2, 3);
    for (int bgr = 0; bgr < 2; bgr++) {
        alexnet_dataset *data;
        alexnet_network *network;
        if (bgr)
            rig_change_network("[input]\n", "[input]\nchannels = bgr\n");
        alexnet_preview *p = preview_of(ctx, "train", still);
        expect_ok(alexnet_dataset_open(&data, ctx, "train", NULL));
        expect_ok(an_network_load(&network, "net.ini", 2));
        assert_int_equal(alexnet_preview_pictures(p), PICTURES);
        assert_int_equal(alexnet_preview_side(p), SIZE);
        for (int i = 0; i < PICTURES * DRAWS; i++) {
            alexnet_preview_view view;
            uint8_t crop[SIZE * SIZE * 3];
            expect_ok(alexnet_preview_get(p, i / DRAWS, i % DRAWS, &view));
            centre_of(crop, data, view.index, network);
            assert_memory_equal(view.rgb, crop, sizeof crop);
            assert_int_equal(view.label, data->samples[view.index].label);
            assert_int_equal(view.second, -1);
            assert_true(view.second_share == 0 && !view.error);
        }
        an_network_release(network);
        alexnet_dataset_free(data);
        alexnet_preview_free(p);
    }
    alexnet_ctx_free(ctx);
}

static const char *const all[] = {"batch",        "6",   "crop_group", "2",   "brightness", "0.4",
                                  "contrast",     "0.4", "saturation", "0.4", "hue",        "0.1",
                                  "erase",        "0.5", "mixup",      "0.5", "cutmix",     "1",
                                  "colour_noise", "0.1", NULL};

/* The slots are those of the run's first update; further draws differ from them. */
static void test_the_first_batch_of_a_run(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_new_ctx("cpu", ALEXNET_PRECISION_AUTO, 2);
    alexnet_trainer *t;
    alexnet_progress progress;
    bool more = true;
    rig_write_pictures("train", 2, 5); /* more than a batch */
    alexnet_preview *p = preview_of(ctx, "train", all);
    expect_ok(rig_start(&t, ctx, "train", NULL, "run", all));
    do
        expect_ok(alexnet_trainer_step(t, &progress, &more));
    while (progress.phase != ALEXNET_PROGRESS_TRAIN);
    assert_memory_equal(p->slots, t->slots, PICTURES * sizeof(an_slot));
    int mixed = 0;
    const size_t cell = (size_t)SIZE * SIZE * 3;
    for (int i = 0; i < PICTURES; i++) {
        alexnet_preview_view view;
        expect_ok(alexnet_preview_get(p, i, 0, &view));
        mixed += view.second >= 0 && view.second_share > 0;
        for (int k = 1; k < DRAWS; k++)
            assert_memory_not_equal(view.rgb, p->rgb + (size_t)(k * PICTURES + i) * cell, cell);
    }
    assert_true(mixed >= PICTURES - 2); /* a rectangle may come out empty */
    alexnet_trainer_free(t);
    alexnet_preview_free(p);
    alexnet_ctx_free(ctx);
}

/* Erased areas show the mean colour of the pictures of the preview. */
static void test_erased_and_mixed(void **state)
{
    (void)state;
    static const char *const erased[] = {"mirror",       "no",  "crop",       "centre",
                                         "erase",        "1",   "erase_area", "0.8 0.8",
                                         "erase_aspect", "1 1", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    rig_write_pictures("train", 2, 3);
    alexnet_preview *p = preview_of(ctx, "train", erased);
    alexnet_preview_view first, view;
    expect_ok(alexnet_preview_get(p, 0, 0, &first));
    const size_t middle = (SIZE / 2 * SIZE + SIZE / 2) * 3;
    for (int i = 0; i < PICTURES; i++) {
        expect_ok(alexnet_preview_get(p, i, 1, &view));
        assert_memory_equal(view.rgb + middle, first.rgb + middle, 3);
    }
    /* Classes 0 and 1 are red and green (150 .. 249, else 50 .. 149), and half of all each. */
    assert_in_range(first.rgb[middle], 130, 170);
    assert_in_range(first.rgb[middle + 1], 130, 170);
    assert_in_range(first.rgb[middle + 2], 80, 120);
    alexnet_preview_free(p);
    alexnet_ctx_free(ctx);
}

static void test_a_picture_that_cannot_be_read(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    rig_write_pictures("train", 2, 2);
    scratch_text("train/class1/001.png", "no picture");
    alexnet_preview *p = preview_of(ctx, "train", all);
    int bad = 0;
    assert_int_equal(alexnet_preview_pictures(p), 4);
    for (int i = 0; i < 4; i++) {
        alexnet_preview_view view;
        expect_ok(alexnet_preview_get(p, i, 0, &view));
        if (!view.error)
            continue;
        bad++;
        assert_non_null(strstr(view.error, "train/class1/001.png"));
        assert_int_equal(view.label, -1);
        assert_true(view.rgb[0] == 0 && view.rgb[SIZE * SIZE * 3 - 1] == 0);
    }
    assert_int_equal(bad, 1);
    alexnet_preview_free(p);
    alexnet_ctx_free(ctx);
}

static void test_refusals(void **state)
{
    (void)state;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_dataset *data;
    alexnet_preview *p = (alexnet_preview *)&data;
    alexnet_preview_view view;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    rig_write_pictures("train", 2, 1);
    expect_ok(alexnet_dataset_open(&data, ctx, "train", NULL));
    options.net = "net.ini";
    static const int wrong[][2] = {{0, 1}, {65, 1}, {1, 0}, {1, 33}, {-1, 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        expect_failure(alexnet_preview_new(&p, ctx, data, &options, wrong[i][0], wrong[i][1]),
                       ALEXNET_ERROR_INVALID_ARGUMENT, "expected 1 to 64, and 1 to 32");
        assert_null(p);
    }
    options.net = "no-such-net";
    expect_failure(alexnet_preview_new(&p, ctx, data, &options, 1, 1),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "no-such-net");
    options.net = "net.ini";
    expect_ok(alexnet_preview_new(&p, ctx, data, &options, 1, 1));
    expect_failure(alexnet_preview_get(p, 1, 0, &view), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "picture 1");
    expect_failure(alexnet_preview_get(p, 0, 1, &view), ALEXNET_ERROR_INVALID_ARGUMENT, "draw 1");
    assert_int_equal(alexnet_preview_pictures(NULL), 0);
    alexnet_preview_free(NULL);
    alexnet_preview_free(p);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, rig_set_up, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_what_is_not_changed_is_the_picture),
        IN_SCRATCH(test_the_first_batch_of_a_run), IN_SCRATCH(test_erased_and_mixed),
        IN_SCRATCH(test_a_picture_that_cannot_be_read), IN_SCRATCH(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
