/* The searches of `alexnet similar`. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csv.h"
#include "json.h"
#include "library_text.h"
#include "pictures.h"
#include "progress.h"
#include "similar.h"
#include "terminal.h"

/* ---- The index ------------------------------------------------------------------------------- */

int similar_open_features(similar_search *s, alexnet_model *model)
{
    alexnet_features_options settings = ALEXNET_FEATURES_OPTIONS_INIT;
    settings.layers = &s->options->layer;
    settings.count = 1;
    settings.batch = (int)s->options->batch;
    settings.views = s->options->views ? 10 : 1;
    settings.pool = (alexnet_pooling)s->options->pool;
    return cli_code(alexnet_features_new(&s->features, model, &settings));
}

static void say_where(const similar_options *options)
{
    if (!options->index)
        progress_say("the index is kept beside the folder unless --index FOLDER names a place");
}

/* If the folder of pictures can be read, what the system refused is the index. */
static int open_failed(const similar_options *options, alexnet_status status)
{
    if (status != ALEXNET_ERROR_IO || access(options->in, R_OK | X_OK) != 0)
        return cli_input_code(status);
    const int code = cli_code(status);
    say_where(options);
    return code;
}

int similar_refresh(similar_search *s)
{
    int64_t done;
    bool more = true;
    alexnet_status status =
        alexnet_index_open(&s->index, s->features, s->options->in, s->options->index);
    if (status)
        return open_failed(s->options, status);
    const int64_t missing = alexnet_index_missing(s->index, &done);
    const double began = progress_clock();
    while (more && !status) {
        status = alexnet_index_step(s->index, &more);
        alexnet_index_missing(s->index, &done);
        if (missing)
            progress_pictures("computed", done, missing, began);
    }
    progress_clear();
    if (!status)
        return CLI_DONE;
    const int code = cli_code(status);
    const bool unwritten = alexnet_index_flush(s->index) != ALEXNET_OK;
    if (unwritten && status != ALEXNET_ERROR_IO) /* that was reported already */
        cli_code(ALEXNET_ERROR_IO);
    if (unwritten)
        say_where(s->options);
    return code;
}

/* ---- Queries --------------------------------------------------------------------------------- */

/* Whether two names are of one picture. Those in archives, which have no file, are compared as
 * names. */
static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Keep what was found for a query, without the query itself. @return how many */
static int keep(const similar_search *s, const char *query, alexnet_neighbour *found, int count)
{
    int kept = 0;
    for (int i = 0; i < count && kept < s->options->top; i++)
        if (found[i].row >= 0 && found[i].distance <= s->options->within &&
            !is_same_file(query, alexnet_index_path(s->index, found[i].row)))
            found[kept++] = found[i];
    return kept;
}

static void print_json_error(const char *query, const char *error)
{
    json_t *document = json_object();
    json_object_set_new(document, "file", json_text(query));
    json_object_set_new(document, "error", json_text(error));
    json_print(document);
}

static void print_json_result(const similar_search *s, const char *query,
                              const alexnet_neighbour *found, int count)
{
    json_t *document = json_object(), *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:o, s:o}", "file",
                                              json_text(alexnet_index_path(s->index, found[i].row)),
                                              "distance", json_number(found[i].distance)));
    json_object_set_new(document, "file", json_text(query));
    json_object_set_new(document, "neighbours", list);
    json_print(document);
}

static void print_csv(const char *first, const char *second, double distance)
{
    csv_text(stdout, first);
    putchar(',');
    csv_text(stdout, second);
    printf(",%.9g\n", distance);
}

static void report(const similar_search *s, const char *query, alexnet_neighbour *found, int count)
{
    count = keep(s, query, found, count);
    if (s->json) {
        print_json_result(s, query, found, count);
    } else if (s->options->csv) {
        for (int i = 0; i < count; i++)
            print_csv(query, alexnet_index_path(s->index, found[i].row), found[i].distance);
    } else {
        terminal_line(stdout, "%s", query);
        for (int i = 0; i < count; i++)
            terminal_line(stdout, "  %10.4f  %s", found[i].distance,
                          alexnet_index_path(s->index, found[i].row));
    }
    similar_page_row_begin(&s->sheet);
    similar_page_picture(&s->sheet, query, -1);
    for (int i = 0; i < count; i++)
        similar_page_picture(&s->sheet, alexnet_index_path(s->index, found[i].row),
                             found[i].distance);
    similar_page_row_end(&s->sheet);
}

/* Queries that are searched for together: the rows of the index are read once for all of them. */
enum { GROUP = 64 };

