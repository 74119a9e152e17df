/*
 * Archives as a data set, read in place: WebDataset's shards, an archived tree of class folders,
 * ImageNet's archives of training and validation pictures.
 *
 * Labels come from files beside the pictures (KEY.cls, KEY.json), in all archives or in some. If
 * there are none, the folders in the archives are the classes, below the folder that holds them
 * all. Items are sorted by class, then by name, as in a tree of class folders, so that the two give
 * the same batches.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "base/status.h"
#include "base/text.h"
#include "data/source/source.h"
#include "data/tar/pack_whole.h"
#include "data/tar/shards.h"

/* The state of an open source. */
typedef struct archives {
    an_strings paths;
    an_tar_stamp *stamps;  /* of each */
    an_item_place *places; /* of each item */
} archives;

static void close_archives(an_data_source *source)
{
    archives *a = source->state;
    if (!a)
        return;
    an_strings_free(&a->paths);
    an_free(a->stamps);
    an_free(a->places);
    an_free(a);
}

/* ---- Items ---- */

/* An item before it is sorted. */
typedef struct entry {
    an_item item;
    an_item_place place;
} entry;

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    const int order = strcmp(x->item.key, y->item.key);
    if (order)
        return order;
    if (x->place.archive != y->place.archive)
        return x->place.archive < y->place.archive ? -1 : 1;
    return x->place.offset < y->place.offset ? -1 : x->place.offset > y->place.offset;
}

/* Name an item "archive/folder/name". Its key is a part of that; if the picture was packed, the key
 * follows the zero that ends the name. */
static alexnet_status make_item(an_item *out, const an_tar_set *set, int archive,
                                const an_tar_picture *picture)
{
    const an_tar_index *index = &set->indexes[archive];
    const char *path = set->paths.at[archive], *folder = index->folders.at[picture->folder];
    char *name =
        an_format("%s/%s%s%s%c%s", path, folder, *folder ? "/" : "", index->names + picture->name,
                  '\0', picture->key ? index->names + picture->key : "");
    if (!name)
        return AN_FAIL_MEMORY(strlen(path), "a picture's name");
    const char *key =
        picture->key ? name + strlen(name) + 1 : name + strlen(path) + 1 + set->shared;
    *out = (an_item){name, key, an_tar_set_class(set, archive, picture)};
    return ALEXNET_OK;
}

/* Make all items, those of a class together: class c begins at next[c + 1], which then moves on. */
static alexnet_status place_entries(entry *entries, int64_t *next, const an_tar_set *set)
{
    for (int a = 0; a < set->count; a++)
        for (int64_t i = 0; i < set->indexes[a].count; i++) {
            const an_tar_picture *picture = &set->indexes[a].pictures[i];
            const int class = an_tar_set_class(set, a, picture);
            if (class == AN_TAR_LOOSE)
                continue;
            entry *e = &entries[next[class + 1]];
            AN_CHECK(make_item(&e->item, set, a, picture));
            e->place = (an_item_place){picture->offset, picture->length, a};
            next[class + 1]++;
        }
    return ALEXNET_OK;
}

static alexnet_status add_entries(an_data_source *source, entry *entries, int64_t count)
{
    archives *a = source->state;
    a->places = an_calloc((size_t)count + 1, sizeof *a->places);
    if (!a->places)
        return AN_FAIL_MEMORY((size_t)count * sizeof *a->places, "the places of pictures");
    for (int64_t i = 0; i < count; i++) {
        an_item *item = &entries[i].item;
        char *name = item->name;
        a->places[i] = entries[i].place;
        item->name = NULL; /* the source takes it over */
        AN_CHECK(an_data_source_add(source, name, item->key, item->class));
    }
    return ALEXNET_OK;
}

/* Count the pictures of each class, at [class + 2], and the source's loose ones. @return how many
 * are in classes */
static int64_t count_items(an_data_source *source, int64_t *counts, const an_tar_set *set)
{
    int64_t total = 0;
    for (int64_t a = 0; a < set->count; a++)
        for (int64_t i = 0; i < set->indexes[a].count; i++) {
            const int class = an_tar_set_class(set, a, &set->indexes[a].pictures[i]);
            if (class == AN_TAR_LOOSE) {
                source->loose++;
                continue;
            }
            counts[class + 2]++;
            total++;
        }
    return total;
}

