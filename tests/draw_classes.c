/*
 * Two classes of small pictures that a network learns in seconds, for tests of whole programs:
 *
 *     draw_classes FOLDER COUNT
 *
 * makes FOLDER/dark and FOLDER/light with COUNT PNG files each.
 */
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SIDE = 48 };

static int draw(const char *path, int light, unsigned number)
{
    static uint8_t pixels[SIDE][SIDE][3];
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            for (int c = 0; c < 3; c++) {
                number = number * 1664525u + 1013904223u; /* noise */
                pixels[y][x][c] = (uint8_t)((light ? 150 : 20) + (number >> 24) % 80);
            }
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = image.height = SIDE;
    image.format = PNG_FORMAT_RGB;
    return png_image_write_to_file(&image, path, 0, pixels, 0, NULL) ? 0 : -1;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"dark", "light"};
    if (argc != 3) {
        fprintf(stderr, "usage: %s FOLDER COUNT\n", argv[0]);
        return 2;
    }
    const int count = atoi(argv[2]);
    mkdir(argv[1], 0777);
    for (int class = 0; class < 2; class ++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", argv[1], names[class]);
        mkdir(path, 0777);
        for (int i = 0; i < count; i++) {
            snprintf(path, sizeof path, "%s/%s/%03d.png", argv[1], names[class], i);
            if (draw(path, class, (unsigned)(2 * i + class)) != 0) {
                perror(path);
                return 1;
            }
        }
    }
    return 0;
}
