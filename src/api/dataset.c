#include "data/dataset.h"

#include <stdio.h>

#include "api/options.h"
#include "base/status.h"
#include "data/tree.h"
#include "infer/session.h"

const char *alexnet_picture_ending(int index)
{
    int count = 0;
    while (an_picture_endings[count])
        count++;
    return index >= 0 && index < count ? an_picture_endings[index] : NULL;
}

alexnet_status alexnet_dataset_layout(const char *path, alexnet_dataset_kind *kind)
{
    AN_NEED(path);
    AN_NEED(kind);
    return an_dataset_layout(path, kind);
}

/* A names file of other classes is a mistake that the result would not show. */
static void warn_of_strangers(alexnet_ctx *ctx, const alexnet_dataset *dataset, const char *names)
{
    enum { SHOWN = 3 };
    char classes[256] = "";
    size_t length = 0;
    for (int i = 0; i < dataset->classes && i < SHOWN && length < sizeof classes; i++)
        length += (size_t)snprintf(classes + length, sizeof classes - length, "%s%s", i ? ", " : "",
                                   dataset->class_ids[i]);
    an_log(ctx, ALEXNET_LOG_WARNING,
           "no line of %s names a class: a line is an identifier, a space and words, such as \"%s "
           "some words\", and the identifiers of the %d classes are %s%s",
           names, dataset->class_ids[0], dataset->classes, classes,
           dataset->classes > SHOWN ? ", ..." : "");
}

alexnet_status alexnet_dataset_open(alexnet_dataset **out, alexnet_ctx *ctx, const char *path,
                                    const alexnet_dataset_options *options)
{
    AN_NEED(out);
    alexnet_dataset_options o = ALEXNET_DATASET_OPTIONS_INIT;
    an_class_list list;
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(path);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    if (o.classes_of)
        list = an_classes_list(&o.classes_of->classes);
    AN_CHECK(an_dataset_open(out, path, o.names_file, o.classes_of ? &list : NULL));
    if (o.names_file && (*out)->names_matched == 0)
        warn_of_strangers(ctx, *out, o.names_file);
    return ALEXNET_OK;
}

alexnet_status alexnet_dataset_split(const alexnet_dataset *dataset, double share, uint64_t seed,
                                     alexnet_dataset **train, alexnet_dataset **val)
{
    AN_NEED(train);
    AN_NEED(val);
    *train = *val = NULL;
    AN_NEED(dataset);
    return an_dataset_split(dataset, share, seed, train, val);
}

void alexnet_dataset_free(alexnet_dataset *dataset)
{
    an_dataset_release(dataset);
}

int64_t alexnet_dataset_count(const alexnet_dataset *dataset)
{
    if (!dataset)
        return 0;
    return dataset->count;
}

int alexnet_dataset_class_count(const alexnet_dataset *dataset)
{
    if (!dataset)
        return 0;
    return dataset->classes;
}

const char *alexnet_dataset_class_name(const alexnet_dataset *dataset, int index)
{
    return dataset && index >= 0 && index < dataset->classes ? dataset->class_names[index] : NULL;
}

alexnet_status alexnet_dataset_picture(const alexnet_dataset *dataset, int64_t index,
                                       const char **path, int *label)
{
    AN_NEED(dataset);
    if (index < 0 || index >= dataset->count)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "picture %lld of a data set with %lld",
                       (long long)index, (long long)dataset->count);
    if (path)
        *path = dataset->samples[index].path;
    if (label)
        *label = dataset->samples[index].label;
    return ALEXNET_OK;
}
