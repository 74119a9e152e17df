#include "data/pack/pack_same.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/status.h"
#include "base/text.h"
#include "data/tar/manifest.h"

/* ---- The description of a pack, which must be the same to continue it ---- */

json_t *an_pack_describe_pictures(const alexnet_pack_options *o)
{
    static const char *const fits[] = {[ALEXNET_PACK_SHORT] = "short",
                                       [ALEXNET_PACK_SQUARE] = "square",
                                       [ALEXNET_PACK_WARP] = "warp"};
    json_t *out = json_pack("{s:s}", "as", o->raw ? "npy" : "jpeg");
    if (!o->raw)
        an_json_set(&out, "quality", json_integer(o->quality));
    an_json_set(&out, "side", json_integer(o->side));
    if (o->side)
        an_json_set(&out, "fit", json_string(fits[o->fit]));
    return out;
}

json_t *an_pack_describe_order(const alexnet_pack_options *o)
{
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, o->seed);
    json_t *out = json_pack("{s:b}", "shuffled", !o->in_order);
    if (!o->in_order)
        an_json_set(&out, "seed", json_string(seed));
    an_json_set(&out, "shard_pictures", json_integer(o->shard_pictures));
    an_json_set(&out, "shard_bytes", json_integer(o->shard_bytes));
    return out;
}

json_t *an_pack_describe_classes(const alexnet_dataset *data)
{
    json_t *out = json_array();
    for (int c = 0; c < data->classes; c++)
        an_json_append(&out, json_string(data->class_ids[c]));
    return out;
}

json_t *an_pack_describe_source(const an_pack_part *part)
{
    char fingerprint[24];
    snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64, part->fingerprint);
    json_t *out = json_pack("{s:s, s:I, s:s}", "kind", part->data->source->kind->name, "pictures",
                            (json_int_t)part->data->count, "fingerprint", fingerprint);
    if (part->own_names)
        an_json_set(&out, "names", json_string("own"));
    return out;
}

/* ---- Options ---- */

alexnet_status an_pack_same_options(const json_t *manifest, const alexnet_pack_options *options,
                                    const char *name)
{
    enum { ROOM = 512 };
    char then[ROOM], now[ROOM];
    json_t *stored = an_pack_describe_pictures(options), *order = an_pack_describe_order(options);
    const json_t *const objects[] = {json_object_get(manifest, "stored"),
                                     json_object_get(manifest, "order"), stored, order};
    const bool made = stored && order;
    const bool same = json_equal(objects[0], stored) && json_equal(objects[1], order);
    an_manifest_differences(then, now, ROOM, objects);
    json_decref(stored);
    json_decref(order);
    if (!made)
        return AN_FAIL_MEMORY(ROOM, "the options of a pack");
    if (same)
        return ALEXNET_OK;
    if (!*then)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is damaged: it does not say how pictures were packed; remove the "
                       "folder, or name another one",
                       name);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s is from a pack with other options: it has %s, this one %s; give the same "
                   "options, remove that pack, or name another folder",
                   name, then, now);
}

/* ---- Data ---- */

static alexnet_status fail_other(const char *name, const char *what)
{
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s is from a pack of other data: %s; give the same data, remove that pack, or "
                   "name another folder",
                   name, what);
}

alexnet_status an_pack_same_classes(const json_t *classes, const alexnet_dataset *data,
                                    const char *name)
{
    char what[256];
    const size_t count = json_array_size(classes);
    for (size_t c = 0; c < count && c < (size_t)data->classes; c++) {
        const char *id = json_string_value(json_array_get(classes, c));
        if (id && strcmp(id, data->class_ids[c]) == 0)
            continue;
        snprintf(what, sizeof what, "its class %zu is %.80s, but that of `train` is %.80s", c,
                 id ? id : "none", data->class_ids[c]);
        return fail_other(name, what);
    }
    if (count == (size_t)data->classes)
        return ALEXNET_OK;
    snprintf(what, sizeof what, "it has %zu %s, but `train` has %d", count,
             an_text_plural((int64_t)count, "class", "classes"), data->classes);
    return fail_other(name, what);
}

alexnet_status an_pack_same_parts(size_t parts, const alexnet_pack *pack, const char *name)
{
    if (parts == (size_t)pack->part_count)
        return ALEXNET_OK;
    return fail_other(
        name, parts > 1 ? "it has pictures for validation (`val`), but now there are none"
                        : "it has no pictures for validation (`val`), but now there are some");
}

alexnet_status an_pack_same_source(const json_t *source, const an_pack_part *part, const char *name)
{
    char what[256];
    json_t *wanted = an_pack_describe_source(part);
    if (!wanted)
        return AN_FAIL_MEMORY(sizeof what, "the source of a pack");
    const bool same = json_equal(source, wanted);
    const bool renamed = json_object_del(wanted, "names") == 0 && json_equal(source, wanted);
    json_decref(wanted);
    if (same)
        return ALEXNET_OK;
    if (renamed)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s was begun by an earlier version, which gave these pictures other names; "
                       "such a pack can be used if it is complete, but not continued: remove it, "
                       "or name another folder",
                       name);
    const char *kind = json_string_value(json_object_get(source, "kind"));
    const json_int_t pictures = json_integer_value(json_object_get(source, "pictures"));
    const char *now = part->data->source->kind->name;
    if (pictures != part->data->count || !kind || strcmp(kind, now) != 0)
        snprintf(what, sizeof what,
                 "its part %s has %lld %s (%.24s), but now %lld (%s): `train`, `val` or "
                 "`seed` differs",
                 part->name, (long long)pictures, an_text_plural(pictures, "picture", "pictures"),
                 kind ? kind : "of no kind", (long long)part->data->count, now);
    else
        snprintf(what, sizeof what,
                 "its part %s has as many pictures as now, but with other names, sizes or classes: "
                 "`train`, `val` or `seed` differs",
                 part->name);
    return fail_other(name, what);
}
