/*
 * The errors of a net on a data set, or of several nets together, a batch at a time.
 */
#ifndef AN_INFER_EVALUATION_H
#define AN_INFER_EVALUATION_H

#include "data/loader/loader.h"
#include "infer/confusion.h"
#include "infer/metrics.h"
#include "infer/runner.h"
#include "infer/statistics.h"

/** One of the nets. */
typedef struct an_member {
    an_runner *runner; /* borrowed */
    an_loader *loader; /* NULL: an earlier member has the pictures in the same size */
    an_batch batch;    /* the latest; without a loader, that of the earlier member */
    double weight;     /* of its probabilities; those of all members sum to 1 */
    float *kept;       /* [pictures of the data set][classes], or NULL */
} an_member;

struct alexnet_evaluation {
    alexnet_ctx *ctx;
    alexnet_session *session; /* it has the classes; borrowed; NULL in a trainer */
    alexnet_dataset *dataset;
    an_member *members;
    int count, batch, classes; /* members; pictures per step; classes */
    an_tally tally;
    double loss_squares;
    an_calibration calibration;
    int64_t done;
    bool started;           /* pictures are being decoded, or were */
    int64_t reported;       /* pictures, from the first, whose bad ones have been logged */
    int64_t named;          /* of these, an_bad_picture_name() */
    char *const *list;      /* where the path of the list of bad pictures is kept, which a moved
                               folder changes; NULL, or NULL there: there is no list */
    bool recalling;         /* the kept probabilities are used, and none computed */
    an_confusion confusion; /* empty: only sums are wanted */
    alexnet_status answers; /* ALEXNET_ERROR_BAD_MODEL: the latest probabilities are not numbers */
    int *labels;
    alexnet_status *statuses; /* of reading each picture, where probabilities are kept */
    /* The latest batch. */
    an_loaded *pictures; /* [batch] */
    int latest;          /* how many there are */
    double *sums;        /* [batch][classes], weighted; NULL for one member that keeps nothing */
    float *mixed;        /* the same as float32 */
    an_score *mixed_scores;
    const float *probabilities; /* `mixed`, or those of the only member */
    const an_score *scores;
};
typedef struct alexnet_evaluation an_evaluation;

/**
 * Decodes nothing before the first step: a trainer makes its evaluation when it starts, and does
 * not need it before the end of the first epoch.
 * @param runners  [count], of equal batch size and classes; equal weights at first
 * @param detail   whether confusion, calibration and probabilities are wanted besides the errors
 */
alexnet_status an_evaluation_new(an_evaluation **out, alexnet_ctx *ctx, an_runner *const *runners,
                                 int count, const alexnet_dataset *dataset, bool detail);
/** Keep the probabilities of every member for every picture, for an_evaluation_weigh() and the
 *  search of weights. Before the first step; needs detail. */
alexnet_status an_evaluation_keep(an_evaluation *evaluation);
/** Begin again with other weights, [count], >= 0 and not all 0. Probabilities that were kept over a
 *  whole pass are not computed again. */
alexnet_status an_evaluation_weigh(an_evaluation *evaluation, const double *weights);
/** Whether the probabilities of all pictures have been kept. */
bool an_evaluation_kept(const an_evaluation *evaluation);
/** Begin at the first picture, or begin again, with the current weights of the runners. The first
 *  step does so by itself. */
alexnet_status an_evaluation_start(an_evaluation *evaluation);
/** Compute a batch; bad pictures are counted, and reported in the log once. *more is
 * false after the last. After a failure the next step begins at the first picture. */
alexnet_status an_evaluation_step(an_evaluation *evaluation, bool *more);
void an_evaluation_free(an_evaluation *evaluation); /* NULL allowed */

#endif
