#include "data/tar/tar_impl.h"

#include <string.h>

#include "base/alloc.h"
#include "base/compressed.h"
#include "base/status.h"

/* Where the fields of a header are, and how long. */
enum {
    NAME = 0,
    NAME_LENGTH = 100,
    SIZE = 124,
    NUMBER_LENGTH = 12,
    CHECKSUM = 148,
    CHECKSUM_LENGTH = 8,
    TYPE = 156,
    MAGIC = 257,
    PREFIX = 345,
    PREFIX_LENGTH = 155
};

/* ---- Numbers and checksums ---- */

/* A number: octal digits with blanks before and a blank or zero byte after them or, if the first
 * bit is set, binary, as GNU tar writes numbers that do not fit. */
static bool number(const unsigned char *field, int length, uint64_t *out)
{
    int i = 0;
    *out = 0;
    if (field[0] & 0x80) {
        *out = field[0] & 0x7F;
        for (i = 1; i < length; i++) {
            if (*out >> 55)
                return false;
            *out = *out << 8 | field[i];
        }
        return true;
    }
    while (i < length && field[i] == ' ')
        i++;
    for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
        *out = *out << 3 | (uint64_t)(field[i] - '0');
    return i == length || field[i] == ' ' || field[i] == '\0';
}

/* The sum of all bytes, with those of the checksum as blanks; old programs added signed bytes. */
static bool checksum_fits(const unsigned char *header)
{
    uint64_t wanted;
    int64_t sum = 0, signed_sum = 0;
    for (int i = 0; i < AN_TAR_BLOCK; i++) {
        const bool own = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_LENGTH;
        sum += own ? ' ' : header[i];
        signed_sum += own ? ' ' : (signed char)header[i];
    }
    return number(header + CHECKSUM, CHECKSUM_LENGTH, &wanted) &&
           ((int64_t)wanted == sum || (int64_t)wanted == signed_sum);
}

/* ---- Beginning ---- */

static alexnet_status refuse_compressed(const char *name, const an_compressed *compressed)
{
    if (compressed->archive)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is not a tar archive but one of another kind; unpack it with %s, and "
                       "give the folder",
                       name, compressed->tool);
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s is a compressed archive, in which no picture can be found without unpacking "
                   "those before it; decompress it with %s, and give the .tar file",
                   name, compressed->tool);
}

alexnet_status an_tar_begin(an_tar *tar, an_reader *reader, uint64_t offset, uint64_t length,
                            const char *name)
{
    const unsigned char *bytes;
    tar->reader = reader;
    tar->member = NULL;
    tar->at = offset;
    tar->end = offset + length; /* within the file, as the caller has checked */
    tar->window_at = 0;
    tar->window_length = 0;
    tar->name = an_strdup(name);
    if (!tar->name)
        return AN_FAIL_MEMORY(strlen(name), "a name");
    const size_t first = length < AN_TAR_BLOCK ? (size_t)length : AN_TAR_BLOCK;
    AN_CHECK(an_tar_peek(tar, offset, first, &bytes));
    const an_compressed *compressed = an_compressed_of(bytes, first);
    if (compressed &&
        (first < AN_TAR_BLOCK || !checksum_fits(bytes))) /* a name may begin as they do */
        return refuse_compressed(name, compressed);
    if (memmem(bytes, first, "git-lfs", strlen("git-lfs")) && first < AN_TAR_BLOCK)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is a pointer of Git LFS, which stands for the archive (git lfs pull "
                       "fetches it)",
                       name);
    if (first < AN_TAR_BLOCK)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is not a tar archive: it has %zu bytes, but a header takes %d", name,
                       first, AN_TAR_BLOCK);
    return ALEXNET_OK;
}

void an_tar_end(an_tar *tar)
{
    an_free(tar->name);
    an_free(tar->member);
    tar->name = tar->member = NULL;
}

/* ---- Headers ---- */

static bool is_zero(const unsigned char *block)
{
    static const unsigned char zeros[AN_TAR_BLOCK];
    return memcmp(block, zeros, sizeof zeros) == 0;
}

/* Read the next header; *more is false at the zeros that end the archive. */
static alexnet_status read_header(an_tar *tar, unsigned char *header, bool *more)
{
    const unsigned char *block;
    *more = false;
    if (tar->end - tar->at < AN_TAR_BLOCK)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is cut short: it ends at byte %llu without the zeros that end an "
                       "archive",
                       tar->name, (unsigned long long)tar->end);
    AN_CHECK(an_tar_peek(tar, tar->at, AN_TAR_BLOCK, &block));
    if (is_zero(block))
        return ALEXNET_OK;
    if (!checksum_fits(block))
        return an_tar_fail_damaged(tar, "a header is expected, and its checksum is wrong");
    memcpy(header, block, AN_TAR_BLOCK);
    *more = true;
    return ALEXNET_OK;
}

