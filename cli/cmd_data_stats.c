/* Statistics of the pictures of a data set. */
#include <inttypes.h>
#include <stdlib.h>

#include "draw.h"
#include "json.h"
#include "machine.h"
#include "outputs.h"
#include "progress.h"
#include "terminal.h"
#include "text.h"
#include "train_data.h"

typedef struct stats_options {
    const char *net, *out, *plot;
} stats_options;

static const opt rows[] = {
    {.name = "net",
     .type = OPT_TEXT,
     .also = {"network", "arch", "model"},
     .arg = "NET",
     .standard = "alexnet",
     .help = "bring pictures to the size that this network takes: a built-in one, or a file",
     .reads = true,
     .offset = offsetof(stats_options, net)},
    {.name = "out",
     .letter = 'o',
     .type = OPT_TEXT,
     .also = {"output", "save"},
     .arg = "FILE",
     .ends = ".safetensors",
     .help = "write the numbers to a .safetensors file: the mean image as input.mean, and others",
     .offset = offsetof(stats_options, out)},
    {.name = "plot",
     .type = OPT_TEXT,
     .also = {"png", "figure", "draw"},
     .arg = "FILE",
     .ends = ".png",
     .help = "draw the mean image, the colours' axes and the classes to a PNG file",
     .offset = offsetof(stats_options, plot)},
};

static const opt_page page = {
    .command = "data stats",
    .usage = {"data stats DATA [options]"},
    .about =
        "Count the pictures of each class and their sizes, and compute the mean image, the mean "
        "colour, and the covariance of colours with its eigenvectors, of pictures as a network "
        "takes them, in grey levels from 0 to 255. If DATA has 'train' and 'val', 'train' is used.",
    .examples = {{"data stats photos",
                  "the number of pictures of each class, and their sizes and colours"},
                 {"data stats photos -o photos.safetensors --plot photos.png",
                  "the numbers for other programs, and a picture of them"}},
};

static json_t *json_vector(const double v[3])
{
    json_t *out = json_array();
    for (int i = 0; i < 3; i++)
        json_array_append_new(out, json_number(v[i]));
    return out;
}

static json_t *json_matrix(const double (*m)[3])
{
    json_t *out = json_array();
    for (int i = 0; i < 3; i++)
        json_array_append_new(out, json_vector(m[i]));
    return out;
}

static json_t *json_range(alexnet_size_range r)
{
    return json_pack("{s:i, s:i, s:i}", "min", (int)r.min, "median", (int)r.median, "max",
                     (int)r.max);
}

static void report_json(const alexnet_data_stats_result *r, const alexnet_dataset *data)
{
    json_t *classes = json_array();
    for (int c = 0; c < r->classes; c++)
        json_array_append_new(classes, json_pack("{s:o, s:I}", "class",
                                                 json_text(alexnet_dataset_class_name(data, c)),
                                                 "pictures", (json_int_t)r->class_pictures[c]));
    json_print(json_pack("{s:I, s:I, s:o, s:o, s:o, s:i, s:I, s:o, s:o, s:o, s:o}", "pictures",
                         (json_int_t)r->pictures, "left_out", (json_int_t)r->left_out, "classes",
                         classes, "width", json_range(r->width), "height", json_range(r->height),
                         "side", r->side, "enlarged", (json_int_t)r->enlarged, "mean",
                         json_vector(r->mean), "covariance", json_matrix(r->covariance),
                         "eigenvalues", json_vector(r->eigenvalues), "eigenvectors",
                         json_matrix(r->eigenvectors)));
}

static void report_classes(const alexnet_data_stats_result *r, const alexnet_dataset *data)
{
    for (int c = 0; c < r->classes; c++)
        terminal_line(stdout, "%9" PRId64 "  %s", r->class_pictures[c],
                      alexnet_dataset_class_name(data, c));
}

