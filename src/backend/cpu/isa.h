/*
 * The processor: its name, its instruction sets, and the limit that the caller sets on them.
 */
#ifndef AN_BACKEND_CPU_ISA_H
#define AN_BACKEND_CPU_ISA_H

#include <stdbool.h>

#include "alexnet/alexnet.h"

/** The highest instruction set of this processor, at most `limit` (ANY: no limit). Never ANY. */
alexnet_isa an_cpu_isa(alexnet_isa limit);
/** "baseline", "avx2", ... */
const char *an_cpu_isa_name(alexnet_isa isa);
/** Ask Linux for permission to use tiles (AMX). It holds for the whole process and cannot be taken
 * back. @return true if it is granted, or was before */
bool an_cpu_ask_for_tiles(void);
/** Whether it has been granted. */
bool an_cpu_may_use_tiles(void);
/** The processor's own name, or that of its architecture. */
void an_cpu_processor(char *text, size_t size);

/**
 * Limit the instruction sets that oneDNN uses. It accepts one value per process, before its first
 * primitive.
 * @return ALEXNET_ERROR_NOT_AVAILABLE if the process already computes under another limit
 */
alexnet_status an_cpu_limit(alexnet_isa limit);

#endif
