#include "model/model_file.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "base/files.h"
#include "base/status.h"
#include "data/source/names.h"
#include "model/recognise/adopt.h"
#include "model/recognise/agree.h"
#include "model/recognise/leftover.h"

/* The name of a built-in network where there is no such file. */
static bool is_only_name(const char *path)
{
    bool there = true;
    return an_builtin_find(an_builtin_networks, path) &&
           an_file_exists(path, &there) == ALEXNET_OK && !there;
}

static alexnet_status open_file(an_reader **out, const char *path)
{
    if (is_only_name(path))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s is a built-in network, which has no weights: `alexnet_trainer_new()` "
                       "with `net` %s makes some, and docs/models.md says where published ones are",
                       path, path);
    return an_reader_open(out, path);
}

alexnet_status an_model_file_reader(an_reader **out, const char *path)
{
    *out = NULL;
    if (!an_is_folder(path))
        return open_file(out, path);
    char *best = an_path_join(path, "best.safetensors");
    if (!best)
        return AN_FAIL_MEMORY(strlen(path), "a path");
    alexnet_status rc = an_reader_open(out, best);
    an_free(best);
    return rc;
}

/* ---- What the file says ---- */

static alexnet_status need(an_tensor_file *file, const char *key, const char **value)
{
    *value = an_tensor_file_metadata(file, key);
    if (*value)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s is not a model of this program: its metadata has no %s",
                   an_tensor_file_name(file), key);
}

bool an_model_file_is_ours(const an_tensor_file *file)
{
    return an_tensor_file_metadata(file, AN_METADATA_FORMAT) ||
           an_tensor_file_metadata(file, AN_METADATA_NETWORK);
}

bool an_model_file_has_our_names(const an_tensor_file *file, const alexnet_network *network)
{
    char name[AN_NAME_MAX + 9];
    for (int i = 0; i < network->count; i++) {
        snprintf(name, sizeof name, "%s.weight", network->layers[i].name);
        if (network->layers[i].type & (AN_LAYER_CONV | AN_LAYER_FC) &&
            an_tensor_file_index(file, name) >= 0)
            return true;
    }
    return false;
}

alexnet_status an_model_file_classes(an_classes *classes, an_tensor_file *file)
{
    const char *ids, *names;
    AN_CHECK(need(file, AN_METADATA_CLASSES, &ids));
    AN_CHECK(need(file, AN_METADATA_NAMES, &names));
    return an_classes_from_json(classes, ids, names, an_tensor_file_name(file));
}

static alexnet_status check_version(const an_tensor_file *file)
{
    const char *version = an_tensor_file_metadata(file, AN_METADATA_FORMAT);
    if (!version || strcmp(version, AN_MODEL_FILE_VERSION) == 0)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s has format version %s; this program reads " AN_MODEL_FILE_VERSION
                   ": use a newer one",
                   an_tensor_file_name(file), version);
}

alexnet_status an_model_file_header(alexnet_network **network, an_classes *classes,
                                    an_tensor_file *file)
{
    const char *version, *text;
    *network = NULL;
    AN_CHECK(check_version(file));
    AN_CHECK(need(file, AN_METADATA_FORMAT, &version));
    AN_CHECK(need(file, AN_METADATA_NETWORK, &text));
    AN_CHECK(an_model_file_classes(classes, file));
    char *source = an_format("%s, alexnet.network", an_tensor_file_name(file));
    if (!source)
        return AN_FAIL_MEMORY(256, "a name");
    alexnet_status rc = an_network_parse(network, text, source, "network", classes->count);
    an_free(source);
    return rc;
}

/* Bind the tensors of a file of this program by its graph, or, if they have other names, by these:
 * torchvision's, for example. */
