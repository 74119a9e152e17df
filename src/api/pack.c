#include "data/pack/pack.h"

#include "api/options.h"
#include "base/status.h"

alexnet_status alexnet_pack_new(alexnet_pack **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                                const alexnet_dataset *val, const char *folder,
                                const alexnet_pack_options *options)
{
    AN_NEED(out);
    alexnet_pack_options o = ALEXNET_PACK_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(train);
    AN_NEED(folder);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    return an_pack_new(out, ctx, train, val, folder, &o);
}

alexnet_status alexnet_pack_step(alexnet_pack *pack, alexnet_pack_progress *progress, bool *more)
{
    alexnet_pack_progress ignored;
    AN_NEED(pack);
    AN_NEED(more);
    return an_pack_step(pack, progress ? progress : &ignored, more);
}

void alexnet_pack_free(alexnet_pack *pack)
{
    an_pack_free(pack);
}
