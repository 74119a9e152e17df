#include "backend/ref/ref.h"
#include "base/random.h"

/* out = in * factor: the operator is linear, so forward and backward are the same. */
static void scale(const an_ref_run *run, const an_step_state *state, const double *in, double *out)
{
    const an_dropout_desc *dropout = &run->desc.u.dropout;
    int64_t count = an_ref_count(&run->desc, run->desc.out);
    double kept = dropout->kind == AN_DROPOUT_MASK ? 1 : 1 / dropout->keep;
    double always = dropout->kind == AN_DROPOUT_MASK ? dropout->keep : 1;
    an_random4 block = {{0}};
    uint64_t first = run->masks ? state->before * (uint64_t)(count / run->desc.n) : 0;
    for (int64_t i = 0; i < count; i++) {
        if (!run->masks) {
            out[i] = in[i] * always;
            continue;
        }
        uint64_t draw = first + (uint64_t)i;
        if (i == 0 || draw % 4 == 0)
            block =
                an_random(state->seed, AN_PURPOSE_DROPOUT, state->step, draw / 4, dropout->layer);
        out[i] = block.v[draw % 4] < dropout->keep * 0x1p32 ? in[i] * kept : 0;
    }
}

static void forward(const an_ref_run *run, const an_op_args *args)
{
    scale(run, args->state, args->x[0], args->y);
}

static void backward(const an_ref_run *run, const an_op_args *args)
{
    if (args->dx[0])
        scale(run, args->state, args->dy, args->dx[0]);
}

const an_ref_op an_ref_dropout = {forward, backward, NULL};
