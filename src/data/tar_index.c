#include "data/tar_index.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "data/codec.h"
#include "data/endings.h"
#include "data/tar.h"

/* Which of a key's files its label is from; a higher value takes precedence. */
enum { BY_NOTHING, BY_JSON, BY_CLS };

/* What is known of a key whose label a file gives. */
typedef struct keyed {
    int32_t label;
    int by;
    bool plain;              /* it has a picture for which is_plain() holds */
    const char *packed_from; /* in the text of AN_TAR_KEYS; NULL if it is not there */
} keyed;

typedef struct builder {
    an_tar_index *index;
    an_interned folders, labels, keys;
    keyed *keyed; /* of each key */
    int64_t keyed_room;
    char *packed; /* the text of AN_TAR_KEYS; NULL: there is none */
    alexnet_ctx *ctx;
    int64_t members;
    double said; /* when progress was last logged */
} builder;

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

static const char *base_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

/* What follows the key: a name without folders from its first dot on; "" if it has none. */
static const char *tail_of(const char *base)
{
    const char *dot = strchr(base, '.');
    return dot ? dot : "";
}

/* Whether a part of a name begins with a dot, as those do that file managers leave behind. */
static bool is_hidden(const char *name)
{
    return name[0] == '.' || strstr(name, "/.");
}

/* ---- Pictures ---- */

static alexnet_status keep_name(an_tar_index *index, const char *base, uint32_t *place)
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

static alexnet_status add_picture(builder *b, const char *folder, const char *base,
                                  const an_tar_member *member)
{
    an_tar_index *index = b->index;
    an_tar_picture picture = {member->offset, member->length, 0, 0, -1, 0};
    int64_t number;
    AN_CHECK(an_interned_add(&b->folders, folder, &number));
    if (number >= INT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "the archive has too many folders");
    picture.folder = (int32_t)number;
    AN_CHECK(keep_name(index, base, &picture.name));
    if (index->count == index->room) {
        const int64_t room = index->room ? 2 * index->room : 256;
        an_tar_picture *grown = an_realloc(index->pictures, (size_t)room, sizeof *grown);
        if (!grown)
            return AN_FAIL_MEMORY((size_t)room * sizeof *grown, "a list of pictures");
        index->pictures = grown;
        index->room = room;
    }
    index->pictures[index->count++] = picture;
    return ALEXNET_OK;
}

/* ---- Labels ---- */

/* "folder/key" into a new string. */
static char *key_text(const char *folder, const char *base)
{
    return an_format("%s/%.*s", folder, (int)strcspn(base, "."), base);
}

static alexnet_status set_label(builder *b, const char *key, int by, const char *text)
{
    int64_t label, number;
    AN_CHECK(an_interned_add(&b->labels, text, &label));
    AN_CHECK(an_interned_add(&b->keys, key, &number));
    if (label >= INT32_MAX || number >= INT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "the archive has too many labels");
    if (number >= b->keyed_room) {
        const int64_t room = 2 * number + 64;
        keyed *grown = an_realloc(b->keyed, (size_t)room, sizeof *grown);
        if (!grown)
            return AN_FAIL_MEMORY((size_t)room * sizeof *grown, "the labels of an archive");
        memset(grown + b->keyed_room, 0, (size_t)(room - b->keyed_room) * sizeof *grown);
        b->keyed = grown;
        b->keyed_room = room;
    }
    if (by >= b->keyed[number].by)
        b->keyed[number] = (keyed){(int32_t)label, by, false, NULL};
    return ALEXNET_OK;
}

