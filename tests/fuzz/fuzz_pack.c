/*
 * Any bytes as the manifest of a pack to be continued: an error that names it, or shards that fit
 * the data set; and as the names that an archive's pictures had.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/utf8.h"
#include "data/pack/pack.h"
#include "fuzz/require.h"

enum { CLASSES = 2, ITEMS = 9 };

static int64_t no_stamp(const an_data_source *source, int64_t item, bool timed)
{
    (void)timed;
    (void)source, (void)item;
    return 1;
}

static alexnet_status no_picture(const an_data_source *source, int64_t item, an_item_data *out)
{
    (void)source, (void)item, (void)out;
    return ALEXNET_ERROR_IO;
}

static alexnet_dataset *make_data(void)
{
    static const an_data_kind kind = {.name = "fuzz", .stamp = no_stamp, .read = no_picture};
    an_data_source *source;
    alexnet_dataset *data;
    if (an_data_source_new(&source, &kind, "fuzz") != ALEXNET_OK)
        abort();
    for (int c = 0; c < CLASSES; c++)
        if (an_strings_add(&source->classes, an_format("%c", 'a' + c)) != ALEXNET_OK)
            abort();
    for (int i = 0; i < ITEMS; i++) {
        char *name = an_format("fuzz/%d.png", i);
        if (!name || an_data_source_add(source, name, name + 5, i % CLASSES) != ALEXNET_OK)
            abort();
    }
    if (an_dataset_new(&data, NULL, source, NULL, NULL) != ALEXNET_OK)
        abort();
    return data;
}

/* What a manifest said must fit the part. */
static void check_part(const an_pack_part *part)
{
    int64_t sum = 0, pictures = 0, end = 0;
    for (int64_t i = 0; i < part->shard_count; i++) {
        const an_pack_shard *s = &part->shards[i];
        if (s->pictures < 1 || s->end < end + s->pictures || s->end > ITEMS ||
            strlen(s->sha256) != 64)
            abort();
        end = s->end;
        sum += s->pictures;
    }
    for (int c = 0; c < CLASSES; c++) {
        if (part->by_class[c] < 0)
            abort();
        pictures += part->by_class[c];
    }
    if (pictures != part->pictures || sum != pictures || sum + part->left_out.count != end)
        abort();
}

static void try_manifest(const uint8_t *bytes, size_t length, alexnet_dataset *data, int parts)
{
    static const alexnet_pack_options options = ALEXNET_PACK_OPTIONS_INIT;
    static char folder[] = "fuzz";
    int64_t by_class[AN_PACK_PARTS][CLASSES] = {{0}};
    alexnet_pack pack = {.options = options, .folder = folder, .part_count = parts};
    for (int i = 0; i < parts; i++)
        pack.parts[i] = (an_pack_part){
            .name = i ? "val" : "train", .data = data, .fingerprint = 7, .by_class = by_class[i]};
    const alexnet_status status =
        an_pack_manifest_parse(&pack, (const char *)bytes, length, "fuzz/manifest.json");
    if (status != ALEXNET_OK && !strstr(an_error_text(), "fuzz/manifest.json"))
        abort();
    for (int i = 0; i < parts; i++) {
        if (status == ALEXNET_OK)
            check_part(&pack.parts[i]);
        an_strings_free(&pack.parts[i].left_out);
        an_free(pack.parts[i].shards);
    }
}

/* Escaping with percent signs can be undone. */
static void try_text(const uint8_t *bytes, size_t length)
{
    char *text = text_of(bytes, length);
    if (!text)
        return;
    char *written = an_text_percent(text);
    if (!written || strpbrk(written, "\n\t") || !an_text_unpercent(written) ||
        strcmp(written, text) != 0)
        abort();
    an_free(written);
    an_text_unpercent(text);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static alexnet_dataset *data;
    if (!data)
        data = make_data();
    try_manifest(bytes, length, data, 1);
    try_manifest(bytes, length, data, 2);
    try_text(bytes, length);
    return 0;
}
