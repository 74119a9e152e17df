#include "data/picture/rows.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/status.h"
#include "data/picture/orientation.h"

/* This uses the API of libjpeg, not TurboJPEG, which cannot tell a fatal error from a warning if
 * both occur, hides all warnings but the first, and knows only seven chroma subsamplings. */

/* Limits on the work of scans. A block of 8 x 8 pixels is in about six scans of a progressive file,
 * and in twelve at most; a file with more scans than that must have bytes in proportion.
 * BLOCKS_FREE lets small pictures have any number of scans. */
enum { PASSES_MAX = 12, BLOCKS_PER_BYTE = 8, BLOCKS_FREE = 1 << 20 };

/* Everything that must survive a longjmp() out of the library is here, not in local variables. */
typedef struct job {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf escape;
    const an_encoded *file;
    an_rows *rows;
    bool ended; /* the library met the end of the file and made up an end marker */
    bool cut;   /* and pixels were missing */
    bool early; /* the rows met another marker than the one that ends a picture */
    int orientation;
    alexnet_status rc; /* from our own functions */
    char reason[JMSG_LENGTH_MAX];
} job;

static void on_error(j_common_ptr jpeg)
{
    job *j = jpeg->client_data;
    jpeg->err->format_message(jpeg, j->reason);
    longjmp(j->escape, 1);
}

/* A warning is about damage that the library has recovered from, such as stray bytes between
 * segments; other readers open such pictures too. Only pixels missing at the end of the file, or
 * where another picture begins, are an error; a missing end marker is not. Levels >= 0 are traces.
 */
static void on_message(j_common_ptr jpeg, int level)
{
    job *j = jpeg->client_data;
    if (level >= 0)
        return;
    if (jpeg->err->msg_code == JWRN_JPEG_EOF)
        j->ended = true;
    if (jpeg->err->msg_code != JWRN_HIT_MARKER)
        return;
    j->cut |= j->ended;
    j->early |= j->jpeg.unread_marker != JPEG_EOI;
}

/* Jump out of decode() for our own reason. */
static void escape(job *j, const char *reason)
{
    snprintf(j->reason, sizeof j->reason, "%s", reason);
    longjmp(j->escape, 1);
}

/* Jump out of decode() if one of our own functions has failed. */
static void heed(job *j, alexnet_status rc)
{
    j->rc = rc;
    if (rc != ALEXNET_OK)
        longjmp(j->escape, 1);
}

static void set_up(job *j)
{
    j->jpeg.err = jpeg_std_error(&j->errors);
    j->errors.error_exit = on_error;
    j->errors.emit_message = on_message;
    j->jpeg.client_data = j;
    jpeg_create_decompress(&j->jpeg);
    jpeg_mem_src(&j->jpeg, j->file->bytes, j->file->length);
    jpeg_save_markers(&j->jpeg, JPEG_APP0 + 1, 0xFFFF);
}

/* Adobe stores CMYK inverted, so that a value is the share of light that passes. Files without
 * Adobe's marker are treated the same, as in Pillow. */
static void rgb_from_cmyk(uint8_t *to, const uint8_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++, to += 3, from += 4)
        for (int c = 0; c < 3; c++)
            to[c] = an_mul255(from[c], from[3]);
}

static void read_rows(job *j)
{
    struct jpeg_decompress_struct *jpeg = &j->jpeg;
    JSAMPARRAY cmyk = NULL; /* freed with the decompression */
    if (jpeg->out_color_space == JCS_CMYK)
        cmyk = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * 4,
                                       AN_ROWS_AT_ONCE);
    while (jpeg->output_scanline < jpeg->output_height) {
        const JDIMENSION left = jpeg->output_height - jpeg->output_scanline;
        const JDIMENSION most = left < AN_ROWS_AT_ONCE ? left : AN_ROWS_AT_ONCE;
        JSAMPROW rows[AN_ROWS_AT_ONCE];
        for (JDIMENSION i = 0; i < most; i++)
            rows[i] = j->rows->next + (ptrdiff_t)i * j->rows->stride;
        const JDIMENSION count = jpeg_read_scanlines(jpeg, cmyk ? cmyk : rows, most);
        for (JDIMENSION i = 0; cmyk && i < count; i++)
            rgb_from_cmyk(rows[i], cmyk[i], jpeg->output_width);
        heed(j, an_rows_take(j->rows, (int)count));
    }
}

/* Blocks of 8 x 8 samples in all components. */
static uint64_t count_blocks(const job *j)
{
    uint64_t blocks = 0;
    for (int c = 0; c < j->jpeg.num_components; c++)
        blocks +=
            (uint64_t)j->jpeg.comp_info[c].width_in_blocks * j->jpeg.comp_info[c].height_in_blocks;
    return blocks;
}

/* Decode smaller if that is allowed: the library then transforms blocks to 4 x 4, 2 x 2 or 1 x 1
 * pixels, as with Pillow's draft(). */
static void set_scale(job *j)
{
    const an_target *target = j->file->target;
    if (!target || !target->factor)
        return;
    const bool swapped = an_layout_of(j->orientation).swapped;
    const int width = (int)j->jpeg.image_width, height = (int)j->jpeg.image_height;
    const int most =
        target->factor(target->user, swapped ? (an_size){height, width} : (an_size){width, height});
    j->jpeg.scale_num = 1;
    j->jpeg.scale_denom = most >= 8 ? 8 : most >= 4 ? 4 : most >= 2 ? 2 : 1;
}

/* Check, before anything of the picture's size is allocated, that its blocks fit into the bytes
 * after the first scan's header. With Huffman coding a block takes at least two symbols of one bit;
 * in a progressive file one, because its other symbols may stand for many blocks. */
