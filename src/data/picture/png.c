#include "data/picture/rows.h"

#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

/* A chunk is no longer than its file, and a row of the largest picture takes half of this; if
 * libpng asks for more than both, the file's numbers are wrong. */
enum { BLOCK_MAX = 1 << 20 };

/* Deflate makes at most so many bytes of one: 258 of two bits (RFC 1951, 3.2.5). */
enum { DEFLATE_MOST = 1032 };

/* Everything that must survive a longjmp() out of libpng is here, not in local variables. */
typedef struct job {
    const an_encoded *file;
    size_t at;
    png_structp png;
    png_infop info;
    an_rows *rows;
    int orientation;
    uint8_t *rgba;    /* a row */
    an_picture whole; /* an interlaced picture */
    bool no_memory, damaged;
    alexnet_status rc; /* from our own functions */
    char reason[160];  /* of libpng's failure */
} job;

static void on_error(png_structp png, png_const_charp message)
{
    job *j = png_get_error_ptr(png);
    snprintf(j->reason, sizeof j->reason, "%s", message);
    png_longjmp(png, 1);
}

/* Whether libpng warns of pixels that are damaged: zlib shows some damage only after the last row.
 * Bytes that the rows do not need are none. */
static bool is_damage(const char *warning)
{
    static const char pixels[] = "IDAT: ";
    static const char *const more[] = {"Extra compressed data", "Too much image data",
                                       "chunk data is too large"};
    if (strncmp(warning, pixels, strlen(pixels)) != 0)
        return false;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (strcmp(warning + strlen(pixels), more[i]) == 0)
            return false;
    return true;
}

/* Most warnings are about ancillary chunks and colour profiles, which are not used. Damaged
 * transparency is used: libpng leaves it out. */
static void on_warning(png_structp png, png_const_charp message)
{
    job *j = png_get_error_ptr(png);
    j->damaged |= is_damage(message) || strcmp(message, "tRNS: CRC error") == 0;
    if (j->damaged)
        png_error(png, message);
}

static png_voidp on_malloc(png_structp png, png_alloc_size_t bytes)
{
    job *j = png_get_mem_ptr(png);
    if (bytes > j->file->length + BLOCK_MAX)
        return NULL;
    void *block = an_malloc(bytes);
    j->no_memory |= !block;
    return block;
}

static void on_free(png_structp png, png_voidp block)
{
    (void)png;
    an_free(block);
}

/* Pixels that the file is too short for end where it does, so that libpng reads those there are.
 * @param header  of a chunk: its length, and its type */
static void end_with_file(png_bytep header, size_t left)
{
    if (memcmp(header + 4, "IDAT", 4) == 0 && png_get_uint_32(header) > left)
        png_save_uint_32(header, (png_uint_32)left);
}

static void on_read(png_structp png, png_bytep to, size_t length)
{
    job *j = png_get_io_ptr(png);
    if (length > j->file->length - j->at)
        png_error(png, "the file is cut short");
    memcpy(to, j->file->bytes + j->at, length);
    j->at += length;
    if (png_get_io_state(png) & PNG_IO_CHUNK_HDR)
        end_with_file(to, j->file->length - j->at);
}

/* Whatever the file holds becomes 8-bit RGBA. No gamma is applied: samples are used as stored.
 * @return how often all rows are read */
static int ask_for_rgba(png_structp png)
{
    png_set_expand(png); /* palette, 1 to 4 bits, tRNS to alpha */
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, 0xFF, PNG_FILLER_AFTER);
    return png_set_interlace_handling(png);
}

static void compose_over_white(uint8_t *to, const uint8_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++, to += 3, from += 4)
        for (int c = 0; c < 3; c++)
            to[c] = an_over_white(from[c], from[3]);
}

/* Check, before anything of the picture's size is allocated, that the file can hold its rows. The
 * rows of interlaced passes have no fewer bytes. */
static void check_data(const job *j)
{
    const uint64_t row = 1 + (uint64_t)png_get_rowbytes(j->png, j->info);
    if (row * png_get_image_height(j->png, j->info) / DEFLATE_MOST > j->file->length)
        png_error(j->png, "Not enough image data"); /* as libpng says it */
}

/* Give the row that was read last. */
static alexnet_status give_row(job *j)
{
    compose_over_white(j->rows->next, j->rgba, png_get_image_width(j->png, j->info));
    return an_rows_take(j->rows, 1);
}

