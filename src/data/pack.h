/*
 * Packing a data set as tar archives, which the public header describes; docs/data.md has the
 * format.
 *
 *     pack.c           the parts, and the folder
 *     pack_shards.c    shards, one picture after another
 *     pack_picture.c   a picture as the bytes that are stored: the work of several threads
 *     pack_names.c     what pictures are called in the archives
 *     pack_manifest.c  manifest.json, by which a pack also goes on
 *     pack_same.c      what a pack is of, compared with what a manifest says
 *     pack_check.c     whether the shards that it names are as it says
 *
 * A shard is complete when it has its name; then it is entered into the manifest. Whatever else
 * is in the folder then counts for nothing, and is written again. What begins a new shard depends
 * on the pictures before alone, so that a pack that goes on ends with the same bytes.
 */
#ifndef AN_DATA_PACK_H
#define AN_DATA_PACK_H

#include "base/interned.h"
#include "data/dataset.h"
#include "data/ordered.h"
#include "data/tar_write.h"

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
    int64_t end; /* places of the order before it and in it, those left out among them */
    uint64_t bytes;
    char sha256[65];
} an_pack_shard;

typedef struct an_pack_part {
    const char *name; /* "train" */
    alexnet_dataset *data;
    uint64_t fingerprint;
    uint32_t *order;  /* the sample of each place */
    an_interned keys; /* of each sample: its name in the archives, without an ending */
    an_pack_shard *shards;
    int64_t shard_count, shard_room;
    int64_t *by_class; /* pictures packed, of each class, and together */
    int64_t pictures, unchanged;
    an_strings left_out; /* keys of the source, as an_text_percent() has them */
} an_pack_part;

enum { AN_PACK_PARTS = 2 };

struct alexnet_pack {
    alexnet_ctx *ctx;
    alexnet_pack_options options;
    char *folder;
    int folder_file; /* locked; -1: not open */
    bool complete;   /* the manifest says so */
    int64_t found;   /* places that were done when it began; of these, in shards that */
    int64_t checked,
        checked_shards; /* were read again and are as they were, and how many these are */
    an_pack_part parts[AN_PACK_PARTS];
    int part_count;

    int part;      /* under way */
    int64_t place; /* of its order */
    bool failed;   /* a step has: only a new pack can tell what is there */
    an_ordered *workers;
    an_tar_writer tar;      /* the shard under way */
    int64_t shard_pictures; /* in it */
    char *keys;             /* the text of its AN_TAR_KEYS */
    size_t keys_length, keys_room;
};

alexnet_status an_pack_new(alexnet_pack **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                           const alexnet_dataset *val, const char *folder,
                           const alexnet_pack_options *options);
alexnet_status an_pack_step(alexnet_pack *pack, alexnet_pack_progress *progress, bool *more);
void an_pack_free(alexnet_pack *pack);

/** What a part's pictures are called: the names that they have in the data set, as far as these can
 *  be keys. No two are the same. */
alexnet_status an_pack_name(an_interned *keys, const alexnet_dataset *data);
/** The picture at a place of a part, into an an_packed. */
void an_pack_picture(an_packed *out, const alexnet_pack_options *options,
                     const alexnet_dataset *data, int64_t sample);
void an_packed_free(an_packed *packed);

/** Enter a shard that is complete. */
alexnet_status an_pack_add_shard(an_pack_part *part, an_pack_shard shard);
/** "folder/train-000000.tar"; owned, NULL if memory is short. */
char *an_pack_shard_path(const alexnet_pack *pack, const an_pack_part *part, int64_t shard);

/** Whether all shards that were found are as they were; the next of them. */
bool an_pack_is_checked(const alexnet_pack *pack);
alexnet_status an_pack_check_next(alexnet_pack *pack);

/**
 * Take over what a manifest says has been packed; without a manifest nothing.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT if it was packed from other data or with other options, or
 *         if shards are not as it says
 */
alexnet_status an_pack_manifest_read(alexnet_pack *pack);
/** The same of a text, which is `name`'s; shards are not looked for. */
alexnet_status an_pack_manifest_parse(alexnet_pack *pack, const char *text, size_t length,
                                      const char *name);
alexnet_status an_pack_manifest_write(const alexnet_pack *pack);
#define AN_PACK_MANIFEST "manifest.json"

#endif
