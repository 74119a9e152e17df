#include "backend/cuda/trial.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/context.h"

const char *const an_cuda_variant_names[AN_CUDA_VARIANTS + 1] = {
    "auto",        "proposal-1",  "proposal-2",  "proposal-3",  "proposal-4",  "proposal-5",
    "proposal-6",  "proposal-7",  "proposal-8",  "proposal-9",  "proposal-10", "proposal-11",
    "proposal-12", "proposal-13", "proposal-14", "proposal-15", "proposal-16", "proposal-17",
    "proposal-18", "proposal-19", "proposal-20"};

/* The runs between two time stamps take about ENOUGH_SECONDS, and are MOST_RUNS at most. */
#define ENOUGH_SECONDS 5e-4
enum { MOST_RUNS = 16, TURNS = 3, FIRST_MARK = AN_MARKS - 2, SECOND_MARK = AN_MARKS - 1 };

bool an_cuda_trial_times(const an_cuda *cuda, int64_t batch)
{
    return !cuda->base.deterministic && (batch == 1 || batch >= AN_CUDA_TRIAL_BATCH);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

alexnet_status an_cuda_trial_block(an_cuda_trial *t, int index, size_t bytes)
{
    if (t->block[index] && t->bytes[index] >= bytes)
        return ALEXNET_OK;
    an_cuda_free(&t->cuda->base, t->block[index], t->bytes[index]);
    t->block[index] = NULL;
    t->bytes[index] = bytes;
    return an_cuda_alloc(&t->cuda->base, bytes, &t->block[index]);
}

alexnet_status an_cuda_trial_operand(an_cuda_trial *t, int index, int64_t count, an_dtype dtype,
                                     bool tf32, an_element_tensor *numbers)
{
    const size_t bytes = (size_t)count * an_dtype_bytes(dtype);
    AN_CHECK(an_cuda_trial_block(t, index, bytes));
    t->noise[index] = an_cuda_noise(count, dtype, tf32, (uint32_t)index);
    if (!t->noise[index])
        return AN_FAIL_MEMORY(AN_CUDA_NOISE * sizeof(double), "random numbers");
    numbers->values = t->noise[index];
    numbers->mask = AN_CUDA_NOISE - 1;
    return an_cuda_fill(t->cuda, t->block[index], bytes, dtype, t->noise[index]);
}

/* ---- Time ------------------------------------------------------------------------------------ */

/* The seconds of one run of `work`, including the host's part. */
static alexnet_status time_once(an_cuda_trial *t, alexnet_status (*work)(void *arg), void *arg,
                                double *seconds)
{
    an_backend *backend = &t->cuda->base;
    AN_CHECK(an_cuda_mark(backend, FIRST_MARK));
    AN_CHECK(work(arg));
    AN_CHECK(an_cuda_mark(backend, SECOND_MARK));
    return an_cuda_elapsed(backend, FIRST_MARK, SECOND_MARK, seconds);
}

/* Record the work `runs` times. Recording must be ended even after an error, and that may fail
 * again; the first error is the one to report. */
static alexnet_status record(an_cuda_trial *t, int runs, an_capture **out)
{
    an_backend *backend = &t->cuda->base;
    char why[1024];
    alexnet_status rc = ALEXNET_OK;
    AN_CHECK(an_cuda_capture_begin(backend));
    for (int i = 0; i < runs && rc == ALEXNET_OK; i++)
        rc = t->work(t->arg);
    snprintf(why, sizeof why, "%s", an_error_text());
    alexnet_status ended = an_cuda_capture_end(backend, out);
    return rc == ALEXNET_OK ? ended : an_fail(rc, "%s", why);
}

typedef struct recording {
    an_backend *backend;
    an_capture *capture;
} recording;

static alexnet_status replay(void *arg)
{
    const recording *r = arg;
    return an_cuda_replay(r->backend, r->capture);
}

alexnet_status an_cuda_trial_time(an_cuda_trial *t, double *seconds)
{
    recording recorded = {&t->cuda->base, NULL};
    double once, least = 0;
    AN_CHECK(time_once(t, t->work, t->arg, &once));
    const int runs = once * MOST_RUNS < ENOUGH_SECONDS ? MOST_RUNS
                     : once < ENOUGH_SECONDS           ? (int)(ENOUGH_SECONDS / once)
                                                       : 1;
    alexnet_status rc = record(t, runs, &recorded.capture);
    for (int i = 0; i < TURNS && rc == ALEXNET_OK; i++) {
        rc = time_once(t, replay, &recorded, seconds);
        least = i == 0 || *seconds < least ? *seconds : least;
    }
    an_cuda_capture_free(&t->cuda->base, recorded.capture);
    *seconds = least / runs;
    return rc;
}

/* ---- Candidates ------------------------------------------------------------------------------ */

/* Run a candidate on a cleared output, and compare its results. */
static alexnet_status judge(an_cuda_trial *t, size_t workspace, double *deviation)
{
    const int64_t count = an_element_count(&t->out.sums, t->out.direction);
    const size_t bytes = (size_t)count * an_dtype_bytes(t->out.dtype);
    const an_cuda_libs *libs = t->cuda->libs;
    AN_CHECK(an_cuda_trial_block(t, AN_CUDA_TRIAL_WORK, workspace + 1));
    AN_CHECK(an_cuda_check(t->cuda,
                           libs->cudaMemsetAsync(t->block[t->out.block], 0, bytes, t->cuda->stream),
                           "clearing memory"));
    AN_CHECK(t->work(t->arg));
    return an_cuda_trial_compare(t, deviation);
}

/* Log that a candidate failed, with the latest error. */
static void say_failed(const an_cuda_trial *t, an_variant number)
{
    an_log(t->cuda->base.ctx, ALEXNET_LOG_INFO, "%s is left out for %s%s: %s",
           an_cuda_variant_names[number], t->what, t->how, an_error_text());
}

void an_cuda_trial_enter(an_cuda_trial *t, an_cuda_pick candidate, size_t workspace)
{
    const an_variant number = candidate.number;
    double deviation;
    if (judge(t, workspace, &deviation) != ALEXNET_OK) {
        say_failed(t, number);
        return;
    }
    if (!(deviation <= 1)) {
        t->wrong++;
        an_log(t->cuda->base.ctx, ALEXNET_LOG_INFO,
               "%s is left out for %s%s: its results deviate by %.3g times the rounding allowed",
               an_cuda_variant_names[number], t->what, t->how, deviation);
        return;
    }
    if (t->timed && an_cuda_trial_time(t, &candidate.seconds) != ALEXNET_OK) {
        say_failed(t, number);
        return;
    }
    if (t->first.number == AN_CUDA_AUTO)
        t->first = candidate;
    if (t->best.number == AN_CUDA_AUTO || candidate.seconds < t->best.seconds)
        t->best = candidate;
}

void an_cuda_trial_cancel(const an_cuda_trial *t)
{
    an_log(t->cuda->base.ctx, ALEXNET_LOG_INFO,
           "no algorithm for %s is tried, the first proposal is used: %s", t->what,
           an_error_text());
}

void an_cuda_trial_end(an_cuda_trial *t)
{
    if (t->wrong > 0 && t->best.number == AN_CUDA_AUTO)
        an_log(t->cuda->base.ctx, ALEXNET_LOG_WARNING,
               "no algorithm for %s gives results within the rounding allowed: the first proposal "
               "is used",
               t->what);
    for (int i = 0; i < AN_CUDA_TRIAL_BLOCKS; i++) {
        an_cuda_free(&t->cuda->base, t->block[i], t->bytes[i]);
        an_free(t->noise[i]);
    }
    an_free(t->known);
    an_free(t->accepted);
}

/* ---- Choices --------------------------------------------------------------------------------- */

an_cuda_pick an_cuda_choice_find(const an_cuda *cuda, const char *key, bool first)
{
    for (int i = 0; i < cuda->n_choices; i++)
        if (strcmp(cuda->choices[i].key, key) == 0)
            return first ? cuda->choices[i].first : cuda->choices[i].best;
    return (an_cuda_pick){.number = AN_CUDA_AUTO};
}

void an_cuda_choice_keep(an_cuda *cuda, const char *key, const an_cuda_trial *t)
{
    if (t->best.number == AN_CUDA_AUTO)
        return;
    an_cuda_choice *grown = an_grow(cuda->choices, cuda->n_choices, sizeof *grown);
    if (!grown)
        return;
    cuda->choices = grown;
    an_cuda_choice *kept = &grown[cuda->n_choices++];
    snprintf(kept->key, sizeof kept->key, "%s", key);
    kept->best = t->best;
    kept->first = t->first;
}
