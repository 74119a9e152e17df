/*
 * Train a network on a folder that holds one folder of pictures per class.
 *
 *     train DATA RUN [NET [EPOCHS]]
 *
 * About a tenth of the pictures is kept for validation. The folder RUN is made;
 * RUN/best.safetensors is always the best model so far.
 */
#include <stdio.h>

#include <alexnet/alexnet.h>

static void show(const alexnet_progress *p)
{
    if (p->phase == ALEXNET_PROGRESS_TRAIN && p->report)
        printf("epoch %d of %d: loss %.3f, %.0f images/s\n", p->epoch, p->epochs, p->loss,
               p->images_per_second);
    if (p->phase == ALEXNET_PROGRESS_EPOCH)
        printf("epoch %d of %d: validation loss %.3f, top-1 error %.1f%%%s\n", p->epoch, p->epochs,
               p->val.loss, 100 * p->val.top1_error, p->best ? ", the best so far" : "");
}

/* The caller owns the loop: between two steps a program may draw, save, or stop for good. */
static alexnet_status run(alexnet_trainer *trainer)
{
    alexnet_progress progress;
    for (bool more = true; more;) {
        alexnet_status status = alexnet_trainer_step(trainer, &progress, &more);
        if (status != ALEXNET_OK)
            return status;
        show(&progress);
    }
    return ALEXNET_OK;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s DATA RUN [NET [EPOCHS]]\n", argv[0]);
        return 2;
    }
    alexnet_ctx *ctx = NULL;
    alexnet_dataset *data = NULL, *fit = NULL, *val = NULL;
    alexnet_recipe *recipe = NULL;
    alexnet_trainer *trainer = NULL;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    options.net = argc > 3 ? argv[3] : "alexnet";
    options.out_dir = argv[2];
    int failed = alexnet_ctx_new(&ctx, NULL) || alexnet_recipe_load(&recipe, "default") ||
                 (argc > 4 && alexnet_recipe_set(recipe, "epochs", argv[4])) ||
                 alexnet_dataset_open(&data, ctx, argv[1], NULL) ||
                 alexnet_dataset_split(data, 0.1, 1, &fit, &val);
    options.recipe = recipe;
    failed = failed || alexnet_trainer_new(&trainer, ctx, fit, val, &options) || run(trainer);
    if (failed)
        fprintf(stderr, "%s\n", alexnet_error_text());
    alexnet_trainer_free(trainer);
    alexnet_recipe_free(recipe);
    alexnet_dataset_free(val);
    alexnet_dataset_free(fit);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    return failed;
}
