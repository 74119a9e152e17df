#include "backend/cpu/cpu.h"

#include <stdio.h>
#include <string.h>

#include "backend/cpu/isa.h"
#include "backend/cpu/needs.h"
#include "backend/cpu/prepared.h"
#include "backend/host.h"
#include "backend/ref/ref.h"
#include "base/alloc.h"
#include "base/status.h"

static bool cpu_describe(alexnet_device_info *info, int ordinal, alexnet_isa max_isa)
{
    const dnnl_version_t *version = dnnl_version();
    alexnet_isa isa = an_cpu_isa(max_isa);
    memset(info, 0, sizeof *info);
    snprintf(info->name, sizeof info->name, "cpu");
    an_cpu_processor(info->processor, sizeof info->processor);
    snprintf(info->isa, sizeof info->isa, "%s", an_cpu_isa_name(isa));
    snprintf(info->library, sizeof info->library, "oneDNN %d.%d.%d", version->major, version->minor,
             version->patch);
    info->available = true;
    info->bf16 = isa >= ALEXNET_ISA_AVX512_BF16;
    return ordinal == 0;
}

static void cpu_close(an_backend *backend)
{
    an_cpu *cpu = (an_cpu *)backend;
    if (cpu->ref)
        an_ref_api.close(cpu->ref);
    if (cpu->engine)
        dnnl_engine_destroy(cpu->engine);
    an_backend_free_tunings(&cpu->base);
    an_ctx_release(cpu->base.ctx);
    an_free(cpu);
}

/* The instruction set of the native kernels. Permission to use tiles is requested in bf16 only: it
 * cannot be withdrawn, and from then on signal stacks must have room for tiles. */
static alexnet_isa kernels_isa(alexnet_isa isa, bool bf16)
{
    if (isa == ALEXNET_ISA_AMX && !(bf16 && an_cpu_ask_for_tiles()))
        return ALEXNET_ISA_AVX512_BF16;
    return isa;
}

static alexnet_status cpu_open(an_backend **out, alexnet_ctx *ctx, int ordinal,
                               alexnet_precision precision)
{
    *out = NULL;
    AN_CHECK(an_cpu_check_system());
    AN_CHECK(an_cpu_limit(ctx->max_isa));
    an_cpu *cpu = an_calloc(1, sizeof *cpu);
    if (!cpu)
        return AN_FAIL_MEMORY(sizeof *cpu, "the cpu backend");
    alexnet_isa isa = an_cpu_isa(ctx->max_isa);
    bool bf16 = precision == ALEXNET_PRECISION_BF16 && isa >= ALEXNET_ISA_AVX512_BF16;
    cpu->base = (an_backend){.api = &an_cpu_api,
                             .ordinal = ordinal,
                             .ctx = an_ctx_retain(ctx),
                             .param_dtype = AN_F32,
                             .precision = bf16 ? ALEXNET_PRECISION_BF16 : ALEXNET_PRECISION_FP32};
    cpu_describe(&cpu->base.info, ordinal, ctx->max_isa);
    cpu->activation = bf16 ? AN_BF16 : AN_F32;
    cpu->lanes = isa >= ALEXNET_ISA_AVX512 ? 16 : 8;
    cpu->kernels = an_cpu_kernels_for(kernels_isa(isa, bf16));
    dnnl_status_t status = dnnl_engine_create(&cpu->engine, dnnl_cpu, 0);
    alexnet_status rc = status == dnnl_success
                            ? an_ref_api.open(&cpu->ref, ctx, 0, ALEXNET_PRECISION_FP32)
                            : an_dnnl_fail(status, "the cpu engine");
    if (rc == ALEXNET_OK)
        rc = an_backend_read_tunings(&cpu->base);
    if (rc != ALEXNET_OK)
        cpu_close(&cpu->base);
    else
        *out = &cpu->base;
    return rc;
}

static const char *const variants[AN_CPU_VARIANTS + 1] = {
    [AN_CPU_DIRECT] = "direct",   [AN_CPU_CHANNELS_LAST] = "channels_last",
    [AN_CPU_BLOCKED] = "blocked", [AN_CPU_WINOGRAD] = "winograd",
    [AN_CPU_FLIPPED] = "flipped", [AN_CPU_PADDED] = "padded",
    [AN_CPU_NATIVE] = "native",
};

const an_backend_api an_cpu_api = {
    .name = "cpu",
    .variants = variants,
    .describe = cpu_describe,
    .open = cpu_open,
    .close = cpu_close,
    .sync = an_host_sync,
    .alloc = an_host_alloc,
    .free = an_host_free,
    .write = an_host_copy,
    .read = an_host_copy,
    .op_prepare = an_cpu_op_prepare,
    .op_pack = an_cpu_op_pack,
    .op_forward = an_cpu_op_forward,
    .op_backward = an_cpu_op_backward,
    .op_free = an_cpu_op_free,
    .update_prepare = an_host_update_prepare,
    .gradient_norm = an_host_gradient_norm,
    .update = an_cpu_update,
    .update_free = an_host_update_free,
    .norms = an_cpu_norms,
    .hold = an_host_hold,
    .peak = an_cpu_peak,
};
