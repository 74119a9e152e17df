#include "backend/cuda/matmul.h"

#include <stdio.h>

#include "backend/cuda/trial.h"
#include "base/alloc.h"

/* The largest workspace that an algorithm may use; cuBLAS recommends 32 MiB for sm_90. */
static const size_t MOST_WORKSPACE = (size_t)64 << 20;

/* Of every matrix: all of ours have this alignment, and some no more (base/alloc.h). */
static const uint32_t ALIGNMENT = 64;

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

/* A matrix in column-major order. */
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

static bool is_tf32(const an_cuda *cuda, const an_cuda_matmul_shape *s)
{
    return s->in == AN_F32 && cuda->base.precision == ALEXNET_PRECISION_TF32;
}

static cublasStatus_t describe(an_cuda_matmul *mm, const an_cuda_matmul_shape *s)
{
    const an_cuda *cuda = mm->cuda;
    cublasComputeType_t compute =
        is_tf32(cuda, s) ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
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

static void take(an_cuda_matmul *mm, const cublasLtMatmulHeuristicResult_t *result)
{
    mm->algorithm = result->algo;
    mm->workspace = result->workspaceSize;
}

/* Blocks of a trial's operands. */
enum { A_BLOCK, B_BLOCK, C_BLOCK, BIAS_BLOCK };

typedef struct trial_run {
    const an_cuda_matmul *mm;
    an_cuda_trial *trial;
} trial_run;

static alexnet_status run_trial(void *arg)
{
    const trial_run *r = arg;
    void *const *block = r->trial->block;
    return an_cuda_matmul_run(r->mm, block[A_BLOCK], block[B_BLOCK], block[C_BLOCK],
                              block[BIAS_BLOCK], block[AN_CUDA_TRIAL_WORK]);
}

/* As a convolution of single pixels: C of B, with A as weights. */
static an_element_conv sums_of(const an_cuda_matmul_shape *s)
{
    an_element_conv v = {.n = s->n, .c = s->k, .k = s->m};
    v.h = v.w = v.r = v.s = v.p = v.q = v.groups = v.stride = 1;
    an_element_arrange(&v, false);
    if (s->b_transposed)
        v.x.stride[0] = 1, v.x.stride[1] = s->n;
    if (!s->a_transposed)
        v.weights.stride[0] = 1, v.weights.stride[1] = s->m;
    return v;
}

static alexnet_status get_operands(an_cuda_trial *t, const an_cuda_matmul_shape *s)
{
    const bool tf32 = is_tf32(t->cuda, s);
    t->out = (an_cuda_outcome){C_BLOCK, s->out, tf32 || s->in == AN_BF16, AN_FORWARD, sums_of(s)};
    an_element_conv *v = &t->out.sums;
    snprintf(t->what, sizeof t->what, "a matrix product of %lldx%lld by %lldx%lld", (long long)s->n,
             (long long)s->k, (long long)s->k, (long long)s->m);
    AN_CHECK(an_cuda_trial_operand(t, A_BLOCK, s->m * s->k, s->in, tf32, &v->weights));
    AN_CHECK(an_cuda_trial_operand(t, B_BLOCK, s->k * s->n, s->in, tf32, &v->x));
    AN_CHECK(an_cuda_trial_block(t, C_BLOCK, (size_t)(s->m * s->n) * an_dtype_bytes(s->out)));
    return s->bias ? an_cuda_trial_operand(t, BIAS_BLOCK, s->m, s->out, tf32, &v->bias)
                   : ALEXNET_OK;
}

/* Try the proposals, and keep the choice. */
static an_cuda_pick try_all(an_cuda_matmul *mm, const an_cuda_matmul_shape *s,
                            const cublasLtMatmulHeuristicResult_t *results, int count,
                            const char *key)
{
    an_cuda_trial trial = {
        .cuda = mm->cuda, .work = run_trial, .timed = an_cuda_trial_times(mm->cuda, s->batch)};
    trial_run run = {mm, &trial};
    trial.arg = &run;
    alexnet_status rc = get_operands(&trial, s);
    if (rc != ALEXNET_OK)
        an_cuda_trial_cancel(&trial);
    for (int i = 0; i < count && rc == ALEXNET_OK && !an_cuda_trial_decided(&trial); i++) {
        take(mm, &results[i]);
        const an_cuda_pick candidate = {.number = AN_CUDA_PROPOSAL + i, .place = i};
        an_cuda_trial_enter(&trial, candidate, mm->workspace);
    }
    an_cuda_choice_keep(mm->cuda, key, &trial);
    an_cuda_trial_end(&trial);
    return trial.best;
}

/* What a trial chooses; each shape is tried only once. AUTO if no proposal is right, or memory is
 * lacking, or if there was no trial and the first proposal is asked for. */
static an_cuda_pick choose_by_trial(an_cuda_matmul *mm, const an_cuda_matmul_shape *s,
                                    const cublasLtMatmulHeuristicResult_t *results, int count,
                                    an_variant asked)
{
    const bool first = asked == AN_CUDA_FIRST;
    char key[sizeof mm->cuda->choices->key];
    snprintf(key, sizeof key, "product %lld %lld %lld: %d %d, %d %d, %d %d", (long long)s->m,
             (long long)s->n, (long long)s->k, s->a_transposed, s->b_transposed, (int)s->in,
             (int)s->out, s->bias, s->accumulate);
    const an_cuda_pick pick = an_cuda_choice_find(mm->cuda, key, first);
    return pick.number != AN_CUDA_AUTO || first ? pick : try_all(mm, s, results, count, key);
}

/* The workspace and the alignment that every algorithm must accept. Partial sums that are added up
 * must be float32, the type that sums are computed in, and not that of the output. */
static cublasStatus_t limit(const an_cuda_libs *libs, cublasLtMatmulPreference_t preference)
{
    static const uint32_t reductions = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
    static const cublasLtMatmulPreferenceAttributes_t aligned[] = {
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES};
    cublasStatus_t rc = libs->cublasLtMatmulPreferenceSetAttribute(
        preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &MOST_WORKSPACE,
        sizeof MOST_WORKSPACE);
    if (rc == CUBLAS_STATUS_SUCCESS)
        rc = libs->cublasLtMatmulPreferenceSetAttribute(
            preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &reductions, sizeof reductions);
    for (int i = 0; i < 4 && rc == CUBLAS_STATUS_SUCCESS; i++)
        rc = libs->cublasLtMatmulPreferenceSetAttribute(preference, aligned[i], &ALIGNMENT,
                                                        sizeof ALIGNMENT);
    return rc;
}

/* Keep the results that are valid. */
static int valid_of(cublasLtMatmulHeuristicResult_t *results, int count)
{
    int valid = 0;
    for (int i = 0; i < count; i++)
        if (results[i].state == CUBLAS_STATUS_SUCCESS)
            results[valid++] = results[i];
    return valid;
}

/* Always ask for as many: nothing says that a shorter list is the beginning of a longer one, and a
 * number must name the same algorithm later. */
static cublasStatus_t ask(const an_cuda_matmul *mm,
                          cublasLtMatmulHeuristicResult_t results[AN_CUDA_TRIALS], int *count)
{
    const an_cuda_libs *libs = mm->cuda->libs;
    cublasLtMatmulPreference_t preference = NULL;
    cublasStatus_t rc = libs->cublasLtMatmulPreferenceCreate(&preference);
    if (rc == CUBLAS_STATUS_SUCCESS)
        rc = limit(libs, preference);
    if (rc == CUBLAS_STATUS_SUCCESS)
        rc =
            libs->cublasLtMatmulAlgoGetHeuristic(mm->cuda->blas, mm->what, mm->a, mm->b, mm->c,
                                                 mm->c, preference, AN_CUDA_TRIALS, results, count);
    if (rc == CUBLAS_STATUS_SUCCESS)
        *count = valid_of(results, *count);
    if (rc == CUBLAS_STATUS_SUCCESS && *count == 0)
        rc = CUBLAS_STATUS_NOT_SUPPORTED;
    if (preference)
        libs->cublasLtMatmulPreferenceDestroy(preference);
    return rc;
}

static cublasStatus_t choose(an_cuda_matmul *mm, const an_cuda_matmul_shape *s, an_variant *variant)
{
    cublasLtMatmulHeuristicResult_t results[AN_CUDA_TRIALS];
    int count = 0;
    cublasStatus_t rc = ask(mm, results, &count);
    if (rc != CUBLAS_STATUS_SUCCESS)
        return rc;
    if (*variant == AN_CUDA_AUTO || *variant == AN_CUDA_FIRST)
        *variant = choose_by_trial(mm, s, results, count, *variant).number;
    if (*variant < AN_CUDA_PROPOSAL || *variant > count)
        *variant = AN_CUDA_PROPOSAL;
    take(mm, &results[*variant - AN_CUDA_PROPOSAL]);
    return rc;
}

alexnet_status an_cuda_matmul_new(an_cuda_matmul **out, an_cuda *cuda,
                                  const an_cuda_matmul_shape *shape, an_variant *variant)
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
        status = choose(mm, shape, variant);
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
