/*
 * The recipe's `norms`: the sizes of weights, gradients and changes of weights, as the code of 2012
 * printed them. The weights are copied before an update that is measured, so that the change is
 * measured in the same way for every rule.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/status.h"
#include "train/trainer_impl.h"

enum { PIECE = 1 << 14 }; /* values that are compared at a time */

size_t an_norms_bytes(const an_net *net, const alexnet_recipe *recipe)
{
    return an_recipe_integer(recipe, AN_KEY_NORMS) ? net->bytes + PIECE * sizeof(double) : 0;
}

alexnet_status an_norms_make(alexnet_trainer *t)
{
    const size_t bytes = an_norms_bytes(t->net, t->recipe);
    if (!bytes)
        return ALEXNET_OK;
    t->norms.before = an_malloc(bytes);
    t->norms.latest = an_calloc((size_t)t->net->count, sizeof *t->norms.latest);
    if (!t->norms.before || !t->norms.latest)
        return AN_FAIL_MEMORY(bytes, "the weights before an update, for norms");
    return ALEXNET_OK;
}

void an_norms_free(an_norms *norms)
{
    an_free(norms->before);
    an_free(norms->latest);
}

/* Whether a parameter learns, and so has norms. */
static bool learns(const alexnet_trainer *t, int param)
{
    const an_param *p = &t->net->params[param];
    return p->learned && !t->frozen[p->layer];
}

alexnet_status an_norms_begin(alexnet_trainer *t)
{
    const int64_t every = an_recipe_integer(t->recipe, AN_KEY_NORMS);
    t->norms.due = every > 0 && (an_trainer_updates(t) + 1) % every == 0;
    t->norms.written = false;
    t->norms.images = t->record.epoch.images;
    for (int i = 0; i < t->net->count && t->norms.due; i++)
        if (learns(t, i))
            AN_CHECK(an_net_read(t->net, AN_VALUES, i,
                                 (char *)t->norms.before + t->net->params[i].offset,
                                 t->net->backend->param_dtype));
    return ALEXNET_OK;
}

/* For a batch in parts, the gradients in memory are those of the sum of losses. */
static alexnet_status measure_gradients(void *user)
{
    alexnet_trainer *t = user;
    for (int i = 0; i < t->net->count; i++) {
        an_norm norm;
        if (!learns(t, i))
            continue;
        AN_CHECK(an_net_norm(t->net, AN_GRADIENTS, i, &norm));
        t->norms.latest[i].gradient = sqrt(norm.sum_squares) / t->norms.divisor;
    }
    return ALEXNET_OK;
}

alexnet_status an_norms_run(alexnet_trainer *t, const an_next_part *part)
{
    if (!t->norms.due || !part->ends)
        return an_program_run(t->program);
    t->norms.divisor = t->parts > 1 ? part->weight : 1;
    return an_program_run_watched(t->program, measure_gradients, t);
}

/* A value of the backend's type, as a double. */
static double value_at(const void *values, an_dtype type, int64_t i)
{
    return type == AN_F64 ? ((const double *)values)[i] : (double)((const float *)values)[i];
}

static alexnet_status measure(alexnet_trainer *t, int index, alexnet_norms *out)
{
    const an_param *p = &t->net->params[index];
    const an_dtype type = t->net->backend->param_dtype;
    const char *before = (const char *)t->norms.before + p->offset;
    void *piece = (char *)t->norms.before + t->net->bytes;
    double squares = 0, changes = 0;
    for (int64_t first = 0; first < p->count; first += PIECE) {
        const int64_t n = p->count - first < PIECE ? p->count - first : PIECE;
        AN_CHECK(an_net_read_part(t->net, AN_VALUES, index, first, n, piece, type));
        for (int64_t i = 0; i < n; i++) {
            const double w = value_at(piece, type, i);
            const double change = w - value_at(before, type, first + i);
            squares += w * w;
            changes += change * change;
        }
    }
    out->name = p->name;
    out->step = an_trainer_updates(t);
    out->weights = sqrt(squares);
    out->change = sqrt(changes);
    return ALEXNET_OK;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* {"weights":1.5,"gradient":0.25,"change":0.0015,"ratio":0.001} */
static json_t *norms_object(const alexnet_norms *n)
{
    return json_pack("{s:o,s:o,s:o,s:o}", "weights", number(n->weights), "gradient",
                     number(n->gradient), "change", number(n->change), "ratio",
                     number(n->change / n->weights));
}

/* As text, owned; NULL if memory is short. */
static char *line_of(const alexnet_trainer *t)
{
    const int64_t epoch = (t->record.step - 1) / t->steps_per_epoch + 1;
    json_t *all = json_object();
    for (int i = 0; i < t->net->count; i++)
        if (learns(t, i))
            an_json_set(&all, t->net->params[i].name, norms_object(&t->norms.latest[i]));
    json_t *line = json_pack("{s:I,s:I,s:o}", "epoch", (json_int_t)epoch, "step",
                             (json_int_t)an_trainer_updates(t), "norms", all);
    char *text = an_json_text(line, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(line);
    return text;
}

alexnet_status an_norms_end(alexnet_trainer *t, alexnet_progress *progress)
{
    if (!t->norms.due || t->record.epoch.images == t->norms.images)
        return ALEXNET_OK; /* an update without pictures changes nothing */
    progress->norms = true;
    if (t->norms.written) /* by an earlier attempt to report the update */
        return ALEXNET_OK;
    for (int i = 0; i < t->net->count; i++)
        if (learns(t, i))
            AN_CHECK(measure(t, i, &t->norms.latest[i]));
    char *text = line_of(t);
    alexnet_status rc =
        text ? an_run_lines_add(&t->run.logged, text) : AN_FAIL_MEMORY(65536, "a line of norms");
    t->norms.written = rc == ALEXNET_OK;
    an_free(text);
    return rc;
}
