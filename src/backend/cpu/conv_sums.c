#include "backend/cpu/conv_sums.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

enum { CHUNK = 1 << 14 }; /* floats that a thread adds up at a time */

static alexnet_status make_whole(an_conv_sums *s, const an_conv_backward *p, int threads)
{
    return an_primitive_make_for(threads, an_conv_backward_weights_make, p, p->desc->n, &s->whole);
}

/* Whether a primitive adds up all images in one sum: if so, its scratch has no room for another. */
static bool has_one_sum(const an_primitive *primitive)
{
    return an_primitive_scratch(primitive) <
           dnnl_memory_desc_get_size(an_primitive_md(primitive, DNNL_ARG_DIFF_WEIGHTS));
}

/*
 * Make `whole` if a primitive for `split` threads has one sum. It is made for all threads of the
 * context if it still has one sum then, else for `split` threads if there are as many, else for
 * one.
 */
static alexnet_status try_whole(an_conv_sums *s, const an_conv_backward *p, int split)
{
    int most = p->cpu->base.ctx->threads;
    AN_CHECK(make_whole(s, p, split));
    bool one_sum = has_one_sum(s->whole);
    s->threads = split;
    if (one_sum && split == most)
        return ALEXNET_OK;
    an_primitive *for_split = s->whole;
    s->whole = NULL;
    alexnet_status rc = one_sum ? make_whole(s, p, most) : ALEXNET_OK;
    if (s->whole && has_one_sum(s->whole)) {
        s->threads = most;
    } else if (s->whole && split < most) {
        an_primitive_free(s->whole);
        s->whole = for_split;
        return rc;
    } else if (s->whole) {
        an_primitive_free(s->whole);
        s->whole = NULL;
        s->threads = 1;
        rc = make_whole(s, p, 1);
    }
    an_primitive_free(for_split);
    return rc;
}

/* ---- Parts ----------------------------------------------------------------------------------- */

/* The layout of an argument for the whole batch; large and small parts must agree on it. */
static alexnet_status layout_of(an_layout *layout, const an_conv_sums *s, int arg, an_chw shape,
                                const an_conv_backward *p)
{
    int images = (int)s->parts.units.large;
    *layout = (an_layout){AN_LAYOUT_PLAIN, p->cpu->activation, images, shape};
    AN_CHECK(an_layout_from_md(layout, an_primitive_md(an_team_primitive(&s->parts, false), arg)));
    an_layout other = *layout;
    if (an_team_primitive(&s->parts, true)) {
        other.n--;
        AN_CHECK(
            an_layout_from_md(&other, an_primitive_md(an_team_primitive(&s->parts, true), arg)));
    }
    layout->n = p->desc->n;
    if (other.kind == layout->kind)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "parts of two sizes have different layouts");
}

static bool same_weights(const an_team *parts)
{
    const an_primitive *large = an_team_primitive(parts, false);
    const an_primitive *small = an_team_primitive(parts, true);
    return !small || dnnl_memory_desc_equal(an_primitive_md(large, DNNL_ARG_DIFF_WEIGHTS),
                                            an_primitive_md(small, DNNL_ARG_DIFF_WEIGHTS));
}

static void book_sums(an_conv_sums *s, an_cpu_op *op, const an_conv_backward *p)
{
    an_md dw = an_primitive_md(an_team_primitive(&s->parts, false), DNNL_ARG_DIFF_WEIGHTS);
    s->outputs = (size_t)p->desc->u.conv.k;
    s->dw = dnnl_memory_desc_get_size(dw) / sizeof(float);
    s->each = (s->dw + s->outputs) * sizeof(float);
    s->each = an_aligned(s->each);
    s->sums = an_cpu_take(op, s->each * (size_t)s->parts.workers);
}

/* Parts of nearly equal size, larger ones first. @param x, dy  out: layouts of the whole batch */
static alexnet_status make_parts(an_conv_sums *s, an_cpu_op *op, const an_conv_backward *p,
                                 an_layout *x, an_layout *dy)
{
    int n = p->desc->n, count = op->split < n ? op->split : n;
    int large = (n + count - 1) / count;
    an_units units = {count, n % count ? n % count : count, large, large - 1};
    AN_CHECK(an_team_new(&s->parts, op, units, an_conv_backward_weights_make, p));
    AN_CHECK(layout_of(x, s, DNNL_ARG_SRC, p->desc->in[0], p));
    AN_CHECK(layout_of(dy, s, DNNL_ARG_DIFF_DST, p->desc->out, p));
    if (!same_weights(&s->parts))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "parts of two sizes have different layouts");
    s->x = an_layout_bytes(*x) / (size_t)n;
    s->dy = an_layout_bytes(*dy) / (size_t)n;
    book_sums(s, op, p);
    return ALEXNET_OK;
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* @param outer  layouts of x and dy as given by the neighbours
 * @param inner  their descriptors as the primitives take them; NULL if memory was short */
