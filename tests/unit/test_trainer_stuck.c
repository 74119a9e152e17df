/*
 * A loss that stays at that of chance: each reason is provoked, and must be named with its remedy.
 */
#include "training_rig.h"

#include "train/trainer_impl.h"

static int runs;

/* Train on ref. @return how often the warning that nothing is learnt was logged */
static int times_stuck(const char *const *settings)
{
    char out[16];
    alexnet_progress p;
    snprintf(out, sizeof out, "run%d", runs++);
    rig_heard[0] = '\0';
    expect_ok(rig_train("train", NULL, out, settings, &p));
    return rig_times_heard("nothing is learnt");
}

static void expect_reason(const char *const *settings, const char *reason)
{
    if (times_stuck(settings) == 0)
        fail_msg("the run learns: %s", rig_heard);
    if (!strstr(rig_heard, reason))
        fail_msg("expected: %s\nfound: %s", reason, rig_heard);
}

/* Write the network with `from` replaced by `to`, and with weights of the last layer so small that
 * the loss is that of chance. */
static void write_network(const char *from, const char *to)
{
    char text[sizeof rig_network + 128];
    const char *head = strstr(rig_network, "initW = 0.1\n[p]"), *at = strstr(rig_network, from);
    assert_non_null(at);
    const size_t length = strlen(from);
    assert_true(at < head);
    snprintf(text, sizeof text, "%.*s%s%.*sinitW = 0.0001\n[p]%s", (int)(at - rig_network),
             rig_network, to, (int)(head - at - (long)length), at + length,
             head + strlen("initW = 0.1\n[p]"));
    scratch_text("net.ini", text);
}

/* One pixel value in all of a picture. */
static void write_plain_pictures(uint8_t level)
{
    enum { W = 24, H = 20 };
    uint8_t pixels[W * H * 3];
    char path[64];
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = W, .height = H, .format = PNG_FORMAT_RGB};
    memset(pixels, level, sizeof pixels);
    rig_write_pictures("train", 2, 20);
    for (int i = 0; i < 40; i++) {
        snprintf(path, sizeof path, "train/class%d/%03d.png", i / 20, i % 20);
        assert_int_equal(png_image_write_to_file(&image, path, 0, pixels, 0, NULL), 1);
    }
}

/* Pictures of one class under two labels. */
static void write_labels_without_meaning(void)
{
    char path[64];
    rig_write_pictures("train", 2, 20);
    for (int i = 0; i < 20; i++) {
        snprintf(path, sizeof path, "train/class1/%03d.png", i);
        rig_write_picture(path, 0, 100 + i);
    }
}

#define LONG "batch", "1", "epochs", "4" /* 40 updates an epoch */
#define NET LONG, "init", "net"

static int times_at_0(const char *batch, const char *warmup)
{
    return times_stuck((const char *const[]){"batch", batch, "epochs", "4", "rate", "0",
                                             "rate_bias", "0", "init", "net", "warmup", warmup,
                                             NULL});
}

static void test_rates_of_0(void **state)
{
    (void)state;
    rig_write_pictures("train", 2, 20);
    write_network("initW = 0.2", "initW = 0.2");
    assert_int_equal(times_at_0("1", "0"), 1); /* after 120 updates, and not after 160 */
    assert_int_equal(rig_times_heard("the loss of epoch 3 is 0.693, that of chance (ln 2 = 0.693): "
                                     "nothing is learnt. All rates are 0. Try a rate above 0"),
                     1);
    assert_int_equal(times_at_0("1", "1"), 1); /* 120 since the warm-up */
    assert_int_equal(times_at_0("2", "0"), 1); /* 80, reported at the end */
    assert_int_equal(rig_times_heard("the loss of epoch 4 is 0.693"), 1);
    assert_int_equal(times_at_0("2", "3"), 1); /* 20 since the warm-up */
    assert_int_equal(times_at_0("2", "3.1"), 0);
    assert_int_equal(times_at_0("10", "0"), 0); /* 16, too few to tell */
    assert_int_equal(
        times_stuck((const char *const[]){"batch", "1", "epochs", "1", "rate", "0", "rate_bias",
                                          "0", "init", "net", "warmup", "0", NULL}),
        1); /* 40, in a single epoch */
    rig_change_network("initW = 0.1\n[p]", "initW = 20\n[p]");
    assert_int_equal(times_at_0("1", "0"), 1);
    assert_int_equal(rig_times_heard("above that of chance (ln 2 = 0.693)"), 1);
}

