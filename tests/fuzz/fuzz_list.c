/*
 * Any bytes as a list and as a table, with and without labels: an error that names the file, or
 * rows whose texts lie within it.
 */
#include "base/status.h"
#include "data/source/list_rows.h"
#include "fuzz/require.h"

static void try_list(const uint8_t *bytes, size_t length, const char *name, bool labels)
{
    an_list_rows rows = {0};
    char *text = text_of(bytes, length);
    if (!text)
        return;
    if (an_list_parse(&rows, text, length, name, labels) != ALEXNET_OK &&
        !strstr(an_error_text(), name))
        abort();
    const char *titles[] = {rows.path_title, rows.label_title};
    for (int i = 0; i < 2; i++)
        if (titles[i] && (titles[i] < text || titles[i] + strlen(titles[i]) > text + length))
            abort();
    for (int64_t i = 0; i < rows.count; i++) {
        const an_list_row *row = &rows.at[i];
        if (row->path < text || row->path + strlen(row->path) > text + length || !*row->path ||
            row->line < 1 || labels != (row->label != NULL))
            abort();
        if (labels && (row->label < text || row->label + strlen(row->label) > text + length))
            abort();
    }
    an_list_free(&rows);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    try_list(bytes, length, "fuzz.txt", true);
    try_list(bytes, length, "fuzz.txt", false);
    try_list(bytes, length, "fuzz.csv", true);
    try_list(bytes, length, "fuzz.csv", false);
    return 0;
}
