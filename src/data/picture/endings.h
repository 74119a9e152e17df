/*
 * Endings of file names: which files of a folder are pictures that we read, and what can be done
 * about the others.
 */
#ifndef AN_DATA_PICTURE_ENDINGS_H
#define AN_DATA_PICTURE_ENDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "alexnet/alexnet.h"
#include "base/ending_counts.h"

/** Endings of picture files, in lower case; compared without regard to case. The last is NULL. */
extern const char *const an_picture_endings[];

bool an_has_picture_ending(const char *file_name);
/** Whether a name is that of a file to be unpacked: ".tar", ".zip", ... */
bool an_is_archive(const char *file_name);

/** ".jpg, .jpeg, ... or .png". @return `out` */
const char *an_picture_endings_text(char *out, size_t room);
/** The same counts, the commonest first, whatever the order in which the files were met. */
an_endings an_endings_sorted(const an_endings *endings);
/** The commonest first: "20 .jxl, 3 .psd, 1 without an ending". @return `out` */
const char *an_endings_text(char *out, size_t room, const an_endings *endings);
/**
 * What to do about files that were left out: "convert .jxl to JPEG; unpack .zip".
 * @return NULL if none of them looks as if it should have been read
 */
const char *an_endings_remedy(char *out, size_t room, const an_endings *endings);

/** "3 hidden files or folders, ...". @return `out` */
const char *an_hidden_text(char *out, size_t room, int64_t hidden);

/**
 * Fail because a folder has no picture; the text says what it holds instead.
 * @param what  "", "the "
 */
alexnet_status an_fail_no_pictures(const char *what, const char *folder,
                                   const an_endings *left_out);

#endif
