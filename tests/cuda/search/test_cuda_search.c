/*
 * Where the cuda backend looks for its libraries, and what it says if one is missing: libs.c is
 * compiled with the names of stubs, which are in folders of their own, as cuDNN is with
 * -DCUDNN_ROOT.
 */
#include "ops/ops_rig.h"

#undef AN_CUDA_DNN_NAME
#undef AN_CUDA_DNN_PART
#undef AN_CUDA_BLAS_NAME
#undef AN_CUDNN_LIBRARIES
#undef AN_CUDA_LIBRARIES
static const char *stub_dnn, *stub_part;
#define AN_CUDA_DNN_NAME stub_dnn
#define AN_CUDA_DNN_PART stub_part
#define AN_CUDA_BLAS_NAME "libstub_blas_%d.so"
#define AN_CUDNN_LIBRARIES STUBS "_dnn"
#define AN_CUDA_LIBRARIES STUBS "_blas"
#include "backend/cuda/libs.c"

/* Load once more, with other libraries. */
static void expect_missing(const char *name, const char *part, const char *why)
{
    const an_cuda_libs *found;
    stub_dnn = name;
    stub_part = part;
    once = (pthread_once_t)PTHREAD_ONCE_INIT;
    missing[0] = '\0';
    expect_failure(an_cuda_libs_get(&found), ALEXNET_ERROR_NOT_AVAILABLE, why);
    assert_null(found);
}

/* Had one of the stubs not been found, the error would name its file. */
static void test_folders_of_the_build(void **state)
{
    (void)state;
    expect_missing("libstub_dnn.so", "libstub_part.so",
                   "cudnnBackendCreateDescriptor is missing from its library");
    assert_non_null(an_cuda_libs_runtime());
}

/* Where there is no cuDNN at all, the error names it rather than one of its parts. */
static void test_no_cudnn(void **state)
{
    (void)state;
    expect_missing("libstub_none.so", "libstub_graph.so", "libstub_none.so: cannot open");
}

/* cuDNN itself would end the process if it found these missing. */
static void test_what_cudnn_opens(void **state)
{
    (void)state;
    expect_missing("libstub_dnn.so", "libstub_graph.so", "libstub_graph.so: cannot open");
    expect_missing("libstub_old.so", "libstub_part.so",
                   "cuDNN is made for CUDA 11, and needs libstub_blas_11.so");
}

/* The program has opened a cuDNN of its own, from a folder that is not searched. */
static void test_cudnn_of_the_program(void **state)
{
    (void)state;
    void *own = dlopen(STUBS "_own/libstub_own.so", RTLD_NOW | RTLD_LOCAL);
    assert_non_null(own);
    expect_missing("libstub_own.so", "libstub_beside.so",
                   "cudnnBackendCreateDescriptor is missing from its library");
    dlclose(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folders_of_the_build),
        cmocka_unit_test(test_no_cudnn),
        cmocka_unit_test(test_what_cudnn_opens),
        cmocka_unit_test(test_cudnn_of_the_program),
    };
    return cmocka_run_group_tests_name("the search for CUDA's libraries", tests, NULL, NULL);
}