/* ---- Names ---- */

/* Remove ".", "..", empty parts, and slashes at the ends, so that a name leads nowhere else. */
static void tidy(char *name)
{
    char *to = name;
    for (const char *from = name; *from;) {
        const size_t length = strcspn(from, "/");
        const bool dots = length <= 2 && strspn(from, ".") >= length;
        if (length > 0 && !dots) {
            if (to > name)
                *to++ = '/';
            memmove(to, from, length);
            to += length;
        }
        from += length;
        from += *from == '/';
    }
    *to = '\0';
}

/* Set a member's name from its header or extra headers before it. Takes `e->name` over. */
static alexnet_status set_name(an_tar *tar, an_tar_extra *e, const unsigned char *header)
{
    const char *name = (const char *)header + NAME, *prefix = (const char *)header + PREFIX;
    const size_t length = strnlen(name, NAME_LENGTH);
    const bool has_prefix = memcmp(header + MAGIC, "ustar", 6) == 0 && prefix[0];
    an_free(tar->member);
    tar->member = e->name;
    e->name = NULL;
    if (!tar->member && has_prefix)
        tar->member = an_format("%.*s/%.*s", PREFIX_LENGTH, prefix, NAME_LENGTH, name);
    else if (!tar->member)
        tar->member = an_strndup(name, length);
    if (!tar->member)
        return AN_FAIL_MEMORY(NAME_LENGTH, "a member's name");
    return ALEXNET_OK;
}

/* ---- Members ---- */

/* Whether a name ends with a slash, as those of folders do in the old format, which has no type for
 * them. */
static bool is_folder_name(const char *name)
{
    const size_t length = strlen(name);
    return length > 0 && name[length - 1] == '/';
}

/* Types 1 to 6 are links, devices, folders and pipes, which have no data, like the folders of the
 * old format, of type zero, whatever their size says. */
static alexnet_status finish_member(an_tar *tar, an_tar_member *member, char type, uint64_t length)
{
    if (type == 'S')
        return an_tar_fail_sparse(tar);
    if (type == 'M')
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s is one volume of a multi-volume archive; join the volumes first",
                       tar->name);
    const bool regular = type == '0' || type == '\0' || type == '7';
    const bool named = is_folder_name(tar->member);
    const bool without_data = (type >= '1' && type <= '6') || (type == '\0' && named);
    member->folder = type == '5' || (regular && named);
    member->file = regular && !member->folder;
    member->length = without_data ? 0 : length;
    AN_CHECK(an_tar_step(tar, member->length, &member->offset));
    tidy(tar->member);
    member->name = tar->member;
    return ALEXNET_OK;
}

alexnet_status an_tar_next(an_tar *tar, an_tar_member *member, bool *more)
{
    unsigned char header[AN_TAR_BLOCK];
    an_tar_extra e = {0};
    alexnet_status rc;
    uint64_t length;
    *member = (an_tar_member){0};
    for (;;) {
        AN_TRY(read_header(tar, header, more));
        if (!*more)
            break;
        const char type = (char)header[TYPE];
        if (!number(header + SIZE, NUMBER_LENGTH, &length))
            AN_TRY(an_tar_fail_damaged(tar, "a member's size is not a number"));
        if (an_tar_is_extra(type)) {
            AN_TRY(an_tar_take_extra(tar, &e, type, length));
            continue;
        }
        AN_TRY(set_name(tar, &e, header));
        rc = finish_member(tar, member, type, e.has_size ? e.size : length);
        break;
    }
cleanup:
    an_free(e.name);
    return rc;
}

/* ---- After the members ---- */

/* The first block of some bytes that is a header; their length if none is. */
static size_t find_header(const unsigned char *bytes, size_t length)
{
    for (size_t at = 0; at + AN_TAR_BLOCK <= length; at += AN_TAR_BLOCK)
        if (checksum_fits(bytes + at))
            return at;
    return length;
}

alexnet_status an_tar_check_end(an_tar *tar, an_work *work)
{
    const unsigned char *bytes;
    size_t length;
    for (uint64_t at = tar->at; at < tar->end; at += length) {
        const uint64_t left = tar->end - at;
        length = left < AN_TAR_WINDOW ? (size_t)left : AN_TAR_WINDOW;
        AN_CHECK(an_work_add(work, 0));
        AN_CHECK(an_tar_peek(tar, at, length, &bytes));
        const size_t header = find_header(bytes, length);
        if (header == length)
            continue;
        return AN_FAIL(
            ALEXNET_ERROR_FORMAT,
            "%s goes on for %llu bytes after the zeros that end it at byte %llu, and tar "
            "programs do not read what follows; join archives with tar --concatenate "
            "instead of cat, or give a folder of them",
            tar->name, (unsigned long long)(left - header), (unsigned long long)tar->at);
    }
    return ALEXNET_OK;
}
