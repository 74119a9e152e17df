/*
 * A section of a file: plain bytes, or deflated ones, such as a member of a zip archive. It can be
 * read at any offset, best in order: a deflated section is unpacked as it is read, with a few
 * kilobytes of memory; going back unpacks it again from its beginning.
 */
#ifndef AN_FORMAT_SECTION_H
#define AN_FORMAT_SECTION_H

#include <stdbool.h>

#include "base/reader.h"
#include "base/status.h"

/** State that the sections of one file share: which of them is being read, and how far. */
typedef struct an_unpacking an_unpacking;

typedef struct an_section {
    an_reader *reader; /* borrowed */
    uint64_t start;    /* in the file */
    uint64_t size;     /* bytes, unpacked */
    uint64_t packed;   /* bytes in the file, where deflated */
    bool deflated;
    bool checked; /* once read in order to its end, its checksum must be `crc` */
    uint32_t crc;
    an_unpacking *unpacking; /* where deflated or checked; borrowed */
    const char *name;        /* of a member, borrowed; NULL: the file itself */
} an_section;

alexnet_status an_unpacking_new(an_unpacking **out);
void an_unpacking_free(an_unpacking *unpacking); /* NULL allowed */

/** The whole file. */
an_section an_section_of(an_reader *reader);
/** @return ALEXNET_ERROR_FORMAT where [offset, offset + length) is not inside it or is damaged */
alexnet_status an_section_read(const an_section *section, uint64_t offset, void *dst,
                               size_t length);
/** ALEXNET_ERROR_FORMAT: "<file>: <member>: <text>" */
#define AN_SECTION_FAIL(section, ...)                                                              \
    an_status_known(ALEXNET_ERROR_FORMAT, an_section_fail((section), __VA_ARGS__))
alexnet_status an_section_fail(const an_section *section, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
