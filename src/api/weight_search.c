#include "infer/weight_search.h"

#include "api/options.h"
#include "base/status.h"

/* Finer grids and more passes would only fit chance. */
enum { STEPS_MAX = 1000, PASSES_MAX = 1000 };

alexnet_status alexnet_weight_search_new(alexnet_weight_search **out,
                                         const alexnet_evaluation *evaluation,
                                         const alexnet_weight_search_options *options)
{
    AN_NEED(out);
    alexnet_weight_search_options o = ALEXNET_WEIGHT_SEARCH_OPTIONS_INIT;
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    *out = NULL;
    AN_NEED(evaluation);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    if (o.measure < ALEXNET_WEIGHT_TOP1 || o.measure > ALEXNET_WEIGHT_LOSS)
        return AN_FAIL(bad, "measure = %d: no such measure", (int)o.measure);
    AN_CHECK(an_check_number("steps", o.steps, 2, STEPS_MAX));
    AN_CHECK(an_check_number("passes", o.passes, 1, PASSES_MAX));
    if (!an_evaluation_kept(evaluation))
        return AN_FAIL(bad, "the evaluation does not have the probabilities of all pictures: make "
                            "it with `keep` and run it to its end first");
    return an_weight_search_new(out, evaluation, &o);
}

alexnet_status alexnet_weight_search_step(alexnet_weight_search *search, int *tried, bool *more)
{
    AN_NEED(search);
    AN_NEED(tried);
    AN_NEED(more);
    AN_CHECK(an_ctx_check(search->evaluation->ctx));
    alexnet_status rc = an_weight_search_step(search, more);
    *tried = search->tried;
    return rc;
}

alexnet_status alexnet_weight_search_result(const alexnet_weight_search *search,
                                            const double **weights, double *lowest)
{
    if (weights)
        *weights = NULL;
    AN_NEED(search);
    if (weights)
        *weights = search->weights;
    if (lowest)
        *lowest = search->lowest;
    return ALEXNET_OK;
}

void alexnet_weight_search_free(alexnet_weight_search *search)
{
    an_weight_search_free(search);
}
