/*
 * The trainer does one piece of work per step, so that its caller owns the loop.
 *
 *     trainer.c          what its programs are compiled for
 *     trainer_new.c      a new run
 *     trainer_resume.c   a run resumed from its checkpoint
 *     trainer_data.c     the data of a run that is resumed: found again and checked
 *     trainer_make.c     making and freeing the parts of both
 *     trainer_weights.c  the weights of classes
 *     trainer_step.c     the steps: a minibatch, what is reported of it
 *     trainer_load.c     the pictures of a pass, batch by batch
 *     trainer_mean.c     the pass for the mean image
 *     trainer_sums.c     its sums in checkpoints
 *     trainer_update.c   one update: a batch fetched, fed, computed, counted
 *     trainer_epoch.c    the end of an epoch: validation, the best model, warnings
 *     trainer_save.c     checkpoints, the best model, the log
 *     trial.c            training that keeps nothing: it drives a trainer without a folder
 *     look.c             the outputs of all layers for some pictures of the latest batch
 *     trainer_stuck.c    why nothing is learnt
 *     trainer_norms.c    norms of weights, gradients and changes of weights
 *     trainer_report.c   what is said of a run: what computes it, its memory, disk, rate, tensors
 *     trainer_diverged.c the end of a run whose loss is not finite, and the reason
 *
 * What these files offer each other is in trainer_impl.h.
 */
#ifndef AN_TRAIN_TRAINER_H
#define AN_TRAIN_TRAINER_H

#include "infer/evaluation.h"
#include "model/model_file.h"
#include "train/draws.h"
#include "train/epoch_order.h"
#include "train/mean.h"
#include "train/recipe.h"
#include "train/run.h"
#include "train/run_state.h"
#include "train/schedule.h"

/** Measurements of time, which a resumed run does not need. */
typedef struct an_pace {
    double started;       /* clock at the latest report */
    int64_t images;       /* since then */
    double loading, busy; /* seconds since then: waiting for the loader; computing */
    double rate, waiting; /* of the latest interval: images per second; share of the time that was
                             spent waiting for pictures */
    double mean_seconds, train_seconds, val_seconds; /* in this process */
    int64_t mean_images, train_images, val_images;
    double saved;  /* clock at the latest checkpoint, or attempt at one */
    double failed; /* clock at the end of the latest step, if it failed; else 0 */
} an_pace;

/** The part of a batch that is computed next; see the recipe's `accumulate`. */
typedef struct an_next_part {
    bool loaded, fed; /* fed: to the device, if `computed` */
    an_batch pictures;
    int number;       /* in its batch, from 0 */
    bool ends;        /* it is the last of its batch */
    bool computed;    /* there is something to compute */
    int64_t gathered; /* pictures of the batch so far, with this part */
    double weight;    /* sum of the weights of these */
    bool spoilt;      /* it failed, and the gradients of its batch in memory are of no use */
} an_next_part;

/** What the recipe's `norms` asks for. */
typedef struct an_norms {
    void *before;          /* weights before an update that is measured; NULL: norms are off */
    alexnet_norms *latest; /* per parameter; step 0: not measured yet */
    bool due, written;     /* the current update is measured; its line of the log is written */
    double divisor;        /* what its gradients in memory are divided by */
    int64_t images;        /* pictures of the epoch before it */
} an_norms;

/** The latest epoch that has ended, or is about to: what a step that fails to write leaves to the
 *  next one. */
typedef struct an_ended {
    bool validated; /* its best model and its line of the log are yet to be written */
    bool unsaved;   /* its checkpoint is */
    an_tally train;
    alexnet_progress progress;
} an_ended;

/** How the training of a trial differs from that of a run. */
typedef struct an_trial_rule {
    bool still;      /* without dropout */
    double first;    /* factor of all rates in the first update */
    double growth;   /* further factor of each later update */
    int64_t updates; /* of its only epoch, as the schedule counts them */
} an_trial_rule;

struct alexnet_trainer {
    const an_trial_rule *trial; /* NULL: it is a run */
    alexnet_ctx *ctx;
    alexnet_recipe *recipe;
    an_run run;
    alexnet_dataset *train, *val; /* val: NULL without validation */
    an_classes classes;
    an_net *net;
    an_program *program;
    an_runner *runner; /* validation */
    an_evaluation *evaluation;
    an_loader *loader;
    an_epoch_order epoch_order;
    an_moments mean;
    an_run_state record;
    an_pace pace;

    int batch, parts; /* pictures of a part; parts of a batch */
    int64_t steps_per_epoch, epochs;
    uint64_t seed;
    an_draws draws;
    uint32_t *order; /* of the epoch under way */
    an_next_part next;
    an_tally counted; /* of the batch under way */
    bool unreported;  /* the latest update: a step has tried to write its lines, and failed */
    an_ended ended;
    bool changed;    /* on resume, which no checkpoint has yet */
    bool recipe_due; /* recipe.ini may not be that of the run */
    bool best_lost;  /* the best model was not there on resume, or another: the next one is kept */
    bool loading;    /* a pass is in progress: an epoch, the mean's or a validation */
    uint8_t *reported; /* per picture of `train`: its error was logged */
    int64_t named;     /* of these, an_bad_picture_name() */
    int64_t bad;       /* alexnet_trainer_bad() */
    int64_t validated; /* pictures of `val`, from the first, whose bad ones have been listed */
    float *weights;    /* of classes; NULL: all are 1 */
    an_slot *slots;
    an_rates *rates;
    bool *frozen;  /* per layer of the network: the recipe's `freeze` names it */
    float *tensor; /* the copy that an_trainer_tensor() returned; NULL: none */
    an_norms norms;
    char diverged[512]; /* what was not finite and ended the run; "": it has not diverged */
};

/** @param trial  borrowed; NULL: a run, with a folder. A trial is driven by trial.c */
alexnet_status an_trainer_new(alexnet_trainer **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                              const alexnet_dataset *val, const alexnet_trainer_options *options,
                              const an_trial_rule *trial);
/** @param options  not NULL */
alexnet_status an_trainer_resume(alexnet_trainer **out, alexnet_ctx *ctx, const char *folder,
                                 const alexnet_resume_options *options);
alexnet_status an_trainer_step(alexnet_trainer *trainer, alexnet_progress *progress, bool *more);
alexnet_status an_trainer_save(alexnet_trainer *trainer);
void an_trainer_memory(const alexnet_trainer *trainer, alexnet_memory *memory);
void an_trainer_disk(const alexnet_trainer *trainer, alexnet_disk *disk);
/** A copy of a parameter's values, valid until the next call. */
alexnet_status an_trainer_tensor(alexnet_trainer *trainer, int index, alexnet_tensor_info *info);
void an_trainer_free(alexnet_trainer *trainer); /* NULL allowed */

/** The network of a new run: the one named, else that of the model it begins from. */
alexnet_status an_trainer_choose_network(alexnet_network **out, alexnet_ctx *ctx,
                                         const alexnet_trainer_options *options, int classes);

#endif
