/*
 * What a run remembers of a data set: how to open it again, and whether it is still the same.
 */
#ifndef AN_TRAIN_DATA_IDENTITY_H
#define AN_TRAIN_DATA_IDENTITY_H

#include "data/dataset.h"

typedef struct an_data_identity {
    char *root; /* owned; NULL: there is none */
    char *kind; /* how to open it: an_data_kind's name; owned */
    an_part part;
    int64_t count;
    uint64_t fingerprint;
    uint64_t places; /* an_shard_order_places(), if the order depends on them; 0: it does not, or
                        the record is from an earlier version */
} an_data_identity;

/**
 * Remember where a data set is and what identifies it.
 * @param record    what it holds is freed
 * @param by_place  whether this includes where the pictures are in archives
 * @return ALEXNET_ERROR_UNSUPPORTED if its path is not UTF-8, as the record must be
 */
alexnet_status an_data_identity_record(an_data_identity *record, const alexnet_dataset *data,
                                       const int64_t *stamps, bool by_place);
/** What a data set is now. */
alexnet_status an_data_identity_now(an_data_identity *now, alexnet_ctx *ctx,
                                    const alexnet_dataset *data, bool by_place);
void an_data_identity_free(an_data_identity *identity);

bool an_data_identity_same_pictures(const an_data_identity *now, const an_data_identity *then);
/** Whether it also has the places that a run remembers, if it does. */
bool an_data_identity_same(const an_data_identity *now, const an_data_identity *then);

#endif
