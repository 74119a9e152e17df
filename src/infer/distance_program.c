/*
 * The network's programs for pictures of different sizes.
 */
#include <stdio.h>

#include "base/status.h"
#include "infer/distance_impl.h"

static void free_size(an_distance_size *size)
{
    an_program_free(size->forward);
    an_program_free(size->backward);
    *size = (an_distance_size){0};
}

void an_distance_free_programs(an_distance *d)
{
    for (int i = 0; i < AN_DISTANCE_SIZES; i++)
        free_size(&d->sizes[i]);
}

static alexnet_status compile(an_program **out, an_distance *d, int rows, int columns,
                              int gradients)
{
    an_program_options options = {.slots = 1,
                                  .pictures = 1,
                                  .gradients = gradients,
                                  .keep = d->layers,
                                  .n_keep = d->lpips->count,
                                  .rows = rows,
                                  .columns = columns};
    alexnet_status rc = an_program_compile(out, d->net, &options);
    if (rc == ALEXNET_OK)
        rc = an_program_pack(*out);
    if (rc != ALEXNET_OK) {
        char what[96];
        an_program_free(*out);
        *out = NULL;
        snprintf(what, sizeof what, "a picture of %d x %d pixels", columns, rows);
        return an_fail_within(rc, what);
    }
    return ALEXNET_OK;
}

/* Find a free place for a size. While there are too many sizes, or too many pixels in all, the one
 * that was used least recently is freed. */
static an_distance_size *make_way(an_distance *d, int64_t pixels)
{
    for (;;) {
        an_distance_size *empty = NULL, *oldest = NULL;
        int64_t sum = pixels;
        for (int i = 0; i < AN_DISTANCE_SIZES; i++) {
            an_distance_size *size = &d->sizes[i];
            if (!size->rows)
                empty = size;
            else if (!oldest || size->used < oldest->used)
                oldest = size;
            sum += (int64_t)size->rows * size->columns;
        }
        if (empty && (sum <= AN_DISTANCE_PIXELS_MAX || !oldest))
            return empty;
        free_size(oldest);
    }
}

static alexnet_status find_size(an_distance_size **out, an_distance *d, int rows, int columns)
{
    for (int i = 0; i < AN_DISTANCE_SIZES; i++)
        if (d->sizes[i].rows == rows && d->sizes[i].columns == columns) {
            d->sizes[i].used = ++d->uses;
            *out = &d->sizes[i];
            return ALEXNET_OK;
        }
    an_distance_size *size = make_way(d, (int64_t)rows * columns);
    AN_CHECK(compile(&size->forward, d, rows, columns, 0));
    size->rows = rows;
    size->columns = columns;
    size->used = ++d->uses;
    *out = size;
    return ALEXNET_OK;
}

alexnet_status an_distance_program(an_program **out, an_distance *d, int rows, int columns,
                                   int gradients)
{
    an_distance_size *size;
    AN_CHECK(find_size(&size, d, rows, columns));
    if (gradients && !size->backward)
        AN_CHECK(compile(&size->backward, d, rows, columns, gradients));
    *out = gradients ? size->backward : size->forward;
    return ALEXNET_OK;
}
