/*
 * The progress record of a checkpoint: everything about a run that its weights, momentum and
 * recipe do not say. Kept as JSON in the checkpoint's metadata, key "alexnet.run".
 */
#ifndef AN_TRAIN_PROGRESS_H
#define AN_TRAIN_PROGRESS_H

#include "data/dataset.h"
#include "infer/metrics.h"

/** Most groups that a weight-gradient sum is made of. */
enum { AN_SPLIT_MAX = 4096 };

/** What a run does next. */
typedef enum an_phase {
    AN_PHASE_MEAN,  /* the mean of the training pictures, from the start */
    AN_PHASE_TRAIN, /* updates */
    AN_PHASE_VAL,   /* validation of the epoch that `step` completes, from the start */
    AN_PHASE_DONE,
} an_phase;

/** A data set as a run remembers it. */
typedef struct an_data_record {
    char *root; /* owned; NULL: there is none */
    an_part part;
    int64_t count;
    uint64_t fingerprint;
} an_data_record;

typedef struct an_record {
    an_phase phase;
    int64_t step;             /* updates made */
    an_tally interval, epoch; /* since the last report; of the epoch so far */
    alexnet_metrics best;     /* validation of the best model; without validation all zero */
    int64_t best_epoch;       /* 0: none yet */
    int64_t skipped;          /* pictures, in all */
    int64_t log_length;
    int split;
    an_data_record train, val;
    char device[32], isa[64], library[64], precision[16]; /* where the bits come from */
    char *tuning; /* and the variants of its operators (backend/tuning.h); owned. NULL: not known */
} an_record;

/** As JSON text; owned. NULL if memory is short. */
char *an_record_to_text(const an_record *record);
/** @param source  for error texts */
alexnet_status an_record_from_text(an_record *record, const char *json, const char *source);
void an_record_free(an_record *record);

#endif
