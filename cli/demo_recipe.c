/* How the demo trains. */
#include "demo.h"

const char demo_network[] = "alexnet-mini";

const char *const demo_recipe[][2] = {
    {"epochs", "12"}, {"batch", "32"}, {"rate", "0.02"}, {"rate_bias", "0.04"}, {NULL, NULL},
};
