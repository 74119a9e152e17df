#include "draw.h"

#include <stdio.h>

#include "files.h"

static cairo_status_t put(void *file, const unsigned char *bytes, unsigned length)
{
    return fwrite(bytes, 1, length, file) == length ? CAIRO_STATUS_SUCCESS
                                                    : CAIRO_STATUS_WRITE_ERROR;
}

int draw_save(cairo_surface_t *surface, const char *path)
{
    file_output out;
    int code = file_begin(&out, path);
    if (code == CLI_DONE) {
        cairo_status_t status = cairo_surface_write_to_png_stream(surface, put, out.file);
        if (status && status != CAIRO_STATUS_WRITE_ERROR)
            code =
                cli_error(CLI_FAILED, "cannot write %s: %s", path, cairo_status_to_string(status));
        code = file_end(&out, code);
    }
    cairo_surface_destroy(surface);
    return code;
}
