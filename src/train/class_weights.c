#include "train/class_weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/lines.h"
#include "base/status.h"
#include "base/text.h"
#include "data/source/names.h"

enum { FILE_MAX = 64 << 20 };

bool an_class_weight_is_good(double weight)
{
    const double least = (double)AN_CLASS_WEIGHT_MIN, most = (double)AN_CLASS_WEIGHT_MAX;
    return weight == 0 || (weight >= least && weight <= most);
}

/* A class, found by its identifier. */
typedef struct known_class {
    const char *id;
    int index;
    int line; /* that names it; 0: none so far */
} known_class;

typedef struct reading {
    const char *path;
    known_class *classes; /* sorted by identifier */
    int count, named;
    float *weights; /* by index */
} reading;

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const known_class *)a)->id, ((const known_class *)b)->id);
}

static const char *id_at(void *user, int i)
{
    return ((const reading *)user)->classes[i].id;
}

static known_class *class_of(const reading *r, const char *name)
{
    return bsearch(&(known_class){.id = name}, r->classes, (size_t)r->count, sizeof *r->classes,
                   compare_ids);
}

/* Suggest the nearest class, or else list the first ones. */
static alexnet_status fail_unknown(reading *r, const char *name, int number)
{
    enum { SHOWN = 5 };
    char list[SHOWN * 48] = "";
    const char *near = an_text_nearest(name, r->count, id_at, r);
    if (near)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s:%d: the data has no class \"%.80s\"; did you mean \"%s\"?", r->path,
                       number, name, near);
    for (int i = 0; i < r->count && i < SHOWN; i++)
        an_text_add(list, sizeof list, "%s\"%.40s\"", i ? ", " : "", r->classes[i].id);
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s:%d: the data has no class \"%.80s\"; its %d classes are %s%s", r->path,
                   number, name, r->count, list, r->count > SHOWN ? ", ..." : "");
}

/* The class that a line names, which must be the first to do so. */
static alexnet_status find_class(reading *r, known_class **out, const char *name, int number)
{
    const char *fault = an_text_fault(name);
    if (fault)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: the name of the class %s", r->path, number,
                       fault);
    *out = class_of(r, name);
    if (!*out)
        return fail_unknown(r, name, number);
    if ((*out)->line)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s:%d: the class \"%.80s\" has a weight already, in line %d", r->path,
                       number, name, (*out)->line);
    (*out)->line = number;
    return ALEXNET_OK;
}

/* The blank before the last field of a line; NULL: the line is one field. */
static char *last_blank(char *line)
{
    char *space = strrchr(line, ' '), *tab = strrchr(line, '\t');
    return !space || (tab && tab > space) ? tab : space;
}

/* Cut the last field and the blanks before it from a line. @return the field; NULL, and the line
 * unchanged, if it has only one field */
static const char *cut_field(char *line)
{
    char *blank = last_blank(line);
    if (!blank)
        return NULL;
    const char *field = blank + 1;
    while (blank > line && strchr(" \t", blank[-1]))
        blank--;
    *blank = '\0';
    return field;
}

static bool parse_weight(const char *field, double *weight)
{
    return an_text_to_double(field, weight) && an_class_weight_is_good(*weight);
}

/* A comment must not be the weight of a class whose name begins with #. */
static alexnet_status check_comment(const reading *r, const char *name, const char *field,
                                    int number)
{
    double weight;
    if (!field || !parse_weight(field, &weight) || !class_of(r, name))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s:%d: a line that begins with # is a comment, so the class \"%.80s\" "
                   "gets no weight here; rename the class, or change the comment",
                   r->path, number, name);
}

static alexnet_status take_line(void *user, char *line, int number)
{
    reading *r = user;
    known_class *found;
    double weight;
    line += strspn(line, " \t");
    const char *field = cut_field(line);
    if (*line == '#')
        return check_comment(r, line, field, number);
    if (!field)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s:%d: \"%.80s\" is not the name of a class, a space or tab, and a weight",
                       r->path, number, line);
    if (!parse_weight(field, &weight))
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s:%d: the weight of \"%.80s\" is \"%.40s\"; expected 0 or a number from "
                       "%g to %g",
                       r->path, number, line, field, (double)AN_CLASS_WEIGHT_MIN,
                       (double)AN_CLASS_WEIGHT_MAX);
    AN_CHECK(find_class(r, &found, line, number));
    r->weights[found->index] = (float)weight;
    r->named++;
    return ALEXNET_OK;
}

/* At first no class is named, and each has the weight 1. */
static alexnet_status begin(reading *r, const an_classes *classes)
{
    r->count = classes->count;
    r->classes = an_calloc((size_t)r->count, sizeof *r->classes);
    if (!r->classes)
        return AN_FAIL_MEMORY((size_t)r->count * sizeof *r->classes, "the weights of classes");
    for (int i = 0; i < r->count; i++) {
        r->classes[i] = (known_class){.id = classes->ids[i], .index = i};
        r->weights[i] = 1;
    }
    qsort(r->classes, (size_t)r->count, sizeof *r->classes, compare_ids);
    return ALEXNET_OK;
}

static alexnet_status check(const reading *r)
{
    bool any = false;
    for (int i = 0; i < r->count; i++)
        any |= r->weights[i] > 0;
    if (r->named == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s has no weights: expected lines with the name of a class and its weight",
                       r->path);
    if (!any)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s gives every class the weight 0: no picture would count", r->path);
    return ALEXNET_OK;
}

alexnet_status an_class_weights_read(float *weights, const an_classes *classes, const char *path,
                                     int *named)
{
    unsigned char *text = NULL;
    size_t length;
    alexnet_status rc;
    reading r = {.path = path, .weights = weights};
    AN_TRY(an_file_read(path, FILE_MAX, &text, &length));
    AN_TRY(begin(&r, classes));
    AN_TRY(an_lines_each((char *)text, length, path, take_line, &r));
    AN_TRY(check(&r));
    *named = r.named;
cleanup:
    an_free(r.classes);
    an_free(text);
    return rc;
}
