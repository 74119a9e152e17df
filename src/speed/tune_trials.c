#include "speed/tune_trials.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

static void add_trial(alexnet_tuner *t, trial what)
{
    t->trials[t->count++] = what;
}

void an_tune_list(alexnet_tuner *t)
{
    bool training = t->options.mode == ALEXNET_BENCH_TRAIN;
    add_trial(t, (trial){.variant = 0});
    add_trial(t, (trial){.variant = 0});
    for (int v = 1; v < t->n_variants; v++) {
        add_trial(t, (trial){.variant = v, .single = !training, .direction = AN_FORWARD});
        for (int d = 0; training && d < AN_DIRECTIONS; d++)
            add_trial(t, (trial){.variant = v, .single = true, .direction = (an_direction)d});
    }
    add_trial(t, (trial){.variant = 0}); /* what the others advise */
}

/* The fastest variant of a part in one direction, from the trials of that direction alone. */
static an_variant fastest(const alexnet_tuner *t, int part, an_direction direction)
{
    an_variant best = 0;
    double seconds = t->trials[DIRECT_TRIAL].seconds[part] / AN_TUNE_GAIN;
    for (int i = VARIANT_TRIALS; i < t->count - 1; i++) {
        const trial *other = &t->trials[i];
        if (!other->single || other->direction != direction || other->whole == 0 ||
            other->taken[part].of[direction] != other->variant ||
            *an_tune_unfit(t, other->variant, direction, part) || other->seconds[part] > seconds)
            continue;
        best = other->variant;
        seconds = other->seconds[part];
    }
    return best;
}

bool an_tune_same_layer(const alexnet_tuner *t, int a, int b)
{
    return t->parts[b].info.tunable && strcmp(t->parts[a].info.name, t->parts[b].info.name) == 0;
}

bool an_tune_wants_dx(const alexnet_tuner *t, int forward)
{
    for (int i = 0; i < t->n_parts; i++)
        if (an_tune_same_layer(t, forward, i) && t->parts[i].info.wants_dx)
            return true;
    return false;
}

bool an_tune_same_tail(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The variants of the layer with this forward part that the trials in one direction advise.
 * @param seconds  out: of both passes, at least */
static an_variants advised(const alexnet_tuner *t, int forward, double *seconds)
{
    an_variants chosen = {{0}};
    *seconds = 0;
    for (int i = 0; i < t->n_parts; i++) {
        int d, end;
        double least = INFINITY;
        if (!an_tune_same_layer(t, forward, i))
            continue;
        for (an_tune_directions(&t->parts[i].info, &d, &end); d < end; d++)
            chosen.of[d] = fastest(t, i, (an_direction)d);
        for (int j = 0; j < t->count - 1; j++)
            if (t->trials[j].whole > 0 && j != BUILT_IN_TRIAL && t->trials[j].seconds[i] < least)
                least = t->trials[j].seconds[i];
        *seconds += least;
    }
    return chosen;
}

/* The same as the built-in tuning computes it. */
static an_variants built_in(const alexnet_tuner *t, int forward, double *seconds)
{
    const trial *built = &t->trials[BUILT_IN_TRIAL];
    an_variants chosen = {{0}};
    *seconds = 0;
    for (int i = 0; i < t->n_parts; i++) {
        int d, end;
        if (!an_tune_same_layer(t, forward, i))
            continue;
        for (an_tune_directions(&t->parts[i].info, &d, &end); d < end; d++)
            chosen.of[d] = built->taken[i].of[d];
        *seconds += built->seconds[i];
    }
    return chosen;
}

/* A row for the layer with this forward part: what the trials so far advise for both passes. Where
 * the built-in tuning takes another form (of which these trials know nothing), the faster one. */
static char *advise(const alexnet_tuner *t, int forward)
{
    const char *other = t->trials[BUILT_IN_TRIAL].tails[forward];
    double seconds, others;
    an_tuning_query query = t->query;
    query.op = &t->parts[forward].op;
    query.tail = t->parts[forward].info.tail;
    an_variants chosen = advised(t, forward, &seconds);
    const an_variants built = built_in(t, forward, &others);
    if (!an_tune_same_tail(other, query.tail) && others < seconds) {
        query.tail = other;
        chosen = built;
    }
    return an_tuning_row(t->parts[forward].info.name, &query, &chosen);
}

static char *advice(const alexnet_tuner *t)
{
    char *text = an_strdup("");
    for (int i = 0; text && i < t->n_parts; i++) {
        if (!t->parts[i].info.tunable || t->parts[i].info.pass != ALEXNET_PASS_FORWARD)
            continue;
        char *row = advise(t, i), *both = row ? an_format("%s%s", text, row) : NULL;
        an_free(row);
        an_free(text);
        text = both;
    }
    return text;
}

/* A tuning that gives every operator the variant of a trial. */
static char *for_all(const alexnet_tuner *t, const trial *which)
{
    const char *of[AN_DIRECTIONS];
    if (!t->query.place.variants) /* nothing to choose from */
        return an_strdup("");
    for (int d = 0; d < AN_DIRECTIONS; d++) {
        bool in = !which->single || (int)which->direction == d;
        of[d] = t->query.place.variants[in ? which->variant : 0];
    }
    return an_format("[trial]\nisa = *\nprecision = *\noperator = *\nforward = %s\n"
                     "backward_data = %s\nbackward_weights = %s\n",
                     of[AN_FORWARD], of[AN_BACKWARD_DATA], of[AN_BACKWARD_WEIGHTS]);
}

char *an_tune_request(const alexnet_tuner *t, int index)
{
    return index == t->count - 1 ? advice(t) : for_all(t, &t->trials[index]);
}
