/*
 * Work that a call does before it returns, and that can take minutes on a slow disk: it tells the
 * context's caller how far it has come, and ends when the context is cancelled.
 */
#ifndef AN_BASE_WORK_H
#define AN_BASE_WORK_H

#include "base/context.h"

typedef struct an_work {
    alexnet_ctx *ctx;    /* NULL: nobody is told, and nobody can cancel it */
    alexnet_work so_far; /* without a verb nobody is told, but the context can cancel it */
    double began;
    bool told; /* somebody, of this work */
} an_work;

/**
 * @param verb, unit  as in alexnet_work; static
 * @param total       0: not known
 */
an_work an_work_begin(alexnet_ctx *ctx, const char *verb, const char *unit, int64_t total);
/**
 * Count what has just been done, perhaps nothing. Cheap; called by the thread that began the work.
 * @param work  NULL allowed
 * @return ALEXNET_ERROR_CANCELLED
 */
alexnet_status an_work_add(an_work *work, int64_t done);
/** The work is over, also if it failed. */
void an_work_end(an_work *work);

#endif
