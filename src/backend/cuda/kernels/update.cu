/*
 * The update rule (backend.h), applied to all tensors in one launch. A block works on a stretch of
 * one tensor.
 */
#include "backend/cuda/kernels/kernels.h"
#include "backend/cuda/kernels/stretches.h"
#include "backend/cuda/kernels/values.h"

enum {
    AT_ONCE = 4,                               /* elements that a thread accesses at once */
    UPDATE_STRETCH = AN_THREADS * AT_ONCE * 4, /* elements of a block */
};

int64_t an_cuda_update_plan(an_cuda_segment *segments, int count)
{
    int64_t blocks = 0;
    for (int i = 0; i < count; i++) {
        segments[i].first_block = blocks;
        blocks += (segments[i].count + UPDATE_STRETCH - 1) / UPDATE_STRETCH;
    }
    return blocks;
}

/* The remainder; *i becomes the quotient. */
AN_BODY uint32_t update_split(uint32_t *i, int by)
{
    uint32_t quotient = *i / (uint32_t)by, rest = *i - quotient * (uint32_t)by;
    *i = quotient;
    return rest;
}

/* The index of element i of the parameter in its copy (copy_form.h). A tensor has fewer than 2^31
 * elements. */
AN_BODY int64_t update_copy_at(const an_copy_form *f, uint32_t i)
{
    uint32_t column = update_split(&i, f->s), row = update_split(&i, f->r);
    uint32_t c = update_split(&i, f->c);
    uint32_t dx = update_split(&column, f->block), dy = update_split(&row, f->block);
    return (((int64_t)i * f->rows + row) * f->columns + column) * f->channels +
           (int64_t)(dy * f->block + dx) * f->c + c;
}

/* Store w as elements i .. i + count - 1 of a copy in order. */
AN_BODY void update_store_run(void *copy, int64_t i, int count, bool bf16, const float *w)
{
    if (bf16)
        an_store_run(copy, i, count, true, w);
    else
        an_store_run(copy, i, count, false, w);
}

AN_BODY void update_copy(const an_cuda_segment *s, int64_t i, int count, const float *w)
{
    const an_copy_form *form = &s->form;
    void *copy = (char *)s->copy + form->at;
    if (form->in_order) {
        update_store_run(copy, i, count, form->bf16, w);
        if (form->twin)
            update_store_run(copy, i + form->twin, count, form->bf16, w);
        return;
    }
    for (int l = 0; l < count; l++) {
        int64_t to = update_copy_at(form, (uint32_t)(i + l));
        an_store(copy, to, form->bf16, w[l]);
        if (form->twin)
            an_store(copy, to + form->twin, form->bf16, w[l]);
    }
}

/* The factor of gradients (an_update_factor() in backend/host.h). */
AN_BODY float update_factor(const an_rule *rule)
{
    float factor = rule->divisor > 0 ? 1 / (float)rule->divisor : 1;
    float clip = (float)rule->clip, norm = (float)rule->norm * factor + 1e-6f;
    return clip > 0 && norm > clip ? factor * (clip / norm) : factor;
}

AN_BODY void update_momentum(const an_rule *rule, const an_rates *rates, float g, float *v,
                             float *w)
{
    float rate = (float)rates->rate, momentum = (float)rates->momentum;
    float shrink = (float)(rates->decay * rates->rate), last = momentum * *v;
    *v = momentum * *v - rate * g;
    if (shrink > 0)
        *v -= shrink * *w;
    *w += rule->kind == AN_RULE_NESTEROV ? momentum * *v + (*v - last) : *v;
}

AN_BODY void update_adam(const an_rule *rule, const an_rates *rates, float g, float *v, float *q,
                         float *w)
{
    float b1 = (float)rates->momentum, b2 = (float)rule->beta2;
    if (rule->kind == AN_RULE_ADAMW)
        *w *= (float)(1 - rates->decay * rates->rate);
    else
        g += (float)rates->decay * *w;
    *v = b1 * *v + (float)(1 - rates->momentum) * g;
    *q = b2 * *q + (float)(1 - rule->beta2) * (g * g);
    float root = sqrtf(*q) / sqrtf((float)rates->square_correction);
    *w -=
        (float)rates->rate / (float)rates->momentum_correction * *v / (root + (float)rule->epsilon);
}

