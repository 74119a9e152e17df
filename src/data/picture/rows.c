#include "data/picture/rows.h"

#include "base/alloc.h"
#include "base/status.h"
#include "data/picture/orientation.h"

/* Rows that are resized next begin at OFFSET from a vector's alignment, because libjpeg-turbo
 * writes aligned rows past the caches. After them, whole vectors may be read. */
enum { ALIGNED = 32, OFFSET = 8, BEYOND = 16 };

enum { FROM_BOTTOM = 4 }; /* the orientation in which only the order of rows is another */

static bool keeps_all(const an_axis *a, int size)
{
    return a->in == size && a->out == size && a->part == size;
}

/* Prepare for a resize if the target asks for one that changes anything. */
static alexnet_status make_resizer(an_rows *r)
{
    const an_target *target = r->file->target;
    const bool swapped = an_layout_of(r->orientation).swapped;
    const an_size upright = swapped ? (an_size){r->stored.height, r->stored.width} : r->stored;
    an_axis across, down;
    if (!target || !target->axes)
        return ALEXNET_OK;
    const alexnet_status rc = target->axes(target->user, upright, &across, &down);
    if (rc != ALEXNET_OK)
        return an_fail_within(rc, r->file->name);
    if (keeps_all(&across, upright.width) && keeps_all(&down, upright.height))
        return ALEXNET_OK;
    r->picture.width = swapped ? down.part : across.part;
    r->picture.height = swapped ? across.part : down.part;
    const size_t row = 3 * (size_t)r->picture.width, bytes = row * (size_t)r->picture.height;
    r->picture.rgb = an_malloc(bytes);
    if (!r->picture.rgb)
        return AN_FAIL_MEMORY(bytes, r->file->name);
    return an_resizer_new(&r->resizer, r->picture.rgb, row, r->stored, r->orientation, &across,
                          &down);
}

/* Rows that come from the bottom up, as those of most BMP files do, go where they belong. */
static void write_upwards(an_rows *r)
{
    r->next += (r->picture.height - 1) * r->stride;
    r->stride = -r->stride;
    r->orientation = 0;
}

alexnet_status an_rows_begin(an_rows *r, int orientation, uint32_t width, uint32_t height)
{
    AN_CHECK(an_picture_check_size(r->file, width, height));
    r->orientation = orientation;
    r->stored = (an_size){(int)width, (int)height};
    r->left = r->stored.height;
    r->stride = 3 * (ptrdiff_t)width;
    AN_CHECK(make_resizer(r));
    if (!r->resizer) {
        AN_CHECK(an_picture_alloc(&r->picture, r->file, width, height, 3));
        r->next = r->picture.rgb;
        if (orientation == FROM_BOTTOM)
            write_upwards(r);
        return ALEXNET_OK;
    }
    r->stride = (r->stride + BEYOND + ALIGNED - 1) / ALIGNED * ALIGNED;
    const size_t bytes = AN_ROWS_AT_ONCE * (size_t)r->stride + OFFSET;
    r->few = an_calloc(bytes, 1);
    if (!r->few)
        return AN_FAIL_MEMORY(bytes, r->file->name);
    r->next = r->few + OFFSET;
    return ALEXNET_OK;
}

alexnet_status an_rows_take(an_rows *r, int count)
{
    r->left -= count;
    if (!r->resizer)
        r->next += r->left > 0 ? count * r->stride : 0;
    else
        for (int i = 0; i < count; i++)
            an_resizer_take(r->resizer, r->next + i * r->stride, (size_t)r->stride);
    return an_picture_check_stop(r->file);
}

alexnet_status an_rows_give(an_rows *r, int orientation, an_picture *whole)
{
    r->orientation = orientation;
    r->stored = (an_size){whole->width, whole->height};
    alexnet_status rc = make_resizer(r);
    if (rc == ALEXNET_OK)
        rc = an_picture_check_stop(r->file);
    if (rc == ALEXNET_OK && !r->resizer) {
        r->picture = *whole;
        return ALEXNET_OK;
    }
    if (rc == ALEXNET_OK)
        an_resizer_take_all(r->resizer, whole->rgb, r->stored);
    an_picture_free(whole);
    return rc;
}

alexnet_status an_rows_end(an_rows *r, an_picture *out)
{
    alexnet_status rc = an_picture_upright(&r->picture, r->orientation, r->file);
    if (rc == ALEXNET_OK) {
        *out = r->picture;
        r->picture = (an_picture){0};
    }
    an_rows_free(r);
    return rc;
}

void an_rows_free(an_rows *r)
{
    an_picture_free(&r->picture);
    an_resizer_free(r->resizer);
    an_free(r->few);
    *r = (an_rows){.file = r->file};
}
