#include "infer/evaluation.h"

#include <string.h>

#include "api/options.h"
#include "base/status.h"
#include "base/text.h"
#include "infer/session.h"

alexnet_status alexnet_evaluation_new(alexnet_evaluation **out, alexnet_session *session,
                                      const alexnet_dataset *dataset)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(session);
    AN_NEED(dataset);
    const an_classes *classes = &session->model->classes;
    if (dataset->classes != classes->count)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "the data set has %d %s and the model %d; open it with classes_of",
                       dataset->classes, an_text_plural(dataset->classes, "class", "classes"),
                       classes->count);
    for (int i = 0; i < classes->count; i++)
        if (strcmp(dataset->class_ids[i], classes->ids[i]) != 0)
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                           "class %d is %s in the data set and %s in the model; open the data set "
                           "with classes_of",
                           i, dataset->class_ids[i], classes->ids[i]);
    return an_evaluation_new(out, session->model->ctx, session->runner, dataset, true);
}

alexnet_status alexnet_evaluation_step(alexnet_evaluation *evaluation, int64_t *done, bool *more)
{
    AN_NEED(evaluation);
    AN_NEED(done);
    AN_NEED(more);
    AN_CHECK(an_ctx_check(evaluation->ctx));
    alexnet_status rc = an_evaluation_step(evaluation, more);
    *done = evaluation->done;
    return rc == ALEXNET_OK ? evaluation->answers : rc;
}

alexnet_status alexnet_evaluation_metrics(const alexnet_evaluation *evaluation,
                                          alexnet_metrics *metrics)
{
    AN_NEED(evaluation);
    AN_NEED(metrics);
    *metrics = an_tally_metrics(&evaluation->tally);
    return ALEXNET_OK;
}

int64_t alexnet_evaluation_confusion(const alexnet_evaluation *evaluation, int label, int predicted)
{
    if (!evaluation)
        return -1;
    int classes = evaluation->runner->classes;
    if (label < 0 || predicted < 0 || label >= classes || predicted >= classes)
        return -1;
    return evaluation->confusion[(size_t)label * (size_t)classes + (size_t)predicted];
}

void alexnet_evaluation_free(alexnet_evaluation *evaluation)
{
    an_evaluation_free(evaluation);
}
