#include <string.h>

#include "backend/ref/ref.h"

static void forward(const an_ref_run *run, const an_op_args *args)
{
    const an_op_desc *desc = &run->desc;
    int64_t count = an_ref_count(desc, desc->out);
    double *y = args->y;
    memcpy(y, args->x[0], (size_t)count * sizeof(double));
    for (int input = 1; input < desc->n_inputs; input++) {
        const double *x = args->x[input];
        for (int64_t i = 0; i < count; i++)
            y[i] += x[i];
    }
}

static void backward(const an_ref_run *run, const an_op_args *args)
{
    const an_op_desc *desc = &run->desc;
    int64_t count = an_ref_count(desc, desc->out);
    for (int input = 0; input < desc->n_inputs; input++)
        if (args->dx[input])
            memcpy(args->dx[input], args->dy, (size_t)count * sizeof(double));
}

const an_ref_op an_ref_eltsum = {forward, backward, NULL};
