/*
 * What every stage may ask its caller: how many threads, which log, whether to stop.
 * Made and freed by src/api/; shared, reference-counted, immutable except for its flags.
 */
#ifndef AN_BASE_CONTEXT_H
#define AN_BASE_CONTEXT_H

#include <pthread.h>
#include <stdatomic.h>

#include "alexnet/alexnet.h"

struct alexnet_ctx {
    atomic_int references;
    atomic_bool cancelled;
    atomic_bool opened; /* with it a device was opened, and what that lacks was told */
    atomic_uint slow;   /* a bit for each kind of operators that was said to be computed by ref */
    char device[32];    /* "auto", "ref", "cpu", "cuda:0" */
    alexnet_precision precision;
    int threads; /* >= 1; at most what OMP_THREAD_LIMIT and the CPUs allow */
    int split;   /* default of runs: the number of threads requested */
    alexnet_isa max_isa;
    bool deterministic; /* where the device has a choice: use slower algorithms that give the same
                           bits in every run */
    char *tuning, *tuning_name; /* text and its file's name, read by the backend; NULL: none */
    pthread_mutex_t log_lock;   /* one call of `log` or `work` at a time */
    alexnet_log_fn log;
    void *log_user;
    alexnet_work_fn work;
    void *work_user;
};

alexnet_ctx *an_ctx_retain(alexnet_ctx *ctx);
void an_ctx_release(alexnet_ctx *ctx); /* NULL allowed */

/** The precision with this alexnet_precision_name(); AUTO for any other word. */
alexnet_precision an_precision_from_name(const char *name);

/** Send a line to the caller's log, if there is one. ctx may be NULL. */
void an_log(alexnet_ctx *ctx, alexnet_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Whether the context is cancelled; false if ctx is NULL. It can be used again at any time: work
 *  that has stopped early because of the answer must fail without asking for it again. */
bool an_ctx_cancelled(const alexnet_ctx *ctx);
/** ALEXNET_ERROR_CANCELLED if the context is cancelled. */
alexnet_status an_ctx_check(const alexnet_ctx *ctx);
/** That error, for work that has stopped early. */
alexnet_status an_ctx_fail_cancelled(void);

#endif
