/*
 * What device cpu needs from the system: oneDNN with OpenMP, executable memory, address space. If
 * one is refused, oneDNN gives no reason or ends the process.
 */
#ifndef AN_BACKEND_CPU_NEEDS_H
#define AN_BACKEND_CPU_NEEDS_H

#include <stdint.h>

#include "alexnet/alexnet.h"

/** Address space that oneDNN may need to generate code: when an operator is prepared and, for
 * matrix products, when the first one runs. oneDNN ends the process if refused. */
enum { AN_CPU_TO_PREPARE = 128 << 20, AN_CPU_TO_RUN = 48 << 20 };

/** @return ALEXNET_ERROR_NO_MEMORY if less is left */
alexnet_status an_cpu_check_addresses(uint64_t least);

/** Check everything before the device is opened. @return also ALEXNET_ERROR_NOT_AVAILABLE */
alexnet_status an_cpu_check_system(void);

#endif