typedef struct group {
    char *path[GROUP];
    float *values; /* [GROUP][length] */
    alexnet_neighbour *found;
    int count;
} group;

static alexnet_status search_group(similar_search *s, group *g)
{
    /* one more than asked for, because one may be the query itself */
    const int top = (int)s->options->top + 1;
    const alexnet_metric metric =
        s->options->metric ? ALEXNET_METRIC_COSINE : ALEXNET_METRIC_EUCLIDEAN;
    alexnet_status status = ALEXNET_OK;
    if (g->count)
        status = alexnet_index_nearest(s->index, g->values, g->count, metric, top, g->found);
    for (int i = 0; i < g->count; i++) {
        if (!status)
            report(s, g->path[i], g->found + (size_t)i * (size_t)top, top);
        free(g->path[i]);
    }
    g->count = 0;
    return status;
}

/* Results are printed in the order of the queries, so a bad query ends a group. */
static alexnet_status take_query(similar_search *s, group *g, const alexnet_feature_result *result)
{
    const size_t length = (size_t)alexnet_features_length(s->features);
    if (result->status) {
        alexnet_status status = search_group(s, g);
        cli_error(0, "%s", library_text(result->error));
        if (s->json)
            print_json_error(result->path, library_text(result->error));
        s->bad++;
        return status;
    }
    memcpy(g->values + (size_t)g->count * length, result->values, length * sizeof *g->values);
    g->path[g->count++] = cli_copy(result->path);
    return g->count == GROUP ? search_group(s, g) : ALEXNET_OK;
}

int similar_find(similar_search *s, const alexnet_dataset *queries)
{
    group g = {.count = 0};
    alexnet_feature_stream *stream;
    alexnet_feature_result result;
    bool more = true;
    const size_t length = (size_t)alexnet_features_length(s->features);
    const int64_t count = alexnet_dataset_count(queries);
    alexnet_status status = alexnet_feature_stream_new(&stream, s->features, queries);
    if (status)
        return cli_code(status);
    if (s->options->csv)
        puts("file,neighbour,distance");
    g.values = cli_alloc(GROUP * length * sizeof *g.values);
    g.found = cli_alloc(GROUP * ((size_t)s->options->top + 1) * sizeof *g.found);
    while (!status && !ferror(stdout)) {
        status = alexnet_feature_stream_next(stream, &result, &more);
        if (status || !more)
            break;
        status = take_query(s, &g, &result);
    }
    if (!status)
        status = search_group(s, &g);
    while (g.count > 0)
        free(g.path[--g.count]);
    alexnet_feature_stream_free(stream);
    free(g.values);
    free(g.found);
    return status ? cli_code(status) : pictures_count_bad(s->bad, count);
}

/* ---- Pairs ----------------------------------------------------------------------------------- */

static void report_pair(const similar_search *s, const alexnet_pair *pair)
{
    const char *a = alexnet_index_path(s->index, pair->first);
    const char *b = alexnet_index_path(s->index, pair->second);
    if (s->json)
        json_print(json_pack("{s:o, s:o, s:o}", "first", json_text(a), "second", json_text(b),
                             "distance", json_number(pair->distance)));
    else if (s->options->csv)
        print_csv(a, b, pair->distance);
    else
        terminal_line(stdout, "%10.4f  %s  %s", pair->distance, a, b);
    similar_page_row_begin(&s->sheet);
    similar_page_picture(&s->sheet, a, -1);
    similar_page_picture(&s->sheet, b, pair->distance);
    similar_page_row_end(&s->sheet);
}

int similar_find_pairs(similar_search *s)
{
    alexnet_pairs *pairs;
    alexnet_pair pair;
    double fraction = 0;
    bool more = true;
    alexnet_status status = alexnet_pairs_new(
        &pairs, s->index, s->options->metric ? ALEXNET_METRIC_COSINE : ALEXNET_METRIC_EUCLIDEAN,
        s->options->limit, s->options->within);
    if (status)
        return cli_code(status);
    while (more && !status) {
        status = alexnet_pairs_step(pairs, &fraction, &more);
        progress_show(fraction, "compared %.0f%% of all pairs", 100 * fraction);
    }
    progress_clear();
    if (!status && s->options->csv)
        puts("first,second,distance");
    for (int64_t i = 0; !status && alexnet_pairs_get(pairs, i, &pair) && !ferror(stdout); i++)
        report_pair(s, &pair);
    alexnet_pairs_free(pairs);
    return cli_code(status);
}