/* A run is warned once, whether it is interrupted or not. */
static void test_once_in_a_run(void **state)
{
    (void)state;
    static const char *const settings[] = {NET, "rate", "0", "rate_bias", "0", "warmup", "0", NULL};
    const alexnet_resume_options none = ALEXNET_RESUME_OPTIONS_INIT;
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *t;
    alexnet_progress p;
    bool more = true;
    rig_write_pictures("train", 2, 20);
    write_network("initW = 0.2", "initW = 0.2");
    expect_ok(rig_start(&t, ctx, "train", NULL, "run", settings));
    while (rig_times_heard("nothing is learnt") == 0)
        expect_ok(alexnet_trainer_step(t, &p, &more));
    assert_true(more);
    alexnet_trainer_free(t);
    expect_ok(alexnet_trainer_resume(&t, ctx, "run", &none));
    expect_ok(rig_finish(t, &p));
    assert_int_equal(p.epoch, 4);
    assert_int_equal(rig_times_heard("nothing is learnt"), 1);
    alexnet_trainer_free(t);
    alexnet_ctx_free(ctx);
}

/* It is warned again after a loss that was far below that of chance, not after one that wavers. */
static void test_again_after_a_recovery(void **state)
{
    (void)state;
    static const struct {
        double loss;
        int times;
    } epochs[] = {{0.70, 1}, {0.69, 1}, {0.65, 1}, {0.70, 1}, {0.60, 1}, {0.70, 2}, {0.70, 2}};
    static const char *const settings[] = {LONG, NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *t;
    alexnet_progress p;
    rig_write_pictures("train", 2, 20);
    expect_ok(rig_start(&t, ctx, "train", NULL, "run", settings));
    expect_ok(rig_finish(t, &p));
    assert_int_equal(rig_times_heard("nothing is learnt"), 0);
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        t->record.epoch = (an_tally){.images = 1, .loss = epochs[i].loss};
        an_trainer_warn_if_stuck(t);
        assert_int_equal(rig_times_heard("nothing is learnt"), epochs[i].times);
    }
    alexnet_trainer_free(t);
    alexnet_ctx_free(ctx);
}

/* The loss of few pictures is noisy: it may be above that of chance in an epoch of a run that
 * learns, which the answers show. */
static void test_a_noisy_loss(void **state)
{
    (void)state;
    static const struct {
        double right; /* of 400, of which a network that sees nothing has 200; 4 times 10 more */
        int times;
    } epochs[] = {{300, 0}, {241, 0}, {239, 1}};
    static const char *const settings[] = {LONG, NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *t;
    alexnet_progress p;
    rig_write_pictures("train", 2, 20);
    expect_ok(rig_start(&t, ctx, "train", NULL, "run", settings));
    expect_ok(rig_finish(t, &p));
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        t->record.epoch =
            (an_tally){.images = 400, .loss = 400 * 0.71, .top1 = 400 - epochs[i].right};
        an_trainer_warn_if_stuck(t);
        assert_int_equal(rig_times_heard("nothing is learnt"), epochs[i].times);
    }
    assert_int_equal(rig_times_heard("The rate is too high"), 0); /* by 2%, which proves nothing */
    alexnet_trainer_free(t);
    alexnet_ctx_free(ctx);
}