static alexnet_status bind(an_model_file *file, alexnet_ctx *ctx)
{
    an_listing listing;
    if (an_agree_is_needed(file->tensors)) {
        file->bound = true;
        return an_agree(&file->match, &file->mean, file->network, file->tensors);
    }
    if (an_model_file_has_our_names(file->tensors, file->network))
        return ALEXNET_OK;
    file->bound = true;
    file->mean = AN_BINDING_NONE;
    file->mean.entries[0] = an_tensor_file_index(file->tensors, "input.mean");
    AN_CHECK(an_listing_make(&listing, file->tensors, file->network));
    if (!listing.by_name)
        an_log(ctx, ALEXNET_LOG_WARNING,
               "%s: the names of its tensors are not known; layers are found by %s",
               an_tensor_file_name(file->tensors), listing.found);
    alexnet_status rc =
        an_match_make(&file->match, file->network, &listing, file->tensors, AN_MATCH_SHAPES);
    an_listing_free(&listing);
    if (rc == ALEXNET_OK && !file->match.fits)
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s", an_tensor_file_name(file->tensors),
                     file->match.difference);
    return rc;
}

static alexnet_status take_mean(an_model_file *file, alexnet_ctx *ctx, const char *path)
{
    const bool bgr = file->network->input.channels == AN_CHANNELS_BGR;
    AN_CHECK(an_mean_file_read(&file->other_mean, ctx, path, bgr));
    return an_mean_file_apply(&file->other_mean, &file->network, path);
}

/* If the model's file names its classes, names are looked up by identifier. Otherwise the lines of
 * `path` are the classes, in order. */
static alexnet_status take_names(an_model_file *file, alexnet_ctx *ctx, const char *path)
{
    an_classes *classes = &file->classes;
    char **ids, **names;
    int count, known = 0;
    if (an_tensor_file_metadata(file->tensors, AN_METADATA_CLASSES)) {
        AN_CHECK(an_names_read(classes->names, classes->ids, classes->count, path, &known));
        if (!known)
            an_log(ctx, ALEXNET_LOG_WARNING, "%s names no class of %s", path,
                   an_tensor_file_name(file->tensors));
        return ALEXNET_OK;
    }
    AN_CHECK(an_names_list(&ids, &names, &count, path));
    an_classes_free(classes);
    *classes = (an_classes){count, ids, names};
    if (count != file->network->classes)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s names %d classes; %s has %d", path, count,
                       an_tensor_file_name(file->tensors), file->network->classes);
    return ALEXNET_OK;
}

alexnet_status an_model_file_open(an_model_file *out, alexnet_ctx *ctx, an_reader *reader,
                                  const an_model_options *options)
{
    static const an_model_options none = {0};
    alexnet_status rc;
    const an_model_options *o = options ? options : &none;
    *out = (an_model_file){0};
    AN_TRY(an_tensor_file_open(&out->tensors, reader));
    out->ours = o->ours || (an_model_file_is_ours(out->tensors) && !o->net);
    if (out->ours) {
        AN_TRY(an_model_file_header(&out->network, &out->classes, out->tensors));
        AN_TRY(an_leftover_check(out->tensors));
        AN_TRY(bind(out, ctx));
    } else {
        AN_TRY(check_version(out->tensors));
        AN_TRY(an_adopt(out, ctx, o));
    }
    if (o->mean)
        AN_TRY(take_mean(out, ctx, o->mean));
    if (!out->ours)
        an_log(ctx, ALEXNET_LOG_INFO, "pictures are prepared as for %s: %s", out->network->name,
               out->network->preprocessing);
    if (o->names)
        AN_TRY(take_names(out, ctx, o->names));
cleanup:
    if (rc != ALEXNET_OK)
        an_model_file_close(out);
    return rc;
}

void an_model_file_close(an_model_file *file)
{
    an_tensor_file_close(file->tensors);
    an_network_release(file->network);
    an_classes_free(&file->classes);
    an_match_free(&file->match);
    an_mean_file_free(&file->other_mean);
    *file = (an_model_file){0};
}

/* ---- Tensors ---- */

