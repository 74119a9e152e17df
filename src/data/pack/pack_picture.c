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

/* Resize a picture into a new block. @param before  bytes to reserve before the pixels */
static alexnet_status fit(an_picture *out, size_t before, const alexnet_pack_options *options,
                          const an_picture *picture)
{
    *out = (an_picture){picture->width, picture->height, NULL};
    if (options->side)
        an_fit_size(&out->width, &out->height, fit_of(options), picture);
    if (!an_picture_size_fits(out->width, out->height))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "with a side of %d it has %d x %d pixels; at most %d a side and %d in all "
                       "are read again",
                       options->side, out->width, out->height, AN_PICTURE_SIDE_MAX,
                       AN_PICTURE_PIXELS_MAX);
    const size_t length = (size_t)out->width * (size_t)out->height * 3;
    out->rgb = an_malloc(before + length);
    if (!out->rgb)
        return AN_FAIL_MEMORY(length, "a picture");
    if (options->side)
        return an_fit_picture(out->rgb + before, fit_of(options), picture);
    memcpy(out->rgb + before, picture->rgb, length);
    return ALEXNET_OK;
}

static alexnet_status store_raw(an_packed *out, const alexnet_pack_options *options,
                                const an_picture *picture)
{
    an_picture fitted;
    alexnet_status rc = fit(&fitted, AN_NPY_HEADER, options, picture);
    if (rc != ALEXNET_OK) {
        an_free(fitted.rgb);
        return rc;
    }
    an_npy_header_write((char *)fitted.rgb, "|u1", an_shape_of(3, fitted.height, fitted.width, 3));
    out->bytes = fitted.rgb;
    out->length = AN_NPY_HEADER + (size_t)fitted.width * (size_t)fitted.height * 3;
    return ALEXNET_OK;
}

static alexnet_status store_jpeg(an_packed *out, const alexnet_pack_options *options,
                                 const an_picture *picture)
{
    an_picture fitted;
    alexnet_status rc = fit(&fitted, 0, options, picture);
    if (rc == ALEXNET_OK)
        rc = an_jpeg_encode(&out->bytes, &out->length, &fitted, options->quality);
    an_free(fitted.rgb);
    return rc;
}

/* Whether a file is a JPEG that already has the size it would be resized to. */
static bool may_stay(const an_item_data *file, const alexnet_pack_options *options,
                     const an_picture *picture)
{
    int width = picture->width, height = picture->height;
    if (options->raw || !file->bytes || memcmp(file->bytes, "\xFF\xD8\xFF", 3) != 0)
        return false;
    if (options->side)
        an_fit_size(&width, &height, fit_of(options), picture);
    return width == picture->width && height == picture->height;
}

/* Store the file's own bytes if they may stay as they are; else encode its picture. */
static alexnet_status store(an_packed *out, an_item_data *file, const alexnet_pack_options *options,
                            const an_picture *picture)
{
    if (!may_stay(file, options, picture))
        return (options->raw ? store_raw : store_jpeg)(out, options, picture);
    out->bytes = file->bytes;
    out->length = file->length;
    out->unchanged = true;
    file->bytes = NULL;
    return ALEXNET_OK;
}

static alexnet_status make(an_packed *out, const alexnet_pack_options *options,
                           const an_data_source *source, int64_t item)
{
    an_item_data file;
    an_picture picture;
    AN_CHECK(source->kind->read(source, item, &file));
    alexnet_status rc = ALEXNET_OK;
    if (file.bytes)
        rc = an_picture_decode(&picture, file.bytes, file.length, source->items[item].name);
    else
        picture = file.pixels;
    if (rc == ALEXNET_OK) {
        rc = store(out, &file, options, &picture);
        if (rc == ALEXNET_ERROR_UNSUPPORTED)
            rc = an_fail_within(rc, source->items[item].name);
    }
    an_picture_free(&picture);
    an_free(file.bytes);
    return rc;
}

void an_pack_picture(an_packed *out, const alexnet_pack_options *options,
                     const alexnet_dataset *data, int64_t sample)
{
    out->status = make(out, options, data->source, data->samples[sample].item);
    if (out->status == ALEXNET_OK)
        return;
    out->error = an_strdup(an_error_text());
    if (!out->error)
        out->status = ALEXNET_ERROR_NO_MEMORY;
}
