#include "backend/cuda/trial.h"

#include <stdio.h>
#include <string.h>

const char *const an_cuda_variant_names[AN_CUDA_VARIANTS + 1] = {
    "auto",        "proposal-1",  "proposal-2", "proposal-3", "proposal-4",
    "proposal-5",  "proposal-6",  "proposal-7", "proposal-8", "proposal-9",
    "proposal-10", "proposal-11", "proposal-12"};

enum { RUNS = 4, FIRST_MARK = AN_MARKS - 2, SECOND_MARK = AN_MARKS - 1 };

bool an_cuda_trial_wanted(const an_cuda *cuda, int64_t batch)
{
    return !cuda->base.deterministic && (batch == 1 || batch >= AN_CUDA_TRIAL_BATCH);
}

alexnet_status an_cuda_trial_block(an_cuda_trial *t, int index, size_t bytes)
{
    if (t->block[index] && t->bytes[index] >= bytes)
        return ALEXNET_OK;
    an_cuda_free(&t->cuda->base, t->block[index], t->bytes[index]);
    t->block[index] = NULL;
    t->bytes[index] = bytes;
    return an_cuda_alloc(&t->cuda->base, bytes, &t->block[index]);
}

alexnet_status an_cuda_trial_time(an_cuda_trial *t, alexnet_status (*work)(void *arg), void *arg,
                                  double *seconds)
{
    an_backend *backend = &t->cuda->base;
    AN_CHECK(work(arg));
    for (int i = 0; i < RUNS; i++) {
        double s;
        AN_CHECK(an_cuda_mark(backend, FIRST_MARK));
        AN_CHECK(work(arg));
        AN_CHECK(an_cuda_mark(backend, SECOND_MARK));
        AN_CHECK(an_cuda_elapsed(backend, FIRST_MARK, SECOND_MARK, &s));
        if (i == 0 || s < *seconds)
            *seconds = s;
    }
    return ALEXNET_OK;
}

void an_cuda_trial_end(an_cuda_trial *t)
{
    for (int i = 0; i < AN_CUDA_TRIAL_BLOCKS; i++)
        an_cuda_free(&t->cuda->base, t->block[i], t->bytes[i]);
}

an_variant an_cuda_choice_find(const an_cuda *cuda, const char *key)
{
    for (int i = 0; i < cuda->n_choices; i++)
        if (strcmp(cuda->choices[i].key, key) == 0)
            return cuda->choices[i].choice;
    return AN_CUDA_AUTO;
}

void an_cuda_choice_keep(an_cuda *cuda, const char *key, an_variant choice)
{
    if (choice == AN_CUDA_AUTO || cuda->n_choices == AN_CUDA_CHOICES)
        return;
    an_cuda_choice *kept = &cuda->choices[cuda->n_choices++];
    snprintf(kept->key, sizeof kept->key, "%s", key);
    kept->choice = choice;
}
