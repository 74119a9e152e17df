#include "data/dataset.h"

#include "api/options.h"
#include "base/status.h"
#include "data/picture/endings.h"
#include "data/source/source_own.h"
#include "infer/session.h"

const char *alexnet_picture_ending(int index)
{
    int count = 0;
    while (an_picture_endings[count])
        count++;
    return index >= 0 && index < count ? an_picture_endings[index] : NULL;
}

bool alexnet_too_many_bad(int64_t bad, int64_t pictures, int64_t allowed)
{
    return an_too_many_bad(bad, pictures, allowed);
}

alexnet_status alexnet_dataset_layout(const char *path, alexnet_dataset_kind *kind)
{
    AN_NEED(path);
    AN_NEED(kind);
    return an_dataset_layout(NULL, path, kind);
}

alexnet_status alexnet_dataset_layout_on(alexnet_ctx *ctx, const char *path,
                                         alexnet_dataset_kind *kind)
{
    AN_NEED(ctx);
    AN_NEED(path);
    AN_NEED(kind);
    return an_dataset_layout(ctx, path, kind);
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
    if (o.examined && o.classes_of)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "a data set that is examined has classes of its own, not those of a model");
    if (o.classes_of)
        list = an_classes_list(&o.classes_of->classes);
    return (o.examined ? an_dataset_examine : an_dataset_open)(out, ctx, path, o.names_file,
                                                               o.classes_of ? &list : NULL);
}

alexnet_status alexnet_dataset_open_files(alexnet_dataset **out, alexnet_ctx *ctx,
                                          const char *const *paths, int64_t count)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(ctx);
    if (count < 0)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%lld pictures", (long long)count);
    for (int64_t i = 0; i < count; i++)
        if (!paths || !paths[i])
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "the path of picture %lld is NULL",
                           (long long)i);
    return an_dataset_of_files(out, ctx, paths, count);
}

alexnet_status alexnet_dataset_from_source(alexnet_dataset **out, alexnet_ctx *ctx,
                                           const alexnet_source *source,
                                           const alexnet_dataset_options *options)
{
    AN_NEED(out);
    alexnet_dataset_options o = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_source own = ALEXNET_SOURCE_INIT;
    an_data_source *opened;
    an_class_list list;
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(source);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    AN_CHECK(an_options_take(&own, sizeof own, source));
    AN_NEED_AS(own.count, "source->count");
    AN_NEED_AS(own.item, "source->item");
    AN_NEED_AS(own.get, "source->get");
    if (o.examined)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "examined = true: only a data set that is opened by its path is examined");
    if (own.class_count < 0 || (own.class_count > 0 && !own.class_names))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%d classes without names", own.class_count);
    if (own.class_count == 0 && own.class_names)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "class_count = 0, but class_names is set");
    for (int c = 0; c < own.class_count; c++)
        if (!own.class_names[c])
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "class_names[%d] is NULL", c);
    if (o.classes_of)
        list = an_classes_list(&o.classes_of->classes);
    AN_CHECK(an_data_source_own(&opened, ctx, &own));
    return an_dataset_new(out, ctx, opened, o.names_file, o.classes_of ? &list : NULL);
}

alexnet_status alexnet_dataset_split(const alexnet_dataset *dataset, double share, uint64_t seed,
                                     alexnet_dataset **train, alexnet_dataset **val)
{
    if (train)
        *train = NULL;
    if (val)
        *val = NULL;
    AN_NEED(train);
    AN_NEED(val);
    AN_NEED(dataset);
    if (train == val)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "train and val are the same pointer");
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

const char *alexnet_dataset_class_id(const alexnet_dataset *dataset, int index)
{
    return dataset && index >= 0 && index < dataset->classes ? dataset->class_ids[index] : NULL;
}

alexnet_status alexnet_dataset_picture(const alexnet_dataset *dataset, int64_t index,
                                       const char **path, int *label)
{
    if (path)
        *path = NULL;
    if (label)
        *label = -1;
    AN_NEED(dataset);
    if (index < 0 || index >= dataset->count)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "picture %lld of a data set with %lld",
                       (long long)index, (long long)dataset->count);
    if (path)
        *path = dataset->samples[index].name;
    if (label)
        *label = dataset->samples[index].label;
    return ALEXNET_OK;
}
