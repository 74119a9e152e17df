/* How the demo trains. */
#include "demo.h"

const char demo_network[] = "alexnet-mini";

/*
 * In so short a run conv1 would keep the noise that it begins with. Decay, strong in the first
 * half, takes away what pictures do not put back; filters.png then shows what was learned.
 */
const char *const demo_recipe[][2] = {
    {"epochs", "14"},           {"batch", "32"}, {"rate", "0.02"}, {"rate_bias", "0.04"},
    {"conv1.decay", "60 20@7"}, {NULL, NULL},
};