/* Read a tensor into parameter `index`; its shape must be the parameter's and its values finite. */
static alexnet_status read_tensor(an_tensor_file *file, const char *name, an_net *net,
                                  an_arena arena, int index)
{
    const an_param *param = &net->params[index];
    char why[256];
    if (!an_tensor_file_has(file, name, param->shape, net->backend->param_dtype, why))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s: %s", an_tensor_file_name(file), name,
                       why);
    const int entry = an_tensor_file_index(file, name);
    return an_binding_read(&(an_binding){.entries = {entry, -1}}, file, net, arena, index);
}

/* Read the mean, which the network's text may give as numbers. */
static alexnet_status read_mean(an_model_file *file, an_net *net, int index)
{
    const an_input *input = &net->network->input;
    const an_param *param = &net->params[index];
    char why[256];
    if (input->mean == AN_INPUT_MEAN_FIXED)
        return an_net_write_mean(net);
    if (file->other_mean.values) /* an image of the network's size: an_mean_file_apply() */
        return an_net_write(net, AN_VALUES, index, file->other_mean.values, AN_F32);
    if (!file->bound)
        return read_tensor(file->tensors, param->name, net, AN_VALUES, index);
    if (!an_binding_is(&file->mean) ||
        !an_binding_fits(&file->mean, file->tensors, param->shape, why))
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s has no tensor input.mean that fits the network's pictures; give the "
                       "mean with `mean`",
                       an_tensor_file_name(file->tensors));
    return an_binding_read(&file->mean, file->tensors, net, AN_VALUES, index);
}

/* Record the layers for which the file, a part of a network, has no weights. */
static alexnet_status note_missing(const an_model_file *file, an_net *net)
{
    char names[256] = "";
    size_t used = 0;
    for (int i = 0; i < net->count; i++) {
        const an_param *param = &net->params[i];
        if (param->layer < 0 || param->is_bias || !file->match.lacks[param->layer])
            continue;
        if (!net->lacks)
            net->lacks = an_calloc((size_t)net->network->count, sizeof *net->lacks);
        if (!net->lacks)
            return AN_FAIL_MEMORY((size_t)net->network->count, "a network");
        net->lacks[param->layer] = true;
        if (used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                     net->network->layers[param->layer].name);
    }
    if (net->lacks)
        an_log(net->ctx, ALEXNET_LOG_WARNING,
               "%s is a part of %s: it has no weights for %s, and only the layers before them can "
               "be computed",
               an_tensor_file_name(file->tensors), net->network->name, names);
    return ALEXNET_OK;
}

alexnet_status an_model_file_weights(an_model_file *file, an_net *net)
{
    if (file->bound)
        AN_CHECK(note_missing(file, net));
    for (int i = 0; i < net->count; i++) {
        const an_param *param = &net->params[i];
        if (param->layer < 0)
            AN_CHECK(read_mean(file, net, i));
        else if (net->lacks && net->lacks[param->layer])
            continue;
        else if (file->bound)
            AN_CHECK(an_binding_read(&file->match.pairs[param->layer][param->is_bias],
                                     file->tensors, net, AN_VALUES, i));
        else
            AN_CHECK(read_tensor(file->tensors, param->name, net, AN_VALUES, i));
    }
    return ALEXNET_OK;
}

const char *an_model_file_state_name(const an_net *net, an_arena arena, int param,
                                     an_state_name name)
{
    snprintf(name, sizeof(an_state_name), "%s.%s", net->arenas[arena].name,
             net->params[param].name);
    return name;
}

alexnet_status an_model_file_state(an_model_file *file, an_net *net)
{
    an_state_name name;
    for (an_arena arena = 0; arena < net->n_arenas; arena++)
        for (int i = 0; net->arenas[arena].saved && i < net->count; i++)
            if (net->params[i].learned)
                AN_CHECK(read_tensor(file->tensors, an_model_file_state_name(net, arena, i, name),
                                     net, arena, i));
    return ALEXNET_OK;
}
