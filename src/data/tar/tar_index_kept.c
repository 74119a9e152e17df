/*
 * Where indexes are kept: in a file beside their archive or, where none can be written, in the
 * memory of the process, so that an archive is searched once and not each time it is opened (for
 * each of its parts, and before that to see whether it has parts). Memory holds the bytes that the
 * file would have, about 50 per picture, until the process ends, because an archive may be closed
 * and opened again.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/writer.h"
#include "data/tar/tar_index.h"

/* Most bytes held in all; beyond that the oldest are dropped. ImageNet's training pictures take 75
 * MB. */
#define HELD_MAX ((size_t)512 << 20)

typedef struct held {
    uint64_t hash; /* of the path */
    char *archive; /* its real path */
    char *why;     /* there is no file; NULL: another program is writing it */
    bool logged;   /* that there is no file */
    unsigned char *bytes;
    size_t length;
} held;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static held *all; /* the oldest first */
static int64_t count;
static int64_t next; /* archives are mostly asked for in the order in which they were added */
static size_t total;

static void discard(held *h)
{
    an_free(h->archive);
    an_free(h->why);
    an_free(h->bytes);
}

static void drop(int64_t i)
{
    total -= all[i].length;
    discard(&all[i]);
    memmove(all + i, all + i + 1, (size_t)(--count - i) * sizeof *all);
}

/* @return -1: it is not held */
static int64_t find(const char *archive)
{
    const uint64_t hash = an_hash_text(AN_HASH_START, archive);
    for (int64_t k = 0; k < count; k++) {
        const int64_t i = (next + k) % count;
        if (all[i].hash == hash && strcmp(all[i].archive, archive) == 0) {
            next = i + 1;
            return i;
        }
    }
    return -1;
}

static bool make_room(void)
{
    held *grown = an_grow(all, count, sizeof *grown);
    if (grown)
        all = grown;
    return grown != NULL;
}

/* Add it in place of one that is out of date. @return whether there is room */
static bool add(const held *h)
{
    const int64_t old = find(h->archive);
    const bool logged = old >= 0 && all[old].logged;
    if (old >= 0)
        drop(old);
    if (h->length > HELD_MAX || !make_room())
        return false;
    while (h->length > HELD_MAX - total)
        drop(0);
    all[count] = *h;
    all[count++].logged = logged;
    total += h->length;
    return true;
}

/* Hold the bytes of an index, taking ownership. If out of memory, it is not held. @param why  there
 * is no file; NULL: another program is writing it */
static void hold(const char *archive, unsigned char *bytes, size_t length, const char *why)
{
    char *real = realpath(archive, NULL);
    held h = {.archive = real ? an_strdup(real) : NULL,
              .why = why ? an_strdup(why) : NULL,
              .bytes = bytes,
              .length = length};
    free(real); /* realpath's own */
    h.hash = h.archive ? an_hash_text(AN_HASH_START, h.archive) : 0;
    pthread_mutex_lock(&lock);
    const bool kept = h.archive && (h.why || !why) && add(&h);
    pthread_mutex_unlock(&lock);
    if (!kept)
        discard(&h);
}

/* "x.tar.alexnet-index", beside x.tar; owned, NULL if out of memory. */
static char *index_path(const char *archive)
{
    return an_format("%s.alexnet-index", archive);
}

alexnet_status an_tar_index_keep(const an_tar_index *index, const char *archive, an_tar_stamp stamp)
{
    unsigned char *bytes;
    size_t length;
    bool busy;
    char *path = index_path(archive);
    alexnet_status rc = path ? an_tar_index_bytes(&bytes, &length, index, stamp)
                             : AN_FAIL_MEMORY(strlen(archive), "a path");
    if (rc == ALEXNET_OK) {
        rc = an_file_replace_unless_busy(path, bytes, length, &busy);
        if (busy || (rc != ALEXNET_OK && rc != ALEXNET_ERROR_NO_MEMORY))
            hold(archive, bytes, length, busy ? NULL : an_error_text());
        else
            an_free(bytes);
    }
    an_free(path);
    return rc;
}

/* Find an index in memory. @param why  out, owned */
static alexnet_status find_held(an_tar_index *out, const char *archive, an_tar_stamp stamp,
                                bool *found, char **why)
{
    char *real = realpath(archive, NULL);
    alexnet_status rc = ALEXNET_OK;
    pthread_mutex_lock(&lock);
    const int64_t i = real ? find(real) : -1;
    *found = i >= 0 && an_tar_index_parse(out, all[i].bytes, all[i].length, stamp);
    if (*found && all[i].why) {
        *why = an_strdup(all[i].why);
        if (!*why)
            rc = AN_FAIL_MEMORY(strlen(all[i].why), "a text");
    }
    pthread_mutex_unlock(&lock);
    free(real); /* realpath's own */
    if (rc != ALEXNET_OK)
        an_tar_index_free(out);
    return rc;
}

alexnet_status an_tar_index_find(an_tar_index *out, const char *archive, an_tar_stamp stamp,
                                 bool *found, char **why)
{
    *out = (an_tar_index){0};
    *found = false;
    *why = NULL;
    char *path = index_path(archive);
    if (!path)
        return AN_FAIL_MEMORY(strlen(archive), "a path");
    alexnet_status rc = an_tar_index_read(out, path, stamp, found);
    an_free(path);
    return rc == ALEXNET_OK && !*found ? find_held(out, archive, stamp, found, why) : rc;
}

bool an_tar_index_should_log(const char *archive)
{
    char *real = realpath(archive, NULL);
    pthread_mutex_lock(&lock);
    const int64_t i = real ? find(real) : -1;
    const bool due = i < 0 || !all[i].logged;
    if (i >= 0)
        all[i].logged = true;
    pthread_mutex_unlock(&lock);
    free(real); /* realpath's own */
    return due;
}
