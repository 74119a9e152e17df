/*
 * Where the cuda backend looks for its libraries: libs.c is compiled with the names of two stubs,
 * which are in folders of their own, as cuDNN does with -DCUDNN_ROOT.
 */
#include "ops/ops_rig.h"

#undef AN_CUDA_DNN_NAME
#undef AN_CUDA_BLAS_NAME
#undef AN_CUDNN_LIBRARIES
#undef AN_CUDA_LIBRARIES
#define AN_CUDA_DNN_NAME "libstub_dnn.so"
#define AN_CUDA_BLAS_NAME "libstub_blas.so"
#define AN_CUDNN_LIBRARIES STUBS "_dnn"
#define AN_CUDA_LIBRARIES STUBS "_blas"
#include "backend/cuda/libs.c"

/* Had one of the stubs not been found, the error would name its file. */
static void test_folders_of_the_build(void **state)
{
    const an_cuda_libs *found;
    (void)state;
    expect_failure(an_cuda_libs_get(&found), ALEXNET_ERROR_NOT_AVAILABLE,
                   "cudnnBackendCreateDescriptor is missing from its library");
    assert_null(found);
    assert_non_null(an_cuda_libs_runtime());
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_folders_of_the_build)};
    return cmocka_run_group_tests_name("the search for CUDA's libraries", tests, NULL, NULL);
}
