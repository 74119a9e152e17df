/*
 * The tensors of a file under three kinds of names, and their values.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/export.h"

static const char *kind_of(const an_param *param)
{
    return param->which ? "bias" : "weight";
}

/* ---- torchvision's names ---- */

/*
 * As torch.nn.Sequential counts modules: every layer is one and its ReLU is another. `features`
 * ends, and `classifier` begins with 0, before the first dropout or fully connected layer; the
 * softmax belongs to neither.
 */
static alexnet_status name_as_torchvision(char name[AN_NAME_MAX + 17], const an_net *net,
                                          const an_param *param)
{
    const alexnet_network *network = net->network;
    const char *part = "features";
    int index = 0;
    for (int i = 0; i < param->layer; i++) {
        const an_layer_type type = network->layers[i].type;
        if (type & (AN_LAYER_FC | AN_LAYER_DROPOUT) && strcmp(part, "features") == 0) {
            part = "classifier";
            index = 0;
        }
        index += 1 + network->layers[i].has_neuron;
    }
    const an_layer *layer = &network->layers[param->layer];
    if (layer->type == AN_LAYER_FC && strcmp(part, "features") == 0) {
        part = "classifier";
        index = 0;
    }
    if (layer->type == AN_LAYER_CONV && strcmp(part, "classifier") == 0)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "torchvision's names do not suit %s: the convolution %s comes after what "
                       "is its classifier",
                       network->name, layer->name);
    snprintf(name, AN_NAME_MAX + 17, "%s.%d.%s", part, index, kind_of(param));
    return ALEXNET_OK;
}

/* Modules in a row: nothing branches, and PyTorch has a module for each. */
static alexnet_status check_sequential(const alexnet_network *network)
{
    const int modules = AN_LAYER_CONV | AN_LAYER_FC | AN_LAYER_POOL | AN_LAYER_CMRNORM |
                        AN_LAYER_DROPOUT | AN_LAYER_NEURON | AN_LAYER_SOFTMAX;
    for (int i = 0; i < network->count; i++) {
        const an_layer *layer = &network->layers[i];
        if (!(layer->type & modules) || layer->n_inputs != 1 || layer->inputs[0] != i - 1)
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                           "torchvision's names do not suit %s: its layer %s is none of "
                           "torch.nn's in a row",
                           network->name, layer->name);
    }
    return ALEXNET_OK;
}

/* ---- Towers ---- */

/* How many fully connected layers there are up to a layer, and in all. */
static int count_fc(const alexnet_network *network, int until)
{
    int count = 0;
    for (int i = 0; i < until; i++)
        count += network->layers[i].type == AN_LAYER_FC;
    return count;
}

static alexnet_status check_towers(const an_net *net)
{
    const alexnet_network *network = net->network;
    bool grouped = false;
    for (int i = 0; i < network->count; i++) {
        const an_layer *layer = &network->layers[i];
        if (layer->type != AN_LAYER_CONV)
            continue;
        if (layer->groups > 2)
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has no two towers: %s has %d groups",
                           network->name, layer->name, layer->groups);
        grouped |= layer->groups == 2;
    }
    if (!grouped)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s has no towers: no convolution of it has groups = 2", network->name);
    if (count_fc(network, network->count) != 3)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "the towers of 2012 have three fully connected layers, %s has %d",
                       network->name, count_fc(network, network->count));
    for (int i = 0; i < net->count; i++) {
        const an_param *param = &net->params[i];
        const bool halved = param->layer >= 0 && param->layer < network->count - 1 &&
                            (network->layers[param->layer].type == AN_LAYER_CONV ||
                             count_fc(network, param->layer) < 2);
        if (halved && param->shape.dim[0] % 2)
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                           "%s of %s has %d outputs, which two towers cannot share", param->name,
                           network->name, (int)param->shape.dim[0]);
    }
    return ALEXNET_OK;
}

/*
 * conv1a, conv1b; fc2048a, fc2048b, then fc2048ba, fc2048bb by the outputs of a tower; fc1000
 * whole. Of the second fully connected layer, tower b lists its own inputs first, and so its
 * columns (layers/layers-145.cfg of the 2012 code: inputs hs1b,hs1a).
 */
