#include "backend/cpu/isa.h"

#include <dnnl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

#if defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>

/* cpuid leaf 7: bits that older compilers have no name for. */
static bool leaf7(unsigned sub_leaf, int word, int bit)
{
    unsigned r[4] = {7, 0, sub_leaf, 0};
    unsigned max = 0, unused[3];
    __asm__("cpuid"
            : "=a"(max), "=b"(unused[0]), "=c"(unused[1]), "=d"(unused[2])
            : "0"(0), "2"(0));
    if (max < 7)
        return false;
    __asm__("cpuid" : "+a"(r[0]), "=b"(r[1]), "+c"(r[2]), "=d"(r[3]));
    return r[word] >> bit & 1;
}

static alexnet_isa detect(void)
{
    __builtin_cpu_init();
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    if (avx512 && leaf7(1, 0, 5))                 /* AVX512_BF16 */
        return leaf7(0, 3, 24) && leaf7(0, 3, 22) /* AMX-TILE, AMX-BF16 */
                   ? ALEXNET_ISA_AMX
                   : ALEXNET_ISA_AVX512_BF16;
    if (avx512)
        return ALEXNET_ISA_AVX512;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? ALEXNET_ISA_AVX2
                                                                           : ALEXNET_ISA_BASELINE;
}

void an_cpu_processor(char *text, size_t size)
{
    unsigned name[12 + 1] = {0}, max = 0, unused[3];
    snprintf(text, size, "x86-64");
    __asm__("cpuid"
            : "=a"(max), "=b"(unused[0]), "=c"(unused[1]), "=d"(unused[2])
            : "0"(0x80000000u));
    if (max < 0x80000004u)
        return;
    for (unsigned i = 0; i < 3; i++) {
        unsigned *r = name + 4 * i;
        __asm__("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "0"(0x80000002u + i));
    }
    const char *brand = (const char *)name;
    snprintf(text, size, "%s", brand + strspn(brand, " "));
}

enum { GET_PERMISSIONS = 0x1022, ASK_PERMISSION = 0x1023, TILE_DATA = 18 }; /* <asm/prctl.h> */

bool an_cpu_ask_for_tiles(void)
{
    return syscall(SYS_arch_prctl, ASK_PERMISSION, TILE_DATA) == 0;
}

bool an_cpu_may_use_tiles(void)
{
    uint64_t granted = 0;
    return syscall(SYS_arch_prctl, GET_PERMISSIONS, &granted) == 0 && granted >> TILE_DATA & 1;
}

#else

bool an_cpu_ask_for_tiles(void)
{
    return false;
}

bool an_cpu_may_use_tiles(void)
{
    return false;
}

static alexnet_isa detect(void)
{
    return ALEXNET_ISA_BASELINE;
}

void an_cpu_processor(char *text, size_t size)
{
#if defined(__aarch64__)
    snprintf(text, size, "aarch64");
#else
    snprintf(text, size, "unknown");
#endif
}

#endif

alexnet_isa an_cpu_isa(alexnet_isa limit)
{
    alexnet_isa found = detect();
    return limit != ALEXNET_ISA_ANY && limit < found ? limit : found;
}

const char *an_cpu_isa_name(alexnet_isa isa)
{
    static const char *const names[] = {"any", "baseline", "avx2", "avx512", "avx512_bf16", "amx"};
    return names[isa];
}

static dnnl_cpu_isa_t dnnl_isa(alexnet_isa limit)
{
    static const dnnl_cpu_isa_t isas[] = {
        [ALEXNET_ISA_ANY] = (dnnl_cpu_isa_t)0, /* 2.x and 3.x name it differently */
        [ALEXNET_ISA_BASELINE] = dnnl_cpu_isa_sse41,
        [ALEXNET_ISA_AVX2] = dnnl_cpu_isa_avx2,
        [ALEXNET_ISA_AVX512] = dnnl_cpu_isa_avx512_core,
        [ALEXNET_ISA_AVX512_BF16] = dnnl_cpu_isa_avx512_core_bf16,
        [ALEXNET_ISA_AMX] = dnnl_cpu_isa_avx512_core_amx,
    };
    return isas[limit];
}

alexnet_status an_cpu_limit(alexnet_isa limit)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int set = -1; /* the limit of this process, once there is one */
    pthread_mutex_lock(&lock);
    dnnl_status_t status = dnnl_success;
    if (set < 0) {
        if (limit != ALEXNET_ISA_ANY)
            status = dnnl_set_max_cpu_isa(dnnl_isa(limit));
        if (status == dnnl_success)
            set = (int)limit;
    }
    int now = set;
    pthread_mutex_unlock(&lock);
    if (status != dnnl_success)
        return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE,
                       "oneDNN cannot be limited to %s: this process has computed with it already",
                       an_cpu_isa_name(limit));
    if (now != (int)limit)
        return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE,
                       "max_isa is %s, but this process already computes with %s; one value holds "
                       "for the whole process",
                       an_cpu_isa_name(limit), an_cpu_isa_name((alexnet_isa)now));
    return ALEXNET_OK;
}
