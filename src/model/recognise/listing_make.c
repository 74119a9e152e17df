#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/recognise/listing.h"
#include "model/recognise/tensor_name.h"

enum { TENSORS_MAX = 10000 };

/* A square matrix does not show whether it is transposed: it is if any other matrix is. */
static void settle_transposed(an_listing *listing)
{
    bool any = false;
    for (int i = 0; i < listing->outline.count; i++)
        any |= listing->outline.layers[i].kind == AN_OUTLINE_FC &&
               listing->outline.layers[i].transposed;
    for (int i = 0; i < listing->outline.count; i++)
        if (listing->outline.layers[i].kind == AN_OUTLINE_FC)
            listing->bindings[i][0].transposed = any;
}

static bool is_entry(const an_tensor_file *file, int index)
{
    return index >= 0 && index < an_tensor_file_count(file);
}

/* Use the layers that the file lists, each with the tensors that the file names for it. */
static alexnet_status take_outline(an_listing *listing, const an_tensor_file *file)
{
    an_outline *outline = &listing->outline;
    if (!outline->count)
        return ALEXNET_OK;
    listing->bindings = an_calloc((size_t)outline->count, sizeof *listing->bindings);
    if (!listing->bindings)
        return AN_FAIL_MEMORY((size_t)outline->count * sizeof *listing->bindings,
                              "a network's layers");
    listing->listed = listing->weights_only = true;
    for (int i = 0; i < outline->count; i++) {
        const an_outline_layer *l = &outline->layers[i];
        an_binding *pair = listing->bindings[i];
        pair[0] = pair[1] = AN_BINDING_NONE;
        if (is_entry(file, l->weight))
            pair[0].entries[0] = l->weight;
        if (is_entry(file, l->bias))
            pair[1].entries[0] = l->bias;
        pair[0].transposed = l->transposed;
        listing->weights_only &= l->kind == AN_OUTLINE_CONV || l->kind == AN_OUTLINE_FC;
    }
    listing->usual = an_tensor_file_usual_network(file);
    snprintf(listing->found, sizeof listing->found, "the layers that the %s file lists",
             an_tensor_file_format(file));
    return ALEXNET_OK;
}

/* Whether the first tensor that could belong to a layer is a bias: then all biases come before
 * their weights, as in alphabetical order. */
static bool biases_come_first(const an_tensor_file *file)
{
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        const int rank = an_tensor_file_entry(file, i)->shape.rank;
        if (rank == 1 || rank == 2 || rank == 4)
            return rank == 1;
    }
    return false;
}

/* A tensor that could be the weight of a layer. */
typedef struct candidate {
    const an_tensor_entry *entry;
    int index;
} candidate;

static int find_candidates(candidate out[AN_LAYERS_MAX], const an_tensor_file *file)
{
    int count = 0;
    for (int i = 0; i < an_tensor_file_count(file) && count < AN_LAYERS_MAX; i++) {
        const an_tensor_entry *e = an_tensor_file_entry(file, i);
        if ((e->shape.rank == 4 || e->shape.rank == 2) && an_dtype_is_float(e->dtype))
            out[count++] = (candidate){e, i};
    }
    return count;
}

static bool is_alphabetical(const candidate *candidates, int count)
{
    for (int i = 1; i < count; i++)
        if (strcmp(candidates[i - 1].entry->name, candidates[i].entry->name) > 0)
            return false;
    return true;
}

static int compare_candidates(const void *one, const void *other)
{
    const an_tensor_entry *a = ((const candidate *)one)->entry;
    const an_tensor_entry *b = ((const candidate *)other)->entry;
    if (a->shape.rank != b->shape.rank)
        return b->shape.rank - a->shape.rank;
    return an_tensor_name_compare(a->name, b->name);
}

/* Add the layer of a weight. @param beside  the entry that may be its bias */
static alexnet_status add_layer(an_listing *listing, const an_tensor_file *file,
                                const candidate *weight, int beside)
{
    const an_tensor_entry *w = weight->entry;
    int index;
    AN_CHECK(an_listing_add(listing, w->shape.rank == 4 ? AN_OUTLINE_CONV : AN_OUTLINE_FC, w->name,
                            &index));
    an_binding *pair = listing->bindings[index];
    pair[0].entries[0] = weight->index;
    if (is_entry(file, beside)) {
        const an_tensor_entry *b = an_tensor_file_entry(file, beside);
        const int64_t n = b->shape.rank == 1 ? b->shape.dim[0] : 0;
        if (n && (n == w->shape.dim[0] || (w->shape.rank == 2 && n == w->shape.dim[1])) &&
            an_tensor_name_may_be_bias(b->name, w->name))
            pair[1].entries[0] = beside;
    }
    an_listing_measure(listing, index, file);
    return ALEXNET_OK;
}

alexnet_status an_listing_by_shape(an_listing *listing, const an_tensor_file *file)
{
    const int beside = biases_come_first(file) ? -1 : 1;
    candidate weights[AN_LAYERS_MAX];
    const int count = find_candidates(weights, file);
    /* Alphabetical order, in which the safetensors package writes, is not that of layers. */
    if (is_alphabetical(weights, count))
        qsort(weights, (size_t)count, sizeof weights[0], compare_candidates);
    listing->weights_only = true;
    listing->usual = "bvlc-alexnet";
    snprintf(listing->found, sizeof listing->found, "the shapes of its tensors alone");
    for (int i = 0; i < count; i++)
        AN_CHECK(add_layer(listing, file, &weights[i], weights[i].index + beside));
    settle_transposed(listing);
    return ALEXNET_OK;
}

alexnet_status an_listing_make(an_listing *listing, an_tensor_file *file,
                               const alexnet_network *network)
{
    alexnet_status rc = ALEXNET_OK;
    *listing = (an_listing){0};
    if (an_tensor_file_count(file) > TENSORS_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s has %d tensors; a network that this program knows has at most %d",
                       an_tensor_file_name(file), an_tensor_file_count(file), TENSORS_MAX);
    AN_TRY(an_tensor_file_outline(file, &listing->outline));
    AN_TRY(take_outline(listing, file));
    if (!listing->outline.count)
        AN_TRY(an_listing_name(listing, file, network));
    if (listing->by_name)
        settle_transposed(listing);
    if (!listing->outline.count)
        AN_TRY(an_listing_by_shape(listing, file));
    if (!listing->outline.count)
        AN_TRY(AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s holds no weights of convolutions or fully connected layers",
                       an_tensor_file_name(file)));
cleanup:
    if (rc != ALEXNET_OK)
        an_listing_free(listing);
    return rc;
}
