/*
 * Databases of keys and values, each read by a library that a build may lack; see
 * src/data/source/store/. Any thread may read an entry by its key.
 */
#ifndef AN_DATA_SOURCE_STORE_H
#define AN_DATA_SOURCE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "alexnet/alexnet.h"

/** An entry in the database's memory, valid during the call that gives it. */
typedef struct an_store_entry {
    const void *key, *value;
    size_t key_length, value_length;
} an_store_entry;

typedef struct an_store {
    const char *library, *version;
    /** Open for reading; nothing is written, not even a lock file. */
    alexnet_status (*open)(void **out, const char *path);
    /** Visit all entries in the order of their keys, until one fails. */
    alexnet_status (*visit)(void *database,
                            alexnet_status (*entry)(void *user, const an_store_entry *entry),
                            void *user);
    /** Visit the entry of a key. Any thread, many at once. */
    alexnet_status (*find)(void *database, const void *key, size_t length,
                           alexnet_status (*entry)(void *user, const an_store_entry *entry),
                           void *user);
    void (*close)(void *database);
} an_store;

/** The databases that this build reads, in a list that the build generates; ended by NULL. */
extern const an_store *const an_stores[];

#endif
