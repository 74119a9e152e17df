#include "data/picture/jpeg_write.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/picture/facts.h"

/* The output buffer is allocated here, because the library's own memory destination calls
 * malloc(). */
typedef struct job {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr to;
    jmp_buf escape;
    unsigned char *bytes;
    size_t room;
    bool short_of_memory;
    char reason[JMSG_LENGTH_MAX];
} job;

static void on_error(j_common_ptr jpeg)
{
    job *j = jpeg->client_data;
    jpeg->err->format_message(jpeg, j->reason);
    longjmp(j->escape, 1);
}

static void on_message(j_common_ptr jpeg, int level)
{
    (void)jpeg, (void)level;
}

static void grow(job *j)
{
    enum { FIRST = 1 << 16 };
    const size_t room = j->room ? 2 * j->room : FIRST;
    unsigned char *grown = an_realloc(j->bytes, room, 1);
    if (!grown) {
        j->short_of_memory = true;
        longjmp(j->escape, 1);
    }
    j->bytes = grown;
    j->to.next_output_byte = grown + j->room;
    j->to.free_in_buffer = room - j->room;
    j->room = room;
}

static void on_start(j_compress_ptr jpeg)
{
    grow(jpeg->client_data);
}

static boolean on_full(j_compress_ptr jpeg)
{
    grow(jpeg->client_data); /* all of the room is in use, whatever free_in_buffer says */
    return TRUE;
}

static void on_end(j_compress_ptr jpeg)
{
    (void)jpeg;
}

static void set_up(job *j, const an_picture *picture, int quality)
{
    j->jpeg.err = jpeg_std_error(&j->errors);
    j->errors.error_exit = on_error;
    j->errors.emit_message = on_message;
    j->jpeg.client_data = j;
    jpeg_create_compress(&j->jpeg);
    j->to = (struct jpeg_destination_mgr){
        .init_destination = on_start, .empty_output_buffer = on_full, .term_destination = on_end};
    j->jpeg.dest = &j->to;
    j->jpeg.image_width = (JDIMENSION)picture->width;
    j->jpeg.image_height = (JDIMENSION)picture->height;
    j->jpeg.input_components = 3;
    j->jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&j->jpeg);
    if (an_is_grey(picture))
        jpeg_set_colorspace(&j->jpeg, JCS_GRAYSCALE);
    jpeg_set_quality(&j->jpeg, quality, TRUE);
    j->jpeg.optimize_coding = TRUE;
}

static bool encode(job *j, const an_picture *picture, int quality)
{
    if (setjmp(j->escape))
        return false;
    set_up(j, picture, quality);
    jpeg_start_compress(&j->jpeg, TRUE);
    while (j->jpeg.next_scanline < j->jpeg.image_height) {
        JSAMPROW row = picture->rgb + (size_t)j->jpeg.next_scanline * (size_t)picture->width * 3;
        jpeg_write_scanlines(&j->jpeg, &row, 1);
    }
    jpeg_finish_compress(&j->jpeg);
    return true;
}

alexnet_status an_jpeg_encode(unsigned char **bytes, size_t *length, const an_picture *picture,
                              int quality)
{
    job j = {.room = 0};
    *bytes = NULL;
    *length = 0;
    const bool done = encode(&j, picture, quality);
    jpeg_destroy_compress(&j.jpeg);
    if (!done) {
        an_free(j.bytes);
        if (j.short_of_memory)
            return AN_FAIL_MEMORY(j.room * 2, "a JPEG");
        return j.errors.msg_code == JERR_OUT_OF_MEMORY
                   ? AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: a JPEG encoder")
                   : AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%d x %d pixels cannot be a JPEG: %s",
                             picture->width, picture->height, j.reason);
    }
    *bytes = j.bytes;
    *length = j.room - j.to.free_in_buffer;
    return ALEXNET_OK;
}
