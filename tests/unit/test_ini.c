/*
 * INI texts: what is read, with its line, and what is refused, with file and line.
 */
#include "expect.h"

#include <stdio.h>

#include "base/ini.h"

static char heard[4096];

/* Record a call: "3[a]" for a section, "4a.k=v" for a key. Fails at the key `stop`. */
static alexnet_status listen(void *user, int line, const char *section, const char *key,
                             const char *value)
{
    char *end = heard + strlen(heard);
    (void)user;
    if (key && strcmp(key, "stop") == 0)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "stopped at line %d", line);
    if (key)
        snprintf(end, sizeof heard - strlen(heard), "%d%s.%s=%s ", line, section, key, value);
    else
        snprintf(end, sizeof heard - strlen(heard), "%d[%s] ", line, section);
    return ALEXNET_OK;
}

static alexnet_status read(const char *text)
{
    heard[0] = '\0';
    return an_ini_read(text, "file.ini", listen, NULL);
}

static void expect_heard(const char *text, const char *expected)
{
    expect_ok(read(text));
    assert_string_equal(heard, expected);
}

static void test_what_is_read(void **state)
{
    (void)state;
    expect_heard("", "");
    expect_heard("# a comment\n; another\n\n", "");
    expect_heard("[a]\nx = 1\ny=2\n[b]\nz = two words \n",
                 "1[a] 2a.x=1 3a.y=2 4[b] 5b.z=two words ");
    expect_heard("[a]\r\nx = 1\r\n", "1[a] 2a.x=1 ");
    expect_heard("[a]\nx = 1", "1[a] 2a.x=1 ");
    expect_heard("[a]\nx = 1 ; said of x\ny = 2#3\n", "1[a] 2a.x=1 3a.y=2#3 ");
    expect_heard("[a]\nx =\n", "1[a] 2a.x= ");
    expect_heard("[a]\nx : 1\n", "1[a] 2a.x=1 ");
    expect_heard("[a]\n# [b]\nx = [c]\n", "1[a] 3a.x=[c] ");
    expect_heard("\xEF\xBB\xBF[a]\nx = 1\n", "1[a] 2a.x=1 ");
}

/* inih takes an indented line as a continuation of the value above it; here it is a line like any
 * other. */
static void test_indented_lines(void **state)
{
    (void)state;
    expect_heard("[a]\n  x = 1\n\ty = 2\n  [b]\n    z = 3\n", "1[a] 2a.x=1 3a.y=2 4[b] 5b.z=3 ");
}

static void test_what_is_refused(void **state)
{
    (void)state;
    const alexnet_status bad = ALEXNET_ERROR_FORMAT;
    expect_failure(read("x = 1\n"), bad, "file.ini:1: x comes before the first [section]");
    expect_failure(read("[a]\nx = 1\nnonsense\n"), bad, "file.ini:3: expected [section] or key");
    expect_failure(read("[a]\n = 1\n"), bad, "file.ini:2: expected [section] or key = value");
    expect_failure(read("= 1\n"), bad, "file.ini:1: expected [section] or key = value");
    expect_failure(read("[a\nx = 1\n"), bad, "file.ini:1: expected [section], with its ]");
    expect_failure(read("[a]\nx = 1\n[b\ny = 1\n"), bad,
                   "file.ini:3: expected [section], with its ]");
    expect_failure(read("[a]\n[b]\nx = 1\n"), bad, "file.ini:1: this section has no keys");
    expect_failure(read("[a]\nx = 1\n\n[b]\n"), bad, "file.ini:4: this section has no keys");
    expect_failure(read("[a]"), bad, "file.ini:1: this section has no keys");
    expect_failure(read("[a]\nx = 1\n\xff\xfe\x01\n"), bad, "file.ini:3: expected [section]");
}

static void test_the_readers_error_ends_it(void **state)
{
    (void)state;
    expect_failure(read("[a]\nx = 1\nstop = 1\ny = 2\n"), ALEXNET_ERROR_UNSUPPORTED,
                   "stopped at line 3");
    assert_string_equal(heard, "1[a] 2a.x=1 ");
}

/* A line as long as the limit is read whole; one byte more is refused, wherever it stands. */
static void test_long_lines(void **state)
{
    (void)state;
    char text[1024], value[AN_INI_LINE_MAX + 2];
    for (int length = AN_INI_LINE_MAX - 2; length <= AN_INI_LINE_MAX + 1; length++) {
        memset(value, 'v', sizeof value);
        value[length - 4] = '\0'; /* "x = " and the value */
        snprintf(text, sizeof text, "[a]\nx = %s\ny = 1\n", value);
        if (length > AN_INI_LINE_MAX) {
            expect_failure(read(text), ALEXNET_ERROR_FORMAT,
                           "file.ini:2: the line has 191 bytes; at most 190 are read");
            continue;
        }
        expect_ok(read(text));
        snprintf(text, sizeof text, "1[a] 2a.x=%s 3a.y=1 ", value);
        assert_string_equal(heard, text);
    }
    memset(text, '#', 400);
    strcpy(text + 400, "\n[a]\nx = 1\n");
    expect_failure(read(text), ALEXNET_ERROR_FORMAT, "file.ini:1: the line has 400 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read),    cmocka_unit_test(test_indented_lines),
        cmocka_unit_test(test_what_is_refused), cmocka_unit_test(test_the_readers_error_ends_it),
        cmocka_unit_test(test_long_lines),
    };
    return cmocka_run_group_tests_name("ini", tests, NULL, NULL);
}
