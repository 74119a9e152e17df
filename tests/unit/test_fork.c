/*
 * A child of fork() that uses what its parent has computed with, whose threads do not exist in the
 * child: calls fail, and none hangs.
 */
#include "training_rig.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_trainer_in_a_child(void **state)
{
    static const char *const settings[] = {"batch", "4", "epochs", "2", NULL};
    alexnet_trainer *trainer;
    alexnet_progress progress;
    bool more;
    int status;
    (void)state;
    rig_write_pictures("data", 2, 8);
    alexnet_ctx *ctx = rig_new_ctx("ref", ALEXNET_PRECISION_AUTO, 2);
    expect_ok(rig_start(&trainer, ctx, "data", NULL, "run", settings));
    for (int i = 0; i < 3; i++)
        expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        alexnet_status rc = alexnet_trainer_step(trainer, &progress, &more);
        bool told = rc == ALEXNET_ERROR_INVALID_ARGUMENT && strstr(alexnet_error_text(), "fork");
        alexnet_trainer_free(trainer);
        _exit(told ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    expect_ok(alexnet_trainer_step(trainer, &progress, &more)); /* the parent continues */
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

/* ---- Pictures that are read by threads ---- */

/* The child may not free what its parent works on: a pack would remove the open archive. */
static void test_examination_and_pack_in_a_child(void **state)
{
    alexnet_check *check;
    alexnet_pack *pack;
    bool more;
    int status;
    (void)state;
    rig_write_pictures("data", 2, 8);
    alexnet_ctx *ctx = rig_new_ctx("ref", ALEXNET_PRECISION_AUTO, 2);
    alexnet_dataset *data = rig_open_data(ctx, "data");
    expect_ok(alexnet_check_new(&check, ctx, data, NULL, NULL));
    expect_ok(alexnet_pack_new(&pack, ctx, data, NULL, "packed", NULL));
    expect_ok(alexnet_check_step(check, NULL, &more));
    expect_ok(alexnet_pack_step(pack, NULL, &more));
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        bool told = alexnet_check_step(check, NULL, &more) == ALEXNET_ERROR_INVALID_ARGUMENT &&
                    strstr(alexnet_error_text(), "fork") &&
                    alexnet_pack_step(pack, NULL, &more) == ALEXNET_ERROR_INVALID_ARGUMENT &&
                    strstr(alexnet_error_text(), "fork");
        alexnet_check_free(check);
        alexnet_pack_free(pack);
        _exit(told ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (more = true; more;)
        expect_ok(alexnet_check_step(check, NULL, &more));
    for (more = true; more;)
        expect_ok(alexnet_pack_step(pack, NULL, &more));
    alexnet_check_free(check);
    alexnet_pack_free(pack);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
}

/* ---- Computations that need no backend ---- */

enum { COUNT = 3, LENGTH = 2 };

static alexnet_ctx *ctx;
static alexnet_index *pictures;
static alexnet_pairs *pairs;
static alexnet_check *check;

static alexnet_status compare(void)
{
    static const float features[COUNT * LENGTH] = {1, 2, 3, 5, 8, 13};
    double rdm[COUNT * COUNT];
    return alexnet_rdm(rdm, ctx, features, COUNT, LENGTH, ALEXNET_DISSIMILARITY_EUCLIDEAN);
}

static alexnet_status find_nearest(void)
{
    alexnet_neighbour nearest;
    return alexnet_index_nearest(pictures, alexnet_index_values(pictures, 0), 1,
                                 ALEXNET_METRIC_EUCLIDEAN, 1, &nearest);
}

static alexnet_status find_pairs(void)
{
    double fraction;
    bool more;
    return alexnet_pairs_step(pairs, &fraction, &more);
}

static alexnet_status find_near(void)
{
    return alexnet_check_step(check, NULL, &(bool){true});
}

static void open_index(alexnet_model *model, alexnet_features **features)
{
    static const char *const layer = "g";
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    options.layers = &layer;
    options.count = 1;
    expect_ok(alexnet_features_new(features, model, &options));
    expect_ok(alexnet_index_open(&pictures, *features, "data", "index"));
    for (bool more = true; more;)
        expect_ok(alexnet_index_step(pictures, &more));
    expect_ok(alexnet_pairs_new(&pairs, pictures, ALEXNET_METRIC_EUCLIDEAN, 4, INFINITY));
}

/* All pictures have been read, and are now compared. */
static void examine(const alexnet_dataset *data)
{
    alexnet_check_options options = ALEXNET_CHECK_OPTIONS_INIT;
    alexnet_check_progress progress = {0};
    bool more;
    options.near = true;
    expect_ok(alexnet_check_new(&check, ctx, data, NULL, &options));
    while (!progress.comparing)
        expect_ok(alexnet_check_step(check, &progress, &more));
    assert_true(more);
}

static void test_searches_in_a_child(void **state)
{
    static alexnet_status (*const all[])(void) = {compare, find_nearest, find_pairs, find_near};
    static const char *const settings[] = {"epochs", "1", NULL};
    alexnet_dataset_options examined = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_dataset *data;
    alexnet_model *model;
    alexnet_features *features;
    alexnet_progress last;
    (void)state;
    rig_write_pictures("data", 2, 8);
    expect_ok(rig_train("data", NULL, "run", settings, &last));
    ctx = rig_new_ctx("ref", ALEXNET_PRECISION_AUTO, 2);
    expect_ok(alexnet_model_load(&model, ctx, "run"));
    open_index(model, &features);
    examined.examined = true;
    expect_ok(alexnet_dataset_open(&data, ctx, "data", &examined));
    examine(data);
    expect_ok(compare()); /* starts the threads of OpenMP */
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int status;
        fflush(stdout);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            alarm(60);
            bool told =
                all[i]() == ALEXNET_ERROR_INVALID_ARGUMENT && strstr(alexnet_error_text(), "fork");
            _exit(told ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        expect_ok(all[i]()); /* the parent goes on */
    }
    alexnet_check_free(check);
    alexnet_pairs_free(pairs);
    alexnet_index_free(pictures);
    alexnet_features_free(features);
    alexnet_model_free(model);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trainer_in_a_child, rig_set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_examination_and_pack_in_a_child, rig_set_up,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_searches_in_a_child, rig_set_up, scratch_teardown),
    };
    return cmocka_run_group_tests_name("fork", tests, NULL, NULL);
}
