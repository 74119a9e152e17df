/* The list of backends, with the one on the fake device. */
#include "backend/cpu/cpu.h"
#include "backend/cuda/cuda.h"
#include "backend/ref/ref.h"

const an_backend_api *const an_backends[] = {&an_cuda_api, &an_cpu_api, &an_ref_api};
const int an_backend_count = 3;
