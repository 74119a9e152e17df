/*
 * A program that uses jansson too, with an allocator of its own: what jansson allocates in the
 * library comes from there and goes back there.
 */
#include "expect.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/json.h"

enum { BEFORE = 64 };

static int blocks;

/* Blocks that free() does not know. */
static void *allocate(size_t bytes)
{
    char *block = malloc(BEFORE + bytes);
    blocks += block != NULL;
    return block ? block + BEFORE : NULL;
}

static void give_back(void *block)
{
    if (!block)
        return;
    blocks--;
    free((char *)block - BEFORE);
}

static void test_allocator_of_the_host(void **state)
{
    static const char text[] = "{\"name\":\"a\\n\",\"share\":0.25,\"counts\":[1,2]}";
    json_t *value;
    (void)state;
    json_set_alloc_funcs(allocate, give_back);
    expect_ok(an_json_parse(&value, text, strlen(text), 0, NULL));
    assert_true(blocks > 0);
    char *written = an_json_text(value, JSON_COMPACT);
    assert_string_equal(written, text);
    an_free(written);
    json_decref(value);
    assert_int_equal(blocks, 0);
    assert_null(an_json_text(NULL, JSON_COMPACT));
    json_set_alloc_funcs(malloc, free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocator_of_the_host),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
