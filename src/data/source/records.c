#include "data/source/records.h"

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/status.h"

/* The state of an open source. */
typedef struct block {
    an_records records;
    int64_t *record; /* of each item */
} block;

void an_records_close(an_data_source *source)
{
    block *b = source->state;
    if (!b)
        return;
    an_free(b->records.bytes);
    an_free(b->record);
    an_free(b);
}

static const unsigned char *pixels_of(const an_data_source *source, int64_t item)
{
    const block *b = source->state;
    return b->records.bytes + b->records.first + (size_t)b->record[item] * b->records.stride;
}

alexnet_status an_records_read(const an_data_source *source, int64_t item, an_item_data *out)
{
    const an_records *r = &((const block *)source->state)->records;
    const unsigned char *from = pixels_of(source, item);
    const size_t plane = (size_t)r->width * (size_t)r->height;
    *out = (an_item_data){0};
    uint8_t *rgb = an_malloc(plane * 3);
    if (!rgb)
        return AN_FAIL_MEMORY(plane * 3, source->items[item].name);
    for (size_t i = 0; i < plane; i++)
        for (size_t c = 0; c < 3; c++)
            rgb[3 * i + c] = from[r->planes == 3 ? c * plane + i : i];
    out->pixels = (an_picture){r->width, r->height, rgb};
    return ALEXNET_OK;
}

/* All records have the same size, so the stamp is a hash of the pixels. */
int64_t an_records_stamp(const an_data_source *source, int64_t item, bool timed)
{
    (void)timed; /* a hash of the pixels shows every change */
    const an_records *r = &((const block *)source->state)->records;
    const size_t bytes = (size_t)r->width * (size_t)r->height * (size_t)r->planes;
    return (int64_t)(an_hash_bytes(pixels_of(source, item), bytes) >> 1);
}

/* Which record each item is: sorted by class, and within a class in the order of the file. */
static alexnet_status order_records(int64_t *record, const int *labels, int64_t count,
                                    int64_t classes)
{
    int64_t *next = an_calloc((size_t)classes + 1, sizeof *next);
    if (!next)
        return AN_FAIL_MEMORY((size_t)classes * sizeof *next, "the sizes of classes");
    for (int64_t i = 0; labels && i < count; i++)
        next[labels[i] + 1]++;
    for (int64_t c = 1; c <= classes; c++)
        next[c] += next[c - 1]; /* where class c begins */
    for (int64_t i = 0; i < count; i++)
        record[labels ? next[labels[i]]++ : i] = i;
    an_free(next);
    return ALEXNET_OK;
}

/* An item's name is the number of its record, with as many digits as the last one has. */
static alexnet_status add_items(an_data_source *source, const block *b, const int *labels)
{
    const size_t root = strlen(source->root);
    int digits = 1;
    for (int64_t last = b->records.count - 1; last > 9; last /= 10)
        digits++;
    for (int64_t i = 0; i < b->records.count; i++) {
        const int64_t record = b->record[i];
        char *name = an_format("%s/%0*lld", source->root, digits, (long long)record);
        AN_CHECK(an_data_source_add(source, name, name ? name + root + 1 : NULL,
                                    labels ? labels[record] : -1));
    }
    return ALEXNET_OK;
}

alexnet_status an_records_add(an_data_source *source, an_records *records, const int *labels)
{
    block *b = an_calloc(1, sizeof *b);
    source->state = b;
    if (b)
        b->records = *records;
    else
        an_free(records->bytes);
    const int64_t count = records->count;
    *records = (an_records){0};
    if (b)
        b->record = an_calloc((size_t)count + 1, sizeof *b->record);
    if (!b || !b->record)
        return AN_FAIL_MEMORY((size_t)count * sizeof *b->record, "a list of pictures");
    AN_CHECK(order_records(b->record, labels, count, source->classes.count));
    AN_CHECK(add_items(source, b, labels));
    return labels ? an_data_source_note_holes(source) : ALEXNET_OK;
}
