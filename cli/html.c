#include "html.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "draw.h"
#include "files.h"
#include "paths.h"
#include "terminal.h"

void html_begin(FILE *file, const char *title, const char *style)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width\">\n<style>\n"
          "body { font: 13px/1.35 sans-serif; margin: 24px; color: #222; background: #fff }\n"
          "h1 { font-size: 17px; font-weight: 600 }\n",
          file);
    fprintf(file, "%s</style>\n<title>", style);
    html_text(file, title);
    fputs("</title>\n</head>\n<body>\n<h1>", file);
    html_text(file, title);
    fputs("</h1>\n", file);
}

void html_end(FILE *file)
{
    fputs("</body>\n</html>\n", file);
}

void html_text(FILE *file, const char *text)
{
    char *shown = terminal_text(text, "");
    for (const char *c = shown; *c; c++) {
        const char *entity = *c == '&'   ? "&amp;"
                             : *c == '<' ? "&lt;"
                             : *c == '>' ? "&gt;"
                             : *c == '"' ? "&quot;"
                                         : NULL;
        if (entity)
            fputs(entity, file);
        else
            fputc(*c, file);
    }
    free(shown);
}

void html_url(FILE *file, const char *path)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    for (const unsigned char *c = (const unsigned char *)path; *c; c++) {
        if (strchr(plain, *c))
            fputc(*c, file);
        else
            fprintf(file, "%%%02X", *c);
    }
}

/* Write bytes in base64 (RFC 4648). */
static void put_base64(FILE *file, const unsigned char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        const size_t left = length - i;
        const unsigned second = left > 1 ? bytes[i + 1] : 0, third = left > 2 ? bytes[i + 2] : 0;
        const unsigned group = (unsigned)bytes[i] << 16 | second << 8 | third;
        fputc(digits[group >> 18], file);
        fputc(digits[group >> 12 & 63], file);
        fputc(left > 1 ? digits[group >> 6 & 63] : '=', file);
        fputc(left > 2 ? digits[group & 63] : '=', file);
    }
}

static void begin_picture(FILE *file, const char *alt, const char *type)
{
    fputs("<img alt=\"", file);
    html_text(file, alt);
    fprintf(file, "\" src=\"data:image/%s;base64,", type);
}

void html_jpeg(FILE *file, const void *bytes, size_t length)
{
    begin_picture(file, "", "jpeg");
    put_base64(file, bytes, length);
    fputs("\">", file);
}

/* PART_BYTES is a multiple of three, so that the parts of a file can be encoded one after the
 * other. The drawings of the command are far smaller than PNG_MAX. */
enum { PART_BYTES = 3 << 12, PNG_MAX = 16 << 20 };

void html_png(FILE *file, const char *path, const char *alt)
{
    unsigned char part[PART_BYTES];
    FILE *png;
    struct stat info;
    if (!path_exists(path) || file_open(&png, path, NULL) != CLI_DONE)
        return;
    if (fstat(fileno(png), &info) != 0 || info.st_size > PNG_MAX) {
        fclose(png);
        return;
    }
    begin_picture(file, alt, "png");
    for (size_t n; (n = fread(part, 1, sizeof part, png)) > 0;)
        put_base64(file, part, n);
    fputs("\">\n", file);
    fclose(png);
}

/* What cairo has written so far; it writes pieces of any length. */
typedef struct png_bytes {
    unsigned char *bytes;
    size_t length;
} png_bytes;

static cairo_status_t keep(void *to, const unsigned char *bytes, unsigned length)
{
    png_bytes *png = to;
    png->bytes = cli_realloc(png->bytes, png->length + length);
    memcpy(png->bytes + png->length, bytes, length);
    png->length += length;
    return CAIRO_STATUS_SUCCESS;
}

void html_pixels(FILE *file, const uint8_t *rgb, int side, const char *alt)
{
    cairo_t *page = draw_page(side, side);
    png_bytes png = {0};
    draw_rgb(page, (draw_box){0, 0, side, side}, rgb, side, side);
    cairo_surface_write_to_png_stream(cairo_get_target(page), keep, &png);
    cairo_destroy(page);
    begin_picture(file, alt, "png");
    put_base64(file, png.bytes, png.length);
    fputs("\">", file);
    free(png.bytes);
}
