/*
 * A child of fork() that uses its parent's trainer, whose threads do not exist in the child: calls
 * fail, and none hangs.
 */
#include "training_rig.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trainer_in_a_child, rig_set_up, scratch_teardown),
    };
    return cmocka_run_group_tests_name("fork", tests, NULL, NULL);
}
