#include "data/loader/balanced.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/status.h"

/* Counting sort of the pictures by class; uses counts[class + 1]. */
static void sort_pictures(an_balanced *b, const alexnet_dataset *d, uint32_t *counts)
{
    for (uint32_t i = 0; i < b->count; i++)
        counts[d->samples[i].label + 1]++;
    for (int c = 0; c < d->classes; c++) {
        if (counts[c + 1] > 0)
            b->begin[b->classes++] = counts[c];
        counts[c + 1] += counts[c];
    }
    b->begin[b->classes] = b->count;
    for (uint32_t i = 0; i < b->count; i++)
        b->sorted[counts[d->samples[i].label]++] = i;
}

alexnet_status an_balanced_new(an_balanced **out, const alexnet_dataset *dataset)
{
    const size_t count = (size_t)dataset->count, classes = (size_t)dataset->classes;
    *out = NULL;
    AN_CHECK(an_dataset_check_labels(dataset));
    uint32_t *counts = an_calloc(classes + 1, sizeof *counts);
    an_balanced *b = an_calloc(1, sizeof *b);
    if (b) {
        b->count = (uint32_t)count;
        b->sorted = an_calloc(count + 1, sizeof *b->sorted);
        b->begin = an_calloc(classes + 1, sizeof *b->begin);
        b->chosen = an_calloc(count + 1, sizeof *b->chosen);
        b->shuffled = an_calloc(count + 1, sizeof *b->shuffled);
    }
    const bool good = counts && b && b->sorted && b->begin && b->chosen && b->shuffled;
    if (good)
        sort_pictures(b, dataset, counts);
    an_free(counts);
    if (!good) {
        an_balanced_free(b);
        return AN_FAIL_MEMORY(3 * count * sizeof(uint32_t), "the order of an epoch");
    }
    *out = b;
    return ALEXNET_OK;
}

void an_balanced_free(an_balanced *balanced)
{
    if (!balanced)
        return;
    an_free(balanced->sorted);
    an_free(balanced->begin);
    an_free(balanced->chosen);
    an_free(balanced->shuffled);
    an_free(balanced);
}

/* What is shuffled in an epoch, besides each round over each class (numbers from 0). */
enum { PLACES = -1, CLASSES = -2 };

static void shuffle(uint32_t *order, uint32_t n, uint64_t seed, uint64_t epoch, int64_t class,
                    int64_t round)
{
    uint64_t draw = an_hash_number(AN_HASH_START, (int64_t)epoch);
    draw = an_hash_number(an_hash_number(draw, class), round);
    an_shuffle(order, n, seed, AN_PURPOSE_BALANCE, draw);
}

/* Choose `wanted` pictures of a class, in rounds over all of them; the last may be partial. */
static void choose(an_balanced *b, uint32_t *out, uint32_t wanted, uint32_t class, uint64_t seed,
                   uint64_t epoch)
{
    const uint32_t *own = b->sorted + b->begin[class];
    const uint32_t size = b->begin[class + 1] - b->begin[class];
    for (uint32_t done = 0, round = 0; done < wanted; round++) {
        shuffle(b->shuffled, size, seed, epoch, class, round);
        for (uint32_t i = 0; i < size && done < wanted; i++)
            out[done++] = own[b->shuffled[i]];
    }
}

void an_balanced_make(an_balanced *b, uint32_t *order, uint64_t seed, uint64_t epoch)
{
    if (b->count == 0)
        return;
    /* Until the end, `order` holds the classes in random order; those that come first are rounded
     * up. */
    shuffle(order, b->classes, seed, epoch, CLASSES, 0);
    const uint32_t share = b->count / b->classes, rest = b->count % b->classes;
    for (uint32_t i = 0, place = 0; i < b->classes; i++) {
        const uint32_t wanted = share + (i < rest);
        choose(b, b->chosen + place, wanted, order[i], seed, epoch);
        place += wanted;
    }
    shuffle(b->shuffled, b->count, seed, epoch, PLACES, 0);
    for (uint32_t i = 0; i < b->count; i++)
        order[i] = b->chosen[b->shuffled[i]];
}
