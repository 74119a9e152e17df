/* How the demo trains. */
#include "demo.h"

const char demo_network[] = "alexnet-mini";

const char *const demo_recipe[] = {"epochs", "15", "batch", "32", NULL};
