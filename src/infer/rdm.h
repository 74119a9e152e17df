/*
 * Representational dissimilarity matrices, and how alike two of them are (Kriegeskorte, Mur,
 * Bandettini: Representational similarity analysis, Frontiers in Systems Neuroscience 2, 2008).
 */
#ifndef AN_INFER_RDM_H
#define AN_INFER_RDM_H

#include "base/context.h"

/** The arguments of alexnet_rdm(), in range. */
alexnet_status an_rdm(double *rdm, alexnet_ctx *ctx, const float *features, int64_t count,
                      int64_t length, alexnet_dissimilarity measure);
/** The arguments of alexnet_rsa(), in range. */
alexnet_status an_rsa(double *similarity, alexnet_ctx *ctx, const double *a, const double *b,
                      int64_t count, alexnet_rank rank);
/** The arguments of alexnet_rdm_read(). */
alexnet_status an_rdm_read(const char *path, int64_t *count, double *rdm);

#endif
