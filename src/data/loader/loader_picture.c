#include "data/loader/loader_impl.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

/* Keep a picture as it is. The batch takes over its pixels. */
static alexnet_status keep(an_loaded *loaded, int side, const char *name, an_picture *picture)
{
    if ((int64_t)picture->width * picture->height > (int64_t)side * side)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s has %d x %d pixels; at most %lld (%d x %d) are taken", name,
                       picture->width, picture->height, (long long)side * side, side, side);
    loaded->picture = *picture;
    *picture = (an_picture){0};
    return ALEXNET_OK;
}

/* A picture that is being loaded. */
typedef struct job {
    const an_loader *loader;
    int64_t place;
    bool again;
    an_size size; /* of the whole picture; 0: not known yet */
    an_region region;
} job;

static void draw_region(job *j, an_size size)
{
    j->size = size;
    an_region_draw(&j->region, &j->loader->regions, size, j->loader->epoch, (uint64_t)j->place);
}

/* How much smaller a picture may be decoded: its region must keep enough pixels. */
static int factor_of_region(void *user, an_size size)
{
    job *j = user;
    draw_region(j, size);
    const an_size box = {j->region.box.width, j->region.box.height};
    const an_fit fit = {AN_FIT_SHORT, j->region.square, j->loader->fit.smaller};
    return an_fit_factor(fit, box);
}

static int factor_of_fit(void *user, an_size size)
{
    job *j = user;
    j->size = size;
    return an_fit_factor(j->loader->fit, size);
}

static alexnet_status axes_of_region(void *user, an_size size, an_axis *across, an_axis *down)
{
    job *j = user;
    if (j->size.width == 0)
        draw_region(j, size);
    an_region_axes(across, down, &j->region, j->size, size);
    return ALEXNET_OK;
}

static alexnet_status axes_of_fit(void *user, an_size size, an_axis *across, an_axis *down)
{
    job *j = user;
    if (j->size.width == 0)
        j->size = size;
    return an_fit_axes(across, down, j->loader->fit, size);
}

/* Put a picture's region into the middle of its place in the batch, where a picture without a
 * region has its centre crop. The border around it is not used. */
static void show_region(uint8_t *pixels, const job *j, const an_picture *square)
{
    const an_loader *l = j->loader;
    const size_t row = (size_t)l->fit.side * 3;
    const int border = (l->fit.side - l->regions.side) / 2;
    if (border > 0)
        memset(pixels, 0, l->picture_bytes);
    an_region_show(pixels + (size_t)border * (row + 3), row, l->regions.side, &j->region, square);
}

/* Decode a picture, from bytes that were read ahead or, without them, from the source. */
static alexnet_status decode(const job *j, const an_target *target, an_picture *out)
{
    const an_loader *l = j->loader;
    an_read_ahead *ahead = j->again ? NULL : l->ahead;
    const uint32_t sample = l->order[j->place];
    const an_data_source *source = l->dataset->source;
    const int64_t item = l->dataset->samples[sample].item;
    const unsigned char *bytes = NULL;
    size_t length;
    if (ahead)
        an_read_ahead_take(ahead, j->place, sample, &bytes, &length);
    alexnet_status rc =
        bytes ? an_picture_decode_for(out, bytes, length, source->items[item].name, target)
              : an_data_source_picture_for(source, item, target, out);
    if (ahead)
        an_read_ahead_done(ahead, j->place);
    return rc;
}

static alexnet_status read_picture(job *j, an_loaded *loaded, uint8_t *pixels)
{
    const an_loader *l = j->loader;
    const an_sample *sample = &l->dataset->samples[loaded->sample];
    an_picture picture;
    const bool kept = l->fit.rule == AN_FIT_KEEP, drawn = !kept && l->regions.side > 0;
    const an_target target = {drawn ? factor_of_region : factor_of_fit,
                              kept    ? NULL
                              : drawn ? axes_of_region
                                      : axes_of_fit,
                              j, &l->stop};
    AN_CHECK(decode(j, &target, &picture));
    loaded->width = j->size.width ? j->size.width : picture.width;
    loaded->height = j->size.width ? j->size.height : picture.height;
    alexnet_status rc = ALEXNET_OK;
    if (kept)
        rc = keep(loaded, l->fit.side, sample->name, &picture);
    else if (drawn)
        show_region(pixels, j, &picture);
    else
        memcpy(pixels, picture.rgb, l->picture_bytes);
    an_picture_free(&picture);
    return rc;
}

void an_frame_clear(an_frame *f, int batch)
{
    for (int i = 0; i < batch; i++) {
        an_free((char *)f->pictures[i].error);
        an_picture_free(&f->pictures[i].picture);
        f->pictures[i] = (an_loaded){0};
    }
    f->done = 0;
}

void an_frame_load(const an_loader *l, an_frame *f, int index, int64_t place, bool again)
{
    job j = {.loader = l, .place = place, .again = again};
    an_loaded *loaded = &f->pictures[index];
    const int64_t sample = l->order[place];
    *loaded = (an_loaded){.sample = sample, .label = l->dataset->samples[sample].label};
    loaded->status = read_picture(&j, loaded, an_frame_pixels(l, f, index));
    if (loaded->status == ALEXNET_OK)
        return;
    if (l->picture_bytes)
        memset(an_frame_pixels(l, f, index), 0, l->picture_bytes);
    loaded->error = an_strdup(an_error_text());
    if (!loaded->error)
        loaded->status = ALEXNET_ERROR_NO_MEMORY;
}
