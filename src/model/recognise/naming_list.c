#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "model/recognise/naming.h"

/* Find the tensors of a layer under the chosen prefix. */
static void find_tensors(const an_naming *in, int layer, const char *under,
                         const an_tensor_file *file, an_binding_pair pair)
{
    an_tensor_name n;
    size_t prefix;
    pair[0] = pair[1] = AN_BINDING_NONE;
    pair[0].swapped = in->layer[layer].swapped;
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        if (!an_tensor_name_parse(&n, an_tensor_file_entry(file, i)->name))
            continue;
        for (int tower = 0; tower < 2; tower++) {
            int *entry = &pair[n.which].entries[tower];
            if (*entry < 0 && an_tensor_name_is_of(&n, in->layer[layer].theirs[tower], &prefix) &&
                prefix == strlen(under) && memcmp(n.stem, under, prefix) == 0)
                *entry = i;
        }
    }
}

/* Whether the file has a weight of one of the layers under both prefixes: not two parts of a
 * network, but two copies. */
static bool are_copies(const an_naming *in, const char *one, const char *other,
                       const an_tensor_file *file)
{
    an_binding_pair a, b;
    for (int i = 0; i < in->count; i++) {
        find_tensors(in, i, one, file, a);
        find_tensors(in, i, other, file, b);
        if (an_binding_is(&a[0]) && an_binding_is(&b[0]))
            return true;
    }
    return false;
}

/* Name the other copies of the weights. One is preferred if it has more tensors, or if the other's
 * prefix begins with its own ("", "ema."); otherwise nothing tells which to use. */
static alexnet_status compare_copies(an_listing *listing, const an_naming *in,
                                     const an_tensor_file *file)
{
    const char *prefix = in->prefix[in->best].text;
    const int most = in->prefix[in->best].tensors;
    char others[200] = "";
    for (int i = 0; i < in->n_prefixes; i++) {
        const char *other = in->prefix[i].text;
        if (strcmp(other, prefix) == 0 || 2 * in->prefix[i].tensors < most ||
            !are_copies(in, prefix, other, file))
            continue;
        if (in->prefix[i].tensors == most && strncmp(other, prefix, strlen(prefix)) != 0)
            return AN_FAIL(ALEXNET_ERROR_FORMAT,
                           "%s has the weights twice, under \"%.100s\" and under \"%.100s\"; keep "
                           "those to use, and remove the others from the file",
                           an_tensor_file_name(file), prefix, other);
        const size_t length = strlen(others);
        snprintf(others + length, sizeof others - length, "%s\"%.60s\"", length ? ", " : "", other);
    }
    if (others[0])
        snprintf(listing->copies, sizeof listing->copies,
                 "the weights under \"%.60s\" are used, not those under %s", prefix, others);
    return ALEXNET_OK;
}

/* Refuse a tensor whose name differs from another's only by a `module` or in its ending. */
static alexnet_status refuse_twice(const an_tensor_file *file, int entry)
{
    an_tensor_name one, other;
    const char *whole = an_tensor_file_entry(file, entry)->name;
    if (!an_tensor_name_parse(&one, whole))
        return ALEXNET_OK;
    for (int i = entry + 1; i < an_tensor_file_count(file); i++) {
        const char *second = an_tensor_file_entry(file, i)->name;
        if (an_tensor_name_parse(&other, second) && other.which == one.which &&
            strcmp(one.stem, other.stem) == 0)
            return AN_FAIL(ALEXNET_ERROR_FORMAT,
                           "%s has the weights twice: %.120s and %.120s name the same tensor; keep "
                           "those to use, and remove the others from the file",
                           an_tensor_file_name(file), whole, second);
    }
    return ALEXNET_OK;
}

/* Find the tensors of a layer that is not under the chosen prefix: under another one, if it is the
 * only one to have them. `parts`: which prefixes are those of other parts of the network. */
static void find_in_parts(const an_naming *in, int layer, const bool parts[AN_NAMING_PREFIXES],
                          const an_tensor_file *file, an_binding_pair pair)
{
    an_binding_pair there;
    const char *theirs = in->layer[layer].theirs[0];
    int count = 0;
    for (int i = 0; i < in->n_prefixes && !strchr(theirs, '#'); i++) {
        if (!parts[i])
            continue;
        find_tensors(in, layer, in->prefix[i].text, file, there);
        if (an_binding_is(&there[0]) && count++ == 0)
            memcpy(pair, there, sizeof there);
    }
    if (count > 1)
        pair[0] = pair[1] = AN_BINDING_NONE;
}

/* Find which prefixes belong to other parts of the network, as in features.conv1, classifier.fc6,
 * and not to other copies of it. */
static void find_parts(const an_naming *in, const an_tensor_file *file,
                       bool parts[AN_NAMING_PREFIXES])
{
    const char *prefix = in->prefix[in->best].text;
    for (int i = 0; i < in->n_prefixes; i++)
        parts[i] = strcmp(in->prefix[i].text, prefix) != 0 &&
                   !are_copies(in, prefix, in->prefix[i].text, file);
}

alexnet_status an_naming_list(an_listing *listing, const an_naming *in, const an_tensor_file *file)
{
    bool parts[AN_NAMING_PREFIXES];
    find_parts(in, file, parts);
    listing->weights_only = true;
    listing->usual = in->usual;
    listing->by_position = in->positions;
    snprintf(listing->found, sizeof listing->found, "%s", in->what);
    for (int i = 0; i < in->count; i++) {
        an_binding_pair pair;
        int index;
        find_tensors(in, i, in->prefix[in->best].text, file, pair);
        if (!an_binding_is(&pair[0]))
            find_in_parts(in, i, parts, file, pair);
        for (int which = 0; which < 2; which++) /* a second tower does not count without a first */
            if (pair[which].entries[0] < 0)
                pair[which].entries[1] = -1;
        if (!an_binding_is(&pair[0]))
            continue;
        for (int j = 0; j < 4; j++)
            if (pair[j / 2].entries[j % 2] >= 0)
                AN_CHECK(refuse_twice(file, pair[j / 2].entries[j % 2]));
        AN_CHECK(an_listing_add(listing, in->layer[i].kind, in->layer[i].ours, &index));
        memcpy(listing->bindings[index], pair, sizeof pair);
        an_listing_measure(listing, index, file);
    }
    listing->by_name = listing->outline.count > 0;
    return compare_copies(listing, in, file);
}
