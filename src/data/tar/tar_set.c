#include "data/tar/tar_set.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

void an_tar_set_free(an_tar_set *set)
{
    for (int64_t i = 0; i < set->count; i++) {
        if (set->indexes)
            an_tar_index_free(&set->indexes[i]);
        if (set->class_of)
            an_free(set->class_of[i]);
    }
    an_free(set->indexes);
    an_free(set->class_of);
    an_free(set->stamps);
    an_strings_free(&set->paths);
    an_strings_free(&set->classes);
    *set = (an_tar_set){0};
}

/* Log that an index is not kept beside its archive: once for each archive, and only for the first
 * of those opened together. */
static void say_not_kept(const char *archive, const char *why, alexnet_ctx *ctx, bool *said)
{
    if (!ctx || !ctx->log || !an_tar_index_should_log(archive) || *said)
        return;
    *said = true;
    an_log(ctx, ALEXNET_LOG_WARNING,
           "the index of an archive is not kept, so the next program has to search the archive "
           "again: %s; to keep it, make a symbolic link to the archive in a writable folder, and "
           "give that folder",
           why);
}

/* The archives of a set that have no index, while they are opened. */
typedef struct search {
    an_tar_set *set;
    alexnet_ctx *ctx;
    bool *missing; /* [archive] */
    int64_t count; /* of these */
    int64_t megabytes;
    bool said_not_kept;
} search;

static alexnet_status find_index(search *s, int64_t i)
{
    an_tar_set *set = s->set;
    const char *path = set->paths.at[i];
    bool found;
    char *why;
    AN_CHECK(an_tar_stamp_of(&set->stamps[i], path));
    AN_CHECK(an_tar_index_find(&set->indexes[i], path, set->stamps[i], &found, &why));
    if (why)
        say_not_kept(path, why, s->ctx, &s->said_not_kept);
    an_free(why);
    s->missing[i] = !found;
    s->count += !found;
    s->megabytes += found ? 0 : (int64_t)(set->stamps[i].size / 1000000);
    return ALEXNET_OK;
}

static alexnet_status find_indexes(search *s)
{
    an_work work = an_work_begin(s->ctx, "opened", "archives", s->set->count);
    alexnet_status rc = an_work_add(&work, 0);
    for (int64_t i = 0; i < s->set->count && rc == ALEXNET_OK; i++) {
        rc = find_index(s, i);
        if (rc == ALEXNET_OK)
            rc = an_work_add(&work, 1);
    }
    an_work_end(&work);
    return rc;
}

static alexnet_status make_index(search *s, int64_t i, an_work *work)
{
    const char *path = s->set->paths.at[i];
    an_tar_index *index = &s->set->indexes[i];
    an_reader *reader;
    AN_CHECK(an_reader_open(&reader, path));
    alexnet_status rc = an_tar_index_build(index, reader, work);
    an_reader_close(reader);
    AN_CHECK(rc);
    if (an_tar_index_keep(index, path, s->set->stamps[i]) != ALEXNET_OK)
        say_not_kept(path, an_error_text(), s->ctx, &s->said_not_kept);
    return ALEXNET_OK;
}

static alexnet_status make_indexes(search *s)
{
    if (s->count == 0)
        return ALEXNET_OK;
    an_log(s->ctx, ALEXNET_LOG_INFO, "searching %s for pictures%s, once",
           s->set->count == 1 ? s->set->paths.at[0] : "the archives",
           s->count < s->set->count ? " where no index is kept" : "");
    an_work work = an_work_begin(s->ctx, "searched", "MB", s->megabytes);
    alexnet_status rc = ALEXNET_OK;
    for (int64_t i = 0; i < s->set->count && rc == ALEXNET_OK; i++)
        if (s->missing[i])
            rc = make_index(s, i, &work);
    an_work_end(&work);
    return rc;
}

/* Keep each archive once: its pictures would count as often as it is named. */
static alexnet_status drop_repeated(an_tar_set *set)
{
    an_interned distinct = {0};
    alexnet_status rc = ALEXNET_OK;
    for (int64_t i = 0; i < set->paths.count && rc == ALEXNET_OK; i++) {
        int64_t index;
        rc = an_interned_add(&distinct, set->paths.at[i], &index);
    }
    if (rc == ALEXNET_OK) {
        const an_strings named = set->paths;
        set->repeated = named.count - distinct.list.count;
        set->paths = distinct.list;
        distinct.list = named;
    }
    an_interned_free(&distinct);
    return rc;
}

alexnet_status an_tar_set_open(an_tar_set *out, an_strings paths, alexnet_ctx *ctx)
{
    search s = {.set = out, .ctx = ctx};
    alexnet_status rc;
    *out = (an_tar_set){.paths = paths};
    AN_TRY(drop_repeated(out));
    out->count = out->paths.count;
    const size_t count = (size_t)out->count;
    out->stamps = an_calloc(count, sizeof *out->stamps);
    out->indexes = an_calloc(count, sizeof *out->indexes);
    s.missing = an_calloc(count, sizeof *s.missing);
    if (!out->stamps || !out->indexes || !s.missing) {
        rc = AN_FAIL_MEMORY(count * sizeof *out->indexes, "a list of archives");
        goto cleanup;
    }
    AN_TRY(find_indexes(&s));
    AN_TRY(make_indexes(&s));
cleanup:
    an_free(s.missing);
    if (rc != ALEXNET_OK)
        an_tar_set_free(out);
    return rc;
}
