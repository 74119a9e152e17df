#include "backend/cpu/cpu.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/cpu/isa.h"
#include "backend/cpu/threads.h"
#include "backend/ref/ref.h"
#include "backend/update.h"
#include "base/alloc.h"
#include "base/memory.h"
#include "base/status.h"

/* ---- The device ------------------------------------------------------------------------------ */

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

/* Whether to compute in bf16. tf32, and bf16 on a processor without it, become float32 with a line
 * in the log. */
static bool choose_bf16(alexnet_ctx *ctx, alexnet_precision precision, alexnet_isa isa)
{
    bool has = isa >= ALEXNET_ISA_AVX512_BF16;
    if (precision == ALEXNET_PRECISION_BF16 && !has)
        an_log(ctx, ALEXNET_LOG_WARNING, "this processor has no bf16; computing in float32");
    if (precision == ALEXNET_PRECISION_TF32)
        an_log(ctx, ALEXNET_LOG_WARNING, "device cpu has no tf32; computing in float32");
    return precision == ALEXNET_PRECISION_BF16 && has;
}

/* The number of threads is set through OpenMP; oneDNN on another runtime would ignore it. */
static alexnet_status check_runtime(void)
{
    const dnnl_version_t *version = dnnl_version();
    if (version->cpu_runtime == DNNL_RUNTIME_OMP || version->cpu_runtime == DNNL_RUNTIME_SEQ)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE,
                   "oneDNN %d.%d.%d was not built for OpenMP (its cpu_runtime is %u)",
                   version->major, version->minor, version->patch, version->cpu_runtime);
}

/* oneDNN generates its kernels at run time, and gives no reason if the system forbids that. */
static alexnet_status check_executable(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *code = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED)
        return AN_FAIL_MEMORY(page, "a page");
    bool allowed = mprotect(code, page, PROT_READ | PROT_EXEC) == 0;
    munmap(code, page);
    if (allowed)
        return ALEXNET_OK;
    return AN_FAIL(
        ALEXNET_ERROR_NOT_AVAILABLE,
        "device cpu makes its code at run time, and this system forbids new executable "
        "memory (systemd's MemoryDenyWriteExecute=, SELinux's execmem): allow it, or take "
        "device ref (--device ref), which is slow");
}

/* Address space that oneDNN may need to generate code: when an operator is prepared and, for matrix
 * products, when the first one runs. oneDNN does not survive if it is refused. */
enum { TO_PREPARE = 128 << 20, TO_RUN = 48 << 20 };

static alexnet_status check_addresses(uint64_t least)
{
    uint64_t left = an_memory_addresses("");
    if (left >= least)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_NO_MEMORY,
                   "the limit of the address space (ulimit -v) leaves %.0f MiB, and device cpu "
                   "needs %.0f: raise it",
                   (double)left / (1 << 20), (double)least / (1 << 20));
}

/* Set the threads of the context, once there is enough address space for oneDNN. */
static alexnet_status begin(an_threads *saved, const an_backend *backend)
{
    AN_CHECK(check_addresses(TO_RUN));
    return an_threads_begin(saved, backend->ctx->threads);
}

/* The instruction set of the native kernels. Permission to use tiles is asked for in bf16 alone: it
 * cannot be taken back, and signal stacks must have room for tiles from then on. */
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
    AN_CHECK(check_runtime());
    AN_CHECK(check_executable());
    AN_CHECK(check_addresses(TO_PREPARE));
    AN_CHECK(an_cpu_limit(ctx->max_isa));
    an_cpu *cpu = an_calloc(1, sizeof *cpu);
    if (!cpu)
        return AN_FAIL_MEMORY(sizeof *cpu, "the cpu backend");
    alexnet_isa isa = an_cpu_isa(ctx->max_isa);
    bool bf16 = choose_bf16(ctx, precision, isa);
    cpu->base = (an_backend){.api = &an_cpu_api,
                             .ordinal = ordinal,
                             .ctx = an_ctx_retain(ctx),
                             .param_dtype = AN_F32,
                             .precision = bf16 ? ALEXNET_PRECISION_BF16 : ALEXNET_PRECISION_FP32,
                             .isa = an_cpu_isa_name(isa)};
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

