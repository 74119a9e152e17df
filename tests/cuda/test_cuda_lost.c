/*
 * A device that is lost while a run trains, on a fake one: from a fault in a kernel on, every call
 * reports it, as in CUDA. The run ends with an error that says so, whatever is tried afterwards;
 * its last checkpoint is that of the last save, and goes on in another context, as in another
 * process.
 */
#include "unit/training_rig.h"

#include "backend/cuda/cuda.h"
#include "cuda/fake.h"
#include "train/trainer_impl.h"

static an_cuda_libs libs; /* of the device that is lost */
static const an_cuda_libs *good;

static cudaError_t fault(void)
{
    return fake_result(cudaErrorIllegalAddress);
}

/* ---- What every function returns then -------------------------------------------------------- */

static cudaError_t graph_launch(cudaGraphExec_t graph, cudaStream_t stream)
{
    (void)graph, (void)stream;
    return fault();
}

static cudaError_t event_record(cudaEvent_t event, cudaStream_t stream)
{
    (void)event, (void)stream;
    return fault();
}

static cudaError_t event_wait(cudaEvent_t event)
{
    (void)event;
    return fault();
}

static cudaError_t event_elapsed(float *milliseconds, cudaEvent_t first, cudaEvent_t second)
{
    (void)milliseconds, (void)first, (void)second;
    return fault();
}

static cudaError_t stream_wait(cudaStream_t stream, cudaEvent_t event, unsigned flags)
{
    (void)stream, (void)event, (void)flags;
    return fault();
}

static cudaError_t stream_synchronize(cudaStream_t stream)
{
    (void)stream;
    return fault();
}

static cudaError_t begin_capture(cudaStream_t stream, enum cudaStreamCaptureMode mode)
{
    (void)stream, (void)mode;
    return fault();
}

static cudaError_t copy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                        cudaStream_t stream)
{
    (void)to, (void)from, (void)bytes, (void)kind, (void)stream;
    return fault();
}

static cudaError_t fill(void *to, int value, size_t bytes, cudaStream_t stream)
{
    (void)to, (void)value, (void)bytes, (void)stream;
    return fault();
}

static cudaError_t take(void **out, size_t bytes)
{
    (void)out, (void)bytes;
    return fault();
}

static cudaError_t take_host(void **out, size_t bytes, unsigned flags)
{
    (void)out, (void)bytes, (void)flags;
    return fault();
}

static cudaError_t memory(size_t *available, size_t *whole)
{
    (void)available, (void)whole;
    return fault();
}

/* The fake's memory is given back all the same. */
static cudaError_t give_back(void *block)
{
    good->cudaFree(block);
    return fault();
}

static cudaError_t give_back_host(void *block)
{
    good->cudaFreeHost(block);
    return fault();
}

static void lose(alexnet_trainer *trainer)
{
    an_cuda *cuda = (an_cuda *)trainer->net->backend;
    good = cuda->libs;
    libs = *good;
    libs.cudaGraphLaunch = graph_launch;
    libs.cudaEventRecord = event_record;
    libs.cudaEventQuery = libs.cudaEventSynchronize = event_wait;
    libs.cudaEventElapsedTime = event_elapsed;
    libs.cudaStreamWaitEvent = stream_wait;
    libs.cudaStreamSynchronize = stream_synchronize;
    libs.cudaStreamBeginCapture = begin_capture;
    libs.cudaMemcpyAsync = copy;
    libs.cudaMemsetAsync = fill;
    libs.cudaMalloc = take;
    libs.cudaHostAlloc = take_host;
    libs.cudaMemGetInfo = memory;
    libs.cudaFree = give_back;
    libs.cudaFreeHost = give_back_host;
    cuda->libs = &libs;
}

/* ---- A run ----------------------------------------------------------------------------------- */

static const char *const settings[] = {"batch", "8",   "epochs", "3",   "rate", "0.02",
                                       "init",  "net", "report", "100", NULL};

static int set_up(void **state)
{
    fake_reset();
    if (rig_set_up(state) != 0)
        return -1;
    rig_write_pictures("train", 3, 16);
    return 0;
}

static void go_to(alexnet_trainer *trainer, int update)
{
    alexnet_progress progress;
    bool more;
    while (trainer->record.step < update)
        expect_ok(alexnet_trainer_step(trainer, &progress, &more));
}

/* @param saved  the update after which the last checkpoint is written; the device is lost one later
 */
static void check_loss(const char *out, int saved)
{
    alexnet_ctx *ctx = rig_new_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    alexnet_trainer *trainer;
    alexnet_progress progress;
    bool more;
    expect_ok(rig_start(&trainer, ctx, "train", NULL, out, settings));
    go_to(trainer, saved);
    expect_ok(alexnet_trainer_save(trainer));
    go_to(trainer, saved + 1);
    lose(trainer);
    for (int i = 0; i < 3; i++) {
        expect_failure(alexnet_trainer_step(trainer, &progress, &more), ALEXNET_ERROR_DEVICE,
                       "(error 700)");
        expect_failure(alexnet_trainer_save(trainer), ALEXNET_ERROR_DEVICE, "(error 700)");
    }
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
    ctx = rig_new_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    expect_ok(alexnet_trainer_resume(&trainer, ctx, out, NULL));
    assert_int_equal(trainer->record.step, saved);
    expect_ok(rig_finish(trainer, &progress));
    alexnet_trainer_free(trainer);
    alexnet_ctx_free(ctx);
}

static void test_a_lost_device(void **state)
{
    alexnet_progress progress;
    alexnet_ctx *ctx = rig_new_ctx("cuda", ALEXNET_PRECISION_FP32, 1);
    (void)state;
    expect_ok(rig_train_on(ctx, "train", NULL, "straight", settings, &progress));
    alexnet_ctx_free(ctx);
    check_loss("recorded", 4);
    rig_expect_same_run("straight", "recorded");
    check_loss("early", 1);
    rig_expect_same_run("straight", "early");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_lost_device, set_up, scratch_teardown),
    };
    return cmocka_run_group_tests_name("a lost device", tests, NULL, NULL);
}
