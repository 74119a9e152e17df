#include "data/picture/facts.h"

#include <string.h>

#include "base/ending_counts.h"
#include "base/text.h"
#include "data/picture/markers.h"
#include "data/picture/tiff_tag.h"

/* The format that an ending promises, in the words of an_picture_format(). */
static const struct {
    const char *ending, *format;
} promises[] = {
    {".jpg", "a JPEG"},          {".jpeg", "a JPEG"},
    {".jpe", "a JPEG"},          {".jfif", "a JPEG"},
    {".jif", "a JPEG"},          {".png", "a PNG"},
    {".webp", "a WebP picture"}, {".gif", "a GIF"},
    {".bmp", "a BMP"},           {".dib", "a BMP"},
    {".tif", "a TIFF"},          {".tiff", "a TIFF"},
    {".heic", "a HEIC picture"}, {".heif", "a HEIC picture"},
    {".hif", "a HEIC picture"},  {".avif", "an AVIF picture"},
    {".npy", "a NumPy array"},
};

const char *an_misnamed(const char *name, const void *bytes, size_t length)
{
    const char *ending = an_ending_of(name), *format = an_picture_format(bytes, length);
    for (size_t i = 0; format && i < sizeof promises / sizeof *promises; i++)
        if (an_text_same(promises[i].ending, ending))
            return strcmp(promises[i].format, format) == 0 ? NULL : format;
    return NULL;
}

/* The number of components in the frame header of a JPEG; 0: it has none. */
static uint32_t jpeg_components(an_bytes file)
{
    for (an_marker m = {.next = 2}; an_marker_next(&m, file);)
        if (m.code >= 0xC0 && m.code <= 0xCF && m.code != 0xC4 && m.code != 0xC8 && m.code != 0xCC)
            return an_bytes_big(m.data, 5, 1);
    return 0;
}

bool an_is_cmyk(const void *bytes, size_t length)
{
    enum { PHOTOMETRIC_INTERPRETATION = 262, SEPARATED = 5 };
    const an_bytes file = {bytes, length};
    const char *format = an_picture_format(bytes, length);
    an_tiff_tag colours;
    if (format && strcmp(format, "a JPEG") == 0)
        return jpeg_components(file) == 4;
    return an_tiff_find(&colours, file, PHOTOMETRIC_INTERPRETATION) && colours.number == SEPARATED;
}

bool an_is_grey(const an_picture *picture)
{
    const uint8_t *end = picture->rgb + 3 * (size_t)picture->width * (size_t)picture->height;
    for (const uint8_t *p = picture->rgb; p < end; p += 3)
        if (p[0] != p[1] || p[1] != p[2])
            return false;
    return true;
}
