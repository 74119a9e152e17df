#include "format/tensor_sums.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crc32.h"
#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"
#include "format/safetensors_header.h"

enum { DIGITS = 8 };

/* ---- Metadata ---- */

static bool is_summed(const char *key)
{
    return strncmp(key, "alexnet.", strlen("alexnet.")) == 0 && strcmp(key, AN_METADATA_SUMS) != 0;
}

/* The checksum of an object of texts. @return false if out of memory */
static bool sum_texts(const json_t *texts, uint32_t *sum)
{
    const size_t room = json_object_size(texts);
    const char **keys = an_calloc(room + 1, sizeof *keys), *key;
    size_t count = 0;
    json_t *value;
    if (!keys)
        return false;
    json_object_foreach((json_t *)texts, key, value)
    {
        if (is_summed(key))
            keys[count++] = key;
    }
    qsort(keys, count, sizeof *keys, an_strings_compare);
    *sum = 0;
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_object_get(texts, keys[i]));
        *sum = an_crc32(*sum, keys[i], strlen(keys[i]) + 1);
        *sum = an_crc32(*sum, text, strlen(text) + 1);
    }
    an_free(keys);
    return true;
}

/* ---- Writing ---- */

char *an_tensor_sums_text(json_t *header, const uint32_t *sums)
{
    json_t *object = json_object(), *member;
    const char *name;
    char digits[DIGITS + 1];
    bool whole = object != NULL;
    json_object_foreach(header, name, member)
    {
        uint32_t sum = 0;
        if (strcmp(name, AN_SAFETENSORS_METADATA) == 0)
            whole = whole && sum_texts(member, &sum);
        else
            sum = *sums++;
        snprintf(digits, sizeof digits, "%08x", (unsigned)sum);
        whole = whole && json_object_set_new(object, name, json_string(digits)) == 0;
    }
    char *text = whole ? an_json_text(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

/* ---- Reading ---- */

static bool parse_digits(const char *text, uint32_t *sum)
{
    if (!text || strlen(text) != DIGITS || strspn(text, "0123456789abcdefABCDEF") != DIGITS)
        return false;
    *sum = (uint32_t)strtoul(text, NULL, 16);
    return true;
}

/* Names in the table that the file does not have are ignored: a tensor was removed. */
static bool take_table(an_tensor_file *file, const json_t *table)
{
    const char *name;
    json_t *value;
    uint32_t sum;
    json_object_foreach((json_t *)table, name, value)
    {
        if (!parse_digits(json_string_value(value), &sum))
            return false;
    }
    for (int i = 0; i < file->count; i++)
        file->sums[i].known =
            parse_digits(json_string_value(json_object_get(table, file->entries[i].name)),
                         &file->sums[i].expected);
    return json_is_object(table);
}

/* The metadata has already been read as a whole, so it is compared at once. */
static alexnet_status compare_metadata(an_tensor_file *file, const json_t *table)
{
    an_tensor_sum *sum = &file->sums[file->count];
    const json_t *value = json_object_get(table, AN_SAFETENSORS_METADATA);
    sum->known = file->texts && parse_digits(json_string_value(value), &sum->expected);
    if (sum->known && !sum_texts(file->texts, &sum->found))
        return AN_FAIL_MEMORY(json_object_size(file->texts) * sizeof(char *),
                              "the checksum of metadata");
    sum->differs = sum->known && sum->found != sum->expected;
    return ALEXNET_OK;
}

alexnet_status an_tensor_sums_open(an_tensor_file *file)
{
    const char *text = an_tensor_file_metadata(file, AN_METADATA_SUMS);
    const size_t count = (size_t)file->count + 1;
    if (!text)
        return ALEXNET_OK;
    file->sums = an_calloc(count, sizeof *file->sums);
    if (!file->sums)
        return AN_FAIL_MEMORY(count * sizeof *file->sums, "checksums of tensors");
    json_t *table;
    AN_CHECK(an_json_parse(&table, text, strlen(text), 0, NULL));
    const bool good = take_table(file, table);
    const alexnet_status rc = good ? compare_metadata(file, table) : ALEXNET_OK;
    json_decref(table);
    if (good)
        return rc;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s: its metadata " AN_METADATA_SUMS
                   " is not a JSON object of tensors' names and 8 hexadecimal digits each",
                   an_tensor_file_name(file));
}

/* Tensors are read in pieces, in order; element 0 starts over. */
void an_tensor_sums_take(an_tensor_file *file, const an_tensor_entry *entry, int64_t first,
                         int64_t count, const void *bytes)
{
    an_tensor_sum *sum = file->sums ? &file->sums[entry - file->entries] : NULL;
    const size_t width = an_dtype_bytes(entry->dtype);
    if (!sum || !sum->known)
        return;
    if (first == 0) {
        sum->found = 0;
        sum->next = 0;
    }
    if (first != sum->next)
        return;
    sum->found = an_crc32(sum->found, bytes, (size_t)count * width);
    sum->next += count;
    if ((uint64_t)sum->next * width == entry->bytes)
        sum->differs = sum->found != sum->expected;
}

bool an_tensor_file_damage(const an_tensor_file *file, char text[AN_DAMAGE_TEXT])
{
    int first = -1, more = -1;
    for (int i = 0; file->sums && i <= file->count; i++) {
        if (!file->sums[i].differs)
            continue;
        first = first < 0 ? i : first;
        more++;
    }
    if (first < 0)
        return false;
    const an_tensor_sum *sum = &file->sums[first];
    const bool tensor = first < file->count;
    const int length =
        snprintf(text, AN_DAMAGE_TEXT, "%s%.160s: checksum %08x expected, %08x found",
                 tensor ? "tensor " : "its metadata", tensor ? file->entries[first].name : "",
                 (unsigned)sum->expected, (unsigned)sum->found);
    if (more > 0)
        snprintf(text + length, (size_t)(AN_DAMAGE_TEXT - length), ", and %d more", more);
    return true;
}

void an_tensor_file_warn(const an_tensor_file *file, alexnet_ctx *ctx)
{
    char damage[AN_DAMAGE_TEXT];
    if (an_tensor_file_damage(file, damage))
        an_log(ctx, ALEXNET_LOG_WARNING,
               "%s is not as it was written: %s; it is damaged, or was changed by a program that "
               "kept its checksums",
               an_tensor_file_name(file), damage);
}

alexnet_status an_tensor_file_check_damage(const an_tensor_file *file)
{
    char damage[AN_DAMAGE_TEXT];
    if (!an_tensor_file_damage(file, damage))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is damaged: %s", an_tensor_file_name(file), damage);
}
