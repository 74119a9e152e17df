/*
 * How much the pictures of each class count in a run, by the recipe's class_weights.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/ini.h"
#include "base/status.h"
#include "base/text.h"
#include "data/source/names.h"
#include "train/class_weights.h"
#include "train/trainer_impl.h"

static alexnet_status make(alexnet_trainer *t)
{
    const size_t bytes = (size_t)t->classes.count * sizeof *t->weights;
    t->weights = an_calloc(bytes, 1);
    return t->weights ? ALEXNET_OK : AN_FAIL_MEMORY(bytes, "the weights of classes");
}

/* Log the weights at both ends. */
static void say(const alexnet_trainer *t, int first, int last)
{
    an_log(t->ctx, ALEXNET_LOG_INFO,
           "class_weights = %s: a picture of \"%s\" counts %.3g, one of \"%s\" %.3g",
           an_recipe_get(t->recipe, "class_weights"), t->classes.names[first],
           (double)t->weights[first], t->classes.names[last], (double)t->weights[last]);
}

/* ---- By the sizes of classes ---- */

static alexnet_status count_pictures(const alexnet_trainer *t, int64_t **counts, double *present)
{
    const size_t classes = (size_t)t->classes.count;
    *present = 0;
    *counts = an_calloc(classes, sizeof **counts);
    if (!*counts)
        return AN_FAIL_MEMORY(classes * sizeof **counts, "the sizes of classes");
    for (int64_t i = 0; i < t->train->count; i++)
        if (t->train->samples[i].label >= 0)
            *present += (*counts)[t->train->samples[i].label]++ == 0;
    return ALEXNET_OK;
}

/* A network that sees nothing learns to answer with each class as often as its pictures count, less
 * so if a batch has few pictures, because weights count within batches. Its loss, which is reported
 * without weights, is infinite if some of them count nothing. */
static double loss_of_preference(const alexnet_trainer *t, const int64_t *counts)
{
    double weight = 0, pictures = 0, sum = 0;
    for (int c = 0; c < t->classes.count; c++) {
        weight += (double)t->weights[c] * (double)counts[c];
        pictures += (double)counts[c];
    }
    for (int c = 0; c < t->classes.count; c++)
        if (counts[c] > 0)
            sum -= (double)counts[c] * log((double)t->weights[c] * (double)counts[c] / weight);
    return sum / pictures;
}

double an_trainer_blind_loss(const alexnet_trainer *t)
{
    const double even = log(t->classes.count);
    int64_t *counts;
    double present;
    if (!t->weights || count_pictures(t, &counts, &present) != ALEXNET_OK)
        return even;
    const double loss = loss_of_preference(t, counts);
    an_free(counts);
    return fmax(even, loss);
}

double an_trainer_largest_share(const alexnet_trainer *t)
{
    int64_t *counts, largest = 0;
    double present;
    if (count_pictures(t, &counts, &present) != ALEXNET_OK)
        return 1;
    for (int c = 0; c < t->classes.count; c++)
        largest = counts[c] > largest ? counts[c] : largest;
    an_free(counts);
    return (double)largest / (double)t->train->count;
}

/* n / (C n_c) for each of C classes that have some of the n pictures, so that a picture's weight is
 * 1 on average. */
static alexnet_status balance(alexnet_trainer *t)
{
    int64_t *counts;
    double present;
    int least = 0, most = 0;
    AN_CHECK(make(t));
    AN_CHECK(count_pictures(t, &counts, &present));
    for (int c = 0; c < t->classes.count; c++) {
        if (counts[c] == 0)
            continue;
        t->weights[c] = (float)((double)t->train->count / (present * (double)counts[c]));
        least = counts[least] == 0 || counts[c] < counts[least] ? c : least;
        most = counts[c] > counts[most] ? c : most;
    }
    if (counts[least] == counts[most])
        an_log(t->ctx, ALEXNET_LOG_INFO,
               "class_weights = balanced: classes are of equal size, every picture counts 1");
    else
        say(t, least, most);
    an_free(counts);
    return ALEXNET_OK;
}

