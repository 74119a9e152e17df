/* The update rule and the norms of parameters. Both pass through memory once. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "backend/cpu/cpu.h"
#include "backend/host.h"
#include "base/status.h"
#include "base/team.h"

enum { CHUNK = 1 << 14 }; /* weights of a unit of work */

/* Update `count` weights from `first` on. */
static void update_chunk(const an_cpu *cpu, const an_segment *s, const an_rule *rule,
                         const an_rates *r, int64_t first, int64_t count)
{
    const an_update_run run = {.w = (float *)s->param + first,
                               .v = (float *)s->momentum + first,
                               .dw = (const float *)s->gradient + first,
                               .copy = s->copy ? (uint16_t *)s->copy + first : NULL,
                               .count = count,
                               .momentum = (float)r->momentum,
                               .rate = (float)(r->rate * an_update_factor(rule)),
                               .shrink = (float)(r->decay * r->rate),
                               .nesterov = rule->kind == AN_RULE_NESTEROV};
    cpu->kernels->update[s->copy != NULL](&run);
}

static void adam_chunk(const an_cpu *cpu, const an_segment *s, const an_rule *rule,
                       const an_rates *r, int64_t first, int64_t count)
{
    const bool apart = rule->kind == AN_RULE_ADAMW; /* decay is not part of the gradient */
    const an_adam_run run = {.w = (float *)s->param + first,
                             .v = (float *)s->momentum + first,
                             .q = (float *)s->square + first,
                             .dw = (const float *)s->gradient + first,
                             .copy = s->copy ? (uint16_t *)s->copy + first : NULL,
                             .count = count,
                             .factor = (float)an_update_factor(rule),
                             .decay = apart ? 0 : (float)r->decay,
                             .keep = apart ? (float)(1 - r->decay * r->rate) : 1,
                             .beta = {(float)r->momentum, (float)rule->beta2},
                             .rest = {(float)(1 - r->momentum), (float)(1 - rule->beta2)},
                             .rate = (float)(r->rate / r->momentum_correction),
                             .root = (float)(1 / sqrt(r->square_correction)),
                             .epsilon = (float)rule->epsilon};
    cpu->kernels->adam[s->copy != NULL](&run);
}

static void average_chunk(const an_cpu *cpu, const an_segment *s, const an_rule *rule,
                          int64_t first, int64_t count)
{
    const an_average_run run = {.average = (float *)s->average + first,
                                .w = (const float *)s->param + first,
                                .count = count,
                                .share = (float)rule->average};
    cpu->kernels->average[0](&run);
}

/* Chunk by chunk, so that a chunk stays in the cache for all operations on it. */
static void update_segment(const an_cpu *cpu, const an_segment *s, const an_rule *rule,
                           const an_rates *r)
{
    const bool adam = rule->kind == AN_RULE_ADAM || rule->kind == AN_RULE_ADAMW;
    assert(!s->copy || (s->form.in_order && s->form.bf16 && s->form.at == 0 &&
                        s->form.twin == 0)); /* cpu_fc.c */
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < s->count; i += CHUNK) {
        const int64_t count = s->count - i < CHUNK ? s->count - i : CHUNK;
        if (r->rate != 0)
            (adam ? adam_chunk : update_chunk)(cpu, s, rule, r, i, count);
        if (s->average)
            average_chunk(cpu, s, rule, i, count);
        if (s->clear)
            memset((float *)s->gradient + i, 0, (size_t)count * sizeof(float));
    }
}

alexnet_status an_cpu_update(an_backend *backend, an_update *update, const an_step_state *state,
                             const an_rates *rates)
{
    an_threads saved;
    if (state->rule.held)
        return ALEXNET_OK;
    AN_CHECK(an_threads_begin(&saved, backend->ctx->threads));
    for (int i = 0; i < update->count; i++) {
        const an_segment *s = &update->segments[i];
        if (rates[i].rate != 0 || s->average || s->clear)
            update_segment((an_cpu *)backend, s, &state->rule, &rates[i]);
    }
    an_threads_restore(saved);
    return ALEXNET_OK;
}

/* A span is summed in a fixed number of parts, so that the sum is independent of the threads. */
enum { PARTS = 64 };

static an_norm norm_of_part(const an_span *s, int part)
{
    const float *w = s->data;
    an_norm norm = {0, 0};
    int64_t first = s->count * part / PARTS, end = s->count * (part + 1) / PARTS;
    for (int64_t i = first; i < end; i++) {
        bool finite = isfinite(w[i]);
        double value = finite ? w[i] : 0;
        norm.sum_squares += value * value;
        norm.not_finite += !finite;
    }
    return norm;
}

alexnet_status an_cpu_norms(an_backend *backend, const an_span *spans, int count, an_norm *out)
{
    an_threads saved;
    AN_CHECK(an_threads_begin(&saved, backend->ctx->threads));
    for (int i = 0; i < count; i++) {
        an_norm parts[PARTS];
#pragma omp parallel for schedule(static)
        for (int part = 0; part < PARTS; part++)
            parts[part] = norm_of_part(&spans[i], part);
        out[i] = (an_norm){0, 0};
        for (int part = 0; part < PARTS; part++) {
            out[i].sum_squares += parts[part].sum_squares;
            out[i].not_finite += parts[part].not_finite;
        }
    }
    an_threads_restore(saved);
    return ALEXNET_OK;
}
