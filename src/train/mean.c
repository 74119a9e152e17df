#include "train/mean.h"

#include "base/alloc.h"
#include "base/status.h"

bool an_mean_wanted(const an_net *net)
{
    return an_net_find(net, "input.mean") >= 0 && net->network->input.mean != AN_INPUT_MEAN_FIXED;
}

/* The sum of channel c at pixel i. Grey is computed from the sums, so it is not rounded for each
 * picture. */
static double channel_sum(const an_moments *mean, an_channels channels, int c, int64_t i)
{
    double sum = 0;
    for (int colour = 0; colour < 3; colour++)
        sum += an_channel_share(channels, c, colour) * (double)mean->sums[i * 3 + colour];
    return sum;
}

alexnet_status an_mean_store(const an_moments *mean, an_net *net)
{
    int index = an_net_find(net, "input.mean");
    const an_param *param = &net->params[index];
    const an_channels channels = (an_channels)net->network->input.channels;
    const int count = an_channel_count(channels);
    int64_t area = (int64_t)mean->side * mean->side, per_channel = param->count / count;
    double n = mean->pictures ? (double)mean->pictures : 1;
    double *values = an_calloc((size_t)param->count, sizeof *values);
    if (!values)
        return AN_FAIL_MEMORY((size_t)param->count * sizeof *values, param->name);
    for (int c = 0; c < count; c++) {
        double all = 0;
        for (int64_t i = 0; i < area; i++) {
            const double sum = channel_sum(mean, channels, c, i);
            all += sum;
            if (per_channel == area)
                values[c * area + i] = sum / n;
        }
        if (per_channel == 1)
            values[c] = all / (n * (double)area);
    }
    alexnet_status rc = an_net_write(net, AN_VALUES, index, values, AN_F64);
    an_free(values);
    return rc;
}
