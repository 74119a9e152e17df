#include <assert.h>
#include <math.h>

#include "base/status.h"
#include "op/check.h"

static alexnet_status resolve(an_op_desc *desc)
{
    const an_neuron_desc *neuron = &desc->u.neuron;
    assert(neuron->kind >= AN_RELU && neuron->kind <= AN_LOGISTIC);
    if (neuron->kind == AN_TANH && (!isfinite(neuron->a) || !isfinite(neuron->b) || neuron->a == 0))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "tanh[%g,%g]: both numbers must be finite, and the first not 0", neuron->a,
                       neuron->b);
    desc->out = desc->in[0];
    return ALEXNET_OK;
}

const an_op_info an_op_neuron = {"neuron", 1, 1, resolve, NULL, NULL, NULL};
