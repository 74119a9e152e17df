/*
 * Streams, events and graphs of the fake device, for its own files. Everything here is called under
 * fake_lock().
 */
#ifndef TESTS_CUDA_FAKE_QUEUE_H
#define TESTS_CUDA_FAKE_QUEUE_H

#include "cuda/fake.h"

void fake_lock(void);
void fake_unlock(void);

/** A record of an event: a moment in a stream. */
typedef struct fake_mark {
    int users;
    bool done;
    int64_t time;        /* when it is done: records in the stream so far */
    cudaStream_t stream; /* valid until it is done */
    cudaGraph_t graph;   /* a moment in a recording, of which it is a user; NULL: in a stream */
} fake_mark;
void fake_mark_drop(fake_mark *mark); /* NULL allowed */

typedef enum fake_kind { FAKE_CALL, FAKE_RECORD, FAKE_WAIT } fake_kind;

/** Something in a stream. */
typedef struct fake_work {
    struct fake_work *next;
    fake_kind kind;
    fake_mark *mark; /* of a record, or waited for */
    fake_call *call;
    int64_t n;
    size_t bytes;
    max_align_t arg[];
} fake_work;

typedef struct fake_list {
    fake_work *first, *last;
} fake_list;

struct CUstream_st {
    cudaStream_t next; /* of all streams */
    int number;        /* from 0 */
    fake_list work;
    int64_t clock;     /* records so far */
    cudaGraph_t graph; /* that is being recorded; NULL: none */
};

struct CUevent_st {
    bool timed, blocking;
    bool asked;      /* whether the latest record is done */
    fake_mark *mark; /* the latest record; NULL: none */
};

struct CUgraph_st {
    int users;
    enum cudaStreamCaptureMode mode;
    fake_list work;
    bool ended;         /* it is not being recorded any more */
    cudaError_t broken; /* why it cannot be used; cudaSuccess: it can */
};
void fake_graph_drop(cudaGraph_t graph); /* NULL allowed */

/** Add a call to a stream, or to what is being recorded of it. */
void fake_add(cudaStream_t stream, fake_call *call, const void *arg, size_t bytes, int64_t n);
/** Run everything that is queued in all streams. */
void fake_finish_all(void);
/** Free what is in a list. */
void fake_list_clear(fake_list *list);
/** Abandon a recording. @return the reason */
cudaError_t fake_break(cudaGraph_t graph, cudaError_t why);
/** For calls that no thread may make while another records, unless the mode is relaxed: break such
 * recordings. @return cudaSuccess, or an error for the caller */
cudaError_t fake_unsafe(void);
/** Whether cudaHostAlloc() made the memory. */
bool fake_is_pinned(const void *memory);

#endif
