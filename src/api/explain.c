#include "data/dataset.h"
#include "infer/activations.h"
#include "infer/centre.h"
#include "infer/occlusion.h"
#include "infer/patches.h"
#include "infer/saliency.h"

#include "api/options.h"
#include "base/status.h"
#include "model/model.h"

enum { COUNT_MAX = 10000 };

static alexnet_status check_class(const an_net *net, int class_index)
{
    return an_check_number("class_index", class_index, 0, net->network->classes - 1);
}

/* ---- Crops ---- */

/* Cut a crop out of a picture, and free the picture. */
static alexnet_status cut(const alexnet_network *network, alexnet_status read, an_picture *picture,
                          uint8_t *crop)
{
    AN_CHECK(read);
    alexnet_status rc = an_centre_cut(crop, network, picture);
    an_picture_free(picture);
    return rc;
}

alexnet_status alexnet_crop_file(const alexnet_network *network, const char *path, uint8_t *crop)
{
    AN_NEED(network);
    AN_NEED(path);
    AN_NEED(crop);
    an_picture picture;
    alexnet_status read = an_fit_read(&picture, an_fit_of(network), NULL, path);
    return cut(network, read, &picture, crop);
}

alexnet_status alexnet_crop_bytes(const alexnet_network *network, const void *bytes, size_t length,
                                  uint8_t *crop)
{
    AN_NEED(network);
    AN_NEED(bytes);
    AN_NEED(crop);
    an_picture picture;
    alexnet_status read =
        an_fit_decode(&picture, an_fit_of(network), NULL, bytes, length, "picture in memory");
    return cut(network, read, &picture, crop);
}

alexnet_status alexnet_crop_pixels(const alexnet_network *network, const alexnet_pixels *pixels,
                                   uint8_t *crop)
{
    AN_NEED(network);
    AN_NEED(pixels);
    AN_NEED(crop);
    an_picture picture;
    alexnet_status read = an_picture_from_pixels(&picture, pixels);
    return cut(network, read, &picture, crop);
}

alexnet_status alexnet_crop_item(const alexnet_network *network, const alexnet_dataset *dataset,
                                 int64_t index, uint8_t *crop)
{
    AN_NEED(network);
    AN_NEED(dataset);
    AN_NEED(crop);
    if (index < 0 || index >= dataset->count)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "picture %lld of %lld", (long long)index,
                       (long long)dataset->count);
    an_picture picture;
    const an_fit fit = an_fit_of(network);
    const an_target target = an_fit_target(&fit, NULL);
    alexnet_status read = an_data_source_picture_for(dataset->source, dataset->samples[index].item,
                                                     &target, &picture);
    return cut(network, read, &picture, crop);
}

/* ---- Gradients ---- */

alexnet_status alexnet_saliency_new(alexnet_saliency **out, alexnet_model *model)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(model);
    return an_saliency_new(out, model->net);
}

alexnet_status alexnet_saliency_compute(alexnet_saliency *saliency, const uint8_t *crop,
                                        int class_index, float *score, float *gradient, float *map)
{
    AN_NEED(saliency);
    AN_NEED(crop);
    AN_CHECK(check_class(saliency->net, class_index));
    return an_saliency_compute(saliency, crop, class_index, score, gradient, map);
}

void alexnet_saliency_free(alexnet_saliency *saliency)
{
    an_saliency_free(saliency);
}

/* ---- Occlusion ---- */

alexnet_status alexnet_occlusion_new(alexnet_occlusion **out, alexnet_model *model,
                                     const alexnet_occlusion_options *options)
{
    AN_NEED(out);
    alexnet_occlusion_options o = ALEXNET_OCCLUSION_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(model);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    const int side = model->net->network->input.size;
    AN_CHECK(an_check_number("square", o.square, 0, side));
    AN_CHECK(an_check_number("stride", o.stride, 0, side));
    AN_CHECK(an_check_number("batch", o.batch, 1, AN_BATCH_MAX));
    int square = o.square ? o.square : (side + 6) / 7,
        stride = o.stride ? o.stride : (square + 3) / 4;
    return an_occlusion_new(out, model->net, square, stride, o.batch);
}

