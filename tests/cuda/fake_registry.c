/*
 * The list of backends, with the fake device. The fake cannot replay what was recorded, so that its
 * backend offers no recording.
 */
#include "backend/cpu/cpu.h"
#include "backend/cuda/cuda.h"
#include "backend/ref/ref.h"
#include "cuda/fake.h"

static an_backend_api api;

static alexnet_status open_it(an_backend **out, alexnet_ctx *ctx, int ordinal,
                              alexnet_precision precision)
{
    AN_CHECK(an_cuda_api.open(out, ctx, ordinal, precision));
    (*out)->api = &api;
    return ALEXNET_OK;
}

static void __attribute__((constructor)) fill(void)
{
    api = an_cuda_api;
    api.open = open_it;
    api.capture_begin = NULL;
    api.capture_end = NULL;
    api.replay = NULL;
    api.capture_free = NULL;
    fake_reset();
}

const an_backend_api *const an_backends[] = {&api, &an_cpu_api, &an_ref_api};
const int an_backend_count = 3;
