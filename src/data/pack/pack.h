/*
 * Packing a data set as tar archives, which the public header describes; docs/data.md has the
 * format.
 *
 *     pack.c           a part's list of shards, and their names
 *     pack_new.c       the parts, and the folder
 *     pack_shards.c    shards, one picture after another
 *     pack_picture.c   the bytes that are stored for a picture, made by several threads
 *     pack_names.c     the names of pictures in the archives
 *     pack_manifest.c  manifest.json, from which an interrupted pack continues
 *     pack_same.c      whether a manifest is of the same data and options
 *     pack_check.c     whether the shards have the hashes in the manifest
 *
 * Whether a pack that is opened as a data set is complete is asked below, in tar/pack_whole.c.
 *
 * A shard is complete when it has its final name; then it is entered into the manifest. The
 * manifest is written once the shards that are not yet in it have as many bytes as itself, so that
 * it is never more than half of what is written, however small shards are. Shards that are not in
 * it when a pack is resumed are removed. Where a new shard begins depends only on the pictures up
 * to there, so that a resumed pack ends with the same bytes.
 */
#ifndef AN_DATA_PACK_PACK_H
#define AN_DATA_PACK_PACK_H

#include "base/interned.h"
#include "data/dataset.h"
#include "data/ordered.h"
#include "data/tar/tar_write.h"

/** A picture as it is stored. */
typedef struct an_packed {
    alexnet_status status;
    char *error; /* text if not OK; owned */
    unsigned char *bytes;
    size_t length;
    bool unchanged; /* the file's own bytes */
} an_packed;

typedef struct an_pack_shard {
    int64_t pictures;
    int64_t end; /* places of the order up to its end, including pictures left out */
    uint64_t bytes;
    char sha256[65];
} an_pack_shard;

typedef struct an_pack_part {
    const char *name; /* "train" */
    alexnet_dataset *data;
    uint64_t fingerprint;
    uint32_t *order;  /* the sample of each place */
    an_interned keys; /* of each sample: its name in the archives, without an ending */
    bool own_names;   /* earlier versions, which named items by their own keys, had other names */
    an_pack_shard *shards;
    int64_t shard_count;
    int64_t bytes;     /* of its shards */
    int64_t *by_class; /* pictures packed of each class; `pictures`: of all */
    int64_t pictures, unchanged;
    an_strings left_out; /* source keys of pictures left out, as an_text_percent() writes them */
} an_pack_part;

enum { AN_PACK_PARTS = 2 };

struct alexnet_pack {
    alexnet_ctx *ctx;
    alexnet_pack_options options;
    char *folder;
    int folder_file;        /* locked; -1: not open */
    bool complete;          /* the manifest says so */
    int64_t found;          /* places that were done when this pack began */
    int64_t checked;        /* of `found`, the places in shards whose hash was verified */
    int64_t checked_shards; /* how many shards these are */
    an_pack_part parts[AN_PACK_PARTS];
    int part_count;

    size_t manifest_bytes; /* of the manifest that was written last */
    uint64_t bytes_since;  /* of the shards completed since then */

    int part;      /* under way */
    int64_t place; /* of its order */
    bool failed;   /* a step has failed: what is on disk is known only to a new pack */
    an_ordered *workers;
    an_tar_writer tar;      /* the shard under way */
    int64_t shard_pictures; /* in it */
    char *keys;             /* the text of its AN_TAR_KEYS */
    size_t keys_length, keys_room;
    size_t keys_most;    /* AN_TAR_KEYS_MAX; less in tests */
    int64_t shards_most; /* AN_PACK_SHARDS_MAX; less in tests */
};

alexnet_status an_pack_new(alexnet_pack **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                           const alexnet_dataset *val, const char *folder,
                           const alexnet_pack_options *options);
alexnet_status an_pack_step(alexnet_pack *pack, alexnet_pack_progress *progress, bool *more);
void an_pack_free(alexnet_pack *pack);

/** Name a part's pictures: their names in the data set, changed where these cannot be keys. No two
 *  are the same. */
alexnet_status an_pack_name(an_pack_part *part);
/** Read a sample and make the bytes to store. A failure is in out->status.
 *  @param stop  as in an_target */
void an_pack_picture(an_packed *out, const alexnet_pack_options *options,
                     const alexnet_dataset *data, int64_t sample, const atomic_bool *stop);
void an_packed_free(an_packed *packed);

/** Enter a shard that is complete. */
alexnet_status an_pack_add_shard(an_pack_part *part, an_pack_shard shard);
/** "folder/train-000000.tar"; owned, NULL if out of memory. */
char *an_pack_shard_path(const alexnet_pack *pack, const an_pack_part *part, int64_t shard);

/** Whether all shards found at the beginning have been verified; verify the next one. */
bool an_pack_is_checked(const alexnet_pack *pack);
alexnet_status an_pack_check_next(alexnet_pack *pack);

/**
 * Take over what the manifest lists as packed. Without a manifest, do nothing.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT if it was packed from other data or with other options, or
 *         if shards are missing or have another size
 */
alexnet_status an_pack_manifest_read(alexnet_pack *pack);
/** The same for the text of a manifest, whose path is `name`. Shards are not looked for. */
alexnet_status an_pack_manifest_parse(alexnet_pack *pack, const char *text, size_t length,
                                      const char *name);
alexnet_status an_pack_manifest_write(alexnet_pack *pack);
/** No part has more shards. The manifest describes each, in some 200 bytes. More than ten times as
 * many would also have names whose order is not theirs. */
#define AN_PACK_SHARDS_MAX 100000

#endif
