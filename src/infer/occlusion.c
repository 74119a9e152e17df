#include "infer/occlusion.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "infer/centre.h"
#include "infer/metrics.h"

/* The square has the mean colour, which stands for "nothing": it is about 0 once the mean is
 * subtracted. In R, G, B order; grey for a network without a mean. */
static alexnet_status find_colour(an_occlusion *o)
{
    int mean = an_net_find(o->net, "input.mean");
    memset(o->colour, 128, sizeof o->colour);
    if (mean < 0)
        return ALEXNET_OK;
    const an_channels channels = o->net->network->input.channels;
    int64_t count = o->net->params[mean].count, plane = count / an_channel_count(channels);
    double *values = an_calloc((size_t)count, sizeof *values);
    if (!values)
        return AN_FAIL_MEMORY((size_t)count * sizeof *values, "a mean image");
    alexnet_status rc = an_net_read(o->net, AN_VALUES, mean, values, AN_F64);
    for (int c = 0; c < an_channel_count(channels) && rc == ALEXNET_OK; c++) {
        double sum = 0;
        for (int64_t i = 0; i < plane; i++)
            sum += values[c * plane + i];
        double level = sum / (double)plane;
        for (int colour = 0; colour < 3; colour++)
            if (an_channel_share(channels, c, colour) > 0)
                o->colour[colour] = level > 0 ? (uint8_t)(fmin(level, 255) + 0.5) : 0;
    }
    an_free(values);
    return rc;
}

alexnet_status an_occlusion_new(an_occlusion **out, an_net *net, int square, int stride, int batch)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_occlusion *o = an_calloc(1, sizeof *o);
    if (!o)
        return AN_FAIL_MEMORY(sizeof *o, "an occlusion map");
    const int size = net->network->input.size;
    o->net = an_net_retain(net);
    o->square = square;
    o->stride = stride;
    o->side = (size + stride - 1) / stride;
    o->crop = an_calloc((size_t)size * (size_t)size, 3);
    o->drops = an_calloc((size_t)o->side * (size_t)o->side, sizeof *o->drops);
    if (!o->crop || !o->drops) {
        rc = AN_FAIL_MEMORY((size_t)o->side * (size_t)o->side * sizeof *o->drops,
                            "an occlusion map");
        goto cleanup;
    }
    AN_TRY(find_colour(o));
    AN_TRY(an_runner_new(&o->runner, net, batch, 1));
    *out = o;
    o = NULL;
cleanup:
    an_occlusion_free(o);
    return rc;
}

void an_occlusion_free(an_occlusion *o)
{
    if (!o)
        return;
    an_runner_free(o->runner);
    an_free(o->crop);
    an_free(o->drops);
    an_net_release(o->net);
    an_free(o);
}

void an_occlusion_start(an_occlusion *o, const uint8_t *crop, int class_index)
{
    const size_t size = (size_t)o->net->network->input.size;
    memcpy(o->crop, crop, size * size * 3);
    o->class_index = class_index;
    o->done = 0;
    o->started = true;
}

/* The first row or column that a square covers, which may lie before the picture. */
static int place_of(const an_occlusion *o, int position)
{
    return position * o->stride + o->stride / 2 - o->square / 2;
}

/* The rows or columns of a square that lie in the picture: from *first to below the result. */
static int clip(const an_occlusion *o, int position, int *first)
{
    int from = place_of(o, position), to = from + o->square;
    int size = o->net->network->input.size;
    *first = from < 0 ? 0 : from;
    return to > size ? size : to;
}

static void cover(const an_occlusion *o, uint8_t *stored, int row, int column)
{
    const an_input *input = &o->net->network->input;
    int y, x, border = (input->side - input->size) / 2;
    int bottom = clip(o, row, &y), right = clip(o, column, &x), left = x;
    for (; y < bottom; y++)
        for (x = left; x < right; x++)
            memcpy(stored + ((size_t)(border + y) * (size_t)input->side + (size_t)(border + x)) * 3,
                   o->colour, 3);
}

static alexnet_status check_answers(const an_occlusion *o, int count)
{
    return an_check_probabilities(o->runner->probabilities, count * o->runner->classes,
                                  "the picture");
}

static alexnet_status classify_whole(an_occlusion *o)
{
    an_centre_lay(o->runner->pixels, o->net->network, o->crop);
    AN_CHECK(an_runner_compute(o->runner, o->runner->pixels, NULL, 1, true));
    AN_CHECK(check_answers(o, 1));
    o->whole = o->runner->probabilities[o->class_index];
    return ALEXNET_OK;
}

alexnet_status an_occlusion_step(an_occlusion *o, bool *more)
{
    an_runner *r = o->runner;
    const int64_t positions = (int64_t)o->side * o->side;
    const size_t picture = (size_t)r->side * (size_t)r->side * 3;
    AN_CHECK(an_compute_check(o->net->ctx));
    if (o->done == 0)
        AN_CHECK(classify_whole(o));
    int count = positions - o->done < r->batch ? (int)(positions - o->done) : r->batch;
    for (int i = 0; i < count; i++) {
        uint8_t *stored = r->pixels + (size_t)i * picture;
        int at = (int)(o->done + i);
        an_centre_lay(stored, o->net->network, o->crop);
        cover(o, stored, at / o->side, at % o->side);
    }
    if (count > 0) {
        AN_CHECK(an_runner_compute(r, r->pixels, NULL, count, true));
        AN_CHECK(check_answers(o, count));
    }
    for (int i = 0; i < count; i++)
        o->drops[o->done + i] =
            o->whole - r->probabilities[(size_t)i * (size_t)r->classes + (size_t)o->class_index];
    o->done += count;
    *more = o->done < positions;
    return ALEXNET_OK;
}
