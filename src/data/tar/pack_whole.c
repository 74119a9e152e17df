#include "data/tar/pack_whole.h"

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "base/status.h"
#include "data/source/divided.h"
#include "data/tar/manifest.h"

/* Other programs write files of this name too. @param out  NULL: it is not the manifest of a pack
 */
static alexnet_status parse(json_t **out, const char *text, size_t length, const char *path)
{
    json_error_t error;
    json_t *document;
    *out = NULL;
    AN_CHECK(an_json_parse(&document, text, length, JSON_REJECT_DUPLICATES, &error));
    const char *format = json_string_value(json_object_get(document, "format"));
    if (format && strcmp(format, AN_MANIFEST_FORMAT) == 0) {
        *out = document;
        return ALEXNET_OK;
    }
    json_decref(document);
    return document || !strstr(text, "\"" AN_MANIFEST_FORMAT "\"")
               ? ALEXNET_OK
               : AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is damaged: %s", path, error.text);
}

/* A pipe and a file that is too large are no manifests either. */
static alexnet_status may_be_manifest(const char *path, bool *yes)
{
    struct stat info;
    AN_CHECK(an_file_exists(path, yes));
    if (*yes && stat(path, &info) == 0)
        *yes = S_ISREG(info.st_mode) && (uint64_t)info.st_size <= AN_MANIFEST_MAX;
    return ALEXNET_OK;
}

static alexnet_status read_manifest(json_t **out, const char *path)
{
    bool there;
    unsigned char *text;
    size_t length;
    *out = NULL;
    AN_CHECK(may_be_manifest(path, &there));
    if (!there)
        return ALEXNET_OK;
    AN_CHECK(an_file_read(path, AN_MANIFEST_MAX, &text, &length));
    alexnet_status rc = parse(out, (const char *)text, length, path);
    an_free(text);
    if (rc == ALEXNET_OK && *out && !an_manifest_is_version(*out)) {
        json_decref(*out);
        *out = NULL;
        rc = an_manifest_fail_version(path);
    }
    return rc;
}

/* @param lacks  stays NULL if the archive is there as it was packed */
static alexnet_status find_shard(char **lacks, const json_t *shard, const char *folder)
{
    struct stat info;
    const char *file = json_string_value(json_object_get(shard, "file"));
    const json_t *bytes = json_object_get(shard, "bytes");
    if (!file || !json_is_integer(bytes) || strchr(file, '/'))
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s/" AN_MANIFEST " is damaged: an archive has no name or no size", folder);
    char *path = an_path_join(folder, file);
    if (!path)
        return AN_FAIL_MEMORY(strlen(folder), "a path");
    const bool there = stat(path, &info) == 0 && S_ISREG(info.st_mode);
    const bool same = there && info.st_size == json_integer_value(bytes);
    an_free(path);
    if (same)
        return ALEXNET_OK;
    *lacks = an_format("its archive %s is %s; restore it, or remove the folder and pack again",
                       file, there ? "not of the size that it was packed with" : "missing");
    return *lacks ? ALEXNET_OK : AN_FAIL_MEMORY(strlen(file), "a text");
}

static alexnet_status find_shards(char **lacks, const json_t *manifest, const char *folder)
{
    const json_t *parts = json_object_get(manifest, "parts");
    for (size_t p = 0; p < json_array_size(parts); p++) {
        const json_t *shards = json_object_get(json_array_get(parts, p), "shards");
        for (size_t i = 0; i < json_array_size(shards) && !*lacks; i++)
            AN_CHECK(find_shard(lacks, json_array_get(shards, i), folder));
    }
    return ALEXNET_OK;
}

static alexnet_status find_lacks(char **lacks, const json_t *manifest, const char *folder)
{
    char options[512];
    if (json_is_true(json_object_get(manifest, "complete")))
        return find_shards(lacks, manifest, folder);
    an_manifest_options_text(options, sizeof options, manifest);
    *lacks =
        an_format("the pack is not complete; beginning it again with the same data and options "
                  "continues it: `alexnet_pack_new()` `train` %s %s",
                  folder, options);
    return *lacks ? ALEXNET_OK : AN_FAIL_MEMORY(strlen(folder), "a text");
}

static void cut_slashes(char *folder)
{
    for (size_t length = strlen(folder); length > 1 && folder[length - 1] == '/';)
        folder[--length] = '\0';
}

alexnet_status an_pack_lacks(char **folder, char **lacks, const char *path)
{
    an_part_name part;
    json_t *manifest = NULL;
    char *name = NULL;
    alexnet_status rc;
    *lacks = NULL;
    AN_CHECK(an_divided_path(folder, &part, path));
    if (!*folder)
        return ALEXNET_OK;
    cut_slashes(*folder);
    name = an_path_join(*folder, AN_MANIFEST);
    if (!name) {
        rc = AN_FAIL_MEMORY(strlen(path), "a path");
        goto cleanup;
    }
    AN_TRY(read_manifest(&manifest, name));
    if (manifest)
        rc = find_lacks(lacks, manifest, *folder);
cleanup:
    json_decref(manifest);
    an_free(name);
    if (!*lacks) {
        an_free(*folder);
        *folder = NULL;
    }
    return rc;
}
