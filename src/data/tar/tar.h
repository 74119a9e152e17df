/*
 * The members of a tar archive, one after another, with the places of their bytes.
 *
 * It reads POSIX ustar and pax headers (IEEE Std 1003.1, "pax"), those of GNU tar with its long
 * names, and those of the old V7 format. Random access needs only each member's name, place and
 * size, at any depth of nested archives. libarchive is not used: it gives the place of a header but
 * not of the data after it, recognises far more than we want to accept, and would be one more
 * dependency of every build. A header is one block of 512 bytes.
 *
 * Headers are not trusted: each must have the right checksum, members must be within the archive,
 * and every step goes forward. An archive that ends without a block of zeros was cut short, and is
 * refused. So is one with another header after the zeros, as archives joined by cat have: programs
 * stop at the zeros, and what follows would be lost without a word. It is not read: it may have the
 * same names. Other bytes may follow, as POSIX leaves the rest of the last record undefined.
 */
#ifndef AN_DATA_TAR_TAR_H
#define AN_DATA_TAR_TAR_H

#include <stdbool.h>

#include "base/reader.h"
#include "base/work.h"

enum { AN_TAR_BLOCK = 512, AN_TAR_WINDOW = 8 * AN_TAR_BLOCK };
/** The longest name of a member that is read. Systems have paths of up to 4096 bytes. The name of
 *  an archive within an archive is part of the name of every folder in it, so it must not be far
 *  longer than what these take up in the archive. */
enum { AN_TAR_NAME_MAX = 4096 };

typedef struct an_tar_member {
    char *name; /* without ".", ".." and empty parts, so perhaps "". Owned by the an_tar */
    uint64_t offset, length; /* of its bytes, in the reader's file */
    bool file;               /* a regular file; else a folder, a link, a device, ... */
    bool folder;
} an_tar_member;

/** A walk over an archive. */
typedef struct an_tar {
    an_reader *reader;                   /* borrowed */
    char *name;                          /* for error texts; owned */
    uint64_t at, end;                    /* the next header; the end of the archive */
    char *member;                        /* the name of the current member */
    unsigned char window[AN_TAR_WINDOW]; /* what was read last */
    uint64_t window_at;
    size_t window_length;
} an_tar;

/**
 * Begin with the archive at a place of a file. Call an_tar_end() when done, on failure too.
 * @param name  for error texts; copied
 * @return ALEXNET_ERROR_FORMAT for a compressed archive, with what to do, and for what is too short
 *         to be an archive
 */
alexnet_status an_tar_begin(an_tar *tar, an_reader *reader, uint64_t offset, uint64_t length,
                            const char *name);
/**
 * The next member. `*more` false: there is none.
 * @return ALEXNET_ERROR_FORMAT (damaged, cut short), ALEXNET_ERROR_UNSUPPORTED (sparse files, parts
 *         of archives of several volumes), with archive and member
 */
alexnet_status an_tar_next(an_tar *tar, an_tar_member *member, bool *more);
/** Up to AN_TAR_WINDOW bytes of the archive, valid until the next call with this walk. */
alexnet_status an_tar_peek(an_tar *tar, uint64_t offset, size_t length,
                           const unsigned char **bytes);
/**
 * Check that no header follows the zeros that end the archive, once there are no more members.
 * @param work  told of nothing, but may be cancelled; or NULL
 * @return ALEXNET_ERROR_FORMAT with how many bytes follow; ALEXNET_ERROR_CANCELLED
 */
alexnet_status an_tar_check_end(an_tar *tar, an_work *work);
void an_tar_end(an_tar *tar);

#endif
