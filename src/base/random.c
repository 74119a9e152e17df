#include "base/random.h"

#include <math.h>

void an_normal2(uint32_t a, uint32_t b, double out[2])
{
    const double two_pi = 6.283185307179586476925;
    double radius = sqrt(-2.0 * log((a + 1.0) * 0x1p-32)); /* (0, 1]: the logarithm is finite */
    double angle = two_pi * an_uniform(b);
    out[0] = radius * cos(angle);
    out[1] = radius * sin(angle);
}

void an_shuffle(uint32_t *order, uint32_t n, uint64_t seed, an_purpose purpose, uint64_t epoch)
{
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint32_t i = n; i > 1; i--) { /* Fisher and Yates */
        uint32_t j = an_below(an_random(seed, purpose, epoch, i, 0).v[0], i);
        uint32_t kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}
