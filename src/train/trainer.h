/*
 * The trainer does one piece of work per step, so that its caller owns the loop.
 *
 *     trainer_new.c      a new run
 *     trainer_resume.c   a run resumed from its checkpoint
 *     trainer_data.c     the record of a run's data, and its check when the run is resumed
 *     trainer_make.c     making and freeing the parts of both
 *     trainer_weights.c  the weights of classes
 *     trainer.c          the steps: mean, minibatch
 *     trainer_update.c   one update: a batch fetched, fed, computed, counted
 *     trainer_epoch.c    the end of an epoch: validation, the best model, warnings
 *     trainer_save.c     checkpoints, the best model, the log
 *     trial.c            training that keeps nothing: it drives a trainer without a folder
 *     look.c             the outputs of all layers for some pictures of the latest batch
 *     trainer_stuck.c    why nothing is learnt
 *     trainer_norms.c    norms of weights, gradients and changes of weights
 *     trainer_diverged.c the end of a run whose loss is not finite, and the reason
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
    double train_seconds, val_seconds; /* in this process */
    int64_t train_images, val_images;
    double saved; /* clock at the latest checkpoint, or attempt at one */
} an_pace;

/** The part of a batch that is computed next; see the recipe's `accumulate`. */
typedef struct an_next_part {
    bool fed; /* it is loaded, and fed to the device if `computed` */
    an_batch pictures;
    int number;       /* in its batch, from 0 */
    bool ends;        /* it is the last of its batch */
    bool computed;    /* there is something to compute */
    int64_t gathered; /* pictures of the batch so far, with this part */
    double weight;    /* sum of the weights of these */
} an_next_part;

/** What the recipe's `norms` asks for. */
typedef struct an_norms {
    void *before;          /* weights before an update that is measured; NULL: norms are off */
    alexnet_norms *latest; /* per parameter; step 0: not measured yet */
    bool due;              /* the current update is measured */
    double divisor;        /* what its gradients in memory are divided by */
    int64_t images;        /* pictures of the epoch before it */
} an_norms;

