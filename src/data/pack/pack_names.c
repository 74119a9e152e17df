#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/utf8.h"
#include "data/pack/pack.h"
#include "data/picture/endings.h"
#include "data/tar/tar.h"

/* Whether webdataset skips a part of a path, such as "__meta__". */
static bool is_meta(const char *part, size_t length)
{
    return length >= 4 && memcmp(part, "__", 2) == 0 && memcmp(part + length - 2, "__", 2) == 0;
}

/* Write a part of a path to `to`. Dots that would end the key (any in the last part) or hide the
 * file (a leading one) are replaced. @return the end of what was written */
static char *put_part(char *to, const char *part, size_t length, bool last, bool utf8)
{
    char *begin = to;
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)part[i];
        const bool bad =
            c < ' ' || c == 0x7F || (c >= 0x80 && !utf8) || (c == '.' && (last || i == 0));
        *to++ = bad ? '_' : part[i];
    }
    if (is_meta(begin, length))
        *begin = '-';
    return to;
}

/* The length of the part of a name that becomes its key: without a picture's ending, without
 * slashes at its end, and with room for a number and an ending in the longest name that archives
 * may have, which a program's own names can exceed. */
static size_t stem_length(const char *name, bool utf8)
{
    enum { MOST = AN_TAR_NAME_MAX - 64 };
    const char *dot = strrchr(name, '.');
    size_t length = dot && an_has_picture_ending(dot) ? (size_t)(dot - name) : strlen(name);
    if (length > MOST)
        for (length = MOST; utf8 && ((unsigned char)name[length] & 0xC0) == 0x80;)
            length--; /* within a character */
    while (length > 0 && name[length - 1] == '/')
        length--;
    return length;
}

/* "cats/a_v2" of "cats/a.v2.JPEG"; owned, NULL if out of memory. */
static char *key_of(const char *name)
{
    const bool utf8 = an_is_utf8(name);
    const size_t length = stem_length(name, utf8);
    char *key = an_malloc(length + sizeof "picture"), *to = key;
    for (size_t at = 0; key && at < length;) {
        const size_t part = strcspn(name + at, "/"), end = at + part < length ? at + part : length;
        if (end > at) {
            if (to > key)
                *to++ = '/';
            to = put_part(to, name + at, end - at, end == length, utf8);
        }
        at = end + 1;
    }
    if (key)
        *to = '\0';
    if (key && to == key)
        memcpy(key, "picture", sizeof "picture");
    return key;
}

/* Add a key, with a number appended if it is taken. @param next  [key]: the first number not yet
 * tried for it, less 2 */
static alexnet_status add_key(an_interned *keys, uint32_t *next, const char *key)
{
    int64_t index, same;
    const int64_t count = keys->list.count;
    AN_CHECK(an_interned_add(keys, key, &same));
    for (index = same; index < count;) {
        char *numbered = an_format("%s-%u", key, 2 + next[same]++);
        if (!numbered)
            return AN_FAIL_MEMORY(strlen(key), "a key");
        alexnet_status rc = an_interned_add(keys, numbered, &index);
        an_free(numbered);
        AN_CHECK(rc);
    }
    return ALEXNET_OK;
}

alexnet_status an_pack_name(an_pack_part *part)
{
    const alexnet_dataset *data = part->data;
    uint32_t *next = an_calloc((size_t)data->count, sizeof *next);
    alexnet_status rc =
        next ? ALEXNET_OK : AN_FAIL_MEMORY((size_t)data->count * sizeof *next, "keys");
    for (int64_t i = 0; i < data->count && rc == ALEXNET_OK; i++) {
        const int64_t item = data->samples[i].item;
        const char *name = an_data_source_split_key(data->source, item);
        char *key = key_of(name);
        rc = key ? add_key(&part->keys, next, key) : AN_FAIL_MEMORY(64, "a key");
        part->own_names |= strcmp(name, data->source->items[item].key) != 0;
        an_free(key);
    }
    an_free(next);
    return rc;
}
