/* Dropout of neighbours in canonical order (op/dropout.h), wherever they are in memory. */
#include <string.h>

#include "backend/cpu/kernels/kernels.h"
#include "base/random.h"

enum { WORDS = 4 * AN_RANDOM_RUN };

/* The position of element i. In canonical order all pixels of a map come before the next map,
 * which is one lane further or in the next plane. */
AN_INLINE int64_t place(const an_dropout_run *run, int64_t i)
{
    int64_t c = i / run->pixels, pixel = i % run->pixels;
    return (c / run->lanes * run->pixels + pixel) * run->lanes + c % run->lanes;
}

/* Elements first .. end - 1; words[0] is that of the first. An element is dropped by masking its
 * bits: a branch would be unpredictable. */
AN_INLINE void drop(const an_dropout_run *run, const uint32_t *words, int64_t first, int64_t end,
                    an_dtype t)
{
    /* A word below the threshold keeps its element; at least one is below. */
    const uint32_t last = (uint32_t)(run->threshold - 1);
    const float kept = run->kept;
    for (int64_t i = first; i < end;) {
        int64_t at = place(run, i), left = run->pixels - i % run->pixels, lanes = run->lanes;
        int64_t stop = left < end - i ? i + left : end;
        for (; i < stop; i++, at += lanes) {
            float value = an_load(run->in, at, t) * kept;
            uint32_t bits;
            memcpy(&bits, &value, sizeof bits);
            bits &= 0u - (uint32_t)(words[i - first] <= last);
            memcpy(&value, &bits, sizeof bits);
            an_store(run->out, at, t, value);
        }
    }
}

/* The same for a run of elements that are neighbours in memory, with a word for each. */
AN_INLINE void drop_run(const an_dropout_run *run, const uint32_t *words, int64_t first, an_dtype t)
{
    const uint32_t last = (uint32_t)(run->threshold - 1);
    const float kept = run->kept;
    const an_float8 zero = {0};
    for (int j = 0; j < WORDS; j += 8) {
        an_float8 value;
        an_word8 eight;
        memcpy(&eight, words + j, sizeof eight);
        an_int8 keep = (an_int8)(eight <= last);
        an_load8(run->in, first + j, t, &value);
        value *= kept;
        an_choose8(&value, &keep, &value, &zero);
        an_store8(run->out, first + j, t, &value);
    }
}

AN_INLINE void dropout(const an_dropout_run *run, an_dtype t)
{
    uint32_t words[WORDS];
    uint64_t position = run->first / 4;
    int before = (int)(run->first % 4); /* words of the first position for earlier elements */
    for (int64_t i = -before; i < run->count; i += WORDS, position += AN_RANDOM_RUN) {
        an_random_run(run->seed, AN_PURPOSE_DROPOUT, run->update, position, (uint32_t)run->layer,
                      words);
        int64_t first = i < 0 ? 0 : i, end = i + WORDS < run->count ? i + WORDS : run->count;
        if (run->lanes == 1 && end - first == WORDS)
            drop_run(run, words, first, t);
        else
            drop(run, words + (first - i), first, end, t);
    }
}

AN_KERNEL_INSTANCES(dropout, an_dropout_run, dropout)
