/*
 * Pages: HTML without scripts. Names come from anywhere, so every text is escaped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_HTML_H
#define CLI_HTML_H

#include <stdio.h>

#include "cli.h"

/** Everything up to and with the heading. @param style  CSS beside that of all pages */
void html_begin(FILE *file, const char *title, const char *style);
void html_end(FILE *file);

/** Text as HTML shows it; what a terminal would obey is escaped as everywhere. */
void html_text(FILE *file, const char *text);
/** A path as a URL: every byte that may mean something there is written as %XX (RFC 3986). */
void html_url(FILE *file, const char *path);
/** Bytes in base64 (RFC 4648). */
void html_base64(FILE *file, const unsigned char *bytes, size_t length);
/** A PNG file of up to 16 MiB as a picture that is part of the page; nothing if there is none. */
void html_png(FILE *file, const char *path, const char *alt);
/** The bytes of a JPEG file as such a picture, which nothing is said in place of. */
void html_jpeg(FILE *file, const void *bytes, size_t length);
/** Pixels [side][side][3] as such a picture. */
void html_pixels(FILE *file, const uint8_t *rgb, int side, const char *alt);

#endif
