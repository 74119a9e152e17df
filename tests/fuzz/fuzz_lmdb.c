/*
 * Any bytes as the file of an LMDB: an error that names it, or entries that can be read to their
 * ends and found by their keys. What the check (lmdb_check.c) lets through must not end the process
 * in liblmdb, which maps the file.
 */
#include "base/status.h"
#include "data/source/store.h"
#include "fuzz/folder.h"

enum { ENTRIES = 1 << 12 }; /* more may be the same pages again and again */

static unsigned sum; /* so that reading has an effect */
static int visited;

static alexnet_status read_entry(void *user, const an_store_entry *entry)
{
    const unsigned char *key = entry->key, *value = entry->value;
    (void)user;
    for (size_t i = 0; i < entry->key_length; i++)
        sum += key[i];
    for (size_t i = 0; i < entry->value_length; i++)
        sum += value[i];
    return ALEXNET_OK;
}

static alexnet_status read_and_find(void *database, const an_store_entry *entry)
{
    read_entry(NULL, entry);
    (void)an_stores[0]->find(database, entry->key, entry->key_length, read_entry, NULL);
    return ++visited < ENTRIES ? ALEXNET_OK : ALEXNET_ERROR_CANCELLED;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    void *database;
    if (!an_stores[0])
        return 0;
    folder_make();
    folder_write("data.mdb", bytes, length);
    visited = 0;
    if (an_stores[0]->open(&database, folder) != ALEXNET_OK) {
        require(strstr(an_error_text(), folder));
        return 0;
    }
    (void)an_stores[0]->visit(database, read_and_find, database);
    an_stores[0]->close(database);
    return 0;
}
