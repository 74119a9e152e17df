/*
 * The progress record of a checkpoint: everything about a run that its weights, momentum and
 * recipe do not say. Kept as JSON in the checkpoint's metadata.
 */
#ifndef AN_TRAIN_RUN_STATE_H
#define AN_TRAIN_RUN_STATE_H

#include "infer/metrics.h"
#include "train/data_identity.h"

/** Its key in the metadata. */
#define AN_METADATA_RUN "alexnet.run"

/** No run counts further; sums and products with the sizes of a run fit. */
#define AN_RUN_COUNT_MAX ((int64_t)1 << 56)

/** Most groups in the sum of a weight gradient. */
enum { AN_SPLIT_MAX = 4096 };

/** What a run does next. */
typedef enum an_phase {
    AN_PHASE_MEAN,  /* the mean of the training pictures, after `mean_done` of them */
    AN_PHASE_TRAIN, /* updates */
    AN_PHASE_VAL,   /* validation of the epoch that `step` completes, from the start */
    AN_PHASE_DONE,
} an_phase;

/** Drops of the rates by schedule = plateau. */
typedef struct an_drops {
    int64_t count, after; /* how many; the epoch after which the latest was made */
} an_drops;

typedef struct an_run_state {
    an_phase phase;
    int64_t step;             /* where the run is, in updates of epochs as long as they are now */
    int64_t shift;            /* updates made, less `step`: 0 unless pictures came or went */
    an_tally interval, epoch; /* since the last report; of the epoch so far */
    alexnet_metrics best;     /* validation of the best model; without validation all zero */
    int64_t best_epoch;       /* 0: none yet */
    uint64_t best_id;         /* an_run_best_id() of its file; 0: an earlier version saved it */
    an_drops drops;
    bool told_stuck;   /* that nothing is learnt; cleared when the loss is well below chance */
    bool has_mean;     /* no mean is to be computed: init_from brought it, or none is needed */
    int64_t mean_done; /* phase MEAN: pictures whose sums the checkpoint holds, bad ones counted */
    bool has_axes;     /* colour_axes = data: they are known */
    double axes[3][3]; /* an_draws_set_axes() */
    int64_t skipped;   /* pictures, in all */
    int64_t log_lines, log_bytes; /* of the log at the checkpoint; older records have only bytes */
    int split;
    float *class_weights; /* [n_class_weights] of class_weights = FILE; owned. NULL: none */
    int n_class_weights;
    an_data_identity train, val;
    char device[32], isa[64], library[64], precision[16]; /* what computed the run */
    bool deterministic;                                   /* with the same bits every time */
    char *tuning; /* and the variants of its operators (backend/tuning.h); owned. NULL: not known */
} an_run_state;

/** As JSON text; owned. NULL if memory is short. */
char *an_run_state_to_text(const an_run_state *record);
/** @param source  for error texts */
alexnet_status an_run_state_from_text(an_run_state *record, const char *json, const char *source);
void an_run_state_free(an_run_state *record);

#endif
