#include "backend/cpu/fc_native.h"

#include <omp.h>

#include "base/alloc.h"
#include "base/status.h"

enum {
    FEWEST = 2,      /* images; with one, only memory bandwidth counts, and oneDNN is faster */
    CHUNK = 1024,    /* forward: columns that all rows are multiplied by before the next chunk */
    BLOCK = 224,     /* data: columns of weights, AN_FC_ROWS times 32, that are laid out together */
    BLOCK_ROWS = 512 /* rows of such a block; with the pairs of dy it fills half of the L2 cache */
};

static int64_t up(int64_t count, int64_t unit)
{
    return (count + unit - 1) / unit * unit;
}

alexnet_status an_fc_native_new(an_fc_native *native, const an_cpu_op *op, const an_op_desc *desc)
{
    int64_t inputs = an_chw_count(desc->in[0]);
    if (op->cpu->activation != AN_BF16 || !op->cpu->kernels->fc_multiply)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "native kernels multiply only bf16");
    if (inputs % AN_FC_PANEL || desc->n < FEWEST)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "inputs not a multiple of %d, or fewer than %d images", AN_FC_PANEL, FEWEST);
    *native = (an_fc_native){.kernels = op->cpu->kernels,
                             .images = desc->n,
                             .lanes = (int)up(desc->n, AN_FC_VECTOR),
                             .inputs = inputs,
                             .outputs = desc->u.fc.k,
                             .threads = op->cpu->base.ctx->threads};
    return ALEXNET_OK;
}

/* ---- The parts of scratch: bytes, all multiples of AN_ALIGN --------------------------------- */

static size_t aligned(int64_t elements, size_t size)
{
    return an_aligned((size_t)elements * size);
}

static size_t pairs_bytes(const an_fc_native *native, int64_t columns)
{
    return aligned(up(columns, 2) * native->lanes, sizeof(uint16_t));
}

static size_t block_bytes(void)
{
    return aligned(BLOCK_ROWS * BLOCK, sizeof(uint16_t));
}

/* Bytes for a thread: weights laid out, and sums. */
static size_t data_bytes(const an_fc_native *native)
{
    return block_bytes() + aligned((int64_t)BLOCK * native->lanes, sizeof(float));
}

static int64_t image_pairs(const an_fc_native *native, int64_t columns)
{
    return (native->images + 1) / 2 * columns * 2;
}

size_t an_fc_native_scratch(const an_fc_native *native, an_direction direction)
{
    switch (direction) {
    case AN_FORWARD:
        return pairs_bytes(native, native->inputs) +
               aligned(native->outputs * native->lanes, sizeof(float));
    case AN_BACKWARD_DATA:
        return pairs_bytes(native, native->outputs) + data_bytes(native) * (size_t)native->threads;
    default:
        return aligned(image_pairs(native, native->inputs), sizeof(uint16_t)) +
               aligned(image_pairs(native, up(native->outputs, AN_FC_STRIP)), sizeof(uint16_t));
    }
}

/* Lays out the pairs of all columns of a matrix; called within a parallel region. */
static void pair_columns(const an_fc_native *native, const uint16_t *matrix, int64_t columns,
                         uint16_t *to)
{
#pragma omp for schedule(static)
    for (int64_t pair = 0; pair < (columns + 1) / 2; pair++)
        an_fc_pair_columns(matrix, native->images, columns, pair, to + pair * 2 * native->lanes);
}

/* This thread's part of `count` rows, in whole tiles of AN_FC_ROWS. */
typedef struct share {
    int64_t first, end;
} share;

static share my_share(int64_t count)
{
    int64_t tiles = up(count, AN_FC_ROWS) / AN_FC_ROWS;
    int me = omp_get_thread_num(), all = omp_get_num_threads();
    share s = {tiles * me / all * AN_FC_ROWS, tiles * (me + 1) / all * AN_FC_ROWS};
    if (s.end > count)
        s.end = count;
    return s;
}

static int at_most(int64_t count, int most)
{
    return count < most ? (int)count : most;
}

/* ---- Forward --------------------------------------------------------------------------------- */

/* The part of a tile to prefetch: a chunk of each of its rows. */
static an_fc_fetch chunk_at(const an_fc_native *native, const uint16_t *w, share s, int64_t row,
                            int64_t column)
{
    if (row >= s.end) { /* after the last tile comes the first of the next chunk */
        row = s.first;
        column += CHUNK;
    }
    if (column >= native->inputs)
        return (an_fc_fetch){.rows = 0};
    return (an_fc_fetch){.row = w + row * native->inputs + column,
                         .row_step = native->inputs,
                         .rows = at_most(s.end - row, AN_FC_ROWS),
                         .lines = at_most(native->inputs - column, CHUNK) / AN_FC_LINE};
}

static void forward_share(const an_fc_native *native, const an_fc_forward *run, share s,
                          const uint16_t *pairs, float *sums)
{
    for (int64_t column = 0; column < native->inputs; column += CHUNK)
        for (int64_t row = s.first; row < s.end; row += AN_FC_ROWS) {
            an_fc_fetch next = chunk_at(native, run->w, s, row + AN_FC_ROWS, column);
            const an_fc_product_run product = {
                .weights = run->w + row * native->inputs + column,
                .row_step = native->inputs,
                .pair_step = 2,
                .columns = pairs + column * native->lanes,
                .rows = at_most(s.end - row, AN_FC_ROWS),
                .pairs = at_most(native->inputs - column, CHUNK) / 2,
                .lanes = native->lanes,
                .begin = column == 0,
                .sums = sums + row * native->lanes,
                .fetch = &next,
            };
            native->kernels->fc_multiply(&product);
        }
}

