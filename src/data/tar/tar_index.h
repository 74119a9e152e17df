/*
 * The index of a tar archive: its pictures with their places and labels. It is kept for the next
 * time that the archive is opened.
 *
 *     tar_index_make.c  made by a walk over the archive, with the files of tar_build.h
 *     tar_label.c       reads the files with labels
 *     tar_index_kept.c  where it is kept: beside the archive, or in memory
 *     tar_index_file.c  the file
 *
 * Names are as in WebDataset: a file's folder and its name up to the first dot are its key, and
 * files with the same key belong together. Their label is in KEY.cls or KEY.json; a key with a
 * label is one example, with one picture: KEY.jpg before KEY.npy before KEY.mask.png, JPEG before
 * PNG, as masks are PNG. Of two members of one name the later one counts, as for tar. An archive
 * inside the archive counts as a folder of its name, as in ImageNet's archive of training pictures.
 *
 * An archive that was packed (pack.h) also has the names of its pictures in the original data set:
 * the member AN_TAR_KEYS, which the webdataset package skips because of its name, has a line "KEY
 * tab NAME" for each, with the name as an_text_percent() writes it. These names are used to sort
 * and split, so that a packed data set is sorted and split as the original is.
 */
#ifndef AN_DATA_TAR_TAR_INDEX_H
#define AN_DATA_TAR_TAR_INDEX_H

#include "base/context.h"
#include "base/ending_counts.h"
#include "base/interned.h"
#include "base/reader.h"
#include "base/utf8.h" /* an_text_percent() */
#include "base/work.h"

#define AN_TAR_KEYS "__alexnet__/keys.txt"
/** The most bytes of it that are read. */
#define AN_TAR_KEYS_MAX ((size_t)256 << 20)

typedef struct an_tar_picture {
    uint64_t offset, length; /* of its bytes in the file */
    uint32_t name;           /* where its name begins in `names`, without folders */
    int32_t folder;          /* among `folders`; "": none */
    int32_t label;           /* among `labels`; -1: none */
    uint32_t key;            /* where the name that it was packed from begins in `names`; 0: none */
} an_tar_picture;

/** Starts as all zero. Pictures are in the archive's order. */
typedef struct an_tar_index {
    an_tar_picture *pictures;
    int64_t count;
    char *names; /* each ended by a zero */
    size_t names_length, names_room;
    an_strings folders, labels; /* distinct */
    an_endings left_out;        /* members that are neither pictures nor labels; links; others */
    struct {
        int64_t keys;         /* that have several pictures, each as likely to be meant */
        uint32_t used, other; /* of the first of them: where the names of two begin in `names` */
    } doubtful;
    int64_t replaced; /* pictures that are not used, as a later one has the same name */
} an_tar_index;

/** The size of an archive and when it was changed: an index that has others is out of date. */
typedef struct an_tar_stamp {
    uint64_t size;
    int64_t changed; /* nanoseconds since 1970 */
} an_tar_stamp;

/** @return ALEXNET_ERROR_IO; ALEXNET_ERROR_FORMAT for anything but a plain file */
alexnet_status an_tar_stamp_of(an_tar_stamp *out, const char *path);

/**
 * Walk over an archive. On failure *out is empty.
 * @param work  counts megabytes (10^6 bytes), and can be cancelled; NULL: none
 * @return as an_tar_next(); ALEXNET_ERROR_FORMAT for a bad label, with its member
 */
alexnet_status an_tar_index_build(an_tar_index *out, an_reader *reader, an_work *work);
void an_tar_index_free(an_tar_index *index);

/**
 * Keep the index of an archive beside it; if no file can be written there, in memory. So it is
 * while another program, which has searched the same archive, writes the file.
 * @return why there is no file; ALEXNET_OK if another program is writing it
 */
alexnet_status an_tar_index_keep(const an_tar_index *index, const char *archive,
                                 an_tar_stamp stamp);
/**
 * Find the index of an archive where it is kept. *found is false if there is none with this stamp.
 * @param why  out, owned: why it is only in memory; NULL: it is beside the archive, or will be
 * @return ALEXNET_ERROR_NO_MEMORY
 */
alexnet_status an_tar_index_find(an_tar_index *out, const char *archive, an_tar_stamp stamp,
                                 bool *found, char **why);
/**
 * Whether the caller should log that the index of an archive is not in a file: true once per
 * process and archive, and always for an archive whose index is not even in memory.
 */
bool an_tar_index_should_log(const char *archive);

/** The bytes of an index's file; owned. @return ALEXNET_ERROR_NO_MEMORY */
alexnet_status an_tar_index_bytes(unsigned char **out, size_t *length, const an_tar_index *index,
                                  an_tar_stamp stamp);
/**
 * Read an index. *found is false if, for whatever reason, there is no valid one with this stamp,
 * and a new one has to be made. All its places are within the archive.
 * @return ALEXNET_ERROR_NO_MEMORY
 */
alexnet_status an_tar_index_read(an_tar_index *out, const char *path, an_tar_stamp stamp,
                                 bool *found);

/** The same from memory; also false if out of memory. */
bool an_tar_index_parse(an_tar_index *out, const unsigned char *bytes, size_t length,
                        an_tar_stamp stamp);

/* The largest files of labels, in bytes. The functions below drop blanks at both ends. */
enum { AN_TAR_CLS_MAX = 1024, AN_TAR_JSON_MAX = 1 << 20 };

/** @param out  owned; NULL: empty, or not one line of text. @return ALEXNET_ERROR_NO_MEMORY */
alexnet_status an_tar_label_cls(char **out, const char *bytes, size_t length);
/**
 * The value of "cls", "label" or "class" in an object of JSON: a text or a whole number.
 * @param out  owned; NULL: it has none of them
 * @return ALEXNET_ERROR_FORMAT with what is wrong, without the file's name
 */
alexnet_status an_tar_label_json(char **out, const char *bytes, size_t length);

#endif
