/* Tunings from text. */
#include <limits.h>
#include <string.h>

#include "backend/tuning_rows.h"
#include "base/alloc.h"
#include "base/ini.h"
#include "base/status.h"
#include "base/text.h"

typedef struct reading {
    an_tuning *tuning;
    const char *source;
    const an_tuning_place *place; /* rows for others are dropped */
    bool ended;                   /* the last row has been checked by end_row() */
} reading;

/* An error that lists the variants. */
static alexnet_status unknown_variant(const reading *r, const an_tuning_entry *now, int direction)
{
    char choices[256] = "";
    for (int i = 0; r->place->variants[i]; i++)
        an_text_add(choices, sizeof choices, "%s%s", i ? "|" : "", r->place->variants[i]);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: %s = %s: expected %s", r->source,
                   now->word_line[direction], an_direction_names[direction], now->word[direction],
                   choices);
}

/* Find the variants that the words of a row name. */
static alexnet_status find_variants(const reading *r, an_tuning_entry *now)
{
    int count = an_variant_count(r->place->variants);
    for (int d = 0; d < AN_DIRECTIONS; d++) {
        now->variant[d] = AN_UNSAID;
        for (int i = 0; now->word[d] && i < count; i++)
            if (strcmp(now->word[d], r->place->variants[i]) == 0)
                now->variant[d] = i;
        if (now->word[d] && now->variant[d] == AN_UNSAID)
            return unknown_variant(r, now, d);
    }
    return ALEXNET_OK;
}

static bool is_for(const an_tuning_entry *row, const an_tuning_place *place)
{
    return place->variants && an_tuning_has_word(row->isa, place->isa) &&
           (!row->processor || an_text_matches(row->processor, place->processor)) &&
           (!row->library || an_text_matches(row->library, place->library));
}

/* Check that the row that ends here is complete. Drop it if it is for another place. */
static alexnet_status end_row(reading *r)
{
    if (r->tuning->count == 0 || r->ended)
        return ALEXNET_OK;
    an_tuning_entry *last = &r->tuning->entries[r->tuning->count - 1];
    const char *missing = !last->isa         ? "isa"
                          : !last->precision ? "precision"
                          : !last->operator  ? "operator"
                                             : NULL;
    if (!missing && !last->word[AN_FORWARD] && !last->word[AN_BACKWARD_DATA] &&
        !last->word[AN_BACKWARD_WEIGHTS])
        missing = "forward, backward_data or backward_weights";
    if (missing)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: this row lacks %s", r->source, last->line,
                       missing);
    r->ended = true;
    if (is_for(last, r->place))
        return find_variants(r, last);
    an_tuning_entry_free(last);
    r->tuning->count--;
    return ALEXNET_OK;
}

static alexnet_status begin_row(reading *r, int line)
{
    an_tuning *t = r->tuning;
    AN_CHECK(end_row(r));
    an_tuning_entry *grown = an_grow(t->entries, t->count, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY(2 * (size_t)t->count * sizeof *grown, "a tuning");
    t->entries = grown;
    t->entries[t->count++] = (an_tuning_entry){
        .line = line, .deterministic = AN_UNSAID, .training = AN_UNSAID, .batch = AN_UNSAID};
    r->ended = false;
    return ALEXNET_OK;
}

static alexnet_status twice(const reading *r, int line, const char *key)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: %s is given twice", r->source, line, key);
}

static alexnet_status set_text(const reading *r, int line, const char *key, char **place,
                               const char *value)
{
    if (*place)
        return twice(r, line, key);
    if (!*value)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: %s has no value", r->source, line, key);
    *place = an_strdup(value);
    return *place ? ALEXNET_OK : AN_FAIL_MEMORY(strlen(value), "a tuning");
}

static alexnet_status set_yes(const reading *r, int line, const char *key, int *place,
                              const char *value)
{
    static const char choices[] = "no|yes";
    const int choice = an_text_choice(choices, value);
    if (*place != AN_UNSAID)
        return twice(r, line, key);
    if (choice < 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: %s = %s: expected %s", r->source, line, key,
                       value, choices);
    *place = choice;
    return ALEXNET_OK;
}

static alexnet_status set_batch(const reading *r, int line, int *place, const char *value)
{
    int64_t batch;
    if (*place != AN_UNSAID)
        return twice(r, line, "batch");
    if (!an_text_to_int(value, &batch) || batch < 1 || batch > INT_MAX)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: batch = %s: expected 1 or more", r->source,
                       line, value);
    *place = (int)batch;
    return ALEXNET_OK;
}

static alexnet_status on_key(void *user, int line, const char *section, const char *key,
                             const char *value)
{
    reading *r = user;
    (void)section;
    if (!key)
        return begin_row(r, line);
    an_tuning_entry *now = &r->tuning->entries[r->tuning->count - 1];
    if (strcmp(key, "isa") == 0)
        return set_text(r, line, key, &now->isa, value);
    if (strcmp(key, "processor") == 0)
        return set_text(r, line, key, &now->processor, value);
    if (strcmp(key, "library") == 0)
        return set_text(r, line, key, &now->library, value);
    if (strcmp(key, "deterministic") == 0)
        return set_yes(r, line, key, &now->deterministic, value);
    if (strcmp(key, "precision") == 0)
        return set_text(r, line, key, &now->precision, value);
    if (strcmp(key, "operator") == 0)
        return set_text(r, line, key, &now->operator, value);
    if (strcmp(key, "training") == 0)
        return set_yes(r, line, key, &now->training, value);
    if (strcmp(key, "batch") == 0)
        return set_batch(r, line, &now->batch, value);
    if (strcmp(key, "tail") == 0)
        return set_text(r, line, key, &now->tail, value);
    for (int d = 0; d < AN_DIRECTIONS; d++)
        if (strcmp(key, an_direction_names[d]) == 0) {
            now->word_line[d] = line;
            return set_text(r, line, key, &now->word[d], value);
        }
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s:%d: %s is not a key of a tuning; it has isa, processor, library, "
                   "deterministic, precision, training, batch, tail, operator, forward, "
                   "backward_data, backward_weights",
                   r->source, line, key);
}

alexnet_status an_tuning_parse(an_tuning **out, const char *text, const char *source,
                               const an_tuning_place *place)
{
    an_tuning *t = an_calloc(1, sizeof *t);
    *out = NULL;
    if (!t)
        return AN_FAIL_MEMORY(sizeof *t, "a tuning");
    reading r = {.tuning = t, .source = source, .place = place};
    alexnet_status rc = an_ini_read(text, source, on_key, &r);
    if (rc == ALEXNET_OK)
        rc = end_row(&r);
    if (rc == ALEXNET_OK)
        *out = t;
    else
        an_tuning_free(t);
    return rc;
}
