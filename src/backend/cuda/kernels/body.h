/*
 * One source for the device and for the host.
 *
 * The .cu files of this folder are written in the common subset of C11 and C++. nvcc compiles them
 * to kernels. A C compiler compiles them to functions of the same names, with loops over blocks and
 * threads, so that tests can compare the body of every kernel with `ref` on a machine without a
 * GPU.
 *
 * AN_BODY marks a function called by a kernel; it is always inlined.
 *
 * AN_KERNEL defines a kernel without barriers. Its body may use the names `run` and `t`:
 *
 *     AN_KERNEL(scale_bf16, scale_run, scale(run, t, true))
 *
 * AN_PHASES defines a kernel with a barrier after each of its phases, which are functions
 *
 *     void phase(const RUN *run, an_thread t, SHARED *shared, OWN *own)
 *
 * SHARED is the shared memory of a block. OWN is what one thread keeps between phases: registers,
 * on the device.
 *
 * AN_LAUNCH queues a kernel: int AN_LAUNCH(kernel, RUN, pointer to run, blocks, stream)
 *
 * On the host, all threads of a block complete a phase before the next one begins, and shared and
 * own memory do not start as zeros. With an_host_backwards, blocks and threads run in the opposite
 * order: a different result then reveals a race. Launches call an_host_launch(), which each program
 * linked with the bodies defines: it runs the kernel, or queues it. With AN_TRANSLATED, the kernels
 * are defined elsewhere, and only their launches are compiled here (tests/cuda/ptx/ptx.h).
 */
#ifndef AN_BACKEND_CUDA_KERNELS_BODY_H
#define AN_BACKEND_CUDA_KERNELS_BODY_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    AN_THREADS = 256, /* of every block */
    AN_RESIDENT = 4,  /* blocks that must fit a multiprocessor's registers */
};

/** Which thread of which block this is. */
typedef struct an_thread {
    int block;
    int index; /* 0 .. AN_THREADS - 1 */
} an_thread;

/** The OWN of a kernel whose threads keep nothing. */
typedef struct an_nothing {
    char unused;
} an_nothing;

/** The number of a thread among the threads of all blocks. */
#define AN_NUMBER(t) ((int64_t)(t).block * AN_THREADS + (t).index)

/** The number of blocks for one thread per item. */
static inline int64_t an_blocks_for(int64_t items)
{
    return (items + AN_THREADS - 1) / AN_THREADS;
}

#ifdef __CUDACC__

#include <cuda_runtime.h>

#define AN_BODY static __device__ __forceinline__
#define AN_UNROLL _Pragma("unroll")

static __device__ __forceinline__ an_thread an_this_thread(void)
{
    an_thread t;
    t.block = (int)blockIdx.x;
    t.index = (int)threadIdx.x;
    return t;
}

#define AN_KERNEL(name, run_type, call)                                                            \
    static __global__ void __launch_bounds__(AN_THREADS, AN_RESIDENT)                              \
        name(const __grid_constant__ run_type r)                                                   \
    {                                                                                              \
        const run_type *run = &r;                                                                  \
        an_thread t = an_this_thread();                                                            \
        call;                                                                                      \
    }

template <auto... phase, typename run_type, typename shared_type, typename own_type>
static __device__ __forceinline__ void an_run_phases(const run_type *run, shared_type *shared,
                                                     own_type *own)
{
    an_thread t = an_this_thread();
    ((phase(run, t, shared, own), __syncthreads()), ...);
}

#define AN_PHASES(name, run_type, shared_type, own_type, ...)                                      \
    static __global__ void __launch_bounds__(AN_THREADS, AN_RESIDENT)                              \
        name(const __grid_constant__ run_type r)                                                   \
    {                                                                                              \
        __shared__ shared_type shared;                                                             \
        own_type own;                                                                              \
        an_run_phases<__VA_ARGS__>(&r, &shared, &own);                                             \
    }

#define AN_LAUNCH(name, run_type, run, blocks, stream)                                             \
    (name<<<(unsigned)(blocks), AN_THREADS, 0, (stream)>>>(*(run)), (int)cudaGetLastError())

#else

#define AN_BODY static inline
#define AN_UNROLL

extern bool an_host_backwards;

/** A kernel on the host. @return 0, like a successful launch */
typedef int an_host_kernel(const void *run, int64_t blocks);
/** @param bytes  the size of `run`, which must be copied to run the kernel later */
int an_host_launch(an_host_kernel *kernel, const void *run, size_t bytes, int64_t blocks,
                   void *stream);

/* The i-th of `count` blocks or threads to run. */
static inline int64_t an_host_turn(int64_t i, int64_t count)
{
    return an_host_backwards ? count - 1 - i : i;
}

#ifdef AN_TRANSLATED

#define AN_KERNEL(name, run_type, call) an_host_kernel name;
#define AN_PHASES(name, run_type, shared_type, own_type, ...) an_host_kernel name;

#else

#define AN_KERNEL(name, run_type, call)                                                            \
    static int name(const void *r, int64_t blocks)                                                 \
    {                                                                                              \
        const run_type *run = r;                                                                   \
        for (int64_t i = 0; i < blocks * AN_THREADS; i++) {                                        \
            int64_t number = an_host_turn(i, blocks * AN_THREADS);                                 \
            an_thread t = {(int)(number / AN_THREADS), (int)(number % AN_THREADS)};                \
            call;                                                                                  \
        }                                                                                          \
        return 0;                                                                                  \
    }

#define AN_PHASES(name, run_type, shared_type, own_type, ...)                                      \
    static int name(const void *run, int64_t blocks)                                               \
    {                                                                                              \
        void (*const phases[])(const run_type *, an_thread, shared_type *,                         \
                               own_type *) = {__VA_ARGS__};                                        \
        static shared_type shared;                                                                 \
        static own_type own[AN_THREADS];                                                           \
        for (int64_t b = 0; b < blocks; b++) {                                                     \
            memset(&shared, 0xff, sizeof shared);                                                  \
            memset(own, 0xff, sizeof own);                                                         \
            for (size_t p = 0; p < sizeof phases / sizeof phases[0]; p++)                          \
                for (int i = 0; i < AN_THREADS; i++) {                                             \
                    int index = (int)an_host_turn(i, AN_THREADS);                                  \
                    an_thread t = {(int)an_host_turn(b, blocks), index};                           \
                    phases[p](run, t, &shared, &own[index]);                                       \
                }                                                                                  \
        }                                                                                          \
        return 0;                                                                                  \
    }

#endif

#define AN_LAUNCH(name, run_type, run, blocks, stream)                                             \
    an_host_launch(name, (const run_type *){run}, sizeof(run_type), (blocks), (stream))

#endif

#endif
