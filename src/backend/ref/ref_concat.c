#include <string.h>

#include "backend/ref/ref.h"

static void forward(const an_ref_run *run, const an_op_args *args)
{
    const an_op_desc *desc = &run->desc;
    double *y = args->y;
    for (int n = 0; n < desc->n; n++)
        for (int i = 0; i < desc->n_inputs; i++) {
            int64_t count = an_chw_count(desc->in[i]);
            memcpy(y, (const double *)args->x[i] + n * count, (size_t)count * sizeof(double));
            y += count;
        }
}

static void backward(const an_ref_run *run, const an_op_args *args)
{
    const an_op_desc *desc = &run->desc;
    const double *dy = args->dy;
    for (int n = 0; n < desc->n; n++)
        for (int i = 0; i < desc->n_inputs; i++) {
            int64_t count = an_chw_count(desc->in[i]);
            if (args->dx[i])
                memcpy((double *)args->dx[i] + n * count, dy, (size_t)count * sizeof(double));
            dy += count;
        }
}

const an_ref_op an_ref_concat = {forward, backward, NULL};
