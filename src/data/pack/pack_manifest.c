#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "base/status.h"
#include "data/pack/pack_same.h"
#include "data/tar/manifest.h"

/* ---- Writing ---- */

static json_t *list_shards(const an_pack_part *part)
{
    json_t *out = json_array();
    for (int64_t i = 0; i < part->shard_count; i++) {
        const an_pack_shard *s = &part->shards[i];
        char file[64];
        snprintf(file, sizeof file, "%s-%06" PRId64 ".tar", part->name, i);
        an_json_append(&out, json_pack("{s:s, s:I, s:I, s:s, s:I}", "file", file, "pictures",
                                       (json_int_t)s->pictures, "bytes", (json_int_t)s->bytes,
                                       "sha256", s->sha256, "end", (json_int_t)s->end));
    }
    return out;
}

static json_t *describe_part(const an_pack_part *part)
{
    json_t *out = json_pack("{s:s, s:o, s:I, s:I}", "name", part->name, "source",
                            an_pack_describe_source(part), "pictures", (json_int_t)part->pictures,
                            "unchanged", (json_int_t)part->unchanged);
    json_t *by_class = json_array(), *left_out = json_array();
    for (int c = 0; c < part->data->classes; c++)
        an_json_append(&by_class, json_integer(part->by_class[c]));
    for (int64_t i = 0; i < part->left_out.count; i++)
        an_json_append(&left_out, json_string(part->left_out.at[i]));
    an_json_set(&out, "by_class", by_class);
    an_json_set(&out, "left_out", left_out);
    an_json_set(&out, "shards", list_shards(part));
    return out;
}

static json_t *describe(const alexnet_pack *pack)
{
    json_t *parts = json_array();
    for (int i = 0; i < pack->part_count; i++)
        an_json_append(&parts, describe_part(&pack->parts[i]));
    return json_pack("{s:s, s:i, s:b, s:o, s:o, s:o, s:o}", "format", AN_MANIFEST_FORMAT, "version",
                     AN_MANIFEST_VERSION, "complete", pack->complete, "stored",
                     an_pack_describe_pictures(&pack->options), "order",
                     an_pack_describe_order(&pack->options), "classes",
                     an_pack_describe_classes(pack->parts[0].data), "parts", parts);
}

alexnet_status an_pack_manifest_write(alexnet_pack *pack)
{
    json_t *document = describe(pack);
    char *text = an_json_text(document, JSON_INDENT(1));
    char *path = an_path_join(pack->folder, AN_MANIFEST);
    alexnet_status rc;
    pack->manifest_bytes = text ? strlen(text) : 0;
    pack->bytes_since = 0;
    if (!text || !path)
        rc = AN_FAIL_MEMORY(1 << 16, "a manifest");
    else if (pack->manifest_bytes > AN_MANIFEST_MAX)
        rc = AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                     "%s would have %zu bytes and may have %zu: there are too many classes, "
                     "archives or pictures that cannot be read",
                     path, pack->manifest_bytes, AN_MANIFEST_MAX);
    else
        rc = an_file_replace(path, text, pack->manifest_bytes);
    an_free(path);
    an_free(text);
    json_decref(document);
    return rc;
}

/* ---- Reading ---- */

static alexnet_status fail_damaged(const char *name, const char *what)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s is damaged: %s; remove the folder, or name another one", name, what);
}

/* A whole number from 0 to `most`; -1: not one. */
static int64_t count_in(const json_t *object, const char *key, int64_t most)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value))
        return -1;
    const int64_t number = json_integer_value(value);
    return number >= 0 && number <= most ? number : -1;
}

static alexnet_status take_shard(an_pack_part *part, const json_t *from, const char *name)
{
    const int64_t before = part->shard_count ? part->shards[part->shard_count - 1].end : 0;
    const char *sha256 = json_string_value(json_object_get(from, "sha256"));
    an_pack_shard shard = {.pictures = count_in(from, "pictures", part->data->count),
                           .end = count_in(from, "end", part->data->count)};
    const int64_t bytes = count_in(from, "bytes", INT64_MAX);
    if (shard.pictures < 1 || shard.end < before + shard.pictures || bytes < 1 || !sha256 ||
        strlen(sha256) != 64)
        return fail_damaged(name, "a shard's numbers are out of range");
    shard.bytes = (uint64_t)bytes;
    memcpy(shard.sha256, sha256, sizeof shard.sha256);
    return an_pack_add_shard(part, shard);
}

/* The counts of the shards, of pictures left out and of the classes have to add up. */
static alexnet_status take_counts(an_pack_part *part, const json_t *from, const char *name)
{
    const json_t *by_class = json_object_get(from, "by_class");
    const json_t *left_out = json_object_get(from, "left_out");
    const int64_t count = part->data->count;
    int64_t sum = 0, shards = 0;
    part->pictures = count_in(from, "pictures", count);
    part->unchanged = count_in(from, "unchanged", count);
    for (int c = 0; c < part->data->classes; c++) {
        const json_t *value = json_array_get(by_class, (size_t)c);
        part->by_class[c] = json_is_integer(value) ? json_integer_value(value) : -1;
        if (part->by_class[c] < 0 || part->by_class[c] > count)
            return fail_damaged(name, "the counts of classes are out of range");
        sum += part->by_class[c];
    }
    for (size_t i = 0; i < json_array_size(left_out); i++) {
        const char *key = json_string_value(json_array_get(left_out, i));
        if (!key)
            return fail_damaged(name, "a picture that was left out has no name");
        AN_CHECK(an_strings_add(&part->left_out, an_strdup(key)));
    }
    for (int64_t i = 0; i < part->shard_count; i++)
        shards += part->shards[i].pictures;
    const int64_t end = part->shard_count ? part->shards[part->shard_count - 1].end : 0;
    if (sum != part->pictures || shards != sum || part->unchanged < 0 || part->unchanged > sum ||
        sum + part->left_out.count != end)
        return fail_damaged(name, "its counts do not add up");
    return ALEXNET_OK;
}

