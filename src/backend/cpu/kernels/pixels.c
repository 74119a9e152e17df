/* What the kernels of pixels share: sizes, weights in and gradients out (pixels.h). */
#include "backend/cpu/kernels/pixels.h"

#include <string.h>

#include "backend/cpu/kernels/bf16.h"

/* Elements past the end of a row that blocks of pixels may read. */
enum { BEHIND = 64 };

bool an_pixels_describe(an_pixels *p, const an_op_desc *desc)
{
    const an_conv_desc *c = &desc->u.conv;
    bool stride = c->stride == 2 || c->stride == 4;
    bool filter = c->s == 3 || c->s == 5 || c->s == 7 || c->s == 11;
    if (c->groups != 1 || desc->in[0].c > 4 || !stride || !filter)
        return false;
    *p = (an_pixels){.desc = desc, .lines = desc->in[0].c * c->r};
    p->pairs = p->lines * (c->s / 2) + (p->lines + 1) / 2;
    p->groups = (c->k + AN_PIXELS_GROUP - 1) / AN_PIXELS_GROUP;
    p->inputs = (AN_PIXELS_ROWS - 1) * c->stride + c->r;
    p->row = (desc->out.w * c->stride + c->s + BEHIND + 31) / 32 * 32;
    p->steps = (desc->out.w + 1) / 2;
    p->columns = ((2 * p->steps - 2) * c->stride + c->s + 15) / 16 * 16;
    return true;
}

size_t an_pixels_packed(const an_pixels *p)
{
    size_t maps = (size_t)p->groups * AN_PIXELS_GROUP;
    return maps * sizeof(float) + maps * (size_t)p->pairs * 2 * sizeof(uint16_t);
}

/* The two taps of a pair: (line, column) each; a line that does not exist has no tap. Pairs are
 * neighbours in a line; the last column of a line, which has no neighbour left, is paired with that
 * of the next line. */
typedef struct pair {
    int line[2], column[2];
} pair;

static pair pair_at(const an_pixels *p, int i)
{
    int s = p->desc->u.conv.s, half = s / 2, along = p->lines * half;
    if (i < along)
        return (pair){{i / half, i / half}, {i % half * 2, i % half * 2 + 1}};
    int line = (i - along) * 2;
    return (pair){{line, line + 1}, {s - 1, s - 1}};
}

void an_pixels_pack(const an_pixels *p, const float *weights, const float *bias, void *packed)
{
    const an_conv_desc *c = &p->desc->u.conv;
    int64_t filter = (int64_t)p->lines * c->s;
    float *bias_to = packed;
    uint16_t *to = (uint16_t *)(bias_to + p->groups * AN_PIXELS_GROUP);
    for (int k = 0; k < p->groups * AN_PIXELS_GROUP; k++)
        bias_to[k] = k < c->k ? bias[k] : 0;
    for (int group = 0; group < p->groups; group++)
        for (int i = 0; i < p->pairs; i++) {
            pair taps = pair_at(p, i);
            for (int lane = 0; lane < AN_PIXELS_GROUP; lane++)
                for (int j = 0; j < 2; j++) {
                    int k = group * AN_PIXELS_GROUP + lane;
                    bool there = k < c->k && taps.line[j] < p->lines;
                    int64_t tap = (int64_t)taps.line[j] * c->s + taps.column[j];
                    *to++ = there ? an_float_to_bf16(weights[k * filter + tap]) : 0;
                }
        }
}

size_t an_pixels_forward_work(const an_pixels *p)
{
    size_t rows = (size_t)p->desc->in[0].c * (size_t)p->inputs;
    return (rows + 1 + (size_t)(p->lines + 1) / 2) * (size_t)p->row;
}

size_t an_pixels_sums(const an_pixels *p)
{
    return (size_t)p->groups * AN_PIXELS_GROUP * ((size_t)p->lines * (size_t)p->desc->u.conv.s + 1);
}

size_t an_pixels_backward_work(const an_pixels *p)
{
    const an_conv_desc *c = &p->desc->u.conv;
    size_t pixels = (size_t)p->desc->in[0].c * (size_t)p->inputs * (size_t)p->columns * 2;
    size_t row = (size_t)p->columns + (size_t)c->stride;
    size_t gradients = (size_t)p->groups * AN_PIXELS_GROUP * AN_PIXELS_ROWS * (size_t)p->steps * 2;
    return gradients + pixels + row;
}

void an_pixels_gradients(const an_pixels *p, const float *sums, int parts, float *dweights,
                         float *dbias)
{
    const an_conv_desc *c = &p->desc->u.conv;
    int taps = p->lines * c->s;
    size_t size = an_pixels_sums(p);
    const float *bias = sums + (size_t)p->groups * AN_PIXELS_GROUP * (size_t)taps;
    for (int k = 0; k < c->k; k++) {
        const float *of_k =
            sums + ((int64_t)(k / AN_PIXELS_GROUP) * taps * AN_PIXELS_GROUP + k % AN_PIXELS_GROUP);
        for (int tap = 0; tap <= taps; tap++) {
            const float *from = tap < taps ? of_k + (int64_t)tap * AN_PIXELS_GROUP : bias + k;
            float sum = *from;
            for (int part = 1; part < parts; part++)
                sum += from[(size_t)part * size];
            if (tap < taps && dweights)
                dweights[(int64_t)k * taps + tap] = sum;
            else if (tap == taps && dbias)
                dbias[k] = sum;
        }
    }
}
