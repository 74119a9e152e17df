#include "backend/cpu/needs.h"

#include <sys/mman.h>
#include <unistd.h>

#include "backend/cpu/onednn/dnnl_compat.h"
#include "base/alloc.h"
#include "base/memory.h"
#include "base/status.h"

/* The number of threads is set through OpenMP; oneDNN on another runtime would ignore it. */
static alexnet_status check_runtime(void)
{
    const dnnl_version_t *version = dnnl_version();
    if (version->cpu_runtime == DNNL_RUNTIME_OMP || version->cpu_runtime == DNNL_RUNTIME_SEQ)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE,
                   "oneDNN %d.%d.%d was not built for OpenMP (its cpu_runtime is %u)",
                   version->major, version->minor, version->patch, version->cpu_runtime);
}

/* oneDNN generates its kernels at run time, and gives no reason when the system forbids that. */
static alexnet_status check_executable(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *code = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED)
        return AN_FAIL_MEMORY(page, "a page");
    bool allowed = mprotect(code, page, PROT_READ | PROT_EXEC) == 0;
    munmap(code, page);
    if (allowed)
        return ALEXNET_OK;
    return AN_FAIL(
        ALEXNET_ERROR_NOT_AVAILABLE,
        "device cpu generates its code at run time, and this system forbids new executable "
        "memory (systemd's MemoryDenyWriteExecute=, SELinux's execmem): allow it, or use "
        "`device` ref, which is slow");
}

alexnet_status an_cpu_check_addresses(uint64_t least)
{
    uint64_t left = an_memory_addresses("");
    if (left >= least)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_NO_MEMORY,
                   "the limit of the address space (ulimit -v) leaves %.0f MiB, and device cpu "
                   "needs %.0f: raise it",
                   (double)left / (1 << 20), (double)least / (1 << 20));
}

alexnet_status an_cpu_check_system(void)
{
    AN_CHECK(check_runtime());
    AN_CHECK(check_executable());
    return an_cpu_check_addresses(AN_CPU_TO_PREPARE);
}
