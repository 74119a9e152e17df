#include "format/npy_text.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/byte_order.h"
#include "base/status.h"
#include "base/utf8.h"

/* Write a character as UTF-8. @return its bytes; 0: it is invalid */
static int encode(char *to, uint32_t code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return 0;
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char marks[] = {0, 0xC0, 0xE0, 0xF0};
    to[0] = (char)(marks[more] | code >> (6 * more));
    for (int i = 1; i <= more; i++)
        to[i] = (char)(0x80 | (code >> (6 * (more - i)) & 0x3F));
    return more + 1;
}

/* Convert through a small buffer. `text` has room for the longest result. */
static alexnet_status convert(char *text, const an_npy *npy)
{
    enum { PIECE = 256 };
    unsigned char raw[PIECE][4];
    const an_strided *array = &npy->array;
    bool ended = false;
    for (int64_t i = 0; i < npy->characters; i += PIECE) {
        const int64_t n = npy->characters - i < PIECE ? npy->characters - i : PIECE;
        AN_CHECK(
            an_section_read(&array->bytes, array->first + (uint64_t)i * 4, raw, (size_t)n * 4));
        for (int64_t j = 0; j < n; j++) {
            const uint32_t code = array->swapped ? an_big32(raw[j]) : an_little32(raw[j]);
            const int bytes = code ? encode(text, code) : 0;
            if (code && (ended || !bytes))
                return AN_SECTION_FAIL(&array->bytes, "a text is damaged at character %lld",
                                       (long long)(i + j));
            ended |= code == 0;
            text += bytes;
        }
    }
    *text = '\0';
    return ALEXNET_OK;
}

alexnet_status an_npy_text(char **text, const an_npy *npy)
{
    const size_t room = (size_t)npy->characters * 4 + 1; /* 4 bytes of UTF-8 at most */
    *text = NULL;
    if (npy->array.first > npy->array.bytes.size ||
        (uint64_t)npy->characters > (npy->array.bytes.size - npy->array.first) / 4)
        return AN_SECTION_FAIL(
            &npy->array.bytes,
            "cut short or damaged: a text claims %lld characters, but has %llu bytes",
            (long long)npy->characters, (unsigned long long)npy->array.bytes.size);
    char *made = an_malloc(room);
    if (!made)
        return AN_FAIL_MEMORY(room, "a text");
    alexnet_status rc = convert(made, npy);
    if (rc != ALEXNET_OK) {
        an_free(made);
        return rc;
    }
    *text = made;
    return ALEXNET_OK;
}

size_t an_npy_text_length(const char *text)
{
    uint32_t code;
    size_t count = 0;
    for (; *text; count++) {
        const int bytes = an_utf8_next(text, &code);
        if (!bytes)
            break;
        text += bytes;
    }
    return count;
}

void an_npy_text_type(char descr[24], size_t characters)
{
    snprintf(descr, 24, "<U%zu", characters);
}

unsigned char *an_npy_text_put(unsigned char *to, const char *text)
{
    uint32_t code;
    for (int bytes; *text && (bytes = an_utf8_next(text, &code)) > 0; text += bytes)
        to = an_put_little(to, code, 4);
    return to;
}
