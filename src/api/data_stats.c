#include "train/data_stats.h"

#include "api/options.h"
#include "base/status.h"

alexnet_status alexnet_data_stats_new(alexnet_data_stats **out, alexnet_ctx *ctx,
                                      const alexnet_dataset *dataset,
                                      const alexnet_network *network)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(dataset);
    return an_data_stats_new(out, ctx, dataset, network);
}

alexnet_status alexnet_data_stats_step(alexnet_data_stats *stats, int64_t *done, bool *more)
{
    int64_t ignored;
    AN_NEED(stats);
    AN_NEED(more);
    return an_data_stats_step(stats, done ? done : &ignored, more);
}

const alexnet_data_stats_result *alexnet_data_stats_get(const alexnet_data_stats *stats)
{
    return stats && stats->done ? &stats->result : NULL;
}

alexnet_status alexnet_data_stats_save(const alexnet_data_stats *stats, const char *path)
{
    AN_NEED(stats);
    AN_NEED(path);
    return an_data_stats_save(stats, path);
}

void alexnet_data_stats_free(alexnet_data_stats *stats)
{
    an_data_stats_free(stats);
}