/* Read the label in a file into a new string; NULL if the file gives none. */
static alexnet_status read_label(an_tar *tar, const an_tar_member *member, int by, char **out)
{
    const size_t limit = by == BY_CLS ? AN_TAR_CLS_MAX : AN_TAR_JSON_MAX;
    const unsigned char *bytes;
    unsigned char *whole = NULL;
    alexnet_status rc;
    *out = NULL;
    if (member->length > limit)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "a label of %llu bytes; %zu are the most",
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
    if (by == BY_JSON) {
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

static alexnet_status take_label(builder *b, an_tar *tar, const char *folder, const char *base,
                                 const an_tar_member *member, int by)
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
    key = key_text(folder, base);
    if (!key)
        AN_TRY(AN_FAIL_MEMORY(strlen(folder), "a key"));
    rc = set_label(b, key, by, text);
cleanup:
    an_free(text);
    an_free(key);
    an_free(name);
    return rc;
}

/* ---- Members ---- */

static alexnet_status walk(builder *b, an_reader *reader, const an_tar_member *nested,
                           const char *folder, const char *name);

static bool ends_with(const char *name, const char *ending)
{
    return strcasecmp(an_ending_of(name), ending) == 0;
}

/* "a/b" of two names, each of which may be "". Owned; NULL if memory is short. */
static char *join(const char *a, const char *b, size_t length)
{
    return an_format("%s%s%.*s", a, *a && length ? "/" : "", (int)length, b);
}

/* An archive inside the archive is a folder of its name without ".tar". */
static alexnet_status walk_nested(builder *b, an_tar *tar, const an_tar_member *member)
{
    char *folder = join("", member->name, strlen(member->name) - strlen(".tar"));
    char *name = an_format("%s/%s", tar->name, member->name);
    alexnet_status rc = folder && name ? walk(b, tar->reader, member, folder, name)
                                       : AN_FAIL_MEMORY(strlen(tar->name), "a name");
    an_free(folder);
    an_free(name);
    return rc;
}

/* Whether a file is an array of NumPy's that is a picture: such files may hold anything. */
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

static alexnet_status take_file(builder *b, an_tar *tar, const an_tar_member *member,
                                const char *within)
{
    bool pixels;
    AN_CHECK(is_pixels(tar, member, &pixels));
    const char *base = base_of(member->name);
    const size_t above = base > member->name ? (size_t)(base - member->name) - 1 : 0;
    char *folder = join(within, member->name, above);
    if (!folder)
        return AN_FAIL_MEMORY(strlen(within), "a name");
    alexnet_status rc = ALEXNET_OK;
    if (pixels || an_has_picture_ending(base))
        rc = add_picture(b, folder, base, member);
    else if (strcasecmp(tail_of(base), ".cls") == 0)
        rc = take_label(b, tar, folder, base, member, BY_CLS);
    else if (strcasecmp(tail_of(base), ".json") == 0)
        rc = take_label(b, tar, folder, base, member, BY_JSON);
    else
        an_endings_add(&b->index->left_out, base);
    an_free(folder);
    return rc;
}

/* ---- Names before packing ---- */

static alexnet_status read_packed(builder *b, an_tar *tar, const an_tar_member *member)
{
    enum { MOST = 256 << 20 };
    if (member->length > MOST)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s/%s has %llu bytes; %d are the most", tar->name,
                       member->name, (unsigned long long)member->length, MOST);
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

/* Give keys the names in their lines. Lines for keys that are not there are ignored. */
static alexnet_status spread_packed(builder *b)
{
    char *next;
    for (char *line = b->packed; line && *line; line = next) {
        char *end = line + strcspn(line, "\n"), *tab = memchr(line, '\t', (size_t)(end - line));
        next = *end ? end + 1 : end;
        *end = '\0';
        if (!tab || !an_text_unpercent(tab + 1))
            continue;
        *tab = '\0';
        char *key = strchr(line, '/') ? an_strdup(line) : an_format("/%s", line);
        if (!key)
            return AN_FAIL_MEMORY(strlen(line), "a key");
        const int64_t number = an_interned_find(&b->keys, key);
        an_free(key);
        if (number >= 0)
            b->keyed[number].packed_from = tab + 1;
    }
    return ALEXNET_OK;
}

/* From time to time, check for cancellation and log the progress. */
static alexnet_status report(builder *b, const an_tar *tar)
{
    enum { EVERY = 256, SECONDS = 10 };
    if (++b->members % EVERY != 0)
        return ALEXNET_OK;
    AN_CHECK(an_ctx_check(b->ctx));
    if (an_clock() < b->said + SECONDS)
        return ALEXNET_OK;
    b->said = an_clock();
    an_log(b->ctx, ALEXNET_LOG_INFO, "searched %.0f%% of %s",
           100.0 * (double)tar->at / (double)an_reader_size(tar->reader),
           an_reader_name(tar->reader));
    return ALEXNET_OK;
}

static alexnet_status take_member(builder *b, an_tar *tar, const an_tar_member *member,
                                  const char *within, bool outermost)
{
    AN_CHECK(report(b, tar));
    if (member->folder || !member->name[0] || is_hidden(member->name))
        return ALEXNET_OK;
    if (member->file && outermost && strcmp(member->name, AN_TAR_KEYS) == 0)
        return read_packed(b, tar, member);
    if (member->file && outermost && ends_with(member->name, ".tar"))
        return walk_nested(b, tar, member);
    if (member->file)
        return take_file(b, tar, member, within);
    an_endings_add(&b->index->left_out, base_of(member->name)); /* a link, a device */
    return ALEXNET_OK;
}

/* Walk over the whole file, or over a member of it. */
static alexnet_status walk(builder *b, an_reader *reader, const an_tar_member *nested,
                           const char *folder, const char *name)
{
    an_tar tar;
    an_tar_member member;
    bool more = true;
    alexnet_status rc = an_tar_begin(&tar, reader, nested ? nested->offset : 0,
                                     nested ? nested->length : an_reader_size(reader), name);
    while (rc == ALEXNET_OK) {
        rc = an_tar_next(&tar, &member, &more);
        if (rc != ALEXNET_OK || !more)
            break;
        rc = take_member(b, &tar, &member, folder, !nested);
    }
    an_tar_end(&tar);
    return rc;
}

/* ---- Putting pictures and labels together ---- */

static alexnet_status key_of(const builder *b, const an_tar_picture *picture, int64_t *key)
{
    char *text = key_text(b->folders.list.at[picture->folder], b->index->names + picture->name);
    if (!text)
        return AN_FAIL_MEMORY(1, "a key");
    *key = an_interned_find(&b->keys, text);
    an_free(text);
    return ALEXNET_OK;
}

/* Whether a picture is KEY.jpg, and neither KEY.mask.png nor an array. */
static bool is_plain(const builder *b, const an_tar_picture *picture)
{
    const char *tail = tail_of(b->index->names + picture->name);
    return strchr(tail + 1, '.') == NULL && strcasecmp(tail, ".npy") != 0;
}

/* Give pictures their labels, and the names that they were packed from. If a key with a label has
 * KEY.jpg, then KEY.mask.png and KEY.npy are left out. */
static alexnet_status join_labels(builder *b)
{
    an_tar_index *index = b->index;
    int64_t kept = 0;
    AN_CHECK(spread_packed(b));
    int64_t *keys =
        an_calloc((size_t)index->count + 1, sizeof *keys); /* of each picture; -1: none */
    alexnet_status rc = keys ? ALEXNET_OK : AN_FAIL_MEMORY(index->count * sizeof *keys, "keys");
    for (int64_t i = 0; i < index->count && rc == ALEXNET_OK; i++) {
        rc = key_of(b, &index->pictures[i], &keys[i]);
        if (rc == ALEXNET_OK && keys[i] >= 0)
            b->keyed[keys[i]].plain |= is_plain(b, &index->pictures[i]);
    }
    for (int64_t i = 0; i < index->count && rc == ALEXNET_OK; i++) {
        an_tar_picture picture = index->pictures[i];
        const keyed *k = keys[i] >= 0 ? &b->keyed[keys[i]] : NULL;
        if (k && k->plain && !is_plain(b, &picture)) {
            an_endings_add(&index->left_out, index->names + picture.name);
            continue;
        }
        picture.label = k ? k->label : -1;
        if (k && k->packed_from)
            rc = keep_name(index, k->packed_from, &picture.key);
        index->pictures[kept++] = picture;
    }
    an_free(keys);
    if (rc == ALEXNET_OK)
        index->count = kept;
    return rc;
}

alexnet_status an_tar_index_build(an_tar_index *out, an_reader *reader, alexnet_ctx *ctx)
{
    builder b = {.index = out, .ctx = ctx, .said = an_clock()};
    alexnet_status rc;
    *out = (an_tar_index){0};
    AN_TRY(walk(&b, reader, NULL, "", an_reader_name(reader)));
    if (b.keys.list.count > 0)
        AN_TRY(join_labels(&b));
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
