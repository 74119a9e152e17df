/*
 * Texts in NumPy's arrays: 4 bytes for each character (UTF-32), padded with zeros.
 */
#ifndef AN_FORMAT_NPY_TEXT_H
#define AN_FORMAT_NPY_TEXT_H

#include "format/npy.h"

/**
 * Read the text in an array of rank 0 as UTF-8; owned by the caller.
 * @return ALEXNET_ERROR_FORMAT for an invalid character, or for one after a zero
 */
alexnet_status an_npy_text(char **text, const an_npy *npy);
/** The number of characters in a UTF-8 text. */
size_t an_npy_text_length(const char *text);
/** The element type for texts of that many characters: "<U5". */
void an_npy_text_type(char descr[24], size_t characters);
/** Write the characters, 4 bytes each, little-endian. @return the end of what was written */
unsigned char *an_npy_text_put(unsigned char *to, const char *text);

#endif
