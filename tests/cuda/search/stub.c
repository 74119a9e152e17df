/* A library that is found but has none of the functions, except that, in the place of cuDNN, it
 * says for which CUDA it is made. */
#include <stddef.h>

#ifdef STUB_CUDA
__attribute__((visibility("default"))) size_t cudnnGetCudartVersion(void);
size_t cudnnGetCudartVersion(void)
{
    return STUB_CUDA;
}
#else
extern const int cuda_search_stub;
const int cuda_search_stub = 1;
#endif
