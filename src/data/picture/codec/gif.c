/*
 * GIF through giflib: the first picture on its screen, as Pillow has it.
 */
#include <string.h>

#include <gif_lib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/picture/codec.h"

typedef struct job {
    const an_encoded *file;
    size_t at;
    bool short_of; /* giflib asked for bytes beyond the end */
    int clear;     /* the transparent colour, or -1 */
    uint8_t colours[256][3];
    GifByteType *row; /* of the frame */
} job;

/* If the file ends where a block of pixels would begin, supply the empty block that terminates
 * them; without it, giflib returns no row. */
static int on_read(GifFileType *gif, GifByteType *to, int length)
{
    job *j = gif->UserData;
    if (length == 1 && j->at == j->file->length) {
        *to = 0;
        return 1;
    }
    size_t left = j->file->length - j->at;
    size_t count = (size_t)length < left ? (size_t)length : left;
    memcpy(to, j->file->bytes + j->at, count);
    j->at += count;
    j->short_of |= count < (size_t)length;
    return (int)count;
}

/* Read the extension that gives the transparent colour; others are skipped. */
static bool read_extension(GifFileType *gif, job *j)
{
    int code;
    GifByteType *block;
    if (DGifGetExtension(gif, &code, &block) == GIF_ERROR)
        return false;
    if (code == GRAPHICS_EXT_FUNC_CODE && block && block[0] >= 4 && (block[1] & 1))
        j->clear = block[4];
    while (block)
        if (DGifGetExtensionNext(gif, &block) == GIF_ERROR)
            return false;
    return true;
}

/* Go to the first picture and read its description. */
static bool find_picture(GifFileType *gif, job *j)
{
    GifRecordType type;
    while (DGifGetRecordType(gif, &type) == GIF_OK && type == EXTENSION_RECORD_TYPE)
        if (!read_extension(gif, j))
            return false;
    return type == IMAGE_DESC_RECORD_TYPE && DGifGetImageDesc(gif) == GIF_OK;
}

/* Without a colour map, colours are greys; beyond the end of one they are black, as in Pillow. */
static void set_colours(job *j, const GifFileType *gif)
{
    const ColorMapObject *map = gif->Image.ColorMap ? gif->Image.ColorMap : gif->SColorMap;
    for (int i = 0; i < 256; i++) {
        const uint8_t grey = map ? 0 : (uint8_t)i;
        const GifColorType known =
            map && i < map->ColorCount ? map->Colors[i] : (GifColorType){grey, grey, grey};
        j->colours[i][0] = known.Red;
        j->colours[i][1] = known.Green;
        j->colours[i][2] = known.Blue;
    }
    if (j->clear >= 0)
        memset(j->colours[j->clear], 255, 3);
}

static bool read_row(an_picture *out, GifFileType *gif, const job *j, int y)
{
    const GifImageDesc *frame = &gif->Image;
    if (DGifGetLine(gif, j->row, frame->Width) == GIF_ERROR)
        return false;
    uint8_t *to =
        out->rgb + 3 * ((size_t)(frame->Top + y) * (size_t)out->width + (size_t)frame->Left);
    for (int x = 0; x < frame->Width; x++)
        memcpy(to + 3 * x, j->colours[j->row[x]], 3);
    return true;
}

/* Rows of an interlaced picture come in four passes. */
static bool read_rows(an_picture *out, GifFileType *gif, const job *j)
{
    static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    for (int pass = 0; pass < (gif->Image.Interlace ? 4 : 1); pass++)
        for (int y = first[pass]; y < gif->Image.Height; y += gif->Image.Interlace ? step[pass] : 1)
            if (!read_row(out, gif, j, y))
                return false;
    return true;
}

/* If giflib cannot allocate the screen's colours, it reports the screen as missing, as it does when
 * bytes are missing. */
static bool lacks_memory(const job *j, int code)
{
    return code == D_GIF_ERR_NOT_ENOUGH_MEM || (code == D_GIF_ERR_NO_SCRN_DSCR && !j->short_of);
}

static alexnet_status fail(const GifFileType *gif, const job *j, int error)
{
    const int code = gif ? gif->Error : error;
    if (lacks_memory(j, code))
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: a GIF decoder for %s",
                       j->file->name);
    if (j->at == j->file->length)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is cut short: the GIF ends before its pixels do",
                       j->file->name);
    if (code == D_GIF_ERR_READ_FAILED && !j->short_of)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is not a valid GIF: its codes begin with more than 8 bits",
                       j->file->name);
    const char *reason = GifErrorString(code);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a valid GIF: %s", j->file->name,
                   reason ? reason : "it has no picture");
}

/* Fill the screen around the picture: last, so that a short file that claims a large screen costs
 * nothing. */
static void fill_around(an_picture *out, const GifImageDesc *frame, const uint8_t colour[3])
{
    for (int y = 0; y < out->height; y++) {
        uint8_t *row = out->rgb + 3 * (size_t)y * (size_t)out->width;
        bool beside = y >= frame->Top && y < frame->Top + frame->Height;
        for (int x = 0; x < out->width; x++) {
            if (beside && x == frame->Left)
                x += frame->Width;
            if (x < out->width)
                memcpy(row + 3 * x, colour, 3);
        }
    }
}

static alexnet_status read_picture(an_picture *out, GifFileType *gif, job *j)
{
    if (!find_picture(gif, j))
        return fail(gif, j, 0);
    int right = gif->Image.Left + gif->Image.Width, bottom = gif->Image.Top + gif->Image.Height;
    if (gif->Image.Width < 1 || gif->Image.Height < 1)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a valid GIF: its picture is %d x %d pixels",
                       j->file->name, gif->Image.Width, gif->Image.Height);
    AN_CHECK(an_picture_alloc(out, j->file, (uint32_t)(right > gif->SWidth ? right : gif->SWidth),
                              (uint32_t)(bottom > gif->SHeight ? bottom : gif->SHeight), 3));
    set_colours(j, gif);
    j->row = an_malloc((size_t)gif->Image.Width);
    if (!j->row)
        return AN_FAIL_MEMORY((size_t)gif->Image.Width, j->file->name);
    if (!read_rows(out, gif, j))
        return fail(gif, j, 0);
    fill_around(out, &gif->Image, j->colours[j->clear >= 0 ? j->clear : 0]);
    return ALEXNET_OK;
}

static alexnet_status decode(an_picture *out, int *orientation, const an_encoded *file)
{
    job j = {.file = file, .clear = -1};
    int error = 0;
    *orientation = 0;
    GifFileType *gif = DGifOpen(&j, on_read, &error);
    alexnet_status rc = gif ? read_picture(out, gif, &j) : fail(NULL, &j, error);
    if (gif)
        DGifCloseFile(gif, &error);
    an_free(j.row);
    if (rc != ALEXNET_OK)
        an_picture_free(out);
    return rc;
}

const an_codec an_gif_codec = {"giflib", AN_GIF_VERSION, decode};
