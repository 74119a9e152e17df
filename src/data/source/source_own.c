#include "data/source/source_own.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/interned.h"
#include "base/status.h"
#include "data/source/names.h"

static alexnet_status fail_get(const char *name, int code)
{
    if (code == ALEXNET_ERROR_NO_MEMORY)
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "%s: its source is out of memory", name);
    return AN_FAIL(ALEXNET_ERROR_IO, "%s: its source cannot give it (%d)", name, code);
}

/* Copy an item. Errors do not name it. */
static alexnet_status copy_item(an_item_data *out, const alexnet_source_item *item)
{
    if (item->pixels.data)
        return an_picture_from_pixels(&out->pixels, &item->pixels);
    if (!item->bytes || item->length == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "it is empty");
    if (item->length > AN_PICTURE_FILE_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "it has %zu bytes; at most %zu are read",
                       item->length, AN_PICTURE_FILE_MAX);
    out->bytes = an_malloc(item->length);
    if (!out->bytes)
        return AN_FAIL_MEMORY(item->length, "its bytes");
    memcpy(out->bytes, item->bytes, item->length);
    out->length = item->length;
    return ALEXNET_OK;
}

static void release(const alexnet_source *own, int64_t index, alexnet_source_item *item)
{
    if (own->release)
        own->release(own->user, index, item);
}

static alexnet_status read_item(const an_data_source *source, int64_t index, an_item_data *out)
{
    const alexnet_source *own = source->state;
    const char *name = source->items[index].name;
    alexnet_source_item item = {0};
    *out = (an_item_data){0};
    const int code = own->get(own->user, index, &item);
    if (code)
        return fail_get(name, code);
    alexnet_status rc = copy_item(out, &item);
    if (rc == ALEXNET_OK) {
        release(own, index, &item);
        return rc;
    }
    char why[256]; /* release() may call the library, whose errors would replace this one */
    snprintf(why, sizeof why, "%s", an_error_text());
    release(own, index, &item);
    return an_fail(rc, "%s: %s", name, why);
}

/* We do not know the sizes of the caller's items; only names and labels show changes. */
static int64_t stamp(const an_data_source *source, int64_t item, bool timed)
{
    (void)source, (void)item, (void)timed;
    return 0;
}

static void close_own(an_data_source *source)
{
    an_free(source->state);
}

const an_data_kind an_own_kind = {
    .name = "callbacks", .read = read_item, .stamp = stamp, .close = close_own};

static alexnet_status fail_item(const char *root, int64_t index, int code)
{
    if (code == ALEXNET_ERROR_NO_MEMORY)
        return AN_FAIL(ALEXNET_ERROR_NO_MEMORY, "%s is out of memory at item %lld", root,
                       (long long)index);
    return AN_FAIL(ALEXNET_ERROR_IO, "%s cannot describe item %lld (%d)", root, (long long)index,
                   code);
}

static alexnet_status add_item(an_data_source *source, const alexnet_source *own, int64_t index)
{
    const char *name = NULL, *root = source->root;
    int label = -1;
    const int code = own->item(own->user, index, &name, &label);
    if (code)
        return fail_item(root, index, code);
    if (!name || !*name)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s gives no name for item %lld", root,
                       (long long)index);
    const char *fault = an_text_fault(name);
    if (fault)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "the name of item %lld of %s %s",
                       (long long)index, root, fault);
    if (own->class_count > 0 ? label < 0 || label >= own->class_count : label != -1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "item %s of %s has label %d; its source has %d classes", name, root, label,
                       own->class_count);
    char *full = an_format("%s/%s", root, name);
    return an_data_source_add(source, full, full ? full + strlen(root) + 1 : NULL, label);
}

/* Add class c, whose name no earlier class may have. */
static alexnet_status add_class(an_data_source *source, an_interned *names, const char *name, int c)
{
    int64_t index;
    const char *fault = *name ? an_text_fault(name) : "is empty";
    if (fault)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "the name of class %d of %s %s", c,
                       source->root, fault);
    AN_CHECK(an_interned_add(names, name, &index));
    if (index != c)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "classes %d and %d of %s are both called %s",
                       (int)index, c, source->root, name);
    return an_strings_add(&source->classes, an_strdup(name));
}

static alexnet_status add_classes(an_data_source *source, const alexnet_source *own)
{
    an_interned names = {0};
    alexnet_status rc = ALEXNET_OK;
    for (int c = 0; c < own->class_count && rc == ALEXNET_OK; c++)
        rc = add_class(source, &names, own->class_names[c], c);
    an_interned_free(&names);
    return rc;
}

static alexnet_status add_items(an_data_source *source, alexnet_ctx *ctx, const alexnet_source *own,
                                int64_t count)
{
    an_work work = an_work_begin(ctx, "listed", "items", count);
    alexnet_status rc = an_work_add(&work, 0);
    for (int64_t i = 0; i < count && rc == ALEXNET_OK; i++) {
        rc = add_item(source, own, i);
        if (rc == ALEXNET_OK)
            rc = an_work_add(&work, 1);
    }
    an_work_end(&work);
    return rc;
}

static alexnet_status fill(an_data_source *source, alexnet_ctx *ctx, const alexnet_source *own)
{
    AN_CHECK(add_classes(source, own));
    const int64_t count = own->count(own->user);
    if (count < 1)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s has no items", source->root);
    if (count > AN_PICTURES_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s says that it has %lld items; a data set has at most %lld", source->root,
                       (long long)count, (long long)AN_PICTURES_MAX);
    return add_items(source, ctx, own, count);
}

alexnet_status an_data_source_own(an_data_source **out, alexnet_ctx *ctx,
                                  const alexnet_source *description)
{
    const char *fault = description->name ? an_text_fault(description->name) : NULL;
    *out = NULL;
    if (fault)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "the name of the source %s", fault);
    alexnet_source *own = an_malloc(sizeof *own);
    if (!own)
        return AN_FAIL_MEMORY(sizeof *own, "a data source");
    *own = *description;
    alexnet_status rc =
        an_data_source_new(out, &an_own_kind, own->name ? own->name : "the program's own pictures");
    if (rc != ALEXNET_OK) {
        an_free(own);
        return rc;
    }
    (*out)->state = own;
    rc = fill(*out, ctx, own);
    own->class_names = NULL; /* the caller's */
    own->name = NULL;
    if (rc != ALEXNET_OK) {
        an_data_source_release(*out);
        *out = NULL;
    }
    return rc;
}
