/*
 * A step whose recording fails: the error that is reported is the first, not that of ending the
 * recording. The device computes as ref does, but says that it records.
 */
#include "training_rig.h"

#include "backend/backend.h"
#include "backend/ref/ref.h"

static an_backend_api recorder;
static bool recording, ends_well;

static alexnet_status open_it(an_backend **out, alexnet_ctx *ctx, int ordinal,
                              alexnet_precision precision)
{
    AN_CHECK(an_ref_api.open(out, ctx, ordinal, precision));
    (*out)->api = &recorder;
    return ALEXNET_OK;
}

static alexnet_status begin(an_backend *backend)
{
    (void)backend;
    recording = true;
    return ALEXNET_OK;
}

static alexnet_status end(an_backend *backend, an_capture **out)
{
    (void)backend;
    recording = false;
    *out = NULL;
    return ends_well ? ALEXNET_OK : AN_FAIL(ALEXNET_ERROR_DEVICE, "the recording is void");
}

static alexnet_status forward(an_backend *backend, an_prepared *op, const an_op_args *args)
{
    if (recording)
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "the operator has no room");
    return an_ref_api.op_forward(backend, op, args);
}

const an_backend_api *const an_backends[] = {&recorder, &an_ref_api};
const int an_backend_count = 2;

static void test_first_error_is_told(void **state)
{
    static const char *const settings[] = {"batch", "4", "epochs", "2", NULL};
    alexnet_trainer *trainer;
    alexnet_progress progress;
    bool more;
    (void)state;
    rig_write_pictures("data", 2, 8);
    for (int i = 0; i < 2; i++) {
        alexnet_status rc = ALEXNET_OK;
        ends_well = i == 1;
        alexnet_ctx *ctx = rig_new_ctx("auto", ALEXNET_PRECISION_AUTO, 1);
        expect_ok(rig_start(&trainer, ctx, "data", NULL, i ? "well" : "ill", settings));
        for (int step = 0; step < 10 && rc == ALEXNET_OK; step++)
            rc = alexnet_trainer_step(trainer, &progress, &more);
        expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "the operator has no room");
        alexnet_trainer_free(trainer);
        alexnet_ctx_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_error_is_told, rig_set_up, scratch_teardown),
    };
    recorder = an_ref_api;
    recorder.name = "recorder";
    recorder.open = open_it;
    recorder.op_forward = forward;
    recorder.capture_begin = begin;
    recorder.capture_end = end;
    return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
