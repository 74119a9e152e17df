/*
 * WebP through libwebp. Its animation decoder reads still pictures too: the result is the first
 * frame on its canvas, as in Pillow.
 */
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/codec.h"

enum { HEADER_BYTES = 12, CHUNK_BYTES = 8 };

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* Whether the RIFF chunk, which holds all others, extends beyond the end of the file. */
static bool is_cut(const an_encoded *file)
{
    return get32(file->bytes + 4) > file->length - 8;
}

static alexnet_status fail(const an_encoded *file)
{
    if (is_cut(file))
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is cut short: a WebP of %u bytes, but %zu are there", file->name,
                       get32(file->bytes + 4), file->length - 8);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a sound WebP", file->name);
}

static int orientation_of(const WebPAnimDecoder *decoder)
{
    const WebPDemuxer *demuxer = WebPAnimDecoderGetDemuxer(decoder);
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

static void copy_over_white(an_picture *out, const uint8_t *rgba, bool has_alpha)
{
    size_t count = (size_t)out->width * (size_t)out->height;
    for (size_t i = 0; i < count; i++)
        for (int c = 0; c < 3; c++)
            out->rgb[3 * i + c] =
                has_alpha ? an_over_white(rgba[4 * i + c], rgba[4 * i + 3]) : rgba[4 * i + c];
}

static alexnet_status decode_whole(an_picture *out, int *orientation, const an_encoded *file)
{
    WebPBitstreamFeatures features;
    WebPData data = {file->bytes, file->length};
    if (WebPGetFeatures(data.bytes, data.size, &features) != VP8_STATUS_OK)
        return fail(file);
    AN_CHECK(an_picture_alloc(out, file, (uint32_t)features.width, (uint32_t)features.height, 3));
    WebPAnimDecoder *decoder = WebPAnimDecoderNew(&data, NULL);
    WebPAnimInfo info;
    uint8_t *rgba = NULL;
    int time;
    if (decoder && WebPAnimDecoderGetInfo(decoder, &info) &&
        info.canvas_width == (uint32_t)out->width && info.canvas_height == (uint32_t)out->height &&
        WebPAnimDecoderGetNext(decoder, &rgba, &time)) {
        copy_over_white(out, rgba, features.has_alpha);
        *orientation = orientation_of(decoder);
    }
    WebPAnimDecoderDelete(decoder);
    if (rgba)
        return ALEXNET_OK;
    an_picture_free(out);
    return fail(file);
}

/* Copy the complete chunks of a truncated file into a file of their own: what is missing behind the
 * pixels is not needed. */
static alexnet_status whole_chunks(uint8_t **out, size_t *length, const an_encoded *file)
{
    size_t at = HEADER_BYTES;
    while (at < file->length && file->length - at >= CHUNK_BYTES) {
        size_t bytes = get32(file->bytes + at + 4), left = file->length - at - CHUNK_BYTES;
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
    for (int i = 0; i < 4; i++)
        (*out)[4 + i] = (uint8_t)((at - CHUNK_BYTES) >> 8 * i);
    *length = at;
    return ALEXNET_OK;
}

static alexnet_status decode(an_picture *out, int *orientation, const an_encoded *file)
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

const an_codec an_webp_codec = {"libwebp", AN_WEBP_VERSION, decode};
