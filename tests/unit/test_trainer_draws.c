/*
 * What chance decides in a run: the order of an epoch, crops and mirrors, masks, colour noise.
 *
 * Runs with a rate of 0: the weights stay as they are, so that the loss of an update tells what was
 * shown and what was dropped.
 */
#include "training_rig.h"

#include <math.h>

#include "train/trainer.h"

static void without_dropout(void)
{
    rig_change_network("keep = 0.75", "keep = 1");
}

/* The losses of the first `count` updates of a run in `out`, which reports each. */
static void losses_of_updates(const char *out, const char *const *settings, double *losses,
                              int count)
{
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_progress p;
    bool more = true;
    expect_ok(rig_start(&trainer, ctx, "train", NULL, out, settings));
    for (int done = 0; done < count;) {
        assert_true(more);
        expect_ok(alexnet_trainer_step(trainer, &p, &more));
        if (p.phase != ALEXNET_PROGRESS_TRAIN)
            continue;
        assert_true(p.report);
        losses[done++] = p.loss;
    }
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Every epoch shows each picture once, in an order of its own. */
static void test_the_order(void **state)
{
    (void)state;
    enum { PICTURES = 8 };
    static const char *const settings[] = {"batch",  "1",      "epochs", "2",         "rate",
                                           "0",      "report", "1",      "rate_bias", "0",
                                           "mirror", "no",     "crop",   "centre",    NULL};
    double losses[2][PICTURES];
    without_dropout();
    rig_write_pictures("train", 2, PICTURES / 2);
    losses_of_updates("run", settings, losses[0], 2 * PICTURES);
    assert_memory_not_equal(losses[0], losses[1], sizeof losses[0]);
    qsort(losses[0], PICTURES, sizeof(double), compare);
    qsort(losses[1], PICTURES, sizeof(double), compare);
    assert_memory_equal(losses[0], losses[1], sizeof losses[0]);
    for (int i = 1; i < PICTURES; i++)
        assert_true(losses[0][i] > losses[0][i - 1]);
}

/* Count the different losses of eight epochs, each of one update with two pictures. If a place in
 * the batch always had the same crop or mask, there would be two at most: one for each order. */
static int different_losses(const char *out, const char *const *settings)
{
    enum { EPOCHS = 8 };
    double losses[EPOCHS];
    int different = 1;
    losses_of_updates(out, settings, losses, EPOCHS);
    qsort(losses, EPOCHS, sizeof *losses, compare);
    for (int i = 1; i < EPOCHS; i++)
        different += losses[i] - losses[i - 1] > 1e-9; /* not the roundings of a sum */
    return different;
}

static void test_crops_and_masks(void **state)
{
    (void)state;
    static const char *const moving[] = {"epochs", "8",         "report", "1", "rate",
                                         "0",      "rate_bias", "0",      NULL};
    static const char *const still[] = {"epochs", "8",         "report", "1",      "rate",
                                        "0",      "rate_bias", "0",      "mirror", "no",
                                        "crop",   "centre",    NULL};
    static const char *const scaled[] = {"epochs", "8",         "report", "1",      "rate",
                                         "0",      "rate_bias", "0",      "mirror", "no",
                                         "crop",   "scaled",    NULL};
    static const char *const turned[] = {"epochs", "8",         "report", "1",      "rate",
                                         "0",      "rate_bias", "0",      "mirror", "no",
                                         "crop",   "centre",    "rotate", "20",     NULL};
    rig_write_pictures("train", 2, 1);
    assert_true(different_losses("masks", still) > 4);
    without_dropout();
    assert_true(different_losses("crops", moving) > 4);
    assert_true(different_losses("boxes", scaled) > 4);
    assert_true(different_losses("angles", turned) > 4);
    assert_int_equal(different_losses("neither", still), 1);
}

/* Paper section 4.1 and input_meta of cuda-convnet2: deviation times direction of the three axes, R
 * G B; in the order of the network's channels, times its scale of 0.02. */
static void test_the_axes_of_colour(void **state)
{
    (void)state;
    static const double axes[3][3] = {
        {-68.623, -70.170, -72.094}, {-26.433, -0.872, 26.010}, {8.243, -16.112, 7.835}};
    alexnet_ctx *ctx = rig_ref_ctx();
    rig_write_pictures("train", 2, 1);
    for (int bgr = 0; bgr < 2; bgr++) {
        alexnet_trainer *t;
        if (bgr)
            rig_change_network("[input]\n", "[input]\nchannels = bgr\n");
        expect_ok(rig_start(&t, ctx, "train", NULL, bgr ? "bgr" : "rgb", NULL));
        for (int i = 0; i < 3; i++)
            for (int c = 0; c < 3; c++)
                assert_true(fabs((double)t->draws.crop.colour_axis[i][c] / 0.02 -
                                 axes[i][bgr ? 2 - c : c]) < 0.001);
        alexnet_trainer_free(t);
    }
    alexnet_ctx_free(ctx);
}

/* As rig_start(), with the best model of another run. */
static alexnet_status start_from(alexnet_trainer **trainer, alexnet_ctx *ctx, const char *run,
                                 const char *out, const char *const *settings)
{
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_dataset *data = rig_open_data(ctx, "train");
    alexnet_recipe *recipe = rig_recipe(settings);
    options.net = "net.ini";
    options.init_from = run;
    options.recipe = recipe;
    options.out_dir = out;
    alexnet_status rc = alexnet_trainer_new(trainer, ctx, data, NULL, &options);
    alexnet_recipe_free(recipe);
    alexnet_dataset_free(data);
    return rc;
}

/* colour_axes = data: the axes reproduce the covariance of all stored pixels, times the scale. The
 * mean of a model is kept if the pictures are only read for their axes. */
static void test_the_axes_of_the_data(void **state)
{
    (void)state;
    enum { PICTURES = 6, SIDE = 16, PIXELS = PICTURES * SIDE * SIDE, VALUES = 3 * SIDE * SIDE };
    static const char *const settings[] = {"epochs", "1", "colour_axes", "data", NULL};
    static uint8_t pixels[PIXELS * 3];
    static double means[2][VALUES];
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_dataset *data;
    rig_write_pictures("train", 2, PICTURES / 2);
    expect_ok(alexnet_dataset_open(&data, ctx, "train", NULL));
    for (int i = 0; i < PICTURES; i++) {
        an_picture picture;
        expect_ok(an_data_source_picture(data->source, data->samples[i].item, &picture));
        expect_ok(an_fit_picture(pixels + (size_t)i * VALUES, (an_fit){.side = SIDE}, &picture));
        an_picture_free(&picture);
    }
    double mean[3] = {0};
    for (int i = 0; i < PIXELS * 3; i++)
        mean[i % 3] += pixels[i] / (double)PIXELS;
    for (int again = 0; again < 2; again++) {
        alexnet_trainer *t;
        alexnet_progress progress;
        bool more;
        if (again) /* other pictures, the model's mean */
            rig_write_picture("train/class0/000.png", 2, 99);
        expect_ok(start_from(&t, ctx, again ? "axes" : NULL, again ? "again" : "axes", settings));
        expect_ok(alexnet_trainer_step(t, &progress, &more));
        assert_int_equal(progress.phase, ALEXNET_PROGRESS_MEAN);
        assert_true(t->record.has_axes && t->record.phase == AN_PHASE_TRAIN);
        for (int a = 0; a < 9 && !again; a++) {
            double expected = 0, got = 0;
            for (int i = 0; i < PIXELS; i++)
                expected += (pixels[3 * i + a / 3] - mean[a / 3]) *
                            (pixels[3 * i + a % 3] - mean[a % 3]) / PIXELS;
            for (int i = 0; i < 3; i++)
                got += (double)t->draws.crop.colour_axis[i][a / 3] *
                       (double)t->draws.crop.colour_axis[i][a % 3];
            assert_true(fabs(got / (0.02 * 0.02) - expected) < 1e-3 * (1 + fabs(expected)));
        }
        expect_ok(an_net_read(t->net, AN_VALUES, an_net_find(t->net, "input.mean"), means[again],
                              AN_F64));
        while (more)
            expect_ok(alexnet_trainer_step(t, &progress, &more));
        alexnet_trainer_free(t);
    }
    for (int i = 0; i < VALUES; i++) /* kept as float32 in the model */
        assert_true(fabs(means[0][i] - means[1][i]) < 1e-4);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
}

/* Each key of the recipe by itself changes what is shown, from update to update. */
static void test_each_key(void **state)
{
    (void)state;
    static const char *const keys[][2] = {
        {"brightness", "0.4"}, {"contrast", "0.4"}, {"saturation", "0.4"}, {"hue", "0.1"},
        {"erase", "1"},        {"mixup", "1"},      {"cutmix", "1"},       {"colour_noise", "0.1"}};
    rig_write_pictures("train", 2, 1);
    without_dropout();
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *const settings[] = {"epochs", "8",         "report",   "1",        "rate",
                                        "0",      "rate_bias", "0",        "mirror",   "no",
                                        "crop",   "centre",    keys[i][0], keys[i][1], NULL};
        int different = different_losses(keys[i][0], settings);
        if (different < 5)
            fail_msg("%s: %d different losses of 8", keys[i][0], different);
    }
}

