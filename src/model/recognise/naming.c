/*
 * The names that programs give to the layers of an AlexNet, and which of them a file's tensors
 * have.
 */
#include "model/recognise/naming.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "base/status.h"

enum { LAYERS = 8 };

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

/* ---- Names of layers ---- */

static void names_of_scheme(an_naming *out, const struct scheme *scheme)
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
static void names_of_network(an_naming *out, const alexnet_network *network, an_export_names kind)
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

/* ---- The search for those that match the most tensors ---- */

static void count_prefix(an_naming *in, const char *text, size_t length)
{
    int i = 0;
    while (i < in->n_prefixes &&
           (strlen(in->prefix[i].text) != length || memcmp(in->prefix[i].text, text, length) != 0))
        i++;
    if (i == AN_NAMING_PREFIXES)
        return;
    if (i == in->n_prefixes) {
        memcpy(in->prefix[i].text, text, length);
        in->prefix[i].text[length] = '\0';
        in->prefix[in->n_prefixes++].tensors = 0;
    }
    in->prefix[i].tensors++;
}

static void choose_prefix(an_naming *in)
{
    in->best = 0;
    for (int i = 1; i < in->n_prefixes; i++) {
        const int more = in->prefix[i].tensors - in->prefix[in->best].tensors;
        if (more > 0 ||
            (more == 0 && strlen(in->prefix[i].text) < strlen(in->prefix[in->best].text)))
            in->best = i;
    }
}

static void count_tensors(an_naming *in, const an_tensor_file *file)
{
    an_tensor_name name;
    size_t prefix;
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        if (!an_tensor_name_parse(&name, an_tensor_file_entry(file, i)->name))
            continue;
        for (int j = 0; j < 2 * in->count; j++)
            if (an_tensor_name_is_of(&name, in->layer[j / 2].theirs[j % 2], &prefix))
                count_prefix(in, name.stem, prefix);
    }
    choose_prefix(in);
}

/* The tensors under the best prefix. */
static int matched(const an_naming *in)
{
    return in->n_prefixes ? in->prefix[in->best].tensors : 0;
}

typedef struct search {
    const an_tensor_file *file;
    an_naming *now, *best;
} search;

/* Try the names in `now`. */
static void try_names(search *s)
{
    an_naming *before = s->best;
    count_tensors(s->now, s->file);
    if (matched(s->now) <= matched(before))
        return;
    s->best = s->now;
    s->now = before;
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
    search s = {file, an_calloc(1, sizeof *s.now), an_calloc(1, sizeof *s.best)};
    if (!s.now || !s.best)
        AN_TRY(AN_FAIL_MEMORY(2 * sizeof *s.now, "the names of tensors"));
    AN_TRY(try_all(&s, network));
    if (matched(s.best))
        AN_TRY(an_naming_list(listing, s.best, file));
cleanup:
    an_free(s.now);
    an_free(s.best);
    return rc;
}