static int towers_of(an_export_tensor out[2], const an_net *net, int index)
{
    const an_param *param = &net->params[index];
    const an_layer *layer = param->layer < 0 ? NULL : &net->network->layers[param->layer];
    if (!layer)
        return 1;
    const int fc = layer->type == AN_LAYER_FC ? count_fc(net->network, param->layer) : -1;
    if (fc == 2) {
        snprintf(out->name, sizeof out->name, "fc%d.%s", (int)param->shape.dim[0], kind_of(param));
        return 1;
    }
    out[0].shape.dim[0] /= 2;
    out[1] = out[0];
    out[1].first = param->count / 2;
    out[1].swapped = fc == 1 && param->which == 0;
    for (int tower = 0; tower < 2; tower++) {
        char *name = out[tower].name;
        if (fc < 0)
            snprintf(name, sizeof out->name, "%s%c.%s", layer->name, "ab"[tower], kind_of(param));
        else
            snprintf(name, sizeof out->name, "fc%d%s%c.%s", (int)out->shape.dim[0], fc ? "b" : "",
                     "ab"[tower], kind_of(param));
    }
    return 2;
}

/* ---- Tensors ---- */

/* A mean that the network's text gives as numbers: torchvision's networks have no tensor of it, and
 * a strict load_state_dict() takes no more than they have. */
static bool is_told_by_text(const an_net *net, const an_param *param)
{
    return param->layer < 0 && net->network->input.mean == AN_INPUT_MEAN_FIXED;
}

alexnet_status an_export_tensors(an_export_tensor **out, int *count, const an_net *net,
                                 const an_export_options *options)
{
    *out = NULL;
    *count = 0;
    if (options->names == AN_NAMES_TORCHVISION)
        AN_CHECK(check_sequential(net->network));
    if (options->names == AN_NAMES_TOWERS)
        AN_CHECK(check_towers(net));
    const size_t room = 2 * (size_t)net->count;
    an_export_tensor *all = an_calloc(room, sizeof *all);
    if (!all)
        return AN_FAIL_MEMORY(room * sizeof *all, "a list of tensors");
    alexnet_status rc = ALEXNET_OK;
    for (int i = 0; i < net->count && rc == ALEXNET_OK; i++) {
        const an_param *param = &net->params[i];
        an_export_tensor *tensor = &all[*count];
        if (options->names == AN_NAMES_TORCHVISION && is_told_by_text(net, param))
            continue;
        tensor->shape = param->shape;
        tensor->type = param->learned ? options->weights : AN_F32;
        tensor->param = i;
        snprintf(tensor->name, sizeof tensor->name, "%s", param->name);
        if (options->names == AN_NAMES_TORCHVISION && param->layer >= 0)
            rc = name_as_torchvision(tensor->name, net, param);
        *count += options->names == AN_NAMES_TOWERS ? towers_of(tensor, net, i) : 1;
    }
    if (rc != ALEXNET_OK) {
        an_free(all);
        return rc;
    }
    *out = all;
    return ALEXNET_OK;
}

/* ---- Values ---- */

/* Values of a parameter as they stand, piece by piece. */
static alexnet_status put_run(an_net *net, const an_export_tensor *tensor, int64_t first,
                              int64_t count, an_export_put put, void *to)
{
    enum { PIECE = 4096 };
    float values[PIECE];
    uint16_t narrow[PIECE];
    for (int64_t done = 0; done < count; done += PIECE) {
        const int64_t n = count - done < PIECE ? count - done : PIECE;
        AN_CHECK(an_ctx_check(net->ctx));
        AN_CHECK(an_net_read_part(net, AN_VALUES, tensor->param, first + done, n, values, AN_F32));
        if (tensor->type == AN_F32)
            AN_CHECK(put(to, values, (size_t)n * sizeof *values));
        else if (an_narrow(narrow, tensor->type, values, n))
            AN_CHECK(put(to, narrow, (size_t)n * sizeof *narrow));
        else
            return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has values that are too large for %s",
                           tensor->name, an_dtype_name(tensor->type));
    }
    return ALEXNET_OK;
}

alexnet_status an_export_values(an_net *net, const an_export_tensor *tensor, an_export_put put,
                                void *to)
{
    const int64_t count = an_shape_count(tensor->shape), rows = tensor->shape.dim[0];
    const int64_t half = count / rows / 2;
    if (!tensor->swapped)
        return put_run(net, tensor, tensor->first, count, put, to);
    for (int64_t row = 0; row < rows; row++) {
        const int64_t start = tensor->first + row * 2 * half;
        AN_CHECK(put_run(net, tensor, start + half, half, put, to));
        AN_CHECK(put_run(net, tensor, start, half, put, to));
    }
    return ALEXNET_OK;
}
