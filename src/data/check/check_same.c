#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sort.h"
#include "base/status.h"
#include "data/check/check.h"

/* ---- The same ---- */

typedef struct ranked {
    an_hash128 content;
    uint32_t picture;
} ranked;

static int compare_contents(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    for (int i = 0; i < 2; i++)
        if (x->content.word[i] != y->content.word[i])
            return x->content.word[i] < y->content.word[i] ? -1 : 1;
    return x->picture < y->picture ? -1 : x->picture > y->picture;
}

/* Whether two pictures differ in what a problem is about: part, class, or merely number. */
static bool apart(const alexnet_check *check, alexnet_problem problem, uint32_t a, uint32_t b)
{
    int64_t sample;
    if (problem == ALEXNET_PROBLEM_SAME_IN_PARTS)
        return an_check_part_of(check, a, &sample) != an_check_part_of(check, b, &sample);
    if (problem == ALEXNET_PROBLEM_SAME_IN_CLASSES)
        return an_check_class(check, a) != an_check_class(check, b);
    return a != b;
}

/* The index in a group of the first picture apart from group[0]; `count`: none is. */
static int64_t first_apart(const alexnet_check *check, alexnet_problem problem, const ranked *group,
                           int64_t count)
{
    int64_t i = 1;
    while (i < count && !apart(check, problem, group[0].picture, group[i].picture))
        i++;
    return i;
}

/* Add the worst problem of a group of pictures with one content, in ascending order. */
static alexnet_status add_group(alexnet_check *check, const ranked *group, int64_t count)
{
    static const alexnet_problem problems[] = {
        ALEXNET_PROBLEM_SAME_IN_PARTS, ALEXNET_PROBLEM_SAME_IN_CLASSES, ALEXNET_PROBLEM_SAME};
    int64_t other = count;
    int p = 0;
    for (; p < 3 && other == count; p++)
        other = first_apart(check, problems[p], group, count);
    const alexnet_problem problem = problems[p - 1];
    const uint32_t first = group[0].picture, second = group[other].picture;
    for (int64_t i = 0; i < count; i++) {
        const uint32_t picture = group[i].picture;
        an_found found = {.problem = problem,
                          .picture = picture,
                          .other = apart(check, problem, picture, first) ? first : second,
                          .group = first,
                          .class = -1,
                          .count = 1};
        AN_CHECK(an_check_add(check, found, NULL, NULL));
        check->kept[picture].distinct &= i == 0; /* the others have the same hash */
    }
    return ALEXNET_OK;
}

alexnet_status an_check_same(alexnet_check *check)
{
    int64_t count = 0;
    alexnet_status rc = ALEXNET_OK;
    an_work work = {.ctx = check->ctx};
    ranked *list = an_calloc((size_t)check->total + 1, sizeof *list);
    if (!list)
        return AN_FAIL_MEMORY((size_t)check->total * sizeof *list, "comparing pictures");
    for (uint32_t i = 0; i < check->total; i++)
        if (check->kept[i].readable)
            list[count++] = (ranked){check->kept[i].content, i};
    AN_TRY(an_sort(list, (size_t)count, sizeof *list, compare_contents, &work));
    for (int64_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count; end++)
            if (memcmp(&list[end].content, &list[begin].content, sizeof list->content) != 0)
                break;
        if (end - begin > 1)
            AN_TRY(add_group(check, list + begin, end - begin));
    }
cleanup:
    an_free(list);
    return rc;
}

/* ---- Nearly the same ---- */

alexnet_status an_check_near_begin(alexnet_check *check)
{
    uint32_t count = 0;
    check->pictures = an_calloc((size_t)check->total + 1, sizeof *check->pictures);
    if (!check->pictures)
        return AN_FAIL_MEMORY((size_t)check->total * sizeof *check->pictures, "comparing pictures");
    for (uint32_t i = 0; i < check->total; i++)
        if (check->kept[i].distinct) {
            check->dhashes[count] = check->dhashes[i];
            check->pictures[count++] = i;
        }
    check->progress.total = count;
    return an_near_new(&check->near, check->ctx, check->dhashes, count, check->options.distance);
}

/* How harmful it is that two pictures are alike, 0 the most: one in training and one in validation,
 * in two classes, in one class. */
static uint8_t rank_of(const alexnet_check *check, uint32_t a, uint32_t b)
{
    return apart(check, ALEXNET_PROBLEM_SAME_IN_PARTS, a, b)     ? 0
           : apart(check, ALEXNET_PROBLEM_SAME_IN_CLASSES, a, b) ? 1
                                                                 : 2;
}

/* A group of pictures that are alike is as harmful as its worst finding. */
static alexnet_status rank_groups(alexnet_check *check, int64_t first)
{
    uint8_t *worst = an_malloc((size_t)check->total + 1);
    if (!worst)
        return AN_FAIL_MEMORY((size_t)check->total, "comparing pictures");
    memset(worst, UINT8_MAX, (size_t)check->total + 1);
    for (int64_t i = first; i < check->found_count; i++) {
        const an_found *f = &check->found[i];
        if (f->rank < worst[f->group])
            worst[f->group] = f->rank;
    }
    for (int64_t i = first; i < check->found_count; i++)
        check->found[i].group_rank = worst[check->found[i].group];
    an_free(worst);
    return ALEXNET_OK;
}

static alexnet_status add_near(alexnet_check *check, uint32_t picture, an_neighbour neighbour,
                               uint32_t group)
{
    an_found found = {.problem = ALEXNET_PROBLEM_NEAR,
                      .picture = picture,
                      .other = neighbour.index,
                      .group = group,
                      .class = -1,
                      .count = 1,
                      .bits = neighbour.bits,
                      .mirrored = neighbour.mirrored,
                      .rank = rank_of(check, picture, neighbour.index)};
    return an_check_add(check, found, NULL, NULL);
}

/* A neighbour comes before its picture, so following neighbours leads to the first picture of a
 * group. */
alexnet_status an_check_near_end(alexnet_check *check)
{
    const an_neighbour *result = an_near_result(check->near);
    const int64_t first = check->found_count;
    alexnet_status rc = ALEXNET_OK;
    uint32_t *group = an_calloc((size_t)check->total + 1, sizeof *group);
    bool *reported = an_calloc((size_t)check->total + 1, sizeof *reported);
    if (!group || !reported) {
        rc = AN_FAIL_MEMORY((size_t)check->total * sizeof *group, "comparing pictures");
        goto cleanup;
    }
    for (int64_t i = 0; i < check->progress.total; i++) {
        const uint32_t picture = check->pictures[i];
        an_neighbour alike = result[i];
        group[picture] = picture;
        if (alike.index == AN_NEAR_NONE)
            continue;
        alike.index = check->pictures[alike.index];
        group[picture] = group[alike.index];
        AN_TRY(add_near(check, picture, alike, group[picture]));
        if (!reported[group[picture]]) { /* the second of a group: the first is like it */
            reported[group[picture]] = true;
            alike.index = picture;
            AN_TRY(add_near(check, group[picture], alike, group[picture]));
        }
    }
    rc = rank_groups(check, first);
cleanup:
    an_free(group);
    an_free(reported);
    return rc;
}
