#include "train/preview.h"

#include "api/options.h"
#include "base/status.h"

alexnet_status alexnet_preview_new(alexnet_preview **out, alexnet_ctx *ctx,
                                   const alexnet_dataset *train,
                                   const alexnet_trainer_options *options, int pictures, int draws)
{
    AN_NEED(out);
    alexnet_trainer_options o = ALEXNET_TRAINER_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(train);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    if (pictures < 1 || pictures > AN_PREVIEW_PICTURES || draws < 1 || draws > AN_PREVIEW_DRAWS)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "a preview of %d pictures, %d draws: expected 1 to %d, and 1 to %d",
                       pictures, draws, AN_PREVIEW_PICTURES, AN_PREVIEW_DRAWS);
    return an_preview_new(out, ctx, train, &o, pictures, draws);
}

int alexnet_preview_pictures(const alexnet_preview *preview)
{
    return preview ? preview->pictures : 0;
}

int alexnet_preview_side(const alexnet_preview *preview)
{
    return preview ? preview->size : 0;
}

alexnet_status alexnet_preview_get(const alexnet_preview *preview, int picture, int draw,
                                   alexnet_preview_view *view)
{
    AN_NEED(preview);
    AN_NEED(view);
    const alexnet_preview *p = preview;
    if (picture < 0 || picture >= p->pictures || draw < 0 || draw >= p->draws)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "picture %d, draw %d of a preview of %d and %d", picture, draw, p->pictures,
                       p->draws);
    const size_t cell = (size_t)draw * (size_t)p->pictures + (size_t)picture;
    const an_slot *slot = &p->slots[cell];
    *view = (alexnet_preview_view){.index = p->samples[picture],
                                   .error = p->errors[picture],
                                   .rgb = p->rgb + cell * (size_t)p->size * (size_t)p->size * 3,
                                   .label = slot->label,
                                   .second = slot->second_share > 0 ? slot->second : -1,
                                   .second_share = (double)slot->second_share};
    return ALEXNET_OK;
}

void alexnet_preview_free(alexnet_preview *preview)
{
    an_preview_free(preview);
}
