/*
 * What the trainer's files offer each other (trainer.h says which there are).
 */
#ifndef AN_TRAIN_TRAINER_IMPL_H
#define AN_TRAIN_TRAINER_IMPL_H

#include "train/trainer.h"

/** Batches of so many pictures; the last may have fewer. */
static inline int64_t an_batches(int64_t pictures, int64_t batch)
{
    return (pictures + batch - 1) / batch;
}

/** The next batch of the current pass. If none is in progress, begin the one of the current
 * phase. */
alexnet_status an_trainer_load(alexnet_trainer *trainer, an_batch *batch, bool *more);
/** Log each bad picture of a batch, unless it was logged before. @return how many are bad */
int64_t an_trainer_report_bad(alexnet_trainer *trainer, const an_batch *batch);
/** Add sums over pictures to those of the interval, of the epoch and of the run. */
void an_trainer_count(alexnet_trainer *trainer, const an_tally *tally);
/** Updates that the run has made, as its log counts them. */
static inline int64_t an_trainer_updates(const alexnet_trainer *t)
{
    return t->record.step + t->record.shift;
}
/** Epochs whose updates have all been made. */
static inline int64_t an_trainer_epoch(const alexnet_trainer *t)
{
    return t->record.step / t->steps_per_epoch;
}
/** Whether validation has not improved for the recipe's stop_patience epochs. */
static inline bool an_trainer_stopped_early(const alexnet_trainer *t)
{
    int64_t patience = an_recipe_integer(t->recipe, AN_KEY_STOP_PATIENCE);
    return patience > 0 && t->record.best_epoch > 0 &&
           an_trainer_epoch(t) - t->record.best_epoch >= patience;
}
/** Do a piece of the mean image. After the last one, training begins. */
alexnet_status an_trainer_step_mean(alexnet_trainer *trainer, alexnet_progress *progress);
/** The sums of a pass for the mean image that is under way, for a checkpoint; borrowed. @return how
 *  many tensors: 0 or 2 */
int an_trainer_mean_tensors(const alexnet_trainer *trainer, an_model_tensor tensors[2]);
/** Begin the pass anew, without what was counted of it. */
void an_trainer_forget_mean(alexnet_trainer *trainer);
/** Read them again, if the record of a resumed run says that there are any. */
alexnet_status an_trainer_read_mean(alexnet_trainer *trainer, an_tensor_file *file);
/**
 * A disk or a network share may be lost: the system does not let a picture be read that was there
 * in an earlier pass or, in the first, not one of a batch. If a pass over `data` then has more bad
 * pictures than are allowed, a run that has begun stops, before it goes on without them.
 * @param bad  pictures of the pass that could not be read, with this batch
 * @return ALEXNET_ERROR_IO
 */
alexnet_status an_trainer_check_outage(alexnet_trainer *trainer, const alexnet_dataset *data,
                                       const an_loaded *pictures, int count, int64_t bad);
/** The same for a batch of training pictures. Nothing of it has been counted, and the next step
 *  loads it again. */
alexnet_status an_trainer_check_train_outage(alexnet_trainer *trainer, const an_batch *batch);
/** Updates of an epoch, as the schedule counts them. A trial is one long epoch: its rates are those
 * of the first. */
int64_t an_trainer_rate_epoch(const alexnet_trainer *trainer);
/**
 * Make an update with the next batch. If the device can be fed while it computes, it already gets
 * the part after that. After a failure, the same update can be made again.
 */
alexnet_status an_trainer_update(alexnet_trainer *trainer);
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

/** Whether the order of the training pictures depends on where they are in archives. */
bool an_trainer_reads_by_place(const alexnet_trainer *trainer);
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
/** Write the checkpoint of the epoch that has ended, and report it. After a failure the next step
 * calls this again. */
alexnet_status an_trainer_finish_epoch(alexnet_trainer *trainer, alexnet_progress *progress);
/**
 * Whether a pass over `data` could read enough: one picture at least, and no more bad ones than the
 * larger of 1% and the recipe's bad_pictures. Sets what alexnet_trainer_bad() returns.
 * @return ALEXNET_ERROR_BAD_DATA
 */