/* Update the average and clear the gradient. @param w  the weights after the rule */
AN_BODY void update_finish(const an_cuda_segment *s, const an_rule *rule, int64_t i, int count,
                           const float *w)
{
    float average[AT_ONCE], none[AT_ONCE] = {0};
    if (s->average) {
        an_load_run(s->average, i, count, false, average);
        AN_UNROLL
        for (int l = 0; l < count; l++)
            average[l] += (float)rule->average * (w[l] - average[l]);
        an_store_run(s->average, i, count, false, average);
    }
    if (s->clear)
        an_store_run(s->gradient, i, count, false, none);
}

/* Elements i .. i + count - 1. */
AN_BODY void update_elements(const an_cuda_segment *s, const an_rule *rule, const an_rates *rates,
                             float factor, int64_t i, int count)
{
    float w[AT_ONCE], v[AT_ONCE], g[AT_ONCE], q[AT_ONCE] = {0};
    bool adam = rule->kind == AN_RULE_ADAM || rule->kind == AN_RULE_ADAMW;
    an_load_run(s->param, i, count, false, w);
    if (rates->rate == 0) {
        update_finish(s, rule, i, count, w);
        return;
    }
    an_load_run(s->momentum, i, count, false, v);
    an_load_run(s->gradient, i, count, false, g);
    if (adam)
        an_load_run(s->square, i, count, false, q);
    AN_UNROLL
    for (int l = 0; l < count; l++) {
        if (adam)
            update_adam(rule, rates, factor * g[l], &v[l], &q[l], &w[l]);
        else
            update_momentum(rule, rates, factor * g[l], &v[l], &w[l]);
    }
    if (adam)
        an_store_run(s->square, i, count, false, q);
    an_store_run(s->momentum, i, count, false, v);
    an_store_run(s->param, i, count, false, w);
    if (s->copy)
        update_copy(s, i, count, w);
    update_finish(s, rule, i, count, w);
}

/* Whether the tensors of a segment are aligned for AT_ONCE elements at a time. */
AN_BODY bool update_is_aligned(const an_cuda_segment *s)
{
    uintptr_t all = (uintptr_t)s->param | (uintptr_t)s->gradient | (uintptr_t)s->momentum |
                    (uintptr_t)s->square | (uintptr_t)s->average;
    size_t element = s->form.bf16 ? sizeof(uint16_t) : sizeof(float);
    uintptr_t copies = ((uintptr_t)s->copy + s->form.at) | (uintptr_t)s->form.twin * element;
    return all % (AT_ONCE * sizeof(float)) == 0 && copies % (AT_ONCE * element) == 0;
}

AN_BODY void update(const an_cuda_update_run *run, an_thread t)
{
    int which =
        an_stretch_tensor(&run->segments->first_block, sizeof *run->segments, run->count, t.block);
    const an_rule rule = *run->rule;
    const an_rates rates = run->rates[which];
    const an_cuda_segment s = run->segments[which];
    int64_t first = (t.block - s.first_block) * UPDATE_STRETCH, end = first + UPDATE_STRETCH;
    float factor = update_factor(&rule);
    if (rule.held || (rates.rate == 0 && !s.average && !s.clear))
        return;
    if (end > s.count)
        end = s.count;
    int64_t whole = update_is_aligned(&s) ? first + (end - first) / AT_ONCE * AT_ONCE : first;
    for (int64_t i = first + (int64_t)t.index * AT_ONCE; i < whole; i += AN_THREADS * AT_ONCE)
        update_elements(&s, &rule, &rates, factor, i, AT_ONCE);
    for (int64_t i = whole + t.index; i < end; i += AN_THREADS)
        update_elements(&s, &rule, &rates, factor, i, 1);
}

AN_KERNEL(update_all, an_cuda_update_run, update(run, t))

int an_cuda_update(const an_cuda_update_run *run, an_cuda_stream *stream)
{
    return run->blocks ? AN_LAUNCH(update_all, an_cuda_update_run, run, run->blocks, stream) : 0;
}

/* ---- Losses that are not finite -------------------------------------------------------------- */

AN_BODY void hold(const an_cuda_hold_run *run, an_thread t)
{
    if (AN_NUMBER(t) == 0 && run->results->not_finite > 0)
        run->rule->held = 1;
}

AN_KERNEL(hold_all, an_cuda_hold_run, hold(run, t))

int an_cuda_hold(const an_cuda_hold_run *run, an_cuda_stream *stream)
{
    return AN_LAUNCH(hold_all, an_cuda_hold_run, run, 1, stream);
}
