/*
 * Texts as NumPy's arrays keep them: 4 bytes for each character (UTF-32), zeros behind the last.
 */
#ifndef AN_FORMAT_NPY_TEXT_H
#define AN_FORMAT_NPY_TEXT_H

#include "format/npy.h"

/**
 * The text that an array of no dimension is, as UTF-8; owned.
 * @return ALEXNET_ERROR_FORMAT if a character is none, or is followed by zeros and another
 */
alexnet_status an_npy_text(char **text, const an_npy *npy);
/** The characters of a text that is UTF-8. */
size_t an_npy_text_length(const char *text);
/** The element type of as many: "<U5". */
void an_npy_text_type(char descr[24], size_t characters);
/** Them, 4 bytes each, little-endian. @return behind the last */
unsigned char *an_npy_text_put(unsigned char *to, const char *text);

#endif
