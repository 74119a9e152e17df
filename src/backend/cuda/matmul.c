#include "backend/cuda/matmul.h"

#include <string.h>

#include "base/alloc.h"

/* What an algorithm may ask for; 32 MiB is what cuBLAS advises for sm_90. */
static const size_t MOST_WORKSPACE = (size_t)64 << 20;

struct an_cuda_matmul {
    an_cuda *cuda; /* borrowed */
    float beta;
    cublasLtMatmulDesc_t what;
    cublasLtMatrixLayout_t a, b, c;
    cublasLtMatmulAlgo_t algorithm;
    size_t workspace;
    bool bias;
};

static cudaDataType_t type_of(an_dtype dtype)
{
    return dtype == AN_BF16 ? CUDA_R_16BF : CUDA_R_32F;
}

/* A matrix of `rows` contiguous elements in each of its columns. */
static cublasStatus_t new_matrix(const an_cuda *cuda, cublasLtMatrixLayout_t *out, an_dtype dtype,
                                 int64_t rows, int64_t columns)
{
    return cuda->libs->cublasLtMatrixLayoutCreate(out, type_of(dtype), (uint64_t)rows,
                                                  (uint64_t)columns, rows);
}

static cublasStatus_t set(const an_cuda_matmul *mm, cublasLtMatmulDescAttributes_t name,
                          const void *value, size_t size)
{
    return mm->cuda->libs->cublasLtMatmulDescSetAttribute(mm->what, name, value, size);
}

static cublasStatus_t describe(an_cuda_matmul *mm, const an_cuda_matmul_shape *s)
{
    const an_cuda *cuda = mm->cuda;
    bool tf32 = s->in == AN_F32 && cuda->base.precision == ALEXNET_PRECISION_TF32;
    cublasComputeType_t compute = tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
    int32_t a_op = s->a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    int32_t b_op = s->b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    uint32_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    int32_t bias_type = type_of(s->out);
    cublasStatus_t rc = cuda->libs->cublasLtMatmulDescCreate(&mm->what, compute, CUDA_R_32F);
    if (rc == CUBLAS_STATUS_SUCCESS)
        rc = set(mm, CUBLASLT_MATMUL_DESC_TRANSA, &a_op, sizeof a_op);
    if (rc == CUBLAS_STATUS_SUCCESS)
        rc = set(mm, CUBLASLT_MATMUL_DESC_TRANSB, &b_op, sizeof b_op);
    if (rc == CUBLAS_STATUS_SUCCESS && s->bias)
        rc = set(mm, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue);
    if (rc == CUBLAS_STATUS_SUCCESS && s->bias)
        rc = set(mm, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, &bias_type, sizeof bias_type);
    if (rc == CUBLAS_STATUS_SUCCESS)
        rc = s->a_transposed ? new_matrix(cuda, &mm->a, s->in, s->k, s->m)
                             : new_matrix(cuda, &mm->a, s->in, s->m, s->k);
    if (rc == CUBLAS_STATUS_SUCCESS)
        rc = s->b_transposed ? new_matrix(cuda, &mm->b, s->in, s->n, s->k)
                             : new_matrix(cuda, &mm->b, s->in, s->k, s->n);
    if (rc == CUBLAS_STATUS_SUCCESS)
        rc = new_matrix(cuda, &mm->c, s->out, s->m, s->n);
    return rc;
}

static cublasStatus_t choose(an_cuda_matmul *mm)
{
    const an_cuda_libs *libs = mm->cuda->libs;
    cublasLtMatmulPreference_t wish = NULL;
    cublasLtMatmulHeuristicResult_t best;
    int count = 0;
    cublasStatus_t rc = libs->cublasLtMatmulPreferenceCreate(&wish);
    if (rc == CUBLAS_STATUS_SUCCESS)
        rc = libs->cublasLtMatmulPreferenceSetAttribute(
            wish, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &MOST_WORKSPACE, sizeof MOST_WORKSPACE);
    if (rc == CUBLAS_STATUS_SUCCESS)
        rc = libs->cublasLtMatmulAlgoGetHeuristic(mm->cuda->blas, mm->what, mm->a, mm->b, mm->c,
                                                  mm->c, wish, 1, &best, &count);
    if (rc == CUBLAS_STATUS_SUCCESS && count == 0)
        rc = CUBLAS_STATUS_NOT_SUPPORTED;
    if (wish)
        libs->cublasLtMatmulPreferenceDestroy(wish);
    if (rc == CUBLAS_STATUS_SUCCESS) {
        mm->algorithm = best.algo;
        mm->workspace = best.workspaceSize;
    }
    return rc;
}

alexnet_status an_cuda_matmul_new(an_cuda_matmul **out, an_cuda *cuda,
                                  const an_cuda_matmul_shape *shape)
{
    *out = NULL;
    an_cuda_matmul *mm = an_calloc(1, sizeof *mm);
    if (!mm)
        return AN_FAIL_MEMORY(sizeof *mm, "a matrix product");
    mm->cuda = cuda;
    mm->beta = shape->accumulate ? 1 : 0;
    mm->bias = shape->bias;
    cublasStatus_t status = describe(mm, shape);
    if (status == CUBLAS_STATUS_SUCCESS)
        status = choose(mm);
    alexnet_status rc = an_cuda_check_blas(cuda, status, "preparing a matrix product");
    if (rc != ALEXNET_OK)
        an_cuda_matmul_free(mm);
    else
        *out = mm;
    return rc;
}

void an_cuda_matmul_free(an_cuda_matmul *mm)
{
    if (!mm)
        return;
    const an_cuda_libs *libs = mm->cuda->libs;
    cublasLtMatrixLayout_t matrices[] = {mm->a, mm->b, mm->c};
    for (int i = 0; i < 3; i++)
        if (matrices[i])
            libs->cublasLtMatrixLayoutDestroy(matrices[i]);
    if (mm->what)
        libs->cublasLtMatmulDescDestroy(mm->what);
    an_free(mm);
}

size_t an_cuda_matmul_workspace(const an_cuda_matmul *mm)
{
    return mm->workspace;
}

alexnet_status an_cuda_matmul_run(const an_cuda_matmul *mm, const void *a, const void *b, void *c,
                                  const void *bias, void *workspace)
{
    const an_cuda *cuda = mm->cuda;
    const float one = 1;
    cublasStatus_t status = CUBLAS_STATUS_SUCCESS;
    if (mm->bias)
        status = set(mm, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias);
    if (status == CUBLAS_STATUS_SUCCESS)
        status = cuda->libs->cublasLtMatmul(cuda->blas, mm->what, &one, a, mm->a, b, mm->b,
                                            &mm->beta, c, mm->c, c, mm->c, &mm->algorithm,
                                            workspace, mm->workspace, cuda->stream);
    return an_cuda_check_blas(cuda, status, "a matrix product");
}
