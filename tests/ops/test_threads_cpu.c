/*
 * The threads of the cpu backend: never more than the context allows, whatever the split; the same
 * bits with fewer; an error if the system refuses them, and in a forked child, which has none.
 */
#include "ops/ops_rig.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/cpu/cpu.h"
#include "base/random.h"
#include "base/threads.h"

enum { IMAGES = 7 };

static const an_op_desc first = {.kind = AN_OP_CONV,
                                 .n = IMAGES,
                                 .n_inputs = 1,
                                 .in = {{3, 32, 32}},
                                 .u.conv = {16, 5, 5, 2, 1, 0, 0, 0, 0, true}};
static const an_op_desc odd = {.kind = AN_OP_CONV,
                               .n = IMAGES,
                               .n_inputs = 1,
                               .in = {{12, 9, 9}},
                               .u.conv = {20, 3, 3, 1, 2, 1, 1, 1, 1, true}};
static const an_op_desc fc = {
    .kind = AN_OP_FC, .n = IMAGES, .n_inputs = 1, .in = {{16, 1, 1}}, .u.fc = {700}};

static an_backend *open_cpu(int threads, alexnet_precision precision)
{
    an_backend *backend;
    alexnet_ctx *ctx = rig_ctx("cpu", precision, threads);
    expect_ok(an_cpu_api.open(&backend, ctx, 0, precision));
    an_ctx_release(ctx);
    return backend;
}

static double *numbers(int64_t count, uint32_t tensor)
{
    double *x = malloc(sizeof *x * (size_t)count);
    assert_non_null(x);
    for (int64_t i = 0; i < count; i++)
        x[i] = 2 * an_uniform(an_random(1, AN_PURPOSE_TEST, tensor, (uint64_t)i, 0).v[0]) - 1;
    return x;
}

typedef struct problem {
    an_op_desc desc;
    an_operands operands;
} problem;

static problem problem_new(const an_op_desc *desc)
{
    problem p = {.desc = *desc, .operands = {.state = {1, 3, IMAGES, 0, 0}}};
    expect_ok(an_op_resolve(&p.desc));
    p.operands.x[0] = numbers(an_batch_count(&p.desc, p.desc.in[0]), 0);
    p.operands.dy = numbers(an_batch_count(&p.desc, p.desc.out), 1);
    for (int i = 0; i < 2; i++)
        p.operands.param[0][i] = numbers(an_param_count(&p.desc, i), (uint32_t)(2 + i));
    return p;
}

static void problem_free(problem *p)
{
    free(p->operands.x[0]);
    free(p->operands.dy);
    free(p->operands.param[0][0]);
    free(p->operands.param[0][1]);
}

static an_chain *compute(problem *p, an_backend *backend, int split)
{
    an_chain *chain;
    const an_op_desc *list[] = {&p->desc};
    an_parity_options options = {.training = true,
                                 .gradients = true,
                                 .first = p->desc.in[0].c == 3,
                                 .split = split,
                                 .seed = 1};
    expect_ok(an_chain_open(&chain, backend, list, 1, &options));
    expect_ok(an_chain_write(chain, &p->operands));
    expect_ok(an_chain_forward(chain));
    expect_ok(an_chain_backward(chain));
    return chain;
}

/* ---- Bits ---- */

static void expect_same(problem *p, const an_chain *a, const an_chain *b)
{
    for (int i = 0; i < 2; i++)
        assert_memory_equal(a->link[0].dparam[i], b->link[0].dparam[i],
                            sizeof(float) * (size_t)an_param_count(&p->desc, i));
    if (p->desc.in[0].c != 3)
        assert_memory_equal(a->dx[0], b->dx[0],
                            sizeof(float) * (size_t)an_batch_count(&p->desc, p->desc.in[0]));
}

/* Also with more parts than images, and with fewer and more threads than parts. */
static void check_bits(const an_op_desc *desc, alexnet_precision precision)
{
    static const int splits[] = {1, 2, 3, 5, 7, 8, 40};
    static const int threads[] = {1, 2, 3, 5};
    problem p = problem_new(desc);
    for (size_t s = 0; s < sizeof splits / sizeof *splits; s++) {
        an_backend *one = open_cpu(threads[0], precision);
        an_chain *expected = compute(&p, one, splits[s]);
        for (size_t t = 1; t < sizeof threads / sizeof *threads; t++) {
            an_backend *backend = open_cpu(threads[t], precision);
            an_chain *got = compute(&p, backend, splits[s]);
            expect_same(&p, expected, got);
            an_chain_close(got);
            an_backend_close(backend);
        }
        an_chain_close(expected);
        an_backend_close(one);
    }
    problem_free(&p);
}

