/*
 * The labels of ImageNet's validation pictures. Their archive has none: they are published in
 * separate files, in the order of the pictures' names.
 *
 *     imagenet_2012_validation_synset_labels.txt   a line per picture: its class's identifier
 *     ILSVRC2012_validation_ground_truth.txt       a line per picture: its class's number, from 1,
 *                                                  in the order of the development kit
 *     ILSVRC2012_synsets.txt, map_clsloc.txt       that order: a line per class, which begins with
 *                                                  its identifier; its number may follow
 *     val.txt                                      lines "name label", as Caffe has them: labels
 *                                                  are identifiers, or numbers from 0 in the order
 *                                                  of the identifiers
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "base/files.h"
#include "base/lines.h"
#include "base/sort.h"
#include "base/status.h"
#include "base/text.h"
#include "data/source/names.h"
#include "data/tar/meta_mat.h"
#include "data/tar/tar_set.h"

/* A text of 50,000 lines has a few megabytes. */
enum { TEXT_MAX = 64 << 20 };

/* ---- Texts ---- */

/* A file's lines that are not blank, as words: "a b" is a, b. Owned. */
typedef struct table {
    char *path, *text;
    char *(*rows)[2]; /* the first two words; the second may be NULL */
    int64_t count;
} table;

static void table_free(table *t)
{
    an_free(t->path);
    an_free(t->text);
    an_free(t->rows);
    *t = (table){0};
}

/* The next word of a line, ended by a zero; NULL: there is none. */
static char *next_word(char **line)
{
    *line += strspn(*line, " \t\r");
    char *word = *line;
    *line += strcspn(*line, " \t\r");
    if (**line)
        *(*line)++ = '\0';
    return *word ? word : NULL;
}

static alexnet_status split(table *t)
{
    int64_t lines = 1;
    for (const char *c = t->text; *c; c++)
        lines += *c == '\n';
    t->rows = an_calloc((size_t)lines, sizeof *t->rows);
    if (!t->rows)
        return AN_FAIL_MEMORY((size_t)lines * sizeof *t->rows, "a list of labels");
    for (char *line = t->text, *end; line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        t->rows[t->count][0] = next_word(&line);
        t->rows[t->count][1] = next_word(&line);
        t->count += t->rows[t->count][0] != NULL;
    }
    return ALEXNET_OK;
}

/* Read a file, if it is beside the archive or in the development kit unpacked there. */
static alexnet_status read_table(table *out, const char *archive, const char *name)
{
    const size_t stem = strlen(name) > 4 ? strlen(name) - 4 : 0;
    const bool matlab = strcmp(name + stem, ".mat") == 0;
    static const char *const folders[] = {"", "ILSVRC2012_devkit_t12/data/", "data/"};
    const int above = (int)an_path_folder(archive);
    size_t length;
    *out = (table){0};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *path = an_format("%.*s%s%s", above, archive, folders[i], name);
        if (!path)
            return AN_FAIL_MEMORY(strlen(archive), "a path");
        if (!an_is_file(path)) {
            an_free(path);
            continue;
        }
        out->path = path;
        unsigned char *bytes;
        AN_CHECK(an_file_read(path, TEXT_MAX, &bytes, &length));
        if (matlab) {
            const alexnet_status rc = an_meta_mat_parse(&out->text, bytes, length, path);
            an_free(bytes);
            return rc == ALEXNET_OK ? split(out) : rc;
        }
        out->text = (char *)bytes;
        AN_CHECK(an_refuse_encoded(bytes, length, path));
        if (strlen(out->text) != length)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not text", path);
        return split(out);
    }
    return ALEXNET_OK;
}

/* ---- Labels ---- */

typedef struct named {
    const char *name;
    an_tar_picture *picture;
} named;

typedef struct labelling {
    an_tar_index *index;
    const char *archive;
    named *sorted; /* by name */
    an_interned labels;
} labelling;

