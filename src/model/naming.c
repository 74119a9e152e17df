/*
 * The names that programs give the tensors of an AlexNet.
 *
 * A tensor's name is a prefix that wraps all of them ("state_dict.", "model."), the layer's name,
 * and an ending that says whether it is the weight or the bias. A component "module" (DataParallel)
 * is passed over wherever it stands.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/listing.h"

enum { LAYERS = 8, PREFIXES = 16, NAME_ROOM = 256 };

static const char *const ours[LAYERS] = {"conv1", "conv2", "conv3", "conv4",
                                         "conv5", "fc6",   "fc7",   "fc8"};

/* A way to name the layers. In towers each name is that of the first tower, and `second` of the
 * other; the last layer has one. */
static const struct scheme {
    const char *what, *usual;
    const char *names[LAYERS], *second[LAYERS];
} schemes[] = {
    {"Caffe's names",
     "bvlc-alexnet",
     {"conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"},
     {NULL}},
    {"torchvision's names",
     "alexnet-owt",
     {"features.0", "features.3", "features.6", "features.8", "features.10", "classifier.1",
      "classifier.4", "classifier.6"},
     {NULL}},
    {"names in timm's style",
     "alexnet-owt",
     {"features.0", "features.3", "features.6", "features.8", "features.10", "pre_logits.fc1",
      "pre_logits.fc2", "head.fc"},
     {NULL}},
    {"names of the slices of LPIPS",
     "alexnet-owt",
     {"slice1.0", "slice2.3", "slice3.6", "slice4.8", "slice5.10", NULL, NULL, NULL},
     {NULL}},
    {"the names of the two towers of 2012",
     "alexnet-2012",
     {"conv1a", "conv2a", "conv3a", "conv4a", "conv5a", "fc2048a", "fc2048ba", "fc1000"},
     {"conv1b", "conv2b", "conv3b", "conv4b", "conv5b", "fc2048b", "fc2048bb", NULL}},
};
enum { SCHEMES = sizeof schemes / sizeof schemes[0], FC7 = 6, FC6 = 5 };

static const struct ending {
    const char *weight, *bias;
} endings[] = {{".weight", ".bias"}, {"_weight", "_bias"}, {"_w_0", "_b_0"}, {"_w", "_b"}};
enum { ENDINGS = sizeof endings / sizeof endings[0] };

/* A tensor's name taken apart. */
typedef struct name {
    char stem[NAME_ROOM]; /* prefix and layer */
    size_t length;
    int which; /* 0 weight, 1 bias */
} name;

static bool ends_with(const char *text, size_t length, const char *end)
{
    const size_t n = strlen(end);
    return length >= n && memcmp(text + length - n, end, n) == 0;
}

/* @return false for a name that is neither a weight's nor a bias's, or that is too long */
static bool take_apart(const char *whole, name *out)
{
    static const char module[] = "module.";
    size_t length = 0;
    for (const char *at = whole; *at;) {
        const bool begins = at == whole || at[-1] == '.';
        if (begins && strncmp(at, module, sizeof module - 1) == 0) {
            at += sizeof module - 1;
            continue;
        }
        if (length + 1 == NAME_ROOM)
            return false;
        out->stem[length++] = *at++;
    }
    for (int i = 0; i < ENDINGS; i++)
        for (out->which = 0; out->which < 2; out->which++) {
            const char *end = out->which ? endings[i].bias : endings[i].weight;
            if (!ends_with(out->stem, length, end))
                continue;
            out->length = length - strlen(end);
            out->stem[out->length] = '\0';
            return true;
        }
    return false;
}

/* Whether a stem is a prefix and this layer; *prefix is then the length of the prefix. */
static bool is_layer(const name *n, const char *layer, size_t *prefix)
{
    if (!layer || !ends_with(n->stem, n->length, layer))
        return false;
    *prefix = n->length - strlen(layer);
    return *prefix == 0 || strchr("./:", n->stem[*prefix - 1]);
}

/* What a scheme finds in a file: for each prefix, how many tensors. */
typedef struct tally {
    int count;
    struct {
        char text[NAME_ROOM];
        int tensors;
    } prefix[PREFIXES];
} tally;

static void count_prefix(tally *t, const char *text, size_t length)
{
    int i = 0;
    while (i < t->count &&
           (strlen(t->prefix[i].text) != length || memcmp(t->prefix[i].text, text, length) != 0))
        i++;
    if (i == PREFIXES)
        return;
    if (i == t->count) {
        memcpy(t->prefix[i].text, text, length);
        t->prefix[i].text[length] = '\0';
        t->prefix[t->count++].tensors = 0;
    }
    t->prefix[i].tensors++;
}

/* The prefix under which most tensors are; of equals the shortest. */
static int best_prefix(const tally *t)
{
    int best = 0;
    for (int i = 1; i < t->count; i++) {
        const int more = t->prefix[i].tensors - t->prefix[best].tensors;
        if (more > 0 || (more == 0 && strlen(t->prefix[i].text) < strlen(t->prefix[best].text)))
            best = i;
    }
    return best;
}

