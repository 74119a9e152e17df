#include "draw.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int draw_save(cairo_surface_t *surface, const char *path)
{
    int code = CLI_DONE;
    char *unfinished = cli_format("%s.tmp", path);
    errno = 0;
    cairo_status_t status = cairo_surface_write_to_png(surface, unfinished);
    if (status)
        code = cli_error(CLI_FAILED, "cannot write %s: %s", path,
                         errno ? strerror(errno) : cairo_status_to_string(status));
    else if (rename(unfinished, path) != 0)
        code = cli_error(CLI_FAILED, "cannot write %s: %s", path, strerror(errno));
    if (code != CLI_DONE)
        remove(unfinished);
    free(unfinished);
    cairo_surface_destroy(surface);
    return code;
}
