#include "train/init_from.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/model_open.h"
#include "model/recognise/adopt.h"
#include "model/recognise/agree.h"
#include "model/recognise/leftover.h"
#include "train/mean.h"

enum { LINES = 20 }; /* lines of the log that name tensors, at most */

alexnet_status an_init_from_network(alexnet_network **out, alexnet_ctx *ctx, const char *path,
                                    int classes)
{
    alexnet_status rc;
    an_reader *reader;
    an_model_file file = {0};
    *out = NULL;
    AN_CHECK(an_model_file_reader(&reader, path));
    AN_TRY(an_model_file_open(&file, ctx, reader, &(an_model_options){.part = true}));
    rc = an_network_parse(out, file.network->text, path, file.network->name, classes);
cleanup:
    an_model_file_close(&file);
    return rc;
}

/* The file that tensors are copied from. */
typedef struct origin {
    an_tensor_file *file;
    const char *name;
    an_net *net;
    alexnet_network *network; /* that its weights belong to; NULL: not known */
    an_classes classes;       /* of a file of this program, else none */
    an_binding *bindings;     /* per parameter of the net */
    int wanted, taken;        /* tensors */
    int said;                 /* lines of the log */
    bool other_order;         /* its pictures have their channels in another order */
    int other_class;          /* index of the first that differs from the data's; -1: none does */
    bool has_mean;
} origin;

/* Find out which network the file's weights belong to, and their classes: from its metadata, or, in
 * a file of another program, by recognising it. */
static alexnet_status identify(origin *from)
{
    an_model_file file = {.tensors = from->file};
    if (an_model_metadata_is_ours(from->file))
        return an_model_metadata_read(&from->network, &from->classes, from->file);
    const alexnet_status rc = an_adopt(&file, NULL, &(an_model_options){.part = true});
    from->network = file.network;
    an_match_free(&file.match);
    return rc == ALEXNET_ERROR_FORMAT || rc == ALEXNET_ERROR_UNSUPPORTED ? ALEXNET_OK : rc;
}

/* Find the tensors of a file of this program that has a graph: a parameter's is the one that the
 * graph uses for the layer of the same name. */
static alexnet_status find_by_graph(origin *from)
{
    alexnet_status rc;
    an_match match;
    an_binding mean;
    const an_net *net = from->net;
    AN_TRY(an_agree(&match, &mean, from->network, from->file));
    for (int i = 0; i < net->count; i++) {
        const an_param *param = &net->params[i];
        const int layer =
            param->layer < 0
                ? -1
                : an_network_find_layer(from->network, net->network->layers[param->layer].name);
        from->bindings[i] = param->layer < 0 ? mean
                            : layer < 0      ? AN_BINDING_NONE
                                             : match.pairs[layer][param->is_bias];
    }
cleanup:
    an_match_free(&match);
    return rc;
}

/* Find the tensor of each parameter: by its name in a file of this program, else as the file is
 * recognised. */
static alexnet_status find_tensors(origin *from)
{
    alexnet_status rc = ALEXNET_OK;
    an_listing listing = {0};
    an_match match = {0};
    const an_net *net = from->net;
    from->bindings = an_calloc((size_t)net->count, sizeof *from->bindings);
    if (!from->bindings)
        return AN_FAIL_MEMORY((size_t)net->count * sizeof *from->bindings, "a list of tensors");
    const bool ours = an_model_metadata_is_ours(from->file);
    if (ours && an_agree_is_needed(from->file))
        return find_by_graph(from);
    if (!ours || !an_model_file_has_our_names(from->file, net->network)) {
        AN_TRY(an_listing_make(&listing, from->file, net->network));
        if (listing.copies[0])
            an_log(net->ctx, ALEXNET_LOG_WARNING, "%s: %s", from->name, listing.copies);
        if (listing.by_name || !ours)
            AN_TRY(an_match_make(&match, net->network, &listing, from->file, AN_MATCH_SHAPES));
    }
    for (int i = 0; i < net->count; i++) {
        const an_param *param = &net->params[i];
        from->bindings[i] = AN_BINDING_NONE;
        if (match.pairs && param->layer >= 0)
            from->bindings[i] = match.pairs[param->layer][param->is_bias];
        else
            from->bindings[i].entries[0] = an_tensor_file_index(from->file, param->name);
    }
cleanup:
    an_match_free(&match);
    an_listing_free(&listing);
    return rc;
}

/* @return false once LINES lines are logged */
static bool say_not_used(origin *from, const char *tensor, const char *why)
{
    if (from->said++ < LINES)
        an_log(from->net->ctx, ALEXNET_LOG_WARNING, "%s: tensor %s is not used: %s", from->name,
               tensor, why);
    else
        an_log(from->net->ctx, ALEXNET_LOG_WARNING, "%s: more tensors are not used", from->name);
    return from->said <= LINES;
}

/* Warn if the file's weights were trained on pictures prepared differently, or if that is not
 * known. */
static void compare_input(origin *from)
{
    const alexnet_network *ours = from->net->network, *theirs = from->network;
    char differences[512];
    if (!theirs) {
        an_log(from->net->ctx, ALEXNET_LOG_WARNING,
               "%s does not say how its pictures were prepared; %s prepares them like this: %s",
               from->name, ours->name, ours->preprocessing);
        return;
    }
    if (an_input_differs(&ours->input, &theirs->input, differences, sizeof differences))
        an_log(from->net->ctx, ALEXNET_LOG_WARNING,
               "the weights of %s were trained on pictures prepared differently than for %s: %s",
               from->name, ours->name, differences);
    from->other_order = ours->input.channels != theirs->input.channels;
}