static alexnet_status cpu_sync(an_backend *backend)
{
    (void)backend;
    return ALEXNET_OK;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static alexnet_status cpu_alloc(an_backend *backend, size_t bytes, void **out)
{
    (void)backend;
    *out = an_alloc_big(bytes ? bytes : 1);
    return *out ? ALEXNET_OK : AN_FAIL_MEMORY(bytes, "a buffer of device cpu");
}

static void cpu_free(an_backend *backend, void *block, size_t bytes)
{
    (void)backend;
    an_free_big(block, bytes ? bytes : 1);
}

static alexnet_status cpu_copy(an_backend *backend, void *dst, const void *src, size_t bytes)
{
    (void)backend;
    memcpy(dst, src, bytes);
    return ALEXNET_OK;
}

size_t an_cpu_take(an_cpu_op *op, size_t bytes)
{
    size_t at = op->base.scratch;
    op->base.scratch += an_aligned(bytes);
    return at;
}

void an_cpu_name_impl(an_cpu_op *op, const char *forward, const char *dx, const char *dw)
{
    bool other_dx = dx && strcmp(dx, forward) != 0, other_dw = dw && strcmp(dw, forward) != 0;
    snprintf(op->impl, sizeof op->impl, "%s%s%s%s%s", forward, other_dx ? ", dx " : "",
             other_dx ? dx : "", other_dw ? ", dw " : "", other_dw ? dw : "");
}

void an_cpu_share(an_cpu_op *op, size_t bytes)
{
    if (bytes > op->shared)
        op->shared = bytes;
}

static const char UNNAMED[] = "?";

void an_cpu_pack_as(an_cpu_op *op, const char *form)
{
    size_t used = strlen(op->packing), room = sizeof op->packing - used;
    if (!form[0] || op->packing[0] == UNNAMED[0])
        snprintf(op->packing, sizeof op->packing, "%s", UNNAMED);
    else if ((size_t)snprintf(op->packing + used, room, " %s", form) >= room)
        snprintf(op->packing, sizeof op->packing, "%s", UNNAMED);
}

/* ---- Operators ------------------------------------------------------------------------------- */

static bool is_relu(const an_prepare *p, int at)
{
    return p->n_ops > at && p->ops[at]->kind == AN_OP_NEURON &&
           p->ops[at]->u.neuron.kind == AN_RELU;
}

bool an_cpu_pools_relu(const an_prepare *p, int at)
{
    bool gradients = p->want_dx || p->want_dw;
    return gradients && is_relu(p, at) && p->n_ops > at + 1 && p->ops[at + 1]->kind == AN_OP_POOL &&
           p->ops[at + 1]->u.pool.kind == AN_POOL_MAX;
}

bool an_cpu_relu_follows(const an_prepare *p)
{
    return is_relu(p, 1) && !an_cpu_pools_relu(p, 1);
}

/* Ask the implementations in turn; `refused` collects the reasons of those that refuse. */
static alexnet_status choose(an_cpu *cpu, const an_prepare *p, const char *name, char *refused,
                             size_t size, an_cpu_op **out)
{
    static const an_cpu_impl fallback = {"ref", an_cpu_fallback_prepare};
    size_t used = 0;
    for (int i = 0; i <= AN_CPU_IMPLS; i++) {
        const an_cpu_impl *impl = i < AN_CPU_IMPLS ? &an_cpu_impls[p->ops[0]->kind][i] : &fallback;
        if (!impl->name || (name && strcmp(name, impl->name) != 0))
            continue;
        alexnet_status rc = impl->prepare(cpu, p, out);
        if (rc == ALEXNET_OK && impl == &fallback && used)
            an_log(cpu->base.ctx, ALEXNET_LOG_WARNING, "%s is computed by %s (%s)",
                   an_op_table[p->ops[0]->kind]->name, impl->name, refused);
        if (rc != ALEXNET_ERROR_UNSUPPORTED)
            return rc;
        int length = snprintf(refused + used, size - used, "%s%s: %s", used ? "; " : "", impl->name,
                              an_error_text());
        used = length > 0 && used + (size_t)length < size ? used + (size_t)length : size - 1;
    }
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "no implementation on device cpu takes %s: %s",
                   an_op_table[p->ops[0]->kind]->name, used ? refused : "none of that name");
}

