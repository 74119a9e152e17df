#include "model/recognise/recognise.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "base/status.h"
#include "model/network/network_edit.h"
#include "model/recognise/leftover.h"
#include "model/recognise/positions.h"

/* The number of classes: outputs of the last layer with weights. */
static alexnet_status count_classes(const an_listing *listing, const an_tensor_file *file,
                                    int *classes)
{
    const an_outline *outline = &listing->outline;
    int last = outline->count;
    while (last-- > 0)
        if (outline->layers[last].kind == AN_OUTLINE_FC ||
            outline->layers[last].kind == AN_OUTLINE_CONV)
            break;
    if (last < 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: its network has no convolutions and no fully connected layers",
                       an_tensor_file_name(file));
    *classes = outline->layers[last].outputs;
    if (*classes >= 1 && *classes <= AN_CLASSES_MAX)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: layer %.120s has %d outputs; 1 to %d expected",
                   an_tensor_file_name(file), outline->layers[last].name, *classes, AN_CLASSES_MAX);
}

/* Whether a file's network takes one channel, according to the file or to the filters of its first
 * layer. */
static bool is_grey(const an_listing *listing, const an_tensor_file *file)
{
    const an_outline *outline = &listing->outline;
    if (outline->input[0] > 0)
        return outline->input[0] == 1;
    for (int i = 0; i < outline->count; i++) {
        const int entry = listing->bindings[i][0].entries[0];
        if (outline->layers[i].kind != AN_OUTLINE_CONV || entry < 0)
            continue;
        const an_shape shape = an_tensor_file_entry(file, entry)->shape;
        return shape.rank == 4 && shape.dim[1] == 1;
    }
    return false;
}

/* A search among the built-in networks. */
typedef struct search {
    const an_listing *listing;
    const an_tensor_file *file;
    int classes;
    an_match_mode mode;
    bool grey;
    an_recognition *best; /* the network that fits best, or is nearest */
    char others[256];     /* networks that fit too */
} search;

static void add_name(char *list, size_t room, const char *name)
{
    const size_t length = strlen(list);
    if (length + strlen(name) + 3 < room)
        snprintf(list + length, room - length, "%s%s", length ? ", " : "", name);
}

/* Among networks that fit equally, the one that such files usually hold is preferred, then the one
 * with the most published weights. */
static int preference(const search *s, const alexnet_network *network)
{
    if (s->listing->usual && strcmp(network->name, s->listing->usual) == 0)
        return 2;
    return strcmp(network->name, "bvlc-alexnet") == 0;
}

static bool is_better(const search *s, const alexnet_network *network, const an_match *match)
{
    const an_recognition *best = s->best;
    if (!best->network || match->fits != best->match.fits)
        return !best->network || match->fits;
    if (!match->fits && match->alike != best->match.alike)
        return match->alike > best->match.alike;
    return preference(s, network) > preference(s, best->network);
}

/* Keep the better of the best so far and another network, and free the worse. */
static void keep_better(search *s, alexnet_network *network, an_match *match)
{
    an_recognition *best = s->best;
    const bool better = is_better(s, network, match);
    if (match->fits && best->match.fits)
        add_name(s->others, sizeof s->others, better ? best->network->name : network->name);
    if (!better) {
        an_network_release(network);
        an_match_free(match);
        return;
    }
    an_network_release(best->network);
    an_match_free(&best->match);
    best->network = network;
    best->match = *match;
}

/* @param classes  0: the network's own number */
static alexnet_status load(alexnet_network **out, const char *net, int classes, bool grey)
{
    AN_CHECK(an_network_load(out, net, classes));
    const alexnet_status rc = grey ? an_network_make_grey(out) : ALEXNET_OK;
    if (rc != ALEXNET_OK)
        an_network_release(*out);
    return rc;
}

static alexnet_status try_network(search *s, const alexnet_builtin *builtin)
{
    alexnet_network *network;
    an_match match;
    AN_CHECK(load(&network, builtin->name, s->classes, s->grey));
    const alexnet_status rc = an_match_make(&match, network, s->listing, s->file, s->mode);
    if (rc != ALEXNET_OK) {
        an_network_release(network);
        return rc;
    }
    keep_better(s, network, &match);
    return ALEXNET_OK;
}

/* Look for the network that fits best. *fits: whether it fits at all. */
static alexnet_status look(an_recognition *out, const an_listing *listing,
                           const an_tensor_file *file, an_match_mode mode, bool *fits)
{
    search s = {
        .listing = listing, .file = file, .classes = out->classes, .mode = mode, .best = out};
    s.grey = is_grey(listing, file);
    an_network_release(out->network);
    an_match_free(&out->match);
    out->network = NULL;
    for (int i = 0; an_builtin_networks[i].name; i++)
        AN_CHECK(try_network(&s, &an_builtin_networks[i]));
    *fits = out->match.fits;
    snprintf(out->found, sizeof out->found, "%s by %s%s%s", out->network->name, listing->found,
             s.others[0] ? ", which also fit " : "", s.others);
    return ALEXNET_OK;
}

