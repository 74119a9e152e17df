#include "data/picture/markers.h"

bool an_marker_next(an_marker *m, an_bytes file)
{
    enum { START_OF_SCAN = 0xDA, END = 0xD9 };
    size_t at = m->next;
    if (an_bytes_big(file, at, 1) != 0xFF)
        return false;
    while (an_bytes_big(file, at, 1) == 0xFF) /* any number of fill bytes may precede a marker */
        at++;
    m->code = (int)an_bytes_big(file, at, 1);
    const uint32_t length = an_bytes_big(file, at + 1, 2); /* its own two bytes included */
    if (m->code == START_OF_SCAN || m->code == END || m->code == 0 || length < 2)
        return false;
    m->data = an_bytes_part(file, at + 3, length - 2);
    m->next = at + 1 + length;
    return true;
}