static alexnet_status make_reorders(an_conv_sums *s, an_cpu_op *op, const an_op_desc *desc,
                                    const an_layout outer[2], const an_md inner[2])
{
    const an_primitive *one = s->whole ? s->whole : an_team_primitive(&s->parts, false);
    an_md x = an_layout_md(outer[0]), dy = an_layout_md(outer[1]);
    an_md canonical = an_conv_weights_md(desc, dnnl_f32, false);
    alexnet_status rc = an_reorder_in_new_md(&s->dy_in, op, dy, inner[1]);
    if (rc == ALEXNET_OK)
        rc = an_reorder_in_new_md(&s->x_in, op, x, inner[0]);
    if (rc == ALEXNET_OK)
        rc = an_reorder_out_new_md(&s->dw_out, op, an_primitive_md(one, DNNL_ARG_DIFF_WEIGHTS),
                                   canonical);
    an_md_free(x);
    an_md_free(dy);
    an_md_free(canonical);
    return rc;
}

alexnet_status an_conv_sums_new(an_conv_sums *s, an_cpu_op *op, const an_op_desc *desc,
                                const an_primitive *forward, an_variant *variant, an_layout x,
                                an_layout dy)
{
    const an_conv_backward p = {op->cpu, desc, forward, variant};
    const an_layout outer[] = {x, dy};
    an_layout batch_x, batch_dy;
    AN_CHECK(try_whole(s, &p, op->split));
    alexnet_status rc =
        s->whole ? ALEXNET_ERROR_UNSUPPORTED : make_parts(s, op, &p, &batch_x, &batch_dy);
    if (rc != ALEXNET_OK && rc != ALEXNET_ERROR_UNSUPPORTED)
        return rc;
    bool parts = rc == ALEXNET_OK;
    if (!s->whole && !parts) { /* the parts disagree about layouts: one thread, one sum */
        s->threads = 1;
        AN_CHECK(make_whole(s, &p, 1));
    }
    if (!parts) {
        const an_md inner[] = {an_primitive_md(s->whole, DNNL_ARG_SRC),
                               an_primitive_md(s->whole, DNNL_ARG_DIFF_DST)};
        an_cpu_share(op, an_primitive_scratch(s->whole));
        return make_reorders(s, op, desc, outer, inner);
    }
    const an_md inner[] = {an_layout_md(batch_x), an_layout_md(batch_dy)};
    rc = make_reorders(s, op, desc, outer, inner);
    an_md_free(inner[0]);
    an_md_free(inner[1]);
    return rc;
}

void an_conv_sums_free(an_conv_sums *s)
{
    an_primitive_free(s->whole);
    an_team_free(&s->parts);
    an_reorder_free(&s->x_in);
    an_reorder_free(&s->dy_in);
    an_reorder_free(&s->dw_out);
}

/* ---- Runs ------------------------------------------------------------------------------------ */

/* Tensors of a run of some parts. The sums of part `first` are in the first worker's memory. */
typedef struct run {
    const an_conv_sums *s;
    const char *x, *dy;
    char *sums;
    int first;
} run;

static void place_part(const void *user, int part, const void **data)
{
    const run *r = user;
    int full = r->s->parts.units.full;
    size_t image =
        (size_t)part * (size_t)r->s->parts.units.large - (size_t)(part > full ? part - full : 0);
    float *sums = (float *)(r->sums + r->s->each * (size_t)(part - r->first));
    data[0] = r->x + r->s->x * image;
    data[1] = r->dy + r->s->dy * image;
    data[2] = sums;
    data[3] = sums + r->s->dw;
}

/* Add the sums of `count` parts to total, in order. Part 0 is copied instead. */
static void add_parts(const run *r, int count, size_t at, size_t floats, float *total)
{
#pragma omp parallel for schedule(static)
    for (size_t begin = 0; begin < floats; begin += CHUNK) {
        size_t end = begin + CHUNK < floats ? begin + CHUNK : floats;
        for (int part = 0; part < count; part++) {
            const float *sums = (const float *)(r->sums + r->s->each * (size_t)part) + at;
            if (part == 0 && r->first == 0)
                memcpy(total + begin, sums + begin, (end - begin) * sizeof *total);
            else
                for (size_t i = begin; i < end; i++)
                    total[i] += sums[i];
        }
    }
}

static alexnet_status run_parts(const an_conv_sums *s, const an_op_args *args, const void *x,
                                const void *dy, float *dw, float *dbias)
{
    run r = {s, x, dy, (char *)args->scratch + s->sums, 0};
    int count = s->parts.units.count;
    for (; r.first < count; r.first += s->parts.workers) {
        int round = count - r.first < s->parts.workers ? count - r.first : s->parts.workers;
        AN_CHECK(an_team_run(&s->parts, args, r.first, round, place_part, &r));
        add_parts(&r, round, 0, s->dw, dw);
        add_parts(&r, round, s->dw, s->outputs, dbias);
    }
    return ALEXNET_OK;
}

alexnet_status an_conv_sums_run(const an_conv_sums *s, const an_cpu_op *op, const an_op_args *args,
                                const void *x, const void *dy, float *dw, float *dbias)
{
    float *target = an_reorder_target(&s->dw_out, args, dw);
    AN_CHECK(an_reorder_in_run(&s->x_in, op, args, &x));
    AN_CHECK(an_reorder_in_run(&s->dy_in, op, args, &dy));
    if (s->whole) {
        const void *data[] = {x, dy, target, dbias};
        AN_CHECK(an_primitive_run_on(s->threads, s->whole, data, an_cpu_shared(op, args)));
    } else {
        AN_CHECK(run_parts(s, args, x, dy, target, dbias));
    }
    return an_reorder_out_run(&s->dw_out, op, args, dw);
}