static alexnet_status take_part(an_pack_part *part, const json_t *from, const char *name)
{
    const json_t *shards = json_object_get(from, "shards");
    const char *called = json_string_value(json_object_get(from, "name"));
    if (!called || strcmp(called, part->name) != 0)
        return fail_damaged(name, "its parts are not train and val");
    AN_CHECK(an_pack_same_source(json_object_get(from, "source"), part, name));
    for (size_t i = 0; i < json_array_size(shards); i++)
        AN_CHECK(take_shard(part, json_array_get(shards, i), name));
    return take_counts(part, from, name);
}

static bool is_done(const an_pack_part *part)
{
    return part->shard_count && part->shards[part->shard_count - 1].end == part->data->count;
}

/* Parts are packed in order: a part has shards only if the one before it is done. */
static alexnet_status take_parts(alexnet_pack *pack, const json_t *from, const char *name)
{
    const json_t *parts = json_object_get(from, "parts");
    AN_CHECK(an_pack_same_parts(json_array_size(parts), pack, name));
    bool done = true;
    for (int i = 0; i < pack->part_count; i++) {
        an_pack_part *part = &pack->parts[i];
        AN_CHECK(take_part(part, json_array_get(parts, (size_t)i), name));
        if (part->shard_count && !done)
            return fail_damaged(name, "a part begins before the previous one is complete");
        done = is_done(part);
    }
    if (pack->complete && !done)
        return fail_damaged(name, "it says that the pack is complete, but shards are missing");
    return ALEXNET_OK;
}

/* Whether the manifest has no shards yet. Then it does not matter what it describes. */
static bool is_empty(const json_t *from)
{
    const json_t *parts = json_object_get(from, "parts");
    for (size_t i = 0; i < json_array_size(parts); i++)
        if (json_array_size(json_object_get(json_array_get(parts, i), "shards")) > 0)
            return false;
    return true;
}

static alexnet_status take(alexnet_pack *pack, const json_t *from, const char *name)
{
    const char *format = json_string_value(json_object_get(from, "format"));
    if (!format || strcmp(format, AN_MANIFEST_FORMAT) != 0)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s is not the manifest of a pack; name another folder", name);
    if (!an_manifest_is_version(from))
        return an_manifest_fail_version(name);
    if (is_empty(from))
        return ALEXNET_OK;
    AN_CHECK(an_pack_same_options(from, &pack->options, name));
    AN_CHECK(an_pack_same_classes(json_object_get(from, "classes"), pack->parts[0].data, name));
    pack->complete = json_is_true(json_object_get(from, "complete"));
    return take_parts(pack, from, name);
}

alexnet_status an_pack_manifest_parse(alexnet_pack *pack, const char *text, size_t length,
                                      const char *name)
{
    json_error_t error;
    json_t *document;
    AN_CHECK(an_json_parse(&document, text, length, JSON_REJECT_DUPLICATES, &error));
    if (!document)
        return fail_damaged(name, error.text);
    alexnet_status rc = take(pack, document, name);
    json_decref(document);
    return rc;
}

/* The manifest's shards must exist with the right sizes. Their content is checked in steps
 * (an_pack_check_next()). */
static alexnet_status find_shards(const alexnet_pack *pack)
{
    struct stat info;
    for (int p = 0; p < pack->part_count; p++)
        for (int64_t i = 0; i < pack->parts[p].shard_count; i++) {
            char *path = an_pack_shard_path(pack, &pack->parts[p], i);
            if (!path)
                return AN_FAIL_MEMORY(64, "a path");
            const uint64_t wanted = pack->parts[p].shards[i].bytes;
            const bool there = stat(path, &info) == 0 && (uint64_t)info.st_size == wanted;
            alexnet_status rc = there ? ALEXNET_OK
                                      : AN_FAIL(ALEXNET_ERROR_BAD_DATA,
                                                "%s was packed with %" PRIu64
                                                " bytes, and is missing or changed; restore it, or "
                                                "remove the folder and pack again",
                                                path, wanted);
            an_free(path);
            AN_CHECK(rc);
        }
    return ALEXNET_OK;
}

alexnet_status an_pack_manifest_read(alexnet_pack *pack)
{
    bool there;
    unsigned char *text = NULL;
    size_t length;
    alexnet_status rc;
    char *path = an_path_join(pack->folder, AN_MANIFEST);
    if (!path)
        return AN_FAIL_MEMORY(strlen(pack->folder), "a path");
    AN_TRY(an_file_exists(path, &there));
    if (!there)
        goto cleanup;
    AN_TRY(an_file_read(path, AN_MANIFEST_MAX, &text, &length));
    AN_TRY(an_pack_manifest_parse(pack, (const char *)text, length, path));
    rc = find_shards(pack);
cleanup:
    an_free(text);
    an_free(path);
    return rc;
}
