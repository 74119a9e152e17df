#include "backend/cuda/conv_engine.h"

#include <stdio.h>
#include <string.h>

#include "backend/cuda/conv_trial.h"

/* cuDNN 9.19 proposes up to 40. For float32, those without tensor cores come last. */
enum { MAX_CONFIGS = 64 };

/* This engine for gradients of weights in float32 has errors of 1% with 5x5 filters (cuDNN 9.19 on
 * sm_90), and its numerical notes do not say so. */
enum { COARSE_WEIGHTS_ENGINE = 17 };

typedef an_cuda_engine_choice choice;

bool an_cuda_is_lack_of_memory(cudnnStatus_t status)
{
    return status == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
           status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
}

static void note_failure(choice *c, cudnnStatus_t status)
{
    if (c->failed == CUDNN_STATUS_SUCCESS ||
        (an_cuda_is_lack_of_memory(status) && !an_cuda_is_lack_of_memory(c->failed)))
        c->failed = status;
}

/* Enough to copy the operands, but not many times their size. */
int64_t an_cuda_most_workspace(const an_cuda_conv_shape *s)
{
    int64_t x = (int64_t)s->c * s->h * s->w, y = (int64_t)s->k * s->p * s->q;
    return 2 * (x + y) * s->n * (int64_t)an_dtype_bytes(s->type) + ((int64_t)256 << 20);
}

/* ---- One engine ------------------------------------------------------------------------------ */

static bool is_wanted_note(const choice *c, cudnnBackendNumericalNote_t note)
{
    if (note == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)
        return !c->plan->cuda->base.deterministic;
    if (note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE ||
        note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS)
        return !an_cuda_conv_is_exact(c->shape);
    return note != CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION &&
           note != CUDNN_NUMERICAL_NOTE_FFT && note != CUDNN_NUMERICAL_NOTE_WINOGRAD &&
           (note < CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4 ||
            note > CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13);
}

/* Whether the plan's engine is exact and deterministic enough. */
static bool is_wanted(const choice *c, cudnnBackendDescriptor_t engine)
{
    an_cuda_descriptors *made = &c->plan->made;
    cudnnBackendNumericalNote_t notes[CUDNN_NUMERICAL_NOTE_TYPE_COUNT];
    int64_t count = 0;
    if (an_cuda_conv_is_exact(c->shape) && c->direction == AN_BACKWARD_WEIGHTS &&
        c->plan->engine == COARSE_WEIGHTS_ENGINE)
        return false;
    made->status = made->cuda->libs->cudnnBackendGetAttribute(
        engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
        CUDNN_NUMERICAL_NOTE_TYPE_COUNT, &count, notes);
    for (int64_t i = 0; i < count && i < CUDNN_NUMERICAL_NOTE_TYPE_COUNT; i++)
        if (!is_wanted_note(c, notes[i]))
            return false;
    return made->status == CUDNN_STATUS_SUCCESS;
}

