/* What a fuzz target demands of the code that it tries. */
#ifndef FUZZ_REQUIRE_H
#define FUZZ_REQUIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/** Abort unless it holds, which the fuzzer reports. A macro, so that the stack shows the place. */
#define require(holds)                                                                             \
    do {                                                                                           \
        if (!(holds))                                                                              \
            abort();                                                                               \
    } while (0)

/** The bytes as a text, freed with free(); NULL if memory is short. */
static inline char *text_of(const uint8_t *bytes, size_t length)
{
    char *text = malloc(length + 1);
    if (!text)
        return NULL;
    if (length)
        memcpy(text, bytes, length);
    text[length] = '\0';
    return text;
}

#endif