static void check_data(job *j)
{
    const struct jpeg_source_mgr *source = j->jpeg.src;
    const uint8_t *data = source->next_input_byte;
    size_t length = source->bytes_in_buffer;
    if (length == 0 || (length > 1 && data[0] == 0xFF && data[1] != 0))
        escape(j, "it has no data");
    if (!j->jpeg.arith_code && length < count_blocks(j) / (j->jpeg.progressive_mode ? 8 : 4)) {
        j->cut = true;
        longjmp(j->escape, 1);
    }
}

/* Whether the scans read so far hold the whole picture, so that the rest is not needed. */
static bool is_complete(const job *j)
{
    for (int c = 0; c < j->jpeg.num_components; c++) {
        if (!j->jpeg.comp_info[c].quant_table) /* in no scan so far */
            return false;
        for (int k = 0; k < DCTSIZE2 && j->jpeg.progressive_mode; k++)
            if (j->jpeg.coef_bits[c][k] != 0)
                return false;
    }
    return true;
}

/* Read scans until the picture is complete or the file ends. */
static void read_scans(job *j)
{
    uint64_t work = 0, all = count_blocks(j);
    uint64_t limit = PASSES_MAX * all + BLOCKS_PER_BYTE * j->file->length + BLOCKS_FREE;
    int scan = 0, event = 0;
    while (event != JPEG_REACHED_EOI && !(event == JPEG_SCAN_COMPLETED && is_complete(j))) {
        if (j->jpeg.input_scan_number != scan) {
            scan = j->jpeg.input_scan_number;
            work += (uint64_t)j->jpeg.MCUs_per_row * j->jpeg.MCU_rows_in_scan *
                    (uint64_t)j->jpeg.blocks_in_MCU;
        }
        if (work > limit)
            escape(j, "its scans are far more work than its pixels need");
        heed(j, an_picture_check_stop(j->file));
        event = jpeg_consume_input(&j->jpeg);
    }
    j->cut |= j->ended && !is_complete(j);
}

/* The markers live until the end of the decompression. */
static int orientation_of(const job *j)
{
    static const char exif[] = "Exif\0", xmp[] = "http://ns.adobe.com/xap/1.0/";
    int of_exif = 0, of_xmp = 0;
    for (jpeg_saved_marker_ptr m = j->jpeg.marker_list; m; m = m->next) {
        if (m->data_length >= sizeof exif && memcmp(m->data, exif, sizeof exif) == 0) {
            if (of_exif == 0)
                of_exif = an_exif_orientation(m->data, m->data_length);
        } else if (m->data_length >= sizeof xmp && memcmp(m->data, xmp, sizeof xmp) == 0) {
            of_xmp = an_xmp_orientation(m->data, m->data_length);
        }
    }
    return of_exif ? of_exif : of_xmp;
}

/* The part that the library may jump out of. On false, see rc, cut and reason of the job. The
 * inverse DCT and the upsampling are the library's defaults, which are the accurate ones and give
 * the same bits as Pillow. */
static bool decode(job *j)
{
    if (setjmp(j->escape))
        return false;
    set_up(j);
    jpeg_read_header(&j->jpeg, TRUE);
    j->orientation = orientation_of(j);
    j->rc = an_picture_check_size(j->file, j->jpeg.image_width, j->jpeg.image_height);
    if (j->rc != ALEXNET_OK)
        return false;
    check_data(j);
    j->jpeg.out_color_space = j->jpeg.num_components == 4 ? JCS_CMYK : JCS_RGB;
    set_scale(j);
    jpeg_calc_output_dimensions(&j->jpeg);
    j->rc = an_rows_begin(j->rows, j->orientation, j->jpeg.output_width, j->jpeg.output_height);
    if (j->rc != ALEXNET_OK)
        return false;
    j->jpeg.buffered_image = jpeg_has_multiple_scans(&j->jpeg);
    jpeg_start_decompress(&j->jpeg);
    if (j->jpeg.buffered_image) {
        read_scans(j);
        jpeg_start_output(&j->jpeg, j->jpeg.input_scan_number);
    }
    read_rows(j);
    if (j->early && !j->jpeg.buffered_image) { /* read on, as Pillow does: where another picture
                                                * begins, this one was cut */
        jpeg_finish_decompress(&j->jpeg);
        if (j->ended)
            j->cut = true;
    }
    /* Beyond the end, arithmetic decoding adds zeros without a warning. */
    return !j->cut && !(j->ended && j->jpeg.arith_code);
}

static alexnet_status status_of(const job *j)
{
    if (j->rc != ALEXNET_OK)
        return j->rc;
    if (j->cut || j->ended)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is cut short: the JPEG ends before its pixels do",
                       j->file->name);
    switch (j->errors.msg_code) {
    case JERR_OUT_OF_MEMORY:
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: a JPEG decoder for %s",
                       j->file->name);
    case JERR_BAD_PRECISION:
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s is a JPEG with %d bits per sample; 8 are read", j->file->name,
                       j->jpeg.data_precision);
    case JERR_IMAGE_TOO_BIG:
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s claims to be %u x %u pixels: %s",
                       j->file->name, j->jpeg.image_width, j->jpeg.image_height, j->reason);
    case JERR_SOF_UNSUPPORTED: /* lossless, hierarchical */
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: %s", j->file->name, j->reason);
    default:
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a valid JPEG: %s", j->file->name,
                       j->reason);
    }
}

alexnet_status an_jpeg_decode(an_rows *rows, const an_encoded *file)
{
    job j = {.file = file, .rows = rows};
    bool done = decode(&j);
    jpeg_destroy_decompress(&j.jpeg);
    return done ? ALEXNET_OK : status_of(&j);
}
