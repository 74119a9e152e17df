/*
 * Local response normalisation across maps (op/lrn.h).
 *
 * There are two ways through the tensor. If each eight channels that are neighbours in memory
 * belong to one tower, pixels are laid out in rows of channels (lrn_rows.h). Else a vector is eight
 * pixels of a channel (lrn_pixels.h). Both sum in channel order, so that all layouts give the same
 * bits.
 */
#include "backend/cpu/kernels/lrn_pixels.h"
#include "backend/cpu/kernels/lrn_rows.h"

AN_INLINE bool in_rows(const an_lrn_shape *p)
{
    return p->lanes % 8 == 0 && tower_size(p) % 8 == 0;
}

int64_t an_lrn_work(const an_lrn_shape *p)
{
    return in_rows(p) ? rows_work(p) : pixels_work(p);
}

/* The parameters of AlexNet are constants here, so that the loops over the window are unrolled. */
AN_INLINE void forward(const an_lrn_run *run, an_dtype t)
{
    const an_lrn_shape *p = run->shape;
    if (in_rows(p) && p->root && p->half == 2)
        rows_forward(run, t, true, 2);
    else if (in_rows(p))
        rows_forward(run, t, p->root, p->half);
    else
        for_each_eight_pixels(run, t, run->y, pixels_forward);
}

AN_INLINE void backward(const an_lrn_run *run, an_dtype t)
{
    const an_lrn_shape *p = run->shape;
    if (in_rows(p) && p->root && p->half == 2)
        rows_backward(run, t, true, 2);
    else if (in_rows(p))
        rows_backward(run, t, p->root, p->half);
    else
        for_each_eight_pixels(run, t, run->dx, pixels_backward);
}

AN_KERNEL_INSTANCES(lrn_forward, an_lrn_run, forward)
AN_KERNEL_INSTANCES(lrn_backward, an_lrn_run, backward)
