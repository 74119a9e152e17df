/*
 * Element-wise nonlinearities.
 *
 *     relu       y = max(0, x)                dx = dy where y > 0, else 0
 *     tanh       y = a * tanh(b * x)          dx = dy * b/a * (a - y) * (a + y)
 *     logistic   y = 1 / (1 + exp(-x))        dx = dy * y * (1 - y)
 *
 * NaN in x gives NaN in y for all three. Backward needs only y, so x may be overwritten.
 */
#ifndef AN_OP_NEURON_H
#define AN_OP_NEURON_H

typedef enum an_neuron_kind { AN_RELU, AN_TANH, AN_LOGISTIC } an_neuron_kind;

typedef struct an_neuron_desc {
    an_neuron_kind kind;
    double a, b; /* tanh only; a != 0 */
} an_neuron_desc;

#endif