/* Reserve scratch for gradients that are then added to dparam. */
static void book_added(an_cpu_op *op, const an_op_desc *desc)
{
    an_param_info infos[AN_MAX_PARAMS];
    op->n_added = an_op_params(desc, infos);
    for (int i = 0; i < op->n_added; i++) {
        op->added[i] = an_shape_count(infos[i].shape);
        op->added_at[i] = an_cpu_take(op, sizeof(float) * (size_t)op->added[i]);
    }
}

alexnet_status an_cpu_prepare(an_backend *backend, const an_prepare *p, const char *impl,
                              an_prepared **out)
{
    char refused[sizeof((an_cpu_op *)0)->refused] = "";
    an_cpu_op *op = NULL;
    *out = NULL;
    AN_CHECK(check_addresses(TO_PREPARE));
    an_threads saved;
    AN_CHECK(begin(&saved, backend));
    alexnet_status rc = choose((an_cpu *)backend, p, impl, refused, sizeof refused, &op);
    an_threads_restore(saved);
    if (rc != ALEXNET_OK)
        return rc;
    op->shared_at = an_cpu_take(op, op->shared);
    if (p->accumulate && p->want_dw)
        book_added(op, p->ops[0]);
    if (op->packing[0] && op->packing[0] != UNNAMED[0])
        op->base.packing = op->packing;
    memcpy(op->refused, refused, sizeof refused);
    op->base.impl = op->impl;
    *out = &op->base;
    return ALEXNET_OK;
}

const char *an_cpu_refused(const an_prepared *op)
{
    return ((const an_cpu_op *)op)->refused;
}

static alexnet_status cpu_prepare(an_backend *backend, const an_prepare *p, an_prepared **out)
{
    return an_cpu_prepare(backend, p, NULL, out);
}

static alexnet_status cpu_pack(an_backend *backend, an_prepared *prepared, const an_op_args *args)
{
    an_cpu_op *op = (an_cpu_op *)prepared;
    if (!op->methods->pack)
        return ALEXNET_OK;
    an_threads saved;
    AN_CHECK(begin(&saved, backend));
    alexnet_status rc = op->methods->pack(op, args);
    an_threads_restore(saved);
    return rc;
}

static alexnet_status cpu_forward(an_backend *backend, an_prepared *prepared,
                                  const an_op_args *args)
{
    an_cpu_op *op = (an_cpu_op *)prepared;
    an_threads saved;
    AN_CHECK(begin(&saved, backend));
    alexnet_status rc = op->methods->forward(op, args);
    an_threads_restore(saved);
    return rc;
}

static void add(float *to, const float *from, int64_t count)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; i++)
        to[i] += from[i];
}

static alexnet_status cpu_backward(an_backend *backend, an_prepared *prepared,
                                   const an_op_args *args)
{
    an_cpu_op *op = (an_cpu_op *)prepared;
    an_op_args inner = *args;
    for (int i = 0; i < op->n_added; i++)
        if (args->dparam[i])
            inner.dparam[i] = (char *)args->scratch + op->added_at[i];
    an_threads saved;
    AN_CHECK(begin(&saved, backend));
    alexnet_status rc = op->methods->backward(op, &inner);
    for (int i = 0; i < op->n_added && rc == ALEXNET_OK; i++)
        if (args->dparam[i])
            add(args->dparam[i], inner.dparam[i], op->added[i]);
    an_threads_restore(saved);
    return rc;
}

static void cpu_op_free(an_backend *backend, an_prepared *prepared)
{
    (void)backend;
    if (prepared)
        ((an_cpu_op *)prepared)->methods->free((an_cpu_op *)prepared);
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
    .sync = cpu_sync,
    .alloc = cpu_alloc,
    .free = cpu_free,
    .write = cpu_copy,
    .read = cpu_copy,
    .op_prepare = cpu_prepare,
    .op_pack = cpu_pack,
    .op_forward = cpu_forward,
    .op_backward = cpu_backward,
    .op_free = cpu_op_free,
    .update_prepare = an_update_prepare,
    .gradient_norm = an_update_norm,
    .update = an_cpu_update,
    .update_free = an_update_free,
    .norms = an_cpu_norms,
    .hold = an_update_hold,
    .peak = an_cpu_peak,
};
