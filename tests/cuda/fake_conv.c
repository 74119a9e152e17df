#include "cuda/fake_conv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_bf16(const fake_tensor *t)
{
    return t->type == CUDNN_DATA_BFLOAT16;
}

static int64_t at(const fake_tensor *t, int64_t a, int64_t b, int64_t c, int64_t d)
{
    const int64_t *s = t->strides;
    return a * s[0] + b * s[1] + c * s[2] + d * s[3];
}

typedef void tap_fn(const fake_conv *op, double *sums, int64_t x, int64_t w, int64_t y);

/* Call `tap` for every weight of an output whose pixel lies inside the image. */
static void visit_output(const fake_conv *op, double *sums, tap_fn *tap, const int64_t y[4])
{
    const int64_t *in = op->x.dims, *w = op->w.dims;
    int64_t k_each = op->y.dims[1] / (in[1] / w[1]), first = y[1] / k_each * w[1];
    for (int64_t r = 0; r < w[2]; r++)
        for (int64_t s = 0; s < w[3]; s++) {
            int64_t row = y[2] * op->stride[0] - op->pad[0] + r;
            int64_t column = y[3] * op->stride[1] - op->pad[1] + s;
            if (row < 0 || row >= in[2] || column < 0 || column >= in[3])
                continue;
            for (int64_t c = 0; c < w[1]; c++)
                tap(op, sums, at(&op->x, y[0], first + c, row, column), at(&op->w, y[1], c, r, s),
                    at(&op->y, y[0], y[1], y[2], y[3]));
        }
}

static void visit(const fake_conv *op, double *sums, tap_fn *tap)
{
    const int64_t *out = op->y.dims;
    for (int64_t n = 0; n < out[0]; n++)
        for (int64_t k = 0; k < out[1]; k++)
            for (int64_t i = 0; i < out[2]; i++)
                for (int64_t j = 0; j < out[3]; j++)
                    visit_output(op, sums, tap, (const int64_t[]){n, k, i, j});
}

static double load(const fake_tensor *t, int64_t i)
{
    return fake_load(t->data, i, is_bf16(t));
}

static void to_y(const fake_conv *op, double *sums, int64_t x, int64_t w, int64_t y)
{
    sums[y] += load(&op->x, x) * load(&op->w, w);
}

static void to_x(const fake_conv *op, double *sums, int64_t x, int64_t w, int64_t y)
{
    sums[x] += load(&op->y, y) * load(&op->w, w);
}

static void to_w(const fake_conv *op, double *sums, int64_t x, int64_t w, int64_t y)
{
    sums[w] += load(&op->y, y) * load(&op->x, x);
}

static void add_tail(const fake_conv *op, double *sums)
{
    const int64_t *out = op->y.dims;
    for (int64_t n = 0; n < out[0]; n++)
        for (int64_t k = 0; k < out[1]; k++)
            for (int64_t i = 0; i < out[2]; i++)
                for (int64_t j = 0; j < out[3]; j++) {
                    double *v = &sums[at(&op->y, n, k, i, j)];
                    *v += load(&op->bias, k);
                    if (op->relu)
                        *v = op->keeps_nan && isnan(*v) ? *v : fmax(*v, 0);
                }
}

static int convolve(const void *arg, int64_t unused)
{
    static tap_fn *const taps[] = {to_y, to_x, to_w};
    const fake_conv *op = arg;
    const fake_tensor *all[] = {&op->y, &op->x, &op->w}, *out = all[op->direction];
    int64_t count = out->dims[0] * out->dims[1] * out->dims[2] * out->dims[3];
    double *sums = calloc((size_t)count, sizeof *sums);
    (void)unused;
    if (op->workspace_bytes)
        memset(op->workspace, 0xff, op->workspace_bytes);
    visit(op, sums, taps[op->direction]);
    if (op->bias.data)
        add_tail(op, sums);
    for (int64_t i = 0; i < count; i++)
        fake_store(out->data, i, is_bf16(out), sums[i]);
    free(sums);
    return 0;
}

void fake_conv_queue(const fake_conv *conv, cudaStream_t stream)
{
    fake_count.convolutions++;
    fake_count.last_workspace = conv->workspace_bytes;
    fake_count.last_outputs = (int)conv->y.dims[1];
    fake_count.last_direction = conv->direction;
    fake_queue(stream, convolve, conv, sizeof *conv, 0);
}
