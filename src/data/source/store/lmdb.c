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

static alexnet_status open_data(an_reader **file, const char *path)
{
    char *name = an_format("%s/data.mdb", path);
    alexnet_status rc = name ? an_reader_open(file, name) : AN_FAIL_MEMORY(strlen(path), "a path");
    an_free(name);
    return rc;
}

/* The library divides by the page size, whatever the file says it is. It checks the rest of the
 * header itself. */
static alexnet_status check_pages(const char *path)
{
    enum { HEAD = 44, PAGE_SIZE = 40 }; /* of the first page, after its header, magic and sizes */
    an_reader *file;
    uint32_t size = 0;
    unsigned char head[HEAD];
    AN_CHECK(open_data(&file, path));
    alexnet_status rc =
        an_reader_size(file) < HEAD
            ? AN_FAIL(ALEXNET_ERROR_FORMAT, "%s cannot be read as an LMDB: it is too short",
                      an_reader_name(file))
            : an_reader_read(file, 0, head, HEAD);
    if (rc == ALEXNET_OK)
        memcpy(&size, head + PAGE_SIZE, sizeof size);
    if (rc == ALEXNET_OK && (size < 256 || size > 65536))
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s cannot be read as an LMDB: its pages have %u bytes",
                     an_reader_name(file), size);
    an_reader_close(file);
    return rc;
}

/* The library maps the file, and reading a mapping beyond the end of its file kills the process. So
 * the file must have all the pages that it claims. */
static alexnet_status check_whole(const database *d)
{
    MDB_envinfo info;
    MDB_stat stat;
    an_reader *file;
    int error = mdb_env_info(d->env, &info);
    if (!error)
        error = mdb_env_stat(d->env, &stat);
    if (error)
        return fail(d->path, error);
    AN_CHECK(open_data(&file, d->path));
    const uint64_t pages = an_reader_size(file) / stat.ms_psize;
    alexnet_status rc = ALEXNET_OK;
    if (info.me_last_pgno >= pages)
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is cut short: %llu pages expected, found %llu",
                     an_reader_name(file), (unsigned long long)info.me_last_pgno + 1,
                     (unsigned long long)pages);
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
    alexnet_status rc = check_pages(path);
    const int error = rc == ALEXNET_OK ? open_env(d) : 0;
    if (rc == ALEXNET_OK)
        rc = error ? fail(path, error) : check_whole(d);
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