static alexnet_status set_label(labelling *l, an_tar_picture *picture, const char *text,
                                const table *from)
{
    int64_t label;
    const char *fault = an_text_fault(text);
    if (fault)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: the label of %s %s", from->path,
                       l->index->names + picture->name, fault);
    AN_CHECK(an_interned_add(&l->labels, text, &label));
    picture->label = (int32_t)label;
    return ALEXNET_OK;
}

static alexnet_status check_count(const labelling *l, const table *t)
{
    if (t->count == l->index->count)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has the labels of %lld pictures, but %s holds %lld",
                   t->path, (long long)t->count, l->archive, (long long)l->index->count);
}

static alexnet_status use_identifiers(labelling *l, const table *t)
{
    AN_CHECK(check_count(l, t));
    for (int64_t i = 0; i < t->count; i++)
        AN_CHECK(set_label(l, l->sorted[i].picture, t->rows[i][0], t));
    return ALEXNET_OK;
}

/* Sort the identifiers by their numbers, which must be 1, 2, 3 and so on. */
static alexnet_status sort_identifiers(const char **out, const table *order)
{
    for (int64_t i = 0; i < order->count; i++) {
        int64_t number = i + 1;
        const char *second = order->rows[i][1];
        const bool given = second && an_text_to_int(second, &number);
        if (number < 1 || number > order->count || out[number - 1])
            return AN_FAIL(ALEXNET_ERROR_FORMAT,
                           "%s: the number of %s is %s%lld; each of 1 to %lld is expected once",
                           order->path, order->rows[i][0], given ? "" : "by its line ",
                           (long long)number, (long long)order->count);
        out[number - 1] = order->rows[i][0];
    }
    return ALEXNET_OK;
}

static alexnet_status use_numbers(labelling *l, const table *t, const table *order)
{
    AN_CHECK(check_count(l, t));
    const char **identifiers = an_calloc((size_t)order->count + 1, sizeof *identifiers);
    if (!identifiers)
        return AN_FAIL_MEMORY((size_t)order->count * sizeof *identifiers, "classes");
    alexnet_status rc;
    AN_TRY(sort_identifiers(identifiers, order));
    for (int64_t i = 0; i < t->count; i++) {
        int64_t number;
        if (!an_text_to_int(t->rows[i][0], &number) || number < 1 || number > order->count)
            AN_TRY(AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: \"%s\" is not the number of a class in %s",
                           t->path, t->rows[i][0], order->path));
        AN_TRY(set_label(l, l->sorted[i].picture, identifiers[number - 1], t));
    }
cleanup:
    an_free(identifiers);
    return rc;
}

static alexnet_status use_ground_truth(labelling *l, const table *t)
{
    static const char *const lists[] = {"ILSVRC2012_synsets.txt", "map_clsloc.txt", "meta.mat"};
    table order = {0};
    alexnet_status rc = ALEXNET_OK;
    for (size_t i = 0; i < sizeof lists / sizeof *lists && !order.text; i++) {
        table_free(&order);
        AN_TRY(read_table(&order, l->archive, lists[i]));
    }
    if (order.text)
        rc = use_numbers(l, t, &order);
    else
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT,
                     "%s numbers the classes as the development kit does, but the kit's list of "
                     "them, meta.mat, is missing (docs/data.md)",
                     t->path);
cleanup:
    table_free(&order);
    return rc;
}

/* ---- Lists of names and labels ---- */

/* Map each name to its row. */
static alexnet_status list_names(an_interned *names, const table *t)
{
    for (int64_t i = 0; i < t->count; i++) {
        int64_t row;
        const char *name = an_path_last(t->rows[i][0]);
        if (!t->rows[i][1])
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %s has no label after it", t->path, name);
        AN_CHECK(an_interned_add(names, name, &row));
        if (row != i)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has %s twice", t->path, name);
    }
    return ALEXNET_OK;
}

