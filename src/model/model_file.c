#include "model/model_file.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"

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

void an_model_file_close(an_model_file *file)
{
    an_tensor_file_close(file->tensors);
    an_network_release(file->network);
    an_classes_free(&file->classes);
    an_match_free(&file->match);
    an_mean_file_free(&file->other_mean);
    *file = (an_model_file){0};
}

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
    for (int i = 0; i < net->count; i++) {
        const an_param *param = &net->params[i];
        if (param->layer < 0 || param->is_bias || !file->match.lacks[param->layer])
            continue;
        if (!net->lacks)
            net->lacks = an_calloc((size_t)net->network->count, sizeof *net->lacks);
        if (!net->lacks)
            return AN_FAIL_MEMORY((size_t)net->network->count, "a network");
        net->lacks[param->layer] = true;
        an_text_add(names, sizeof names, "%s%s", *names ? ", " : "",
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

alexnet_status an_model_file_state(an_model_file *file, an_net *net)
{
    an_state_name name;
    for (an_arena arena = 0; arena < net->n_arenas; arena++)
        for (int i = 0; net->arenas[arena].saved && i < net->count; i++)
            if (net->params[i].learned)
                AN_CHECK(read_tensor(file->tensors, an_net_state_name(net, arena, i, name), net,
                                     arena, i));
    return ALEXNET_OK;
}
