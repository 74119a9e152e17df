/*
 * Opens a TIFF in memory with libtiff, and interprets libtiff's messages. Version 4.5 is the first
 * that can report errors to a handler of the open file instead of one for the whole process.
 */
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "data/picture/codec/tiff.h"

/* What libtiff may allocate at once beyond the size of the file: a tile, or a strip of samples that
 * it converts. */
enum { BLOCK_MAX = 64 << 20 };

/* libtiff reports a lack of memory only by text, in many wordings. If it refuses to allocate,
 * because of the limit that open_file() sets or one of its own, such texts may follow; then the
 * file is to blame. */
void an_tiff_hear(an_tiff *t, const char *text)
{
    static const char *const refused[] = {"limit", "threshold", "mapped"};
    static const char *const lacking[] = {"memory", "No space ", "llocate ", "malloc(",
                                          "Insertion in "};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (strstr(text, refused[i])) {
            t->too_large = true;
            return;
        }
    for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++)
        t->no_memory |= strstr(text, lacking[i]) != NULL;
}

/* libtiff repeats zlib's text. Few of zlib's failures have none: a lack of memory, and data
 * compressed with a dictionary. */
static bool is_zlib_without_text(const char *module, const char *text)
{
    const size_t length = strlen(text);
    return module && strncmp(module, "ZIP", 3) == 0 && (length == 0 || text[length - 1] == ' ');
}

static int on_error(TIFF *handle, void *user, const char *module, const char *format, va_list args)
{
    an_tiff *t = user;
    char text[sizeof t->reason];
    (void)handle;
    vsnprintf(text, sizeof text, format, args);
    an_tiff_hear(t, text);
    t->unexplained |= is_zlib_without_text(module, text);
    if (!*t->reason)
        memcpy(t->reason, text, sizeof text);
    return 1; /* do not call the process's own handler */
}

/* Most warnings are about tags, which are checked here. Two matter: libjpeg continues in grey where
 * its data end ("Premature end of JPEG file"; "Corrupt JPEG data: premature end of data segment").
 * If a tag was left out for lack of memory, an error came before the warning. */
static int on_warning(TIFF *handle, void *user, const char *module, const char *format,
                      va_list args)
{
    an_tiff *t = user;
    char text[80];
    (void)handle;
    vsnprintf(text, sizeof text, format, args);
    t->ended |= strstr(module, "JPEG") && strstr(text, "remature end");
    return 1;
}

/* libtiff mostly reads the file in place (on_map); this is for the reads that copy. */
static tmsize_t on_read(thandle_t user, void *to, tmsize_t size)
{
    an_tiff *t = user;
    uint64_t left = t->at < t->file->length ? t->file->length - t->at : 0;
    size_t count = (uint64_t)size < left ? (size_t)size : (size_t)left;
    memcpy(to, t->file->bytes + (count ? t->at : 0), count);
    t->at += count;
    return (tmsize_t)count;
}

static tmsize_t on_write(thandle_t user, void *from, tmsize_t size)
{
    (void)user;
    (void)from;
    (void)size;
    return 0;
}

static toff_t on_seek(thandle_t user, toff_t offset, int whence)
{
    an_tiff *t = user;
    t->at = offset + (whence == SEEK_CUR ? t->at : whence == SEEK_END ? t->file->length : 0);
    return t->at;
}

static int on_close(thandle_t user)
{
    (void)user;
    return 0;
}

static toff_t on_size(thandle_t user)
{
    return ((an_tiff *)user)->file->length;
}

static int on_map(thandle_t user, void **base, toff_t *size)
{
    const an_tiff *t = user;
    *base = (void *)(uintptr_t)t->file->bytes; /* not written to */
    *size = t->file->length;
    return 1;
}

static void on_unmap(thandle_t user, void *base, toff_t size)
{
    (void)user;
    (void)base;
    (void)size;
}

uint32_t an_tiff_parts(const an_tiff *t)
{
    return TIFFIsTiled(t->handle) ? TIFFNumberOfTiles(t->handle) : TIFFNumberOfStrips(t->handle);
}

/* Whether a strip or tile extends beyond the end of the file. */
static bool is_cut(const an_tiff *t)
{
    uint32_t count = t->handle ? an_tiff_parts(t) : 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t at = TIFFGetStrileOffset(t->handle, i);
        uint64_t bytes = TIFFGetStrileByteCount(t->handle, i);
        if (at > t->file->length || bytes > t->file->length - at)
            return true;
    }
    return t->ended;
}

/* Whether the list of tags extends beyond the end of the file. */
static bool is_directory_cut(const an_encoded *file)
{
    const uint8_t *p = file->bytes;
    bool last_first = p[0] == 'M', big = p[2] + p[3] == 43;
    uint64_t at = 0, count = 0;
    if (file->length < 16)
        return true;
    for (int i = 0; i < (big ? 8 : 4); i++)
        at |= (uint64_t)p[(big ? 8 : 4) + (last_first ? (big ? 7 : 3) - i : i)] << 8 * i;
    unsigned width = big ? 8 : 2;
    if (at > file->length - width)
        return true;
    for (unsigned i = 0; i < width; i++)
        count |= (uint64_t)p[at + (last_first ? width - 1 - i : i)] << 8 * i;
    return count > (file->length - at - width) / (big ? 20 : 12);
}

alexnet_status an_tiff_fail(an_tiff *t)
{
    if (t->handle ? is_cut(t) : is_directory_cut(t->file))
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is cut short: the TIFF ends before its pixels do",
                       t->file->name);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a valid TIFF: %s", t->file->name,
                   *t->reason ? t->reason : "libtiff cannot read it");
}

alexnet_status an_tiff_open(an_tiff *t)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return AN_FAIL_MEMORY(sizeof(void *), t->file->name);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)(t->file->length + BLOCK_MAX));
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, t);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, t);
    /* C: do not split large strips. */
    t->handle = TIFFClientOpenExt(t->file->name, "rC", t, on_read, on_write, on_seek, on_close,
                                  on_size, on_map, on_unmap, options);
    TIFFOpenOptionsFree(options);
    return t->handle ? ALEXNET_OK : an_tiff_fail(t);
}
