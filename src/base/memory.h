#ifndef AN_BASE_MEMORY_H
#define AN_BASE_MEMORY_H

#include <stdint.h>

/**
 * Bytes that can be allocated without swapping: the minimum of what the machine has available, what
 * its cgroups (v2 and v1) leave, and what the limit on the address space leaves. UINT64_MAX if none
 * is known.
 * @param root    "" except in tests
 * @param mapped  bytes that the caller has mapped but not written to: the limit on the address
 *                space already counts them, the others do not
 */
uint64_t an_memory_available(const char *root, uint64_t mapped);

/** Bytes that `ulimit -v` leaves of the address space; UINT64_MAX without such a limit. */
uint64_t an_memory_addresses(const char *root);

#endif
