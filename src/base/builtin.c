#include "base/builtin.h"

#include <stddef.h>

const alexnet_builtin *an_builtin_get(const alexnet_builtin *table, int index)
{
    for (int i = 0; table[i].name; i++)
        if (i == index)
            return &table[i];
    return NULL;
}
