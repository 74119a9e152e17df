/*
 * The names that programs give to the tensors of an AlexNet.
 *
 * A tensor's name is a prefix that all tensors share ("state_dict.", "model."), or all of a part of
 * the network, the layer's name, and an ending that says whether it is the weight or the bias. A
 * component "module" (DataParallel) is skipped wherever it occurs.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "base/status.h"
#include "model/layer_names.h"
#include "model/listing.h"

enum { LAYERS = 8, PREFIXES = 16, NAME_ROOM = 256 };

/* Naming schemes that none of our networks uses, for the layers that most of them have. */
static const char *const usual_layers[LAYERS] = {"conv1", "conv2", "conv3", "conv4",
                                                 "conv5", "fc6",   "fc7",   "fc8"};
static const struct scheme {
    const char *what;
    const char *names[LAYERS];
} schemes[] = {
    {"names in timm's style",
     {"features.0", "features.3", "features.6", "features.8", "features.10", "pre_logits.fc1",
      "pre_logits.fc2", "head.fc"}},
    {"the names of LPIPS", {"slice1.0", "slice2.3", "slice3.6", "slice4.8", "slice5.10"}},
};
enum { SCHEMES = sizeof schemes / sizeof schemes[0], FC6 = 5 };

static const struct ending {
    const char *weight, *bias;
} endings[] = {{".weight", ".bias"}, {"_weight", "_bias"}, {"_w_0", "_b_0"}, {"_w", "_b"}};
enum { ENDINGS = sizeof endings / sizeof endings[0] };

/* A tensor's name, split into its parts. */
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

bool an_listing_may_be_bias(const char *vector, const char *weight)
{
    name v, w;
    const bool known = take_apart(vector, &v);
    return known ? v.which == 1 : !(take_apart(weight, &w) && w.which == 0);
}

/* Whether a stem is a prefix followed by this layer; *prefix is then the length of the prefix. A #
 * at the end of `layer` stands for a number. */
