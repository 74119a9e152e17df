/*
 * Whether a candidate of a trial computes what it must. Some elements of the results are computed
 * here, once for all candidates; the products of the operands' numbers are exact. As the sums for
 * gradients of weights are long, these may be few. So more elements are compared with those of the
 * first candidate that had the right ones: each of the two may be rounded within the bounds of
 * backend/element.h.
 */
#include <math.h>

#include "backend/cuda/trial.h"
#include "base/alloc.h"
#include "tensor/tensor.h"

/* Samples are read in pieces spread over the whole output. Among them are those that are computed
 * here: MOST, or fewer if these would have more than TERMS terms in total. */
enum { PIECES = 64, PIECE = 64, SAMPLES = PIECES * PIECE, MOST = 512, LEAST = 8, TERMS = 1 << 22 };

static int64_t results_of(const an_cuda_outcome *out)
{
    return an_element_count(&out->sums, out->direction);
}

static int64_t samples_of(const an_cuda_outcome *out)
{
    const int64_t results = results_of(out);
    return results < SAMPLES ? results : SAMPLES;
}

/* Where in the output a sample is. */
static int64_t place_of(const an_cuda_outcome *out, int64_t sample)
{
    return sample + (results_of(out) - samples_of(out)) * (sample / PIECE) / (PIECES - 1);
}

static alexnet_status read_piece(const an_cuda_trial *t, int64_t at, int64_t count, double *dst)
{
    const an_cuda_outcome *out = &t->out;
    const size_t each = an_dtype_bytes(out->dtype);
    float raw[PIECE];
    AN_CHECK(an_cuda_read(&t->cuda->base, raw, (char *)t->block[out->block] + (size_t)at * each,
                          (size_t)count * each));
    an_convert(dst, AN_F64, raw, out->dtype, count);
    return ALEXNET_OK;
}

static alexnet_status read_samples(const an_cuda_trial *t, double *samples)
{
    const int64_t count = samples_of(&t->out);
    for (int64_t at = 0; at < count; at += PIECE) {
        const int64_t n = count - at < PIECE ? count - at : PIECE;
        AN_CHECK(read_piece(t, place_of(&t->out, at), n, samples + at));
    }
    return ALEXNET_OK;
}

static double roundoff(const an_cuda_outcome *out)
{
    return out->dtype == AN_BF16 ? 0x1p-8 : 0x1p-24;
}

/* The larger of two deviations; infinity if `by` is not a number. */
static double larger(double worst, double by)
{
    return by <= worst ? worst : isfinite(by) ? by : INFINITY;
}

/* ---- Elements computed here ------------------------------------------------------------------ */

/* The sample that is known element i; the first and the last are known. */
static int64_t known_sample(const an_cuda_trial *t, int i)
{
    return t->n_known < 2 ? 0 : (samples_of(&t->out) - 1) * i / (t->n_known - 1);
}

static alexnet_status compute_known(an_cuda_trial *t)
{
    const an_cuda_outcome *out = &t->out;
    const int64_t samples = samples_of(out);
    int64_t count = TERMS / an_element_terms(&out->sums, out->direction);
    count = count < LEAST ? LEAST : count > MOST ? MOST : count;
    t->n_known = (int)(count < samples ? count : samples);
    t->known = an_calloc((size_t)t->n_known, sizeof *t->known);
    if (!t->known)
        return AN_FAIL_MEMORY(t->n_known * sizeof *t->known, "the results of a trial");
    for (int i = 0; i < t->n_known; i++)
        t->known[i] = an_element_of(&out->sums, out->direction, place_of(out, known_sample(t, i)));
    return ALEXNET_OK;
}

static double deviation_from_known(const an_cuda_trial *t, const double *got)
{
    double worst = 0;
    for (int i = 0; i < t->n_known; i++) {
        const an_element *e = &t->known[i];
        const double by = fabs(got[known_sample(t, i)] - e->value);
        if (by != 0)
            worst = larger(worst, by / an_element_bound(e, roundoff(&t->out), t->out.tensor_cores));
    }
    return worst;
}

/* ---- Elements of another candidate ----------------------------------------------------------- */

/* An element like all that are known: of the root of their mean square. */
static an_element typical(const an_cuda_trial *t)
{
    an_element sum = {0};
    for (int i = 0; i < t->n_known; i++) {
        sum.squares += t->known[i].squares / t->n_known;
        sum.terms = t->known[i].terms;
    }
    return sum;
}

static double deviation_from_accepted(const an_cuda_trial *t, const double *got)
{
    an_element e = typical(t);
    double worst = 0;
    for (int64_t i = 0; i < samples_of(&t->out); i++) {
        const double by = fabs(got[i] - t->accepted[i]);
        e.value = t->accepted[i];
        if (by != 0)
            worst = larger(worst,
                           by / (2 * an_element_bound(&e, roundoff(&t->out), t->out.tensor_cores)));
    }
    return worst;
}

alexnet_status an_cuda_trial_compare(an_cuda_trial *t, double *deviation)
{
    *deviation = 0;
    double *got = an_calloc(SAMPLES, sizeof *got);
    if (!got)
        return AN_FAIL_MEMORY(SAMPLES * sizeof *got, "the results of a trial");
    alexnet_status rc = t->known ? ALEXNET_OK : compute_known(t);
    if (rc == ALEXNET_OK)
        rc = read_samples(t, got);
    if (rc == ALEXNET_OK)
        *deviation = deviation_from_known(t, got);
    if (rc == ALEXNET_OK && t->accepted)
        *deviation = larger(*deviation, deviation_from_accepted(t, got));
    if (rc == ALEXNET_OK && !t->accepted && *deviation <= 1)
        t->accepted = got;
    else
        an_free(got);
    return rc;
}
