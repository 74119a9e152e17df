#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

json_t *json_text(const char *bytes)
{
    json_t *text = json_string(bytes);
    if (text)
        return text;
    static const char unknown[] = "\xEF\xBF\xBD";
    char *clean = cli_alloc(3 * strlen(bytes) + 1), *end = clean;
    for (const char *c = bytes; *c; c++) {
        if ((unsigned char)*c < 0x80)
            *end++ = *c;
        else
            end = (char *)memcpy(end, unknown, 3) + 3;
    }
    text = json_string(clean);
    free(clean);
    return text;
}

json_t *json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

void json_print(json_t *document)
{
    json_dumpf(document, stdout, JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(document);
}
