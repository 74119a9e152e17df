#include "base/builtin.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"

const alexnet_builtin *an_builtin_get(const alexnet_builtin *table, int index)
{
    for (int i = 0; table[i].name; i++)
        if (i == index)
            return &table[i];
    return NULL;
}

const alexnet_builtin *an_builtin_find(const alexnet_builtin *table, const char *name)
{
    while (table->name && strcmp(table->name, name) != 0)
        table++;
    return table->name ? table : NULL;
}

static const char *name_at(void *table, int i)
{
    return ((const alexnet_builtin *)table)[i].name;
}

alexnet_status an_builtin_fail(const alexnet_builtin *table, const char *what, const char *name)
{
    int count = 0;
    while (table[count].name)
        count++;
    const char *near = an_text_nearest(name, count, name_at, (void *)table);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s is neither a built-in %s nor a %s file%s%s%s", name, what, what,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}
