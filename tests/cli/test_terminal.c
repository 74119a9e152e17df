/*
 * What fits into a line: columns of wide and combining characters, and cuts between the parts of a
 * progress line, between words, and never within a character.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

static void expect_fit(const char *text, int width, const char *expected)
{
    int length = terminal_fit(text, width, true);
    if (length == (int)strlen(expected) && strncmp(text, expected, (size_t)length) == 0)
        return;
    printf("%s in %d columns: \"%.*s\", expected \"%s\"\n", text, width, length, text, expected);
    exit(1);
}

static void expect_columns(const char *text, int expected)
{
    if (terminal_columns(text) == expected)
        return;
    printf("%s takes %d columns, expected %d\n", text, terminal_columns(text), expected);
    exit(1);
}

int main(void)
{
    const char *bar = "[##..]  25%  epoch 1/20  812 images/s  12 min left";
    expect_fit(bar, 100, bar);
    expect_fit(bar, (int)strlen(bar), bar);
    expect_fit(bar, (int)strlen(bar) - 1, "[##..]  25%  epoch 1/20  812 images/s");
    expect_fit(bar, 38, "[##..]  25%  epoch 1/20  812 images/s");
    expect_fit(bar, 36, "[##..]  25%  epoch 1/20");
    expect_fit(bar, 12, "[##..]  25%");
    expect_fit("one two three", 9, "one two");
    expect_fit("one two three", 7, "one two");
    expect_fit("one two three", 6, "one");
    expect_fit("inseparable", 5, "insep");
    expect_fit("na\u00efve", 3, "na\u00ef"); /* two bytes, one column */
    expect_fit("\u65e5\u672c\u8a9e", 5,
               "\u65e5\u672c"); /* two columns each: the third would be half */
    expect_fit("\U0001F600\U0001F600", 3, "\U0001F600");
    expect_fit("e\u0301e", 1, "e\u0301"); /* the accent stands on its letter */
    expect_columns("\u65e5\u672c\u8a9e", 6);
    expect_columns("e\u0301", 1);
    expect_columns("\xff\xc3", 2); /* no UTF-8: a column for each byte */
    expect_columns("", 0);
    setenv("COLUMNS", "57", 1);
    assert(terminal_width(stdout) == 57);
    setenv("COLUMNS", "none", 1);
    assert(terminal_width(stdout) > 0);
    return 0;
}
