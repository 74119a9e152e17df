#include "model/model_open.h"

#include <string.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "base/files.h"
#include "base/status.h"
#include "data/source/names.h"
#include "model/recognise/adopt.h"
#include "model/recognise/agree.h"
#include "model/recognise/leftover.h"

/* The name of a built-in network where there is no such file. */
static bool is_only_name(const char *path)
{
    bool there = true;
    return an_builtin_find(an_builtin_networks, path) &&
           an_file_exists(path, &there) == ALEXNET_OK && !there;
}

static alexnet_status open_file(an_reader **out, const char *path)
{
    if (is_only_name(path))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s is a built-in network, which has no weights: `alexnet_trainer_new()` "
                       "with `net` %s makes some, and docs/models.md says where published ones are",
                       path, path);
    return an_reader_open(out, path);
}

alexnet_status an_model_file_reader(an_reader **out, const char *path)
{
    *out = NULL;
    if (!an_is_folder(path))
        return open_file(out, path);
    char *best = an_path_join(path, "best.safetensors");
    if (!best)
        return AN_FAIL_MEMORY(strlen(path), "a path");
    alexnet_status rc = an_reader_open(out, best);
    an_free(best);
    return rc;
}

/* Bind the tensors of a file of this program by its graph, or, if they have other names, by these:
 * torchvision's, for example. */
static alexnet_status bind(an_model_file *file, alexnet_ctx *ctx)
{
    an_listing listing;
    if (an_agree_is_needed(file->tensors)) {
        file->bound = true;
        return an_agree(&file->match, &file->mean, file->network, file->tensors);
    }
    if (an_model_file_has_our_names(file->tensors, file->network))
        return ALEXNET_OK;
    file->bound = true;
    file->mean = AN_BINDING_NONE;
    file->mean.entries[0] = an_tensor_file_index(file->tensors, "input.mean");
    AN_CHECK(an_listing_make(&listing, file->tensors, file->network));
    if (!listing.by_name)
        an_log(ctx, ALEXNET_LOG_WARNING,
               "%s: the names of its tensors are not known; layers are found by %s",
               an_tensor_file_name(file->tensors), listing.found);
    alexnet_status rc =
        an_match_make(&file->match, file->network, &listing, file->tensors, AN_MATCH_SHAPES);
    an_listing_free(&listing);
    if (rc == ALEXNET_OK && !file->match.fits)
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s", an_tensor_file_name(file->tensors),
                     file->match.difference);
    return rc;
}

static alexnet_status take_mean(an_model_file *file, alexnet_ctx *ctx, const char *path)
{
    const bool bgr = file->network->input.channels == AN_CHANNELS_BGR;
    AN_CHECK(an_mean_file_read(&file->other_mean, ctx, path, bgr));
    return an_mean_file_apply(&file->other_mean, &file->network, path);
}

/* If the model's file names its classes, names are looked up by identifier. Otherwise the lines of
 * `path` are the classes, in order. */
static alexnet_status take_names(an_model_file *file, alexnet_ctx *ctx, const char *path)
{
    an_classes *classes = &file->classes;
    char **ids, **names;
    int count, known = 0;
    if (an_tensor_file_metadata(file->tensors, AN_METADATA_CLASSES)) {
        AN_CHECK(an_names_read(classes->names, classes->ids, classes->count, path, &known));
        if (!known)
            an_log(ctx, ALEXNET_LOG_WARNING, "%s names no class of %s", path,
                   an_tensor_file_name(file->tensors));
        return ALEXNET_OK;
    }
    AN_CHECK(an_names_list(&ids, &names, &count, path));
    an_classes_free(classes);
    *classes = (an_classes){count, ids, names};
    if (count != file->network->classes)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s names %d classes; %s has %d", path, count,
                       an_tensor_file_name(file->tensors), file->network->classes);
    return ALEXNET_OK;
}

alexnet_status an_model_file_open(an_model_file *out, alexnet_ctx *ctx, an_reader *reader,
                                  const an_model_options *options)
{
    static const an_model_options none = {0};
    alexnet_status rc;
    const an_model_options *o = options ? options : &none;
    *out = (an_model_file){0};
    AN_TRY(an_tensor_file_open(&out->tensors, reader));
    out->ours = o->ours || (an_model_metadata_is_ours(out->tensors) && !o->net);
    if (out->ours) {
        AN_TRY(an_model_metadata_read(&out->network, &out->classes, out->tensors));
        AN_TRY(an_leftover_check(out->tensors));
        AN_TRY(bind(out, ctx));
    } else {
        AN_TRY(an_model_metadata_check_version(out->tensors));
        AN_TRY(an_adopt(out, ctx, o));
    }
    if (o->mean)
        AN_TRY(take_mean(out, ctx, o->mean));
    if (!out->ours)
        an_log(ctx, ALEXNET_LOG_INFO, "pictures are prepared as for %s: %s", out->network->name,
               out->network->preprocessing);
    if (o->names)
        AN_TRY(take_names(out, ctx, o->names));
cleanup:
    if (rc != ALEXNET_OK)
        an_model_file_close(out);
    return rc;
}
