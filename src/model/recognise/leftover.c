#include "model/recognise/leftover.h"

#include <ctype.h>
#include <string.h>

#include "base/context.h"
#include "base/status.h"
#include "base/text.h"

enum { LINES = 10 }; /* lines of the log that name tensors, at most */

static bool begins_with(const char *name, const char *start)
{
    return strncmp(name, start, strlen(start)) == 0;
}

bool an_leftover_is_known(const char *name)
{
    if (begins_with(name, "input.") || begins_with(name, "lpips.") ||
        begins_with(name, "scaling_layer."))
        return true;
    if (!begins_with(name, "lin")) /* lin0.model.1.weight, also lins.0.model.1.weight */
        return false;
    return isdigit((unsigned char)name[begins_with(name, "lins.") ? 5 : 3]) != 0;
}

/* Parts of names that show what the weights of a layer go through before or after it: batch
 * normalisation by its statistics, under PyTorch's names or those of Keras and MXNet, and
 * parametrisations by what PyTorch computes a weight from. */
static const struct {
    const char *part;
    bool is_norm;
} others[] = {
    {"running_mean", true}, {"running_var", true},        {"moving_mean", true},
    {"moving_var", true},   {"parametrizations.", false}, {".weight_orig", false},
    {".weight_g", false},
};

static alexnet_status refuse(const an_tensor_file *file, const char *name, bool is_norm)
{
    if (is_norm)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s has batch normalisation (%.120s), which no network of this program has",
                       an_tensor_file_name(file), name);
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s has no weights but what they are computed from (%.120s), by weight or "
                   "spectral normalisation or pruning; in Python, remove these from the modules "
                   "(torch.nn.utils.parametrize.remove_parametrizations, prune.remove) and save "
                   "again",
                   an_tensor_file_name(file), name);
}

static bool is_float8(an_dtype dtype)
{
    return dtype == AN_F8_E4M3 || dtype == AN_F8_E5M2;
}

/* Numbers of float8 are in most files the weights divided by a scale, which programs keep under
 * many names: weight_scale, scale_weight, weight_scale_inv. */
alexnet_status an_leftover_check_scales(const an_tensor_file *file)
{
    const char *weights = NULL, *scale = NULL;
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, i);
        if (!weights && is_float8(entry->dtype))
            weights = entry->name;
        if (!scale && strstr(entry->name, "scale") && !an_leftover_is_known(entry->name))
            scale = entry->name;
    }
    if (!weights || !scale)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s has weights in float8 (%.120s) and scales for them (%.120s), which are not "
                   "applied; in Python, apply them, and save the weights as float16",
                   an_tensor_file_name(file), weights, scale);
}

alexnet_status an_leftover_check(const an_tensor_file *file)
{
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        const char *name = an_tensor_file_entry(file, i)->name;
        for (size_t j = 0; j < sizeof others / sizeof others[0]; j++)
            if (strstr(name, others[j].part))
                return refuse(file, name, others[j].is_norm);
    }
    return an_leftover_check_scales(file);
}

/* Whether a name is that of a parameter of the network. */
static bool is_parameter(const alexnet_network *network, const char *name)
{
    for (int i = 0; i < network->count; i++) {
        const char *layer = network->layers[i].name;
        if (!(network->layers[i].type & (AN_LAYER_CONV | AN_LAYER_FC)) || !begins_with(name, layer))
            continue;
        const char *rest = name + strlen(layer);
        if (strcmp(rest, ".weight") == 0 || strcmp(rest, ".bias") == 0)
            return true;
    }
    return false;
}

static bool is_used(const an_model_file *file, int entry)
{
    if (!file->bound)
        return is_parameter(file->network, an_tensor_file_entry(file->tensors, entry)->name);
    for (int i = 0; i < file->network->count; i++)
        for (int which = 0; which < 2; which++) {
            const an_binding *binding = &file->match.pairs[i][which];
            if (binding->entries[0] == entry || binding->entries[1] == entry)
                return true;
        }
    return false;
}

/* Whether a tensor is the optimiser's state in a checkpoint of this program that is read as another
 * network: "momentum.conv1.weight". */
static bool is_state(const an_tensor_file *file, const char *name)
{
    const char *dot = strchr(name, '.');
    return dot && an_model_metadata_is_ours(file) && an_tensor_file_index(file, dot + 1) >= 0;
}

void an_leftover_warn(const an_model_file *file, alexnet_ctx *ctx)
{
    int count = 0;
    const an_tensor_file *tensors = file->tensors;
    if (file->match.doubt[0])
        an_log(ctx, ALEXNET_LOG_WARNING, "%s: %s", an_tensor_file_name(tensors), file->match.doubt);
    if (file->match.listed)
        return;
    if (file->match.copies[0] && !an_model_metadata_is_ours(tensors))
        an_log(ctx, ALEXNET_LOG_WARNING, "%s: %s", an_tensor_file_name(tensors),
               file->match.copies);
    for (int i = 0; i < an_tensor_file_count(tensors); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(tensors, i);
        if (!an_dtype_is_float(entry->dtype) || entry->shape.rank == 0 || is_used(file, i) ||
            an_leftover_is_known(entry->name) || is_state(tensors, entry->name))
            continue;
        if (count++ < LINES)
            an_log(ctx, ALEXNET_LOG_WARNING, "%s: tensor %s is not used: %s has no layer for it",
                   an_tensor_file_name(tensors), entry->name, file->network->name);
    }
    if (count > LINES)
        an_log(ctx, ALEXNET_LOG_WARNING, "%s: %d more %s not used", an_tensor_file_name(tensors),
               count - LINES, an_text_plural(count - LINES, "tensor is", "tensors are"));
}
