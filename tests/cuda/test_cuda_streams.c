/*
 * Batches that are copied ahead and recorded work on a fake device: what waits for what, with
 * either stream ahead of the other. The second half of each test leaves out a wait or a rule, and
 * checks that the fake then computes something wrong or refuses: only such a fake can judge the
 * rest.
 */
#include "ops/ops_rig.h"

#include <string.h>

#include "backend/cuda/cuda.h"
#include "cuda/fake.h"

enum { BYTES = 8 };

typedef struct rig {
    an_backend *backend;
    const an_cuda_libs *libs;
    cudaStream_t stream, copies;
    char *host;     /* pinned */
    char *in, *out; /* on the device: a batch, and what is computed of it */
    char read[BYTES];
} rig;

static void open_rig(rig *r)
{
    alexnet_ctx *ctx = rig_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    *r = (rig){0};
    fake_reset();
    expect_ok(an_cuda_api.open(&r->backend, ctx, 0, ALEXNET_PRECISION_FP32));
    an_ctx_release(ctx);
    const an_cuda *cuda = (const an_cuda *)r->backend;
    r->libs = cuda->libs;
    r->stream = cuda->stream;
    r->copies = cuda->copies;
    expect_ok(an_cuda_alloc_host(r->backend, BYTES, (void **)&r->host));
    expect_ok(an_cuda_alloc(r->backend, BYTES, (void **)&r->in));
    expect_ok(an_cuda_alloc(r->backend, BYTES, (void **)&r->out));
}

static void close_rig(rig *r)
{
    an_cuda_free_host(r->backend, r->host, BYTES);
    an_cuda_free(r->backend, r->in, BYTES);
    an_cuda_free(r->backend, r->out, BYTES);
    an_backend_close(r->backend);
    assert_int_equal(fake_count.live, 0);
    assert_int_equal(fake_count.host_blocks, 0);
}

static void feed(rig *r, const char *text)
{
    strcpy(r->host, text);
    expect_ok(an_cuda_copy_ahead(r->backend, 0, r->in, r->host, BYTES));
}

/* A computation of a batch: out = in. */
static void compute(rig *r)
{
    assert_int_equal(
        r->libs->cudaMemcpyAsync(r->out, r->in, BYTES, cudaMemcpyDeviceToDevice, r->stream),
        cudaSuccess);
}

static void expect_read(rig *r, const char *text)
{
    expect_ok(an_cuda_read(r->backend, r->read, r->out, BYTES));
    assert_string_equal(r->read, text);
}

/* ---- Batches ahead --------------------------------------------------------------------------- */

/* Copy two batches to one buffer, and read the first when the second is on its way. */
static void test_ahead(void **state)
{
    rig r;
    (void)state;
    for (int first = 0; first < 2; first++) {
        fake_copies_first = first;
        open_rig(&r);
        feed(&r, "one");
        expect_ok(an_cuda_await(r.backend, 0));
        compute(&r);
        expect_ok(an_cuda_retire(r.backend, 0));
        expect_ok(an_cuda_copied(r.backend, 0));
        feed(&r, "two");
        expect_read(&r, "one");
        expect_ok(an_cuda_await(r.backend, 0));
        compute(&r);
        expect_read(&r, "two");
        close_rig(&r);
    }
}

static void test_pinned_too_early(void **state)
{
    rig r;
    (void)state;
    fake_copies_first = false;
    open_rig(&r);
    feed(&r, "one");
    strcpy(r.host, "no");
    expect_ok(an_cuda_await(r.backend, 0));
    compute(&r);
    expect_read(&r, "no");
    close_rig(&r);
}

static void test_without_await(void **state)
{
    rig r;
    (void)state;
    fake_copies_first = false;
    open_rig(&r);
    feed(&r, "one");
    compute(&r);
    expect_read(&r, "");
    close_rig(&r);
}