void an_fc_native_forward(const an_fc_native *native, const an_fc_forward *run, void *scratch)
{
    uint16_t *pairs = scratch;
    float *sums = (float *)((char *)scratch + pairs_bytes(native, native->inputs));
#pragma omp parallel
    {
        pair_columns(native, run->x, native->inputs, pairs);
        share s = my_share(native->outputs);
        forward_share(native, run, s, pairs, sums);
        const an_fc_write_run result = {
            .sums = sums + s.first * native->lanes,
            .bias = run->bias + s.first,
            .rows = (int)(s.end - s.first),
            .lanes = native->lanes,
            .images = native->images,
            .columns = native->outputs,
            .relu = run->relu,
            .wide = run->wide,
            .to = an_at(run->y, s.first, run->wide ? AN_F32 : AN_BF16),
        };
        native->kernels->fc_write(&result);
    }
}

/* ---- Gradients of the data ------------------------------------------------------------------- */

/* A block of weights: its first row and column, and how many of each it has. */
typedef struct block {
    int64_t row, column;
    int rows, columns;
} block;

static block block_at(const an_fc_native *native, share s, int64_t row, int64_t column)
{
    if (row >= native->outputs) { /* after the last block comes the top one of the next columns */
        row = 0;
        column += BLOCK;
    }
    int64_t left = column < s.end ? s.end - column : 0;
    return (block){row, column, at_most(native->outputs - row, BLOCK_ROWS), at_most(left, BLOCK)};
}

static void data_block(const an_fc_native *native, const uint16_t *w, block b,
                       const uint16_t *pairs, const uint16_t *weights, float *sums, block next)
{
    int64_t width = up(b.columns, AN_FC_VECTOR);
    an_fc_fetch fetch = {.row = w + next.row * native->inputs + next.column,
                         .row_step = native->inputs,
                         .rows = next.columns ? next.rows : 0,
                         .lines = next.columns / AN_FC_LINE + 2};
    for (int row = 0; row < b.columns; row += AN_FC_ROWS) {
        const an_fc_product_run product = {
            .weights = weights + 2 * row,
            .row_step = 2,
            .pair_step = 2 * width,
            .columns = pairs + b.row * native->lanes,
            .rows = at_most(b.columns - row, AN_FC_ROWS),
            .pairs = (b.rows + 1) / 2,
            .lanes = native->lanes,
            .begin = b.row == 0,
            .sums = sums + (int64_t)row * native->lanes,
            .fetch = &fetch,
        };
        native->kernels->fc_multiply(&product);
    }
}

void an_fc_native_data(const an_fc_native *native, const uint16_t *dy, const uint16_t *w,
                       uint16_t *dx, void *scratch)
{
    uint16_t *pairs = scratch;
#pragma omp parallel
    {
        char *mine = (char *)scratch + pairs_bytes(native, native->outputs);
        mine += data_bytes(native) * (size_t)omp_get_thread_num();
        uint16_t *weights = (uint16_t *)mine;
        float *sums = (float *)(mine + block_bytes());
        pair_columns(native, dy, native->outputs, pairs);
        share s = my_share(native->inputs);
        for (block b = block_at(native, s, 0, s.first); b.columns;) {
            block next = block_at(native, s, b.row + b.rows, b.column);
            const an_fc_layout_run layout = {w + b.row * native->inputs + b.column, native->inputs,
                                             b.rows, b.columns, weights};
            native->kernels->fc_pair_rows(&layout);
            data_block(native, w, b, pairs, weights, sums, next);
            const an_fc_write_run result = {.sums = sums,
                                            .rows = b.columns,
                                            .lanes = native->lanes,
                                            .images = native->images,
                                            .columns = native->inputs,
                                            .to = dx + b.column};
            if (b.row + b.rows == native->outputs)
                native->kernels->fc_write(&result);
            b = next;
        }
    }
}

/* ---- Gradients of the weights ---------------------------------------------------------------- */

void an_fc_native_weights(const an_fc_native *native, const uint16_t *dy, const uint16_t *x,
                          float *dw, void *scratch)
{
    uint16_t *panels = scratch;
    uint16_t *strips = (uint16_t *)((char *)scratch +
                                    aligned(image_pairs(native, native->inputs), sizeof *panels));
    int64_t n_panels = native->inputs / AN_FC_PANEL,
            n_strips = up(native->outputs, AN_FC_STRIP) / AN_FC_STRIP;
#pragma omp parallel
    {
#pragma omp for schedule(static) nowait
        for (int64_t i = 0; i < n_panels; i++) {
            const an_fc_layout_run layout = {x + i * AN_FC_PANEL, native->inputs, native->images,
                                             AN_FC_PANEL,
                                             panels + i * image_pairs(native, AN_FC_PANEL)};
            native->kernels->fc_panel(&layout);
        }
#pragma omp for schedule(static)
        for (int64_t i = 0; i < n_strips; i++)
            an_fc_strip(dy, native->images, native->outputs, i,
                        strips + i * image_pairs(native, AN_FC_STRIP));
#pragma omp for schedule(static)
        for (int64_t i = 0; i < n_strips; i++) {
            int64_t row = i * AN_FC_STRIP;
            const an_fc_gradients_run run = {
                .strip = strips + i * image_pairs(native, AN_FC_STRIP),
                .panels = panels,
                .images = native->images,
                .rows = at_most(native->outputs - row, AN_FC_STRIP),
                .columns = native->inputs,
                .dweights = dw + row * native->inputs,
            };
            native->kernels->fc_gradients(&run);
        }
    }
}
