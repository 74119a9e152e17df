#include "backend/tuning.h"

#include <stdio.h>
#include <string.h>

#include "backend/tuning_rows.h"
#include "base/alloc.h"
#include "base/text.h"

const char *const an_direction_names[AN_DIRECTIONS] = {"forward", "backward_data",
                                                       "backward_weights"};

int an_variant_count(const char *const *names)
{
    int count = 0;
    while (names && names[count])
        count++;
    return count;
}

void an_tuning_entry_free(an_tuning_entry *r)
{
    an_free(r->isa);
    an_free(r->processor);
    an_free(r->library);
    an_free(r->precision);
    an_free(r->operator);
    an_free(r->tail);
    for (int d = 0; d < AN_DIRECTIONS; d++)
        an_free(r->word[d]);
}

void an_tuning_free(an_tuning *t)
{
    if (!t)
        return;
    for (int i = 0; i < t->count; i++)
        an_tuning_entry_free(&t->entries[i]);
    an_free(t->entries);
    an_free(t);
}

bool an_tuning_has_word(const char *list, const char *word)
{
    return strcmp(list, "*") == 0 || (*word && an_text_position(list, ' ', word) >= 0);
}

static bool fits(const an_tuning_entry *r, const an_tuning_query *q, const char *signature)
{
    return an_tuning_has_word(r->precision, q->precision) &&
           (r->deterministic == AN_UNSAID || r->deterministic == q->deterministic) &&
           (r->training == AN_UNSAID || r->training == q->training) &&
           (r->batch == AN_UNSAID || r->batch == q->op->n) &&
           (!r->tail || (q->tail && strcmp(r->tail, q->tail) == 0)) &&
           an_text_matches(r->operator, signature);
}

bool an_tuning_serves(const an_tuning *t, const char *precision)
{
    for (int i = 0; i < t->count; i++)
        if (an_tuning_has_word(t->entries[i].precision, precision))
            return true;
    return false;
}

void an_tuning_apply(const an_tuning *t, const an_tuning_query *query, an_variants *variants)
{
    char signature[AN_OP_SIGNATURE];
    bool said[AN_DIRECTIONS] = {false};
    an_op_signature(query->op, signature);
    for (int i = 0; t && i < t->count; i++) {
        if (!fits(&t->entries[i], query, signature))
            continue;
        for (int d = 0; d < AN_DIRECTIONS; d++) {
            if (said[d] || t->entries[i].variant[d] == AN_UNSAID)
                continue;
            variants->of[d] = t->entries[i].variant[d];
            said[d] = true;
        }
    }
}

char *an_tuning_row(const char *name, const an_tuning_query *q, const an_variants *variants)
{
    char signature[AN_OP_SIGNATURE];
    const an_tuning_place *place = &q->place;
    char backward[128] = "", numbered[256] = "", batch[64] = "";
    an_op_signature(q->op, signature);
    if (q->training)
        snprintf(backward, sizeof backward, "backward_data = %s\nbackward_weights = %s\n",
                 place->variants[variants->of[AN_BACKWARD_DATA]],
                 place->variants[variants->of[AN_BACKWARD_WEIGHTS]]);
    if (place->proposals) {
        snprintf(numbered, sizeof numbered, "processor = %s\nlibrary = %s\ndeterministic = %s\n",
                 place->processor, place->library, q->deterministic ? "yes" : "no");
        snprintf(batch, sizeof batch, "batch = %d\n", q->op->n);
    }
    return an_format("[%s]\nisa = %s\n%sprecision = %s\ntraining = %s\n%s%s%s%soperator = %s\n"
                     "forward = %s\n%s\n",
                     name, place->isa, numbered, q->precision, q->training ? "yes" : "no", batch,
                     q->tail ? "tail = " : "", q->tail ? q->tail : "", q->tail ? "\n" : "",
                     signature, place->variants[variants->of[AN_FORWARD]], backward);
}