/* ---- From a file ---- */

static const char *choice_at(void *user, int i)
{
    (void)user;
    return i ? "balanced" : "none";
}

/* Refuse a path that leads nowhere, which may be a choice with a letter wrong, or to a folder. */
static alexnet_status check_path(const char *path)
{
    bool there;
    if (an_is_folder(path))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "class_weights = %s: it is a folder, not a file",
                       path);
    AN_CHECK(an_file_exists(path, &there));
    if (there)
        return ALEXNET_OK;
    const char *near = an_text_nearest(path, 2, choice_at, NULL);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "class_weights = %s: neither none nor balanced, and there is no such file of "
                   "weights%s%s%s",
                   path, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

alexnet_status an_trainer_read_weights(alexnet_trainer *t)
{
    an_run_state *r = &t->record;
    const int count = t->classes.count;
    int named;
    if (an_recipe_choice(t->recipe, AN_KEY_CLASS_WEIGHTS) != AN_WEIGHTS_FILE)
        return ALEXNET_OK;
    const char *path = an_recipe_get(t->recipe, "class_weights");
    AN_CHECK(check_path(path));
    r->class_weights = an_calloc((size_t)count, sizeof *r->class_weights);
    if (!r->class_weights)
        return AN_FAIL_MEMORY((size_t)count * sizeof *r->class_weights, "the weights of classes");
    r->n_class_weights = count;
    AN_CHECK(an_class_weights_read(r->class_weights, &t->classes, path, &named));
    if (named < count)
        an_log(t->ctx, ALEXNET_LOG_INFO,
               "%s names %d of %d classes; pictures of the others count 1", path, named, count);
    return ALEXNET_OK;
}

/* The file's weights, as the record has them: the file itself may have changed since the run
 * began. */
static alexnet_status take_recorded(alexnet_trainer *t)
{
    const an_run_state *r = &t->record;
    int least = 0, most = 0;
    if (r->n_class_weights != t->classes.count)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: its record of progress has weights of %d classes, the run has %d",
                       t->run.last, r->n_class_weights, t->classes.count);
    AN_CHECK(make(t));
    memcpy(t->weights, r->class_weights, (size_t)t->classes.count * sizeof *t->weights);
    for (int c = 0; c < t->classes.count; c++) {
        least = t->weights[c] < t->weights[least] ? c : least;
        most = t->weights[c] > t->weights[most] ? c : most;
    }
    say(t, most, least);
    return ALEXNET_OK;
}

alexnet_status an_trainer_weigh_classes(alexnet_trainer *t)
{
    switch (an_recipe_choice(t->recipe, AN_KEY_CLASS_WEIGHTS)) {
    case AN_WEIGHTS_BALANCED: return balance(t);
    case AN_WEIGHTS_FILE: return take_recorded(t);
    default: return ALEXNET_OK;
    }
}

/* ---- For people ---- */

enum { LISTED = 1000, LINE = AN_INI_LINE_MAX + 1 };

/* Add a comment of recipe.ini. */
static char *add_line(char *end, const char *id, double weight)
{
    const bool fits = strlen(id) + 40 <= AN_INI_LINE_MAX && !an_text_fault(id);
    return end + an_print_in(end, LINE, ";   %s %.6g\n",
                             fits ? id : "(a class whose name fits no line)", weight);
}

char *an_trainer_weights_text(const alexnet_trainer *t)
{
    int others = 0; /* than 1 */
    char *text = an_calloc(t->weights ? LISTED + 2 : 1, LINE), *end = text;
    for (int c = 0; text && t->weights && c < t->classes.count; c++) {
        if (t->weights[c] == 1)
            continue;
        if (others++ == 0)
            end += snprintf(end, LINE, "; how much a picture of each class counts, if not 1:\n");
        if (others <= LISTED)
            end = add_line(end, t->classes.ids[c], (double)t->weights[c]);
    }
    if (others > LISTED)
        snprintf(end, LINE, ";   and %d more\n", others - LISTED);
    return text;
}
