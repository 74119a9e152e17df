#include "model/model_file.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "model/adopt.h"

alexnet_status an_model_file_reader(an_reader **out, const char *path)
{
    *out = NULL;
    if (!an_is_folder(path))
        return an_reader_open(out, path);
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

alexnet_status an_model_file_classes(an_classes *classes, an_tensor_file *file)
{
    const char *ids, *names;
    AN_CHECK(need(file, AN_METADATA_CLASSES, &ids));
    AN_CHECK(need(file, AN_METADATA_NAMES, &names));
    return an_classes_from_json(classes, ids, names, an_tensor_file_name(file));
}

static alexnet_status read_header(an_model_file *model)
{
    an_tensor_file *file = model->tensors;
    const char *version, *text;
    AN_CHECK(need(file, AN_METADATA_FORMAT, &version));
    if (strcmp(version, AN_MODEL_FILE_VERSION) != 0)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s has format version %s; this program reads " AN_MODEL_FILE_VERSION
                       ": use a newer one",
                       an_tensor_file_name(file), version);
    AN_CHECK(need(file, AN_METADATA_NETWORK, &text));
    AN_CHECK(an_model_file_classes(&model->classes, file));
    char *source = an_format("%s, alexnet.network", an_tensor_file_name(file));
    if (!source)
        return AN_FAIL_MEMORY(256, "a name");
    alexnet_status rc =
        an_network_parse(&model->network, text, source, "network", model->classes.count);
    an_free(source);
    return rc;
}

alexnet_status an_model_file_open(an_model_file *out, alexnet_ctx *ctx, an_reader *reader,
                                  const an_model_options *options)
{
    static const an_model_options none = {0};
    alexnet_status rc;
    const an_model_options *o = options ? options : &none;
    *out = (an_model_file){0};
    AN_TRY(an_tensor_file_open(&out->tensors, reader));
    if (o->ours || (an_model_file_is_ours(out->tensors) && !o->net))
        AN_TRY(read_header(out));
    else
        AN_TRY(an_adopt(out, ctx, o));
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
    *file = (an_model_file){0};
}

/* ---- Tensors ---- */

alexnet_status an_model_file_tensor(an_tensor_file *file, const char *name, an_net *net,
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

/* A parameter of a file that another program wrote. */
static alexnet_status read_adopted(an_model_file *file, an_net *net, int index)
{
    const an_param *param = &net->params[index];
    const an_input *input = &net->network->input;
    if (param->layer >= 0)
        return an_binding_read(&file->match.pairs[param->layer][param->which], file->tensors, net,
                               AN_VALUES, index);
    if (input->mean == AN_INPUT_MEAN_FIXED)
        return an_net_write(net, AN_VALUES, index, input->fixed_mean, AN_F64);
    return an_binding_read(&file->mean, file->tensors, net, AN_VALUES, index);
}

alexnet_status an_model_file_weights(an_model_file *file, an_net *net)
{
    for (int i = 0; i < net->count; i++)
        AN_CHECK(file->adopted
                     ? read_adopted(file, net, i)
                     : an_model_file_tensor(file->tensors, net->params[i].name, net, AN_VALUES, i));
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
                AN_CHECK(an_model_file_tensor(
                    file->tensors, an_model_file_state_name(net, arena, i, name), net, arena, i));
    return ALEXNET_OK;
}
