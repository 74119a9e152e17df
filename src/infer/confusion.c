#include "infer/confusion.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

alexnet_status an_confusion_new(an_confusion *m, int classes)
{
    const size_t n = (size_t)classes;
    *m = (an_confusion){.classes = classes};
    m->of = an_calloc(n, sizeof *m->of);
    m->answer = an_calloc(n, sizeof *m->answer);
    if (m->of && m->answer)
        return ALEXNET_OK;
    an_confusion_free(m);
    return AN_FAIL_MEMORY(n * (sizeof *m->of + sizeof *m->answer), "a confusion matrix");
}

/* The place of an answer among those of a class, or the one where it belongs. */
static int place_of(const an_answers *of, int answer)
{
    int low = 0, high = of->count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (of->at[middle].class < answer)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const an_answers *of, int place, int answer)
{
    return place < of->count && of->at[place].class == answer;
}

static alexnet_status insert(an_answers *of, int place, int answer)
{
    an_answer *grown = an_grow(of->at, of->count, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY((size_t)of->count * 2 * sizeof *grown, "a confusion matrix");
    of->at = grown;
    memmove(of->at + place + 1, of->at + place, (size_t)(of->count - place) * sizeof *of->at);
    of->at[place] = (an_answer){.class = answer};
    of->count++;
    return ALEXNET_OK;
}

alexnet_status an_confusion_add(an_confusion *m, int label, int answer)
{
    an_answers *of = &m->of[label];
    const int place = place_of(of, answer);
    if (!is_at(of, place, answer))
        AN_CHECK(insert(of, place, answer));
    of->at[place].count++;
    m->answer[answer]++;
    return ALEXNET_OK;
}

int64_t an_confusion_count(const an_confusion *m, int label, int answer)
{
    const an_answers *of = &m->of[label];
    const int place = place_of(of, answer);
    return is_at(of, place, answer) ? of->at[place].count : 0;
}

void an_confusion_clear(an_confusion *m)
{
    for (int c = 0; m->of && c < m->classes; c++) {
        an_free(m->of[c].at);
        m->of[c] = (an_answers){0};
        m->answer[c] = 0;
    }
}

void an_confusion_free(an_confusion *m)
{
    for (int c = 0; m->of && c < m->classes; c++)
        an_free(m->of[c].at);
    an_free(m->of);
    an_free(m->answer);
    *m = (an_confusion){0};
}
