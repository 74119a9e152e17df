/*
 * For calls with NULL arguments: valid objects for the other arguments, checks of what a function
 * returns, and the list of functions that were called.
 */
#ifndef TESTS_UNIT_NULL_RIG_H
#define TESTS_UNIT_NULL_RIG_H

#include "training_rig.h"

static const char *called[256];
static int calls;

static void note(const char *name)
{
    if (calls == 0 || strcmp(called[calls - 1], name) != 0)
        called[calls++] = name;
    assert_in_range(calls, 1, 255);
}

/* The latest error names no function other than this one. */
static void expect_named(const char *name)
{
    const char *text = alexnet_error_text(), *end = strstr(text, "(): ");
    if (end && ((size_t)(end - text) != strlen(name) || strncmp(text, name, strlen(name)) != 0))
        fail_msg("an error of %s(): %s", name, text);
}

/* A function that can fail: the text names the function and the argument. */
#define REFUSES(name, part, ...)                                                                   \
    do {                                                                                           \
        note(#name);                                                                               \
        expect_failure(name(__VA_ARGS__), ALEXNET_ERROR_INVALID_ARGUMENT, part " is NULL");        \
        expect_named(#name);                                                                       \
    } while (0)
/* Any other function, with the value that it must return. */
#define ANSWERS(name, answer, ...)                                                                 \
    do {                                                                                           \
        note(#name);                                                                               \
        assert_true(name(__VA_ARGS__) == (answer));                                                \
    } while (0)
/* A function without a result, or one that has no pointer to refuse. */
#define TAKES(name, ...)                                                                           \
    do {                                                                                           \
        note(#name);                                                                               \
        (void)name(__VA_ARGS__);                                                                   \
    } while (0)
#define TAKES_NOTHING(name, ...) TAKES(name, __VA_ARGS__)

/* Valid objects for the arguments that are not NULL. */
static alexnet_ctx *ctx;
static alexnet_dataset *data;
static alexnet_model *model;
static alexnet_session *session;
static alexnet_prediction best[5];
static bool more;

/* Runs last. */
static void test_nothing_is_forgotten(void **state)
{
    char path[64], *map, *word;
    int functions = 0;
    (void)state;
    /* Tests are started in tests/, which scratch_home refers to. */
    snprintf(path, sizeof path, "/proc/self/fd/%d/../src/alexnet.map", scratch_home);
    expect_ok(an_file_read_text(path, "the list of exported functions", &map));
    for (word = strtok(map, " ;\n"); word; word = strtok(NULL, " ;\n")) {
        bool found = strncmp(word, "alexnet_", 8) != 0;
        functions += !found;
        for (int i = 0; i < calls && !found; i++)
            found = strcmp(called[i], word) == 0;
        if (!found)
            fail_msg("%s is not called with NULL here", word);
    }
    assert_true(functions > 70);
    an_free(map);
}

static int set_up(void **state)
{
    static const char *const settings[] = {"epochs", "1", NULL};
    alexnet_progress last;
    if (rig_set_up(state) != 0)
        return -1;
    rig_write_pictures("data", 2, 3);
    ctx = rig_ref_ctx();
    expect_ok(rig_train_on(ctx, "data", NULL, "run", settings, &last));
    data = rig_open_data(ctx, "data");
    expect_ok(alexnet_model_load(&model, ctx, "run"));
    expect_ok(alexnet_session_new(&session, model, NULL));
    return 0;
}

static int tear_down(void **state)
{
    alexnet_session_free(session);
    alexnet_model_free(model);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

#endif
