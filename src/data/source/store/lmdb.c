/*
 * Reads LMDB with its library: the unnamed database of a folder with data.mdb.
 *
 * Readers do not register in a lock file (MDB_NOLOCK), so that a read-only folder can be read too.
 * Nobody may write to the database at the same time.
 */
#include <errno.h>
#include <lmdb.h>
#include <string.h>

#include "base/alloc.h"
#include "base/reader.h"
#include "base/status.h"
#include "data/source/store.h"
#include "data/source/store/lmdb_check.h"

typedef struct database {
    MDB_env *env;
    MDB_dbi dbi;
    char *path;
} database;

static alexnet_status fail(const char *path, int error)
{
    if (error == ENOMEM)
        return AN_FAIL_MEMORY(0, path);
    return AN_FAIL(error > 0 ? ALEXNET_ERROR_IO : ALEXNET_ERROR_FORMAT,
                   "%s cannot be read as an LMDB: %s", path, mdb_strerror(error));
}

/* The library trusts the file. */
static alexnet_status check(const char *path)
{
    an_reader *file;
    char *name = an_format("%s/data.mdb", path);
    alexnet_status rc = name ? an_reader_open(&file, name) : AN_FAIL_MEMORY(strlen(path), "a path");
    an_free(name);
    AN_CHECK(rc);
    rc = an_lmdb_check(file);
    an_reader_close(file);
    return rc;
}

static void close_database(void *handle)
{
    database *d = handle;
    if (!d)
        return;
    mdb_env_close(d->env);
    an_free(d->path);
    an_free(d);
}

static int open_env(database *d)
{
    MDB_txn *txn;
    int error = mdb_env_create(&d->env);
    if (!error)
        error = mdb_env_open(d->env, d->path, MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, 0);
    if (!error)
        error = mdb_txn_begin(d->env, NULL, MDB_RDONLY, &txn);
    if (error)
        return error;
    error = mdb_dbi_open(txn, NULL, 0, &d->dbi);
    if (error)
        mdb_txn_abort(txn);
    return error ? error : mdb_txn_commit(txn);
}

static alexnet_status open_database(void **out, const char *path)
{
    database *d = an_calloc(1, sizeof *d);
    *out = NULL;
    if (d)
        d->path = an_strdup(path);
    if (!d || !d->path) {
        an_free(d);
        return AN_FAIL_MEMORY(sizeof *d + strlen(path), "a database");
    }
    alexnet_status rc = check(path);
    const int error = rc == ALEXNET_OK ? open_env(d) : 0;
    if (error)
        rc = fail(path, error);
    if (rc == ALEXNET_OK)
        *out = d;
    else
        close_database(d);
    return rc;
}

static alexnet_status visit(void *handle, alexnet_status (*entry)(void *, const an_store_entry *),
                            void *user)
{
    const database *d = handle;
    alexnet_status rc = ALEXNET_OK;
    MDB_txn *txn;
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    int error = mdb_txn_begin(d->env, NULL, MDB_RDONLY, &txn);
    if (error)
        return fail(d->path, error);
    error = mdb_cursor_open(txn, d->dbi, &cursor);
    if (!error)
        error = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    while (!error && rc == ALEXNET_OK) {
        rc = entry(user, &(an_store_entry){key.mv_data, value.mv_data, key.mv_size, value.mv_size});
        if (rc == ALEXNET_OK)
            error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (cursor)
        mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    return rc == ALEXNET_OK && error && error != MDB_NOTFOUND ? fail(d->path, error) : rc;
}

static alexnet_status find(void *handle, const void *key, size_t length,
                           alexnet_status (*entry)(void *, const an_store_entry *), void *user)
{
    const database *d = handle;
    MDB_txn *txn;
    MDB_val wanted = {length, (void *)key}, value;
    int error = mdb_txn_begin(d->env, NULL, MDB_RDONLY, &txn);
    if (error)
        return fail(d->path, error);
    error = mdb_get(txn, d->dbi, &wanted, &value);
    alexnet_status rc =
        error ? fail(d->path, error)
              : entry(user, &(an_store_entry){key, value.mv_data, length, value.mv_size});
    mdb_txn_abort(txn);
    return rc;
}

const an_store an_lmdb_store = {.library = "liblmdb",
                                .version = AN_LMDB_VERSION,
                                .open = open_database,
                                .visit = visit,
                                .find = find,
                                .close = close_database};