static void test_without_retire(void **state)
{
    rig r;
    (void)state;
    fake_copies_first = true;
    open_rig(&r);
    feed(&r, "one");
    expect_ok(an_cuda_await(r.backend, 0));
    compute(&r);
    expect_ok(an_cuda_copied(r.backend, 0));
    feed(&r, "two");
    expect_read(&r, "two");
    close_rig(&r);
}

/* Small ordinary memory may change after a write, but large memory is read when the copy is made.
 */
static void test_ordinary_memory(void **state)
{
    enum { LARGE = (1 << 16) + 1 };
    static char large[LARGE];
    rig r;
    char small[BYTES] = "one", *block;
    (void)state;
    fake_copies_first = true;
    open_rig(&r);
    expect_ok(an_cuda_alloc(r.backend, LARGE, (void **)&block));
    expect_ok(an_cuda_write(r.backend, r.out, small, BYTES));
    strcpy(small, "no");
    expect_read(&r, "one");
    strcpy(large, "one");
    expect_ok(an_cuda_write(r.backend, block, large, LARGE));
    strcpy(large, "two");
    expect_ok(an_cuda_read(r.backend, r.read, block, BYTES));
    assert_string_equal(r.read, "one");
    assert_int_equal(r.libs->cudaMemcpyAsync(block, large, LARGE, cudaMemcpyHostToDevice, r.stream),
                     cudaSuccess);
    strcpy(large, "three");
    expect_ok(an_cuda_read(r.backend, r.read, block, BYTES));
    assert_string_equal(r.read, "three");
    an_cuda_free(r.backend, block, LARGE);
    close_rig(&r);
}

/* Pinned memory, also the caller's own, may change after a write too. */
static void test_memory_of_the_caller(void **state)
{
    rig r;
    char *pinned;
    (void)state;
    fake_copies_first = true;
    open_rig(&r);
    assert_int_equal(r.libs->cudaHostAlloc((void **)&pinned, BYTES, cudaHostAllocDefault),
                     cudaSuccess);
    char *const memory[] = {pinned, r.host};
    for (int i = 0; i < 2; i++) {
        strcpy(memory[i], "one");
        expect_ok(an_cuda_write(r.backend, r.out, memory[i], BYTES));
        strcpy(memory[i], "no");
        expect_read(&r, "one");
    }
    strcpy(pinned, "one");
    assert_int_equal(
        r.libs->cudaMemcpyAsync(r.out, pinned, BYTES, cudaMemcpyHostToDevice, r.stream),
        cudaSuccess);
    strcpy(pinned, "no");
    expect_read(&r, "no");
    r.libs->cudaFreeHost(pinned);
    close_rig(&r);
}

/* ---- Recording ------------------------------------------------------------------------------- */

/* What is recorded does not run; a replay runs it on what the memory then holds. */
static void test_replay(void **state)
{
    rig r;
    an_capture *capture;
    (void)state;
    open_rig(&r);
    expect_ok(an_cuda_write(r.backend, r.in, "one", 4));
    expect_ok(an_cuda_capture_begin(r.backend));
    compute(&r);
    expect_ok(an_cuda_capture_end(r.backend, &capture));
    expect_read(&r, "");
    expect_ok(an_cuda_replay(r.backend, capture));
    expect_read(&r, "one");
    expect_ok(an_cuda_write(r.backend, r.in, "two", 4));
    expect_read(&r, "one");
    expect_ok(an_cuda_replay(r.backend, capture));
    an_cuda_capture_free(r.backend, capture); /* while it has yet to run */
    expect_read(&r, "two");
    close_rig(&r);
}

static void end_broken(rig *r, cudaError_t expected)
{
    cudaGraph_t graph;
    assert_int_equal(r->libs->cudaStreamEndCapture(r->stream, &graph), expected);
    assert_null(graph);
}