/* Copy the identifier in line `number`, from 0, of ImageNet's classes; false: there is none. */
static bool builtin_identifier(char identifier[16], int64_t number)
{
    const char *line = an_builtin_get(an_builtin_classes, 0)->text;
    for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (*line != '#' && number-- == 0) {
            snprintf(identifier, 16, "%.*s", (int)strcspn(line, " \t\n"), line);
            return true;
        }
    return false;
}

static alexnet_status use_list(labelling *l, const table *t)
{
    an_interned names = {0};
    alexnet_status rc;
    AN_TRY(list_names(&names, t));
    for (int64_t i = 0; i < l->index->count; i++) {
        const char *name = l->index->names + l->sorted[i].picture->name;
        const int64_t row = an_interned_find(&names, name);
        int64_t number;
        if (row < 0)
            AN_TRY(AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has no label for %s", t->path, name));
        const char *label = t->rows[row][1];
        char identifier[16];
        if (strncmp(name, "ILSVRC2012_val_", 15) == 0 && an_text_to_int(label, &number) &&
            builtin_identifier(identifier, number))
            label = identifier;
        AN_TRY(set_label(l, l->sorted[i].picture, label, t));
    }
cleanup:
    an_interned_free(&names);
    return rc;
}

/* ---- The files ---- */

static int compare_pictures(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const uint64_t at_x = x->picture->offset, at_y = y->picture->offset;
    const int order = strcmp(x->name, y->name);
    return order ? order : at_x < at_y ? -1 : at_x > at_y;
}

static alexnet_status sort_pictures(labelling *l, alexnet_ctx *ctx)
{
    const size_t count = (size_t)l->index->count;
    an_work work = {.ctx = ctx};
    l->sorted = an_calloc(count + 1, sizeof *l->sorted);
    if (!l->sorted)
        return AN_FAIL_MEMORY(count * sizeof *l->sorted, "a list of pictures");
    for (size_t i = 0; i < count; i++) {
        an_tar_picture *picture = &l->index->pictures[i];
        l->sorted[i] = (named){l->index->names + picture->name, picture};
    }
    return an_sort(l->sorted, count, sizeof *l->sorted, compare_pictures, &work);
}

static alexnet_status label_by(labelling *l, alexnet_ctx *ctx, bool *done)
{
    static const struct {
        const char *name;
        alexnet_status (*use)(labelling *l, const table *t);
    } files[] = {{"imagenet_2012_validation_synset_labels.txt", use_identifiers},
                 {"ILSVRC2012_validation_ground_truth.txt", use_ground_truth},
                 {"val.txt", use_list}};
    for (size_t i = 0; i < sizeof files / sizeof *files && !*done; i++) {
        table t;
        alexnet_status rc = read_table(&t, l->archive, files[i].name);
        if (rc == ALEXNET_OK && t.text) {
            *done = true;
            rc = files[i].use(l, &t);
        }
        if (rc == ALEXNET_OK && *done)
            an_log(ctx, ALEXNET_LOG_INFO, "labels of %s: %s", l->archive, t.path);
        table_free(&t);
        AN_CHECK(rc);
    }
    return ALEXNET_OK;
}

alexnet_status an_imagenet_label(an_tar_set *set, alexnet_ctx *ctx)
{
    an_tar_index *index = &set->indexes[0];
    const bool flat = set->count == 1 && index->labels.count == 0 && index->folders.count == 1 &&
                      index->folders.at[0][0] == '\0';
    labelling l = {.index = index, .archive = set->paths.at[0]};
    bool done = false;
    alexnet_status rc = ALEXNET_OK;
    if (!flat)
        return ALEXNET_OK;
    AN_TRY(sort_pictures(&l, ctx));
    AN_TRY(label_by(&l, ctx, &done));
    index->labels = l.labels.list;
    l.labels.list = (an_strings){0};
cleanup:
    an_interned_free(&l.labels);
    an_free(l.sorted);
    return rc;
}
