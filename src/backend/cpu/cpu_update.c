/* The update rule and the norms of parameters. Both go through memory once. */
#include <math.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/threads.h"
#include "backend/update.h"
#include "base/status.h"

enum { CHUNK = 1 << 14 }; /* weights of a unit of work */

static void update_segment(const an_cpu *cpu, const an_segment *s, const an_rates *r)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < s->count; i += CHUNK) {
        an_update_run run = {
            .w = (float *)s->param + i,
            .v = (float *)s->momentum + i,
            .dw = (const float *)s->gradient + i,
            .copy = s->copy ? (uint16_t *)s->copy + i : NULL,
            .count = s->count - i < CHUNK ? s->count - i : CHUNK,
            .momentum = (float)r->momentum,
            .rate = (float)(r->rate * r->scale),
            .shrink = (float)(r->decay * r->rate),
            .nesterov = r->nesterov != 0,
        };
        cpu->kernels->update[s->copy != NULL](&run);
    }
}

alexnet_status an_cpu_update(an_backend *backend, an_update *update, const an_rates *rates)
{
    an_threads saved;
    AN_CHECK(an_threads_begin(&saved, backend->ctx->threads));
    for (int i = 0; i < update->count; i++)
        if (rates[i].rate != 0)
            update_segment((an_cpu *)backend, &update->segments[i], &rates[i]);
    an_threads_restore(saved);
    return ALEXNET_OK;
}

/* A span is summed in a fixed number of parts, so that threads do not change the sum. */
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
