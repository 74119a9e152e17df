/*
 * The making of a plan: its graph, an engine for it, or the reason why there is none.
 */
#include "backend/cuda/conv_engine.h"
#include "backend/cuda/trial.h"
#include "base/alloc.h"
#include "base/text.h"

/* The error if no engine was found. */
static alexnet_status refuse(const an_cuda_engine_choice *c)
{
    const an_cuda_conv_shape *s = c->shape;
    const char *failure = c->plan->cuda->libs->cudnnGetErrorString(c->failed);
    char what[160];
    an_print_in(what, sizeof what, "%s of a convolution of %dx%dx%dx%d by %dx%dx%d",
                an_cuda_direction_texts[c->direction], s->n, s->c, s->h, s->w, s->k, s->r, s->s);
    if (an_cuda_is_lack_of_memory(c->failed))
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: cuDNN could not prepare %s (%s)",
                       what, failure);
    if (c->failed != CUDNN_STATUS_SUCCESS)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "cuDNN has no engine for %s (%s)", what, failure);
    if (c->offered == 0)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "cuDNN offers no engine for %s: are all of its libraries (libcudnn_*.so.9) "
                       "there, and does it support sm_%d?",
                       what, c->plan->cuda->chip);
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "cuDNN has no engine for %s: each that it offers is too inexact%s, or needs "
                   "more than %lld MiB of workspace",
                   what, c->plan->cuda->base.deterministic ? " or not deterministic" : "",
                   (long long)(an_cuda_most_workspace(s) >> 20));
}

/* Make the graph and find an engine. Fallback engines are not counted as proposals. */
static bool prepare(an_cuda_engine_choice *c, an_variant *variant)
{
    an_variant fallback = *variant == AN_CUDA_FIRST ? AN_CUDA_FIRST : AN_CUDA_AUTO;
    an_cuda_descriptors *made = &c->plan->made;
    cudnnBackendDescriptor_t graph = an_cuda_conv_graph(made, c->shape, c->direction, c->tail);
    const int before = made->count;
    c->failed = made->status;
    if (c->failed != CUDNN_STATUS_SUCCESS)
        return false;
    if (an_cuda_choose_engine(c, graph, variant))
        return true;
    c->mode = CUDNN_HEUR_MODE_FALLBACK;
    *variant = AN_CUDA_AUTO;
    an_cuda_describe_undo(made, before);
    return an_cuda_choose_engine(c, graph, &fallback);
}

alexnet_status an_cuda_conv_plan_new(an_cuda_conv_plan **out, an_cuda *cuda,
                                     const an_cuda_conv_shape *shape, an_direction direction,
                                     an_cuda_conv_tail tail, an_variant *variant)
{
    *out = NULL;
    an_cuda_conv_plan *plan = an_calloc(1, sizeof *plan);
    if (!plan)
        return AN_FAIL_MEMORY(sizeof *plan, "a convolution");
    plan->cuda = cuda;
    plan->bias = tail != AN_CUDA_TAIL_NONE;
    plan->made.cuda = cuda;
    an_cuda_engine_choice choice = {
        plan, shape, direction, tail, CUDNN_HEUR_MODE_A, CUDNN_STATUS_SUCCESS, 0};
    if (prepare(&choice, variant)) {
        *out = plan;
        return ALEXNET_OK;
    }
    alexnet_status rc = refuse(&choice);
    an_cuda_conv_plan_free(plan);
    return rc;
}