static void test_bits_depend_on_split_alone(void **state)
{
    (void)state;
    alexnet_device_info info;
    const an_op_desc *descs[] = {&first, &odd, &fc};
    an_cpu_api.describe(&info, 0, ALEXNET_ISA_ANY);
    for (int i = 0; i < 3; i++) {
        check_bits(descs[i], ALEXNET_PRECISION_FP32);
        if (info.bf16)
            check_bits(descs[i], ALEXNET_PRECISION_BF16);
    }
}

static bool split_matters(const an_op_desc *desc)
{
    problem p = problem_new(desc);
    an_backend *backend = open_cpu(2, ALEXNET_PRECISION_FP32);
    an_chain *one = compute(&p, backend, 1), *three = compute(&p, backend, 3);
    bool differ = memcmp(one->link[0].dparam[0], three->link[0].dparam[0],
                         sizeof(float) * (size_t)an_param_count(&p.desc, 0)) != 0;
    an_chain_close(one);
    an_chain_close(three);
    an_backend_close(backend);
    problem_free(&p);
    return differ;
}

/* The split has an effect: with another one, sums are rounded differently. Kernels of oneDNN that
 * add up all images in one sum ignore it (backend/cpu/conv_sums.h), such as those of the first
 * layer with AVX2. */
static void test_split_groups(void **state)
{
    (void)state;
    assert_true(split_matters(&first) || split_matters(&odd));
}

/* ---- Numbers of threads ---- */

static int threads_now(void)
{
    char line[128];
    int count = -1;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        sscanf(line, "Threads: %d", &count);
    fclose(file);
    return count;
}

/* In a child process, because threads of other tests stay. @return exit code; -1: killed */
static int in_child(void (*work)(void))
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        work();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void count_threads(void)
{
    const an_op_desc *descs[] = {&first, &odd, &fc};
    const int before = threads_now();
    for (int i = 0; i < 3; i++) {
        problem p = problem_new(descs[i]);
        an_backend *backend = open_cpu(2, ALEXNET_PRECISION_FP32);
        an_chain *chain = compute(&p, backend, 300);
        if (threads_now() > before + 1)
            _exit(1);
        an_chain_close(chain);
        an_backend_close(backend);
        problem_free(&p);
    }
}

static void test_no_more_threads_than_asked_for(void **state)
{
    (void)state;
    assert_int_equal(in_child(count_threads), 0);
}

/* The child has the parent's team in its memory, and none of its threads. */
static void compute_after_fork(void)
{
    an_backend *backend;
    an_prepared *op;
    problem p = problem_new(&fc);
    const an_op_desc *list[] = {&p.desc};
    an_layout x = {AN_LAYOUT_PLAIN, AN_F32, IMAGES, p.desc.in[0]};
    an_prepare prepare = {.ops = list, .n_ops = 1, .in = &x, .split = 1};
    backend = open_cpu(2, ALEXNET_PRECISION_FP32);
    if (an_cpu_api.op_prepare(backend, &prepare, &op) != ALEXNET_ERROR_INVALID_ARGUMENT ||
        !strstr(alexnet_error_text(), "fork"))
        _exit(1);
}

static void test_forked_child_is_told(void **state)
{
    (void)state;
    problem p = problem_new(&fc);
    an_backend *backend = open_cpu(2, ALEXNET_PRECISION_FP32);
    an_chain_close(compute(&p, backend, 1));
    assert_int_equal(in_child(compute_after_fork), 0);
    an_chain_close(compute(&p, backend, 1)); /* the parent continues */
    an_backend_close(backend);
    problem_free(&p);
}

/* The stacks do not fit: 8 threads and more are started, whatever the CPUs. */
static void ask_for_too_many(void)
{
    alexnet_ctx *ctx;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    struct rlimit limit = {600 << 20, 600 << 20};
    pthread_attr_t stack;
    options.threads = 8;
    if (pthread_attr_init(&stack) != 0 || pthread_attr_setstacksize(&stack, 100 << 20) != 0 ||
        pthread_setattr_default_np(&stack) != 0 || setrlimit(RLIMIT_AS, &limit) != 0 ||
        alexnet_ctx_new(&ctx, &options) != ALEXNET_ERROR_NOT_AVAILABLE ||
        !strstr(alexnet_error_text(), "of 8 threads"))
        _exit(1);
    if (an_threads_try(2) != ALEXNET_OK)
        _exit(2);
}

static void test_threads_that_cannot_be_had(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* needs the address space for itself */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    skip();
#endif
#endif
    assert_int_equal(in_child(ask_for_too_many), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_more_threads_than_asked_for), /* before there are any */
        cmocka_unit_test(test_threads_that_cannot_be_had),
        cmocka_unit_test(test_forked_child_is_told),
        cmocka_unit_test(test_bits_depend_on_split_alone),
        cmocka_unit_test(test_split_groups),
    };
    return cmocka_run_group_tests_name("threads on cpu", tests, NULL, NULL);
}
