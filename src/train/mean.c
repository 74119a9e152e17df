#include "train/mean.h"

#include "base/alloc.h"
#include "base/status.h"

bool an_mean_wanted(const an_net *net)
{
    return an_net_find(net, "input.mean") >= 0 && net->network->input.mean != AN_INPUT_MEAN_FIXED;
}

/* Channel c of the network in the stored R, G, B. */
static int stored_channel(const an_net *net, int c)
{
    return net->network->input.channels == 1 ? 2 - c : c;
}

alexnet_status an_mean_store(const an_moments *mean, an_net *net)
{
    int index = an_net_find(net, "input.mean");
    const an_param *param = &net->params[index];
    int64_t area = (int64_t)mean->side * mean->side, per_channel = param->count / 3;
    double n = mean->pictures ? (double)mean->pictures : 1;
    double *values = an_calloc((size_t)param->count, sizeof *values);
    if (!values)
        return AN_FAIL_MEMORY((size_t)param->count * sizeof *values, param->name);
    for (int c = 0; c < 3; c++) {
        uint64_t channel_sum = 0;
        for (int64_t i = 0; i < area; i++) {
            uint64_t sum = mean->sums[i * 3 + stored_channel(net, c)];
            channel_sum += sum;
            if (per_channel == area)
                values[c * area + i] = (double)sum / n;
        }
        if (per_channel == 1)
            values[c] = (double)channel_sum / (n * (double)area);
    }
    alexnet_status rc = an_net_write(net, AN_VALUES, index, values, AN_F64);
    an_free(values);
    return rc;
}
