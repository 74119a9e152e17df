/*
 * A net's errors on a data set, a batch at a time.
 */
#ifndef AN_INFER_EVALUATION_H
#define AN_INFER_EVALUATION_H

#include "data/loader.h"
#include "infer/metrics.h"
#include "infer/runner.h"

struct alexnet_evaluation {
    alexnet_ctx *ctx;
    an_runner *runner; /* borrowed */
    alexnet_dataset *dataset;
    an_loader *loader;
    an_tally tally;
    int64_t done;
    bool started;           /* pictures are being decoded, or were */
    bool reported;          /* bad pictures were, by an earlier pass */
    int64_t *confusion;     /* [label][predicted], or NULL */
    alexnet_status answers; /* ALEXNET_ERROR_BAD_MODEL: the latest probabilities are not numbers */
    int *labels;
};
typedef struct alexnet_evaluation an_evaluation;

/**
 * Decodes nothing before the first step: a trainer has one from its start and needs it at the end
 * of each epoch.
 * @param confusion  whether to fill in the confusion matrix
 */
alexnet_status an_evaluation_new(an_evaluation **out, alexnet_ctx *ctx, an_runner *runner,
                                 const alexnet_dataset *dataset, bool confusion);
/** Begin at the first picture, again if need be, with the runner's weights as they are now. The
 *  first step does it by itself. */
alexnet_status an_evaluation_start(an_evaluation *evaluation);
/** Compute a batch; bad pictures are counted, and reported in the log by the first pass. *more is
 * false after the last. */
alexnet_status an_evaluation_step(an_evaluation *evaluation, bool *more);
void an_evaluation_free(an_evaluation *evaluation); /* NULL allowed */

#endif
