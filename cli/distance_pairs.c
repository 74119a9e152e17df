/* The pairs of pictures that two files, two folders or one folder make. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "distance.h"
#include "paths.h"
#include "progress.h"

typedef struct folder {
    const char *name;
    alexnet_dataset *pictures;
    int64_t count;
    uint32_t *order; /* [count]: indices of the pictures to compare */
} folder;

static int open_folder(folder *f, alexnet_ctx *ctx, const char *name)
{
    *f = (folder){.name = name};
    alexnet_status status = alexnet_dataset_open_files(&f->pictures, ctx, &name, 1);
    if (status)
        return cli_input_code(status);
    f->count = alexnet_dataset_count(f->pictures);
    f->order = cli_alloc((size_t)f->count * sizeof *f->order);
    return CLI_DONE;
}

static void close_folder(folder *f)
{
    alexnet_dataset_free(f->pictures);
    free(f->order);
}

static const char *path_at(const folder *f, int64_t index)
{
    const char *path = "";
    alexnet_dataset_picture(f->pictures, index, &path, NULL);
    return path;
}

/* The path without the folder that it begins with. */
static const char *name_at(const folder *f, int64_t index)
{
    const char *path = path_at(f, index);
    const size_t length = strlen(f->name);
    if (strncmp(path, f->name, length) == 0)
        path += length;
    return path + strspn(path, "/");
}

/* Count a bad picture or pair, and continue: it does not stop the others. */
static int count_bad(distance_job *job, int code)
{
    if (code != CLI_BAD_INPUT)
        return code;
    job->bad++;
    return CLI_DONE;
}

static int open_stream(alexnet_distance_stream **stream, const distance_job *job, const folder *f,
                       int64_t count)
{
    return cli_code(
        alexnet_distance_stream_new(stream, job->distance, f->pictures, f->order, count));
}

/* ---- Ways to pair ---- */

static int compare_files(distance_job *job, const char *a, const char *b)
{
    alexnet_distance_picture *first = NULL, *second = NULL;
    int code = distance_look(&first, job, a);
    if (code == CLI_DONE)
        code = distance_look(&second, job, b);
    if (code == CLI_DONE)
        code = distance_compare(job, first, second, a, b);
    alexnet_distance_picture_free(first);
    alexnet_distance_picture_free(second);
    return code;
}

static void report_lonely(distance_job *job, const char *path, const folder *other)
{
    count_bad(job, cli_error(CLI_BAD_INPUT, "%s has no counterpart in %s", path, other->name));
}

/* Pair the pictures of equal names, and report the others. @return the number of pairs */
static int64_t find_pairs(distance_job *job, folder *a, folder *b)
{
    int64_t i = 0, j = 0, n = 0;
    while (i < a->count || j < b->count) {
        int order = i == a->count ? 1 : j == b->count ? -1 : strcmp(name_at(a, i), name_at(b, j));
        if (order < 0)
            report_lonely(job, path_at(a, i), b);
        else if (order > 0)
            report_lonely(job, path_at(b, j), a);
        else {
            a->order[n] = (uint32_t)i;
            b->order[n++] = (uint32_t)j;
        }
        i += order <= 0;
        j += order >= 0;
    }
    return n;
}

/* Compare the next pictures of both folders. If both are bad, only one is reported. */
static int compare_next(distance_job *job, alexnet_distance_stream *a, alexnet_distance_stream *b)
{
    alexnet_distance_result first = {0}, second = {0};
    int code = distance_next(a, &first);
    if (code == CLI_DONE)
        code = distance_next(b, &second);
    if (code == CLI_DONE && (first.status || second.status))
        code = distance_bad(first.status ? &first : &second);
    else if (code == CLI_DONE)
        code = distance_compare(job, first.picture, second.picture, first.path, second.path);
    alexnet_distance_picture_free(first.picture);
    alexnet_distance_picture_free(second.picture);
    return count_bad(job, code);
}

static int compare_folders(distance_job *job, const char *left, const char *right)
{
    folder a = {0}, b = {0};
    alexnet_distance_stream *first = NULL, *second = NULL;
    int64_t pairs = 0;
    int code = open_folder(&a, job->ctx, left);
    if (code == CLI_DONE)
        code = open_folder(&b, job->ctx, right);
    if (code == CLI_DONE) {
        pairs = find_pairs(job, &a, &b);
        code = open_stream(&first, job, &a, pairs);
    }
    if (code == CLI_DONE)
        code = open_stream(&second, job, &b, pairs);
    for (int64_t i = 0; i < pairs && code == CLI_DONE; i++) {
        code = compare_next(job, first, second);
        distance_show(job, (double)(i + 1), (double)pairs);
    }
    alexnet_distance_stream_free(first);
    alexnet_distance_stream_free(second);
    close_folder(&a);
    close_folder(&b);
    return code;
}

