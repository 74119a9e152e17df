#include "draw.h"

#include <stdio.h>

#include "files.h"
#include "outputs.h"

/* A PNG file being written. */
typedef struct png_file {
    FILE *file;
    size_t length; /* so far */
} png_file;

static bool put_bytes(png_file *png, const unsigned char *bytes, size_t length)
{
    png->length += length;
    return fwrite(bytes, 1, length, png->file) == length;
}

/* The mark comes after the header, IHDR. */
static cairo_status_t put(void *to, const unsigned char *bytes, unsigned length)
{
    png_file *png = to;
    const size_t left = png->length < OUTPUT_DRAWN_AT ? OUTPUT_DRAWN_AT - png->length : 0;
    const size_t first = left < length ? left : length;
    bool good = put_bytes(png, bytes, first);
    if (left && png->length == OUTPUT_DRAWN_AT)
        good = good && fwrite(output_drawn, 1, OUTPUT_DRAWN, png->file) == OUTPUT_DRAWN;
    good = good && put_bytes(png, bytes + first, length - first);
    return good ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

int draw_save(cairo_surface_t *surface, const char *path)
{
    file_output out;
    int code = file_begin(&out, path);
    if (code == CLI_DONE) {
        png_file png = {.file = out.file};
        cairo_status_t status = cairo_surface_write_to_png_stream(surface, put, &png);
        if (status && status != CAIRO_STATUS_WRITE_ERROR)
            code =
                cli_error(CLI_FAILED, "cannot write %s: %s", path, cairo_status_to_string(status));
        code = file_end(&out, code);
    }
    cairo_surface_destroy(surface);
    return code;
}
