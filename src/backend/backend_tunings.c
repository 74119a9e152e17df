/*
 * The tunings of an open device.
 */
#include <string.h>

#include "backend/backend.h"
#include "base/builtin.h"
#include "base/status.h"

an_tuning_place an_device_place(const an_backend_api *api, const alexnet_device_info *info)
{
    return (an_tuning_place){.isa = info->isa,
                             .processor = info->processor,
                             .library = info->library,
                             .variants = api->variants,
                             .proposals = api->proposals};
}

alexnet_status an_backend_read_tuning(an_backend *backend, const char *text, const char *source)
{
    const an_tuning_place place = an_device_place(backend->api, &backend->info);
    AN_CHECK(an_tuning_parse(&backend->tuning, text, source, &place));
    if (an_tuning_serves(backend->tuning, alexnet_precision_name(backend->precision)))
        return ALEXNET_OK;
    an_tuning_free(backend->tuning);
    backend->tuning = NULL;
    return ALEXNET_OK;
}

alexnet_status an_backend_read_tunings(an_backend *backend)
{
    alexnet_ctx *ctx = backend->ctx;
    const an_tuning_place place = an_device_place(backend->api, &backend->info);
    for (const alexnet_builtin *t = an_builtin_tunings; t->name; t++)
        if (strcmp(t->name, backend->api->name) == 0)
            AN_CHECK(an_tuning_parse(&backend->default_tuning, t->text, t->name, &place));
    if (!ctx->tuning)
        return ALEXNET_OK;
    return an_backend_read_tuning(backend, ctx->tuning, ctx->tuning_name);
}

void an_backend_free_tunings(an_backend *backend)
{
    an_tuning_free(backend->tuning);
    an_tuning_free(backend->default_tuning);
}

an_tuning_query an_backend_query(const an_backend *backend, const an_op_desc *op, bool training)
{
    return (an_tuning_query){.place = an_device_place(backend->api, &backend->info),
                             .precision = alexnet_precision_name(backend->precision),
                             .deterministic = backend->deterministic,
                             .training = training,
                             .op = op};
}

an_variants an_backend_ask(const an_backend *backend, const an_tuning_query *query)
{
    an_variants variants = {{0}};
    an_tuning_apply(backend->default_tuning, query, &variants);
    an_tuning_apply(backend->tuning, query, &variants);
    return variants;
}

an_variants an_backend_variants(const an_backend *backend, const an_op_desc *op, bool training)
{
    const an_tuning_query query = an_backend_query(backend, op, training);
    return an_backend_ask(backend, &query);
}