/* The memory for pictures that are held at once (1 GiB): the rows of a block of the matrix. */
static const size_t BLOCK_BYTES = (size_t)1 << 30;

typedef struct block {
    alexnet_distance_picture **pictures;
    int64_t *indices;
    int64_t first, next; /* the first picture of the block; the one after its last */
    size_t count, bytes;
    bool full;
} block;

static void empty_block(block *held)
{
    for (size_t i = 0; i < held->count; i++)
        alexnet_distance_picture_free(held->pictures[i]);
    held->first = held->next;
    held->count = held->bytes = 0;
    held->full = false;
}

/* Move a picture into the block, if there is room. */
static void hold(block *held, alexnet_distance_result *result)
{
    held->full |= held->bytes >= BLOCK_BYTES;
    if (held->full)
        return;
    held->pictures[held->count] = result->picture;
    held->indices[held->count++] = result->index;
    held->bytes += alexnet_distance_picture_memory(result->picture);
    held->next = result->index + 1;
    result->picture = NULL;
}

/* Compare a picture with all pictures of the block, which come before it in the folder. */
static int compare_with_block(distance_job *job, const block *held, const folder *f,
                              const alexnet_distance_result *result)
{
    int code = CLI_DONE;
    for (size_t i = 0; i < held->count && code == CLI_DONE; i++)
        code = count_bad(job, distance_compare(job, held->pictures[i], result->picture,
                                               path_at(f, held->indices[i]), result->path));
    return code;
}

/* Compare the pictures from the block's first one on with every picture of the block, which is
 * filled meanwhile. A bad picture is reported once and then left out. */
static int compare_block(distance_job *job, block *held, folder *f, bool *is_bad)
{
    const double before = (double)held->first, all = (double)f->count;
    alexnet_distance_stream *stream = NULL;
    int64_t count = 0;
    for (int64_t i = held->first; i < f->count; i++)
        if (!is_bad[i])
            f->order[count++] = (uint32_t)i;
    held->next = f->count; /* if none of them can be read */
    int code = open_stream(&stream, job, f, count);
    for (int64_t i = 0; i < count && code == CLI_DONE; i++) {
        alexnet_distance_result result;
        code = distance_next(stream, &result);
        if (code != CLI_DONE)
            break;
        is_bad[result.index] = result.status != ALEXNET_OK;
        if (result.status) {
            code = count_bad(job, distance_bad(&result));
        } else {
            code = compare_with_block(job, held, f, &result);
            hold(held, &result);
        }
        alexnet_distance_picture_free(result.picture);
        const double at = (double)result.index;
        distance_show(job, before * (2 * all - before) + at * at - before * before, all * all);
    }
    alexnet_distance_stream_free(stream);
    return code;
}

static int compare_all(distance_job *job, const char *name)
{
    folder f = {0};
    block held = {0};
    int code = open_folder(&f, job->ctx, name);
    const size_t room = (size_t)f.count + 1;
    bool *is_bad = cli_alloc(room * sizeof *is_bad);
    held.pictures = cli_alloc(room * sizeof(alexnet_distance_picture *));
    held.indices = cli_alloc(room * sizeof *held.indices);
    while (code == CLI_DONE && held.first < f.count) {
        code = compare_block(job, &held, &f, is_bad);
        empty_block(&held);
    }
    empty_block(&held);
    free(is_bad);
    free(held.pictures);
    free(held.indices);
    close_folder(&f);
    return code;
}

/* ---- What is asked for ---- */

int distance_compare_paths(distance_job *job, char **files, bool all_pairs)
{
    job->single = !all_pairs && !path_is_folder(files[1]);
    if (job->single)
        return compare_files(job, files[1], files[2]);
    int code = all_pairs ? compare_all(job, files[1]) : compare_folders(job, files[1], files[2]);
    progress_clear();
    if (code == CLI_DONE)
        distance_end(job);
    if (code == CLI_DONE && job->bad)
        code = cli_error(CLI_BAD_INPUT, "%" PRId64 " %s could not be compared", job->bad,
                         job->bad == 1 ? "picture" : "pictures");
    return code;
}
