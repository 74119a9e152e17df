#include "data/source/source.h"

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/text.h"

alexnet_status an_data_source_new(an_data_source **out, const an_data_kind *kind, const char *root)
{
    an_data_source *source = an_calloc(1, sizeof *source);
    *out = source;
    if (!source)
        return AN_FAIL_MEMORY(sizeof *source, "a data source");
    atomic_init(&source->references, 1);
    source->kind = kind;
    source->root = an_strdup(root);
    if (source->root)
        return ALEXNET_OK;
    an_data_source_release(source);
    *out = NULL;
    return AN_FAIL_MEMORY(strlen(root), "a path");
}

an_data_source *an_data_source_retain(an_data_source *source)
{
    atomic_fetch_add(&source->references, 1);
    return source;
}

void an_data_source_release(an_data_source *source)
{
    if (!source || atomic_fetch_sub(&source->references, 1) != 1)
        return;
    if (source->kind->close)
        source->kind->close(source);
    for (int64_t i = 0; i < source->count; i++)
        an_free(source->items[i].name);
    an_free(source->items);
    an_strings_free(&source->classes);
    for (int64_t i = 0; i < source->oddity_count; i++) {
        an_free(source->oddities[i].path);
        an_free(source->oddities[i].text);
    }
    an_free(source->oddities);
    an_free(source->doubt);
    an_free(source->searched);
    an_free(source->root);
    an_free(source);
}

alexnet_status an_data_source_note(an_data_source *source, an_oddity oddity)
{
    an_oddity *grown = oddity.path && oddity.text
                           ? an_grow(source->oddities, source->oddity_count, sizeof *grown)
                           : NULL;
    if (!grown) {
        an_free(oddity.path);
        an_free(oddity.text);
        return AN_FAIL_MEMORY(sizeof oddity, "the oddities of a data set");
    }
    source->oddities = grown;
    grown[source->oddity_count++] = oddity;
    return ALEXNET_OK;
}

static alexnet_status note_links(an_data_source *source, const an_strings *links, const char *text,
                                 const char *folder)
{
    const int64_t count = links->count;
    for (int64_t i = 0; source->examined && i < count; i++)
        AN_CHECK(
            an_data_source_note(source, (an_oddity){ALEXNET_PROBLEM_DOUBT, an_strdup(links->at[i]),
                                                    an_strdup(text), -1, 1}));
    if (source->examined || count == 0)
        return ALEXNET_OK;
    return an_data_source_doubt(
        source, count == 1 ? an_format("%s %s", links->at[0], text)
                           : an_format("%s %s; nor %s %lld %s below %s", links->at[0], text,
                                       an_text_plural(count - 1, "is", "are"), (long long)count - 1,
                                       an_text_plural(count - 1, "other", "others"), folder));
}

alexnet_status an_data_source_note_links(an_data_source *source, const an_walk *walk,
                                         const char *folder)
{
    AN_CHECK(note_links(source, &walk->upward,
                        "is a link to a folder above it, and is not followed", folder));
    return note_links(source, &walk->lost,
                      "is a link to nothing that can be read, and is not followed", folder);
}

alexnet_status an_data_source_add(an_data_source *source, char *name, const char *key, int class)
{
    if (source->count == AN_PICTURES_MAX) {
        an_free(name);
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has more than %lld pictures", source->root,
                       (long long)AN_PICTURES_MAX);
    }
    an_item *grown = name ? an_grow(source->items, source->count, sizeof *grown) : NULL;
    if (!grown) {
        an_free(name);
        return AN_FAIL_MEMORY(2 * (size_t)source->count * sizeof *grown, "a list of pictures");
    }
    source->items = grown;
    source->items[source->count++] = (an_item){name, key, class};
    return ALEXNET_OK;
}

const char *an_data_source_searched(const an_data_source *source)
{
    return source->searched ? source->searched : source->root;
}

const char *an_data_source_split_key(const an_data_source *source, int64_t item)
{
    return source->kind->split_key ? source->kind->split_key(source, item)
                                   : source->items[item].key;
}

alexnet_status an_data_source_picture_for(const an_data_source *source, int64_t item,
                                          const an_target *target, an_picture *out)
{
    an_item_data data = {0};
    *out = (an_picture){0};
    AN_CHECK(source->kind->read(source, item, &data));
    if (!data.bytes) {
        *out = data.pixels;
        return an_picture_resize_for(out, target, source->items[item].name);
    }
    alexnet_status rc =
        an_picture_decode_for(out, data.bytes, data.length, source->items[item].name, target);
    an_free(data.bytes);
    return rc;
}

alexnet_status an_data_source_picture(const an_data_source *source, int64_t item, an_picture *out)
{
    return an_data_source_picture_for(source, item, NULL, out);
}

alexnet_status an_file_item_read(const an_data_source *source, int64_t item, an_item_data *out)
{
    *out = (an_item_data){0};
    return an_file_read(source->items[item].name, AN_PICTURE_FILE_MAX, &out->bytes, &out->length);
}

int64_t an_file_item_stamp(const an_data_source *source, int64_t item, bool timed)
{
    struct stat info;
    if (stat(source->items[item].name, &info) != 0)
        return -1;
    if (!timed)
        return (int64_t)info.st_size;
    return an_data_stamp_timed((int64_t)info.st_size,
                               (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec);
}

int64_t an_data_stamp_timed(int64_t stamp, int64_t written)
{
    return (int64_t)(an_hash_number(an_hash_number(AN_HASH_START, stamp), written) >> 1);
}