/* Find the first class that differs from the data's. A file of another program names none, so that
 * the first differs. */
static void compare_classes(origin *from, const an_classes *ours)
{
    const an_classes *theirs = &from->classes;
    const int both = theirs->count < ours->count ? theirs->count : ours->count;
    int alike = 0;
    from->other_class = -1;
    while (alike < both && strcmp(ours->ids[alike], theirs->ids[alike]) == 0)
        alike++;
    if (alike < theirs->count || alike < ours->count)
        from->other_class = alike;
}

/* Whether a layer's scores have the right shape but another meaning, because the file has as many
 * classes, but other ones. */
static bool is_of_other_classes(const origin *from, const an_classes *ours, int layer)
{
    return from->other_class >= 0 && from->classes.count == ours->count &&
           layer == an_network_scores_layer(from->net->network);
}

/* Whether parameter `index` can be copied from the file; if not, `why` gets the reason. */
static bool may_take(const origin *from, const an_classes *ours, int index, char why[256])
{
    const an_param *param = &from->net->params[index];
    if (is_of_other_classes(from, ours, param->layer)) {
        snprintf(why, 256, "its classes differ: class %d is \"%.80s\" there, \"%.80s\" here",
                 from->other_class, from->classes.ids[from->other_class],
                 ours->ids[from->other_class]);
        return false;
    }
    if (!param->learned && from->other_order) {
        snprintf(why, 256, "its channels are in another order");
        return false;
    }
    if (!an_binding_is(&from->bindings[index])) {
        char shape[96];
        snprintf(why, 256, "shape %s expected, the file has no such tensor",
                 an_shape_text(param->shape, shape));
        return false;
    }
    return an_binding_fits(&from->bindings[index], from->file, param->shape, why);
}

static alexnet_status take_tensors(origin *from, const an_classes *ours)
{
    char why[256];
    bool more = true;
    an_net *net = from->net;
    for (int i = 0; i < net->count; i++) {
        const an_param *param = &net->params[i];
        if (!param->learned && !an_mean_wanted(net))
            continue;
        from->wanted++;
        if (!may_take(from, ours, i, why)) {
            more = more && say_not_used(from, param->name, why);
            continue;
        }
        AN_CHECK(an_binding_read(&from->bindings[i], from->file, net, AN_VALUES, i));
        from->taken++;
        from->has_mean |= !param->learned;
    }
    return ALEXNET_OK;
}

/* Whether a tensor is momentum or other state: "momentum.conv1.weight". */
static bool is_state(const an_net *net, const char *tensor)
{
    const char *dot = strchr(tensor, '.');
    return dot && an_net_find(net, dot + 1) >= 0;
}

static bool is_bound(const origin *from, int entry)
{
    for (int i = 0; i < from->net->count; i++)
        if (from->bindings[i].entries[0] == entry || from->bindings[i].entries[1] == entry)
            return true;
    return false;
}

/* Log the file's tensors that the net does not have. Integer tensors are not weights: they are
 * shapes in ONNX files and counters in PyTorch's. */
static void name_the_rest(origin *from)
{
    for (int i = 0; i < an_tensor_file_count(from->file) && from->said <= LINES; i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(from->file, i);
        if (an_dtype_is_float(entry->dtype) && !is_bound(from, i) &&
            !is_state(from->net, entry->name))
            say_not_used(from, entry->name, "the network has no parameter of that name");
    }
}

/* If the classes are the same, a class without a readable name in the data set gets the model's. */
static void take_names(origin *from, an_classes *ours)
{
    an_classes *theirs = &from->classes;
    if (from->other_class >= 0)
        return;
    for (int i = 0; i < ours->count; i++) {
        if (strcmp(ours->names[i], ours->ids[i]) != 0)
            continue;
        char *name = ours->names[i];
        ours->names[i] = theirs->names[i];
        theirs->names[i] = name;
    }
}

static alexnet_status take(origin *from, an_classes *classes)
{
    AN_CHECK(an_leftover_check_scales(from->file));
    AN_CHECK(identify(from));
    AN_CHECK(find_tensors(from));
    compare_input(from);
    compare_classes(from, classes);
    AN_CHECK(take_tensors(from, classes));
    an_tensor_file_warn(from->file, from->net->ctx);
    name_the_rest(from);
    if (!from->taken)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s has no tensor with the name and shape of one of %s", from->name,
                       from->net->network->name);
    an_log(from->net->ctx, ALEXNET_LOG_INFO, "copied %d of %d tensors from %s", from->taken,
           from->wanted, from->name);
    take_names(from, classes);
    return ALEXNET_OK;
}

alexnet_status an_init_from(an_net *net, an_classes *classes, const char *path, bool *has_mean)
{
    an_reader *reader;
    origin from = {.net = net};
    AN_CHECK(an_model_file_reader(&reader, path));
    AN_CHECK(an_tensor_file_open(&from.file, reader));
    from.name = an_tensor_file_name(from.file);
    alexnet_status rc = take(&from, classes);
    *has_mean = from.has_mean;
    an_network_release(from.network);
    an_classes_free(&from.classes);
    an_free(from.bindings);
    an_tensor_file_close(from.file);
    return rc;
}
