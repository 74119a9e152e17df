/*
 * Tries a decoder of pictures on files of its own format.
 */
#ifndef FUZZ_DECODER_H
#define FUZZ_DECODER_H

#include <string.h>

#include "base/status.h"
#include "data/picture/codec.h"
#include "data/picture/resize.h"
#include "fuzz/require.h"

typedef alexnet_status (*decoder)(an_picture *, int *, const an_encoded *);

/* The decoder of a library; NULL if the build lacks it. */
static inline decoder decoder_of(const char *library)
{
    for (const an_codec *const *codec = an_codecs; *codec; codec++)
        if (strcmp((*codec)->library, library) == 0)
            return (*codec)->decode;
    return NULL;
}

/* Decoding gives an error that names the file, and is not a lack of memory; or an upright picture
 * whose bytes are all allocated and written: a sanitizer reports one that is not.
 */
static inline void try_upright(decoder decode, const an_encoded *file)
{
    enum { SIDE = 8 };
    an_picture picture = {0};
    int orientation = 0;
    uint8_t square[SIDE * SIDE * 3];
    const alexnet_status rc = decode(&picture, &orientation, file);
    if (rc != ALEXNET_OK) {
        require(!picture.rgb && strstr(an_error_text(), file->name));
        require(rc != ALEXNET_ERROR_NO_MEMORY); /* which would stop a run */
        return;
    }
    require(orientation >= 0 && orientation <= 8 && picture.width > 0 && picture.height > 0);
    require(an_picture_upright(&picture, orientation, file) == ALEXNET_OK);
    volatile uint8_t last = picture.rgb[(size_t)picture.width * (size_t)picture.height * 3 - 1];
    (void)last;
    require(an_fit_picture(square, (an_fit){AN_FIT_SHORT, SIDE, false}, &picture) == ALEXNET_OK);
    an_picture_free(&picture);
}

/* @param format  as named by an_picture_format(); files of other formats are passed over */
static inline void try_decoder(decoder decode, const char *format, const an_encoded *file)
{
    const char *found = an_picture_format(file->bytes, file->length);
    if (decode && found && strcmp(found, format) == 0)
        try_upright(decode, file);
}

#endif