/* Smoothing changes the loss of the same pictures, and a schedule ends it. */
static void test_label_smoothing(void **state)
{
    (void)state;
    static const char *const plain[] = {"epochs", "2",         "report", "1",      "rate",
                                        "0",      "rate_bias", "0",      "mirror", "no",
                                        "crop",   "centre",    NULL};
    static const char *const smooth[] = {
        "epochs",          "2",       "report", "1",  "rate", "0",
        "rate_bias",       "0",       "mirror", "no", "crop", "centre",
        "label_smoothing", "0.5 0@2", NULL};
    double losses[2][2];
    rig_write_pictures("train", 2, 1);
    without_dropout();
    losses_of_updates("plain", plain, losses[0], 2);
    losses_of_updates("smooth", smooth, losses[1], 2);
    assert_true(fabs(losses[1][0] - losses[0][0]) > 1e-9);
    assert_true(fabs(losses[1][1] - losses[0][1]) < 1e-12);
}

/* What the recipe says of groups and rectangles reaches the draws. */
static void test_settled_keys(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "crop_group", "32", "erase_area", "0.1 0.2", "erase_aspect", "0.5 2", "seed", "7", NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *t;
    rig_write_pictures("train", 2, 1);
    expect_ok(rig_start(&t, ctx, "train", NULL, "settled", settings));
    assert_int_equal(t->draws.crop.group, 32);
    assert_true(t->draws.changes.erase_area[0] == 0.1 && t->draws.changes.erase_area[1] == 0.2);
    assert_true(t->draws.changes.erase_aspect[0] == 0.5 && t->draws.changes.erase_aspect[1] == 2);
    assert_true(t->draws.changes.seed == 7 && t->draws.crop.seed == 7);
    alexnet_trainer_free(t);
    alexnet_ctx_free(ctx);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, rig_set_up, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_the_order),          IN_SCRATCH(test_crops_and_masks),
        IN_SCRATCH(test_the_axes_of_colour), IN_SCRATCH(test_the_axes_of_the_data),
        IN_SCRATCH(test_each_key),           IN_SCRATCH(test_label_smoothing),
        IN_SCRATCH(test_settled_keys),
    };
    return cmocka_run_group_tests_name("draws of a run", tests, NULL, NULL);
}
