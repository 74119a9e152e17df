/*
 * Caffe's databases: a folder with LMDB's data.mdb, whose values are messages called Datum
 * (datum.h).
 *
 * Caffe's tools make a key from a picture's position in their list and its path there,
 * "00000012_cats/b.jpg". If all keys have this form, items have these paths as keys and are sorted
 * by class, then by path: a folder and the database made of it give the same batches.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/sort.h"
#include "base/status.h"
#include "base/utf8.h"
#include "data/source/datum.h"
#include "data/source/names.h"
#include "data/source/source.h"
#include "data/source/store.h"

enum { KEY_MAX = 511, POSITION = 8 };

/* An item before it is sorted. */
typedef struct record {
    char *name; /* the database's path, a slash, the key */
    const char *path;
    int64_t stamp;
    int class;
} record;

typedef struct reading {
    an_data_source *source;
    bool labels; /* whether they are needed */
    record *rows;
    int64_t count;
    int largest; /* label */
    size_t root; /* length of the path with the slash after it */
    an_work work;
} reading;

typedef struct state {
    const an_store *store;
    void *database;
    int64_t *stamps; /* of items: bytes of data */
    size_t root;
} state;

static alexnet_status accept_lmdb(alexnet_ctx *ctx, const char *path, bool *yes)
{
    (void)ctx;
    char *file = an_path_join(path, "data.mdb");
    if (!file)
        return AN_FAIL_MEMORY(strlen(path), "a path");
    *yes = an_is_file(file);
    an_free(file);
    return ALEXNET_OK;
}

static alexnet_status find_store(const an_store **out, const char *path)
{
    for (const an_store *const *store = an_stores; *store; store++)
        if (strcmp((*store)->library, "liblmdb") == 0) {
            *out = *store;
            return ALEXNET_OK;
        }
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s is an LMDB, which this build does not read: it was built without liblmdb",
                   path);
}

/* ---- Reading the list of entries ---- */

static bool is_text(const char *key, size_t length)
{
    if (strlen(key) != length || !length || !an_is_utf8(key))
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)key[i] < ' ' || key[i] == 127)
            return false;
    return true;
}

static alexnet_status name_row(record *row, const reading *r, const an_store_entry *entry)
{
    const size_t length = entry->key_length < KEY_MAX ? entry->key_length : KEY_MAX;
    row->name = an_format("%s/%.*s", r->source->root, (int)length, (const char *)entry->key);
    if (!row->name)
        return AN_FAIL_MEMORY(r->root + length, "a name");
    if (!is_text(row->name + r->root, entry->key_length))
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "entry %lld of %s has a key that is not text, as Caffe's are",
                       (long long)r->count, r->source->root);
    return ALEXNET_OK;
}

static alexnet_status fill_row(record *row, reading *r, const an_store_entry *entry)
{
    an_datum datum;
    AN_CHECK(name_row(row, r, entry));
    AN_CHECK(an_datum_parse(&datum, entry->value, entry->value_length, row->name));
    row->stamp = (int64_t)datum.length;
    row->class = -1;
    if (!r->labels)
        return ALEXNET_OK;
    if (!datum.has_label)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has no label", row->name);
    if (datum.label < 0 || datum.label >= AN_NAMES_MAX)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has label %lld; classes are 0 to %d", row->name,
                       (long long)datum.label, AN_NAMES_MAX - 1);
    row->class = (int)datum.label;
    r->largest = row->class > r->largest ? row->class : r->largest;
    return ALEXNET_OK;
}

