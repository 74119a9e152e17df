#include "infer/evaluation.h"

#include <math.h>
#include <string.h>

#include "api/options.h"
#include "base/status.h"
#include "base/team.h"
#include "base/text.h"
#include "infer/session.h"

/* More than anyone would average. */
enum { MODELS_MAX = 256 };

static alexnet_status check_dataset(const alexnet_dataset *dataset, const an_classes *classes)
{
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
    return an_dataset_check_labels(dataset);
}

/* Check that model i of an ensemble fits the first. */
static alexnet_status check_member(const alexnet_session *first, const alexnet_session *session,
                                   int i)
{
    const an_classes *expected = &first->model->classes, *found = &session->model->classes;
    if (session->model->ctx != first->model->ctx)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "model %d has another context than the first", i + 1);
    if (session->runner->batch != first->runner->batch)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "the session of model %d has batch = %d: expected %d, as the first", i + 1,
                       session->runner->batch, first->runner->batch);
    if (found->count != expected->count)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "model %d has %d %s: expected %d, as the first", i + 1, found->count,
                       an_text_plural(found->count, "class", "classes"), expected->count);
    for (int c = 0; c < expected->count; c++)
        if (strcmp(found->ids[c], expected->ids[c]) != 0)
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                           "class %d of model %d is %s: expected %s, as in the first", c, i + 1,
                           found->ids[c], expected->ids[c]);
    return ALEXNET_OK;
}

static alexnet_status make(an_evaluation **e, alexnet_session *const *sessions, int count,
                           const alexnet_dataset *dataset, const alexnet_ensemble_options *o)
{
    an_runner *runners[MODELS_MAX];
    for (int i = 0; i < count; i++)
        runners[i] = sessions[i]->runner;
    AN_CHECK(an_evaluation_new(e, sessions[0]->model->ctx, runners, count, dataset, true));
    (*e)->session = sessions[0];
    (*e)->reported = o->unnamed ? dataset->count : 0;
    if (o->weights)
        AN_CHECK(an_evaluation_weigh(*e, o->weights));
    return o->keep ? an_evaluation_keep(*e) : ALEXNET_OK;
}

alexnet_status alexnet_evaluation_new_ensemble(alexnet_evaluation **out,
                                               alexnet_session *const *sessions, int count,
                                               const alexnet_dataset *dataset,
                                               const alexnet_ensemble_options *options)
{
    AN_NEED(out);
    alexnet_ensemble_options o = ALEXNET_ENSEMBLE_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(sessions);
    AN_NEED(dataset);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    if (count < 1 || count > MODELS_MAX)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%d models: expected 1 to %d", count,
                       MODELS_MAX);
    for (int i = 0; i < count; i++) {
        if (!sessions[i])
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "sessions[%d] is NULL", i);
        AN_CHECK(check_member(sessions[0], sessions[i], i));
    }
    AN_CHECK(check_dataset(dataset, &sessions[0]->model->classes));
    alexnet_status rc = make(out, sessions, count, dataset, &o);
    if (rc != ALEXNET_OK) {
        an_evaluation_free(*out);
        *out = NULL;
    }
    return rc;
}

alexnet_status alexnet_evaluation_new(alexnet_evaluation **out, alexnet_session *session,
                                      const alexnet_dataset *dataset)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(session);
    AN_NEED(dataset);
    return alexnet_evaluation_new_ensemble(out, &session, 1, dataset, NULL);
}

alexnet_status alexnet_evaluation_set_weights(alexnet_evaluation *evaluation, const double *weights)
{
    AN_NEED(evaluation);
    AN_NEED(weights);
    return an_evaluation_weigh(evaluation, weights);
}

alexnet_status alexnet_evaluation_step(alexnet_evaluation *evaluation, int64_t *done, bool *more)
{
    AN_NEED(evaluation);
    AN_NEED(done);
    AN_NEED(more);
    AN_CHECK(an_compute_check(evaluation->ctx));
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
    int classes = evaluation->classes;
    if (label < 0 || predicted < 0 || label >= classes || predicted >= classes)
        return -1;
    return an_confusion_count(&evaluation->confusion, label, predicted);
}

