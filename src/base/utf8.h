#ifndef AN_BASE_UTF8_H
#define AN_BASE_UTF8_H

#include <stdbool.h>

/** Whether text is UTF-8 as RFC 3629 has it: no overlong forms, surrogates, or beyond U+10FFFF. */
bool an_is_utf8(const char *text);

#endif