/* Count the layers of a network that have weights, and find the last of them. */
static int count_weighted(const alexnet_network *network, int *last)
{
    int count = 0;
    for (int i = 0; i < network->count; i++)
        if (network->layers[i].type & (AN_LAYER_CONV | AN_LAYER_FC)) {
            *last = i;
            count++;
        }
    return count;
}

/* Whether a file has tensors that could be weights and are bound to no layer. */
static bool has_others(const an_recognition *is, const an_tensor_file *file)
{
    for (int e = 0; e < an_tensor_file_count(file); e++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, e);
        bool known = entry->shape.rank < 2 || an_leftover_is_known(entry->name);
        for (int i = 0; i < is->network->count && !known; i++)
            known = is->match.pairs[i][0].entries[0] == e || is->match.pairs[i][0].entries[1] == e;
        if (!known)
            return true;
    }
    return false;
}

/* Whether a file is a part of the network in `out` and not something else: it has at least half of
 * the layers, and nothing that does not fit. Without the last layer the file does not say how many
 * classes there are, so the network is loaded again with its own number. @param net  name or path
 * of the network */
static alexnet_status take_part(an_recognition *out, const an_tensor_file *file, const char *net,
                                bool *is_part)
{
    int last = 0;
    *is_part =
        2 * out->match.found >= count_weighted(out->network, &last) && !has_others(out, file);
    for (int i = 0; i < out->network->count; i++)
        *is_part &= !(out->match.lacks[i] && an_binding_is(&out->match.pairs[i][0]));
    if (!*is_part || !out->match.lacks[last])
        return ALEXNET_OK;
    alexnet_network *network;
    AN_CHECK(load(&network, net, 0, out->network->input.channels == AN_CHANNELS_GREY));
    an_network_release(out->network);
    out->network = network;
    out->classes = network->classes;
    return ALEXNET_OK;
}

static alexnet_status find(an_recognition *out, const an_listing *listing,
                           const an_tensor_file *file, bool part)
{
    bool fits, is_part = false;
    AN_CHECK(look(out, listing, file, part ? AN_MATCH_PART : AN_MATCH_WHOLE, &fits));
    if (fits)
        return ALEXNET_OK;
    if (!part) {
        AN_CHECK(look(out, listing, file, AN_MATCH_PART, &fits));
        if (fits)
            AN_CHECK(take_part(out, file, out->network->name, &is_part));
        if (is_part)
            return ALEXNET_OK;
        AN_CHECK(look(out, listing, file, AN_MATCH_WHOLE, &fits)); /* for the difference */
    }
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s fits no built-in network; the nearest is %s: %s",
                   an_tensor_file_name(file), out->network->name, out->match.difference);
}

/* Note what the layers that a file lists compute otherwise than the requested network. */
static alexnet_status note_difference(an_recognition *out, const an_listing *listing,
                                      const an_tensor_file *file)
{
    an_match whole;
    AN_CHECK(an_match_make(&whole, out->network, listing, file, AN_MATCH_WHOLE));
    if (!whole.fits)
        snprintf(out->match.doubt, sizeof out->match.doubt,
                 "read as %s, as requested, but its own layers differ: %.300s", out->network->name,
                 whole.difference);
    an_match_free(&whole);
    return ALEXNET_OK;
}

/* Use the requested network if the file's weights fit it. */
static alexnet_status take(an_recognition *out, const an_listing *listing,
                           const an_tensor_file *file, const char *net, bool part)
{
    AN_CHECK(an_network_load(&out->network, net, out->classes));
    AN_CHECK(an_match_make(&out->match, out->network, listing, file, AN_MATCH_SHAPES));
    bool good = part ? out->match.found > 0 : out->match.fits;
    if (!good && !part)
        AN_CHECK(take_part(out, file, net, &good));
    if (!good)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s does not fit %s: %s", an_tensor_file_name(file),
                       out->network->name, out->match.difference);
    snprintf(out->found, sizeof out->found, "%s, as requested, with weights found by %s",
             out->network->name, listing->found);
    return listing->listed && out->match.fits ? note_difference(out, listing, file) : ALEXNET_OK;
}

static bool are_same_tensors(const an_binding a[2], const an_binding b[2])
{
    return memcmp(a[0].entries, b[0].entries, sizeof a[0].entries) == 0 &&
           memcmp(a[1].entries, b[1].entries, sizeof a[1].entries) == 0;
}

/* Whether layers have the tensors that are named for them, as far as any are. Positions in another
 * network name none. */
