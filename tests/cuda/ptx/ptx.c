#include "cuda/ptx/ptx.h"

#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/cuda/kernels/body.h"

enum { SKIPPED = 77, NOBODY = -1, SEVERAL = -2 };

_Static_assert((int)PTX_THREADS == (int)AN_THREADS, "the threads of a block");

void ptx_fault(const ptx_thread *t, int line, const char *what)
{
    fprintf(stderr, "%s, line %d of its PTX: %s (thread %d of block %d)\n", t->kernel->name, line,
            what, t->thread, t->block);
    abort();
}

void ptx_unknown(const char *instruction)
{
    fprintf(stderr, "skipped: ptx_to_c.py cannot translate an instruction of this nvcc: %s\n",
            instruction);
    fflush(NULL);
    _exit(SKIPPED);
}

float ptx_fma_down(float a, float b, float c)
{
    const int before = fegetround();
    fesetround(FE_DOWNWARD);
    volatile float x = a, y = b, z = c, out;
    out = fmaf(x, y, z);
    fesetround(before);
    return out;
}

/* Whether a thread other than this one is meant. */
static bool is_other(int user, int thread)
{
    return user != NOBODY && user != thread;
}

unsigned char *ptx_shared(const ptx_thread *t, uint64_t address, int64_t offset, size_t bytes,
                          bool write, int line)
{
    const uint64_t at = (uint32_t)(address + (uint64_t)offset);
    if (at % bytes != 0 || at + bytes > t->kernel->shared)
        ptx_fault(t, line, "an access to shared memory that is not aligned, or outside it");
    for (ptx_use *use = t->uses + at; use < t->uses + at + bytes; use++) {
        if (!write && !use->written)
            ptx_fault(t, line, "a read of shared memory that was not written");
        if (is_other(use->writer, t->thread) || (write && is_other(use->reader, t->thread)))
            ptx_fault(t, line, "a race in shared memory");
        if (write)
            *use = (ptx_use){(int16_t)t->thread, use->reader, true};
        else
            use->reader = (int16_t)(is_other(use->reader, t->thread) ? SEVERAL : t->thread);
    }
    return t->shared + at;
}

/* At a barrier. `fresh`: at the start of a block. */
static void forget_uses(ptx_thread t, bool fresh)
{
    for (size_t i = 0; i < t.kernel->shared; i++)
        t.uses[i] = (ptx_use){NOBODY, NOBODY, !fresh && t.uses[i].written};
}

static void *poisoned(size_t bytes)
{
    void *out = aligned_alloc(16, (bytes + 16) / 16 * 16);
    if (!out)
        abort();
    memset(out, 0xff, bytes);
    return out;
}

/* Up to the next barrier. @return it */
static int run_threads(ptx_thread t, char *own, int from)
{
    int reached = 0;
    for (int i = 0; i < PTX_THREADS; i++) {
        t.thread = (int)an_host_turn(i, PTX_THREADS);
        int at = t.kernel->body(t, own + (size_t)t.thread * t.kernel->own, from);
        if (i > 0 && at != reached)
            ptx_fault(&t, 0, "threads of a block that wait at different barriers");
        reached = at;
    }
    return reached;
}

int ptx_launch(const ptx_kernel *kernel, const void *run, int64_t blocks)
{
    ptx_thread t = {.kernel = kernel, .blocks = (int)blocks};
    char *own = poisoned(PTX_THREADS * kernel->own);
    t.run = poisoned(kernel->run);
    t.shared = poisoned(kernel->shared);
    t.uses = poisoned(kernel->shared * sizeof *t.uses);
    memcpy(t.run, run, kernel->run);
    for (int64_t b = 0; b < blocks; b++) {
        t.block = (int)an_host_turn(b, blocks);
        int at = 0;
        memset(own, 0xff, PTX_THREADS * kernel->own);
        do {
            forget_uses(t, at == 0);
            at = run_threads(t, own, at);
        } while (at != PTX_ENDED);
    }
    free(own);
    free(t.run);
    free(t.shared);
    free(t.uses);
    return 0;
}
