#include "backend/cuda/libs.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/files.h"

static an_cuda_libs libs = {
#define AN_ROW(name) .name = name,
    AN_CUDA_RUNTIME(AN_ROW)
#undef AN_ROW
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char missing[256]; /* why the table is incomplete; "" if it is complete */

/* Open a library from the system's search path, else from the folder where the build found it. */
static void *open_library(const char *name, const char *folder)
{
    char path[512];
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library)
        return library;
    snprintf(missing, sizeof missing, "%s", dlerror());
    snprintf(path, sizeof path, "%s/%s", folder, name);
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library)
        missing[0] = '\0';
    return library;
}

/* Fill in the function pointer at `member` of the table. */
static void find(void *library, const char *name, void *member)
{
    void *address = dlsym(library, name);
    if (!address && !missing[0])
        snprintf(missing, sizeof missing, "%s is missing from its library", name);
    memcpy(member, &address, sizeof address);
}

/* The same for a function of the driver, in the version of CUDA 12.0. */
static void find_in_driver(const char *name, void *member)
{
    enum cudaDriverEntryPointQueryResult found;
    void *address = NULL;
#if CUDART_VERSION >= 13000
    cudaGetDriverEntryPointByVersion(name, &address, 12000, cudaEnableDefault, &found);
#else
    cudaGetDriverEntryPoint(name, &address, cudaEnableDefault, &found);
#endif
    if (!address && !missing[0])
        snprintf(missing, sizeof missing, "the driver has no %s", name);
    memcpy(member, &address, sizeof address);
}

/* Open the cuBLASLt of a version of CUDA. */
static void *open_blas(size_t cuda)
{
    char name[64];
    snprintf(name, sizeof name, AN_CUDA_BLAS_NAME, (int)(cuda / 1000));
    return open_library(name, AN_CUDA_LIBRARIES);
}

/* Open a library from the search path, else from the folder of the one that has this function: the
 * program may have opened that one itself, from a folder of its own, as Python's packages do. */
static void *open_beside(const void *function, const char *name)
{
    Dl_info found;
    char folder[512] = AN_CUDNN_LIBRARIES;
    if (dladdr(function, &found))
        snprintf(folder, sizeof folder, "%.*s", (int)an_path_folder(found.dli_fname),
                 found.dli_fname);
    return open_library(name, folder);
}

/* cuDNN opens other libraries when it needs them, and ends the process if one of these two is
 * missing: the part that has its functions, and the cuBLASLt of the CUDA that it is made for. It
 * uses those that are open. */
static void *open_dnn(void)
{
    size_t (*made_for)(void) = NULL;
    void *dnn = open_library(AN_CUDA_DNN_NAME, AN_CUDNN_LIBRARIES);
    if (!dnn)
        return NULL;
    find(dnn, "cudnnGetCudartVersion", &made_for);
    if (!made_for || !open_beside((void *)made_for, AN_CUDA_DNN_PART))
        return NULL;
    if (open_blas(made_for()))
        return dnn;
    snprintf(missing, sizeof missing, "cuDNN is made for CUDA %d, and needs " AN_CUDA_BLAS_NAME,
             (int)(made_for() / 1000), (int)(made_for() / 1000));
    return NULL;
}

static void load(void)
{
    void *blas = open_blas(CUDART_VERSION);
    void *dnn = blas ? open_dnn() : NULL;
    if (!dnn)
        return;
#define AN_ROW(name) find(dnn, #name, &libs.name);
    AN_CUDA_DNN(AN_ROW)
#undef AN_ROW
#define AN_ROW(name) find(blas, #name, &libs.name);
    AN_CUDA_BLAS(AN_ROW)
#undef AN_ROW
#define AN_ROW(name) find_in_driver(#name, &libs.name);
    AN_CUDA_DRIVER(AN_ROW)
#undef AN_ROW
}

alexnet_status an_cuda_libs_get(const an_cuda_libs **out)
{
    *out = NULL;
    pthread_once(&once, load);
    if (missing[0])
        return AN_FAIL(ALEXNET_ERROR_NOT_AVAILABLE, "%s", missing);
    *out = &libs;
    return ALEXNET_OK;
}

const an_cuda_libs *an_cuda_libs_runtime(void)
{
    return &libs;
}
