/*
 * The values of keys: schedules and lists of layers as they are written, and which values a key may
 * have.
 */
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "data/source/names.h"
#include "train/recipe_impl.h"

/* ---- Lists ---- */

bool an_recipe_next_step(const char **at, double *value, double *from)
{
    char word[AN_VALUE_LENGTH];
    const char *p = *at + strspn(*at, " \t,");
    size_t length = strcspn(p, " \t,");
    if (length == 0 || length >= sizeof word)
        return false;
    memcpy(word, p, length);
    word[length] = '\0';
    char *sign = strchr(word, '@');
    *from = 0;
    if (sign) {
        *sign = '\0';
        if (!an_text_to_double(sign + 1, from))
            return false;
    }
    if (!an_text_to_double(word, value))
        return false;
    *at = p + length;
    return true;
}

bool an_recipe_is_pattern(const char *text, size_t length)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-*?";
    return length > 0 && length <= AN_LAYER_MAX && strspn(text, letters) >= length;
}

bool an_recipe_next_layer(const char **at, char pattern[AN_LAYER_MAX + 1])
{
    const char *p = *at + strspn(*at, " \t,");
    size_t length = strcspn(p, " \t,");
    if (!an_recipe_is_pattern(p, length))
        return false;
    memcpy(pattern, p, length);
    pattern[length] = '\0';
    *at = p + length;
    return true;
}

/* ---- Which values are good ---- */

static bool schedule_is_good(const an_key_spec *key, const char *text)
{
    double value, from, last = -1;
    const char *at = text;
    while (an_recipe_next_step(&at, &value, &from)) {
        if (value < key->min || value > key->max || from <= last || (last < 0 && from != 0))
            return false;
        last = from;
    }
    return last >= 0 && at[strspn(at, " \t,")] == '\0';
}

static bool integer_is_good(const an_key_spec *key, const char *text)
{
    int64_t value;
    return an_text_to_int(text, &value) && (double)value >= key->min && (double)value <= key->max;
}

static bool number_is_good(const an_key_spec *key, const char *text)
{
    double value;
    return an_text_to_double(text, &value) && value >= key->min && value <= key->max;
}

static bool range_is_good(const an_key_spec *key, const char *text)
{
    double low, high, from[2];
    const char *at = text;
    return !strchr(text, '@') && an_recipe_next_step(&at, &low, &from[0]) &&
           an_recipe_next_step(&at, &high, &from[1]) && at[strspn(at, " \t,")] == '\0' &&
           low >= key->min && low <= high && high <= key->max;
}

static bool choice_is_good(const an_key_spec *key, const char *text)
{
    return an_text_choice(key->range, text) >= 0;
}

static bool layers_are_good(const an_key_spec *key, const char *text)
{
    (void)key;
    char pattern[AN_LAYER_MAX + 1];
    const char *at = text;
    int count = 0;
    while (an_recipe_next_layer(&at, pattern))
        count++;
    return count > 0 && at[strspn(at, " \t,")] == '\0';
}

/* Whether a recipe file would give a path back unchanged: it cuts off blanks around a value, and a
 * comment, which begins with a semicolon after a blank. */
static bool path_is_good(const an_key_spec *key, const char *text)
{
    (void)key;
    const size_t length = strlen(text);
    return length > 0 && !an_text_fault(text) && text[0] != ' ' && text[length - 1] != ' ' &&
           text[0] != ';' && !strstr(text, " ;");
}

/* What a type of value is, and what the error has before and after the range of the key. */
static const struct {
    bool (*is_good)(const an_key_spec *key, const char *text);
    const char *before, *after;
} types[] = {
    [AN_VALUE_INTEGER] = {integer_is_good, "an integer from ", ""},
    [AN_VALUE_NUMBER] = {number_is_good, "a number from ", ""},
    [AN_VALUE_SCHEDULE] = {schedule_is_good, "a number from ",
                           ", or steps in increasing epochs such as \"0.01 0.001@25\""},
    [AN_VALUE_RANGE] = {range_is_good, "two numbers from ", ", the smaller first"},
    [AN_VALUE_CHOICE] = {choice_is_good, "", ""},
    [AN_VALUE_FILE] = {path_is_good, "",
                       ", a path in UTF-8 without blanks at its ends and without a semicolon after "
                       "a blank"},
    [AN_VALUE_LAYERS] = {layers_are_good, "", ""},
};

alexnet_status an_recipe_key_check(an_key index, const char *name, const char *value)
{
    const an_key_spec *key = &an_recipe_keys[index];
    if (strlen(value) >= AN_VALUE_LENGTH)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s: the value has %zu bytes; at most %d",
                       name, strlen(value), AN_VALUE_LENGTH - 1);
    /* a recipe file has each value in one line */
    if (types[key->type].is_good(key, value) && !strpbrk(value, "\n\v\f\r"))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s = %s: expected %s%s%s", name, value,
                   types[key->type].before, key->range, types[key->type].after);
}
