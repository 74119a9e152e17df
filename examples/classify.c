/*
 * Classify pictures with a trained model.
 *
 *     classify MODEL PICTURE...
 *
 * MODEL is a model file or a run folder. Prints up to five classes for each picture. A picture that
 * cannot be read is reported and skipped.
 */
#include <stdio.h>

#include <alexnet/alexnet.h>

enum { TOP = 5 };

static int classify(alexnet_session *session, const char *path, int top)
{
    alexnet_prediction best[TOP];
    if (alexnet_classify_file(session, path, top, best) != ALEXNET_OK) {
        fprintf(stderr, "%s\n", alexnet_error_text());
        return 1;
    }
    printf("%s\n", path);
    for (int i = 0; i < top; i++)
        printf("  %5.1f%%  %s\n", 100 * best[i].probability, best[i].name);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s MODEL PICTURE...\n", argv[0]);
        return 2;
    }
    alexnet_ctx *ctx = NULL;
    alexnet_model *model = NULL;
    alexnet_session *session = NULL;
    int failed = 1;
    if (alexnet_ctx_new(&ctx, NULL) || alexnet_model_load(&model, ctx, argv[1]) ||
        alexnet_session_new(&session, model, NULL)) {
        fprintf(stderr, "%s\n", alexnet_error_text());
        goto cleanup;
    }
    const int classes = alexnet_model_class_count(model);
    failed = 0;
    for (int i = 2; i < argc; i++)
        failed |= classify(session, argv[i], classes < TOP ? classes : TOP);
cleanup:
    alexnet_session_free(session);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return failed;
}