int64_t alexnet_evaluation_answer(const alexnet_evaluation *evaluation, int label, int index,
                                  int *predicted)
{
    if (predicted)
        *predicted = -1;
    if (!evaluation || label < 0 || label >= evaluation->classes || index < 0)
        return -1;
    const an_answers *of = &evaluation->confusion.of[label];
    if (index >= of->count)
        return 0;
    if (predicted)
        *predicted = of->at[index].class;
    return of->at[index].count;
}

alexnet_status alexnet_evaluation_picture(const alexnet_evaluation *evaluation, int i, int top,
                                          alexnet_evaluated *picture, alexnet_prediction *best)
{
    AN_NEED(evaluation);
    AN_NEED(picture);
    AN_CHECK(an_check_number("top", top, 0, INT64_MAX));
    if (top > 0)
        AN_NEED(best);
    if (i < 0 || i >= evaluation->latest)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "picture %d of a batch of %d", i,
                       evaluation->latest);
    const an_loaded *loaded = &evaluation->pictures[i];
    const an_score *score = &evaluation->scores[i];
    *picture = (alexnet_evaluated){.path = evaluation->dataset->samples[loaded->sample].name,
                                   .label = loaded->label,
                                   .status = loaded->status};
    if (loaded->status != ALEXNET_OK)
        return ALEXNET_OK;
    picture->loss = score->loss;
    picture->top1_error = an_score_error(score, 1);
    picture->top5_error = an_score_error(score, 5);
    const float *p = evaluation->probabilities + (size_t)i * (size_t)evaluation->classes;
    if (top > 0)
        an_session_rank(evaluation->session, p, top, best);
    return ALEXNET_OK;
}

static double share(int64_t part, int64_t whole)
{
    return whole ? (double)part / (double)whole : NAN;
}

alexnet_status alexnet_evaluation_class(const alexnet_evaluation *evaluation, int label,
                                        alexnet_class_metrics *metrics)
{
    AN_NEED(evaluation);
    AN_NEED(metrics);
    if (label < 0 || label >= evaluation->classes)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "class %d: expected 0 to %d", label,
                       evaluation->classes - 1);
    const an_confusion *confusion = &evaluation->confusion;
    alexnet_class_metrics m = {.mistaken_for = -1, .answers = confusion->answer[label]};
    for (int i = 0; i < confusion->of[label].count; i++) {
        const an_answer *taken = &confusion->of[label].at[i];
        m.images += taken->count;
        if (taken->class != label && taken->count > m.mistakes) {
            m.mistakes = taken->count;
            m.mistaken_for = taken->class;
        }
    }
    m.correct = an_confusion_count(confusion, label, label);
    m.precision = share(m.correct, m.answers);
    m.recall = share(m.correct, m.images);
    m.f1 = share(2 * m.correct, m.images + m.answers);
    *metrics = m;
    return ALEXNET_OK;
}

alexnet_status alexnet_evaluation_intervals(const alexnet_evaluation *evaluation,
                                            alexnet_intervals *intervals)
{
    AN_NEED(evaluation);
    AN_NEED(intervals);
    const an_tally *tally = &evaluation->tally;
    alexnet_metrics m = an_tally_metrics(tally);
    const alexnet_interval none = {0, 0}; /* of five classes the right one is among the best five */
    *intervals = (alexnet_intervals){
        an_share_interval(m.top1_error, m.images),
        evaluation->classes > 5 ? an_share_interval(m.top5_error, m.images) : none,
        an_loss_interval(tally->loss, evaluation->loss_squares, m.images)};
    return ALEXNET_OK;
}

alexnet_status alexnet_evaluation_calibration(const alexnet_evaluation *evaluation, double *error,
                                              alexnet_calibration_bin *bins)
{
    AN_NEED(evaluation);
    AN_NEED(error);
    *error = an_calibration_error(&evaluation->calibration);
    for (int i = 0; bins && i < ALEXNET_CALIBRATION_BINS; i++)
        bins[i] = an_calibration_bin(&evaluation->calibration, i);
    return ALEXNET_OK;
}

void alexnet_evaluation_free(alexnet_evaluation *evaluation)
{
    an_evaluation_free(evaluation);
}
