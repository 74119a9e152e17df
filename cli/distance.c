#include "distance.h"

#include <inttypes.h>
#include <unistd.h>

#include "csv.h"
#include "json.h"
#include "library_text.h"
#include "progress.h"
#include "terminal.h"
#include "text.h"

void distance_begin(distance_job *job)
{
    const int parts = alexnet_distance_part_count(job->distance);
    job->parts = cli_alloc((size_t)parts * sizeof *job->parts);
    if (!job->csv)
        return;
    fputs("a,b,distance", job->to);
    for (int i = 0; i < parts; i++) {
        fprintf(job->to, ",%s", alexnet_distance_part_name(job->distance, i));
    }
    fputc('\n', job->to);
}

/* Report the latest error of the library. */
static int fail(alexnet_status status)
{
    progress_clear();
    /* the picture is too small */
    if (status == ALEXNET_ERROR_INVALID_ARGUMENT)
        return cli_error(CLI_BAD_INPUT, "%s", library_error());
    return cli_input_code(status);
}

int distance_look(alexnet_distance_picture **out, distance_job *job, const char *path)
{
    alexnet_status status = alexnet_distance_picture_file(out, job->distance, path);
    return status ? fail(status) : CLI_DONE;
}

int distance_next(alexnet_distance_stream *stream, alexnet_distance_result *result)
{
    bool more;
    *result = (alexnet_distance_result){0};
    alexnet_status status = alexnet_distance_stream_next(stream, result, &more);
    return status ? fail(status) : CLI_DONE;
}

int distance_bad(const alexnet_distance_result *result)
{
    progress_clear();
    return cli_error(CLI_BAD_INPUT, "%s", library_text(result->error));
}

static void print_csv(const distance_job *job, const char *a, const char *b, double value)
{
    csv_text(job->to, a);
    fputc(',', job->to);
    csv_text(job->to, b);
    fprintf(job->to, ",%.9g", value);
    for (int i = 0; i < alexnet_distance_part_count(job->distance); i++)
        fprintf(job->to, ",%.9g", job->parts[i]);
    fputc('\n', job->to);
}

static void print_json(const distance_job *job, const char *a, const char *b, double value)
{
    json_t *parts = json_object();
    for (int i = 0; i < alexnet_distance_part_count(job->distance); i++)
        json_object_set_new(parts, alexnet_distance_part_name(job->distance, i),
                            json_number(job->parts[i]));
    json_print_to(job->to, json_pack("{s:o, s:o, s:o, s:o}", "a", json_text(a), "b", json_text(b),
                                     "distance", json_number(value), "parts", parts));
}

int distance_compare(distance_job *job, const alexnet_distance_picture *a,
                     const alexnet_distance_picture *b, const char *name_a, const char *name_b)
{
    double value;
    if (alexnet_distance_picture_width(a) != alexnet_distance_picture_width(b) ||
        alexnet_distance_picture_height(a) != alexnet_distance_picture_height(b)) {
        progress_clear();
        return cli_error(CLI_BAD_INPUT,
                         "%s has %d x %d pixels, and %s %d x %d; --resize SIDE brings both to one "
                         "size",
                         name_a, alexnet_distance_picture_width(a),
                         alexnet_distance_picture_height(a), name_b,
                         alexnet_distance_picture_width(b), alexnet_distance_picture_height(b));
    }
    alexnet_status status = alexnet_distance_between(job->distance, a, b, &value, job->parts, NULL);
    if (status)
        return fail(status);
    job->pairs++;
    job->sum += value;
    if (job->to == stdout && isatty(STDOUT_FILENO))
        progress_clear();
    if (job->json)
        print_json(job, name_a, name_b, value);
    else if (job->csv)
        print_csv(job, name_a, name_b, value);
    else if (job->single)
        terminal_line(job->to, "%.6f", value);
    else
        terminal_line(job->to, "%.6f  %s  %s", value, name_a, name_b);
    return CLI_DONE;
}

void distance_show(const distance_job *job, double done, double all)
{
    if (job->to != stdout || !isatty(STDOUT_FILENO))
        progress_show(done / all, "compared %" PRId64 " pairs", job->pairs);
}

void distance_end(const distance_job *job)
{
    if (job->pairs == 0)
        return;
    double mean = job->sum / (double)job->pairs;
    if (job->json)
        json_print_to(job->to, json_pack("{s:I, s:o}", "pairs", (json_int_t)job->pairs, "mean",
                                         json_number(mean)));
    if (!job->json && (!job->csv || job->to != stdout))
        terminal_line(stdout, "%.6f  mean of %" PRId64 " %s", mean, job->pairs,
                      text_plural(job->pairs, "pair", "pairs"));
}
