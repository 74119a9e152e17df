/*
 * Memory that runs out at any point. A scenario is what a caller does. It is run again and again;
 * in the n-th run the n-th allocation fails, until a run makes fewer than n. A run with a failed
 * allocation either reports that memory is out, or gives the same result bit for bit (data that is
 * read ahead may turn out not to be needed). In both cases it frees all that it allocated.
 * Allocations by other libraries do not fail here.
 */
#ifndef TESTS_OOM_OOM_RIG_H
#define TESTS_OOM_OOM_RIG_H

#include "unit/training_rig.h"

/* A hash of what the latest run computed: FNV-1a, 64 bits. */
static uint64_t result;

static inline void note(const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        result = (result ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
}

/** cmocka set-up: a few pictures and a small network to train. */
static inline int set_up_training(void **state)
{
    if (scratch_setup_in_memory(state) != 0)
        return -1;
    rig_write_pictures("data", 2, 4);
    rig_write_network("net.ini");
    return 0;
}

typedef struct scenario {
    alexnet_status (*run)(void);
    void (*look)(void); /* notes the files that a run wrote; may be NULL */
    uint64_t least; /* it makes more allocations, so that the test cannot pass without trying any */
} scenario;

static inline alexnet_status run(const scenario *s, uint64_t n)
{
    result = 0xcbf29ce484222325u;
    an_alloc_fail_at(n);
    const alexnet_status rc = s->run();
    an_alloc_fail_at(0);
    return rc;
}

static inline void fail_each(const scenario *s)
{
    expect_ok(run(s, 0));
    if (s->look)
        s->look();
    const uint64_t expected = result;
    for (uint64_t n = 1;; n++) {
        const int64_t live = an_alloc_live();
        const uint64_t before = an_alloc_count();
        const alexnet_status rc = run(s, n);
        const uint64_t made = an_alloc_count() - before;
        if (an_alloc_live() != live)
            fail_msg("allocation %d failed: %d blocks were not given back", (int)n,
                     (int)(an_alloc_live() - live));
        if (rc != ALEXNET_OK) {
            expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "out of memory");
            continue;
        }
        if (s->look)
            s->look();
        if (result != expected)
            fail_msg("allocation %d failed, and the result is another", (int)n);
        if (made < n) {
            assert_true(made > s->least);
            return;
        }
    }
}

static const char *device;

static inline alexnet_status new_ctx(alexnet_ctx **ctx)
{
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    options.device = device;
    options.threads = 1;
    return alexnet_ctx_new(ctx, &options);
}

/** A recipe with keys and values, NULL after the last. */
static inline alexnet_status new_recipe(alexnet_recipe **recipe, const char *const *settings)
{
    AN_CHECK(alexnet_recipe_load(recipe, "default"));
    for (; *settings; settings += 2)
        AN_CHECK(alexnet_recipe_set(*recipe, settings[0], settings[1]));
    return ALEXNET_OK;
}

/** Begin a run of net.ini on the pictures. */
static inline alexnet_status begin_run(alexnet_trainer **trainer, alexnet_ctx *ctx,
                                       const char *folder, const char *const *settings)
{
    alexnet_dataset *data = NULL;
    alexnet_recipe *recipe = NULL;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_status rc;
    AN_TRY(alexnet_dataset_open(&data, ctx, "data", NULL));
    AN_TRY(new_recipe(&recipe, settings));
    options.net = "net.ini";
    options.out_dir = folder;
    options.recipe = recipe;
    AN_TRY(alexnet_trainer_new(trainer, ctx, data, data, &options));
cleanup:
    alexnet_recipe_free(recipe);
    alexnet_dataset_free(data);
    return rc;
}

/** Begin a trial of three updates, likewise. */
static inline alexnet_status begin_trial(alexnet_trial **trial, alexnet_ctx *ctx,
                                         alexnet_trial_kind kind, const char *const *settings)
{
    alexnet_dataset *data = NULL;
    alexnet_recipe *recipe = NULL;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_trial_options how = ALEXNET_TRIAL_OPTIONS_INIT;
    alexnet_status rc;
    AN_TRY(alexnet_dataset_open(&data, ctx, "data", NULL));
    AN_TRY(new_recipe(&recipe, settings));
    options.net = "net.ini";
    options.recipe = recipe;
    how.kind = kind;
    how.updates = 3;
    AN_TRY(alexnet_trial_new(trial, ctx, data, &options, &how));
cleanup:
    alexnet_recipe_free(recipe);
    alexnet_dataset_free(data);
    return rc;
}

/** Note all tensors of a file. */
static inline void note_tensors(const char *path)
{
    an_tensor_file *file = rig_open_tensors(path);
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, i);
        void *data = rig_tensor(file, entry);
        note(data, entry->bytes);
        an_free(data);
    }
    an_tensor_file_close(file);
}

#endif