/* Rows come in order, and need not all be in memory. */
static alexnet_status read_rows(job *j, an_size size)
{
    AN_CHECK(an_rows_begin(j->rows, j->orientation, (uint32_t)size.width, (uint32_t)size.height));
    const size_t bytes = 4 * (size_t)size.width;
    j->rgba = an_calloc(bytes, 1);
    if (!j->rgba)
        return AN_FAIL_MEMORY(bytes, j->file->name);
    for (int y = 0; y < size.height; y++) {
        if (y > 0)
            AN_CHECK(give_row(j));
        png_read_row(j->png, j->rgba, NULL);
    }
    return ALEXNET_OK;
}

/* An interlaced picture is complete after several passes over all its rows. */
static alexnet_status read_passes(job *j, an_size size, int passes)
{
    const size_t row = 4 * (size_t)size.width;
    AN_CHECK(an_picture_alloc(&j->whole, j->file, (uint32_t)size.width, (uint32_t)size.height, 4));
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < size.height; y++) {
            png_read_row(j->png, j->whole.rgb + (size_t)y * row, NULL);
            AN_CHECK(an_picture_check_stop(j->file));
        }
    return ALEXNET_OK;
}

/* Give what was read last: the last row, or the whole picture. */
static alexnet_status give_last(job *j)
{
    an_picture whole = j->whole;
    if (!whole.rgb)
        return give_row(j);
    j->whole = (an_picture){0};
    compose_over_white(whole.rgb, whole.rgb, (size_t)whole.width * (size_t)whole.height);
    return an_rows_give(j->rows, j->orientation, &whole); /* above, 4 bytes became 3 in place */
}

/* Whether libpng has read the last row. What it misses then are checksums and the end of the file,
 * which other readers do not miss. */
static bool has_rows(const job *j)
{
    enum { PASSES = 7 };
    return (j->rgba || j->whole.rgb) && !j->damaged && !j->no_memory &&
           (png_get_current_row_number(j->png) >= png_get_image_height(j->png, j->info) ||
            png_get_current_pass_number(j->png) >= PASSES);
}

/* The part that libpng may jump out of. On false, see rc, no_memory and reason of the job. */
static bool read_rgba(job *j)
{
    if (setjmp(png_jmpbuf(j->png)))
        return has_rows(j);
    png_set_read_fn(j->png, j, on_read);
    png_set_user_limits(j->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* ours give better errors */
    /* Unpack only pixels, palette and transparency. */
    png_set_keep_unknown_chunks(j->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    /* Allow data that need a larger window than the file says: it costs nothing, and other readers
     * do too. */
    png_set_option(j->png, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON);
    png_read_info(j->png, j->info);
    /* Damaged pixels are found by zlib's checksum; wrong checksums of chunks are accepted. */
    png_set_crc_action(j->png, PNG_CRC_QUIET_USE, PNG_CRC_NO_CHANGE);
    const uint32_t width = png_get_image_width(j->png, j->info);
    const uint32_t height = png_get_image_height(j->png, j->info);
    j->rc = an_picture_check_size(j->file, width, height);
    if (j->rc != ALEXNET_OK)
        return false;
    check_data(j);
    const int passes = ask_for_rgba(j->png);
    const an_size size = {(int)width, (int)height};
    png_read_update_info(j->png, j->info);
    j->rc = passes > 1 ? read_passes(j, size, passes) : read_rows(j, size);
    return j->rc == ALEXNET_OK;
}

static alexnet_status status_of(const job *j)
{
    if (j->rc != ALEXNET_OK)
        return j->rc;
    if (j->no_memory)
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: a PNG decoder for %s",
                       j->file->name);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a valid PNG: %s", j->file->name, j->reason);
}

alexnet_status an_png_decode(an_rows *rows, const an_encoded *file)
{
    job j = {.file = file, .rows = rows};
    AN_CHECK(an_png_orientation(&j.orientation, file));
    j.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning, &j, on_malloc,
                                     on_free);
    if (j.png)
        j.info = png_create_info_struct(j.png);
    j.no_memory |= !j.info;
    const bool done = j.info && read_rgba(&j) && !j.no_memory;
    if (done)
        j.rc = give_last(&j);
    png_destroy_read_struct(&j.png, &j.info, NULL);
    an_free(j.rgba);
    an_picture_free(&j.whole);
    return done ? j.rc : status_of(&j);
}
