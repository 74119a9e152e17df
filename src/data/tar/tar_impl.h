/*
 * The internals of a walk over an archive.
 *
 *     tar_bytes.c  reading at a place, stepping on, and what is wrong at the present place
 *     tar.c        headers and members
 *     tar_extra.c  the headers before a member that say more about it: pax, GNU tar's long names
 */
#ifndef AN_DATA_TAR_TAR_IMPL_H
#define AN_DATA_TAR_TAR_IMPL_H

#include "data/tar/tar.h"

/** What extra headers say about the member after them. Starts as all zero. */
typedef struct an_tar_extra {
    char *name; /* owned; NULL: nothing */
    bool has_size;
    uint64_t size;
} an_tar_extra;

/** Whether a header of a type describes the next member. */
bool an_tar_is_extra(char type);
/** Read such a header, and what it says, of `length` bytes. */
alexnet_status an_tar_take_extra(an_tar *tar, an_tar_extra *extra, char type, uint64_t length);

/** Step over a header and its data. @param offset  out: where the data begin */
alexnet_status an_tar_step(an_tar *tar, uint64_t length, uint64_t *offset);
alexnet_status an_tar_fail_damaged(const an_tar *tar, const char *what);
alexnet_status an_tar_fail_sparse(const an_tar *tar);

#endif
