#include "data/loader/bad_pictures.h"

#include "base/context.h"

void an_bad_picture_name(alexnet_ctx *ctx, int64_t *named, const char *error, const char *list)
{
    if (*named < AN_BAD_NAMED)
        an_log(ctx, ALEXNET_LOG_WARNING, "left out: %s", error);
    else if (*named == AN_BAD_NAMED)
        an_log(
            ctx, ALEXNET_LOG_WARNING,
            "more than %d pictures cannot be read; the others are counted, but not named here%s%s",
            AN_BAD_NAMED, list ? ": all are in " : "", list ? list : "");
    ++*named;
}
