/*
 * How the index of an archive is made.
 *
 *     tar_walk.c   goes through the members of an archive, and of archives inside it
 *     tar_build.c  gathers pictures, and labels by their keys
 *     tar_again.c  members of the same name, of which the last counts
 *     tar_join.c   gives the pictures their labels
 */
#ifndef AN_DATA_TAR_TAR_BUILD_H
#define AN_DATA_TAR_TAR_BUILD_H

#include "data/tar/tar.h"
#include "data/tar/tar_index.h"

/** Which of a key's files its label is from; a higher value takes precedence. */
enum { AN_TAR_BY_NOTHING, AN_TAR_BY_JSON, AN_TAR_BY_CLS };

/** What is known of a key that has a label. */
typedef struct an_tar_keyed {
    int32_t label;
    int by;
    int64_t picture;         /* the one that is used; -1: none */
    bool doubtful;           /* it has another that is as likely to be meant */
    const char *packed_from; /* in the text of AN_TAR_KEYS; NULL if it is not there */
} an_tar_keyed;

typedef struct an_tar_builder {
    an_tar_index *index;
    an_interned folders, labels, keys;
    an_tar_keyed *keyed; /* of each key */
    int64_t n_keyed;
    char *packed;     /* the text of AN_TAR_KEYS; NULL: there is none */
    an_work *work;    /* or NULL */
    uint64_t reached; /* how far into the file `work` has been told of */
} an_tar_builder;

/** Go through all members of a file. @return also ALEXNET_ERROR_CANCELLED */
alexnet_status an_tar_walk(an_tar_builder *builder, an_reader *reader);

alexnet_status an_tar_add_picture(an_tar_builder *builder, const char *folder, const char *base,
                                  const an_tar_member *member);
alexnet_status an_tar_add_label(an_tar_builder *builder, const char *key, int by, const char *text);
/** Append a name to those of the index. @param place  out: where it begins */
alexnet_status an_tar_add_name(an_tar_index *index, const char *name, uint32_t *place);

/** "folder/key" of a file; owned, NULL if out of memory. */
char *an_tar_key(const char *folder, const char *base);
/** What follows the key: a name without folders from its first dot on; "" if it has none. */
const char *an_tar_tail(const char *base);

/** Of pictures with the same name keep the last, as tar does when it unpacks: archives are brought
 * up to date by appending. */
alexnet_status an_tar_drop_replaced(an_tar_builder *builder);

/** Give pictures their labels, and the names that they were packed from. Of the pictures of a key
 *  with a label one is kept. */
alexnet_status an_tar_join(an_tar_builder *builder);

#endif
