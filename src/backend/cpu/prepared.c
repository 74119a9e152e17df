#include "backend/cpu/prepared.h"

#include <stdio.h>
#include <string.h>

#include "backend/cpu/needs.h"
#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"

/* Set the threads of the context, once there is enough address space for oneDNN. */
static alexnet_status begin(an_threads *saved, const an_backend *backend)
{
    AN_CHECK(an_cpu_check_addresses(AN_CPU_TO_RUN));
    return an_threads_begin(saved, backend->ctx->threads);
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* Say that ref computes an operator, the first time for its kind: each layer, direction and session
 * prepares operators. */
static void warn_of_ref(alexnet_ctx *ctx, an_op_kind kind, const char *refused)
{
    const unsigned bit = 1u << kind;
    if (ctx && !(atomic_fetch_or(&ctx->slow, bit) & bit))
        an_log(ctx, ALEXNET_LOG_WARNING, "%s is computed by ref, slowly (%s)",
               an_op_table[kind]->name, refused);
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
            warn_of_ref(cpu->base.ctx, p->ops[0]->kind, refused);
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
    AN_CHECK(an_cpu_check_addresses(AN_CPU_TO_PREPARE));
    an_threads saved;
    AN_CHECK(begin(&saved, backend));
    alexnet_status rc = choose((an_cpu *)backend, p, impl, refused, sizeof refused, &op);
    an_threads_restore(saved);
    if (rc != ALEXNET_OK)
        return rc;
    op->shared_at = an_cpu_take(op, op->shared);
    if (p->accumulate && p->want_dw)
        book_added(op, p->ops[0]);
    memcpy(op->refused, refused, sizeof refused);
    op->base.impl = op->impl;
    *out = &op->base;
    return ALEXNET_OK;
}

const char *an_cpu_refused(const an_prepared *op)
{
    return ((const an_cpu_op *)op)->refused;
}

alexnet_status an_cpu_op_prepare(an_backend *backend, const an_prepare *p, an_prepared **out)
{
    return an_cpu_prepare(backend, p, NULL, out);
}

/* ---- Runs ------------------------------------------------------------------------------------ */

alexnet_status an_cpu_op_pack(an_backend *backend, an_prepared *prepared, const an_op_args *args)
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

alexnet_status an_cpu_op_forward(an_backend *backend, an_prepared *prepared, const an_op_args *args)
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

alexnet_status an_cpu_op_backward(an_backend *backend, an_prepared *prepared,
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

void an_cpu_op_free(an_backend *backend, an_prepared *prepared)
{
    (void)backend;
    if (prepared)
        ((an_cpu_op *)prepared)->methods->free((an_cpu_op *)prepared);
}
