/*
 * Any bytes as the development kit's list of classes (meta.mat), as they are and after a valid
 * header: an error that names the file, or lines of text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/tar/meta_mat.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { HEAD = 128 };

static void try_file(const uint8_t *bytes, size_t length)
{
    char *text;
    if (an_meta_mat_parse(&text, bytes, length, "fuzz") != ALEXNET_OK) {
        if (text || !strstr(an_error_text(), "fuzz"))
            abort();
        return;
    }
    if (text[strlen(text) - 1] != '\n')
        abort();
    an_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    uint8_t *file = malloc(HEAD + length);
    try_file(bytes, length);
    if (!file)
        return 0;
    memset(file, ' ', HEAD);
    memcpy(file + HEAD - 4, "\0\1IM", 4);
    if (length)
        memcpy(file + HEAD, bytes, length);
    try_file(file, HEAD + length);
    free(file);
    return 0;
}
