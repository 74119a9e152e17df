#include "data/picture/resizer.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/picture/orientation.h"
#include "data/picture/resize_kernels.h"

/* Rows come in, and rows of the result are blended from those in the window. Upright pictures are
 * resized along a row before it enters the window, those that are stored with rows and columns
 * exchanged after rows have been blended, so that the upright rows are always first. Pixels have
 * 8 bits in between. */
struct an_resizer {
    uint8_t *dst;
    size_t dst_row;
    an_taps columns, rows; /* along and across stored rows */
    int left, top, width;  /* the part of the stored picture that is resized */
    bool rows_first;       /* rows are blended before they are resized */
    int taken, made;       /* rows of the picture, rows of dst */
    uint8_t *window;       /* [room][row]: rows from `begin` on, counted from `top` */
    size_t row;
    int begin, room;
    uint8_t *blended; /* a row between blending and resizing, if rows_first */
};

/* The kernels read whole vectors, past the end of a row. */
enum { BEYOND = 16 };

static bool lies_within(const an_axis *a, int size)
{
    return a->in >= 1 && a->out >= 1 && a->part >= 1 && a->from >= 0 && a->start >= 0 &&
           a->in <= size - a->from && a->part <= a->out - a->start;
}

static alexnet_status check_axes(an_size upright, const an_axis *across, const an_axis *down)
{
    if (lies_within(across, upright.width) && lies_within(down, upright.height))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "cannot resize %d x %d at (%d, %d) of %d x %d to %d x %d", across->in, down->in,
                   across->from, down->from, upright.width, upright.height, across->out, down->out);
}

/* Twice the rows of one output, so that the window seldom moves, but no more than are needed. */
static int rows_of_window(const an_taps *rows)
{
    const int last = rows->outputs - 1;
    const int needed = rows->first[last] + rows->count[last] - rows->first[0];
    int most = 0;
    for (int y = 0; y < rows->outputs; y++)
        most = rows->count[y] > most ? rows->count[y] : most;
    return needed < 2 * most ? needed : 2 * most;
}

static alexnet_status make_window(an_resizer *r)
{
    r->room = rows_of_window(&r->rows);
    r->begin = r->rows.first[0];
    r->row = 3 * (size_t)(r->rows_first ? r->width : r->columns.outputs);
    const size_t bytes = (size_t)r->room * r->row;
    r->window = an_malloc(bytes);
    if (r->rows_first)
        r->blended = an_calloc(r->row + BEYOND, 1);
    if (!r->window || (r->rows_first && !r->blended))
        return AN_FAIL_MEMORY(bytes, "a resized picture");
    return ALEXNET_OK;
}

alexnet_status an_resizer_new(an_resizer **out, uint8_t *dst, size_t dst_row, an_size stored,
                              int orientation, const an_axis *across, const an_axis *down)
{
    const an_layout layout = an_layout_of(orientation);
    const an_axis *x = layout.swapped ? down : across, *y = layout.swapped ? across : down;
    *out = NULL;
    AN_CHECK(
        check_axes(layout.swapped ? (an_size){stored.height, stored.width} : stored, across, down));
    an_resizer *r = an_calloc(1, sizeof *r);
    if (!r)
        return AN_FAIL_MEMORY(sizeof *r, "a resize");
    *r = (an_resizer){.dst = dst, .dst_row = dst_row, .rows_first = layout.swapped};
    r->left = layout.from_right ? stored.width - x->from - x->in : x->from;
    r->top = layout.from_bottom ? stored.height - y->from - y->in : y->from;
    r->width = x->in;
    alexnet_status rc = ALEXNET_OK;
    AN_TRY(an_taps_make(&r->columns, x, layout.from_right));
    AN_TRY(an_taps_make(&r->rows, y, layout.from_bottom));
    AN_TRY(make_window(r));
    *out = r;
    r = NULL;
cleanup:
    an_resizer_free(r);
    return rc;
}

/* Between equal sizes every weight is 1 or 0, so that pixels are copied. */
static void resize_row(uint8_t *dst, const uint8_t *src, size_t length, const an_taps *t)
{
    if (t->copies)
        memcpy(dst, src + 3 * (size_t)t->first[0], 3 * (size_t)t->outputs);
    else
        an_resize_row(dst, src, length, t);
}

static void blend_rows(uint8_t *dst, const an_resizer *r, int y)
{
    const an_taps *t = &r->rows;
    const uint8_t *first = r->window + (size_t)(t->first[y] - r->begin) * r->row;
    if (t->copies)
        memcpy(dst, first, r->row);
    else
        an_blend_rows(dst, first, r->row, r->row, t, y);
}

/* A place in the window for row y. If it is full, rows before those of the next output leave. */
static uint8_t *place_of(an_resizer *r, int y)
{
    if (y - r->begin == r->room) {
        const int begin = r->rows.first[r->made];
        memmove(r->window, r->window + (size_t)(begin - r->begin) * r->row,
                (size_t)(y - begin) * r->row);
        r->begin = begin;
    }
    return r->window + (size_t)(y - r->begin) * r->row;
}

static void make_row(an_resizer *r)
{
    uint8_t *dst = r->dst + (size_t)r->made * r->dst_row;
    blend_rows(r->rows_first ? r->blended : dst, r, r->made);
    if (r->rows_first)
        resize_row(dst, r->blended, r->row + BEYOND, &r->columns);
    r->made++;
}

void an_resizer_take(an_resizer *r, const uint8_t *row, size_t length)
{
    const int y = r->taken++ - r->top;
    const size_t before = 3 * (size_t)r->left;
    if (y < r->begin || r->made == r->rows.outputs)
        return;
    uint8_t *to = place_of(r, y);
    if (r->rows_first)
        memcpy(to, row + before, r->row);
    else
        resize_row(to, row + before, length - before, &r->columns);
    while (r->made < r->rows.outputs && r->rows.first[r->made] + r->rows.count[r->made] <= y + 1)
        make_row(r);
}

void an_resizer_take_all(an_resizer *r, const uint8_t *rgb, an_size stored)
{
    const size_t row = 3 * (size_t)stored.width;
    for (int y = 0; y < stored.height; y++)
        an_resizer_take(r, rgb + (size_t)y * row, (size_t)(stored.height - y) * row);
}

void an_resizer_free(an_resizer *r)
{
    if (!r)
        return;
    an_taps_free(&r->columns);
    an_taps_free(&r->rows);
    an_free(r->window);
    an_free(r->blended);
    an_free(r);
}
