#include "data/dataset.h"

#include "api/options.h"
#include "base/status.h"
#include "infer/model.h"

alexnet_status alexnet_dataset_layout(const char *path, alexnet_dataset_kind *kind)
{
    return an_dataset_layout(path, kind);
}

alexnet_status alexnet_dataset_open(alexnet_dataset **out, alexnet_ctx *ctx, const char *path,
                                    const alexnet_dataset_options *options)
{
    alexnet_dataset_options o = ALEXNET_DATASET_OPTIONS_INIT;
    (void)ctx;
    *out = NULL;
    AN_CHECK(an_options_take(&o, sizeof o, options));
    if (!o.classes_of)
        return an_dataset_open(out, path, o.names_file, NULL);
    an_class_list list = an_classes_list(&o.classes_of->classes);
    return an_dataset_open(out, path, o.names_file, &list);
}

alexnet_status alexnet_dataset_split(const alexnet_dataset *dataset, double share, uint64_t seed,
                                     alexnet_dataset **train, alexnet_dataset **val)
{
    return an_dataset_split(dataset, share, seed, train, val);
}

void alexnet_dataset_free(alexnet_dataset *dataset)
{
    an_dataset_release(dataset);
}

int64_t alexnet_dataset_count(const alexnet_dataset *dataset)
{
    return dataset->count;
}

int alexnet_dataset_class_count(const alexnet_dataset *dataset)
{
    return dataset->classes;
}

const char *alexnet_dataset_class_name(const alexnet_dataset *dataset, int index)
{
    return index >= 0 && index < dataset->classes ? dataset->class_names[index] : NULL;
}

alexnet_status alexnet_dataset_picture(const alexnet_dataset *dataset, int64_t index,
                                       const char **path, int *label)
{
    if (index < 0 || index >= dataset->count)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "picture %lld of a data set with %lld",
                       (long long)index, (long long)dataset->count);
    if (path)
        *path = dataset->samples[index].path;
    if (label)
        *label = dataset->samples[index].label;
    return ALEXNET_OK;
}
