#include "data/picture/rotate.h"

#include <math.h>

static int within(int value, int count)
{
    return value < 0 ? 0 : value >= count ? count - 1 : value;
}

/* Round to 15 decimal places, as Pillow does, so that right angles are exact. The product needs
 * more bits than a double has: for 45 degrees the results end in .46 (sine) and .57 (cosine). */
static double rounded(double value)
{
    return (double)rintl(value * 1e15L) / 1e15;
}

/* Interpolate the square at a position, in pixels from its upper left corner. */
static void sample(uint8_t *dst, const uint8_t *src, int side, double across, double down)
{
    across -= 0.5; /* now relative to the centre of the first pixel */
    down -= 0.5;
    const double left = floor(across), top = floor(down);
    const double dx = across - left, dy = down - top;
    const size_t x0 = 3 * (size_t)within((int)left, side),
                 x1 = 3 * (size_t)within((int)left + 1, side);
    const size_t row = 3 * (size_t)side;
    const uint8_t *upper = src + (size_t)within((int)top, side) * row;
    const uint8_t *lower = src + (size_t)within((int)top + 1, side) * row;
    for (size_t c = 0; c < 3; c++) {
        const double a = upper[x0 + c] + (upper[x1 + c] - upper[x0 + c]) * dx;
        const double b = lower[x0 + c] + (lower[x1 + c] - lower[x0 + c]) * dx;
        dst[c] = (uint8_t)(a + (b - a) * dy);
    }
}

void an_rotate(uint8_t *dst, size_t dst_row, int to, const uint8_t *src, int from, double degrees)
{
    const double angle = -degrees * (3.14159265358979323846 / 180.0), centre = from / 2.0;
    const double cosine = rounded(cos(angle)), sine = rounded(sin(angle));
    const double x0 = cosine * -centre + sine * -centre + centre;
    const double y0 = -sine * -centre + cosine * -centre + centre;
    const int margin = (from - to) / 2;
    for (int y = 0; y < to; y++)
        for (int x = 0; x < to; x++) {
            const double across = margin + x + 0.5, down = margin + y + 0.5;
            sample(dst + (size_t)y * dst_row + 3 * (size_t)x, src, from,
                   cosine * across + sine * down + x0, -sine * across + cosine * down + y0);
        }
}
