/*
 * A row of stored pixels becomes a row of each channel of the network's input (op/augment.h).
 *
 * The channels of a pixel are taken apart first, so that what follows goes through memory one by
 * one, forwards or, for a mirrored picture, backwards.
 */
#include "backend/cpu/kernels/kernels.h"

/* `forwards` and `mean_step` are constants after inlining. */
AN_INLINE void plane(const an_augment_run *run, int c, const uint8_t *restrict bytes, an_dtype t,
                     bool forwards, int mean_step)
{
    const float *restrict mean = run->mean[c];
    const int crop = run->crop;
    const float scale = run->scale[c], gain = run->gain, colour = run->colour[c];
    void *restrict out = run->out[c];
#pragma omp simd
    for (int x = 0; x < crop; x++) {
        float pixel = bytes[forwards ? x : crop - 1 - x];
        an_store(out, x, t, gain * (scale * (pixel - mean[x * mean_step]) + colour));
    }
}

AN_INLINE void take_apart(const uint8_t *restrict pixels, int crop, uint8_t *restrict r,
                          uint8_t *restrict g, uint8_t *restrict b)
{
#pragma omp simd
    for (int x = 0; x < crop; x++) {
        r[x] = pixels[3 * x];
        g[x] = pixels[3 * x + 1];
        b[x] = pixels[3 * x + 2];
    }
}

AN_INLINE void take_grey(const uint8_t *restrict pixels, int crop, uint8_t *restrict grey)
{
#pragma omp simd
    for (int x = 0; x < crop; x++)
        grey[x] = an_grey(pixels[3 * x], pixels[3 * x + 1], pixels[3 * x + 2]);
}

AN_INLINE void augment(const an_augment_run *run, an_dtype t)
{
    const int crop = run->crop;
    if (run->channels == AN_CHANNELS_GREY)
        take_grey(run->pixels, crop, run->work);
    else
        take_apart(run->pixels, crop, run->work, run->work + crop, run->work + 2 * crop);
    for (int c = 0; c < an_channel_count(run->channels); c++) {
        const uint8_t *bytes = run->work + (run->channels == AN_CHANNELS_BGR ? 2 - c : c) * crop;
        if (!run->mirror)
            run->mean_step ? plane(run, c, bytes, t, true, 1) : plane(run, c, bytes, t, true, 0);
        else if (run->mean_step < 0)
            plane(run, c, bytes, t, false, -1);
        else
            run->mean_step ? plane(run, c, bytes, t, false, 1) : plane(run, c, bytes, t, false, 0);
    }
}

AN_KERNEL_INSTANCES(augment, an_augment_run, augment)
