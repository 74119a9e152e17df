#include "infer/nearest_kept.h"

int an_kept_compare(const void *a, const void *b)
{
    const alexnet_pair *x = a, *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->second < y->second ? -1 : x->second > y->second;
}

static void swap(alexnet_pair *a, alexnet_pair *b)
{
    const alexnet_pair c = *a;
    *a = *b;
    *b = c;
}

static void sift_down(an_kept *h)
{
    for (int64_t at = 0;;) {
        int64_t largest = at;
        for (int64_t child = 2 * at + 1; child <= 2 * at + 2 && child < h->count; child++)
            if (an_kept_compare(&h->pairs[child], &h->pairs[largest]) > 0)
                largest = child;
        if (largest == at)
            return;
        swap(&h->pairs[at], &h->pairs[largest]);
        at = largest;
    }
}

void an_kept_add(an_kept *h, alexnet_pair pair)
{
    if (!(pair.distance <= h->most)) /* a NaN is not near anything */
        return;
    if (h->count == h->limit) {
        if (an_kept_compare(&pair, &h->pairs[0]) < 0) {
            h->pairs[0] = pair;
            sift_down(h);
        }
        return;
    }
    int64_t at = h->count++;
    h->pairs[at] = pair;
    for (; at > 0 && an_kept_compare(&h->pairs[at], &h->pairs[(at - 1) / 2]) > 0; at = (at - 1) / 2)
        swap(&h->pairs[at], &h->pairs[(at - 1) / 2]);
}

void an_kept_join(an_kept *h, const an_kept *other)
{
    for (int64_t i = 0; i < other->count; i++)
        an_kept_add(h, other->pairs[i]);
}
