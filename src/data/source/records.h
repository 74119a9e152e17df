/*
 * Pictures of one size as pixels in one block of memory, as the files of MNIST and CIFAR have them.
 */
#ifndef AN_DATA_SOURCE_RECORDS_H
#define AN_DATA_SOURCE_RECORDS_H

#include "data/source/source.h"

typedef struct an_records {
    unsigned char *bytes; /* owned */
    int64_t count;
    size_t first, stride; /* where the pixels of record 0 are, and how far apart records are */
    int width, height;
    int planes; /* 1: grey; 3: all of red, then green, then blue */
} an_records;

/**
 * Add the records as items of a source that has its classes already, sorted by class, then by
 * record. Takes ownership of the block, also on failure.
 * @param labels  [count], each among the source's classes; NULL: none
 */
alexnet_status an_records_add(an_data_source *source, an_records *records, const int *labels);

/* A kind's functions. */
alexnet_status an_records_read(const an_data_source *source, int64_t item, an_item_data *out);
int64_t an_records_stamp(const an_data_source *source, int64_t item, bool timed);
void an_records_close(an_data_source *source);

#endif
