/*
 * The trainer: a machine that does one piece of work per step, so that its caller owns the loop.
 *
 *     trainer_new.c      a new run
 *     trainer_resume.c   a run resumed from its checkpoint
 *     trainer_data.c     the record of a run's data, and its check when the run is resumed
 *     trainer_make.c     making and freeing the parts of either
 *     trainer.c          the steps: mean, minibatch
 *     trainer_update.c   one update: a batch fetched, fed, computed, counted
 *     trainer_epoch.c    the end of an epoch: validation, the best model, warnings
 *     trainer_save.c     checkpoints, the best model, the log
 *     trial.c            training of which nothing is kept, which drives a trainer without a folder
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
    double loading, busy; /* since then: waited for the loader; the device computed */
    double rate, waiting; /* of the latest interval: images per second; share of the time in which
                             nothing was computed for want of pictures */
    double train_seconds, val_seconds; /* in this process */
    int64_t train_images, val_images;
    double saved; /* clock at the latest checkpoint, or try at one */
} an_pace;

/** The part of a batch that is computed next; see the recipe's `accumulate`. */
typedef struct an_next_part {
    bool fed; /* it is fetched, and on the device if it is computed */
    an_batch pictures;
    int number;       /* in its batch, from 0 */
    bool ends;        /* the batch ends with it */
    bool computed;    /* there is something to compute */
    int64_t gathered; /* pictures with which the gradients are made so far, this part's included */
    double weight;    /* of these, together */
} an_next_part;

/** What the recipe's `norms` asks for. */
typedef struct an_norms {
    void *before;          /* weights before an update that is measured; NULL: none is */
    alexnet_norms *latest; /* per parameter; step 0: not measured yet */
    bool due;              /* of the update under way */
    double divisor;        /* of its gradients as they lie */
    int64_t images;        /* of the epoch, before it */
} an_norms;

