/*
 * The tensors of a file under one of three kinds of names, and their values.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "model/export/export.h"

static const char *kind_of(const an_param *param)
{
    return param->is_bias ? "bias" : "weight";
}

/* The tensors of a parameter: one, or one for each tower. */
static int name_tensors(an_export_tensor out[2], const an_net *net, int index,
                        an_export_names names)
{
    const an_param *param = &net->params[index];
    char called[2][AN_LAYER_NAME];
    bool swapped;
    snprintf(out->name, sizeof out->name, "%s", param->name);
    if (param->layer < 0)
        return 1;
    const int n = an_layer_names(net->network, param->layer, names, called, &swapped);
    out->shape.dim[0] /= n;
    for (int i = 0; i < n; i++) {
        out[i] = out[0];
        out[i].first = param->count / n * i;
        out[i].swapped = swapped && i == 1 && !param->is_bias;
        snprintf(out[i].name, sizeof out->name, "%.*s.%s", AN_LAYER_NAME - 1, called[i],
                 kind_of(param));
    }
    return n;
}

/* ---- Tensors ---- */

/* Whether a parameter is a mean that the network's text gives as numbers. torchvision's networks
 * have no tensor for it, and a strict load_state_dict() rejects unexpected tensors. */
static bool is_told_by_text(const an_net *net, const an_param *param)
{
    return param->layer < 0 && net->network->input.mean == AN_INPUT_MEAN_FIXED;
}

alexnet_status an_export_tensors(an_export_tensor **out, int *count, const an_net *net,
                                 const an_export_options *options)
{
    *out = NULL;
    *count = 0;
    AN_CHECK(an_layer_names_check(net->network, options->names));
    const size_t room = 2 * (size_t)net->count + AN_LPIPS_LAYERS_MAX;
    an_export_tensor *all = an_calloc(room, sizeof *all);
    if (!all)
        return AN_FAIL_MEMORY(room * sizeof *all, "a list of tensors");
    for (int i = 0; i < net->count; i++) {
        const an_param *param = &net->params[i];
        an_export_tensor *tensor = &all[*count];
        if (options->names == AN_NAMES_TORCHVISION && is_told_by_text(net, param))
            continue;
        tensor->shape = param->shape;
        tensor->type = param->learned ? options->weights : AN_F32;
        tensor->param = i;
        *count += name_tensors(tensor, net, i, options->names);
    }
    *out = all;
    return ALEXNET_OK;
}

/* Not under torchvision's names: a strict load_state_dict() would reject them. */
void an_export_add_lpips(an_export_tensor *all, int *count, const an_net *net,
                         const an_export_options *options)
{
    const an_lpips *lpips = &net->lpips;
    for (int i = 0; i < lpips->count && options->names != AN_NAMES_TORCHVISION; i++) {
        an_export_tensor *tensor = &all[(*count)++];
        *tensor = (an_export_tensor){
            .shape = an_shape_of(1, lpips->channels[i]), .type = AN_F32, .param = -1, .lpips = i};
        an_lpips_name(tensor->name, i);
    }
}

/* ---- Values ---- */

/* Write consecutive values of a parameter, piece by piece. */
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
    if (tensor->param < 0)
        return put(to, net->lpips.weights[tensor->lpips], (size_t)count * sizeof(float));
    if (!tensor->swapped)
        return put_run(net, tensor, tensor->first, count, put, to);
    for (int64_t row = 0; row < rows; row++) {
        const int64_t start = tensor->first + row * 2 * half;
        AN_CHECK(put_run(net, tensor, start + half, half, put, to));
        AN_CHECK(put_run(net, tensor, start, half, put, to));
    }
    return ALEXNET_OK;
}