static bool is_layer(const name *n, const char *layer, size_t *prefix)
{
    size_t left = n->length, end = strlen(layer);
    if (end && layer[end - 1] == '#') {
        while (left && strchr("0123456789", n->stem[left - 1]))
            left--;
        if (left == n->length)
            return false;
        end--;
    }
    if (!end || left < end || memcmp(n->stem + left - end, layer, end) != 0)
        return false;
    *prefix = left - end;
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

/* The prefix with the most tensors; among equals, the shortest. */
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

/* Names of layers in a file, and the layers of ours that they stand for. */
typedef struct names {
    const char *what, *usual;
    bool positions;
    int count;
    struct {
        char ours[AN_NAME_MAX + 1];
        an_outline_kind kind;
        char theirs[2][AN_LAYER_NAME]; /* [1]: name of the second tower; "" if there is none */
        bool swapped;
    } layer[AN_LAYERS_MAX];
} names;

static void names_of_scheme(names *out, const struct scheme *scheme)
{
    memset(out, 0, sizeof *out);
    out->what = scheme->what;
    out->usual = "alexnet-owt";
    for (; out->count < LAYERS && scheme->names[out->count]; out->count++) {
        const int i = out->count;
        snprintf(out->layer[i].ours, sizeof out->layer[i].ours, "%s", usual_layers[i]);
        snprintf(out->layer[i].theirs[0], AN_LAYER_NAME, "%s", scheme->names[i]);
        out->layer[i].kind = i < FC6 ? AN_OUTLINE_CONV : AN_OUTLINE_FC;
    }
}

/* The names of a kind for the layers of a network; none if the kind does not suit the network. */
static void names_of_network(names *out, const alexnet_network *network, an_export_names kind)
{
    static const char *const what[] = {
        [AN_NAMES_OURS] = "names such as conv1 and fc6",
        [AN_NAMES_TORCHVISION] = "torchvision's names",
        [AN_NAMES_TOWERS] = "the names of the two towers of 2012",
    };
    static const char *const usual[] = {
        [AN_NAMES_TORCHVISION] = "alexnet-owt", [AN_NAMES_TOWERS] = "alexnet-2012"};
    memset(out, 0, sizeof *out);
    out->what = what[kind];
    out->usual = kind == AN_NAMES_OURS ? NULL : usual[kind];
    out->positions = kind == AN_NAMES_TORCHVISION;
    for (int i = 0; i < network->count; i++) {
        const an_layer *layer = &network->layers[i];
        if (!(layer->type & (AN_LAYER_CONV | AN_LAYER_FC)))
            continue;
        const int at = out->count++;
        if (!an_layer_names(network, i, kind, out->layer[at].theirs, &out->layer[at].swapped)) {
            out->count = 0;
            return;
        }
        snprintf(out->layer[at].ours, sizeof out->layer[at].ours, "%s", layer->name);
        out->layer[at].kind = layer->type == AN_LAYER_CONV ? AN_OUTLINE_CONV : AN_OUTLINE_FC;
        if (kind == AN_NAMES_TOWERS && !out->layer[at].theirs[1][0])
            snprintf(out->layer[at].theirs[0], AN_LAYER_NAME, "fc#"); /* fc1000 for 1000 classes */
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
        for (int j = 0; j < 2 * in->count; j++)
            if (is_layer(&n, in->layer[j / 2].theirs[j % 2], &prefix))
                count_prefix(t, n.stem, prefix);
    }
}

/* Find the tensors of a layer under the chosen prefix. */
static void find_tensors(const names *in, int layer, const char *under, const an_tensor_file *file,
                         an_binding_pair pair)
{
    name n;
    size_t prefix;
    pair[0] = pair[1] = AN_BINDING_NONE;
    pair[0].swapped = in->layer[layer].swapped;
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        if (!take_apart(an_tensor_file_entry(file, i)->name, &n))
            continue;
        for (int tower = 0; tower < 2; tower++) {
            int *entry = &pair[n.which].entries[tower];
            if (*entry < 0 && is_layer(&n, in->layer[layer].theirs[tower], &prefix) &&
                prefix == strlen(under) && memcmp(n.stem, under, prefix) == 0)
                *entry = i;
        }
    }
}

/* Whether the file has a weight of one of the layers under both prefixes: not two parts of a
 * network, but two copies. */
