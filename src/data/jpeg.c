#include "data/codec.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/status.h"

/* The library proper and not TurboJPEG above it: that one cannot tell a fatal error from a warning
 * if both came up, hides all warnings but the first, and knows only seven samplings. */

/* A progressive file may hold any number of scans, each as much work as a picture. */
enum { SCANS_MAX = 500, ROWS_AT_ONCE = 16 };

/* Everything that has to outlive a jump out of the library lives here, not in locals. */
typedef struct job {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    const an_encoded *file;
    an_picture *picture;
    bool cut; /* the library met the end of the file and made up an end marker */
    int orientation;
    alexnet_status rc; /* of a step of ours */
    char reason[JMSG_LENGTH_MAX];
} job;

static void on_error(j_common_ptr jpeg)
{
    job *j = jpeg->client_data;
    jpeg->err->format_message(jpeg, j->reason);
    longjmp(j->escape, 1);
}

/* A warning is damage that the library has bridged, such as stray bytes between segments: other
 * readers open the picture too. Only a missing end is as bad as an error. Levels >= 0 are
 * traces. */
static void on_message(j_common_ptr jpeg, int level)
{
    job *j = jpeg->client_data;
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF)
        j->cut = true;
}

static void on_progress(j_common_ptr jpeg)
{
    job *j = jpeg->client_data;
    if (j->jpeg.input_scan_number <= SCANS_MAX)
        return;
    snprintf(j->reason, sizeof j->reason, "more than %d scans", SCANS_MAX);
    longjmp(j->escape, 1);
}

static void set_up(job *j)
{
    j->jpeg.err = jpeg_std_error(&j->errors);
    j->errors.error_exit = on_error;
    j->errors.emit_message = on_message;
    j->jpeg.client_data = j;
    jpeg_create_decompress(&j->jpeg);
    j->progress.progress_monitor = on_progress;
    j->jpeg.progress = &j->progress;
    jpeg_mem_src(&j->jpeg, j->file->bytes, j->file->length);
    jpeg_save_markers(&j->jpeg, JPEG_APP0 + 1, 0xFFFF);
}

/* All rows into the picture, which has `channels` bytes a pixel. */
static void read_rows(job *j, size_t channels)
{
    size_t row_bytes = (size_t)j->picture->width * channels;
    while (j->jpeg.output_scanline < j->jpeg.output_height) {
        JSAMPROW rows[ROWS_AT_ONCE];
        size_t first = j->jpeg.output_scanline;
        size_t left = j->jpeg.output_height - first;
        size_t count = left < ROWS_AT_ONCE ? left : ROWS_AT_ONCE;
        for (size_t i = 0; i < count; i++)
            rows[i] = j->picture->rgb + (first + i) * row_bytes;
        jpeg_read_scanlines(&j->jpeg, rows, (JDIMENSION)count);
    }
}

/* The markers live until the end of the decompression. */
static int orientation_of(const job *j)
{
    static const char head[6] = "Exif\0";
    for (jpeg_saved_marker_ptr m = j->jpeg.marker_list; m; m = m->next)
        if (m->data_length >= sizeof head && memcmp(m->data, head, sizeof head) == 0)
            return an_exif_orientation(m->data + sizeof head, m->data_length - sizeof head);
    return 1;
}

/* The part that the library may jump out of. false: see rc, cut and reason of the job. The inverse
 * DCT and the upsampling are the library's defaults, the accurate ones: Pillow's, bit for bit. */
static bool decode(job *j)
{
    if (setjmp(j->escape))
        return false;
    set_up(j);
    jpeg_read_header(&j->jpeg, TRUE);
    bool cmyk = j->jpeg.num_components == 4;
    j->orientation = orientation_of(j);
    j->rc = an_picture_alloc(j->picture, j->file, j->jpeg.image_width, j->jpeg.image_height,
                             cmyk ? 4 : 3);
    if (j->rc != ALEXNET_OK)
        return false;
    j->jpeg.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&j->jpeg);
    read_rows(j, cmyk ? 4 : 3);
    jpeg_finish_decompress(&j->jpeg);
    return !j->cut;
}

static alexnet_status status_of(const job *j)
{
    if (j->rc != ALEXNET_OK)
        return j->rc;
    if (j->cut)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is cut short: a JPEG without its end marker",
                       j->file->name);
    switch (j->errors.msg_code) {
    case JERR_OUT_OF_MEMORY:
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: a JPEG decoder for %s",
                       j->file->name);
    case JERR_BAD_PRECISION:
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s is a JPEG of %d bits; 8 are read",
                       j->file->name, j->jpeg.data_precision);
    case JERR_IMAGE_TOO_BIG:
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s claims to be %u x %u pixels: %s",
                       j->file->name, j->jpeg.image_width, j->jpeg.image_height, j->reason);
    case JERR_SOF_UNSUPPORTED: /* lossless, hierarchical */
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: %s", j->file->name, j->reason);
    default:
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a sound JPEG: %s", j->file->name,
                       j->reason);
    }
}

/* Adobe stores CMYK inverted, so that a value is the share of light that passes, and files without
 * Adobe's marker are taken for the same, as Pillow does. In place, 4 bytes to 3. */
static void rgb_from_cmyk(uint8_t *pixels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *from = pixels + 4 * i;
        uint8_t c = from[0], m = from[1], y = from[2], k = from[3];
        uint8_t *to = pixels + 3 * i;
        to[0] = an_mul255(c, k);
        to[1] = an_mul255(m, k);
        to[2] = an_mul255(y, k);
    }
}

alexnet_status an_jpeg_decode(an_picture *out, int *orientation, const an_encoded *file)
{
    job j = {.file = file, .picture = out};
    bool done = decode(&j);
    bool cmyk = j.jpeg.num_components == 4;
    *orientation = j.orientation;
    jpeg_destroy_decompress(&j.jpeg);
    if (!done) {
        an_picture_free(out);
        return status_of(&j);
    }
    if (cmyk)
        rgb_from_cmyk(out->rgb, (size_t)out->width * out->height);
    return ALEXNET_OK;
}
