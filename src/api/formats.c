#include <string.h>

#include "api/options.h"
#include "base/alloc.h"
#include "base/status.h"
#include "base/version.h"
#include "model/export/export.h"
#include "model/model.h"

/* Translate the options for the formats. */
static alexnet_status choose(an_export_options *out, const alexnet_save_options *options)
{
    static const an_dtype weights[] = {[ALEXNET_WEIGHTS_FP32] = AN_F32,
                                       [ALEXNET_WEIGHTS_FP16] = AN_F16,
                                       [ALEXNET_WEIGHTS_BF16] = AN_BF16};
    static const an_export_names names[] = {[ALEXNET_NAMES_OURS] = AN_NAMES_OURS,
                                            [ALEXNET_NAMES_TORCHVISION] = AN_NAMES_TORCHVISION,
                                            [ALEXNET_NAMES_TOWERS] = AN_NAMES_TOWERS};
    const unsigned type = (unsigned)options->weights, kind = (unsigned)options->names;
    if (type >= sizeof weights / sizeof weights[0])
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "weights = %d is not an alexnet_weights",
                       (int)options->weights);
    if (kind >= sizeof names / sizeof names[0])
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "names = %d is not an alexnet_names",
                       (int)options->names);
    *out = (an_export_options){weights[type], names[kind], options->preprocessing};
    return ALEXNET_OK;
}

/* The program that made the model or, if its file does not say, the format of the file. */
static char *provenance_of(const alexnet_model *model)
{
    return *model->provenance ? an_strdup(model->provenance)
                              : an_format("alexnet " AN_VERSION ", from a %s file", model->format);
}

alexnet_status alexnet_model_save(const alexnet_model *model, const char *path,
                                  const alexnet_save_options *options)
{
    alexnet_save_options mine = ALEXNET_SAVE_OPTIONS_INIT;
    an_export_options chosen;
    const an_export_format *format;
    AN_NEED(model);
    AN_NEED(path);
    AN_CHECK(an_options_take(&mine, sizeof mine, options));
    AN_CHECK(choose(&chosen, &mine));
    AN_CHECK(an_export_find(&format, mine.format, path));
    char *provenance = provenance_of(model);
    if (!provenance)
        return AN_FAIL_MEMORY(64, "a text");
    alexnet_status rc = an_export(format, path, model->net, &model->classes, provenance, &chosen);
    an_free(provenance);
    return rc;
}

/* The writable format of this name; NULL: none. */
static const an_export_format *written_as(const char *name)
{
    const an_export_format *format;
    for (int i = 0; (format = an_export_format_at(i)); i++)
        if (strcmp(format->name, name) == 0)
            return format;
    return NULL;
}

static bool is_read(const char *name)
{
    const char *other, *endings, *about;
    for (int i = 0; an_tensor_file_format_at(i, &other, &endings, &about); i++)
        if (strcmp(other, name) == 0)
            return true;
    return false;
}

static void tell_writing(alexnet_format_info *info, const an_export_format *format)
{
    info->writes = format != NULL;
    info->without = format ? format->without : "";
    info->weights = format && format->takes_half;
    info->bf16 = format && format->takes_bf16;
    info->names = format && format->takes_names;
    info->preprocessing = format && format->takes_preprocessing;
}

static void tell_written(alexnet_format_info *info, const an_export_format *format)
{
    *info = (alexnet_format_info){.name = format->name,
                                  .endings = format->endings,
                                  .about = format->about,
                                  .reads = is_read(format->name)};
    tell_writing(info, format);
}

/* Readable formats come first, then those that can only be written. */
bool alexnet_format_get(int index, alexnet_format_info *info)
{
    const an_export_format *format;
    int at = 0;
    if (!info || index < 0)
        return false;
    memset(info, 0, sizeof *info);
    for (; an_tensor_file_format_at(at, &info->name, &info->endings, &info->about); at++)
        if (at == index) {
            info->reads = true;
            tell_writing(info, written_as(info->name));
            return true;
        }
    for (int i = 0; (format = an_export_format_at(i)); i++)
        if (!is_read(format->name) && at++ == index) {
            tell_written(info, format);
            return true;
        }
    return false;
}

alexnet_status alexnet_format_find(alexnet_format_info *info, const char *name, const char *path)
{
    const an_export_format *format;
    AN_NEED(info);
    memset(info, 0, sizeof *info);
    if (!name)
        AN_NEED(path);
    AN_CHECK(an_export_find(&format, name, path));
    tell_written(info, format);
    return ALEXNET_OK;
}

const char *alexnet_format_of(const char *path)
{
    return path ? an_tensor_file_format_of(path) : NULL;
}
