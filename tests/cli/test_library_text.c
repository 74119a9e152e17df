/*
 * Names of the C API in texts of the library, replaced by what the command calls them; anything
 * else between backquotes, as a file's name may have it, stays as it is.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library_text.h"

static void expect(const char *text, const char *expected)
{
    const char *shown = library_text(text);
    if (strcmp(shown, expected) == 0)
        return;
    printf("%s becomes \"%s\", expected \"%s\"\n", text, shown, expected);
    exit(1);
}

/* A text that is too long is cut, also within what replaces a name. */
static void test_long(void)
{
    enum { NAMES = 4000 };
    static char text[8 * NAMES + 1];
    for (int i = 0; i < NAMES; i++)
        strcat(text + 8L * i, "`train` ");
    const char *shown = library_text(text);
    assert(strncmp(shown, "DATA DATA ", 10) == 0);
    assert(strlen(shown) < 5L * NAMES);
    memset(text, 'x', sizeof text - 1);
    assert(strspn(library_text(text), "x") == strlen(library_text(text)));
}

int main(void)
{
    expect("", "");
    expect("continue with it as it is (`accept_changes`)",
           "continue with it as it is (--accept-changes)");
    expect("`train`, `val` or `seed` differs", "DATA, --val or --seed differs");
    expect("it has no `raw`", "it has no --raw");
    expect("`alexnet_pack_new()` makes archives of it", "alexnet data pack makes archives of it");
    expect("`alexnet_pack_new` `rawest` `ra` ``raw", "`alexnet_pack_new` `rawest` `ra` ``raw");
    expect("`raw", "`raw");
    expect("raw`", "raw`");
    expect("`", "`");
    expect("``raw``", "`--raw`");
    test_long();
    return 0;
}