alexnet_status an_trainer_check_bad(alexnet_trainer *trainer, const alexnet_dataset *data,
                                    int64_t good, int64_t bad);
/** End the run with ALEXNET_ERROR_DIVERGED, after a batch whose loss is not finite: "the <loss>
 * update N (epoch E) is not finite", the first layer whose output is not finite, and a rate to
 * try. */
alexnet_status an_trainer_diverged(alexnet_trainer *trainer, const char *loss, int64_t update,
                                   int64_t epoch);
/** The same error again, if the run has diverged. */
alexnet_status an_trainer_check_diverged(const alexnet_trainer *trainer);
/** Such an error, whatever was found not to be finite: "training diverged: <what>", and a rate to
 * try. */
alexnet_status an_trainer_fail_diverged(const alexnet_trainer *trainer, const char *what);
/** The rate that usually works with the recipe's rule: that of recipe "default", or of PyTorch's
 * Adam; NAN if memory is short. */
double an_trainer_usual_rate(const alexnet_trainer *trainer);
/** A rate to try where the recipe's is too high: a tenth of it, or the usual one if that is lower
 * still. */
double an_trainer_lower_rate(const alexnet_trainer *trainer);
/** The host's memory for the recipe's `norms`: its size, and its allocation. */
size_t an_norms_bytes(const an_net *net, const alexnet_recipe *recipe);
alexnet_status an_norms_make(alexnet_trainer *trainer);
void an_norms_free(an_norms *norms);
/** Called before and after each update; an_norms_end() writes a line of the log if one is due.
 * Between them, an_norms_run() replaces an_program_run(). */
alexnet_status an_norms_begin(alexnet_trainer *trainer);
alexnet_status an_norms_run(alexnet_trainer *trainer, const an_next_part *part);
alexnet_status an_norms_end(alexnet_trainer *trainer, alexnet_progress *progress);
/** The loss of a network that sees nothing and answers with each class as often as class_weights
 * teaches it: ln C without weights, and at least that with them. */
double an_trainer_blind_loss(const alexnet_trainer *trainer);
/** The share of the training pictures that are in the largest class; 1 if memory is short. */
double an_trainer_largest_share(const alexnet_trainer *trainer);
/** Whether a loss is at or above that of chance. */
bool an_trainer_stuck_at(const alexnet_trainer *trainer, double loss);
/** A likely reason, and what to try, after an update: "Every layer is frozen. Try ..." */
void an_trainer_why_stuck(const alexnet_trainer *trainer, double loss, char *out, size_t size);
/** Log such a loss and its reason at the end of an epoch, if the run has had time to learn: once,
 * and again only after the loss has been clearly below that of chance. */
void an_trainer_warn_if_stuck(alexnet_trainer *trainer);
/** Find out whether the folder of the run was moved, and say so: the files have other names then.
 */
alexnet_status an_trainer_follow(alexnet_trainer *trainer);
/** Add a picture that cannot be read to skipped.txt. A failure is ignored, as by an_run_skipped().
 */
void an_trainer_list_bad(alexnet_trainer *trainer, const char *error);
/** Write the checkpoint at the end of an epoch, and the copy that the recipe's `keep` asks for. */
alexnet_status an_trainer_save_epoch(alexnet_trainer *trainer);
/** Write best.safetensors. */
alexnet_status an_trainer_save_best(alexnet_trainer *trainer);
/** Warn if nothing keeps another process from training in the folder. */
void an_trainer_warn_unlocked(const alexnet_trainer *trainer);
/** Save after a failure, and forward that with its text, unless saving fails too. */
alexnet_status an_trainer_save_after(alexnet_trainer *trainer, alexnet_status failure);
/** Save what was changed on resume, so that it outlasts this process: recipe.ini, with the recipe
 * as it holds and where the data is, and a checkpoint. Does nothing if they have it. */
alexnet_status an_trainer_keep_changes(alexnet_trainer *trainer);
/** Append a line to the log; `val` is NULL for a report inside an epoch. */
alexnet_status an_trainer_log(alexnet_trainer *trainer, const an_tally *tally,
                              const alexnet_metrics *val);

#endif
