#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/utf8.h"
#include "data/check/check.h"
#include "data/picture/facts.h"

/* ---- In a thread ---- */

static alexnet_status examine_file(an_examined *out, const an_item_data *file, const char *name)
{
    an_profile profile;
    char called[AN_PROFILE_NAME];
    out->cmyk = an_is_cmyk(file->bytes, file->length);
    out->misnamed = an_misnamed(name, file->bytes, file->length);
    AN_CHECK(an_profile_find(&profile, file->bytes, file->length));
    if (an_profile_name(called, &profile) && !an_profile_is_srgb(&profile))
        memcpy(out->profile, called, sizeof called);
    an_free(profile.bytes);
    return ALEXNET_OK;
}

static void examine_pixels(an_examined *out, const an_picture *picture, bool near)
{
    out->width = picture->width;
    out->height = picture->height;
    out->grey = an_is_grey(picture);
    out->distinct = near && an_dhash_of(&out->dhash, picture);
}

static alexnet_status examine(an_examined *out, const alexnet_check *check,
                              const an_data_source *source, int64_t item, const atomic_bool *stop)
{
    const an_target whole = {.stop = stop};
    an_item_data data;
    const char *name = source->items[item].name;
    AN_CHECK(source->kind->read(source, item, &data));
    alexnet_status rc = ALEXNET_OK;
    if (data.bytes) {
        out->content = an_hash_content(0, data.bytes, data.length);
        AN_TRY(an_picture_decode_for(&data.pixels, data.bytes, data.length, name, &whole));
        AN_TRY(examine_file(out, &data, name));
    } else {
        out->content = an_hash_content((uint64_t)data.pixels.width, data.pixels.rgb,
                                       (size_t)data.pixels.width * (size_t)data.pixels.height * 3);
    }
    examine_pixels(out, &data.pixels, check->options.near);
cleanup:
    an_picture_free(&data.pixels);
    an_free(data.bytes);
    return rc;
}

void an_check_examine(an_examined *out, const alexnet_check *check, uint32_t picture,
                      const atomic_bool *stop)
{
    const an_sample *sample = an_check_sample(check, picture);
    int64_t unused;
    const an_check_part *part = an_check_part_of(check, picture, &unused);
    out->status = examine(out, check, part->data->source, sample->item, stop);
    if (out->status != ALEXNET_OK)
        out->error = an_strdup(an_error_text());
}

static void work(void *user, int64_t piece, void *result, const atomic_bool *stop)
{
    an_check_examine(result, user, (uint32_t)piece, stop);
}

static void discard(void *result)
{
    an_examined *examined = result;
    an_free(examined->error);
    examined->error = NULL;
}

alexnet_status an_check_begin(alexnet_check *check)
{
    const int threads = check->ctx->threads;
    const an_ordered_job job = {work, discard, check, sizeof(an_examined)};
    return an_ordered_new(&check->workers, &job, check->progress.done, check->total, threads,
                          4 * threads + 2);
}

/* ---- In the caller's ---- */

/* An error text, in which names are escaped, without the picture's, which a finding gives
 * separately. */
static const char *reason_of(const char *error, const char *name)
{
    char shown[8192]; /* as much as an error text holds */
    an_text_escape(shown, sizeof shown, name);
    const size_t length = strlen(shown);
    if (strncmp(error, shown, length) != 0)
        return error;
    return error + length + strspn(error + length, ": ");
}

static alexnet_status add(alexnet_check *check, alexnet_problem problem, uint32_t picture,
                          const char *detail)
{
    return an_check_add(check,
                        (an_found){.problem = problem,
                                   .picture = picture,
                                   .other = AN_NO_PICTURE,
                                   .group = AN_NO_PICTURE,
                                   .class = -1,
                                   .count = 1},
                        NULL, detail);
}

static alexnet_status take_size(alexnet_check *check, uint32_t picture, const an_examined *e)
{
    char size[64];
    const int side = e->width < e->height ? e->width : e->height;
    if (side >= check->options.side)
        return ALEXNET_OK;
    snprintf(size, sizeof size, "%d x %d pixels", e->width, e->height);
    return add(check, ALEXNET_PROBLEM_TINY, picture, size);
}

alexnet_status an_check_take(alexnet_check *check, uint32_t picture, const an_examined *e)
{
    if (e->status == ALEXNET_ERROR_NO_MEMORY || (e->status != ALEXNET_OK && !e->error))
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "%s",
                       e->error ? e->error : "out of memory: examining a picture");
    if (e->status != ALEXNET_OK)
        return add(check, ALEXNET_PROBLEM_UNREADABLE, picture,
                   reason_of(e->error, an_check_sample(check, picture)->name));
    check->kept[picture] = (an_kept){e->content, true, e->distinct};
    if (check->dhashes)
        check->dhashes[picture] = e->dhash;
    if (e->misnamed)
        AN_CHECK(add(check, ALEXNET_PROBLEM_MISNAMED, picture, e->misnamed));
    AN_CHECK(take_size(check, picture, e));
    if (e->grey)
        AN_CHECK(add(check, ALEXNET_PROBLEM_GREY, picture, NULL));
    if (e->cmyk)
        AN_CHECK(add(check, ALEXNET_PROBLEM_CMYK, picture, NULL));
    return *e->profile ? add(check, ALEXNET_PROBLEM_PROFILE, picture, e->profile) : ALEXNET_OK;
}
