/*
 * json_get FILE LINE PATH: print a value out of a file of JSON documents, one on each line, all of
 * which must be valid. PATH is keys and positions with dots between them, "layers.0.output.1";
 * "#" is the number of members. Used by the shell tests of the command.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static int fail(const char *what, const char *which)
{
    fprintf(stderr, "json_get: %s: %s\n", what, which);
    return 1;
}

/* Read every line, and keep one. */
static json_t *read_line(const char *path, long wanted)
{
    json_t *kept = NULL;
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    for (long number = 1; getline(&line, &room, file) >= 0; number++) {
        json_error_t error;
        json_t *document = json_loads(line, 0, &error);
        if (!document) {
            fprintf(stderr, "json_get: %s:%ld: %s\n", path, number, error.text);
            exit(1);
        }
        if (number == wanted)
            kept = document;
        else
            json_decref(document);
    }
    free(line);
    fclose(file);
    return kept;
}

static const json_t *step(const json_t *value, const char *key)
{
    if (json_is_array(value))
        return json_array_get(value, (size_t)strtoul(key, NULL, 10));
    return json_object_get(value, key);
}

static void print(const json_t *value)
{
    if (json_is_string(value)) {
        puts(json_string_value(value));
    } else {
        json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
        putchar('\n');
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return fail("usage", "json_get FILE LINE PATH");
    json_t *document = read_line(argv[1], strtol(argv[2], NULL, 10));
    const json_t *value = document;
    for (char *key = strtok(argv[3], "."); key && value; key = strtok(NULL, ".")) {
        if (strcmp(key, "#") == 0) {
            printf("%zu\n",
                   json_is_array(value) ? json_array_size(value) : json_object_size(value));
            json_decref(document);
            return 0;
        }
        value = step(value, key);
    }
    if (!value)
        return fail("no such value", argv[3]);
    print(value);
    json_decref(document);
    return 0;
}
