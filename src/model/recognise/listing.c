#include "model/recognise/listing.h"

#include "base/alloc.h"
#include "base/status.h"

alexnet_status an_listing_add(an_listing *listing, an_outline_kind kind, const char *name,
                              int *index)
{
    an_outline_layer *layer;
    AN_CHECK(an_outline_add(&listing->outline, kind, name, &layer));
    *index = listing->outline.count - 1;
    an_binding_pair *more = an_grow(listing->bindings, *index, sizeof *more);
    if (!more)
        return AN_FAIL_MEMORY(((size_t)*index + 1) * sizeof *more, "a network's layers");
    listing->bindings = more;
    more[*index][0] = more[*index][1] = AN_BINDING_NONE;
    return ALEXNET_OK;
}

/* Dimension `index` of a tensor; 0 if there is none. */
static int64_t dimension(const an_tensor_entry *entry, int index)
{
    return entry->shape.rank <= AN_MAX_RANK && index < entry->shape.rank ? entry->shape.dim[index]
                                                                         : 0;
}

static int as_count(int64_t value)
{
    return value > 0 && value <= INT32_MAX ? (int)value : AN_UNKNOWN;
}

/* The number of leading dimensions of 1 before those of a matrix, as in files of Caffe: 2 for [1,
 * 1, out, in]. */
static int ones_before(const an_tensor_entry *entry, int rank)
{
    int ones = 0;
    while (entry->shape.rank <= AN_MAX_RANK && ones < entry->shape.rank - rank &&
           entry->shape.dim[ones] == 1)
        ones++;
    return ones;
}

void an_listing_measure(an_listing *listing, int layer, const an_tensor_file *file)
{
    an_outline_layer *l = &listing->outline.layers[layer];
    const an_binding *weight = &listing->bindings[layer][0], *bias = &listing->bindings[layer][1];
    if (!an_binding_is(weight))
        return;
    const int towers = weight->entries[1] >= 0 ? 2 : 1;
    const an_tensor_entry *w = an_tensor_file_entry(file, weight->entries[0]);
    if (l->kind == AN_OUTLINE_CONV) {
        l->outputs = as_count((int64_t)as_count(dimension(w, 0)) * towers);
        l->window = as_count(dimension(w, 2));
        return;
    }
    const int ones = ones_before(w, 2);
    int64_t outputs = dimension(w, l->transposed ? ones + 1 : ones);
    if (an_binding_is(bias)) {
        const int64_t n = an_shape_count(an_tensor_file_entry(file, bias->entries[0])->shape);
        if (!l->transposed && n != outputs && n == dimension(w, ones + 1))
            l->transposed = true; /* the weight alone does not show it */
        outputs = n;
    }
    l->outputs = as_count((int64_t)as_count(outputs) * towers);
}

void an_listing_free(an_listing *listing)
{
    an_outline_free(&listing->outline);
    an_free(listing->bindings);
    *listing = (an_listing){0};
}
