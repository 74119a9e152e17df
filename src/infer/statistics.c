#include "infer/statistics.h"

#include <math.h>

/* The quantile of the normal distribution that leaves 2.5% above it. */
static const double quantile = 1.959963984540054;

alexnet_interval an_share_interval(double share, int64_t n)
{
    if (n < 1)
        return (alexnet_interval){0, 1};
    double z2 = quantile * quantile / (double)n;
    double centre = (share + z2 / 2) / (1 + z2);
    double half = sqrt(z2 * (share * (1 - share) + z2 / 4)) / (1 + z2);
    return (alexnet_interval){fmax(centre - half, 0), fmin(centre + half, 1)};
}

alexnet_interval an_loss_interval(double sum, double squares, int64_t n)
{
    if (n < 2)
        return (alexnet_interval){NAN, NAN};
    double count = (double)n, mean = sum / count;
    double variance = fmax(squares - count * mean * mean, 0) / (count - 1);
    double half = quantile * sqrt(variance / count);
    return (alexnet_interval){fmax(mean - half, 0), mean + half};
}

void an_calibration_add(an_calibration *c, double confidence, double correct)
{
    int bin = (int)ceil(fmin(fmax(confidence, 0), 1) * ALEXNET_CALIBRATION_BINS) - 1;
    bin = bin < 0 ? 0 : bin;
    c->images[bin]++;
    c->confidence[bin] += confidence;
    c->correct[bin] += correct;
}

alexnet_calibration_bin an_calibration_bin(const an_calibration *c, int bin)
{
    double n = c->images[bin] ? (double)c->images[bin] : 1;
    return (alexnet_calibration_bin){c->images[bin], c->confidence[bin] / n, c->correct[bin] / n};
}

double an_calibration_error(const an_calibration *c)
{
    double apart = 0;
    int64_t images = 0;
    for (int i = 0; i < ALEXNET_CALIBRATION_BINS; i++) {
        apart += fabs(c->correct[i] - c->confidence[i]);
        images += c->images[i];
    }
    return images ? apart / (double)images : 0;
}
