/*
 * GIF through giflib: the first picture on its screen, as Pillow has it.
 */
#include <string.h>

#include <gif_lib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "data/picture/rows.h"

typedef struct job {
    const an_encoded *file;
    an_rows *rows;
    int width; /* of the screen */
    size_t at;
    bool short_of; /* giflib asked for bytes beyond the end */
    int clear;     /* the transparent colour, or -1 */
    uint8_t colours[256][3];
    GifByteType *pixels; /* of the frame: one row, or all rows if they are interlaced */
} job;

/* LZW makes at most so many pixels of a byte: 4096, the longest text in its table, of 12 bits. */
enum { LZW_MOST = 4096 * 8 / 12 + 1 };

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

/* If giflib cannot allocate the screen's colours, it reports the screen as missing, as it does when
 * bytes are missing. */
static bool lacks_memory(const job *j, int code)
{
    return code == D_GIF_ERR_NOT_ENOUGH_MEM || (code == D_GIF_ERR_NO_SCRN_DSCR && !j->short_of);
}

static alexnet_status fail_cut(const job *j)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is cut short: the GIF ends before its pixels do",
                   j->file->name);
}

static alexnet_status fail(const GifFileType *gif, const job *j, int error)
{
    const int code = gif ? gif->Error : error;
    if (lacks_memory(j, code))
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "out of memory: a GIF decoder for %s",
                       j->file->name);
    if (j->at == j->file->length)
        return fail_cut(j);
    if (code == D_GIF_ERR_READ_FAILED && !j->short_of)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is not a valid GIF: its codes begin with more than 8 bits",
                       j->file->name);
    const char *reason = GifErrorString(code);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a valid GIF: %s", j->file->name,
                   reason ? reason : "it has no picture");
}

/* Check, before anything of the frame's size is allocated, that the file can hold its pixels. */
static alexnet_status alloc_pixels(job *j, const GifImageDesc *frame)
{
    const size_t row = (size_t)frame->Width, rows = (size_t)frame->Height;
    if (row * rows / LZW_MOST > j->file->length)
        return fail_cut(j);
    const size_t bytes = frame->Interlace ? row * rows : row;
    j->pixels = an_malloc(bytes);
    return j->pixels ? ALEXNET_OK : AN_FAIL_MEMORY(bytes, j->file->name);
}

static alexnet_status read_row(GifFileType *gif, const job *j, GifByteType *to)
{
    return DGifGetLine(gif, to, gif->Image.Width) == GIF_ERROR ? fail(gif, j, 0) : ALEXNET_OK;
}

/* Rows of an interlaced frame come in four passes. */
static alexnet_status read_interlaced(GifFileType *gif, const job *j)
{
    static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    for (int pass = 0; pass < 4; pass++)
        for (int y = first[pass]; y < gif->Image.Height; y += step[pass]) {
            AN_CHECK(read_row(gif, j, j->pixels + (size_t)y * (size_t)gif->Image.Width));
            AN_CHECK(an_picture_check_stop(j->file));
        }
    return ALEXNET_OK;
}

/* Read row y of the frame, or find it if all have been read. */
static alexnet_status frame_row(const GifByteType **row, GifFileType *gif, const job *j, int y)
{
    *row = j->pixels + (gif->Image.Interlace ? (size_t)y * (size_t)gif->Image.Width : 0);
    return gif->Image.Interlace ? ALEXNET_OK : read_row(gif, j, j->pixels);
}

/* Columns `from` to `to` of a row show the screen. */
static void show_screen(uint8_t *rgb, const job *j, int from, int to)
{
    for (int x = from; x < to; x++)
        memcpy(rgb + 3 * x, j->colours[j->clear >= 0 ? j->clear : 0], 3);
}

static alexnet_status show_row(GifFileType *gif, const job *j, int y)
{
    const GifImageDesc *frame = &gif->Image;
    const GifByteType *row;
    uint8_t *rgb = j->rows->next;
    if (y < frame->Top || y >= frame->Top + frame->Height) {
        show_screen(rgb, j, 0, j->width);
        return ALEXNET_OK;
    }
    AN_CHECK(frame_row(&row, gif, j, y - frame->Top));
    show_screen(rgb, j, 0, frame->Left);
    for (int x = 0; x < frame->Width; x++)
        memcpy(rgb + 3 * (frame->Left + x), j->colours[row[x]], 3);
    show_screen(rgb, j, frame->Left + frame->Width, j->width);
    return ALEXNET_OK;
}

static alexnet_status read_picture(GifFileType *gif, job *j)
{
    if (!find_picture(gif, j))
        return fail(gif, j, 0);
    const GifImageDesc *frame = &gif->Image;
    const int right = frame->Left + frame->Width, bottom = frame->Top + frame->Height;
    if (frame->Width < 1 || frame->Height < 1)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a valid GIF: its picture is %d x %d pixels",
                       j->file->name, frame->Width, frame->Height);
    j->width = right > gif->SWidth ? right : gif->SWidth;
    const int height = bottom > gif->SHeight ? bottom : gif->SHeight;
    AN_CHECK(an_picture_check_size(j->file, (uint32_t)j->width, (uint32_t)height));
    AN_CHECK(alloc_pixels(j, frame));
    set_colours(j, gif);
    if (frame->Interlace)
        AN_CHECK(read_interlaced(gif, j));
    AN_CHECK(an_rows_begin(j->rows, 0, (uint32_t)j->width, (uint32_t)height));
    for (int y = 0; y < height; y++) {
        AN_CHECK(show_row(gif, j, y));
        AN_CHECK(an_rows_take(j->rows, 1));
    }
    return ALEXNET_OK;
}

static alexnet_status decode(an_rows *rows, const an_encoded *file)
{
    job j = {.file = file, .rows = rows, .clear = -1};
    int error = 0;
    GifFileType *gif = DGifOpen(&j, on_read, &error);
    alexnet_status rc = gif ? read_picture(gif, &j) : fail(NULL, &j, error);
    if (gif)
        DGifCloseFile(gif, &error);
    an_free(j.pixels);
    return rc;
}

const an_codec an_gif_codec = {"giflib", AN_GIF_VERSION, decode};
