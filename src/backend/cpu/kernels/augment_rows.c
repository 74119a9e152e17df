/*
 * A row of stored pixels becomes a row of each channel of the network's input (op/augment.h).
 *
 * The channels are separated first, so that the loops that follow read neighbouring elements,
 * forwards or, for a mirrored picture, backwards.
 */
#include "backend/cpu/kernels/kernels.h"

/* `recoloured`, `forwards` and `mean_step` are constants after inlining. */
AN_INLINE void plane(const an_augment_run *run, int c, an_dtype t, bool recoloured, bool forwards,
                     int mean_step)
{
    const int crop = run->crop, channel = run->channels == AN_CHANNELS_BGR ? 2 - c : c;
    const uint8_t *restrict bytes = run->bytes + channel * crop;
    const float *restrict levels = run->levels + (recoloured ? channel * crop : 0);
    const float *restrict mean = run->mean[c];
    const float scale = run->scale[c], gain = run->gain, colour = run->colour[c];
    void *restrict out = run->out[c];
#pragma omp simd
    for (int x = 0; x < crop; x++) {
        int at = forwards ? x : crop - 1 - x;
        float pixel = recoloured ? levels[at] : bytes[at];
        an_store(out, x, t, gain * (scale * (pixel - mean[x * mean_step]) + colour));
    }
}

AN_INLINE void planes(const an_augment_run *run, an_dtype t, bool recoloured)
{
    for (int c = 0; c < an_channel_count(run->channels); c++) {
        if (!run->mirror)
            run->mean_step ? plane(run, c, t, recoloured, true, 1)
                           : plane(run, c, t, recoloured, true, 0);
        else if (run->mean_step < 0)
            plane(run, c, t, recoloured, false, -1);
        else
            run->mean_step ? plane(run, c, t, recoloured, false, 1)
                           : plane(run, c, t, recoloured, false, 0);
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

AN_INLINE void recolour(const an_augment_run *run)
{
    const int crop = run->crop;
    const uint8_t *restrict r = run->bytes, *restrict g = r + crop, *restrict b = g + crop;
    for (int colour = 0; colour < 3; colour++) {
        const float *m = run->slot->matrix[colour], m0 = m[0], m1 = m[1], m2 = m[2];
        const float offset = run->slot->offset[colour];
        float *restrict out = run->levels + colour * crop;
#pragma omp simd
        for (int x = 0; x < crop; x++) {
            float level = offset + m0 * r[x] + m1 * g[x] + m2 * b[x];
            level = level < 0 ? 0 : level;
            out[x] = level > 255 ? 255 : level;
        }
    }
}

/* Turns levels into grey, which takes the place of red. */
AN_INLINE void levels_to_grey(float *levels, int crop)
{
    const float red = AN_GREY_RED / 65536.0f, green = AN_GREY_GREEN / 65536.0f,
                blue = AN_GREY_BLUE / 65536.0f;
#pragma omp simd
    for (int x = 0; x < crop; x++)
        levels[x] = red * levels[x] + green * levels[crop + x] + blue * levels[2 * crop + x];
}

AN_INLINE void augment(const an_augment_run *run, an_dtype t)
{
    const int crop = run->crop;
    if (!run->slot && run->channels == AN_CHANNELS_GREY)
        take_grey(run->pixels, crop, run->bytes);
    else
        take_apart(run->pixels, crop, run->bytes, run->bytes + crop, run->bytes + 2 * crop);
    if (!run->slot) {
        planes(run, t, false);
        return;
    }
    recolour(run);
    if (run->channels == AN_CHANNELS_GREY)
        levels_to_grey(run->levels, crop);
    planes(run, t, true);
}

AN_INLINE void mix(const an_augment_mix_run *run, an_dtype t)
{
    const int crop = run->crop, end = run->left + run->columns;
    const float share = run->share, rest = 1 - share;
    for (int c = 0; c < run->channels; c++) {
        const float *restrict own = run->own + c * crop, *restrict other = run->other + c * crop;
        void *restrict out = run->out[c];
#pragma omp simd
        for (int x = 0; x < crop; x++) {
            bool mixed = x >= run->left && x < end;
            an_store(out, x, t, mixed ? rest * own[x] + share * other[x] : own[x]);
        }
    }
}

AN_KERNEL_INSTANCES(augment, an_augment_run, augment)
AN_KERNEL_INSTANCES(augment_mix, an_augment_mix_run, mix)
