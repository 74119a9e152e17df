#include "model/lpips.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/reader.h"
#include "base/status.h"

void an_lpips_name(char name[AN_LPIPS_NAME], int layer)
{
    snprintf(name, AN_LPIPS_NAME, "lpips.%d.weight", layer);
}

/* The entry of a layer's weights under either name; NULL: none. */
static const an_tensor_entry *find(const an_tensor_file *file, int layer)
{
    char name[AN_LPIPS_NAME];
    an_lpips_name(name, layer);
    const an_tensor_entry *entry = an_tensor_file_find(file, name);
    if (entry)
        return entry;
    snprintf(name, sizeof name, "lin%d.model.1.weight", layer);
    return an_tensor_file_find(file, name);
}

/* The published files have the shape of a 1 x 1 convolution to one channel. */
static alexnet_status check_shape(const an_tensor_file *file, const an_tensor_entry *entry)
{
    const an_shape *shape = &entry->shape;
    bool vector = shape->rank == 1 && shape->dim[0] >= 1 && shape->dim[0] <= AN_LPIPS_CHANNELS_MAX;
    bool filter = shape->rank == 4 && shape->dim[0] == 1 && shape->dim[2] == 1 &&
                  shape->dim[3] == 1 && shape->dim[1] >= 1 &&
                  shape->dim[1] <= AN_LPIPS_CHANNELS_MAX;
    char text[96];
    if (vector || filter)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s: tensor %s: expected shape [channels] or [1, channels, 1, 1], found %s",
                   an_tensor_file_name(file), entry->name,
                   shape->rank <= AN_MAX_RANK ? an_shape_text(*shape, text) : "more dimensions");
}

static alexnet_status check_values(const an_tensor_file *file, const char *name,
                                   const float *values, int count)
{
    for (int i = 0; i < count; i++)
        if (!(values[i] >= 0) || !isfinite(values[i]))
            return AN_FAIL(ALEXNET_ERROR_FORMAT,
                           "%s: tensor %s: value %d is %g; weights of LPIPS are not below zero",
                           an_tensor_file_name(file), name, i, (double)values[i]);
    return ALEXNET_OK;
}

static alexnet_status read_layer(an_lpips *lpips, an_tensor_file *file,
                                 const an_tensor_entry *entry)
{
    AN_CHECK(check_shape(file, entry));
    const int channels = (int)an_shape_count(entry->shape), layer = lpips->count;
    lpips->weights[layer] = an_calloc((size_t)channels, sizeof(float));
    if (!lpips->weights[layer])
        return AN_FAIL_MEMORY((size_t)channels * sizeof(float), "weights of LPIPS");
    lpips->channels[layer] = channels;
    lpips->count++;
    AN_CHECK(an_tensor_file_read(file, entry->name, entry->shape, AN_F32, lpips->weights[layer]));
    return check_values(file, entry->name, lpips->weights[layer], channels);
}

alexnet_status an_lpips_read(an_lpips *out, an_tensor_file *file)
{
    alexnet_status rc = ALEXNET_OK;
    const an_tensor_entry *entry;
    *out = (an_lpips){0};
    while (rc == ALEXNET_OK && out->count < AN_LPIPS_LAYERS_MAX && (entry = find(file, out->count)))
        rc = read_layer(out, file, entry);
    if (rc != ALEXNET_OK)
        an_lpips_free(out);
    return rc;
}

alexnet_status an_lpips_load(an_lpips *out, alexnet_ctx *ctx, const char *path)
{
    an_reader *reader;
    an_tensor_file *file;
    *out = (an_lpips){0};
    AN_CHECK(an_reader_open(&reader, path));
    AN_CHECK(an_tensor_file_open_as(&file, reader, "a file of the weights of LPIPS"));
    alexnet_status rc = an_lpips_read(out, file);
    an_tensor_file_warn(file, ctx);
    if (rc == ALEXNET_OK && !out->count)
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT,
                     "%s holds no weights of LPIPS: expected tensors lin0.model.1.weight, "
                     "lin1.model.1.weight, ... or lpips.0.weight, lpips.1.weight, ...",
                     path);
    an_tensor_file_close(file);
    return rc;
}

uint64_t an_lpips_hash(uint64_t hash, const an_lpips *lpips)
{
    for (int i = 0; i < lpips->count; i++) {
        const size_t bytes = (size_t)lpips->channels[i] * sizeof *lpips->weights[i];
        hash = an_hash_number(hash, (int64_t)an_hash_bytes(lpips->weights[i], bytes));
    }
    return hash;
}

void an_lpips_free(an_lpips *lpips)
{
    for (int i = 0; i < lpips->count; i++)
        an_free(lpips->weights[i]);
    *lpips = (an_lpips){0};
}
