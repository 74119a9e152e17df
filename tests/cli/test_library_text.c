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
        strcat(text + 8L * i, " `train`");
    const char *shown = library_text(text);
    assert(strncmp(shown, " DATA DATA ", 11) == 0);
    assert(strlen(shown) < 5L * NAMES);
    memset(text, 'x', sizeof text - 1);
    assert(strspn(library_text(text), "x") == strlen(library_text(text)));
}

/* What is called so outside is shown as it is. */
static void test_names_from_outside(void)
{
    static const char *const texts[] = {
        "`seed`.jpg: no such file",
        "photos/`seed`.jpg: no such file",
        "`seed`: no such file",
        "`seed` is not a model file",
        "class `train`s has no pictures",
        "layer `net`2 is not there",
        "a `val`-set, a`val`, x: `val`/1.jpg, (`val`)2",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect(texts[i], texts[i]);
}

int main(void)
{
    expect("", "");
    expect("continue with it as it is (`accept_changes`)",
           "continue with it as it is (--accept-changes)");
    expect("now 3: `train`, `val` or `seed` differs", "now 3: DATA, --val or --seed differs");
    expect("it has no `raw`", "it has no --raw");
    expect("x is none; `alexnet_pack_new()` makes it", "x is none; alexnet data pack makes it");
    expect("use `init_from`. Or `net`; or `raw`)", "use --init-from. Or --net; or --raw)");
    expect("x `alexnet_pack_new` `rawest` `ra` ``raw", "x `alexnet_pack_new` `rawest` `ra` ``raw");
    expect("`raw", "`raw");
    expect("raw`", "raw`");
    expect("`", "`");
    expect("x ``raw``", "x ``raw``");
    expect("x `raw", "x `raw");
    test_names_from_outside();
    test_long();
    return 0;
}