/* Waiting for what is only recorded is refused, and the recording is lost. */
static void test_waits_in_a_recording(void **state)
{
    rig r;
    an_capture *capture;
    (void)state;
    open_rig(&r);
    feed(&r, "one");
    expect_ok(an_cuda_capture_begin(r.backend));
    expect_failure(an_cuda_sync(r.backend), ALEXNET_ERROR_DEVICE, "(error 907)");
    expect_failure(an_cuda_capture_end(r.backend, &capture), ALEXNET_ERROR_DEVICE, "(error 901)");
    assert_null(capture);
    expect_ok(an_cuda_capture_begin(r.backend));
    assert_int_equal(r.libs->cudaStreamSynchronize(r.stream), cudaErrorStreamCaptureUnsupported);
    end_broken(&r, cudaErrorStreamCaptureInvalidated);
    expect_ok(an_cuda_capture_begin(r.backend));
    expect_failure(an_cuda_await(r.backend, 0), ALEXNET_ERROR_DEVICE, "(error 905)");
    end_broken(&r, cudaErrorStreamCaptureInvalidated);
    expect_ok(an_cuda_capture_begin(r.backend));
    expect_ok(an_cuda_retire(r.backend, 0));
    feed(&r, "two"); /* it waits for what is being recorded */
    end_broken(&r, cudaErrorStreamCaptureUnjoined);
    expect_ok(an_cuda_sync(r.backend));
    close_rig(&r);
}

/* Memory can be allocated meanwhile only because the recording is relaxed. */
static void test_memory_in_a_recording(void **state)
{
    rig r;
    void *block;
    an_capture *capture;
    (void)state;
    open_rig(&r);
    expect_ok(an_cuda_capture_begin(r.backend));
    assert_int_equal(r.libs->cudaMalloc(&block, BYTES), cudaSuccess);
    assert_int_equal(r.libs->cudaFree(block), cudaSuccess);
    expect_ok(an_cuda_capture_end(r.backend, &capture));
    an_cuda_capture_free(r.backend, capture);
    assert_int_equal(r.libs->cudaStreamBeginCapture(r.stream, cudaStreamCaptureModeThreadLocal),
                     cudaSuccess);
    assert_int_equal(r.libs->cudaMalloc(&block, BYTES), cudaErrorStreamCaptureUnsupported);
    end_broken(&r, cudaErrorStreamCaptureInvalidated);
    close_rig(&r);
}

/* A recording is not destroyed while it runs. */
static rig *destroyed_in;

static cudaError_t destroy(cudaGraphExec_t graph)
{
    assert_string_equal(destroyed_in->out, "one"); /* the fake's memory is the host's */
    return destroyed_in->libs->cudaGraphExecDestroy(graph);
}

static void test_free_while_it_runs(void **state)
{
    rig r;
    an_capture *capture;
    (void)state;
    fake_copies_first = true;
    open_rig(&r);
    an_cuda *cuda = (an_cuda *)r.backend;
    an_cuda_libs libs = *r.libs;
    libs.cudaGraphExecDestroy = destroy;
    cuda->libs = &libs;
    destroyed_in = &r;
    expect_ok(an_cuda_write(r.backend, r.in, "one", 4));
    expect_ok(an_cuda_capture_begin(r.backend));
    compute(&r);
    expect_ok(an_cuda_capture_end(r.backend, &capture));
    expect_ok(an_cuda_replay(r.backend, capture));
    assert_string_not_equal(r.out, "one");
    an_cuda_capture_free(r.backend, capture);
    cuda->libs = r.libs;
    close_rig(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ahead),
        cmocka_unit_test(test_pinned_too_early),
        cmocka_unit_test(test_without_await),
        cmocka_unit_test(test_without_retire),
        cmocka_unit_test(test_ordinary_memory),
        cmocka_unit_test(test_memory_of_the_caller),
        cmocka_unit_test(test_free_while_it_runs),
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_waits_in_a_recording),
        cmocka_unit_test(test_memory_in_a_recording),
    };
    return cmocka_run_group_tests_name("streams of a fake GPU", tests, NULL, NULL);
}
