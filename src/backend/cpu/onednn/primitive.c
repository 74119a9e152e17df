#include "backend/cpu/onednn/primitive.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"

struct an_primitive {
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t primitive;
    dnnl_stream_t stream;
    int n_args;                                      /* arguments from the caller */
    dnnl_exec_arg_t args[AN_PRIMITIVE_MAX_ARGS + 1]; /* plus the scratch memory, if any */
    size_t scratch;
    bool guarded; /* no signal handler may run while it does */
};

/*
 * While oneDNN's matrix product for AVX-512 in float32 runs, the stack pointer holds something else
 * (jit_avx512_common_gemm_f32.cpp). The kernel would write the frame of a signal handler there,
 * into the heap, so signals wait on all threads that compute. They wait no longer than a primitive
 * runs, and meanwhile other threads of the process can handle them.
 */
static bool is_matrix_product(const an_primitive *p)
{
    return strstr(an_primitive_name(p), "gemm:jit") != NULL; /* as in "x64:gemm:jit" */
}

static _Thread_local sigset_t unguarded; /* the thread's signal mask */

static void guard(void)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &unguarded);
}

static void unguard(void)
{
    pthread_sigmask(SIG_SETMASK, &unguarded, NULL);
}

/* On each thread that oneDNN is going to use. */
static void on_each_thread(void (*function)(void))
{
    if (omp_get_max_threads() == 1) {
        function();
        return;
    }
#pragma omp parallel
    function();
}

static dnnl_status_t add_memory(an_primitive *p, dnnl_engine_t engine, int i, int arg, an_md md)
{
    p->args[i].arg = arg;
    return dnnl_memory_create(&p->args[i].memory, md, engine, DNNL_MEMORY_NONE);
}

static dnnl_status_t set_up(an_primitive *p, dnnl_engine_t engine, const int *args)
{
    const int n = p->n_args;
    dnnl_status_t status = dnnl_primitive_create(&p->primitive, p->pd);
    if (status == dnnl_success)
        status = dnnl_stream_create(&p->stream, engine, dnnl_stream_default_flags);
    for (int i = 0; i < n && status == dnnl_success; i++)
        status = add_memory(p, engine, i, args[i], an_primitive_md(p, args[i]));
    an_md scratch = dnnl_primitive_desc_query_md(p->pd, dnnl_query_scratchpad_md, 0);
    if (status != dnnl_success || !scratch || dnnl_memory_desc_get_size(scratch) == 0)
        return status;
    p->scratch = dnnl_memory_desc_get_size(scratch);
    return add_memory(p, engine, n, DNNL_ARG_SCRATCHPAD, scratch);
}

alexnet_status an_primitive_new(an_primitive **out, dnnl_engine_t engine, dnnl_primitive_desc_t pd,
                                int n_args, const int *args)
{
    assert(n_args <= AN_PRIMITIVE_MAX_ARGS);
    *out = NULL;
    an_primitive *p = an_calloc(1, sizeof *p);
    if (!p) {
        dnnl_primitive_desc_destroy(pd);
        return AN_FAIL_MEMORY(sizeof *p, "a primitive");
    }
    p->pd = pd;
    p->n_args = n_args;
    dnnl_status_t status = set_up(p, engine, args);
    if (status != dnnl_success) {
        an_primitive_free(p);
        return an_dnnl_fail(status, "the creation of a primitive");
    }
    p->guarded = is_matrix_product(p);
    *out = p;
    return ALEXNET_OK;
}

alexnet_status an_primitive_make_for(int threads, an_primitive_make make, const void *problem,
                                     int64_t count, an_primitive **out)
{
    an_threads saved = an_threads_set(threads);
    alexnet_status rc = make(problem, count, out);
    an_threads_restore(saved);
    return rc;
}

alexnet_status an_primitive_reorder(an_primitive **out, dnnl_engine_t engine, an_md from, an_md to)
{
    static const int args[] = {DNNL_ARG_FROM, DNNL_ARG_TO};
    dnnl_primitive_attr_t attr;
    dnnl_primitive_desc_t pd = NULL;
    *out = NULL;
    if (!from || !to)
        return an_md_fail();
    dnnl_status_t status = an_dnnl_attr(&attr, false);
    if (status == dnnl_success) {
        status = dnnl_reorder_primitive_desc_create(&pd, from, engine, to, engine, attr);
        dnnl_primitive_attr_destroy(attr);
    }
    if (status != dnnl_success)
        return an_dnnl_fail(status, "a reorder");
    return an_primitive_new(out, engine, pd, 2, args);
}

void an_primitive_free(an_primitive *p)
{
    if (!p)
        return;
    for (int i = 0; i <= p->n_args; i++)
        if (p->args[i].memory)
            dnnl_memory_destroy(p->args[i].memory);
    if (p->stream)
        dnnl_stream_destroy(p->stream);
    if (p->primitive)
        dnnl_primitive_destroy(p->primitive);
    dnnl_primitive_desc_destroy(p->pd);
    an_free(p);
}

an_md an_primitive_md(const an_primitive *p, int arg)
{
    return dnnl_primitive_desc_query_md(p->pd, dnnl_query_exec_arg_md, arg);
}

const_dnnl_primitive_desc_t an_primitive_pd(const an_primitive *p)
{
    return p->pd;
}

const char *an_primitive_name(const an_primitive *p)
{
    const char *name = NULL;
    dnnl_primitive_desc_query(p->pd, dnnl_query_impl_info_str, 0, (void *)&name);
    return name ? name : "";
}

size_t an_primitive_scratch(const an_primitive *p)
{
    return p->scratch;
}

static dnnl_status_t execute(an_primitive *p, int n)
{
    if (p->guarded)
        on_each_thread(guard);
    dnnl_status_t status = dnnl_primitive_execute(p->primitive, p->stream, n, p->args);
    if (status == dnnl_success)
        status = dnnl_stream_wait(p->stream);
    if (p->guarded)
        on_each_thread(unguard);
    return status;
}

alexnet_status an_primitive_run(an_primitive *p, const void *const *data, void *scratch)
{
    int n = p->n_args + (p->scratch > 0);
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < n && status == dnnl_success; i++) {
        void *pointer = i < p->n_args ? (void *)data[i] : scratch;
        status = dnnl_memory_set_data_handle(p->args[i].memory, pointer);
    }
    if (status == dnnl_success)
        status = execute(p, n);
    return status == dnnl_success ? ALEXNET_OK : an_dnnl_fail(status, "a run of a primitive");
}

alexnet_status an_primitive_run_on(int threads, an_primitive *p, const void *const *data,
                                   void *scratch)
{
    an_threads saved = an_threads_set(threads);
    alexnet_status rc = an_primitive_run(p, data, scratch);
    an_threads_restore(saved);
    return rc;
}
