/*
 * Whether the memory that a run needs is compared with what the process may have. The judge is the
 * system: what fits under a limit of the address space can be allocated there.
 */
#include "ops/ops_rig.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "train/budget.h"
#include "train/trainer_impl.h"

enum { ROOM = 512 << 20 };

/* Leave the process this much of the address space. */
static void leave(rlim_t bytes)
{
    struct rlimit limit;
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + bytes;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

/* The net's arenas are mapped and take addresses already; they must not be counted twice. */
static void test_arenas_under_a_limit_of_addresses(void **state)
{
    alexnet_trainer t = {.batch = 1, .parts = 1, .record.split = 1};
    alexnet_network *network;
    struct rlimit old;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
    t.ctx = rig_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    expect_ok(an_recipe_new(&t.recipe));
    expect_ok(an_network_load(&network, "alexnet", 1000));
    expect_ok(an_net_new(&t.net, t.ctx, network, true));
    an_network_release(network);
    assert_true((uint64_t)t.net->n_arenas * t.net->bytes > ROOM);
    leave(ROOM);
    expect_ok(an_budget_check(&t));
    t.batch = 1000; /* its activations do not fit */
    expect_failure(an_budget_check(&t), ALEXNET_ERROR_NO_MEMORY, "this process has");
    assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
    an_recipe_free(t.recipe);
    an_net_release(t.net);
    an_ctx_release(t.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arenas_under_a_limit_of_addresses),
    };
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
