#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/strings.h"
#include "format/tensor_format.h"

void an_tensor_file_close(an_tensor_file *file)
{
    if (!file)
        return;
    if (file->format)
        file->format->close(file->state);
    for (int i = 0; i < file->count; i++)
        an_free(file->entries[i].name);
    an_free(file->entries);
    an_free(file->sums);
    an_reader_close(file->reader);
    an_free(file);
}

alexnet_status an_tensor_file_check_names(const an_tensor_file *file)
{
    alexnet_status rc = ALEXNET_OK;
    const char **names = an_calloc((size_t)file->count + 1, sizeof *names);
    if (!names)
        return AN_FAIL_MEMORY((size_t)file->count * sizeof *names, "a list of tensors");
    for (int i = 0; i < file->count; i++)
        names[i] = file->entries[i].name;
    qsort(names, (size_t)file->count, sizeof *names, an_strings_compare);
    for (int i = 0; i + 1 < file->count && rc == ALEXNET_OK; i++)
        if (strcmp(names[i], names[i + 1]) == 0)
            rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: tensor %s occurs twice",
                         an_tensor_file_name(file), names[i]);
    an_free(names);
    return rc;
}

const char *an_tensor_file_name(const an_tensor_file *file)
{
    return an_reader_name(file->reader);
}

const char *an_tensor_file_format(const an_tensor_file *file)
{
    return file->format->name;
}

int an_tensor_file_count(const an_tensor_file *file)
{
    return file->count;
}

const an_tensor_entry *an_tensor_file_entry(const an_tensor_file *file, int index)
{
    assert(index >= 0 && index < file->count);
    return &file->entries[index];
}

int an_tensor_file_index(const an_tensor_file *file, const char *name)
{
    for (int i = 0; i < file->count; i++)
        if (strcmp(file->entries[i].name, name) == 0)
            return i;
    return -1;
}

const an_tensor_entry *an_tensor_file_find(const an_tensor_file *file, const char *name)
{
    const int index = an_tensor_file_index(file, name);
    return index < 0 ? NULL : &file->entries[index];
}

const char *an_tensor_file_metadata(const an_tensor_file *file, const char *key)
{
    return file->format->metadata ? file->format->metadata(file, key) : NULL;
}

alexnet_status an_tensor_file_outline(an_tensor_file *file, an_outline *outline)
{
    *outline = (an_outline){.input = {AN_UNKNOWN, AN_UNKNOWN, AN_UNKNOWN}};
    if (!file->format->outline)
        return ALEXNET_OK;
    alexnet_status rc = file->format->outline(file, outline);
    if (rc != ALEXNET_OK)
        an_outline_free(outline);
    return rc;
}

const char *an_tensor_file_usual_network(const an_tensor_file *file)
{
    return file->format->usual_network;
}

const char *an_tensor_file_class_order(const an_tensor_file *file)
{
    return file->format->class_order;
}

bool an_tensor_file_has(const an_tensor_file *file, const char *name, an_shape shape, an_dtype as,
                        char why[256])
{
    char expected[96], found[96];
    const an_tensor_entry *entry = an_tensor_file_find(file, name);
    const bool to_float = as == AN_F32 || as == AN_F64;
    if (!entry)
        snprintf(why, 256, "shape %s expected, the file has none", an_shape_text(shape, expected));
    else if (!an_shape_equal(entry->shape, shape))
        snprintf(why, 256, "shape %s expected, found %s", an_shape_text(shape, expected),
                 an_shape_text(entry->shape, found));
    else if (to_float ? !an_dtype_is_float(entry->dtype) : entry->dtype != as)
        snprintf(why, 256, "%s expected, found %s", to_float ? AN_DTYPES_FLOAT : an_dtype_name(as),
                 entry->dtype == AN_OTHER ? entry->type : an_dtype_name(entry->dtype));
    else
        return true;
    return false;
}
