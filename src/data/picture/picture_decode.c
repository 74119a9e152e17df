/*
 * From a file's bytes to a picture: the formats that are known by their first bytes, and those of
 * them that are read.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "data/picture/codec.h"
#include "data/picture/rows.h"

#define READ "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC and AVIF are read"

/* A file format by its first bytes. `at` is the offset of the signature. It is read by one of the
 * last two, or not at all. */
typedef struct signature {
    const char *name;
    size_t at, length;
    const char *bytes;
    an_decode decode;
    const char *library; /* of a codec in an_codecs */
} signature;

static const signature signatures[] = {
    {"a JPEG", 0, 3, "\xFF\xD8\xFF", .decode = an_jpeg_decode},
    {"a PNG", 0, 8, "\x89PNG\r\n\x1A\n", .decode = an_png_decode},
    {"a WebP picture", 8, 4, "WEBP", .library = "libwebp"},
    {"a GIF", 0, 4, "GIF8", .library = "giflib"},
    {"a NumPy array", 0, 6, "\x93NUMPY", .decode = an_npy_decode},
    {"a BMP", 0, 2, "BM", .decode = an_bmp_decode},
    {"a TIFF", 0, 4, "II*\0", .library = "libtiff"},
    {"a TIFF", 0, 4, "MM\0*", .library = "libtiff"},
    {"a TIFF", 0, 4, "II+\0", .library = "libtiff"},
    {"a TIFF", 0, 4, "MM\0+", .library = "libtiff"},
    {"an AVIF picture", 4, 7, "ftypavi", .library = "libheif"},
    {"a HEIC picture", 4, 7, "ftyphei", .library = "libheif"},
    {"a HEIC picture", 4, 7, "ftyphev", .library = "libheif"},
    {"a HEIC picture", 4, 8, "ftypmif1", .library = "libheif"},
    {"a HEIC picture", 4, 8, "ftypmsf1", .library = "libheif"},
    {"a video", 4, 4, "ftyp", .library = NULL},
    {"a JPEG 2000 picture", 4, 4, "jP  ", .library = NULL},
    {"a JPEG 2000 picture", 0, 4, "\xFF\x4F\xFF\x51", .library = NULL},
    {"a JPEG XL picture", 4, 4, "JXL ", .library = NULL},
    {"a JPEG XL picture", 0, 2, "\xFF\x0A", .library = NULL},
    {"a Photoshop document", 0, 4, "8BPS", .library = NULL},
    {"an icon", 0, 4, "\0\0\1\0", .library = NULL},
    {"a PDF document", 0, 5, "%PDF-", .library = NULL},
};

static const signature *signature_of(const an_encoded *file)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const signature *s = &signatures[i];
        if (file->length >= s->at + s->length &&
            memcmp(file->bytes + s->at, s->bytes, s->length) == 0)
            return s;
    }
    return NULL;
}

const char *an_picture_format(const void *bytes, size_t length)
{
    const signature *s = signature_of(&(an_encoded){.bytes = bytes, .length = length, .name = ""});
    return s ? s->name : NULL;
}

static const an_codec *codec_of(const signature *s)
{
    for (const an_codec *const *codec = an_codecs; s->library && *codec; codec++)
        if (strcmp((*codec)->library, s->library) == 0)
            return *codec;
    return NULL;
}

static alexnet_status fail_unread(const signature *s, const char *name)
{
    if (s->library)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s is %s, which this build does not read: it was built without %s", name,
                       s->name, s->library);
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s is %s; " READ, name, s->name);
}

/* How many bytes at the beginning are those of texts: no control characters, and none above 0xf4,
 * the largest that UTF-8 uses. */
static size_t text_length(const unsigned char *bytes, size_t length)
{
    size_t n = 0;
    while (n < length && ((bytes[n] >= ' ' && bytes[n] <= 0xf4) || memchr("\t\n\r\f", bytes[n], 4)))
        n++;
    return n;
}

/* Say what a file without a known signature is. */
static const char *describe(const an_encoded *file)
{
    const size_t shown = file->length < 64 ? file->length : 64;
    size_t same = 0;
    while (same < file->length && file->bytes[same] == file->bytes[0])
        same++;
    if (same == file->length && file->bytes[0] == 0)
        return "nothing but zero bytes, as an interrupted copy leaves them, not a picture";
    if (same == file->length && file->bytes[0] == 0xff)
        return "nothing but bytes of 255, as an erased memory card leaves them, not a picture";
    if (text_length(file->bytes, shown) < shown)
        return "not a picture";
    return memmem(file->bytes, shown, "git-lfs", strlen("git-lfs"))
               ? "a pointer of Git LFS, which stands for the picture (git lfs pull fetches it)"
               : "text, not a picture";
}

static alexnet_status decode(an_rows *rows, const signature *s, const an_encoded *file)
{
    const an_codec *codec = codec_of(s);
    const an_decode decoder = codec ? codec->decode : s->decode;
    AN_CHECK(an_picture_check_stop(file));
    return decoder ? decoder(rows, file) : fail_unread(s, file->name);
}

alexnet_status an_picture_decode_for(an_picture *out, const void *bytes, size_t length,
                                     const char *name, const an_target *target)
{
    *out = (an_picture){0};
    const an_encoded file = {bytes, length, name, target};
    if (length == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is empty", name);
    const signature *s = signature_of(&file);
    if (!s)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is %s; " READ, name, describe(&file));
    an_rows rows = {.file = &file};
    alexnet_status rc = decode(&rows, s, &file);
    if (rc == ALEXNET_OK)
        return an_rows_end(&rows, out);
    an_rows_free(&rows);
    return rc;
}

alexnet_status an_picture_decode(an_picture *out, const void *bytes, size_t length,
                                 const char *name)
{
    return an_picture_decode_for(out, bytes, length, name, NULL);
}

alexnet_status an_picture_read_for(an_picture *out, const char *path, const an_target *target)
{
    *out = (an_picture){0};
    unsigned char *bytes;
    size_t length;
    AN_CHECK(an_file_read(path, AN_PICTURE_FILE_MAX, &bytes, &length));
    alexnet_status rc = an_picture_decode_for(out, bytes, length, path, target);
    an_free(bytes);
    return rc;
}

alexnet_status an_picture_read(an_picture *out, const char *path)
{
    return an_picture_read_for(out, path, NULL);
}

alexnet_status an_picture_resize_for(an_picture *picture, const an_target *target, const char *name)
{
    const an_encoded file = {.name = name, .target = target};
    an_rows rows = {.file = &file};
    alexnet_status rc = an_rows_give(&rows, 0, picture);
    *picture = (an_picture){0};
    if (rc == ALEXNET_OK)
        return an_rows_end(&rows, picture);
    an_rows_free(&rows);
    return rc;
}
