#include "data/tar/tar_index.h"

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "data/tar/tar_build.h"

alexnet_status an_tar_stamp_of(an_tar_stamp *out, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return an_file_fail("open", path);
    if (!S_ISREG(info.st_mode))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "cannot read %s: it is not a file", path);
    *out = (an_tar_stamp){(uint64_t)info.st_size,
                          (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec};
    return ALEXNET_OK;
}

void an_tar_index_free(an_tar_index *index)
{
    an_free(index->pictures);
    an_free(index->names);
    an_strings_free(&index->folders);
    an_strings_free(&index->labels);
    *index = (an_tar_index){0};
}

/* ---- Names ---- */

char *an_tar_key(const char *folder, const char *base)
{
    return an_format("%s/%.*s", folder, (int)strcspn(base, "."), base);
}

const char *an_tar_tail(const char *base)
{
    const char *dot = strchr(base, '.');
    return dot ? dot : "";
}

alexnet_status an_tar_add_name(an_tar_index *index, const char *base, uint32_t *place)
{
    const size_t length = strlen(base) + 1;
    if (length > UINT32_MAX - index->names_length)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "the names of an archive's members take 4 GiB");
    if (index->names_length + length > index->names_room) {
        const size_t room = 2 * (index->names_length + length) + 4096;
        char *grown = an_realloc(index->names, room, 1);
        if (!grown)
            return AN_FAIL_MEMORY(room, "the names of an archive");
        index->names = grown;
        index->names_room = room;
    }
    memcpy(index->names + index->names_length, base, length);
    *place = (uint32_t)index->names_length;
    index->names_length += length;
    return ALEXNET_OK;
}

/* ---- Pictures and labels ---- */

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
    if (number >= b->keyed_room) {
        const int64_t room = 2 * number + 64;
        an_tar_keyed *grown = an_realloc(b->keyed, (size_t)room, sizeof *grown);
        if (!grown)
            return AN_FAIL_MEMORY((size_t)room * sizeof *grown, "the labels of an archive");
        memset(grown + b->keyed_room, 0, (size_t)(room - b->keyed_room) * sizeof *grown);
        b->keyed = grown;
        b->keyed_room = room;
    }
    if (by >= b->keyed[number].by)
        b->keyed[number] = (an_tar_keyed){(int32_t)label, by, -1, false, NULL};
    return ALEXNET_OK;
}

alexnet_status an_tar_index_build(an_tar_index *out, an_reader *reader, an_work *work)
{
    an_tar_builder b = {.index = out, .work = work};
    alexnet_status rc;
    *out = (an_tar_index){0};
    AN_TRY(an_tar_walk(&b, reader));
    AN_TRY(an_tar_drop_replaced(&b));
    if (b.keys.list.count > 0)
        AN_TRY(an_tar_join(&b));
    out->folders = b.folders.list;
    out->labels = b.labels.list;
    b.folders.list = b.labels.list = (an_strings){0};
cleanup:
    an_interned_free(&b.folders);
    an_interned_free(&b.labels);
    an_interned_free(&b.keys);
    an_free(b.keyed);
    an_free(b.packed);
    if (rc != ALEXNET_OK)
        an_tar_index_free(out);
    return rc;
}
