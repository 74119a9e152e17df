#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/folder.h"
#include "base/status.h"
#include "base/text.h"
#include "data/picture/codec.h"
#include "data/picture/endings.h"
#include "data/tar/tar_build.h"

/* ---- Names ---- */

/* Whether a part of a name is hidden, as are the files that file managers leave behind. */
static bool is_hidden(const char *name)
{
    for (size_t length; *name; name += length + (name[length] == '/')) {
        length = strcspn(name, "/");
        if (an_is_hidden(name, length))
            return true;
    }
    return false;
}

static bool ends_with(const char *name, const char *ending)
{
    return an_text_same(an_ending_of(name), ending);
}

/* "a/b" of two names, each of which may be "". Owned; NULL if out of memory. */
static char *join(const char *a, const char *b, size_t length)
{
    return an_format("%s%s%.*s", a, *a && length ? "/" : "", (int)length, b);
}

/* ---- Labels ---- */

/* Read the label in a file into a new string; NULL if the file gives none. */
static alexnet_status read_label(an_tar *tar, const an_tar_member *member, int by, char **out)
{
    const size_t limit = by == AN_TAR_BY_CLS ? AN_TAR_CLS_MAX : AN_TAR_JSON_MAX;
    const unsigned char *bytes;
    unsigned char *whole = NULL;
    alexnet_status rc;
    *out = NULL;
    if (member->length > limit)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "a label of %llu bytes; at most %zu are read",
                       (unsigned long long)member->length, limit);
    const size_t length = (size_t)member->length;
    if (length > AN_TAR_WINDOW) {
        whole = an_malloc(length);
        if (!whole)
            return AN_FAIL_MEMORY(length, "a label");
        AN_TRY(an_reader_read(tar->reader, member->offset, whole, length));
        bytes = whole;
    } else {
        AN_TRY(an_tar_peek(tar, member->offset, length, &bytes));
    }
    if (by == AN_TAR_BY_JSON) {
        rc = an_tar_label_json(out, (const char *)bytes, length);
    } else {
        AN_TRY(an_tar_label_cls(out, (const char *)bytes, length));
        if (!*out)
            rc = AN_FAIL(ALEXNET_ERROR_FORMAT,
                         "a label is expected: a class's number or name on one line of UTF-8 text");
    }
cleanup:
    an_free(whole);
    return rc;
}

static alexnet_status take_label(an_tar_builder *b, an_tar *tar, const char *folder,
                                 const char *base, const an_tar_member *member, int by)
{
    char *text, *key = NULL, *name = NULL;
    alexnet_status rc = read_label(tar, member, by, &text);
    if (rc != ALEXNET_OK) {
        name = an_format("%s/%s", tar->name, member->name);
        rc = an_fail_within(rc, name ? name : tar->name);
        goto cleanup;
    }
    if (!text)
        goto cleanup;
    key = an_tar_key(folder, base);
    if (!key)
        AN_TRY(AN_FAIL_MEMORY(strlen(folder), "a key"));
    rc = an_tar_add_label(b, key, by, text);
cleanup:
    an_free(text);
    an_free(key);
    an_free(name);
    return rc;
}

/* ---- Members ---- */

static alexnet_status walk(an_tar_builder *b, an_reader *reader, const an_tar_member *nested,
                           const char *folder, const char *name);

/* An archive inside the archive is a folder of its name without ".tar". */
static alexnet_status walk_nested(an_tar_builder *b, an_tar *tar, const an_tar_member *member)
{
    char *folder = join("", member->name, strlen(member->name) - strlen(".tar"));
    char *name = an_format("%s/%s", tar->name, member->name);
    alexnet_status rc = folder && name ? walk(b, tar->reader, member, folder, name)
                                       : AN_FAIL_MEMORY(strlen(tar->name), "a name");
    an_free(folder);
    an_free(name);
    return rc;
}

/* Whether a NumPy array is a picture: such files may hold anything. */
static alexnet_status is_pixels(an_tar *tar, const an_tar_member *member, bool *yes)
{
    enum { ENOUGH = 1024 };
    const size_t length = member->length < ENOUGH ? (size_t)member->length : ENOUGH;
    const unsigned char *bytes;
    *yes = ends_with(member->name, ".npy");
    if (*yes) {
        AN_CHECK(an_tar_peek(tar, member->offset, length, &bytes));
        *yes = an_npy_is_picture(bytes, length);
    }
    return ALEXNET_OK;
}

