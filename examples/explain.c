/*
 * Show which parts of a picture a model's answer depends on.
 *
 *     explain MODEL PICTURE
 *
 * Prints the best class, and a map of the picture in characters: the denser the character, the more
 * of the class's probability is lost when a square covers this place, up to the amount printed
 * under the map. Then prints the pixel to which the class's score is most sensitive.
 */
#include <stdio.h>
#include <stdlib.h>

#include <alexnet/alexnet.h>

static int print_occlusion(alexnet_model *model, const unsigned char *crop, int class_index)
{
    static const char shades[] = " .:-=+*#%@";
    alexnet_occlusion *occlusion = NULL;
    int64_t done;
    int failed = alexnet_occlusion_new(&occlusion, model, NULL) ||
                 alexnet_occlusion_start(occlusion, crop, class_index);
    for (bool more = true; more && !failed;)
        failed = alexnet_occlusion_step(occlusion, &done, &more) != ALEXNET_OK;
    if (!failed) {
        const int side = alexnet_occlusion_side(occlusion);
        const float *drops = alexnet_occlusion_map(occlusion, NULL);
        float most = 0;
        for (int i = 0; i < side * side; i++)
            most = drops[i] > most ? drops[i] : most;
        for (int i = 0; i < side * side; i++) {
            putchar(shades[drops[i] > 0 ? (int)(drops[i] / most * 9) : 0]);
            if (i % side == side - 1)
                putchar('\n');
        }
        printf("at most %.3g of the probability is lost\n", most);
    }
    alexnet_occlusion_free(occlusion);
    return failed;
}

static int print_gradient(alexnet_model *model, const unsigned char *crop, int class_index)
{
    const int side = alexnet_network_side(alexnet_model_network(model));
    alexnet_saliency *saliency = NULL;
    float score, *map = malloc((size_t)side * (size_t)side * sizeof *map);
    int failed = !map || alexnet_saliency_new(&saliency, model) ||
                 alexnet_saliency_compute(saliency, crop, class_index, &score, NULL, map);
    if (!failed) {
        int most = 0;
        for (int i = 0; i < side * side; i++)
            if (map[i] > map[most])
                most = i;
        printf("score %.4g; pixel (%d, %d) changes it by %.3g per grey level\n", score, most % side,
               most / side, map[most]);
    }
    alexnet_saliency_free(saliency);
    free(map);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s MODEL PICTURE\n", argv[0]);
        return 2;
    }
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_session *session = NULL;
    alexnet_prediction best;
    unsigned char *crop = NULL;
    int failed = 1;
    if (alexnet_ctx_new(&ctx, NULL) || alexnet_model_load(&model, ctx, argv[1]) ||
        alexnet_session_new(&session, model, NULL) ||
        alexnet_classify_file(session, argv[2], 1, &best))
        goto cleanup;
    const alexnet_network *network = alexnet_model_network(model);
    const size_t side = (size_t)alexnet_network_side(network);
    crop = malloc(side * side * 3);
    if (!crop || alexnet_crop_file(network, argv[2], crop))
        goto cleanup;
    printf("%s: %s, %.1f%%\n", argv[2], best.name, 100 * best.probability);
    failed = print_occlusion(model, crop, best.index) || print_gradient(model, crop, best.index);
cleanup:
    if (failed)
        fprintf(stderr, "%s\n", alexnet_error_text());
    free(crop);
    alexnet_session_free(session);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return failed;
}
