#include "mistakes.h"

static void add(mistakes *m, const mistake *new)
{
    int at = m->count;
    while (at > 0 && m->list[at - 1].loss < new->loss)
        at--;
    if (at == MISTAKES_MAX)
        return;
    if (m->count < MISTAKES_MAX)
        m->count++;
    for (int i = m->count - 1; i > at; i--)
        m->list[i] = m->list[i - 1];
    m->list[at] = *new;
}

void mistakes_take(void *user, const alexnet_evaluation *evaluation)
{
    mistakes *m = user;
    alexnet_evaluated picture;
    alexnet_prediction best;
    for (int i = 0; !alexnet_evaluation_picture(evaluation, i, 1, &picture, &best); i++, m->seen++)
        if (picture.status == ALEXNET_OK && best.index != picture.label)
            add(m, &(mistake){m->seen, picture.label, best.index, picture.loss,
                              (double)best.probability});
}
