#include <string.h>

#include "backend/ref/ref.h"

static void forward(const an_ref_run *run, const an_op_args *args)
{
    int n_images = run->desc.n, k_count = run->desc.u.fc.k;
    int64_t inputs = an_chw_count(run->desc.in[0]);
    const double *weight = args->param[0], *bias = args->param[1];
    for (int n = 0; n < n_images; n++) {
        const double *x = (const double *)args->x[0] + n * inputs;
        double *y = (double *)args->y + (int64_t)n * k_count;
        for (int k = 0; k < k_count; k++) {
            double sum = bias[k];
            for (int64_t i = 0; i < inputs; i++)
                sum += weight[k * inputs + i] * x[i];
            y[k] = sum;
        }
    }
}

/* dx[n,i] = SUM_k dy[n,k] * weight[k,i] */
static void backward_data(const an_ref_run *run, const an_op_args *args)
{
    int n_images = run->desc.n, k_count = run->desc.u.fc.k;
    int64_t inputs = an_chw_count(run->desc.in[0]);
    const double *weight = args->param[0], *dy = args->dy;
    memset(args->dx[0], 0, (size_t)(n_images * inputs) * sizeof(double));
    for (int n = 0; n < n_images; n++) {
        double *dx = (double *)args->dx[0] + n * inputs;
        for (int k = 0; k < k_count; k++)
            for (int64_t i = 0; i < inputs; i++)
                dx[i] += dy[(int64_t)n * k_count + k] * weight[k * inputs + i];
    }
}

/* dweight[k,i] = SUM_n dy[n,k] * x[n,i] */
static void backward_weight(const an_ref_run *run, const an_op_args *args)
{
    int n_images = run->desc.n, k_count = run->desc.u.fc.k;
    int64_t inputs = an_chw_count(run->desc.in[0]);
    const double *x = args->x[0], *dy = args->dy;
    double *dweight = args->dparam[0];
    memset(dweight, 0, (size_t)(k_count * inputs) * sizeof(double));
    for (int n = 0; n < n_images; n++)
        for (int k = 0; k < k_count; k++)
            for (int64_t i = 0; i < inputs; i++)
                dweight[k * inputs + i] += dy[(int64_t)n * k_count + k] * x[n * inputs + i];
}

/* dbias[k] = SUM_n dy[n,k] */
static void backward_bias(const an_ref_run *run, const an_op_args *args)
{
    int n_images = run->desc.n, k_count = run->desc.u.fc.k;
    const double *dy = args->dy;
    double *dbias = args->dparam[1];
    memset(dbias, 0, (size_t)k_count * sizeof(double));
    for (int n = 0; n < n_images; n++)
        for (int k = 0; k < k_count; k++)
            dbias[k] += dy[(int64_t)n * k_count + k];
}

static void backward(const an_ref_run *run, const an_op_args *args)
{
    if (args->dx[0])
        backward_data(run, args);
    if (args->dparam[0])
        backward_weight(run, args);
    if (args->dparam[1])
        backward_bias(run, args);
}

const an_ref_op an_ref_fc = {forward, backward, NULL};