/* The names of a scheme, or of the layers of a network: a list of pairs, the second may be NULL. */
typedef struct names {
    const char *what, *usual;
    int count;
    const char *ours[AN_LAYERS_MAX], *first[AN_LAYERS_MAX], *second[AN_LAYERS_MAX];
    an_outline_kind kind[AN_LAYERS_MAX];
    bool swapped[AN_LAYERS_MAX];
} names;

static void names_of_scheme(names *out, const struct scheme *scheme)
{
    *out = (names){.what = scheme->what, .usual = scheme->usual, .count = LAYERS};
    for (int i = 0; i < LAYERS; i++) {
        out->ours[i] = ours[i];
        out->first[i] = scheme->names[i];
        out->second[i] = scheme->second[i];
        out->kind[i] = i < FC6 ? AN_OUTLINE_CONV : AN_OUTLINE_FC;
        out->swapped[i] = i == FC7 && scheme->second[i];
    }
}

static void names_of_network(names *out, const alexnet_network *network)
{
    *out = (names){.what = "the names of its layers"};
    for (int i = 0; i < network->count; i++) {
        const an_layer *layer = &network->layers[i];
        if (!(layer->type & (AN_LAYER_CONV | AN_LAYER_FC)))
            continue;
        out->ours[out->count] = out->first[out->count] = layer->name;
        out->kind[out->count++] = layer->type == AN_LAYER_CONV ? AN_OUTLINE_CONV : AN_OUTLINE_FC;
    }
}

static void count_tensors(const names *in, const an_tensor_file *file, tally *t)
{
    name n;
    size_t prefix;
    t->count = 0;
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        if (!take_apart(an_tensor_file_entry(file, i)->name, &n))
            continue;
        for (int j = 0; j < in->count; j++)
            if (is_layer(&n, in->first[j], &prefix) || is_layer(&n, in->second[j], &prefix))
                count_prefix(t, n.stem, prefix);
    }
}

/* The tensors of a layer, under the chosen prefix. */
static void find_tensors(const names *in, int layer, const char *under, const an_tensor_file *file,
                         an_binding_pair pair)
{
    name n;
    size_t prefix;
    pair[0] = pair[1] = AN_BINDING_NONE;
    pair[0].swapped = in->swapped[layer];
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        if (!take_apart(an_tensor_file_entry(file, i)->name, &n))
            continue;
        for (int tower = 0; tower < 2; tower++) {
            int *entry = &pair[n.which].entries[tower];
            if (*entry < 0 && is_layer(&n, tower ? in->second[layer] : in->first[layer], &prefix) &&
                prefix == strlen(under) && memcmp(n.stem, under, prefix) == 0)
                *entry = i;
        }
    }
}

static alexnet_status list(an_listing *listing, const names *in, const char *prefix,
                           const an_tensor_file *file)
{
    listing->by_name = listing->weights_only = true;
    listing->usual = in->usual;
    snprintf(listing->found, sizeof listing->found, "%s", in->what);
    snprintf(listing->prefix, sizeof listing->prefix, "%s", prefix);
    for (int i = 0; i < in->count; i++) {
        an_binding_pair pair;
        int index;
        find_tensors(in, i, prefix, file, pair);
        for (int which = 0; which < 2; which++) /* a second tower without a first is none */
            if (pair[which].entries[0] < 0)
                pair[which].entries[1] = -1;
        if (!an_binding_is(&pair[0]))
            continue;
        AN_CHECK(an_listing_add(listing, in->kind[i], in->ours[i], &index));
        memcpy(listing->bindings[index], pair, sizeof pair);
        an_listing_measure(listing, index, file);
    }
    return ALEXNET_OK;
}

alexnet_status an_listing_name(an_listing *listing, const an_tensor_file *file,
                               const alexnet_network *network)
{
    alexnet_status rc = ALEXNET_OK;
    int most = 0;
    char prefix[NAME_ROOM] = "";
    names *tried = an_malloc(2 * sizeof *tried);
    tally *t = an_malloc(sizeof *t);
    if (!tried || !t) {
        rc = AN_FAIL_MEMORY(2 * sizeof *tried, "the names of tensors");
        goto cleanup;
    }
    for (int i = network ? -1 : 0; i < SCHEMES; i++) {
        if (i < 0)
            names_of_network(&tried[0], network);
        else
            names_of_scheme(&tried[0], &schemes[i]);
        count_tensors(&tried[0], file, t);
        const int best = best_prefix(t);
        if (t->count == 0 || t->prefix[best].tensors <= most)
            continue;
        most = t->prefix[best].tensors;
        memcpy(prefix, t->prefix[best].text, sizeof prefix);
        tried[1] = tried[0];
    }
    if (most)
        rc = list(listing, &tried[1], prefix, file);
cleanup:
    an_free(tried);
    an_free(t);
    return rc;
}
