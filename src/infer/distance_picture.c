/*
 * What the network computes of a picture.
 */

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "infer/distance_impl.h"

static int channels_of(const an_distance *d)
{
    return an_channel_count((an_channels)d->net->network->input.channels);
}

void an_distance_picture_free(an_distance_picture *picture)
{
    if (!picture)
        return;
    an_free(picture->input);
    an_free(picture->features);
    an_free(picture->norms);
    an_free(picture->layers);
    an_free(picture->positions);
    an_free(picture);
}

static int64_t count_positions(const an_distance_picture *p)
{
    int64_t count = 0;
    for (int i = 0; i < p->distance->lpips->count; i++)
        count += p->positions[i];
    return count;
}

static int64_t count_features(const an_distance_picture *p)
{
    int64_t count = 0;
    for (int i = 0; i < p->distance->lpips->count; i++)
        count += p->positions[i] * p->distance->lpips->channels[i];
    return count;
}

static alexnet_status make_buffers(an_distance_picture *p, const an_program *program)
{
    const an_lpips *lpips = p->distance->lpips;
    const size_t n = (size_t)lpips->count;
    p->positions = an_calloc(n, sizeof *p->positions);
    p->layers = an_calloc(n, sizeof *p->layers);
    if (!p->positions || !p->layers)
        return AN_FAIL_MEMORY(n * sizeof *p->layers, "a picture");
    for (int i = 0; i < lpips->count; i++) {
        const an_chw out = an_program_shape(program, p->distance->layers[i]);
        p->positions[i] = (int64_t)out.h * out.w;
    }
    p->bytes =
        (size_t)(count_features(p) + (int64_t)channels_of(p->distance) * p->rows * p->columns) *
            sizeof(float) +
        (size_t)count_positions(p) * sizeof(double);
    p->input = an_calloc(3 * (size_t)p->rows * (size_t)p->columns, sizeof *p->input);
    p->features = an_calloc((size_t)count_features(p), sizeof *p->features);
    p->norms = an_calloc((size_t)count_positions(p), sizeof *p->norms);
    if (!p->input || !p->features || !p->norms)
        return AN_FAIL_MEMORY(p->bytes, "a picture's features");
    float *at = p->features;
    for (int i = 0; i < lpips->count; i++) {
        p->layers[i] = at;
        at += p->positions[i] * lpips->channels[i];
    }
    return ALEXNET_OK;
}

/* The share of R, G or B in a channel of the network. */
static double share_of(const an_distance *d, int channel, int colour)
{
    return an_channel_share((an_channels)d->net->network->input.channels, channel, colour);
}

static void prepare(an_distance_picture *p, const float *levels)
{
    const an_distance *d = p->distance;
    const int64_t plane = (int64_t)p->rows * p->columns;
    for (int c = 0; c < channels_of(d); c++) {
        const double red = share_of(d, c, 0), green = share_of(d, c, 1), blue = share_of(d, c, 2);
        for (int64_t i = 0; i < plane; i++) {
            double level =
                red * levels[i] + green * levels[plane + i] + blue * levels[2 * plane + i];
            p->input[c * plane + i] = (float)(d->scale[c] * (level - d->mean[c]));
        }
    }
}

void an_distance_to_levels(const an_distance *d, float *gradient, int64_t plane)
{
    const int channels = channels_of(d);
    for (int64_t i = 0; i < plane; i++) {
        double of_colour[3] = {0};
        for (int c = 0; c < channels; c++)
            for (int colour = 0; colour < 3; colour++)
                of_colour[colour] += share_of(d, c, colour) * d->scale[c] * gradient[c * plane + i];
        for (int colour = 0; colour < 3; colour++)
            gradient[colour * plane + i] = (float)of_colour[colour];
    }
}

alexnet_status an_distance_check_numbers(const float *values, int64_t count, const char *what)
{
    if (an_all_finite(values, count, AN_F32))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_BAD_MODEL,
                   "%s that the model computes are not numbers: its weights are damaged, or too "
                   "large",
                   what);
}

static alexnet_status compute_features(an_distance_picture *p, an_program *program)
{
    AN_CHECK(an_program_give(program, p->input));
    AN_CHECK(an_program_run(program));
    for (int i = 0; i < p->distance->lpips->count; i++)
        AN_CHECK(an_program_read(program, p->distance->layers[i], p->layers[i]));
    AN_CHECK(an_distance_check_numbers(p->features, count_features(p), "the features"));
    double *norms = p->norms;
    for (int i = 0; i < p->distance->lpips->count; norms += p->positions[i++])
        an_distance_norms(norms, p->layers[i], p->distance->lpips->channels[i], p->positions[i]);
    return ALEXNET_OK;
}

static alexnet_status check_pixels(int rows, int columns, const char *name)
{
    if ((int64_t)rows * columns <= AN_DISTANCE_PIXELS_MAX)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s has %d x %d pixels; a distance takes pictures of at most %d (4096 x 4096)",
                   name, columns, rows, AN_DISTANCE_PIXELS_MAX);
}

/* Far outside of what a picture has, and far inside of what layers can compute with. */
static const float LEVEL_MAX = 1e6f;

alexnet_status an_distance_check_levels(const float *levels, int rows, int columns,
                                        const char *name)
{
    AN_CHECK(check_pixels(rows, columns, name));
    for (int64_t i = 0; i < 3 * (int64_t)rows * columns; i++)
        if (!(levels[i] >= -LEVEL_MAX && levels[i] <= LEVEL_MAX))
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                           "%s: level %lld is %g: expected about 0 to 255", name, (long long)i,
                           (double)levels[i]);
    return ALEXNET_OK;
}

alexnet_status an_distance_look(an_distance_picture **out, an_distance *d, const float *levels,
                                int rows, int columns, const char *name)
{
    alexnet_status rc = ALEXNET_OK;
    an_program *program;
    *out = NULL;
    AN_CHECK(an_compute_check(d->net->ctx));
    AN_CHECK(check_pixels(rows, columns, name));
    an_distance_picture *p = an_calloc(1, sizeof *p);
    if (!p)
        return AN_FAIL_MEMORY(sizeof *p, "a picture");
    *p =
        (an_distance_picture){.distance = d, .number = d->number, .rows = rows, .columns = columns};
    AN_TRY(an_distance_program(&program, d, rows, columns, 0));
    AN_TRY(make_buffers(p, program));
    prepare(p, levels);
    AN_TRY(compute_features(p, program));
    *out = p;
    p = NULL;
cleanup:
    an_distance_picture_free(p);
    return rc == ALEXNET_OK ? rc : an_fail_within(rc, name);
}

alexnet_status an_distance_look_at(an_distance_picture **out, an_distance *d,
                                   const an_picture *picture, const char *name)
{
    const int64_t plane = (int64_t)picture->width * picture->height;
    *out = NULL;
    AN_CHECK(check_pixels(picture->height, picture->width, name));
    float *levels = an_calloc(3 * (size_t)plane, sizeof *levels);
    if (!levels)
        return AN_FAIL_MEMORY(3 * (size_t)plane * sizeof *levels, name);
    for (int64_t i = 0; i < plane; i++)
        for (int c = 0; c < 3; c++)
            levels[c * plane + i] = picture->rgb[3 * i + c];
    alexnet_status rc = an_distance_look(out, d, levels, picture->height, picture->width, name);
    an_free(levels);
    return rc;
}
