/*
 * Train on pictures that are in no file, with a source that the program defines: this one draws
 * discs and rings on request.
 *
 *     source RUN [NET [EPOCHS]]
 *
 * If RUN holds a run already, it is continued with the same source.
 */
#include <stdio.h>
#include <stdlib.h>

#include <alexnet/alexnet.h>

enum { PICTURES = 200, SIDE = 64 };

static const char *const classes[] = {"disc", "ring"};

static int64_t count(void *user)
{
    (void)user;
    return PICTURES;
}

/* The library copies a name before it calls again. */
static int item(void *user, int64_t index, const char **name, int *label)
{
    char *text = user;
    *label = (int)(index % 2);
    snprintf(text, 64, "%s/%03d", classes[*label], (int)index);
    *name = text;
    return 0;
}

/* Called from several threads: it uses no shared state. */
static int get(void *user, int64_t index, alexnet_source_item *out)
{
    unsigned char *grey = malloc(SIDE * SIDE);
    (void)user;
    if (!grey)
        return ALEXNET_ERROR_NO_MEMORY;
    const long middle = SIDE / 2 + (long)(index * 7 % 11) - 5, radius = 12 + (long)(index * 5 % 9);
    for (long y = 0; y < SIDE; y++)
        for (long x = 0; x < SIDE; x++) {
            const long square = (x - middle) * (x - middle) + (y - middle) * (y - middle);
            const int inside = square < radius * radius &&
                               (index % 2 == 0 || square >= (radius - 5) * (radius - 5));
            grey[y * SIDE + x] = (unsigned char)((inside ? 200 : 40) + (x * 31 + y * 17) % 23);
        }
    out->pixels.data = out->keep = grey;
    out->pixels.width = out->pixels.height = SIDE;
    out->pixels.row_bytes = SIDE;
    out->pixels.format = ALEXNET_PIXELS_GREY8;
    return 0;
}

static void release(void *user, int64_t index, alexnet_source_item *out)
{
    (void)user, (void)index;
    free(out->keep);
}

static alexnet_status run(alexnet_trainer *trainer)
{
    alexnet_progress p;
    for (bool more = true; more;) {
        alexnet_status status = alexnet_trainer_step(trainer, &p, &more);
        if (status != ALEXNET_OK)
            return status;
        if (p.phase == ALEXNET_PROGRESS_EPOCH)
            printf("epoch %d of %d: top-1 error %.1f%%\n", p.epoch, p.epochs,
                   100 * p.val.top1_error);
    }
    return ALEXNET_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s RUN [NET [EPOCHS]]\n", argv[0]);
        return 2;
    }
    char name[64], last[4096];
    alexnet_ctx *ctx = NULL;
    alexnet_dataset *data = NULL, *fit = NULL, *val = NULL;
    alexnet_recipe *recipe = NULL;
    alexnet_trainer *trainer = NULL;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_resume_options again = ALEXNET_RESUME_OPTIONS_INIT;
    const char *const epochs[] = {"epochs", argc > 3 ? argv[3] : "3", NULL};
    alexnet_source source = ALEXNET_SOURCE_INIT;
    source.user = name;
    source.name = "drawn";
    source.class_count = 2;
    source.class_names = classes;
    source.count = count;
    source.item = item;
    source.get = get;
    source.release = release;
    options.net = argc > 2 ? argv[2] : "alexnet-mini";
    options.out_dir = argv[1];
    int failed = alexnet_ctx_new(&ctx, NULL) || alexnet_recipe_load(&recipe, "default") ||
                 alexnet_recipe_set(recipe, epochs[0], epochs[1]) ||
                 alexnet_recipe_set(recipe, "batch", "20") ||
                 alexnet_recipe_set(recipe, "schedule", "constant") ||
                 alexnet_dataset_from_source(&data, ctx, &source, NULL) ||
                 alexnet_dataset_split(data, 0.1, 1, &fit, &val);
    options.recipe = recipe;
    again.train_data = data;
    again.settings = epochs;
    snprintf(last, sizeof last, "%s/last.safetensors", argv[1]);
    FILE *file = fopen(last, "rb");
    if (file)
        fclose(file);
    failed = failed ||
             (file ? alexnet_trainer_resume(&trainer, ctx, argv[1], &again)
                   : alexnet_trainer_new(&trainer, ctx, fit, val, &options)) ||
             run(trainer);
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
