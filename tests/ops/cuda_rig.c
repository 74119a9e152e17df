#include "ops/cuda_rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef AN_CUDA_GPU
#include <cuda_runtime_api.h>
#endif

#include "backend/parity/bound.h"
#include "base/alloc.h"
#include "base/random.h"

enum { SEED = 20120930, FENCE = 64 };

bool an_host_backwards;

int an_host_launch(an_host_kernel *kernel, const void *run, size_t bytes, int64_t blocks,
                   void *stream)
{
    (void)bytes, (void)stream;
    return kernel(run, blocks);
}

const cuda_form cuda_forms[CUDA_FORMS] = {
    {"plain", false, false}, {"nhwc", true, false}, {"nhwc bf16", true, true}};

double *cuda_random(int64_t count, double scale, uint32_t stream)
{
    double *out = an_malloc((size_t)count * sizeof *out);
    assert_non_null(out);
    an_random4 block = {{0}};
    for (int64_t i = 0; i < count; i++) {
        if (i % 4 == 0)
            block = an_random(SEED, AN_PURPOSE_TEST, stream, (uint64_t)i / 4, 0);
        out[i] = scale * ((int)(block.v[i % 4] >> 24) - 128) * 0x1p-7;
    }
    return out;
}

int cuda_pick(uint32_t stream, uint32_t i, int end)
{
    return (int)an_below(an_random(SEED, AN_PURPOSE_TEST, stream, i, 1).v[0], (uint32_t)end);
}

/* ---- An operator on ref ---------------------------------------------------------------------- */

static double *zeros(int64_t count)
{
    double *out = an_calloc((size_t)count, sizeof *out);
    assert_non_null(out);
    return out;
}

cuda_case *cuda_case_of(an_backend *ref, an_op_desc desc)
{
    cuda_case *c = an_calloc(1, sizeof *c);
    assert_non_null(c);
    expect_ok(an_op_resolve(&desc));
    c->ref = ref;
    c->desc = desc;
    for (int i = 0; i < desc.n_inputs; i++) {
        c->e_x[i] = zeros(an_batch_count(&desc, desc.in[i]));
        c->e_dx[i] = zeros(an_batch_count(&desc, desc.in[i]));
    }
    c->e_y = zeros(an_batch_count(&desc, desc.out));
    c->e_dy = zeros(an_batch_count(&desc, desc.out));
    c->e_loss = zeros(desc.n);
    c->operands.state = (an_step_state){.seed = SEED, .step = 7, .weight = 1};
    return c;
}

void cuda_case_run(cuda_case *c, bool training)
{
    c->chain = rig_run(c->ref, &c->desc, &c->operands, training);
}

cuda_case *cuda_case_new(an_backend *ref, an_op_desc desc, double scale, bool training)
{
    cuda_case *c = cuda_case_of(ref, desc);
    for (int i = 0; i < c->desc.n_inputs; i++)
        c->operands.x[i] = cuda_random(an_batch_count(&c->desc, c->desc.in[i]), scale, (uint32_t)i);
    c->operands.dy = cuda_random(an_batch_count(&c->desc, c->desc.out), 1, 100);
    cuda_case_run(c, training);
    return c;
}

void cuda_case_free(cuda_case *c)
{
    for (int i = 0; i < c->desc.n_inputs; i++) {
        an_free(c->operands.x[i]);
        an_free(c->e_x[i]);
        an_free(c->e_dx[i]);
    }
    an_free(c->operands.dy);
    an_free(c->operands.param[0][0]);
    an_free(c->operands.slots);
    an_free(c->operands.pictures);
    an_free(c->e_y);
    an_free(c->e_dy);
    an_free(c->e_loss);
    an_chain_close(c->chain);
    an_free(c);
}

void cuda_case_bounds(cuda_case *c, const cuda_form *form)
{
    an_chain_link *link = &c->chain->link[0];
    an_bound b = {.sum = 0x1p-24,
                  .store = form->bf16 ? 0x1p-8 : 0x1p-24,
                  .ref = c->ref,
                  .prepared = link->op,
                  .desc = &c->desc,
                  .args = {.y = link->y, .dy = link->dy, .scratch = link->scratch},
                  .e_dy = c->e_dy,
                  .e_y = c->e_y,
                  .e_loss = c->e_loss};
    b.args.state = &c->operands.state;
    b.args.slots = c->operands.slots;
    b.args.param[0] = link->param[0];
    for (int i = 0; i < c->desc.n_inputs; i++) {
        b.args.x[i] = c->chain->x[i];
        b.args.dx[i] = c->chain->dx[i];
        b.e_x[i] = c->e_x[i];
        b.e_dx[i] = c->e_dx[i];
    }
    expect_ok(an_bound_forward(&b));
    expect_ok(an_bound_backward(&b));
}

