/*
 * Classify pictures with a model that is compiled into the program.
 *
 *     alexnet convert MODEL model.c
 *     cc embedded.c model.c -o embedded $(pkg-config --cflags --libs alexnet)
 *     embedded PICTURE...
 */
#include <stdio.h>

#include <alexnet/alexnet.h>

#include "model.h"

static int classify(alexnet_session *session, const char *path)
{
    alexnet_prediction best;
    if (alexnet_classify_file(session, path, 1, &best) != ALEXNET_OK) {
        fprintf(stderr, "%s\n", alexnet_error_text());
        return 1;
    }
    printf("%s: %s, %.1f%%\n", path, best.name, 100 * best.probability);
    return 0;
}

int main(int argc, char **argv)
{
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_session *session = NULL;
    int failed = 1;
    if (alexnet_ctx_new(&ctx, NULL) ||
        alexnet_model_load_memory(&model, ctx, model_data, model_length) ||
        alexnet_session_new(&session, model, NULL)) {
        fprintf(stderr, "%s\n", alexnet_error_text());
        goto cleanup;
    }
    failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= classify(session, argv[i]);
cleanup:
    alexnet_session_free(session);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return failed;
}
