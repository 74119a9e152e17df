/*
 * What a PNG file shows, for tests of drawings:
 *
 *     png_pixel FILE             its width and height
 *     png_pixel FILE X Y ...     red, green and blue of pixels, a line for each
 */
#include <stdio.h>
#include <stdlib.h>

#include <cairo.h>

int main(int argc, char **argv)
{
    if (argc < 2 || argc % 2 != 0) {
        fprintf(stderr, "usage: %s FILE [X Y]...\n", argv[0]);
        return 2;
    }
    cairo_surface_t *surface = cairo_image_surface_create_from_png(argv[1]);
    if (cairo_surface_status(surface)) {
        fprintf(stderr, "%s: %s\n", argv[1], cairo_status_to_string(cairo_surface_status(surface)));
        return 1;
    }
    const int width = cairo_image_surface_get_width(surface);
    const int height = cairo_image_surface_get_height(surface);
    const unsigned char *pixels = cairo_image_surface_get_data(surface);
    int code = 0;
    if (argc == 2)
        printf("%d %d\n", width, height);
    for (int i = 2; i < argc && !code; i += 2) {
        const int x = atoi(argv[i]), y = atoi(argv[i + 1]);
        if (x < 0 || y < 0 || x >= width || y >= height) {
            fprintf(stderr, "%s has no pixel (%d, %d)\n", argv[1], x, y);
            code = 1;
        } else {
            const unsigned char *p = pixels +
                                     (size_t)y * (size_t)cairo_image_surface_get_stride(surface) +
                                     4 * (size_t)x;
            printf("%d %d %d\n", p[2], p[1], p[0]);
        }
    }
    cairo_surface_destroy(surface);
    return code;
}
