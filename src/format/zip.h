/*
 * Reads zip archives: the directory at their end (zip64 too), and their members, stored or
 * deflated, in place. Only what is asked for is unpacked.
 *
 * Everything that the directory claims is checked against the file before anything is allocated for
 * it: counts, offsets and sizes; that members do not overlap; that no name occurs twice; that a
 * deflated member does not claim a size that deflate cannot reach.
 * Source: PKWARE's APPNOTE.TXT, version 6.3; RFC 1951.
 */
#ifndef AN_FORMAT_ZIP_H
#define AN_FORMAT_ZIP_H

#include "format/section.h"

typedef struct an_zip_member {
    char *name;
    unsigned flags, method; /* of compression: 0 stored, 8 deflated */
    uint32_t crc;
    uint64_t header, end; /* in the file: of its local header; of what follows it */
    uint64_t packed, size;
} an_zip_member;

typedef struct an_zip {
    an_reader *reader; /* borrowed */
    int count;
    an_zip_member *members; /* in the order of the file */
    const an_zip_member **by_name;
    an_unpacking *unpacking;
} an_zip;

/** Whether bytes are the beginning of an archive that has a member. */
bool an_zip_recognise(const unsigned char *head, size_t length);
/** The name of the first member, from the first bytes. @return false if they do not contain all of
 * it */
bool an_zip_first_name(const unsigned char *head, size_t length, char name[256]);
/** Read the directory. @param zip  all zero; the caller closes it, on failure too */
alexnet_status an_zip_open(an_zip *zip, an_reader *reader);
void an_zip_close(an_zip *zip);
/** @return NULL if there is none of that name */
const an_zip_member *an_zip_find(const an_zip *zip, const char *name);
/**
 * The bytes of a member. If `checked`, their checksum is verified once all were read in order.
 * @return also ALEXNET_ERROR_UNSUPPORTED for one that is encrypted or compressed in another way
 */
alexnet_status an_zip_section(const an_zip *zip, const an_zip_member *member, bool checked,
                              an_section *section);

#endif
