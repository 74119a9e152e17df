/*
 * Print statistics of a data set, and pack it as archives of pixels, which training reads without
 * decoding.
 *
 *     pack DATA OUT
 */
#include <stdio.h>

#include <alexnet/alexnet.h>

static alexnet_status look(alexnet_ctx *ctx, const alexnet_dataset *data)
{
    alexnet_data_stats *stats;
    bool more = true;
    alexnet_status status = alexnet_data_stats_new(&stats, ctx, data, NULL);
    while (!status && more)
        status = alexnet_data_stats_step(stats, NULL, &more);
    if (!status) {
        const alexnet_data_stats_result *r = alexnet_data_stats_get(stats);
        for (int c = 0; c < r->classes; c++)
            printf("%6lld %s\n", (long long)r->class_pictures[c],
                   alexnet_dataset_class_name(data, c));
        printf("mean colour %.1f %.1f %.1f\n", r->mean[0], r->mean[1], r->mean[2]);
    }
    alexnet_data_stats_free(stats);
    return status;
}

static alexnet_status pack(alexnet_ctx *ctx, const alexnet_dataset *train,
                           const alexnet_dataset *val, const char *folder)
{
    alexnet_pack_options options = ALEXNET_PACK_OPTIONS_INIT;
    alexnet_pack_progress progress = {0};
    alexnet_pack *pack;
    bool more = true;
    options.raw = true;
    options.fit = ALEXNET_PACK_SQUARE;
    alexnet_status status = alexnet_pack_new(&pack, ctx, train, val, folder, &options);
    while (!status && more)
        status = alexnet_pack_step(pack, &progress, &more);
    printf("%lld pictures in %lld archives\n", (long long)progress.pictures,
           (long long)progress.shards);
    alexnet_pack_free(pack);
    return status;
}

int main(int argc, char **argv)
{
    alexnet_ctx *ctx = NULL;
    alexnet_dataset *data = NULL, *train = NULL, *val = NULL;
    int rc = 1;
    if (argc != 3) {
        fprintf(stderr, "usage: pack DATA OUT\n");
        return 2;
    }
    if (!alexnet_ctx_new(&ctx, NULL) && !alexnet_dataset_open(&data, ctx, argv[1], NULL) &&
        !look(ctx, data) && !alexnet_dataset_split(data, 0.1, 1, &train, &val) &&
        !pack(ctx, train, val, argv[2]))
        rc = 0;
    if (rc)
        fprintf(stderr, "%s\n", alexnet_error_text());
    alexnet_dataset_free(train);
    alexnet_dataset_free(val);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    return rc;
}
