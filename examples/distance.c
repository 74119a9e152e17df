/*
 * Measure how different two pictures look, and where.
 *
 *     distance MODEL A B [WEIGHTS]
 *
 * Prints the perceptual distance between two pictures of the same size, each layer's part of it,
 * and the pixel of A to which the distance is most sensitive. WEIGHTS is a file of LPIPS weights; a
 * model that `alexnet convert --lpips` wrote contains them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <alexnet/alexnet.h>

static void print_largest(const float *gradient, int width, int height)
{
    const size_t plane = (size_t)width * (size_t)height;
    size_t most = 0;
    for (size_t i = 0; i < 3 * plane; i++)
        if (fabsf(gradient[i]) > fabsf(gradient[most]))
            most = i;
    printf("pixel (%d, %d) changes it by %.3g per grey level\n", (int)(most % plane) % width,
           (int)(most % plane) / width, (double)gradient[most]);
}

static int print_distance(alexnet_distance *distance, const char *first, const char *second)
{
    const int count = alexnet_distance_part_count(distance);
    alexnet_distance_picture *a = NULL, *b = NULL;
    float *gradient = NULL;
    double value, *parts = malloc((size_t)count * sizeof *parts);
    int failed = !parts || alexnet_distance_picture_file(&a, distance, first) ||
                 alexnet_distance_picture_file(&b, distance, second);
    const int width = alexnet_distance_picture_width(a);
    const int height = alexnet_distance_picture_height(a);
    if (!failed) {
        gradient = malloc(3 * sizeof *gradient * (size_t)width * (size_t)height);
        failed = !gradient || alexnet_distance_between(distance, a, b, &value, parts, gradient);
    }
    if (!failed) {
        printf("%.6f\n", value);
        for (int i = 0; i < count; i++)
            printf("  %.6f by %s\n", parts[i], alexnet_distance_part_name(distance, i));
        print_largest(gradient, width, height);
    }
    alexnet_distance_picture_free(a);
    alexnet_distance_picture_free(b);
    free(gradient);
    free(parts);
    return failed;
}

int main(int argc, char **argv)
{
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_distance *distance = NULL;
    alexnet_distance_options options = ALEXNET_DISTANCE_OPTIONS_INIT;
    if (argc < 4) {
        fprintf(stderr, "usage: distance MODEL A B [WEIGHTS]\n");
        return 2;
    }
    options.lpips = argc > 4 ? argv[4] : NULL;
    int failed = alexnet_ctx_new(&ctx, NULL) || alexnet_model_load(&model, ctx, argv[1]) ||
                 alexnet_distance_new(&distance, model, &options) ||
                 print_distance(distance, argv[2], argv[3]);
    if (failed)
        fprintf(stderr, "%s\n", alexnet_error_text());
    alexnet_distance_free(distance);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return failed;
}