/* @param ends  of the classes among the entries; those of the class before the first begin at 0 */
static alexnet_status sort_classes(entry *entries, const int64_t *ends, int64_t classes,
                                   an_work *work)
{
    for (int64_t c = 0, begin = 0; c <= classes; begin = ends[c++]) {
        const int64_t count = ends[c] - begin;
        AN_CHECK(an_sort(entries + begin, (size_t)count, sizeof *entries, compare_entries, work));
        AN_CHECK(an_work_add(work, count));
    }
    return ALEXNET_OK;
}

static alexnet_status sort_entries(entry *entries, const int64_t *ends, int64_t classes,
                                   alexnet_ctx *ctx)
{
    an_work work = an_work_begin(ctx, "sorted", "pictures", ends[classes]);
    const alexnet_status rc = sort_classes(entries, ends, classes, &work);
    an_work_end(&work);
    return rc;
}

/* Class by class, each in the order of its keys; -1, pictures without classes, comes first. */
static alexnet_status make_items(an_data_source *source, const an_tar_set *set)
{
    const int64_t classes = set->classes.count;
    alexnet_status rc;
    int64_t *next = an_calloc((size_t)classes + 3, sizeof *next);
    if (!next)
        return AN_FAIL_MEMORY((size_t)classes * sizeof *next, "the sizes of classes");
    const int64_t total = count_items(source, next, set);
    for (int64_t c = 1; c <= classes + 1; c++)
        next[c] += next[c - 1]; /* where class c - 1 begins */
    entry *entries = an_calloc((size_t)total + 1, sizeof *entries);
    if (!entries) {
        rc = AN_FAIL_MEMORY((size_t)total * sizeof *entries, "a list of pictures");
        goto cleanup;
    }
    AN_TRY(place_entries(entries, next, set));
    AN_TRY(sort_entries(entries, next, classes, source->ctx)); /* now they say where classes end */
    rc = add_entries(source, entries, total);
cleanup:
    for (int64_t i = 0; entries && i < total; i++)
        an_free(entries[i].item.name);
    an_free(entries);
    an_free(next);
    return rc;
}

/* ---- The kind ---- */

/* Say how many pictures are not used because later ones have the same names. */
static alexnet_status note_replaced(an_data_source *source, const an_tar_set *set)
{
    int64_t replaced = 0;
    for (int64_t a = 0; a < set->count; a++)
        replaced += set->indexes[a].replaced;
    if (replaced == 0)
        return ALEXNET_OK;
    return an_data_source_doubt(
        source, an_format("%lld %s of %s %s in an archive again later, under the same name; the "
                          "last one is used, as by tar",
                          (long long)replaced, an_text_plural(replaced, "picture", "pictures"),
                          an_data_source_searched(source), an_text_plural(replaced, "is", "are")));
}

static alexnet_status note_repeated(an_data_source *source, const an_tar_set *set)
{
    if (set->repeated == 0)
        return ALEXNET_OK;
    return an_data_source_doubt(source,
                                an_format("%s names %lld %s again; each archive is used once",
                                          source->root, (long long)set->repeated,
                                          an_text_plural(set->repeated, "archive", "archives")));
}

/* Say which picture is used where a key has several. */
static alexnet_status note_doubtful(an_data_source *source, const an_tar_set *set)
{
    const an_tar_index *first = NULL;
    int64_t keys = 0;
    for (int64_t a = 0; a < set->count; a++) {
        keys += set->indexes[a].doubtful.keys;
        first = !first && keys > 0 ? &set->indexes[a] : first;
    }
    if (!first)
        return ALEXNET_OK;
    return an_data_source_doubt(
        source, an_format("%lld %s of %s %s several pictures, of which one is used: %.200s, not "
                          "%.200s; rename those that are meant, or leave out the others",
                          (long long)keys, an_text_plural(keys, "key", "keys"), source->root,
                          an_text_plural(keys, "has", "have"), first->names + first->doubtful.used,
                          first->names + first->doubtful.other));
}

static alexnet_status open_set(an_data_source *source, an_tar_set *set, bool classes)
{
    archives *a = an_calloc(1, sizeof *a);
    if (!a)
        return AN_FAIL_MEMORY(sizeof *a, "archives");
    source->state = a;
    if (classes) {
        AN_CHECK(an_imagenet_label(set, source->ctx));
        AN_CHECK(an_tar_set_classify(set, source->root));
        AN_CHECK(an_tar_set_name_classes(set));
    }
    if (set->part) {
        source->searched = an_strdup(set->paths.at[0]);
        if (!source->searched)
            return AN_FAIL_MEMORY(strlen(set->paths.at[0]), "a path");
    }
    for (int64_t i = 0; i < set->count; i++)
        an_endings_join(&source->left_out, &set->indexes[i].left_out);
    AN_CHECK(make_items(source, set));
    AN_CHECK(note_repeated(source, set));
    AN_CHECK(note_replaced(source, set));
    AN_CHECK(note_doubtful(source, set));
    source->classes = set->classes;
    source->numbered = set->numbered;
    a->paths = set->paths;
    a->stamps = set->stamps;
    set->classes = set->paths = (an_strings){0};
    set->stamps = NULL;
    return ALEXNET_OK;
}

