/*
 * Text for a manual page, in the macros of man(7).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_ROFF_H
#define CLI_ROFF_H

#include <stdio.h>

/** Print a text as it is: nothing in it formats. */
void roff_text(FILE *out, const char *text);
/** Print a paragraph's text in lines of their own, likewise. */
void roff_lines(FILE *out, const char *text);

#endif
