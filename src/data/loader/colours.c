#include "data/loader/colours.h"

#include <math.h>
#include <string.h>

/* The grey value of R, G, B. */
static double grey_of(const double rgb[3])
{
    double grey = 0;
    for (int i = 0; i < 3; i++)
        grey += an_channel_share(AN_CHANNELS_GREY, 0, i) * rgb[i];
    return grey;
}

static void apply(const an_colours *colours, const double rgb[3], double out[3])
{
    for (int i = 0; i < 3; i++) {
        out[i] = colours->offset[i];
        for (int j = 0; j < 3; j++)
            out[i] += colours->matrix[i][j] * rgb[j];
    }
}

an_colours an_colours_none(void)
{
    return (an_colours){.matrix = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
}

/* The rotation about (1, 1, 1) by a share of the circle, by Rodrigues' formula. */
static void rotation(double matrix[3][3], double share)
{
    const double angle = 2 * 3.14159265358979323846 * share;
    const double along = (1 - cos(angle)) / 3, across = sin(angle) / sqrt(3);
    for (int i = 0; i < 3; i++) {
        matrix[i][i] = along + cos(angle);
        matrix[i][(i + 1) % 3] = along - across;
        matrix[i][(i + 2) % 3] = along + across;
    }
}

void an_colours_change(an_colours *colours, an_colour_step step, double factor,
                       const double mean[3])
{
    an_colours next = {.matrix = {{factor, 0, 0}, {0, factor, 0}, {0, 0, factor}}}, both;
    double now[3];
    apply(colours, mean, now);
    for (int i = 0; i < 3; i++) {
        if (step == AN_COLOUR_CONTRAST)
            next.offset[i] = (1 - factor) * grey_of(now);
        for (int j = 0; j < 3 && step == AN_COLOUR_SATURATION; j++)
            next.matrix[i][j] += (1 - factor) * an_channel_share(AN_CHANNELS_GREY, 0, j);
    }
    if (step == AN_COLOUR_HUE)
        rotation(next.matrix, factor);
    apply(&next, colours->offset, both.offset);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            both.matrix[i][j] = 0;
            for (int k = 0; k < 3; k++)
                both.matrix[i][j] += next.matrix[i][k] * colours->matrix[k][j];
        }
    *colours = both;
}

void an_colours_set(an_slot *slot, const an_colours *colours)
{
    slot->recoloured = 1;
    for (int i = 0; i < 3; i++) {
        slot->offset[i] = (float)colours->offset[i];
        for (int j = 0; j < 3; j++)
            slot->matrix[i][j] = (float)colours->matrix[i][j];
    }
}

/* Sum the bytes of a row in 48 columns: a multiple of 3 that compilers can vectorise. */
enum { COLUMNS = 48 };

static void add_row(uint32_t sums[COLUMNS], const uint8_t *bytes, int count)
{
    for (; count >= COLUMNS; count -= COLUMNS, bytes += COLUMNS)
        for (int i = 0; i < COLUMNS; i++)
            sums[i] += bytes[i];
    for (int i = 0; i < count; i++)
        sums[i] += bytes[i];
}

void an_colours_mean(double mean[3], const uint8_t *picture, int side, int crop,
                     const an_slot *slot)
{
    uint64_t sums[3] = {0};
    for (int y = 0; y < crop; y++) {
        uint32_t row[COLUMNS] = {0};
        add_row(row, picture + ((int64_t)(slot->y + y) * side + slot->x) * 3, 3 * crop);
        for (int i = 0; i < COLUMNS; i++)
            sums[i % 3] += row[i];
    }
    for (int i = 0; i < 3; i++)
        mean[i] = (double)sums[i] / ((double)crop * crop);
}