static alexnet_status take_file(an_tar_builder *b, an_tar *tar, const an_tar_member *member,
                                const char *within)
{
    bool pixels;
    AN_CHECK(is_pixels(tar, member, &pixels));
    const char *base = an_path_last(member->name);
    const size_t above = base > member->name ? (size_t)(base - member->name) - 1 : 0;
    char *folder = join(within, member->name, above);
    if (!folder)
        return AN_FAIL_MEMORY(strlen(within), "a name");
    alexnet_status rc = ALEXNET_OK;
    if (pixels || an_has_picture_ending(base))
        rc = an_tar_add_picture(b, folder, base, member);
    else if (an_text_same(an_tar_tail(base), ".cls"))
        rc = take_label(b, tar, folder, base, member, AN_TAR_BY_CLS);
    else if (an_text_same(an_tar_tail(base), ".json"))
        rc = take_label(b, tar, folder, base, member, AN_TAR_BY_JSON);
    else
        an_endings_add(&b->index->left_out, base);
    an_free(folder);
    return rc;
}

static alexnet_status read_packed(an_tar_builder *b, an_tar *tar, const an_tar_member *member)
{
    if (member->length > AN_TAR_KEYS_MAX)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s/%s has %llu bytes; at most %zu are read",
                       tar->name, member->name, (unsigned long long)member->length,
                       AN_TAR_KEYS_MAX);
    const size_t length = (size_t)member->length;
    char *text = an_malloc(length + 1);
    if (!text)
        return AN_FAIL_MEMORY(length, "the names of packed pictures");
    alexnet_status rc = an_reader_read(tar->reader, member->offset, text, length);
    text[length] = '\0';
    an_free(b->packed);
    b->packed = text;
    return rc;
}

/* Report that the file has been searched up to a place. */
static alexnet_status report(an_tar_builder *b, uint64_t at)
{
    enum { MEGABYTE = 1000000 };
    const int64_t more = (int64_t)(at / MEGABYTE) - (int64_t)(b->reached / MEGABYTE);
    b->reached = at;
    return an_work_add(b->work, more);
}

static alexnet_status take_member(an_tar_builder *b, an_tar *tar, const an_tar_member *member,
                                  const char *within, bool outermost)
{
    AN_CHECK(report(b, member->offset)); /* what is within the member comes after it */
    if (member->folder || !member->name[0] || is_hidden(member->name))
        return ALEXNET_OK;
    if (member->file && outermost && strcmp(member->name, AN_TAR_KEYS) == 0)
        return read_packed(b, tar, member);
    if (member->file && outermost && ends_with(member->name, ".tar"))
        return walk_nested(b, tar, member);
    if (member->file)
        return take_file(b, tar, member, within);
    if (an_has_picture_ending(member->name)) /* a link, or a device */
        an_endings_add_as(&b->index->left_out, AN_ENDING_LINK);
    else
        an_endings_add(&b->index->left_out, an_path_last(member->name));
    return ALEXNET_OK;
}

/* Walk over the whole file, or over a member of it. */
static alexnet_status walk(an_tar_builder *b, an_reader *reader, const an_tar_member *nested,
                           const char *folder, const char *name)
{
    an_tar tar;
    an_tar_member member;
    bool more = true;
    alexnet_status rc = an_tar_begin(&tar, reader, nested ? nested->offset : 0,
                                     nested ? nested->length : an_reader_size(reader), name);
    while (rc == ALEXNET_OK) {
        rc = an_tar_next(&tar, &member, &more);
        if (rc == ALEXNET_OK && !more)
            rc = an_tar_check_end(&tar, b->work);
        if (rc != ALEXNET_OK || !more)
            break;
        rc = take_member(b, &tar, &member, folder, !nested);
    }
    an_tar_end(&tar);
    return rc;
}

alexnet_status an_tar_walk(an_tar_builder *b, an_reader *reader)
{
    AN_CHECK(walk(b, reader, NULL, "", an_reader_name(reader)));
    return report(b, an_reader_size(reader));
}
