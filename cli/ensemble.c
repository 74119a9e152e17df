#include "ensemble.h"

#include <stdlib.h>

#include "progress.h"
#include "text.h"

ensemble ensemble_new(int count)
{
    size_t n = (size_t)count;
    ensemble m = {cli_alloc(n * sizeof *m.models), cli_alloc(n * sizeof *m.sessions),
                  cli_alloc(n * sizeof *m.weights), count};
    for (int i = 0; i < count; i++) {
        m.models[i] = NULL;
        m.sessions[i] = NULL;
    }
    return m;
}

void ensemble_free(ensemble *m)
{
    for (int i = 0; i < m->count; i++) {
        alexnet_session_free(m->sessions[i]);
        alexnet_model_free(m->models[i]);
    }
    free(m->sessions);
    free(m->models);
    free(m->weights);
}

int ensemble_read_weights(ensemble *m, const char *text, const opt_page *page)
{
    double sum = 0;
    int count = 1;
    for (const char *c = text; c && *c; c++)
        count += *c == ',';
    if (text && count != m->count)
        return opt_wrong(page, "--weights has %d %s for %d %s", count,
                         text_plural(count, "number", "numbers"), m->count,
                         text_plural(m->count, "model", "models"));
    for (int i = 0; i < m->count; i++) {
        char *end = (char *)text;
        m->weights[i] = text ? strtod(text, &end) : 1;
        if (text &&
            (end == text || (*end && *end != ',') || !(m->weights[i] >= 0) || m->weights[i] > 1e9))
            return opt_wrong(page, "--weights takes numbers from 0 with commas between them, as "
                                   "in 1,1,2");
        sum += m->weights[i];
        text = text && *end ? end + 1 : text;
    }
    if (!(sum > 0))
        return opt_wrong(page, "--weights are all 0: no model would count");
    for (int i = 0; i < m->count; i++)
        m->weights[i] /= sum;
    return CLI_DONE;
}

int ensemble_open(ensemble *m, alexnet_ctx *ctx, char **files, const model_options *how)
{
    int code = CLI_DONE;
    for (int i = 0; code == CLI_DONE && i < m->count; i++)
        code = model_open_as(&m->models[i], ctx, files[i], "MODEL comes first", how);
    return code;
}

int ensemble_open_sessions(ensemble *m, const alexnet_session_options *settings)
{
    alexnet_status status = ALEXNET_OK;
    for (int i = 0; !status && i < m->count; i++)
        status = alexnet_session_new(&m->sessions[i], m->models[i], settings);
    return cli_code(status);
}

static void take_weights(ensemble *m, const double *found)
{
    double sum = 0;
    for (int i = 0; i < m->count; i++)
        sum += found[i];
    for (int i = 0; i < m->count; i++)
        m->weights[i] = found[i] / sum;
}

int ensemble_search(ensemble *m, alexnet_evaluation *evaluation, alexnet_weight_measure measure)
{
    alexnet_weight_search_options o = ALEXNET_WEIGHT_SEARCH_OPTIONS_INIT;
    alexnet_weight_search *search;
    const double *found;
    int tried = 0;
    o.measure = measure;
    alexnet_status status = alexnet_weight_search_new(&search, evaluation, &o);
    for (bool more = true; !status && more;) {
        status = alexnet_weight_search_step(search, &tried, &more);
        progress_show((double)tried / (o.passes * m->count), "searched %d of at most %d weights",
                      tried, o.passes * m->count);
    }
    progress_clear();
    if (!status)
        status = alexnet_weight_search_result(search, &found, NULL);
    if (!status) {
        take_weights(m, found);
        status = alexnet_evaluation_set_weights(evaluation, m->weights);
    }
    alexnet_weight_search_free(search);
    return cli_code(status);
}