static void report(const alexnet_data_stats_result *r, const alexnet_dataset *data)
{
    report_classes(r, data);
    terminal_line(stdout, "%9" PRId64 "  in all%s", r->pictures, r->left_out ? "; left out:" : "");
    if (r->left_out)
        terminal_line(stdout, "%9" PRId64 "  cannot be read", r->left_out);
    terminal_line(stdout, "width        %d to %d, median %d", r->width.min, r->width.max,
                  r->width.median);
    terminal_line(stdout, "height       %d to %d, median %d", r->height.min, r->height.max,
                  r->height.median);
    terminal_line(stdout, "enlarged     %" PRId64 ", to a side of %d", r->enlarged, r->side);
    terminal_line(stdout, "                 red     green      blue");
    terminal_line(stdout, "mean       %9.3f %9.3f %9.3f", r->mean[0], r->mean[1], r->mean[2]);
    for (int i = 0; i < 3; i++)
        terminal_line(stdout, "%s %9.3f %9.3f %9.3f", i ? "          " : "covariance",
                      r->covariance[i][0], r->covariance[i][1], r->covariance[i][2]);
    for (int i = 0; i < 3; i++)
        terminal_line(stdout, "axis %d     %9.4f %9.4f %9.4f   eigenvalue %.3f, deviation %.3f",
                      i + 1, r->eigenvectors[i][0], r->eigenvectors[i][1], r->eigenvectors[i][2],
                      r->eigenvalues[i], draw_deviation(r->eigenvalues[i]));
}

static int count(alexnet_data_stats *stats, int64_t total)
{
    alexnet_status status = ALEXNET_OK;
    const double start = progress_clock();
    int64_t done = 0;
    for (bool more = true; more && !status;) {
        status = alexnet_data_stats_step(stats, &done, &more);
        progress_pictures("read", done, total, start);
    }
    progress_clear();
    return cli_code(status);
}

static int deliver(const alexnet_data_stats *stats, const alexnet_dataset *data,
                   const stats_options *options, bool json)
{
    const alexnet_data_stats_result *result = alexnet_data_stats_get(stats);
    int code = CLI_DONE;
    if (options->out) {
        alexnet_status status = alexnet_data_stats_save(stats, options->out);
        code = cli_code(status);
    }
    if (code == CLI_DONE && options->plot)
        code = draw_stats(result, data, options->plot);
    if (code == CLI_DONE && json)
        report_json(result, data);
    else if (code == CLI_DONE)
        report(result, data);
    return code;
}

static int measure(alexnet_ctx *ctx, const char *path, const stats_options *options, bool json)
{
    train_data data = {0};
    alexnet_network *network = NULL;
    alexnet_data_stats *stats = NULL;
    alexnet_status status = alexnet_network_load(&network, ctx, options->net);
    int code = cli_input_code(status);
    if (code == CLI_DONE)
        code = train_data_open(&data, ctx, path, "0", NULL, 1);
    if (code == CLI_DONE) {
        status = alexnet_data_stats_new(&stats, ctx, data.train, network);
        code = status ? cli_code(status) : count(stats, alexnet_dataset_count(data.train));
    }
    if (code == CLI_DONE)
        code = deliver(stats, data.train, options, json);
    alexnet_data_stats_free(stats);
    alexnet_network_free(network);
    train_data_free(&data);
    return code;
}

static int run(const opt_args *args, const stats_options *options, const machine_options *machine)
{
    alexnet_ctx *ctx = NULL;
    if (args->file_count == 0)
        return opt_wrong(&page, "DATA is missing: a data set");
    if (args->file_count > 1)
        return train_data_several(&page, args->files[1]);
    int code = output_check_all((const char *const[]){options->out, options->plot}, 2);
    if (code == CLI_DONE)
        code = machine_open(&ctx, machine);
    if (code == CLI_DONE)
        code = measure(ctx, args->files[0], options, machine->json);
    machine_close(ctx);
    return code;
}

int cmd_data_stats(int argc, char **argv)
{
    int code;
    stats_options options = {0};
    machine_options machine = {0};
    opt_args args = {
        .page = &page,
        .groups = {{"Options", rows, COUNT_OF(rows), &options}, machine_group_plain(&machine)}};
    return opt_parse(&args, argc, argv, &code) ? run(&args, &options, &machine) : code;
}
