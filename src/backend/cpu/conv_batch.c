#include "backend/cpu/conv_batch.h"

#include <omp.h>
#include <string.h>

#include "base/status.h"

/* More threads than any batch has tiles. */
enum { MANY_THREADS = 1 << 20 };

static bool is_named(const an_primitive *primitive, const char *beginning)
{
    return strncmp(an_primitive_name(primitive), beginning, strlen(beginning)) == 0;
}

static bool same_kernel(const an_primitive *a, const an_primitive *b)
{
    return strcmp(an_primitive_name(a), an_primitive_name(b)) == 0 &&
           an_primitive_scratch(a) == an_primitive_scratch(b);
}

/* Make the primitive of the whole batch again, with the schedule of `many`. oneDNN chooses a
 * schedule by the number of threads, which also decides whether stores bypass the caches; so the
 * smallest number is used that gives this schedule, from the context's threads upwards. If there is
 * none, the primitive becomes *many. */
static alexnet_status make_like(an_conv_batch *batch, an_primitive **many, int n,
                                an_primitive_make make, const void *problem)
{
    int threads = omp_get_max_threads();
    for (; threads < MANY_THREADS && !same_kernel(batch->whole, *many); threads *= 2) {
        an_primitive_free(batch->whole);
        batch->whole = NULL;
        AN_CHECK(an_primitive_make_for(threads, make, problem, n, &batch->whole));
    }
    if (!same_kernel(batch->whole, *many)) {
        an_primitive_free(batch->whole);
        batch->whole = *many;
        *many = NULL;
    }
    return ALEXNET_OK;
}

/*
 * oneDNN chooses between its Winograd kernels, and between two schedules of jit_wino_4x3, by the
 * number of threads, and each groups sums differently. The choice made here does not depend on the
 * number:
 *
 * - jit_fp32_wino_2x3, if oneDNN chooses it for a single thread; it then does so for more as well
 * - images one by one, if it does not choose jit_wino_4x3 for many threads, which happens with
 *   batches of a few images
 * - else jit_wino_4x3 with the schedule that transforms the whole batch first. The other schedule,
 *   which cuts the batch into blocks, needs 1.5 blocks of tiles for each thread, and less scratch.
 *   A kernel made for too many threads runs on any number of them.
 */
static alexnet_status make_winograd(an_conv_batch *batch, int n, an_primitive_make make,
                                    const void *problem)
{
    an_primitive *single = NULL, *many = NULL;
    AN_CHECK(an_primitive_make_for(1, make, problem, n, &single));
    bool single_takes_2x3 = is_named(single, "jit_fp32_wino_2x3:");
    an_primitive_free(single);
    if (single_takes_2x3)
        return ALEXNET_OK;
    AN_CHECK(an_primitive_make_for(MANY_THREADS, make, problem, n, &many));
    batch->by_image = !is_named(many, "jit_wino_4x3:");
    alexnet_status rc = batch->by_image ? ALEXNET_OK : make_like(batch, &many, n, make, problem);
    an_primitive_free(many);
    return rc;
}

/* Other kernels whose sums do not depend on the number of threads are recognised by the beginning
 * of their names in oneDNN; tests/ops/test_bits_cpu.c checks them. */
static alexnet_status choose(an_conv_batch *batch, int n, an_primitive_make make,
                             const void *problem)
{
    AN_CHECK(make(problem, n, &batch->whole));
    if (is_named(batch->whole, "jit_wino_4x3:") || is_named(batch->whole, "jit_fp32_wino_2x3:"))
        return make_winograd(batch, n, make, problem);
    batch->by_image = !is_named(batch->whole, "jit:") && !is_named(batch->whole, "jit_bf16:");
    return ALEXNET_OK;
}

alexnet_status an_conv_batch_new(an_conv_batch *batch, an_cpu_op *op, int n, an_primitive_make make,
                                 const void *problem)
{
    AN_CHECK(choose(batch, n, make, problem));
    if (batch->by_image) {
        an_units units = {.count = n, .full = n, .large = 1};
        return an_team_new(&batch->images, op, units, make, problem);
    }
    an_cpu_share(op, an_primitive_scratch(batch->whole));
    return ALEXNET_OK;
}

void an_conv_batch_free(an_conv_batch *batch)
{
    an_primitive_free(batch->whole);
    an_team_free(&batch->images);
}

an_primitive *an_conv_batch_primitive(const an_conv_batch *batch)
{
    return batch->by_image ? an_team_first(&batch->images) : batch->whole;
}

static void place_image(const void *user, int image, const void **arg)
{
    const an_conv_batch_data *data = user;
    int last = data->n_args - 1;
    memcpy(arg, data->arg, sizeof *arg * (size_t)data->n_args);
    arg[0] = (const char *)arg[0] + data->in * (size_t)image;
    arg[last] = (const char *)arg[last] + data->out * (size_t)image;
}

alexnet_status an_conv_batch_run(const an_conv_batch *batch, const an_cpu_op *op,
                                 const an_op_args *args, const an_conv_batch_data *data)
{
    if (batch->by_image)
        return an_team_run(&batch->images, args, 0, batch->images.units.count, place_image, data);
    return an_primitive_run(batch->whole, data->arg, an_cpu_shared(op, args));
}
