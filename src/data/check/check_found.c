#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "base/status.h"
#include "data/check/check.h"

const an_check_part *an_check_part_of(const alexnet_check *check, uint32_t picture, int64_t *sample)
{
    const int64_t first = check->parts[0].data->count;
    *sample = picture < first ? picture : picture - first;
    return &check->parts[picture < first ? 0 : 1];
}

const an_sample *an_check_sample(const alexnet_check *check, uint32_t picture)
{
    int64_t sample;
    const an_check_part *part = an_check_part_of(check, picture, &sample);
    return &part->data->samples[sample];
}

int an_check_class(const alexnet_check *check, uint32_t picture)
{
    int64_t sample;
    const an_check_part *part = an_check_part_of(check, picture, &sample);
    const int label = part->data->samples[sample].label;
    return label < 0 ? -1 : part->classes[label];
}

static alexnet_status number_text(alexnet_check *check, int64_t *number, const char *text)
{
    *number = -1;
    return text ? an_interned_add(&check->texts, text, number) : ALEXNET_OK;
}

alexnet_status an_check_add(alexnet_check *check, an_found found, const char *path,
                            const char *detail)
{
    an_found *grown = an_grow(check->found, check->found_count, sizeof *grown);
    if (!grown)
        return AN_FAIL_MEMORY(2 * (size_t)check->found_count * sizeof *grown, "findings");
    check->found = grown;
    AN_CHECK(number_text(check, &found.path, path));
    AN_CHECK(number_text(check, &found.detail, detail));
    check->found[check->found_count++] = found;
    return ALEXNET_OK;
}

/* By problem; then by groups of pictures that are alike, the most harmful first; then in the order
 * of pictures, parts and classes. */
static int compare(const void *a, const void *b)
{
    const an_found *x = a, *y = b;
    if (x->problem != y->problem)
        return x->problem < y->problem ? -1 : 1;
    if (x->group_rank != y->group_rank)
        return x->group_rank < y->group_rank ? -1 : 1;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    if (x->picture != y->picture)
        return x->picture < y->picture ? -1 : 1;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    if (x->path != y->path)
        return x->path < y->path ? -1 : 1;
    return x->detail < y->detail ? -1 : x->detail > y->detail;
}

alexnet_status an_check_sort(alexnet_check *check)
{
    an_work work = {.ctx = check->ctx};
    return an_sort(check->found, (size_t)check->found_count, sizeof *check->found, compare, &work);
}

/* A picture's name relative to the root of its data set, if it is below it. */
static const char *below(const alexnet_dataset *data, const char *name)
{
    const size_t length = strlen(data->root);
    const bool is_below = length > 0 && strncmp(name, data->root, length) == 0;
    return is_below && name[length] == '/' ? name + length + 1 : name;
}

/* "the same as PATH (train, class dog)" */
static char *likeness(const alexnet_check *check, const an_found *found)
{
    int64_t sample;
    const an_check_part *part = an_check_part_of(check, found->other, &sample);
    const an_sample *other = &part->data->samples[sample];
    const char *name = below(part->data, other->name);
    const char *class = other->label < 0 ? "none" : part->data->class_names[other->label];
    const char *where = part->name ? part->name : "", *comma = part->name ? ", " : "";
    if (found->problem == ALEXNET_PROBLEM_NEAR)
        return an_format("%d of 64 bits from %s%s (%s%sclass %s)", found->bits,
                         found->mirrored ? "the mirror image of " : "", name, where, comma, class);
    return an_format("%s %s (%s%sclass %s)",
                     found->problem == ALEXNET_PROBLEM_CASE ? "beside" : "the same as", name, where,
                     comma, class);
}

static const char *text_at(const alexnet_check *check, int64_t number)
{
    return number < 0 ? NULL : check->texts.list.at[number];
}

static void tell_picture(const alexnet_check *check, uint32_t picture, alexnet_finding *out)
{
    const an_check_part *part = an_check_part_of(check, picture, &out->picture);
    const an_sample *sample = &part->data->samples[out->picture];
    out->path = sample->name;
    out->part = part->name;
    out->class_name = sample->label < 0 ? NULL : part->data->class_names[sample->label];
}

static void tell_class(const alexnet_check *check, const an_found *found, alexnet_finding *out)
{
    const an_check_part *part = &check->parts[found->part < AN_CHECK_PARTS ? found->part : 0];
    out->picture = -1;
    out->path = text_at(check, found->path);
    out->part = found->part < AN_CHECK_PARTS ? part->name : NULL;
    out->class_name = found->class < 0 ? NULL : part->data->class_names[found->class];
}

bool an_check_get(alexnet_check *check, int64_t index, alexnet_finding *out)
{
    if (check->stage != AN_CHECK_DONE || index < 0 || index >= check->found_count)
        return false;
    const an_found *found = &check->found[index];
    *out = (alexnet_finding){.problem = found->problem, .count = found->count};
    out->group = found->group == AN_NO_PICTURE ? -1 : (int64_t)found->group;
    if (found->picture == AN_NO_PICTURE)
        tell_class(check, found, out);
    else
        tell_picture(check, found->picture, out);
    out->detail = text_at(check, found->detail);
    if (found->other != AN_NO_PICTURE) {
        an_free(check->detail);
        out->detail = check->detail = likeness(check, found);
    }
    if (!out->detail)
        out->detail = "";
    return true;
}
