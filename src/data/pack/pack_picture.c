#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/pack/pack.h"
#include "data/picture/jpeg_write.h"
#include "data/picture/resize.h"
#include "tensor/npy_header.h"

void an_packed_free(an_packed *packed)
{
    an_free(packed->error);
    an_free(packed->bytes);
    *packed = (an_packed){0};
}

static an_fit fit_of(const alexnet_pack_options *options)
{
    static const an_fit_rule rules[] = {[ALEXNET_PACK_SHORT] = AN_FIT_WHOLE,
                                        [ALEXNET_PACK_SQUARE] = AN_FIT_SHORT,
                                        [ALEXNET_PACK_WARP] = AN_FIT_WARP};
    return (an_fit){.rule = rules[options->fit], .side = options->side};
}

/* How a picture is resized while it is decoded. */
typedef struct fitting {
    an_fit fit;
    an_size before; /* the size that it had */
} fitting;

static alexnet_status axes_of(void *user, an_size size, an_axis *across, an_axis *down)
{
    fitting *f = user;
    f->before = size;
    AN_CHECK(an_fit_axes(across, down, f->fit, size));
    if (an_picture_size_fits(across->part, down->part))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "with a side of %d it has %d x %d pixels; at most %d a side and %d in all are "
                   "read again",
                   f->fit.side, across->part, down->part, AN_PICTURE_SIDE_MAX,
                   AN_PICTURE_PIXELS_MAX);
}

static alexnet_status store_raw(an_packed *out, const an_picture *picture)
{
    const size_t pixels = (size_t)picture->width * (size_t)picture->height * 3;
    out->length = AN_NPY_HEADER + pixels;
    out->bytes = an_malloc(out->length);
    if (!out->bytes)
        return AN_FAIL_MEMORY(out->length, "a picture");
    an_npy_header_write((char *)out->bytes, "|u1",
                        an_shape_of(3, picture->height, picture->width, 3));
    memcpy(out->bytes + AN_NPY_HEADER, picture->rgb, pixels);
    return ALEXNET_OK;
}

/* Whether a file is a JPEG that already had the size of its picture. */
static bool may_stay(const an_item_data *file, const fitting *f, const an_picture *picture)
{
    const bool resized =
        f->fit.side && (picture->width != f->before.width || picture->height != f->before.height);
    return !resized && file->bytes && memcmp(file->bytes, "\xFF\xD8\xFF", 3) == 0;
}

/* Store the file's own bytes if they may stay as they are; else encode its picture. */
static alexnet_status store(an_packed *out, an_item_data *file, const alexnet_pack_options *options,
                            const fitting *f, const an_picture *picture)
{
    if (options->raw)
        return store_raw(out, picture);
    if (!may_stay(file, f, picture))
        return an_jpeg_encode(&out->bytes, &out->length, picture, options->quality);
    out->bytes = file->bytes;
    out->length = file->length;
    out->unchanged = true;
    file->bytes = NULL;
    return ALEXNET_OK;
}

static alexnet_status make(an_packed *out, const alexnet_pack_options *options,
                           const an_data_source *source, int64_t item, const atomic_bool *stop)
{
    an_item_data file = {0};
    const char *name = source->items[item].name;
    fitting f = {.fit = fit_of(options)};
    const an_target target = {.axes = options->side ? axes_of : NULL, .user = &f, .stop = stop};
    AN_CHECK(source->kind->read(source, item, &file));
    an_picture picture = file.pixels;
    alexnet_status rc =
        file.bytes ? an_picture_decode_for(&picture, file.bytes, file.length, name, &target)
                   : an_picture_resize_for(&picture, &target, name);
    if (rc == ALEXNET_OK) {
        rc = store(out, &file, options, &f, &picture);
        if (rc == ALEXNET_ERROR_UNSUPPORTED)
            rc = an_fail_within(rc, name);
    }
    an_picture_free(&picture);
    an_free(file.bytes);
    return rc;
}

void an_pack_picture(an_packed *out, const alexnet_pack_options *options,
                     const alexnet_dataset *data, int64_t sample, const atomic_bool *stop)
{
    out->status = make(out, options, data->source, data->samples[sample].item, stop);
    if (out->status == ALEXNET_OK)
        return;
    out->error = an_strdup(an_error_text());
    if (!out->error)
        out->status = ALEXNET_ERROR_NO_MEMORY;
}