/** How the training of a trial differs from that of a run. */
typedef struct an_trial_rule {
    bool still;    /* without dropout */
    double first;  /* factor of all rates in the first update */
    double growth; /* further factor of each later update */
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
    bool loading;      /* a pass is in progress: an epoch, the mean's or a validation */
    uint8_t *reported; /* per picture of `train`: its error was logged */
    bool validated;    /* an earlier pass listed the bad pictures of `val` */
    float *weights;    /* of classes; NULL: all are 1 */
    an_slot *slots;
    an_rates *rates;
    bool *frozen;  /* per layer of the network: the recipe's `freeze` names it */
    float *tensor; /* the copy that an_trainer_tensor() returned; NULL: none */
    an_norms norms;
    char diverged[512]; /* the error that ended the run; "": it has not diverged */
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
/** A copy of a parameter's values, valid until the next call. */
alexnet_status an_trainer_tensor(alexnet_trainer *trainer, int index, alexnet_tensor_info *info);
void an_trainer_free(alexnet_trainer *trainer); /* NULL allowed */

/** The network of a new run: the one named, else that of the model it begins from. */
alexnet_status an_trainer_choose_network(alexnet_network **out, alexnet_ctx *ctx,
                                         const alexnet_trainer_options *options, int classes);

/** The validation set of a run folder, with the classes of a model. */
alexnet_status an_run_validation(alexnet_dataset **out, alexnet_ctx *ctx, const char *folder,
                                 const an_class_list *classes);

/* ---- Between the trainer's files ---- */

/** The next batch of the current pass. If none is in progress, begin the one of the current
 * phase. */
alexnet_status an_trainer_load(alexnet_trainer *trainer, an_batch *batch, bool *more);
/** Log each bad picture of a batch once, and count it every time. */
void an_trainer_note_bad(alexnet_trainer *trainer, const an_batch *batch);
int64_t an_trainer_epoch(const alexnet_trainer *trainer);
/** Do a piece of the mean image. After the last one, training begins. */
alexnet_status an_trainer_step_mean(alexnet_trainer *trainer, alexnet_progress *progress);
/** Updates of an epoch, as the schedule counts them. A trial is one long epoch: its rates are those
 * of the first. */
int64_t an_trainer_rate_epoch(const alexnet_trainer *trainer);
/** Set the rates of update `step`. */
void an_trainer_set_rates(alexnet_trainer *trainer, int64_t step);
/**
 * Make an update with the next batch. If the device can be fed while it computes, it already gets
 * the part after that.
 * @param shown  out: pictures of the epoch that have been shown
 */
alexnet_status an_trainer_update(alexnet_trainer *trainer, int64_t *shown);
/** The options of its programs, for training and for validation. */
an_program_options an_trainer_purpose(const alexnet_trainer *trainer, int batch);
an_program_options an_trainer_validation(const alexnet_trainer *trainer, int batch);
/** The arena of the weights that are validated and kept as the best model: the average, if there is
 * one. */
an_arena an_trainer_result(const alexnet_trainer *trainer);

alexnet_status an_trainer_alloc(alexnet_trainer **out, alexnet_ctx *ctx);
/** If `rc` is an error, free the trainer, which could not be made. Returns `rc`. */
alexnet_status an_trainer_finish(alexnet_trainer **out, alexnet_status rc);
/**
 * Batch, parts, epochs, seed and steps, once recipe and training set are known.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT if the batch cannot be divided into so many equal parts
 */
alexnet_status an_trainer_read_recipe(alexnet_trainer *trainer);
/** Program, loader and buffers, once recipe, data, classes, net and split are known. */
alexnet_status an_trainer_make(alexnet_trainer *trainer);

/** The weights of classes that are not 1, as comments for recipe.ini, "" if all are; owned. NULL if
 *  memory is short. */
char *an_trainer_weights_text(const alexnet_trainer *trainer);
/** Read the file that class_weights names into the record of a new run, once its classes are
 * known. */
alexnet_status an_trainer_read_weights(alexnet_trainer *trainer);
/** Set the weights of classes, by recipe, data and record. */
alexnet_status an_trainer_weigh_classes(alexnet_trainer *trainer);

/** Remember where a data set is and what identifies it. */
alexnet_status an_trainer_record_data(an_data_identity *record, const alexnet_dataset *data);
/**
 * Open the data of a run that is resumed, once its record, recipe and classes are known.
 * @param changed  out: the data has moved or is not the same, and the record was updated
 * @return ALEXNET_ERROR_BAD_DATA if it is not the same and the options do not accept that
 */
alexnet_status an_trainer_reopen_data(alexnet_trainer *trainer,
                                      const alexnet_resume_options *options, bool *changed);

/** Record what computes this run: device, ISA, library, precision. */
void an_trainer_origin(const alexnet_trainer *trainer, an_run_state *record);
/** The variants of its operators, once its programs exist; owned. NULL if memory is short. */
char *an_trainer_tuning(const alexnet_trainer *trainer);
/** The learning rate of weights in the latest update; 0 before the first. */
double an_trainer_rate(const alexnet_trainer *trainer);
/** Compute the next batch of a validation. After the last, or without a validation set, end the
 * epoch. */
alexnet_status an_trainer_step_val(alexnet_trainer *trainer, alexnet_progress *progress);
/**
 * Whether a pass over `data` could read enough: one picture at least, and no more bad ones than the
 * larger of 1% and the recipe's bad_pictures.
 * @return ALEXNET_ERROR_BAD_DATA
 */
alexnet_status an_trainer_check_bad(const alexnet_trainer *trainer, const alexnet_dataset *data,
                                    int64_t good, int64_t bad);
/** End the run with ALEXNET_ERROR_DIVERGED, after a batch whose loss is not finite: "the <loss>
 * update N (epoch E) is not finite", the first layer whose output is not finite, and a rate to
 * try. */
alexnet_status an_trainer_diverged(alexnet_trainer *trainer, const char *loss, int64_t update,
                                   int64_t epoch);
/** The same error again, if the run has diverged. */
alexnet_status an_trainer_check_diverged(const alexnet_trainer *trainer);
/** The host's memory for the recipe's `norms`: its size, and its allocation. */
size_t an_norms_bytes(const an_net *net, const alexnet_recipe *recipe);
alexnet_status an_norms_make(alexnet_trainer *trainer);
void an_norms_free(an_norms *norms);
/** Whether a parameter learns, and so has norms. */
bool an_norms_wanted(const alexnet_trainer *trainer, int param);
/** Called before and after each update; an_norms_end() writes a line of the log if one is due.
 * Between them, an_norms_run() replaces an_program_run(). */
alexnet_status an_norms_begin(alexnet_trainer *trainer);
alexnet_status an_norms_run(alexnet_trainer *trainer, const an_next_part *part);
alexnet_status an_norms_end(alexnet_trainer *trainer, alexnet_progress *progress);
/** Whether a loss is at or above that of chance. */
bool an_trainer_stuck_at(const alexnet_trainer *trainer, double loss);
/** A likely reason, and what to try, after an update: "Every layer is frozen. Try ..." */
void an_trainer_why_stuck(const alexnet_trainer *trainer, double loss, char *out, size_t size);
/** Log such a loss and its reason at the end of an epoch, if the run has had time to learn: once,
 * and again only after the loss has been clearly below that of chance. */
void an_trainer_warn_if_stuck(alexnet_trainer *trainer);
/** Write the checkpoint at the end of an epoch, and the copy that the recipe's `keep` asks for. */
alexnet_status an_trainer_save_epoch(alexnet_trainer *trainer);
/** Whether validation has not improved for the recipe's stop_patience epochs. */
bool an_trainer_stopped_early(const alexnet_trainer *trainer);
/** Write best.safetensors. */
alexnet_status an_trainer_save_best(alexnet_trainer *trainer);
/** Write recipe.ini: the recipe as it holds, and where the data is. */
alexnet_status an_trainer_save_recipe(const alexnet_trainer *trainer);
/** Append a line to the log; `val` is NULL for a report inside an epoch. */
alexnet_status an_trainer_log(alexnet_trainer *trainer, const an_tally *tally,
                              const alexnet_metrics *val);

#endif
