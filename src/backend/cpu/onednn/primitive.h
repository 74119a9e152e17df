/*
 * A oneDNN primitive with everything that it needs to run. Its memory objects and its stream are
 * made once; a run only sets pointers.
 */
#ifndef AN_BACKEND_CPU_ONEDNN_PRIMITIVE_H
#define AN_BACKEND_CPU_ONEDNN_PRIMITIVE_H

#include "backend/cpu/onednn/dnnl_compat.h"

typedef struct an_primitive an_primitive;

enum { AN_PRIMITIVE_MAX_ARGS = 5 };

/**
 * Make a primitive for the number of OpenMP threads that is set now, which it keeps.
 * @param pd    ownership is taken, also on failure
 * @param args  DNNL_ARG_..., in the order in which an_primitive_run() gets their pointers
 */
alexnet_status an_primitive_new(an_primitive **out, dnnl_engine_t engine, dnnl_primitive_desc_t pd,
                                int n_args, const int *args);
/** Makes a primitive that computes `count` images, rows or columns of a problem. */
typedef alexnet_status (*an_primitive_make)(const void *problem, int64_t count, an_primitive **out);
/** Call `make` with the number of OpenMP threads set to `threads`. */
alexnet_status an_primitive_make_for(int threads, an_primitive_make make, const void *problem,
                                     int64_t count, an_primitive **out);
/** A copy from one layout or element type to another; its arguments are source and destination.
 *  @param from, to  NULL: memory was short when they were made; that is then the error returned */
alexnet_status an_primitive_reorder(an_primitive **out, dnnl_engine_t engine, an_md from, an_md to);
/** NULL allowed. */
void an_primitive_free(an_primitive *primitive);

/** The descriptor of an argument, borrowed from the primitive. */
an_md an_primitive_md(const an_primitive *primitive, int arg);
/** The descriptor from which to describe its backward primitives. */
const_dnnl_primitive_desc_t an_primitive_pd(const an_primitive *primitive);
/** oneDNN's name for the implementation, such as "jit:avx2"; borrowed. */
const char *an_primitive_name(const an_primitive *primitive);
/** Bytes of scratch memory that a run needs. */
size_t an_primitive_scratch(const an_primitive *primitive);

/** Run on the caller's memory; every pointer is aligned to its element type at least. */
alexnet_status an_primitive_run(an_primitive *primitive, const void *const *data, void *scratch);
/** The same on `threads` threads. */
alexnet_status an_primitive_run_on(int threads, an_primitive *primitive, const void *const *data,
                                   void *scratch);

#endif
