/*
 * Every operator of every backend of this machine against `ref`, in each precision it has.
 */
#ifndef AN_INFER_SELFTEST_H
#define AN_INFER_SELFTEST_H

#include "backend/backend.h"

struct alexnet_selftest {
    alexnet_ctx *ctx;
    an_backend *ref;
    an_backend *backend;      /* under test, or NULL between two */
    int device;               /* index for an_device_at() */
    alexnet_device_info info; /* of that device */
    alexnet_precision precision;
    int which; /* the next case */
    char name[96], computed_by[256];
    char why[1024]; /* the device or precision is skipped */
};

alexnet_status an_selftest_new(alexnet_selftest **out, alexnet_ctx *ctx);
alexnet_status an_selftest_next(alexnet_selftest *test, alexnet_selftest_result *result,
                                bool *more);
void an_selftest_free(alexnet_selftest *test); /* NULL allowed */

#endif