/* ---- Memory ---------------------------------------------------------------------------------- */

an_cuda_form cuda_form_of(const cuda_form *form, int n, an_chw shape)
{
    return (an_cuda_form){n, shape.c, shape.h, shape.w, form->nhwc, form->bf16};
}

#ifdef AN_CUDA_GPU

void cuda_ok(int error)
{
    int later = error ? 0 : (int)cudaDeviceSynchronize();
    if (error || later)
        fail_msg("CUDA: %s", cudaGetErrorString((cudaError_t)(error ? error : later)));
}

int cuda_absent(void)
{
    int devices = 0;
    cudaError_t error = cudaGetDeviceCount(&devices);
    if (error == cudaSuccess && devices > 0)
        return 0;
    print_message("skipped: no device: %s\n", cudaGetErrorString(error));
    return 77;
}

static char *take(size_t bytes)
{
    void *block = NULL;
    cuda_ok((int)cudaMallocManaged(&block, bytes, cudaMemAttachGlobal));
    return block;
}

static void give_back(char *block)
{
    cuda_ok((int)cudaFree(block));
}

#else

void cuda_ok(int error)
{
    assert_int_equal(error, 0);
}

int cuda_absent(void)
{
    return 0;
}

static char *take(size_t bytes)
{
    return aligned_alloc(FENCE, bytes);
}

static void give_back(char *block)
{
    free(block);
}

#endif

void *cuda_block(size_t bytes)
{
    size_t room = (bytes + FENCE + 2 * sizeof bytes) / FENCE * FENCE + FENCE;
    char *block = take(FENCE + room);
    assert_non_null(block);
    memset(block, 0xff, FENCE + room);
    memcpy(block, &bytes, sizeof bytes);
    return block + FENCE;
}

void cuda_free(void *block)
{
    size_t bytes;
    if (!block)
        return;
    memcpy(&bytes, (char *)block - FENCE, sizeof bytes);
    for (size_t i = 0; i < FENCE; i++)
        if (((unsigned char *)block)[bytes + i] != 0xff)
            fail_msg("byte %zu after a block of %zu was written", i, bytes);
    give_back((char *)block - FENCE);
}

void *cuda_move(const void *data, size_t bytes)
{
    return memcpy(cuda_block(bytes), data, bytes);
}

/* Where element `plain_index` of N C H W order stands. */
static int64_t place(const cuda_form *form, an_chw s, int64_t plain_index)
{
    int64_t pixels = (int64_t)s.h * s.w, pixel = plain_index % pixels;
    int64_t c = plain_index / pixels % s.c, n = plain_index / pixels / s.c;
    return form->nhwc ? (n * pixels + pixel) * s.c + c : plain_index;
}

static uint16_t to_bf16(double value)
{
    float f = (float)value;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static double from_bf16(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

void *cuda_space(const cuda_form *form, int n, an_chw shape)
{
    size_t size = form->bf16 ? sizeof(uint16_t) : sizeof(float);
    return cuda_block((size_t)n * (size_t)an_chw_count(shape) * size);
}

void *cuda_put(const double *plain, const cuda_form *form, int n, an_chw shape)
{
    void *block = cuda_space(form, n, shape);
    for (int64_t i = 0; i < n * an_chw_count(shape); i++) {
        int64_t at = place(form, shape, i);
        if (form->bf16)
            ((uint16_t *)block)[at] = to_bf16(plain[i]);
        else
            ((float *)block)[at] = (float)plain[i];
    }
    return block;
}

double cuda_get(const void *block, const cuda_form *form, an_chw shape, int64_t plain_index)
{
    int64_t at = place(form, shape, plain_index);
    return form->bf16 ? from_bf16(((const uint16_t *)block)[at])
                      : (double)((const float *)block)[at];
}

void cuda_expect(const char *what, const void *block, const cuda_form *form, int n, an_chw shape,
                 const double *expected, const double *bound)
{
    for (int64_t i = 0; i < n * an_chw_count(shape); i++) {
        double got = cuda_get(block, form, shape, i), want = expected[i];
        if (!bound)
            want = form->bf16 ? from_bf16(to_bf16(want)) : (double)(float)want;
        if (!(fabs(got - want) <= (bound ? bound[i] : 0)))
            fail_msg("%s, %s: [%lld] of %d x [%d, %d, %d] is %.9g, expected %.9g +- %.3g", what,
                     form->name, (long long)i, n, shape.c, shape.h, shape.w, got, want,
                     bound ? bound[i] : 0);
    }
}

an_backend *cuda_ref;

int cuda_open_ref(void **state)
{
    (void)state;
    cuda_ref = rig_open_ref();
    return 0;
}

int cuda_close_ref(void **state)
{
    (void)state;
    an_backend_close(cuda_ref);
    return 0;
}
