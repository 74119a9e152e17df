#include "tensor/npy_header.h"

#include <stdio.h>
#include <string.h>

static const char *blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Skip a required character; NULL if it is missing. */
static const char *expect(const char *at, char character)
{
    at = at ? blanks(at) : NULL;
    return at && *at == character ? at + 1 : NULL;
}

/* Parse a string in either kind of quotes, without escapes; cut to fit `size`. */
static const char *parse_string(const char *at, char *out, size_t size)
{
    const char quote = *at;
    if (quote != '\'' && quote != '"')
        return NULL;
    const char *end = strchr(at + 1, quote);
    if (!end)
        return NULL;
    const size_t length = (size_t)(end - at - 1), kept = length < size ? length : size - 1;
    memcpy(out, at + 1, kept);
    out[kept] = '\0';
    return end + 1;
}

/* Skip the list that describes a record, up to and including its closing bracket. */
static const char *skip_list(const char *at)
{
    char ignored[2];
    for (int depth = 0; *at;) {
        if (*at == '\'' || *at == '"') {
            at = parse_string(at, ignored, sizeof ignored);
            if (!at)
                return NULL;
            continue;
        }
        depth += (*at == '[' || *at == '(') - (*at == ']' || *at == ')');
        at++;
        if (depth == 0)
            return at;
    }
    return NULL;
}

static const char *parse_descr(const char *at, an_npy_header *header)
{
    header->descr[0] = '\0';
    if (*at == '[')
        return skip_list(at);
    return parse_string(at, header->descr, sizeof header->descr);
}

static const char *parse_order(const char *at, an_npy_header *header)
{
    header->fortran = strncmp(at, "True", 4) == 0;
    if (header->fortran)
        return at + 4;
    return strncmp(at, "False", 5) == 0 ? at + 5 : NULL;
}

/* Parse digits; Python 2 appended an L to long integers. */
static const char *parse_length(const char *at, int64_t *length)
{
    const char *start = at;
    *length = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(*length, 10, length) ||
            __builtin_add_overflow(*length, *at - '0', length))
            return NULL;
    if (at == start)
        return NULL;
    return *at == 'L' ? at + 1 : at;
}

static const char *parse_shape(const char *at, an_npy_header *header)
{
    enum { RANK_MAX = 64 }; /* NumPy's limit */
    an_shape *shape = &header->shape;
    shape->rank = 0;
    at = expect(at, '(');
    while (at) {
        int64_t length;
        at = blanks(at);
        if (*at == ')')
            return at + 1;
        at = parse_length(at, &length);
        if (!at || shape->rank == RANK_MAX)
            return NULL;
        if (shape->rank < AN_MAX_RANK)
            shape->dim[shape->rank] = length;
        shape->rank++;
        at = blanks(at);
        if (*at == ',')
            at++;
        else if (*at != ')')
            return NULL;
    }
    return NULL;
}

bool an_npy_header_parse(an_npy_header *header, const char *text, const char **why)
{
    static const struct {
        const char *key;
        const char *(*parse)(const char *, an_npy_header *);
        const char *why;
    } keys[] = {{"descr", parse_descr, "its element type ('descr') cannot be read"},
                {"fortran_order", parse_order, "its 'fortran_order' is neither True nor False"},
                {"shape", parse_shape, "its 'shape' is not a tuple of lengths"}};
    unsigned seen = 0;
    *header = (an_npy_header){.descr = ""};
    *why = "its header is not a dict of 'descr', 'fortran_order' and 'shape'";
    const char *at = expect(text, '{');
    while (at && *blanks(at) != '}') {
        char key[16] = "";
        int k = 0;
        at = expect(parse_string(blanks(at), key, sizeof key), ':');
        while (k < 3 && strcmp(key, keys[k].key) != 0)
            k++;
        if (!at || k == 3 || seen >> k & 1)
            return false;
        seen |= 1u << k;
        at = keys[k].parse(blanks(at), header);
        if (!at) {
            *why = keys[k].why;
            return false;
        }
        at = blanks(at);
        if (*at == ',')
            at++;
        else if (*at != '}')
            return false;
    }
    return at && seen == 7;
}

void an_npy_header_write(char out[AN_NPY_HEADER], const char *descr, an_shape shape)
{
    enum { PREFIX = 10 };
    char dims[96] = "";
    size_t length = 0;
    for (int i = 0; i < shape.rank; i++)
        length +=
            (size_t)snprintf(dims + length, sizeof dims - length, "%lld%s", (long long)shape.dim[i],
                             shape.rank == 1      ? ","
                             : i + 1 < shape.rank ? ", "
                                                  : "");
    memset(out, ' ', AN_NPY_HEADER);
    memcpy(out, "\x93NUMPY\1\0", 8);
    out[8] = (char)(AN_NPY_HEADER - PREFIX);
    out[9] = 0;
    length =
        (size_t)snprintf(out + PREFIX, AN_NPY_HEADER - PREFIX,
                         "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, dims);
    out[PREFIX + length] = ' ';
    out[AN_NPY_HEADER - 1] = '\n';
}
