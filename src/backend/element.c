#include "backend/element.h"

#include <math.h>
#include <string.h>

static double value_at(const an_element_tensor *t, int64_t a, int64_t b, int64_t c, int64_t d)
{
    const int64_t *stride = t->stride;
    return t->values[(a * stride[0] + b * stride[1] + c * stride[2] + d * stride[3]) & t->mask];
}

static void add(an_element *e, double a, double b)
{
    e->value += a * b;
    e->squares += a * a * b * b;
    e->terms++;
}

/* ---- Shapes ---------------------------------------------------------------------------------- */

typedef struct shape {
    int64_t of[4];
} shape;

static shape shape_of(const an_element_conv *v, an_direction direction)
{
    const shape results[AN_DIRECTIONS] = {
        [AN_FORWARD] = {{v->n, v->k, v->p, v->q}},
        [AN_BACKWARD_DATA] = {{v->n, v->c, v->h, v->w}},
        [AN_BACKWARD_WEIGHTS] = {{v->k, v->c / v->groups, v->r, v->s}}};
    return results[direction];
}

static void arrange(an_element_tensor *t, shape d, bool last)
{
    const int64_t row = d.of[3], map = d.of[2] * row, channels = d.of[1];
    const int64_t plain[4] = {channels * map, map, row, 1};
    const int64_t pixels[4] = {channels * map, 1, row * channels, channels};
    memcpy(t->stride, last ? pixels : plain, sizeof t->stride);
}

void an_element_arrange(an_element_conv *v, bool channels_last)
{
    arrange(&v->x, shape_of(v, AN_BACKWARD_DATA), channels_last);
    arrange(&v->weights, shape_of(v, AN_BACKWARD_WEIGHTS), channels_last);
    arrange(&v->y, shape_of(v, AN_FORWARD), channels_last);
}

int64_t an_element_count(const an_element_conv *v, an_direction direction)
{
    const shape d = shape_of(v, direction);
    return d.of[0] * d.of[1] * d.of[2] * d.of[3];
}

int64_t an_element_terms(const an_element_conv *v, an_direction direction)
{
    const int64_t taps = v->r * v->s;
    return direction == AN_FORWARD         ? v->c / v->groups * taps
           : direction == AN_BACKWARD_DATA ? v->k / v->groups * taps
                                           : v->n * v->p * v->q;
}

/* ---- Elements -------------------------------------------------------------------------------- */

static double x_at(const an_element_conv *v, int64_t n, int64_t c, int64_t h, int64_t w)
{
    const bool inside = h >= 0 && h < v->h && w >= 0 && w < v->w;
    return inside ? value_at(&v->x, n, c, h, w) : 0;
}

static an_element y_of(const an_element_conv *v, int64_t n, int64_t k, int64_t p, int64_t q)
{
    const int64_t each = v->c / v->groups, first = k / (v->k / v->groups) * each;
    an_element e = {0};
    for (int64_t c = 0; c < each; c++)
        for (int64_t r = 0; r < v->r; r++)
            for (int64_t s = 0; s < v->s; s++)
                add(&e,
                    x_at(v, n, first + c, p * v->stride - v->top + r, q * v->stride - v->left + s),
                    value_at(&v->weights, k, c, r, s));
    if (v->bias.values)
        add(&e, v->bias.values[k & v->bias.mask], 1);
    if (v->relu && e.value < 0)
        e.value = 0;
    return e;
}

/* The gradient of the output at row / stride and column / stride; 0 where there is none. */
static double dy_from(const an_element_conv *v, int64_t n, int64_t k, int64_t row, int64_t column)
{
    const int64_t p = row / v->stride, q = column / v->stride;
    if (row < 0 || column < 0 || row % v->stride || column % v->stride || p >= v->p || q >= v->q)
        return 0;
    return value_at(&v->y, n, k, p, q);
}

static an_element dx_of(const an_element_conv *v, int64_t n, int64_t c, int64_t h, int64_t w)
{
    const int64_t each = v->c / v->groups, k_each = v->k / v->groups;
    an_element e = {0};
    for (int64_t k = c / each * k_each; k < (c / each + 1) * k_each; k++)
        for (int64_t r = 0; r < v->r; r++)
            for (int64_t s = 0; s < v->s; s++)
                add(&e, dy_from(v, n, k, h + v->top - r, w + v->left - s),
                    value_at(&v->weights, k, c % each, r, s));
    return e;
}

static an_element dw_of(const an_element_conv *v, int64_t k, int64_t c, int64_t r, int64_t s)
{
    const int64_t channel = k / (v->k / v->groups) * (v->c / v->groups) + c;
    an_element e = {0};
    for (int64_t n = 0; n < v->n; n++)
        for (int64_t p = 0; p < v->p; p++)
            for (int64_t q = 0; q < v->q; q++)
                add(&e,
                    x_at(v, n, channel, p * v->stride - v->top + r, q * v->stride - v->left + s),
                    value_at(&v->y, n, k, p, q));
    return e;
}

an_element an_element_of(const an_element_conv *v, an_direction direction, int64_t index)
{
    typedef an_element element_fn(const an_element_conv *, int64_t, int64_t, int64_t, int64_t);
    static element_fn *const elements[] = {
        [AN_FORWARD] = y_of, [AN_BACKWARD_DATA] = dx_of, [AN_BACKWARD_WEIGHTS] = dw_of};
    const an_element_tensor *const results[] = {
        [AN_FORWARD] = &v->y, [AN_BACKWARD_DATA] = &v->x, [AN_BACKWARD_WEIGHTS] = &v->weights};
    const shape d = shape_of(v, direction);
    int64_t at[4];
    for (int i = 0; i < 4; i++)
        at[i] = index / results[direction]->stride[i] % d.of[i];
    return elements[direction](v, at[0], at[1], at[2], at[3]);
}

double an_element_bound(const an_element *e, double store, bool tensor_cores)
{
    const double u = 0x1p-24, n = (double)e->terms, size = sqrt(e->squares);
    return (8 * u * sqrt(n) + (tensor_cores ? u * n / 8 : 0)) * size + store * fabs(e->value);
}
