/*
 * Files mapped into memory. Only for the program's own files that are only replaced, never changed:
 * if a file is truncated while it is mapped, access to it ends the process (SIGBUS).
 */
#ifndef AN_BASE_MAPPING_H
#define AN_BASE_MAPPING_H

#include <stddef.h>

#include "alexnet/alexnet.h"

typedef struct an_mapping {
    const unsigned char *bytes; /* NULL: nothing is mapped */
    size_t length;
} an_mapping;

/** Map a whole regular file. @return ALEXNET_ERROR_IO; ALEXNET_ERROR_FORMAT if it is not one */
alexnet_status an_mapping_open(an_mapping *out, const char *path);
void an_mapping_close(an_mapping *mapping); /* also if nothing is mapped */

#endif
