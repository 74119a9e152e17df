/*
 * Short training that keeps nothing, to find out something before a run: whether a network can
 * learn one batch by heart, and which learning rates work.
 *
 * A trial is a trainer without a folder on the pictures that the run would show first. It makes the
 * same updates, by the same code.
 */
#ifndef AN_TRAIN_TRIAL_H
#define AN_TRAIN_TRIAL_H

#include "train/trainer.h"

struct alexnet_trial {
    alexnet_trial_kind kind;
    an_trial_rule rule;
    alexnet_trainer *trainer;
    int64_t updates; /* at most */
    double rate;     /* of the recipe; the other rates keep their ratio to it */
    int64_t count;
    alexnet_trial_point *points; /* room for `updates` */
    double sum, best;            /* of losses, with weights that fall with age; least mean so far */
    bool over;
    char reason[512]; /* why nothing was learnt; "": none found */
};

/** @param options  those of a trainer; out_dir is ignored. @param how  checked, complete */
alexnet_status an_trial_new(alexnet_trial **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                            const alexnet_trainer_options *options,
                            const alexnet_trial_options *how);
alexnet_status an_trial_step(alexnet_trial *trial, alexnet_trial_point *point, bool *more);
/** The loss of a point, averaged with its neighbours. */
double an_trial_smooth(const alexnet_trial *trial, int64_t index);
void an_trial_verdict(const alexnet_trial *trial, alexnet_trial_verdict *verdict);
void an_trial_free(alexnet_trial *trial); /* NULL allowed */

enum {
    AN_TRIAL_OVERFIT_UPDATES = 500,
    AN_TRIAL_RATES_UPDATES = 100,
    AN_TRIAL_UPDATES_MAX = 100000
};

#endif
