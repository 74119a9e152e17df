/* cuBLASLt as plain loops. */
#include <stdlib.h>
#include <string.h>

#include "cuda/fake.h"

enum { WORKSPACE = 4096 };

typedef struct product {
    int32_t a_op, b_op;
    uint32_t epilogue;
    int32_t bias_type;
    const void *bias;
} product;

typedef struct matrix {
    cudaDataType_t type;
    int64_t rows, columns, stride;
} matrix;

static cublasStatus_t create(cublasLtHandle_t *out)
{
    *out = malloc(1);
    return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t destroy(cublasLtHandle_t handle)
{
    free(handle);
    return CUBLAS_STATUS_SUCCESS;
}

static const char *status_string(cublasStatus_t status)
{
    return status ? "an error of the fake" : "success";
}

static size_t version(void)
{
    return 130100;
}

static cublasStatus_t desc_create(cublasLtMatmulDesc_t *out, cublasComputeType_t compute,
                                  cudaDataType_t scale)
{
    (void)compute, (void)scale;
    fake_count.descriptors++;
    *out = calloc(1, sizeof(product));
    return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t desc_destroy(cublasLtMatmulDesc_t desc)
{
    fake_count.descriptors--;
    free(desc);
    return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t desc_set(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t name,
                               const void *value, size_t size)
{
    product *p = (product *)desc;
    void *member = name == CUBLASLT_MATMUL_DESC_TRANSA           ? (void *)&p->a_op
                   : name == CUBLASLT_MATMUL_DESC_TRANSB         ? (void *)&p->b_op
                   : name == CUBLASLT_MATMUL_DESC_EPILOGUE       ? (void *)&p->epilogue
                   : name == CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE ? (void *)&p->bias_type
                   : name == CUBLASLT_MATMUL_DESC_BIAS_POINTER   ? (void *)&p->bias
                                                                 : NULL;
    if (!member)
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(member, value, size);
    return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t layout_create(cublasLtMatrixLayout_t *out, cudaDataType_t type, uint64_t rows,
                                    uint64_t columns, int64_t stride)
{
    matrix *m = malloc(sizeof *m);
    fake_count.descriptors++;
    *m = (matrix){type, (int64_t)rows, (int64_t)columns, stride};
    *out = (cublasLtMatrixLayout_t)m;
    return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t layout_destroy(cublasLtMatrixLayout_t layout)
{
    fake_count.descriptors--;
    free(layout);
    return CUBLAS_STATUS_SUCCESS;
}

/* What an algorithm may rely on and do: the least alignment of A, B, C and D, and the types in
 * which partial sums may be added up. */
typedef struct preference {
    uint32_t alignment[4], reductions;
} preference;

static cublasStatus_t preference_create(cublasLtMatmulPreference_t *out)
{
    preference *p = malloc(sizeof *p);
    *p = (preference){{256, 256, 256, 256}, CUBLASLT_REDUCTION_SCHEME_MASK};
    *out = (cublasLtMatmulPreference_t)p;
    return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t preference_destroy(cublasLtMatmulPreference_t which)
{
    free(which);
    return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t preference_set(cublasLtMatmulPreference_t which,
                                     cublasLtMatmulPreferenceAttributes_t name, const void *value,
                                     size_t size)
{
    preference *p = (preference *)which;
    const int operand = (int)name - (int)CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
    if (operand >= 0 && operand < 4 && size == sizeof p->alignment[0])
        memcpy(&p->alignment[operand], value, size);
    if (name == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK && size == sizeof p->reductions)
        memcpy(&p->reductions, value, size);
    return CUBLAS_STATUS_SUCCESS;
}

static preference preference_of(const cublasLtMatmulAlgo_t *algorithm)
{
    preference p;
    memcpy(&p, algorithm, sizeof p);
    return p;
}

/* Whether an algorithm can compute on operands at these addresses; it needs the alignment that it
 * may rely on. */
static bool takes(const cublasLtMatmulAlgo_t *algorithm, const void *a, const void *b,
                  const void *c, const void *d)
{
    const void *operands[] = {a, b, c, d};
    const preference needs = preference_of(algorithm);
    for (int i = 0; i < 4; i++)
        if (needs.alignment[i] == 0 || (uintptr_t)operands[i] % needs.alignment[i])
            return false;
    return true;
}

/* The parameters are those of cublasLt.h. */
#define HEURISTIC_PARAMETERS                                                                       \
    cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,                  \
        cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,              \
        cublasLtMatmulPreference_t which, int requested,                                           \
        cublasLtMatmulHeuristicResult_t results[], int *count

static cublasStatus_t heuristic(HEURISTIC_PARAMETERS)
{
    const product *p = (const product *)desc;
    const matrix *out = (const matrix *)d;
    (void)handle, (void)a, (void)b, (void)c;
    *count = 0;
    if (p->epilogue == CUBLASLT_EPILOGUE_BIAS && p->bias_type != (int32_t)out->type)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    for (; *count < requested && *count < 3; ++*count) {
        memset(&results[*count], 0, sizeof results[*count]);
        if (*count == 0) { /* an algorithm of zeros, which takes() refuses */
            results[0].state = CUBLAS_STATUS_NOT_SUPPORTED;
            continue;
        }
        results[*count].workspaceSize = WORKSPACE;
        memcpy(&results[*count].algo, which, sizeof(preference));
    }
    return CUBLAS_STATUS_SUCCESS;
}

/* What cuBLASLt takes from its descriptors when it is called. */
typedef struct call {
    product p;
    matrix ma, mb, md;
    const void *a, *b, *c;
    void *d, *workspace;
    size_t workspace_bytes;
    double scale, keep;
    bool coarse; /* partial sums may be added up in the type of the output */
} call;

static double element(const matrix *m, const void *data, int32_t op, int64_t row, int64_t column)
{
    int64_t at = op == CUBLAS_OP_T ? column + row * m->stride : row + column * m->stride;
    return fake_load(data, at, m->type == CUDA_R_16BF);
}

/* In bf16 if partial sums may be: each is then rounded. */
static double dot(const call *m, int64_t i, int64_t j, int64_t k)
{
    double sum = 0;
    for (int64_t l = 0; l < k; l++) {
        sum += element(&m->ma, m->a, m->p.a_op, i, l) * element(&m->mb, m->b, m->p.b_op, l, j);
        if (m->coarse && m->md.type == CUDA_R_16BF) {
            uint16_t rounded;
            fake_store(&rounded, 0, true, sum);
            sum = fake_load(&rounded, 0, true);
        }
    }
    return m->scale * sum;
}

static int multiply(const void *arg, int64_t k)
{
    const call *m = arg;
    bool bf16 = m->md.type == CUDA_R_16BF;
    memset(m->workspace, 0xff, m->workspace_bytes);
    for (int64_t j = 0; j < m->md.columns; j++)
        for (int64_t i = 0; i < m->md.rows; i++) {
            double sum = dot(m, i, j, k);
            if (m->keep != 0)
                sum += m->keep * fake_load(m->c, i + j * m->md.stride, bf16);
            if (m->p.epilogue == CUBLASLT_EPILOGUE_BIAS)
                sum += fake_load(m->p.bias, i, bf16);
            fake_store(m->d, i + j * m->md.stride, bf16, sum);
        }
    return 0;
}

static cublasStatus_t matmul(FAKE_MATMUL_PARAMETERS)
{
    const call m = {.p = *(const product *)desc,
                    .ma = *(const matrix *)a_layout,
                    .mb = *(const matrix *)b_layout,
                    .md = *(const matrix *)d_layout,
                    .a = a,
                    .b = b,
                    .c = c,
                    .d = d,
                    .workspace = workspace,
                    .workspace_bytes = workspace_bytes,
                    .scale = *(const float *)alpha,
                    .keep = *(const float *)beta,
                    .coarse = preference_of(algorithm).reductions &
                              ~(uint32_t)CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE};
    int64_t k = m.p.a_op == CUBLAS_OP_T ? m.ma.rows : m.ma.columns;
    (void)handle, (void)c_layout;
    if (!takes(algorithm, a, b, c, d) || workspace_bytes < WORKSPACE || (uintptr_t)workspace % 16 ||
        (uintptr_t)m.p.bias % 16 || (m.p.epilogue == CUBLASLT_EPILOGUE_BIAS && !m.p.bias) ||
        k != (m.p.b_op == CUBLAS_OP_T ? m.mb.columns : m.mb.rows))
        return CUBLAS_STATUS_INVALID_VALUE;
    fake_count.products++;
    fake_queue(stream, multiply, &m, sizeof m, k);
    return CUBLAS_STATUS_SUCCESS;
}

void fake_fill_blas(an_cuda_libs *libs)
{
    libs->cublasLtCreate = create;
    libs->cublasLtDestroy = destroy;
    libs->cublasLtGetStatusString = status_string;
    libs->cublasLtGetVersion = version;
    libs->cublasLtMatmul = matmul;
    libs->cublasLtMatmulAlgoGetHeuristic = heuristic;
    libs->cublasLtMatmulDescCreate = desc_create;
    libs->cublasLtMatmulDescDestroy = desc_destroy;
    libs->cublasLtMatmulDescSetAttribute = desc_set;
    libs->cublasLtMatmulPreferenceCreate = preference_create;
    libs->cublasLtMatmulPreferenceDestroy = preference_destroy;
    libs->cublasLtMatmulPreferenceSetAttribute = preference_set;
    libs->cublasLtMatrixLayoutCreate = layout_create;
    libs->cublasLtMatrixLayoutDestroy = layout_destroy;
}