static bool are_copies(const names *in, const char *one, const char *other,
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
static alexnet_status compare_copies(an_listing *listing, const names *in, const tally *t,
                                     const char *prefix, const an_tensor_file *file)
{
    const int most = t->prefix[best_prefix(t)].tensors;
    char others[200] = "";
    for (int i = 0; i < t->count; i++) {
        const char *other = t->prefix[i].text;
        if (strcmp(other, prefix) == 0 || 2 * t->prefix[i].tensors < most ||
            !are_copies(in, prefix, other, file))
            continue;
        if (t->prefix[i].tensors == most && strncmp(other, prefix, strlen(prefix)) != 0)
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
    name one, other;
    const char *whole = an_tensor_file_entry(file, entry)->name;
    if (!take_apart(whole, &one))
        return ALEXNET_OK;
    for (int i = entry + 1; i < an_tensor_file_count(file); i++) {
        const char *second = an_tensor_file_entry(file, i)->name;
        if (take_apart(second, &other) && other.which == one.which &&
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
static void find_in_parts(const names *in, int layer, const tally *t, const bool parts[PREFIXES],
                          const an_tensor_file *file, an_binding_pair pair)
{
    an_binding_pair there;
    const char *theirs = in->layer[layer].theirs[0];
    int count = 0;
    for (int i = 0; i < t->count && !strchr(theirs, '#'); i++) {
        if (!parts[i])
            continue;
        find_tensors(in, layer, t->prefix[i].text, file, there);
        if (an_binding_is(&there[0]) && count++ == 0)
            memcpy(pair, there, sizeof there);
    }
    if (count > 1)
        pair[0] = pair[1] = AN_BINDING_NONE;
}

/* Find which prefixes belong to other parts of the network, as in features.conv1, classifier.fc6,
 * and not to other copies of it. */
static void find_parts(const names *in, const tally *t, const char *prefix,
                       const an_tensor_file *file, bool parts[PREFIXES])
{
    for (int i = 0; i < t->count; i++)
        parts[i] = strcmp(t->prefix[i].text, prefix) != 0 &&
                   !are_copies(in, prefix, t->prefix[i].text, file);
}

static alexnet_status list(an_listing *listing, const names *in, const tally *t, const char *prefix,
                           const an_tensor_file *file)
{
    bool parts[PREFIXES];
    find_parts(in, t, prefix, file, parts);
    listing->weights_only = true;
    listing->usual = in->usual;
    listing->by_position = in->positions;
    snprintf(listing->found, sizeof listing->found, "%s", in->what);
    for (int i = 0; i < in->count; i++) {
        an_binding_pair pair;
        int index;
        find_tensors(in, i, prefix, file, pair);
        if (!an_binding_is(&pair[0]))
            find_in_parts(in, i, t, parts, file, pair);
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
    return ALEXNET_OK;
}

/* A search for the names that match the most tensors. */
typedef struct search {
    const an_tensor_file *file;
    names *now, *best;
    tally *t, *best_t;
    int most;
    char prefix[NAME_ROOM];
} search;

/* Try the names in `now`. */
static void try_names(search *s)
{
    names *kept = s->best;
    tally *kept_t = s->best_t;
    count_tensors(s->now, s->file, s->t);
    const int best = best_prefix(s->t);
    if (s->t->count == 0 || s->t->prefix[best].tensors <= s->most)
        return;
    s->most = s->t->prefix[best].tensors;
    memcpy(s->prefix, s->t->prefix[best].text, sizeof s->prefix);
    s->best = s->now;
    s->now = kept;
    s->best_t = s->t;
    s->t = kept_t;
}

static void try_network(search *s, const alexnet_network *network)
{
    for (int kind = AN_NAMES_OURS; kind <= AN_NAMES_TOWERS; kind++) {
        names_of_network(s->now, network, kind);
        try_names(s);
    }
}

static alexnet_status try_all(search *s, const alexnet_network *network)
{
    if (network)
        try_network(s, network);
    for (int i = 0; i < SCHEMES; i++) {
        names_of_scheme(s->now, &schemes[i]);
        try_names(s);
    }
    for (int i = 0; !network && an_builtin_networks[i].name; i++) {
        alexnet_network *builtin;
        AN_CHECK(an_network_load(&builtin, an_builtin_networks[i].name, 0));
        try_network(s, builtin);
        an_network_release(builtin);
    }
    return ALEXNET_OK;
}

alexnet_status an_listing_name(an_listing *listing, const an_tensor_file *file,
                               const alexnet_network *network)
{
    alexnet_status rc = ALEXNET_OK;
    search s = {.file = file};
    s.now = an_malloc(sizeof *s.now);
    s.best = an_malloc(sizeof *s.best);
    s.t = an_malloc(sizeof *s.t);
    s.best_t = an_malloc(sizeof *s.best_t);
    if (!s.now || !s.best || !s.t || !s.best_t)
        AN_TRY(AN_FAIL_MEMORY(2 * sizeof *s.now, "the names of tensors"));
    AN_TRY(try_all(&s, network));
    if (s.most) {
        AN_TRY(list(listing, s.best, s.best_t, s.prefix, file));
        AN_TRY(compare_copies(listing, s.best, s.best_t, s.prefix, file));
    }
cleanup:
    an_free(s.now);
    an_free(s.best);
    an_free(s.t);
    an_free(s.best_t);
    return rc;
}