static void test_frozen_layers(void **state)
{
    (void)state;
    rig_write_pictures("train", 2, 20);
    write_network("initW = 0.2", "initW = 0.2");
    expect_reason((const char *const[]){NET, "freeze", "*", NULL},
                  "Every layer is frozen. Try freeze = none, or fewer layers");
    assert_int_equal(rig_times_heard("every layer is frozen, so this run cannot learn "
                                     "anything; set freeze = none, or freeze fewer layers"),
                     1);
    assert_int_equal(rig_times_heard("frozen at random weights"), 0);
    expect_reason((const char *const[]){NET, "freeze", "f", NULL},
                  "f, which tells the classes apart, does not learn. Try freezing only the "
                  "layers before it");
    expect_reason((const char *const[]){NET, "f.rate", "0", "f.rate_bias", "0", NULL},
                  "f, which tells the classes apart, does not learn. Try a rate above 0 for it");
}

static void test_pictures_without_differences(void **state)
{
    (void)state;
    write_plain_pictures(0);
    expect_reason((const char *const[]){"batch", "8", "epochs", "30", "rate", "0.001", NULL},
                  "8 pictures of the latest batch are all black: nothing tells them apart. Look at "
                  "what the network sees (`alexnet_preview_new()`)");
    write_plain_pictures(200);
    expect_reason((const char *const[]){"batch", "8", "epochs", "30", "rate", "0.001", NULL},
                  "8 pictures of the latest batch are all the same: ");
}

static void test_dead_neurons(void **state)
{
    (void)state;
    rig_write_pictures("train", 2, 20);
    write_network("padding = 1\ninitW = 0.2", "padding = 1\ninitW = 0.2\ninitB = -100");
    expect_reason(
        (const char *const[]){NET, "rate", "0.001", "rate_bias", "0.001", NULL},
        "e outputs only zeros for 1 pictures: its neurons are dead, and the layers before "
        "it no longer learn. Try a rate of 0.0001 and init = safe");
    rig_write_network("net.ini"); /* killed by the first updates */
    expect_reason(
        (const char *const[]){"batch", "8", "epochs", "30", "rate", "200", "warmup", "0",
                              "schedule", "constant", NULL},
        "its neurons are dead, and the layers before it no longer learn. Try a rate of 0.01, "
        "or a longer warmup");
}

#define HARDLY "The weights hardly move: an update changes them by a share of "
#define FAR " is too low. Find one with `ALEXNET_TRIAL_RATES`"

static void test_a_rate_too_low(void **state)
{
    (void)state;
    rig_write_pictures("train", 2, 20);
    write_network("initW = 0.2", "initW = 0.2");
    expect_reason((const char *const[]){NET, "rate", "1e-13", "rate_bias", "1e-13", NULL}, HARDLY);
    assert_non_null(strstr(rig_heard, ". The rate of 1e-13" FAR));
    expect_reason((const char *const[]){NET, "rate", "3e-9", "rate_bias", "0", NULL}, HARDLY);
    assert_non_null(strstr(rig_heard, ". The rate of 3e-09" FAR));
}

/* Weights that do move, but not far: a rate is compared with the usual one of its rule. */
static void test_a_rate_below_the_usual(void **state)
{
    (void)state;
    write_labels_without_meaning();
#define RATE(rate) "batch", "8", "epochs", "30", "rate", rate
    expect_reason(
        (const char *const[]){RATE("0.0005"), NULL},
        "The rate of 0.0005 is low; the usual one is 0.01. Find one with `ALEXNET_TRIAL_RATES`");
    expect_reason((const char *const[]){RATE("0.001"), NULL}, "Neither rates nor weights");
    expect_reason(
        (const char *const[]){RATE("0.00005"), "rule", "adam", NULL},
        "The rate of 5e-05 is low; the usual one is 0.001. Find one with `ALEXNET_TRIAL_RATES`");
    expect_reason((const char *const[]){RATE("0.0001"), "rule", "adamw", NULL},
                  "Neither rates nor weights");
#undef RATE
}

/* A short run whose rates, weights and pictures are good may only be too short. */
static void test_too_early(void **state)
{
    (void)state;
    write_labels_without_meaning();
    expect_reason((const char *const[]){"batch", "2", "epochs", "3", "rate", "0.0001", "schedule",
                                        "constant", "warmup", "0", NULL},
                  "It may be only too early: 60 updates are few. Try more epochs");
}