/* The engine of a configuration, to be undone; the plan gets its number. */
static cudnnBackendDescriptor_t engine_of(choice *c, cudnnBackendDescriptor_t config)
{
    an_cuda_descriptors *made = &c->plan->made;
    cudnnBackendDescriptor_t engine = an_cuda_describe_new(made, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    an_cuda_describe_get(made, config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                         &engine);
    an_cuda_describe_get(made, engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64,
                         &c->plan->engine);
    return engine;
}

/* Make a plan from a configuration. @return false if it is not wanted or not available */
static bool try_config(choice *c, cudnnBackendDescriptor_t config)
{
    an_cuda_conv_plan *plan = c->plan;
    an_cuda_descriptors *made = &plan->made;
    const int before = made->count;
    cudnnBackendDescriptor_t engine = engine_of(c, config);
    bool good = made->status == CUDNN_STATUS_SUCCESS && is_wanted(c, engine);
    if (good) {
        plan->plan = an_cuda_describe_new(made, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
        an_cuda_describe_set(made, plan->plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE,
                             1, &plan->cuda->dnn);
        an_cuda_describe_link(made, plan->plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, &config);
        an_cuda_describe_finish(made, plan->plan);
        an_cuda_describe_get(made, plan->plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                             CUDNN_TYPE_INT64, &plan->workspace);
        good = made->status == CUDNN_STATUS_SUCCESS &&
               plan->workspace <= an_cuda_most_workspace(c->shape);
    }
    note_failure(c, made->status);
    if (!good)
        an_cuda_describe_undo(made, before);
    return good;
}

/* ---- Trials ---------------------------------------------------------------------------------- */

/* Try the proposals, and keep the choice. */
static an_cuda_pick try_all(choice *c, const cudnnBackendDescriptor_t *configs, int64_t count,
                            const char *key)
{
    an_cuda_conv_trial trial;
    an_variant tried = 0;
    const int before = c->plan->made.count;
    alexnet_status rc = an_cuda_conv_trial_begin(&trial, c);
    if (rc != ALEXNET_OK)
        an_cuda_trial_cancel(&trial.base);
    trial.base.timed =
        c->mode == CUDNN_HEUR_MODE_A && an_cuda_trial_times(c->plan->cuda, c->shape->n);
    for (int64_t i = 0; i < count && tried < AN_CUDA_TRIALS && rc == ALEXNET_OK &&
                        !an_cuda_trial_decided(&trial.base);
         i++) {
        if (!try_config(c, configs[i]))
            continue;
        tried++;
        an_cuda_conv_trial_enter(&trial, (an_cuda_pick){.number = tried, .place = (int)i});
        an_cuda_describe_undo(&c->plan->made, before);
    }
    an_cuda_choice_keep(c->plan->cuda, key, &trial.base);
    an_cuda_trial_end(&trial.base);
    return trial.base.best;
}

/* The key of a convolution's choice: its shape, direction and tail, and which engines. */
static void write_key(char *key, size_t size, const choice *c)
{
    const an_cuda_conv_shape *s = c->shape;
    snprintf(key, size, "conv %d %d %d: %d %d %d %d, %d %d %d, %d %d / %d, %d %d, %d %d %d",
             (int)c->mode, (int)c->direction, (int)c->tail, s->n, s->c, s->h, s->w, s->k, s->r,
             s->s, s->p, s->q, s->groups, s->stride, s->top, s->left, (int)s->type,
             s->tensor_cores);
}

/* What a trial chooses; each shape is tried only once. AUTO if no proposal is available or right,
 * or memory is lacking, or if there was no trial and the first proposal is asked for. */
static an_cuda_pick choose_by_trial(choice *c, const cudnnBackendDescriptor_t *configs,
                                    int64_t count, an_variant asked)
{
    char key[sizeof c->plan->cuda->choices->key];
    write_key(key, sizeof key, c);
    const bool first = asked == AN_CUDA_FIRST;
    const an_cuda_pick pick = an_cuda_choice_find(c->plan->cuda, key, first);
    return pick.number != AN_CUDA_AUTO || first ? pick : try_all(c, configs, count, key);
}

/* ---- All engines ----------------------------------------------------------------------------- */

/* cuDNN proposes many configurations of one engine before the first of another: of conv1 of
 * alexnet-owt in bf16, the first twelve for an H200 are one engine's. So that trials reach every
 * engine, the best configuration of each comes first, then the others; otherwise their order stays.
 */
static void put_engines_first(choice *c, cudnnBackendDescriptor_t *configs, int64_t count)
{
    cudnnBackendDescriptor_t sorted[MAX_CONFIGS];
    int64_t engines[MAX_CONFIGS], placed = 0;
    bool first[MAX_CONFIGS];
    const int before = c->plan->made.count;
    for (int64_t i = 0; i < count; i++) {
        c->plan->engine = -1;
        engine_of(c, configs[i]);
        engines[i] = c->plan->engine;
        an_cuda_describe_undo(&c->plan->made, before);
        first[i] = true;
        for (int64_t j = 0; j < i; j++)
            first[i] &= engines[j] != engines[i];
    }
    for (int others = 0; others < 2; others++)
        for (int64_t i = 0; i < count; i++)
            if (first[i] != others)
                sorted[placed++] = configs[i];
    memcpy(configs, sorted, (size_t)count * sizeof *configs);
}

/* Make the plan of proposal `number`, counting only those that can be used. */
static bool take(choice *c, const cudnnBackendDescriptor_t *configs, int64_t count,
                 an_variant number)
{
    const int before = c->plan->made.count;
    for (int64_t i = 0; i < count; i++) {
        if (!try_config(c, configs[i]))
            continue;
        if (--number == 0)
            return true;
        an_cuda_describe_undo(&c->plan->made, before);
    }
    return false;
}

/* Use the requested proposal, or what a trial chooses; if it is not available, the first. */
static bool choose_among(choice *c, const cudnnBackendDescriptor_t *configs, int64_t count,
                         an_variant *variant)
{
    if (*variant == AN_CUDA_AUTO || *variant == AN_CUDA_FIRST) {
        const an_cuda_pick pick = choose_by_trial(c, configs, count, *variant);
        *variant = pick.number;
        if (pick.number != AN_CUDA_AUTO && pick.place < count &&
            try_config(c, configs[pick.place])) {
            c->plan->seconds = pick.seconds;
            return true;
        }
    }
    if (*variant > AN_CUDA_PROPOSAL && take(c, configs, count, *variant))
        return true;
    *variant = AN_CUDA_PROPOSAL;
    return take(c, configs, count, AN_CUDA_PROPOSAL);
}

bool an_cuda_choose_engine(an_cuda_engine_choice *c, cudnnBackendDescriptor_t graph,
                           an_variant *variant)
{
    an_cuda_descriptors *made = &c->plan->made;
    const an_cuda_libs *libs = made->cuda->libs;
    cudnnBackendDescriptor_t configs[MAX_CONFIGS] = {NULL};
    int64_t count = 0;
    bool found = false;
    cudnnBackendDescriptor_t asked =
        an_cuda_describe_new(made, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    an_cuda_describe_link(made, asked, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, &graph);
    an_cuda_describe_set(made, asked, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1,
                         &c->mode);
    an_cuda_describe_finish(made, asked);
    for (int i = 0; i < MAX_CONFIGS && made->status == CUDNN_STATUS_SUCCESS; i++)
        made->status =
            libs->cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &configs[i]);
    if (made->status == CUDNN_STATUS_SUCCESS)
        made->status = libs->cudnnBackendGetAttribute(asked, CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                                      CUDNN_TYPE_BACKEND_DESCRIPTOR, MAX_CONFIGS,
                                                      &count, configs);
    count = count < MAX_CONFIGS ? count : MAX_CONFIGS;
    c->offered += count;
    if (made->status == CUDNN_STATUS_SUCCESS) {
        put_engines_first(c, configs, count);
        found = choose_among(c, configs, count, variant);
    } else {
        note_failure(c, made->status);
    }
    for (int i = 0; i < MAX_CONFIGS; i++)
        if (configs[i])
            libs->cudnnBackendDestroyDescriptor(configs[i]);
    return found;
}