int alexnet_occlusion_side(const alexnet_occlusion *occlusion)
{
    return occlusion ? occlusion->side : 0;
}

int alexnet_occlusion_stride(const alexnet_occlusion *occlusion)
{
    return occlusion ? occlusion->stride : 0;
}

int alexnet_occlusion_square(const alexnet_occlusion *occlusion)
{
    return occlusion ? occlusion->square : 0;
}

alexnet_status alexnet_occlusion_start(alexnet_occlusion *occlusion, const uint8_t *crop,
                                       int class_index)
{
    AN_NEED(occlusion);
    AN_NEED(crop);
    AN_CHECK(check_class(occlusion->net, class_index));
    an_occlusion_start(occlusion, crop, class_index);
    return ALEXNET_OK;
}

alexnet_status alexnet_occlusion_step(alexnet_occlusion *occlusion, int64_t *done, bool *more)
{
    AN_NEED(occlusion);
    AN_NEED(done);
    AN_NEED(more);
    if (!occlusion->started)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "alexnet_occlusion_step() before alexnet_occlusion_start()");
    alexnet_status rc = an_occlusion_step(occlusion, more);
    *done = occlusion->done;
    return rc;
}

const float *alexnet_occlusion_map(const alexnet_occlusion *occlusion, float *probability)
{
    if (!occlusion || occlusion->done == 0)
        return NULL;
    if (probability)
        *probability = occlusion->whole;
    return occlusion->drops;
}

void alexnet_occlusion_free(alexnet_occlusion *occlusion)
{
    an_occlusion_free(occlusion);
}

/* ---- Activations ---- */

alexnet_status alexnet_activations_new(alexnet_activations **out, alexnet_model *model)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(model);
    return an_activations_new(out, model);
}

alexnet_status alexnet_activations_compute(alexnet_activations *activations, const uint8_t *crop)
{
    AN_NEED(activations);
    AN_NEED(crop);
    return an_activations_compute(activations, crop);
}

const float *alexnet_activations_layer(const alexnet_activations *activations, int layer)
{
    return activations ? an_activations_layer(activations, layer) : NULL;
}

void alexnet_activations_free(alexnet_activations *activations)
{
    an_activations_free(activations);
}

/* ---- Patches ---- */

alexnet_status alexnet_patches_new(alexnet_patches **out, alexnet_model *model,
                                   const alexnet_dataset *dataset,
                                   const alexnet_patches_options *options)
{
    AN_NEED(out);
    alexnet_patches_options o = ALEXNET_PATCHES_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(model);
    AN_NEED(dataset);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    const alexnet_network *network = model->net->network;
    AN_CHECK(an_check_number("layer", o.layer, 0, network->count - 1));
    const an_node *node = &network->graph.nodes[network->graph.layer_node[o.layer]];
    AN_CHECK(an_check_number("channel", o.channel, 0, node->desc.out.c - 1));
    AN_CHECK(an_check_number("count", o.count, 1, COUNT_MAX));
    AN_CHECK(an_check_number("batch", o.batch, 1, AN_BATCH_MAX));
    return an_patches_new(out, model->net, dataset, &o);
}

alexnet_status alexnet_patches_step(alexnet_patches *patches, int64_t *done, bool *more)
{
    AN_NEED(patches);
    AN_NEED(done);
    AN_NEED(more);
    alexnet_status rc = an_patches_step(patches, more);
    *done = patches->done;
    return rc;
}

int64_t alexnet_patches_skipped(const alexnet_patches *patches)
{
    return patches ? patches->skipped : 0;
}

bool alexnet_patches_get(const alexnet_patches *patches, int index, alexnet_patch *patch)
{
    if (!patches || !patch || index < 0 || index >= patches->found)
        return false;
    const an_found *found = &patches->best[index];
    *patch = (alexnet_patch){
        patches->pass.pictures->samples[found->sample].name,
        found->value,
        found->row,
        found->column,
        an_network_field(patches->net->network, patches->layer, found->row, found->column),
        found->pixels};
    return true;
}

void alexnet_patches_free(alexnet_patches *patches)
{
    an_patches_free(patches);
}