static alexnet_status take_entry(void *user, const an_store_entry *entry)
{
    reading *r = user;
    AN_CHECK(an_work_add(&r->work, 1));
    record *grown = an_grow(r->rows, r->count, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY(2 * (size_t)r->count * sizeof *grown, "a list of pictures");
    r->rows = grown;
    record row = {0};
    alexnet_status rc = fill_row(&row, r, entry);
    if (rc == ALEXNET_OK)
        r->rows[r->count++] = row;
    else
        an_free(row.name);
    return rc;
}

/* ---- Items ---- */

/* Length of the position and its underscore in "00000012_cats/b.jpg"; 0: there is none. */
static size_t position_of(const char *key)
{
    const size_t digits = strspn(key, "0123456789");
    return digits >= POSITION && key[digits] == '_' && key[digits + 1] ? digits + 1 : 0;
}

/* Set the rows' paths: their keys without the position if all have one, else whole. */
static void find_paths(reading *r)
{
    bool all = true;
    for (int64_t i = 0; i < r->count && all; i++)
        all = position_of(r->rows[i].name + r->root) > 0;
    for (int64_t i = 0; i < r->count; i++) {
        record *row = &r->rows[i];
        row->path = row->name + r->root;
        row->path += all ? position_of(row->path) : 0;
    }
}

/* A list may name a picture twice; then the whole keys decide. */
static int compare_rows(const void *a, const void *b)
{
    const record *x = a, *y = b;
    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    const int order = strcmp(x->path, y->path);
    return order ? order : strcmp(x->name, y->name);
}

static alexnet_status add_items(reading *r, state *s)
{
    an_data_source *source = r->source;
    s->stamps = an_calloc((size_t)r->count, sizeof *s->stamps);
    if (!s->stamps)
        return AN_FAIL_MEMORY((size_t)r->count * sizeof *s->stamps, "the sizes of pictures");
    for (int64_t i = 0; i < r->count; i++) {
        record *row = &r->rows[i];
        char *name = row->name;
        s->stamps[i] = row->stamp;
        row->name = NULL;
        AN_CHECK(an_data_source_add(source, name, row->path, row->class));
    }
    return r->labels ? an_data_source_note_holes(source) : ALEXNET_OK;
}

static alexnet_status read_all(reading *r, state *s)
{
    an_data_source *source = r->source;
    AN_CHECK(find_store(&s->store, source->root));
    AN_CHECK(s->store->open(&s->database, source->root));
    r->work = an_work_begin(source->ctx, "read", "entries", 0);
    alexnet_status rc = s->store->visit(s->database, take_entry, r);
    if (rc == ALEXNET_OK) {
        find_paths(r);
        rc = an_sort(r->rows, (size_t)r->count, sizeof *r->rows, compare_rows, &r->work);
    }
    an_work_end(&r->work);
    AN_CHECK(rc);
    if (r->count == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has no entries", source->root);
    if (r->labels)
        AN_CHECK(an_data_source_number(source, r->largest));
    return add_items(r, s);
}

static alexnet_status open_lmdb(an_data_source *source, bool labels)
{
    state *s = an_calloc(1, sizeof *s);
    source->state = s;
    if (!s)
        return AN_FAIL_MEMORY(sizeof *s, "a data source");
    s->root = strlen(source->root) + 1;
    reading r = {.source = source, .labels = labels, .root = s->root};
    alexnet_status rc = read_all(&r, s);
    for (int64_t i = 0; i < r.count; i++)
        an_free(r.rows[i].name);
    an_free(r.rows);
    return rc;
}

static alexnet_status open_with_labels(an_data_source *source)
{
    return open_lmdb(source, true);
}

static alexnet_status open_pictures(an_data_source *source)
{
    return open_lmdb(source, false);
}

static void close_lmdb(an_data_source *source)
{
    state *s = source->state;
    if (!s)
        return;
    if (s->database)
        s->store->close(s->database);
    an_free(s->stamps);
    an_free(s);
}

typedef struct wanted {
    const char *name;
    an_item_data *out;
} wanted;

static alexnet_status take_data(void *user, const an_store_entry *entry)
{
    const wanted *w = user;
    an_datum datum;
    AN_CHECK(an_datum_parse(&datum, entry->value, entry->value_length, w->name));
    if (!datum.encoded)
        return an_datum_pixels(&w->out->pixels, &datum, w->name);
    w->out->bytes = an_malloc(datum.length);
    if (!w->out->bytes)
        return AN_FAIL_MEMORY(datum.length, w->name);
    memcpy(w->out->bytes, datum.data, datum.length);
    w->out->length = datum.length;
    return ALEXNET_OK;
}

static alexnet_status read_item(const an_data_source *source, int64_t item, an_item_data *out)
{
    const state *s = source->state;
    const char *name = source->items[item].name, *key = name + s->root;
    wanted w = {name, out};
    *out = (an_item_data){0};
    return s->store->find(s->database, key, strlen(key), take_data, &w);
}

/* What is known without reading the data again, so not when they were written. */
static int64_t stamp(const an_data_source *source, int64_t item, bool timed)
{
    (void)timed;
    return ((const state *)source->state)->stamps[item];
}

/* The path in an entry's own key, whatever form the others have. */
static const char *split_key(const an_data_source *source, int64_t item)
{
    const char *key = source->items[item].name + ((const state *)source->state)->root;
    return key + position_of(key);
}

static const an_data_kind pictures_kind = {.name = "pictures in LMDB",
                                           .accepts = accept_lmdb,
                                           .open = open_pictures,
                                           .read = read_item,
                                           .stamp = stamp,
                                           .close = close_lmdb};

const an_data_kind an_lmdb_kind = {.name = "lmdb",
                                   .accepts = accept_lmdb,
                                   .open = open_with_labels,
                                   .pictures = &pictures_kind,
                                   .read = read_item,
                                   .stamp = stamp,
                                   .split_key = split_key,
                                   .close = close_lmdb};
