/*
 * Values of the keys of network files: what each kind of key accepts, and how it is read.
 */
#ifndef AN_MODEL_NETWORK_NETWORK_VALUES_H
#define AN_MODEL_NETWORK_NETWORK_VALUES_H

#include "model/network/network.h"

typedef enum an_value_kind {
    AN_KIND_INTEGER,
    AN_KIND_NUMBER,
    AN_KIND_CHOICE,
    AN_KIND_PADDING,      /* one integer, or four: top left bottom right */
    AN_KIND_FACTORS,      /* one number, or three; none is 0 */
    AN_KIND_OUTPUTS,      /* an integer or `classes` */
    AN_KIND_INIT_WEIGHTS, /* a standard deviation, `he` or `uniform` */
    AN_KIND_INIT_BIASES,  /* a number or `uniform` */
    AN_KIND_NEURON,       /* relu, tanh[a,b] or logistic */
    AN_KIND_MEAN,         /* image, channel, none, or a number per channel */
} an_value_kind;

/** A key: where its value is stored, and what it may be. */
typedef struct an_network_key {
    const char *name;
    unsigned types; /* layers that take it; 0: [input] */
    an_value_kind kind;
    size_t offset;        /* in an_layer or an_input */
    double min, max;      /* for AN_KIND_FACTORS, of the magnitude */
    const char *standard; /* default; NULL: the key is required */
    const char *choices;
} an_network_key;

/** What a key's value may be, for people: "an integer from 1 to 8192". */
void an_value_describe(const an_network_key *key, char *text, size_t room);

/**
 * Read a value into the layer or input at `base`.
 * @return ALEXNET_ERROR_FORMAT, with what was expected
 */
alexnet_status an_value_set(const an_network_key *key, void *base, const char *value);

#endif
