/* The colours of maps. */
#include <math.h>
#include <stdlib.h>

#include "draw.h"

/* Lightness, green to red, blue to yellow. In this space equal distances look about equally large
 * (B. Ottosson, "A perceptual color space for image processing", 2020). */
typedef struct oklab {
    double l, a, b;
} oklab;

static const oklab white = {1, 0, 0}, red = {0.56, 0.20, 0.10}, blue = {0.50, -0.03, -0.20};

static uint32_t level(double linear)
{
    double v = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
    return (uint32_t)lround(255 * fmin(fmax(v, 0), 1));
}

static uint32_t to_rgb(oklab c)
{
    double l = pow(c.l + 0.3963377774 * c.a + 0.2158037573 * c.b, 3);
    double m = pow(c.l - 0.1055613458 * c.a - 0.0638541728 * c.b, 3);
    double s = pow(c.l - 0.0894841775 * c.a - 1.2914855480 * c.b, 3);
    return level(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s) << 16 |
           level(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s) << 8 |
           level(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
}

uint32_t draw_map_colour(double value)
{
    double share = fmin(fabs(value), 1); /* 1 for NAN */
    oklab end = value < 0 ? blue : red;
    return to_rgb((oklab){white.l + share * (end.l - white.l), white.a + share * (end.a - white.a),
                          white.b + share * (end.b - white.b)});
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

double draw_map_end(const float *values, size_t count)
{
    size_t n = 0;
    float *sizes = cli_alloc(count * sizeof *sizes);
    for (size_t i = 0; i < count; i++)
        if (values[i] != 0)
            sizes[n++] = fabsf(values[i]);
    qsort(sizes, n, sizeof *sizes, by_value);
    double end = n ? sizes[n - 1 - n / 200] : 0;
    free(sizes);
    return end;
}

uint32_t draw_over(uint32_t colour, const uint8_t pixel[3])
{
    /* Black keeps a part of the colour, so that it shows in dark places. */
    double light = (0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]) / 255;
    double shade = 0.4 + 0.6 * light;
    uint32_t out = 0;
    for (int shift = 0; shift <= 16; shift += 8)
        out |= (uint32_t)lround((colour >> shift & 255) * shade) << shift;
    return out;
}

void draw_map_bar(cairo_t *page, draw_box box, double low, double high)
{
    enum { STEPS = 256 };
    uint32_t colours[STEPS];
    for (int i = 0; i < STEPS; i++)
        colours[i] = draw_map_colour(low + (high - low) * i / (STEPS - 1));
    draw_pixels(page, box, colours, STEPS, 1);
    draw_ink(page, 0x888888);
    draw_frame(page, box, 1);
    draw_ink(page, 0x222222);
}
