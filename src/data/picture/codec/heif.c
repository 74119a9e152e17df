/*
 * HEIC and AVIF through libheif: the primary picture. libheif rotates it as the container says; the
 * orientation in EXIF is for readers that do not, and is ignored, as in pillow-heif.
 */
#include <limits.h>
#include <string.h>

#include <libheif/heif.h>

#include "base/byte_order.h"
#include "base/status.h"
#include "data/picture/rows.h"

/* What is open, so that one function can close it. */
typedef struct job {
    const an_encoded *file;
    struct heif_context *context;
    struct heif_image_handle *handle;
    struct heif_decoding_options *options;
    struct heif_image *image;
} job;

/* Whether a top-level box extends beyond the end of the file (ISO/IEC 14496-12, 4.2). */
static bool is_cut(const an_encoded *file)
{
    size_t at = 0;
    while (file->length - at >= 8) {
        const uint8_t *p = file->bytes + at;
        size_t left = file->length - at;
        uint64_t size = an_big32(p);
        if (size == 0) /* to the end */
            return false;
        if (size == 1 && left >= 16)
            size = (uint64_t)an_big32(p + 8) << 32 | an_big32(p + 12);
        if (size < 8 || size > left)
            return size > left;
        at += (size_t)size;
    }
    return at < file->length;
}

static alexnet_status fail(const job *j, struct heif_error error)
{
    const char *name = j->file->name;
    if (error.code == heif_error_Memory_allocation_error &&
        error.subcode != heif_suberror_Security_limit_exceeded)
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: a HEIF decoder for %s", name);
    if (is_cut(j->file))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is cut short: its parts extend beyond its end",
                       name);
    if (error.code == heif_error_Unsupported_filetype ||
        error.code == heif_error_Unsupported_feature ||
        error.code == heif_error_Memory_allocation_error)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s cannot be read by libheif: %s", name,
                       error.message);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a valid HEIC or AVIF: %s", name, error.message);
}

static alexnet_status open_primary(job *j)
{
    j->context = heif_context_alloc();
    if (!j->context)
        return AN_FAIL_MEMORY(sizeof(void *), j->file->name);
    heif_context_set_maximum_image_size_limit(j->context, AN_PICTURE_SIDE_MAX);
    heif_context_set_max_decoding_threads(j->context, 0);
    struct heif_error error = heif_context_read_from_memory_without_copy(j->context, j->file->bytes,
                                                                         j->file->length, NULL);
    if (error.code == heif_error_Ok)
        error = heif_context_get_primary_image_handle(j->context, &j->handle);
    return error.code == heif_error_Ok ? ALEXNET_OK : fail(j, error);
}

/* Of the decoders for AV1, libaom starts no threads; dav1d starts one per processor, in each of the
 * threads that load pictures. @return NULL for libheif's own choice */
static const char *decoder_of(const an_encoded *file)
{
    const struct heif_decoder_descriptor *decoders[8];
    if (file->length > INT_MAX ||
        heif_has_compatible_brand(file->bytes, (int)file->length, "avif") != 1)
        return NULL;
    int count = heif_get_decoder_descriptors(heif_compression_AV1, decoders, 8);
    for (int i = 0; i < count && i < 8; i++)
        if (strcmp(heif_decoder_descriptor_get_id_name(decoders[i]), "aom") == 0)
            return "aom";
    return NULL;
}

static alexnet_status decode_primary(job *j, bool alpha)
{
    int width = heif_image_handle_get_width(j->handle);
    int height = heif_image_handle_get_height(j->handle);
    AN_CHECK(an_picture_check_size(j->file, width < 0 ? 0 : (uint32_t)width,
                                   height < 0 ? 0 : (uint32_t)height));
    j->options = heif_decoding_options_alloc();
    if (!j->options)
        return AN_FAIL_MEMORY(sizeof(void *), j->file->name);
    j->options->convert_hdr_to_8bit = 1;
    if (j->options->version >= 4)
        j->options->decoder_id = decoder_of(j->file);
    struct heif_error error = heif_decode_image(
        j->handle, &j->image, heif_colorspace_RGB,
        alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, j->options);
    return error.code == heif_error_Ok ? ALEXNET_OK : fail(j, error);
}

static void copy_row(uint8_t *to, const uint8_t *from, int width, bool alpha, bool multiplied)
{
    if (!alpha) {
        memcpy(to, from, 3 * (size_t)width);
        return;
    }
    for (int x = 0; x < width; x++, to += 3, from += 4)
        for (int c = 0; c < 3; c++) {
            unsigned value = from[c];
            if (multiplied)
                value = an_unmultiplied(value, from[3]);
            to[c] = an_over_white(value, from[3]);
        }
}

static alexnet_status copy_pixels(an_rows *rows, const job *j, bool alpha)
{
    int stride = 0;
    const uint8_t *from =
        heif_image_get_plane_readonly(j->image, heif_channel_interleaved, &stride);
    int width = heif_image_get_width(j->image, heif_channel_interleaved);
    int height = heif_image_get_height(j->image, heif_channel_interleaved);
    if (!from || width < 1 || height < 1)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a valid HEIC or AVIF: it has no pixels",
                       j->file->name);
    AN_CHECK(an_rows_begin(rows, 0, (uint32_t)width, (uint32_t)height));
    bool multiplied = heif_image_handle_is_premultiplied_alpha(j->handle);
    for (int y = 0; y < height; y++) {
        copy_row(rows->next, from + (size_t)stride * (size_t)y, width, alpha, multiplied);
        AN_CHECK(an_rows_take(rows, 1));
    }
    return ALEXNET_OK;
}

static alexnet_status decode_open(an_rows *rows, job *j)
{
    AN_CHECK(open_primary(j));
    bool alpha = heif_image_handle_has_alpha_channel(j->handle);
    AN_CHECK(decode_primary(j, alpha));
    return copy_pixels(rows, j, alpha);
}

static alexnet_status decode(an_rows *rows, const an_encoded *file)
{
    job j = {.file = file};
    alexnet_status rc = decode_open(rows, &j);
    heif_image_release(j.image);
    heif_decoding_options_free(j.options);
    heif_image_handle_release(j.handle);
    heif_context_free(j.context);
    return rc;
}

const an_codec an_heif_codec = {"libheif", AN_HEIF_VERSION, decode};
