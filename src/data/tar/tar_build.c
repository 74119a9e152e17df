#include "data/tar/tar_build.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

char *an_tar_key(const char *folder, const char *base)
{
    return an_format("%s/%.*s", folder, (int)strcspn(base, "."), base);
}

const char *an_tar_tail(const char *base)
{
    const char *dot = strchr(base, '.');
    return dot ? dot : "";
}

alexnet_status an_tar_add_name(an_tar_index *index, const char *name, uint32_t *place)
{
    const size_t length = strlen(name) + 1;
    if (length > UINT32_MAX - index->names_length)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "the names of an archive's members take 4 GiB");
    char *names = an_reserve(index->names, &index->names_room, index->names_length + length);
    if (!names)
        return AN_FAIL_MEMORY(index->names_length + length, "the names of an archive");
    index->names = names;
    memcpy(index->names + index->names_length, name, length);
    *place = (uint32_t)index->names_length;
    index->names_length += length;
    return ALEXNET_OK;
}

alexnet_status an_tar_add_picture(an_tar_builder *b, const char *folder, const char *base,
                                  const an_tar_member *member)
{
    an_tar_index *index = b->index;
    an_tar_picture picture = {member->offset, member->length, 0, 0, -1, 0};
    int64_t number;
    AN_CHECK(an_interned_add(&b->folders, folder, &number));
    if (number >= INT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "the archive has too many folders");
    picture.folder = (int32_t)number;
    AN_CHECK(an_tar_add_name(index, base, &picture.name));
    an_tar_picture *grown = an_grow(index->pictures, index->count, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY(2 * (size_t)index->count * sizeof *grown, "a list of pictures");
    index->pictures = grown;
    index->pictures[index->count++] = picture;
    return ALEXNET_OK;
}

alexnet_status an_tar_add_label(an_tar_builder *b, const char *key, int by, const char *text)
{
    int64_t label, number;
    AN_CHECK(an_interned_add(&b->labels, text, &label));
    AN_CHECK(an_interned_add(&b->keys, key, &number));
    if (label >= INT32_MAX || number >= INT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "the archive has too many labels");
    if (number == b->n_keyed) {
        an_tar_keyed *grown = an_grow(b->keyed, number, sizeof *grown);
        if (!grown)
            return AN_FAIL_MEMORY(2 * (size_t)number * sizeof *grown, "the labels of an archive");
        b->keyed = grown;
        b->n_keyed++;
    }
    if (by >= b->keyed[number].by)
        b->keyed[number] = (an_tar_keyed){(int32_t)label, by, -1, false, NULL};
    return ALEXNET_OK;
}