static bool agrees(const an_recognition *is, const an_listing *named)
{
    for (int i = 0; i < is->network->count && !named->by_position; i++)
        for (int j = 0; j < named->outline.count; j++)
            if (strcmp(named->outline.layers[j].name, is->network->layers[i].name) == 0 &&
                !are_same_tensors(named->bindings[j], is->match.pairs[i]))
                return false;
    return true;
}

/* If only some layers have names that are known, find the network by order and shape. It must have
 * a layer for every tensor that could be a weight, and the known names must agree. Otherwise `out`
 * is left without a network. */
static alexnet_status find_by_order(an_recognition *out, const an_listing *named,
                                    const an_tensor_file *file, const char *net)
{
    alexnet_status rc = ALEXNET_OK;
    an_listing listing = {0};
    bool fits = false;
    int last;
    AN_TRY(an_listing_by_shape(&listing, file));
    if (listing.outline.count <= named->outline.count ||
        count_classes(&listing, file, &out->classes) != ALEXNET_OK)
        goto cleanup;
    if (net) {
        AN_TRY(an_network_load(&out->network, net, out->classes));
        AN_TRY(an_match_make(&out->match, out->network, &listing, file, AN_MATCH_SHAPES));
        fits = out->match.fits && count_weighted(out->network, &last) == listing.outline.count;
        snprintf(out->found, sizeof out->found, "%s, as requested, with weights found by %s",
                 out->network->name, listing.found);
    } else
        AN_TRY(look(out, &listing, file, AN_MATCH_WHOLE, &fits));
    if (!fits || !agrees(out, named))
        an_recognition_free(out);
cleanup:
    an_listing_free(&listing);
    return rc;
}

static alexnet_status find_by_listing(an_recognition *out, const an_listing *listing,
                                      const an_tensor_file *file, const char *net, bool part)
{
    AN_CHECK(count_classes(listing, file, &out->classes));
    return net ? take(out, listing, file, net, part) : find(out, listing, file, part);
}

/* Compare the positions in names with the network. The weights of darknet-alexnet, which has no
 * LRN, have the shapes of those of every AlexNet in one tower, so only positions, or a list of
 * layers, can show it. */
static alexnet_status weigh_positions(an_recognition *is, const an_tensor_file *file)
{
    static const char shared[] = "darknet-alexnet";
    const an_positions positions =
        an_positions_compare(is->network, &is->match, file, is->match.doubt);
    if (positions == AN_POSITIONS_AGREE || strcmp(is->network->name, shared) != 0)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s: its weights fit %s, which has no LRN, but also AlexNets in one tower that "
                   "have LRN, and the file does not say whether it has; give the network: `net` %s "
                   "or, with LRN, `net` with a network file",
                   an_tensor_file_name(file), shared, shared);
}

/* Whatever the network is, a file of numbers that are not read has no weights for it. */
static alexnet_status check_types(const an_tensor_file *file)
{
    const an_tensor_entry *other = NULL;
    for (int e = 0; e < an_tensor_file_count(file); e++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, e);
        if (entry->shape.rank >= 2 && an_dtype_is_float(entry->dtype))
            return ALEXNET_OK;
        if (entry->shape.rank >= 2 && !other)
            other = entry;
    }
    if (!other)
        return ALEXNET_OK;
    return AN_FAIL(
        ALEXNET_ERROR_FORMAT,
        "%s has no weights that can be read: " AN_DTYPES_FLOAT " expected, found %s (tensor %s)",
        an_tensor_file_name(file),
        other->dtype == AN_OTHER ? other->type : an_dtype_name(other->dtype), other->name);
}

alexnet_status an_recognise(an_recognition *out, an_tensor_file *file, const char *net, bool part)
{
    alexnet_status rc = ALEXNET_OK;
    an_listing listing = {0};
    alexnet_network *named = NULL;
    *out = (an_recognition){0};
    if (net)
        AN_TRY(an_network_load(&named, net, 0));
    AN_TRY(an_leftover_check(file));
    AN_TRY(check_types(file));
    AN_TRY(an_listing_make(&listing, file, named));
    if (listing.by_name)
        AN_TRY(find_by_order(out, &listing, file, net));
    if (!out->network)
        AN_TRY(find_by_listing(out, &listing, file, net, part));
    out->match.listed = listing.listed;
    if (!net && !listing.listed)
        AN_TRY(weigh_positions(out, file));
    snprintf(out->match.copies, sizeof out->match.copies, "%s", listing.copies);
cleanup:
    an_network_release(named);
    an_listing_free(&listing);
    if (rc != ALEXNET_OK)
        an_recognition_free(out);
    return rc;
}

void an_recognition_free(an_recognition *recognition)
{
    an_network_release(recognition->network);
    an_match_free(&recognition->match);
    *recognition = (an_recognition){0};
}
