#include "data/tar_set.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/status.h"
#include "data/shards.h"

/* What has been logged. */
typedef struct said {
    bool searching, not_kept;
    double last; /* when */
} said;

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
static void say_not_kept(const char *archive, const char *why, alexnet_ctx *ctx, said *s)
{
    if (!ctx || !ctx->log || !an_tar_index_should_log(archive) || s->not_kept)
        return;
    s->not_kept = true;
    an_log(ctx, ALEXNET_LOG_WARNING,
           "the index of an archive is not kept, so the next program has to search the archive "
           "again: %s; to keep it, make a symbolic link to the archive in a writable folder, and "
           "give that folder",
           why);
}

static alexnet_status build(an_tar_index *out, const char *path, alexnet_ctx *ctx)
{
    an_reader *reader;
    AN_CHECK(an_reader_open(&reader, path));
    alexnet_status rc = an_tar_index_build(out, reader, ctx);
    an_reader_close(reader);
    return rc;
}

/* Log once that archives are being searched, then the progress every ten seconds. */
static void say_search(const an_tar_set *set, int64_t i, alexnet_ctx *ctx, said *s)
{
    enum { SECONDS = 10 };
    if (!s->searching)
        an_log(ctx, ALEXNET_LOG_INFO, "searching %s for pictures%s, once",
               set->count == 1 ? set->paths.at[i] : "the archives",
               i > 0 ? " where no index is kept" : "");
    else if (an_clock() >= s->last + SECONDS)
        an_log(ctx, ALEXNET_LOG_INFO, "searched %lld of %lld archives", (long long)i,
               (long long)set->count);
    else
        return;
    s->searching = true;
    s->last = an_clock();
}

/* Find or make the index of one archive. */
static alexnet_status open_archive(an_tar_set *set, int64_t i, alexnet_ctx *ctx, said *s)
{
    const char *path = set->paths.at[i];
    bool found;
    char *why;
    AN_CHECK(an_tar_stamp_of(&set->stamps[i], path));
    AN_CHECK(an_tar_index_find(&set->indexes[i], path, set->stamps[i], &found, &why));
    if (why)
        say_not_kept(path, why, ctx, s);
    an_free(why);
    if (found)
        return ALEXNET_OK;
    say_search(set, i, ctx, s);
    AN_CHECK(build(&set->indexes[i], path, ctx));
    if (an_tar_index_keep(&set->indexes[i], path, set->stamps[i]) != ALEXNET_OK)
        say_not_kept(path, an_error_text(), ctx, s);
    return ALEXNET_OK;
}

alexnet_status an_tar_set_open(an_tar_set *out, const char *path, alexnet_ctx *ctx)
{
    said s = {0};
    alexnet_status rc;
    char *archive = NULL;
    an_part_name part;
    *out = (an_tar_set){0};
    AN_TRY(an_archive_part(&archive, &part, path));
    AN_TRY(an_shards_list(&out->paths, path));
    out->count = out->paths.count;
    const size_t count = (size_t)out->count;
    out->stamps = an_calloc(count, sizeof *out->stamps);
    out->indexes = an_calloc(count, sizeof *out->indexes);
    if (!out->stamps || !out->indexes) {
        rc = AN_FAIL_MEMORY(count * sizeof *out->indexes, "a list of archives");
        goto cleanup;
    }
    for (int64_t i = 0; i < out->count; i++) {
        AN_TRY(an_ctx_check(ctx));
        AN_TRY(open_archive(out, i, ctx, &s));
    }
    if (archive)
        rc = an_tar_set_keep(out, an_part_word(part));
cleanup:
    an_free(archive);
    if (rc != ALEXNET_OK)
        an_tar_set_free(out);
    return rc;
}
