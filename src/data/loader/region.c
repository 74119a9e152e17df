#include "data/loader/region.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "data/picture/rotate.h"

enum { TRIES = 10, UNIT_ANGLE = TRIES };

static double between(uint32_t bits, const double range[2])
{
    return range[0] + an_uniform(bits) * (range[1] - range[0]);
}

/* A box of random area and aspect, anywhere. @return false if it is larger than the picture */
static bool try_box(an_rect *box, const an_region_rule *rule, an_size size, an_random4 r)
{
    const double logs[2] = {log(rule->aspect[0]), log(rule->aspect[1])};
    const double area = between(r.v[0], rule->area) * ((double)size.width * size.height);
    const double aspect = exp(between(r.v[1], logs));
    const double width = rint(sqrt(area * aspect)), height = rint(sqrt(area / aspect));
    if (width < 1 || height < 1 || width > size.width || height > size.height)
        return false;
    box->width = (int)width;
    box->height = (int)height;
    box->y = (int)an_below(r.v[2], (uint32_t)(size.height - box->height) + 1);
    box->x = (int)an_below(r.v[3], (uint32_t)(size.width - box->width) + 1);
    return true;
}

static an_rect in_the_middle(an_size size, int width, int height)
{
    return (an_rect){(size.width - width) / 2, (size.height - height) / 2, width, height};
}

/* Limit a length to 1 .. most. */
static int bounded(double value, int most)
{
    return value < 1 ? 1 : value > most ? most : (int)value;
}

/* The largest box in the middle of the picture whose aspect is allowed. */
static an_rect largest_box(const an_region_rule *rule, an_size size)
{
    const double aspect = (double)size.width / size.height;
    int width = size.width, height = size.height;
    if (aspect < rule->aspect[0])
        height = bounded(rint(width / rule->aspect[0]), height);
    else if (aspect > rule->aspect[1])
        width = bounded(rint(height * rule->aspect[1]), width);
    return in_the_middle(size, width, height);
}

static an_rect drawn_box(const an_region_rule *rule, an_size size, uint64_t epoch, uint64_t place)
{
    an_rect box;
    for (uint32_t i = 0; i < TRIES; i++)
        if (try_box(&box, rule, size, an_random(rule->seed, AN_PURPOSE_REGION, epoch, place, i)))
            return box;
    return largest_box(rule, size);
}

static an_rect fitted_box(an_fit_rule fit, an_size size)
{
    const int shorter = size.width < size.height ? size.width : size.height;
    return fit == AN_FIT_WARP ? (an_rect){0, 0, size.width, size.height}
                              : in_the_middle(size, shorter, shorter);
}

/* Stretch a part of an axis by `factor` about its centre, and keep it on the axis. */
static void stretch(int *from, int *length, double factor, int whole)
{
    const double centre = *from + *length / 2.0;
    *length = bounded(rint(*length * factor), whole);
    const double begin = rint(centre - *length / 2.0);
    *from = begin < 0 ? 0 : begin > whole - *length ? whole - *length : (int)begin;
}

/* A rotated square fits into an upright one that is |cos| + |sin| times as large. */
static void turn(an_region *region, int side, an_size size)
{
    const double angle = region->degrees * (3.14159265358979323846 / 180.0);
    const double factor = fabs(cos(angle)) + fabs(sin(angle));
    an_rect *box = &region->box;
    region->square = side + 2 * (int)ceil((factor - 1) * side / 2);
    double larger = (double)region->square / side;
    larger = fmin(larger, fmin((double)size.width / box->width, (double)size.height / box->height));
    stretch(&box->x, &box->width, larger, size.width);
    stretch(&box->y, &box->height, larger, size.height);
}

void an_region_draw(an_region *out, const an_region_rule *rule, an_size size, uint64_t epoch,
                    uint64_t position)
{
    const uint64_t group = rule->group > 1 ? (uint64_t)rule->group : 1;
    const uint64_t place = position - position % group;
    *out = (an_region){.square = rule->side,
                       .box = rule->scaled ? drawn_box(rule, size, epoch, place)
                                           : fitted_box(rule->fit, size)};
    if (!(rule->rotate > 0))
        return;
    const an_random4 r = an_random(rule->seed, AN_PURPOSE_REGION, epoch, place, UNIT_ANGLE);
    out->degrees = (2 * an_uniform(r.v[0]) - 1) * rule->rotate;
    turn(out, rule->side, size);
}

/* Convert an edge from an axis of `whole` pixels to one of `there`. */
static int scaled_edge(int edge, int whole, int there)
{
    return (int)(((int64_t)2 * edge * there + whole) / ((int64_t)2 * whole));
}

static void scale_axis(int *from, int *length, int whole, int there)
{
    int begin = scaled_edge(*from, whole, there), end = scaled_edge(*from + *length, whole, there);
    if (begin == there) /* a box of less than a pixel */
        begin--;
    *from = begin;
    *length = end > begin ? end - begin : 1;
}

void an_region_axes(an_axis *across, an_axis *down, const an_region *region, an_size whole,
                    an_size decoded)
{
    an_rect box = region->box;
    scale_axis(&box.x, &box.width, whole.width, decoded.width);
    scale_axis(&box.y, &box.height, whole.height, decoded.height);
    an_box_axes(across, down, box, region->square);
}

void an_region_show(uint8_t *dst, size_t dst_row, int side, const an_region *region,
                    const an_picture *square)
{
    const size_t row = (size_t)side * 3;
    if (region->degrees != 0)
        an_rotate(dst, dst_row, side, square->rgb, region->square, region->degrees);
    else
        for (int y = 0; y < side; y++)
            memcpy(dst + (size_t)y * dst_row, square->rgb + (size_t)y * row, row);
}
