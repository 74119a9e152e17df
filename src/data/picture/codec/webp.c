/*
 * WebP through libwebp: the first frame on its canvas, as in Pillow. A still picture is a frame
 * that fills its canvas. libwebp's own decoder of animations does the same, but does not
 * distinguish a bad file from a lack of memory.
 */
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "base/alloc.h"
#include "base/byte_order.h"
#include "base/status.h"
#include "data/picture/rows.h"

enum { HEADER_BYTES = 12, CHUNK_BYTES = 8 };

/* Whether the RIFF chunk, which holds all others, extends beyond the end of the file. */
static bool is_cut(const an_encoded *file)
{
    return an_little32(file->bytes + 4) > file->length - 8;
}

static alexnet_status fail(const an_encoded *file)
{
    if (is_cut(file))
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is cut short: a WebP of %u bytes, of which %zu are there", file->name,
                       an_little32(file->bytes + 4), file->length - 8);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a valid WebP", file->name);
}

static int orientation_of(const WebPDemuxer *demuxer)
{
    int orientation = 0;
    WebPChunkIterator chunk;
    if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) {
        orientation = an_exif_orientation(chunk.chunk.bytes, chunk.chunk.size);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    if (orientation == 0 && WebPDemuxGetChunk(demuxer, "XMP ", 1, &chunk)) {
        orientation = an_xmp_orientation(chunk.chunk.bytes, chunk.chunk.size);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    return orientation;
}

/* In place, 4 bytes to 3. */
static void compose_over_white(uint8_t *pixels, size_t count, bool has_alpha)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t rgba[4];
        memcpy(rgba, pixels + 4 * i, sizeof rgba);
        for (int c = 0; c < 3; c++)
            pixels[3 * i + c] = has_alpha ? an_over_white(rgba[c], rgba[3]) : rgba[c];
    }
}

static alexnet_status fail_memory(const an_encoded *file)
{
    return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: a WebP decoder for %s", file->name);
}

/* Decode a frame to its place on the canvas, which is transparent elsewhere. */
static alexnet_status decode_frame(an_picture *canvas, const WebPIterator *frame,
                                   const an_encoded *file)
{
    const int right = frame->x_offset + frame->width, bottom = frame->y_offset + frame->height;
    const size_t stride = 4 * (size_t)canvas->width;
    WebPDecoderConfig config;
    if (frame->x_offset < 0 || frame->y_offset < 0 || right > canvas->width ||
        bottom > canvas->height || !WebPInitDecoderConfig(&config))
        return fail(file);
    const size_t first = (size_t)frame->y_offset * stride + 4 * (size_t)frame->x_offset;
    config.output.colorspace = MODE_RGBA;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = canvas->rgb + first;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = stride * (size_t)canvas->height - first;
    const VP8StatusCode status = WebPDecode(frame->fragment.bytes, frame->fragment.size, &config);
    WebPFreeDecBuffer(&config.output);
    if (status == VP8_STATUS_OUT_OF_MEMORY)
        return fail_memory(file);
    return status == VP8_STATUS_OK ? ALEXNET_OK : fail(file);
}

static alexnet_status decode_first(an_picture *out, const WebPDemuxer *demuxer,
                                   const an_encoded *file, const WebPBitstreamFeatures *features)
{
    WebPIterator frame;
    AN_CHECK(an_picture_alloc(out, file, (uint32_t)features->width, (uint32_t)features->height, 4));
    if (!WebPDemuxGetFrame(demuxer, 1, &frame))
        return fail(file);
    alexnet_status rc = decode_frame(out, &frame, file);
    WebPDemuxReleaseIterator(&frame);
    return rc;
}

static alexnet_status decode_once(an_picture *out, int *orientation, const an_encoded *file,
                                  const WebPBitstreamFeatures *features)
{
    WebPData data = {file->bytes, file->length};
    WebPDemuxer *demuxer = WebPDemux(&data);
    if (!demuxer)
        return fail(file);
    alexnet_status rc = decode_first(out, demuxer, file, features);
    if (rc == ALEXNET_OK)
        *orientation = orientation_of(demuxer);
    else
        an_picture_free(out);
    WebPDemuxDelete(demuxer);
    return rc;
}

/* The most memory that libwebp takes for a picture besides its canvas. */
static size_t memory_of(const WebPBitstreamFeatures *features)
{
    enum { TABLES = 4 << 20 };
    return 4 * (size_t)features->width * (size_t)features->height + TABLES;
}

/* libwebp reports most pictures as damaged if it runs out of memory. So a picture counts as damaged
 * only if enough memory can be allocated and decoding fails a second time. */
static alexnet_status decode_whole(an_picture *out, int *orientation, const an_encoded *file)
{
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(file->bytes, file->length, &features) != VP8_STATUS_OK)
        return fail(file);
    AN_CHECK(an_picture_check_size(file, (uint32_t)features.width, (uint32_t)features.height));
    alexnet_status rc = decode_once(out, orientation, file, &features);
    if (rc == ALEXNET_ERROR_FORMAT)
        rc = an_memory_is_short(memory_of(&features))
                 ? fail_memory(file)
                 : decode_once(out, orientation, file, &features);
    if (rc == ALEXNET_OK)
        compose_over_white(out->rgb, (size_t)out->width * (size_t)out->height, features.has_alpha);
    return rc;
}

/* Copy the complete chunks of a truncated file into a new file: what is missing after the pixels is
 * not needed. */
static alexnet_status whole_chunks(uint8_t **out, size_t *length, const an_encoded *file)
{
    size_t at = HEADER_BYTES;
    while (at < file->length && file->length - at >= CHUNK_BYTES) {
        size_t bytes = an_little32(file->bytes + at + 4), left = file->length - at - CHUNK_BYTES;
        if (bytes > left)
            break;
        at += CHUNK_BYTES + bytes + (bytes % 2 && bytes < left);
    }
    if (at < HEADER_BYTES + CHUNK_BYTES)
        return fail(file);
    *out = an_malloc(at);
    if (!*out)
        return AN_FAIL_MEMORY(at, file->name);
    memcpy(*out, file->bytes, at);
    an_put_little(*out + 4, at - CHUNK_BYTES, 4);
    *length = at;
    return ALEXNET_OK;
}

static alexnet_status decode_parts(an_picture *out, int *orientation, const an_encoded *file)
{
    if (!is_cut(file))
        return decode_whole(out, orientation, file);
    uint8_t *bytes = NULL;
    size_t length = 0;
    AN_CHECK(whole_chunks(&bytes, &length, file));
    an_encoded whole = {.bytes = bytes, .length = length, .name = file->name};
    alexnet_status rc = decode_whole(out, orientation, &whole);
    an_free(bytes);
    return rc == ALEXNET_ERROR_FORMAT ? fail(file) : rc;
}

static alexnet_status decode(an_rows *rows, const an_encoded *file)
{
    an_picture picture;
    int orientation = 0;
    AN_CHECK(decode_parts(&picture, &orientation, file));
    return an_rows_give(rows, orientation, &picture);
}

const an_codec an_webp_codec = {"libwebp", AN_WEBP_VERSION, decode};
