/*
 * Tries a decoder of pictures on files of its own format.
 */
#ifndef FUZZ_DECODER_H
#define FUZZ_DECODER_H

#include <string.h>

#include "base/status.h"
#include "data/picture/resize.h"
#include "data/picture/rows.h"
#include "fuzz/require.h"

/* The decoder of a library; NULL if the build lacks it. */
static inline an_decode decoder_of(const char *library)
{
    for (const an_codec *const *codec = an_codecs; *codec; codec++)
        if (strcmp((*codec)->library, library) == 0)
            return (*codec)->decode;
    return NULL;
}

/* Decoding gives an error that names the file, and is not a lack of memory; or an upright picture
 * whose bytes are all allocated and written: a sanitizer reports one that is not.
 */
static inline void judge_decoded(alexnet_status rc, an_rows *rows)
{
    enum { SIDE = 8 };
    an_picture picture;
    uint8_t square[SIDE * SIDE * 3];
    if (rc != ALEXNET_OK) {
        require(strstr(an_error_text(), rows->file->name));
        require(rc != ALEXNET_ERROR_NO_MEMORY); /* which would stop a run */
        an_rows_free(rows);
        return;
    }
    require(rows->orientation >= 0 && rows->orientation <= 8);
    require(an_rows_end(rows, &picture) == ALEXNET_OK);
    require(picture.width > 0 && picture.height > 0);
    volatile uint8_t last = picture.rgb[(size_t)picture.width * (size_t)picture.height * 3 - 1];
    (void)last;
    require(an_fit_picture(square, (an_fit){AN_FIT_SHORT, SIDE, false}, &picture) == ALEXNET_OK);
    an_picture_free(&picture);
}

static inline bool is_of(const char *format, const an_encoded *file)
{
    const char *found = an_picture_format(file->bytes, file->length);
    return found && strcmp(found, format) == 0;
}

/* @param format  as named by an_picture_format(); files of other formats are passed over */
static inline void try_decoder(an_decode decode, const char *format, const an_encoded *file)
{
    an_rows rows = {.file = file};
    if (decode && is_of(format, file))
        judge_decoded(decode(&rows, file), &rows);
}

#endif
