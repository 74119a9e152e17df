#include <stdbool.h>

/* The order in which the bodies' loops run (kernels/body.h). */
extern bool an_host_backwards;
bool an_host_backwards;