/* At the end of a run momentum still holds what higher rates have put into it. */
static void test_a_rate_too_low_at_the_end(void **state)
{
    (void)state;
    rig_write_pictures("train", 2, 20);
    expect_reason((const char *const[]){LONG, "rate", "1e-8", "rate_bias", "0", NULL}, HARDLY);
    assert_int_equal(rig_times_heard("hardly move"), rig_times_heard("nothing is learnt"));
}

static void test_a_rate_too_high(void **state)
{
    (void)state;
    write_labels_without_meaning();
    expect_reason((const char *const[]){LONG, "rate", "0.03", "schedule", "constant", NULL},
                  "above that of chance (ln 2 = 0.693): nothing is learnt. The rate is too high. "
                  "Try a rate of 0.003");
}

/* At the end of a schedule an update changes next to nothing: that is no reason. */
static void test_a_rate_that_has_fallen(void **state)
{
    (void)state;
    write_labels_without_meaning();
    expect_reason((const char *const[]){"batch", "8", "epochs", "30", "rate", "0.002", "schedule",
                                        "exponential", "fall", "1e6", "fall_steps", "15", NULL},
                  "Neither rates nor weights nor pictures explain it: do the labels fit the "
                  "pictures? `ALEXNET_TRIAL_OVERFIT` tells whether one batch can be learnt");
    assert_int_equal(rig_times_heard("hardly move"), 0);
}

static void test_first_weights(void **state)
{
    (void)state;
    write_labels_without_meaning();
    write_network("initW = 0.2", "initW = 0.2\ninitB = 1");
    expect_reason(
        (const char *const[]){"batch", "8", "epochs", "30", "rate", "0.01", "init", "net", NULL},
        "The first weights are those of the network file, which were made for other "
        "pictures. Try init = safe");
}

/* With unequal weights of classes the loss, which is reported without them, is above ln C in a run
 * that learns as well as can be: half of class 1 looks like class 0, whose pictures count 20 times.
 * A network that sees nothing has -(ln(20/21) + ln(1/21))/2. */
static void test_weights_of_classes(void **state)
{
    char path[64];
    (void)state;
    scratch_text("weights.txt", "class0 20\n");
    rig_write_pictures("train", 2, 20);
    for (int i = 0; i < 10; i++) {
        snprintf(path, sizeof path, "train/class1/%03d.png", i);
        rig_write_picture(path, 0, 100 + i);
    }
#define WEIGHTED "batch", "40", "epochs", "200", "class_weights", "weights.txt", "warmup", "0"
    assert_int_equal(times_stuck((const char *const[]){WEIGHTED, "rate", "0.03", NULL}), 0);
    write_network("initW = 0.2", "initW = 0.2"); /* outputs are biases, and nearly nothing else */
    expect_reason(
        (const char *const[]){WEIGHTED, "init", "net", "rate", "0", "rate_bias", "0.1", NULL},
        "that of chance (by class_weights = 1.547)");
    expect_reason(
        (const char *const[]){WEIGHTED, "init", "net", "rate", "0", "rate_bias", "0", NULL},
        "that of chance (ln 2 = 0.693): nothing is learnt. All rates are 0");
#undef WEIGHTED
}

static void test_one_that_learns(void **state)
{
    (void)state;
    rig_write_pictures("train", 2, 20);
    assert_int_equal(times_stuck((const char *const[]){LONG, NULL}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_set_up, scratch_teardown)
        T(test_rates_of_0),
        T(test_once_in_a_run),
        T(test_again_after_a_recovery),
        T(test_a_noisy_loss),
        T(test_frozen_layers),
        T(test_pictures_without_differences),
        T(test_dead_neurons),
        T(test_a_rate_too_low),
        T(test_a_rate_below_the_usual),
        T(test_too_early),
        T(test_a_rate_too_low_at_the_end),
        T(test_a_rate_too_high),
        T(test_a_rate_that_has_fallen),
        T(test_first_weights),
        T(test_weights_of_classes),
        T(test_one_that_learns),
#undef T
    };
    return cmocka_run_group_tests_name("nothing is learnt", tests, NULL, NULL);
}
