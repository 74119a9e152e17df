/*
 * A file that is read as memory: for files of the program's own that are never written again, only
 * replaced, since one that is cut short while it is mapped ends the process (SIGBUS).
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
void an_mapping_close(an_mapping *mapping); /* one of nothing too */

#endif