/* Part of a pack would pass for a smaller data set. */
static alexnet_status check_whole(an_data_source *source)
{
    char *folder, *lacks;
    AN_CHECK(an_pack_lacks(&folder, &lacks, source->root));
    if (!lacks)
        return ALEXNET_OK;
    if (source->examined)
        return an_data_source_note(source,
                                   (an_oddity){ALEXNET_PROBLEM_INCOMPLETE, folder, lacks, -1, 1});
    const alexnet_status rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s", folder, lacks);
    an_free(folder);
    an_free(lacks);
    return rc;
}

static alexnet_status open_archives(an_data_source *source, bool classes)
{
    an_tar_set set;
    AN_CHECK(check_whole(source));
    AN_CHECK(an_shards_open(&set, source->ctx, source->root));
    alexnet_status rc = open_set(source, &set, classes);
    an_tar_set_free(&set);
    return rc;
}

static alexnet_status open_with_classes(an_data_source *source)
{
    return open_archives(source, true);
}

static alexnet_status open_pictures(an_data_source *source)
{
    return open_archives(source, false);
}

/* The archive is opened for each picture: there may be more archives than a process can have open,
 * and opening costs little compared with decoding. An archive replaced in the meantime is not read
 * at the old offsets. */
static alexnet_status open_unchanged(an_reader **out, const char *path, an_tar_stamp stamp)
{
    an_tar_stamp now;
    AN_CHECK(an_tar_stamp_of(&now, path));
    if (now.size != stamp.size || now.changed != stamp.changed)
        return AN_FAIL(ALEXNET_ERROR_IO, "%s was changed after it was opened", path);
    return an_reader_open(out, path);
}

static alexnet_status read_place(const an_data_source *source, const an_item_place *place,
                                 void *dst)
{
    const archives *a = source->state;
    an_reader *reader;
    AN_CHECK(open_unchanged(&reader, a->paths.at[place->archive], a->stamps[place->archive]));
    alexnet_status rc = an_reader_read(reader, place->offset, dst, (size_t)place->length);
    an_reader_close(reader);
    return rc;
}

static void place_of(const an_data_source *source, int64_t item, an_item_place *out)
{
    *out = ((const archives *)source->state)->places[item];
}

static alexnet_status read_member(const an_data_source *source, int64_t item, an_item_data *out)
{
    const archives *a = source->state;
    const an_item_place *p = &a->places[item];
    *out = (an_item_data){0};
    if (p->length > AN_PICTURE_FILE_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has %llu bytes; at most %zu are read",
                       source->items[item].name, (unsigned long long)p->length,
                       AN_PICTURE_FILE_MAX);
    out->length = (size_t)p->length;
    out->bytes = an_malloc(out->length + 1);
    alexnet_status rc = out->bytes ? read_place(source, p, out->bytes)
                                   : AN_FAIL_MEMORY(out->length, "a picture's file");
    if (rc != ALEXNET_OK) {
        an_free(out->bytes);
        *out = (an_item_data){0};
    }
    return rc;
}

static int64_t stamp_of(const an_data_source *source, int64_t item, bool timed)
{
    const archives *a = source->state;
    const an_item_place *place = &a->places[item];
    return timed ? an_data_stamp_timed((int64_t)place->length, a->stamps[place->archive].changed)
                 : (int64_t)place->length;
}

static const an_data_kind pictures_kind = {.name = "pictures in tar",
                                           .accepts = an_shards_accept,
                                           .open = open_pictures,
                                           .read = read_member,
                                           .stamp = stamp_of,
                                           .place = place_of,
                                           .read_place = read_place,
                                           .close = close_archives};

const an_data_kind an_tar_kind = {.name = "tar",
                                  .accepts = an_shards_accept,
                                  .divided = an_shards_divided,
                                  .open = open_with_classes,
                                  .pictures = &pictures_kind,
                                  .read = read_member,
                                  .stamp = stamp_of,
                                  .place = place_of,
                                  .read_place = read_place,
                                  .close = close_archives};
