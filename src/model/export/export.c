#include "model/export/export.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"

static const an_export_format *const formats[] = {&an_export_safetensors, &an_export_caffe,
                                                  &an_export_onnx, &an_export_c, &an_export_npz};
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* Formats that are not written but that users may ask for, with what to do instead. */
static const struct {
    const char *names, *endings, *why;
} unwritten[] = {
    {"pth|pt|pytorch|torch|pickle|pkl", ".pth|.pt|.pkl|.bin|.ckpt",
     "is a pickle, which can run any code when it is loaded, and is not written; write "
     ".safetensors, which Python reads with safetensors.torch.load_file()"},
    {"tflite|tensorflow|pb", ".tflite|.pb", "is not written; write .onnx, which its tools convert"},
    {"keras|hdf5|h5", ".h5|.hdf5|.keras", "is not written; write .npz or .safetensors"},
    {"npy", ".npy", "holds one array only; write .npz"},
};

const an_export_format *an_export_format_at(int index)
{
    return index >= 0 && index < FORMATS ? formats[index] : NULL;
}

static const char *name_at(void *unused, int index)
{
    (void)unused;
    return formats[index]->name;
}

/* The names of the formats, "safetensors, onnx or c", or the first ending of each. */
static void list(char *text, size_t room, bool endings)
{
    text[0] = '\0';
    for (int i = 0; i < FORMATS; i++) {
        const char *word = endings ? formats[i]->endings : formats[i]->name;
        const char *between = i == 0 ? "" : i + 1 < FORMATS ? ", " : " or ";
        an_text_add(text, room, "%s%.*s", between, (int)strcspn(word, "|"), word);
    }
}

static alexnet_status find_name(const an_export_format **out, const char *name)
{
    char all[256];
    for (int i = 0; i < FORMATS && !*out; i++)
        if (an_text_same(formats[i]->name, name))
            *out = formats[i];
    if (*out)
        return ALEXNET_OK;
    for (size_t i = 0; i < sizeof unwritten / sizeof unwritten[0]; i++)
        if (an_text_choice(unwritten[i].names, name) >= 0)
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s %s", name, unwritten[i].why);
    const char *near = an_text_nearest(name, FORMATS, name_at, NULL);
    list(all, sizeof all, false);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "this program writes no format called '%s'; %s%s%s", name,
                   near ? "did you mean " : "use ", near ? near : all, near ? "?" : "");
}

alexnet_status an_export_find(const an_export_format **out, const char *name, const char *path)
{
    char all[256];
    *out = NULL;
    if (name)
        return find_name(out, name);
    for (int i = 0; i < FORMATS && !*out; i++)
        if (an_text_ends_in(path, formats[i]->endings))
            *out = formats[i];
    if (*out)
        return ALEXNET_OK;
    for (size_t i = 0; i < sizeof unwritten / sizeof unwritten[0]; i++)
        if (an_text_ends_in(path, unwritten[i].endings))
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s: a file of this name %s", path,
                           unwritten[i].why);
    list(all, sizeof all, true);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s: this program writes no format with this ending; use %s, or name the one "
                   "to write with `format`",
                   path, all);
}

/* Formats that leave names free hold weights of LPIPS, but not under torchvision's names: a strict
 * load_state_dict() would reject them. */
static bool takes_lpips(const an_export_format *format, const an_export_options *options)
{
    return format->takes_names && options->names != AN_NAMES_TORCHVISION;
}

static alexnet_status refuse_part(const char *path, const an_net *net)
{
    int layer = 0;
    while (!net->lacks[layer])
        layer++;
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s: a part of a network cannot be written as a model: the model's file has no "
                   "weights for layer %s",
                   path, net->network->layers[layer].name);
}

alexnet_status an_export(const an_export_format *format, const char *path, an_net *net,
                         const an_classes *classes, const char *provenance,
                         const an_export_options *options)
{
    if (net->lacks)
        return refuse_part(path, net);
    if (options->weights != AN_F32 && !format->takes_half)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: %s files hold float32 only, not %s", path,
                       format->name, an_dtype_name(options->weights));
    if (options->weights == AN_BF16 && !format->takes_bf16)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: %s files hold float32 or float16, not %s",
                       path, format->name, an_dtype_name(options->weights));
    if (options->names != AN_NAMES_OURS && !format->takes_names)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: the names of tensors in %s files are given by the format", path,
                       format->name);
    if (options->preprocessing && !format->takes_preprocessing)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: %s files do not compute, so they cannot hold the preprocessing as a "
                       "part of the network",
                       path, format->name);
    if (net->lpips.count > 0 && !takes_lpips(format, options))
        an_log(net->ctx, ALEXNET_LOG_WARNING, "%s lacks the weights of LPIPS: %s", path,
               format->takes_names ? "torchvision's names have no place for them"
                                   : "the format has no place for them");
    return format->write(path, net, classes, provenance, options);
}