/** How training differs that is tried out, of which nothing is kept. */
typedef struct an_trial_rule {
    bool still;    /* without dropout */
    double first;  /* of rates that rise: what those of the first update are multiplied by */
    double growth; /* and what each later update multiplies them by; 0: the recipe's rates */
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
    bool loading;      /* the loader delivers the epoch under way, or the mean's pass */
    uint8_t *reported; /* per picture of `train`: its fault was logged */
    bool validated;    /* the bad pictures of `val` were named, by an earlier pass */
    float *weights;    /* of classes; NULL: all are 1 */
    an_slot *slots;
    an_rates *rates;
    bool *frozen;  /* per layer of the network: the recipe's `freeze` names it */
    float *tensor; /* the copy that an_trainer_tensor() gave; NULL: none */
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
/** A copy of a parameter's values, valid until the next. */
alexnet_status an_trainer_tensor(alexnet_trainer *trainer, int index, alexnet_tensor_info *info);
void an_trainer_free(alexnet_trainer *trainer); /* NULL allowed */

/** The network that a new run is to have: by name, or else that of the model it begins from. */
alexnet_status an_trainer_choose_network(alexnet_network **out, alexnet_ctx *ctx,
                                         const alexnet_trainer_options *options, int classes);

/** The validation set of a run folder, with the classes of a model. */
alexnet_status an_run_validation(alexnet_dataset **out, alexnet_ctx *ctx, const char *folder,
                                 const an_class_list *classes);

/* ---- Between the trainer's files ---- */

/** Whether the loader delivers; else let it begin the pass that the state names. */
alexnet_status an_trainer_load(alexnet_trainer *trainer, an_batch *batch, bool *more);
/** Name bad pictures of a batch once, count them every time. */
void an_trainer_note_bad(alexnet_trainer *trainer, const an_batch *batch);
int64_t an_trainer_epoch(const alexnet_trainer *trainer);
/** A piece of the mean image; the last one begins training. */
alexnet_status an_trainer_step_mean(alexnet_trainer *trainer, alexnet_progress *progress);
/** Take the rates of an update. */
void an_trainer_set_rates(alexnet_trainer *trainer, int64_t step);
/**
 * An update with the next batch; then the part after it is fetched, if the device can take it while
 * it computes.
 * @param shown  out: pictures of the epoch that have been shown
 */
alexnet_status an_trainer_update(alexnet_trainer *trainer, int64_t *shown);
/** The purposes of its programs. */
an_program_options an_trainer_purpose(const alexnet_trainer *trainer, int batch);
an_program_options an_trainer_validation(const alexnet_trainer *trainer, int batch);
/** The arena whose weights are what a run makes: those that are validated and kept as the best. */
an_arena an_trainer_result(const alexnet_trainer *trainer);

alexnet_status an_trainer_alloc(alexnet_trainer **out, alexnet_ctx *ctx);
/** Free a trainer that could not be made; returns `rc`. */
alexnet_status an_trainer_finish(alexnet_trainer **out, alexnet_status rc);
/**
 * Batch, parts, epochs, seed and steps, once recipe and training set are there.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT if the batch has no such number of equal parts
 */
alexnet_status an_trainer_read_recipe(alexnet_trainer *trainer);
/** Program, loader and buffers, once recipe, data, classes, net and split are there. */
alexnet_status an_trainer_make(alexnet_trainer *trainer);

/** Remember where a data set is and what identifies it. */
alexnet_status an_trainer_record_data(an_data_identity *record, const alexnet_dataset *data);
/**
 * Open the data of a run that goes on, once its record, recipe and classes are there.
 * @param changed  out: it is elsewhere, or is another, and the record was brought up to it
 * @return ALEXNET_ERROR_BAD_DATA if it is not as it was and that is not accepted
 */
alexnet_status an_trainer_reopen_data(alexnet_trainer *trainer,
                                      const alexnet_resume_options *options, bool *changed);

/** Where the bits of this run come from: device, ISA, library, precision. */
void an_trainer_origin(const alexnet_trainer *trainer, an_run_state *record);
/** And the variants of its operators, once its programs are there; owned. NULL if memory is
 * short. */
char *an_trainer_tuning(const alexnet_trainer *trainer);
/** The learning rate of weights in the latest update; 0 before the first. */
double an_trainer_rate(const alexnet_trainer *trainer);
/** The next batch of a validation; with the last, or without a validation set, the epoch's end. */
alexnet_status an_trainer_step_val(alexnet_trainer *trainer, alexnet_progress *progress);
/**
 * Whether a pass over `data` could read enough: one picture at least, and no more bad ones than the
 * larger of 1% and the recipe's bad_pictures.
 * @return ALEXNET_ERROR_BAD_DATA
 */
alexnet_status an_trainer_check_bad(const alexnet_trainer *trainer, const alexnet_dataset *data,
                                    int64_t good, int64_t bad);
/** ALEXNET_ERROR_DIVERGED: "the <loss> update N (epoch E) is not finite", after the batch that was
 * just computed; the first layer whose output is not finite, and a rate to try. The run is over. */
alexnet_status an_trainer_diverged(alexnet_trainer *trainer, const char *loss, int64_t update,
                                   int64_t epoch);
/** The same error again, if it was made. */
alexnet_status an_trainer_check_diverged(const alexnet_trainer *trainer);
/** Room for the recipe's `norms`, in the host's memory: how much, and making it. */
size_t an_norms_bytes(const an_net *net, const alexnet_recipe *recipe);
alexnet_status an_norms_make(alexnet_trainer *trainer);
void an_norms_free(an_norms *norms);
/** Whether a parameter learns, and so has norms. */
bool an_norms_wanted(const alexnet_trainer *trainer, int param);
/** Before and after each update; a line of the log where one is due. Between them an_norms_run()
 * takes the place of an_program_run(). */
alexnet_status an_norms_begin(alexnet_trainer *trainer);
alexnet_status an_norms_run(alexnet_trainer *trainer, const an_next_part *part);
alexnet_status an_norms_end(alexnet_trainer *trainer, alexnet_progress *progress);
/** Whether a loss is that of chance, or above it. */
bool an_trainer_stuck_at(const alexnet_trainer *trainer, double loss);
/** What may be the reason, and what to try, after an update: "Every layer is frozen. Try ..." */
void an_trainer_why_stuck(const alexnet_trainer *trainer, double loss, char *out, size_t size);
/** Say both of the epoch that ended, if the run had time to learn. */
void an_trainer_warn_if_stuck(const alexnet_trainer *trainer);
/** The checkpoint at the end of an epoch, and as the recipe's `keep` wants it a copy that stays. */
alexnet_status an_trainer_save_epoch(alexnet_trainer *trainer);
/** Whether validation has not improved for as long as the recipe's stop_patience. */
bool an_trainer_stopped_early(const alexnet_trainer *trainer);
/** Write best.safetensors. */
alexnet_status an_trainer_save_best(alexnet_trainer *trainer);
/** Write recipe.ini: the recipe as it holds, and where the data is. */
alexnet_status an_trainer_save_recipe(const alexnet_trainer *trainer);
/** Append a line to the log; `val` is NULL for a report inside an epoch. */
alexnet_status an_trainer_log(alexnet_trainer *trainer, const an_tally *tally,
                              const alexnet_metrics *val);

#endif
