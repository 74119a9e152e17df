/*
 * HTML pages without scripts. Names may come from anybody, so every text is escaped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_HTML_H
#define CLI_HTML_H

#include <stdio.h>

#include "cli.h"

/**
 * Write everything up to and including the heading.
 * @param style  CSS to add to that of all pages
 */
void html_begin(FILE *file, const char *title, const char *style);
void html_end(FILE *file);

/**
 * Write a text with control characters escaped by terminal_text(), and &, <, > and " by entities.
 */
void html_text(FILE *file, const char *text);
/** Write a path as a URL: all bytes but slashes and unreserved characters as %XX (RFC 3986). */
void html_url(FILE *file, const char *path);
/** Embed a PNG file of up to 16 MiB in the page; write nothing if it is absent or larger. */
void html_png(FILE *file, const char *path, const char *alt);
/** Embed a JPEG file, given as bytes, with an empty alternative text. */
void html_jpeg(FILE *file, const void *bytes, size_t length);
/** Embed pixels [side][side][3] as a PNG file. */
void html_pixels(FILE *file, const uint8_t *rgb, int side, const char *alt);

#endif
