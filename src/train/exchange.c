#include "train/exchange.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

json_t *an_exchange_take(an_exchange *x, const char *key)
{
    json_t *value = json_object_get(x->object, key);
    if (!value && !x->missing)
        x->missing = key;
    return value;
}

void an_exchange_put(an_exchange *x, const char *key, json_t *value)
{
    if (json_object_set_new(x->object, key, value) != 0)
        x->failed = true;
}

void an_exchange_int(an_exchange *x, const char *key, int64_t *value)
{
    if (x->writing) {
        an_exchange_put(x, key, json_integer(*value));
        return;
    }
    json_t *found = an_exchange_take(x, key);
    if (found && !json_is_integer(found) && !x->missing)
        x->missing = key;
    *value = json_integer_value(found);
}

void an_exchange_number(an_exchange *x, const char *key, double *value)
{
    if (x->writing) {
        an_exchange_put(x, key, json_real(*value));
        return;
    }
    json_t *found = an_exchange_take(x, key);
    if (found && !json_is_number(found) && !x->missing)
        x->missing = key;
    *value = json_number_value(found);
}

void an_exchange_word(an_exchange *x, const char *key, char *value, size_t room)
{
    if (x->writing) {
        an_exchange_put(x, key, json_string(value));
        return;
    }
    const char *found = json_string_value(an_exchange_take(x, key));
    if (!found && !x->missing)
        x->missing = key;
    snprintf(value, room, "%s", found ? found : "");
}

void an_exchange_wide(an_exchange *x, const char *key, uint64_t *value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%016llx", (unsigned long long)*value);
    an_exchange_word(x, key, digits, sizeof digits);
    if (!x->writing)
        *value = strtoull(digits, NULL, 16);
}

an_exchange an_exchange_enter(an_exchange *x, const char *key)
{
    an_exchange inner = {.writing = x->writing};
    if (x->writing) {
        inner.object = json_object();
        an_exchange_put(x, key, inner.object ? json_incref(inner.object) : NULL);
    } else {
        inner.object = json_incref(an_exchange_take(x, key));
    }
    return inner;
}

void an_exchange_leave(an_exchange *x, an_exchange *inner)
{
    json_decref(inner->object);
    x->failed |= inner->failed;
    if (!x->missing)
        x->missing = inner->missing;
}

void an_exchange_text(an_exchange *x, const char *key, char **value, const char *standard)
{
    if (x->writing) {
        an_exchange_put(x, key, json_string(*value));
        return;
    }
    const char *found = standard && !json_object_get(x->object, key)
                            ? standard
                            : json_string_value(an_exchange_take(x, key));
    if (!found && !x->missing)
        x->missing = key;
    *value = found ? an_strdup(found) : NULL;
    x->failed |= found && !*value;
}

void an_exchange_flag(an_exchange *x, const char *key, bool *flag)
{
    int64_t value = *flag;
    if (x->writing ? *flag : json_object_get(x->object, key) != NULL)
        an_exchange_int(x, key, &value);
    *flag = value != 0;
}
