#include "model/recognise/tensor_name.h"

#include <string.h>

static const struct ending {
    const char *weight, *bias;
} endings[] = {{".weight", ".bias"}, {"_weight", "_bias"}, {"_w_0", "_b_0"}, {"_w", "_b"}};
enum { ENDINGS = sizeof endings / sizeof endings[0] };

static bool ends_with(const char *text, size_t length, const char *end)
{
    const size_t n = strlen(end);
    return length >= n && memcmp(text + length - n, end, n) == 0;
}

bool an_tensor_name_parse(an_tensor_name *out, const char *whole)
{
    static const char module[] = "module.";
    size_t length = 0;
    for (const char *at = whole; *at;) {
        const bool begins = at == whole || at[-1] == '.';
        if (begins && strncmp(at, module, sizeof module - 1) == 0) {
            at += sizeof module - 1;
            continue;
        }
        if (length + 1 == AN_TENSOR_STEM)
            return false;
        out->stem[length++] = *at++;
    }
    for (int i = 0; i < ENDINGS; i++)
        for (out->which = 0; out->which < 2; out->which++) {
            const char *end = out->which ? endings[i].bias : endings[i].weight;
            if (!ends_with(out->stem, length, end))
                continue;
            out->length = length - strlen(end);
            out->stem[out->length] = '\0';
            return true;
        }
    return false;
}

bool an_tensor_name_is_of(const an_tensor_name *name, const char *layer, size_t *prefix)
{
    size_t left = name->length, end = strlen(layer);
    if (end && layer[end - 1] == '#') {
        while (left && strchr("0123456789", name->stem[left - 1]))
            left--;
        if (left == name->length)
            return false;
        end--;
    }
    if (!end || left < end || memcmp(name->stem + left - end, layer, end) != 0)
        return false;
    *prefix = left - end;
    return *prefix == 0 || strchr("./:", name->stem[*prefix - 1]);
}

bool an_tensor_name_may_be_bias(const char *vector, const char *weight)
{
    an_tensor_name v, w;
    const bool known = an_tensor_name_parse(&v, vector);
    return known ? v.which == 1 : !(an_tensor_name_parse(&w, weight) && w.which == 0);
}

int an_tensor_name_compare(const char *a, const char *b)
{
    static const char digits[] = "0123456789";
    for (; *a && *b; a++, b++) {
        const size_t n = strspn(a, digits), m = strspn(b, digits);
        if (n && m && n != m)
            return n < m ? -1 : 1;
        if (*a != *b)
            break;
    }
    return (unsigned char)*a - (unsigned char)*b;
}
