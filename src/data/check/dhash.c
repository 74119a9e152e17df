#include "data/check/dhash.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = AN_DHASH_ROWS, COLUMNS = AN_DHASH_COLUMNS, FIELDS = ROWS * COLUMNS };

/* The mean colour of a field, times 1000, and its luminance (ITU-R BT.601). */
typedef struct field {
    int32_t red, blue, grey;
} field;

/* Where field i of `count` begins along a side; fields of small pictures overlap. */
static int edge(int i, int count, int side)
{
    return (int)((int64_t)i * side / count);
}

static int end_of(int i, int count, int side)
{
    const int begin = edge(i, count, side), end = edge(i + 1, count, side);
    return end > begin ? end : begin + 1;
}

static field mean_of(const an_picture *picture, int row, int column)
{
    const int top = edge(row, ROWS, picture->height), bottom = end_of(row, ROWS, picture->height);
    const int left = edge(column, COLUMNS, picture->width);
    const int right = end_of(column, COLUMNS, picture->width);
    uint64_t sum[3] = {0};
    for (int y = top; y < bottom; y++) {
        const uint8_t *p = picture->rgb + 3 * ((size_t)y * (size_t)picture->width + (size_t)left);
        for (int x = left; x < right; x++, p += 3)
            for (int c = 0; c < 3; c++)
                sum[c] += p[c];
    }
    const uint64_t count = (uint64_t)(bottom - top) * (uint64_t)(right - left);
    return (field){.red = (int32_t)(1000 * sum[0] / count),
                   .blue = (int32_t)(1000 * sum[2] / count),
                   .grey = (int32_t)((299 * sum[0] + 587 * sum[1] + 114 * sum[2]) / count)};
}

/* Store the greys, and the colours averaged over several fields. */
static void keep(an_dhash *hash, field fields[ROWS][COLUMNS])
{
    int32_t colour[ROWS / AN_DHASH_DOWN][COLUMNS / AN_DHASH_ACROSS][2] = {{{0}}};
    int sum = 0;
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) {
            const field *f = &fields[r][c];
            int32_t *to = colour[r / AN_DHASH_DOWN][c / AN_DHASH_ACROSS];
            hash->grey[r][c] = (uint8_t)(f->grey / 1000);
            sum += hash->grey[r][c];
            to[0] += f->red - f->grey;
            to[1] += f->blue - f->grey;
        }
    hash->mean = (uint8_t)(sum / FIELDS);
    for (int r = 0; r < ROWS / AN_DHASH_DOWN; r++)
        for (int c = 0; c < COLUMNS / AN_DHASH_ACROSS; c++)
            for (int i = 0; i < 2; i++)
                hash->colour[r][c][i] =
                    (int8_t)(colour[r][c][i] / (2 * 1000 * AN_DHASH_DOWN * AN_DHASH_ACROSS));
}

bool an_dhash_of(an_dhash *hash, const an_picture *picture)
{
    /* Of 64 pairs of fields, DISTINCT must be a LEVEL apart. */
    enum { LEVEL = 1000, DISTINCT = 12 };
    field fields[ROWS][COLUMNS];
    int distinct = 0;
    *hash = (an_dhash){0};
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++)
            fields[r][c] = mean_of(picture, r, c);
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS - 1; c++) {
            const int32_t step = fields[r][c + 1].grey - fields[r][c].grey;
            hash->bits |= (uint64_t)(step > 0) << (8 * r + c);
            hash->mirrored |= (uint64_t)(step < 0) << (8 * r + 7 - c);
            distinct += abs(step) >= LEVEL;
        }
    keep(hash, fields);
    return distinct >= DISTINCT;
}

bool an_dhash_alike(const an_dhash *a, const an_dhash *b, bool mirrored)
{
    enum { GREY = 8, COLOUR = 12, DOWN = ROWS / AN_DHASH_DOWN, ACROSS = COLUMNS / AN_DHASH_ACROSS };
    int grey = 0, colour = 0;
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++)
            grey += abs(a->grey[r][c] - a->mean -
                        (b->grey[r][mirrored ? COLUMNS - 1 - c : c] - b->mean));
    for (int r = 0; r < DOWN; r++)
        for (int c = 0; c < ACROSS; c++)
            for (int i = 0; i < 2; i++)
                colour += abs(a->colour[r][c][i] - b->colour[r][mirrored ? ACROSS - 1 - c : c][i]);
    return grey <= GREY * FIELDS && 2 * colour <= COLOUR * DOWN * ACROSS * 2;
}
