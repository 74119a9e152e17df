#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csv.h"
#include "json.h"
#include "library_text.h"
#include "model_args.h"
#include "pictures.h"
#include "progress.h"
#include "terminal.h"

typedef struct classify_options {
    int64_t top, batch;
    int views; /* position in "1|10" */
    bool csv;
} classify_options;

static const opt rows[] = {
    {.name = "top",
     .type = OPT_INTEGER,
     .also = {"topk", "top-k", "k"},
     .arg = "N",
     .low = 1,
     .high = 100000,
     .standard = "5",
     .help = "how many of the best classes to print",
     .offset = offsetof(classify_options, top)},
    MODEL_ARGS_VIEWS(classify_options),
    MODEL_ARGS_BATCH(classify_options, "16"),
    {.name = "csv",
     .type = OPT_FLAG,
     .help = "results as CSV: a header, then a row for each picture and class",
     .offset = offsetof(classify_options, csv)},
};

#define TO_STDOUT "the answers are printed; to keep them: --csv > FILE.csv"

static const opt_elsewhere elsewhere[] = {{"format", OPT_AS_CSV_OR_JSON},
                                          {"output-type", OPT_AS_CSV_OR_JSON},
                                          {"results-format", OPT_AS_CSV_OR_JSON},
                                          {"fmt", OPT_AS_CSV_OR_JSON},
                                          {"o", TO_STDOUT},
                                          {"out", TO_STDOUT},
                                          {"output", TO_STDOUT},
                                          {"results-file", TO_STDOUT},
                                          {0}};

static const opt_page page = {
    .command = "classify",
    .elsewhere = elsewhere,
    .usage = {"classify MODEL|RUN PICTURE... [options]"},
    .about = "Name the most probable classes of pictures. PICTURE is a file (JPEG, PNG, WebP, GIF, "
             "BMP, TIFF, HEIC or AVIF); a folder, of which every picture at any depth is "
             "classified; likewise a .tar archive, a list of pictures (.txt, .csv), an LMDB of "
             "Caffe or a file of MNIST or CIFAR; or - for a list of these on standard input, one "
             "per line. A picture that cannot be read is reported, the others are classified, and "
             "the exit code is 3. With --json there is one line for each picture.",
    .examples = {{"classify runs/flowers-1 rose.jpg", "the five best classes of a picture"},
                 {"classify best.safetensors photos/ --top 1 --json",
                  "the best class of every picture in a folder, for another program to read"}},
};

typedef enum format { FORMAT_TEXT, FORMAT_CSV, FORMAT_JSON } format;

static void print_json(const alexnet_stream_result *result, int top)
{
    json_t *document = json_object(), *list = json_array();
    json_object_set_new(document, "file", json_text(result->path));
    if (result->status) {
        json_object_set_new(document, "error", json_text(library_text(result->error)));
        json_decref(list);
    } else {
        for (int i = 0; i < top; i++) {
            const alexnet_prediction *p = &result->best[i];
            json_t *row = json_object();
            json_object_set_new(row, "index", json_integer(p->index));
            json_object_set_new(row, "class", json_text(p->name));
            json_object_set_new(row, "probability", json_number(p->probability));
            json_array_append_new(list, row);
        }
        json_object_set_new(document, "predictions", list);
    }
    json_print(document);
}

static void print_text(const alexnet_stream_result *result, int top)
{
    if (top == 1) {
        terminal_line(stdout, "%5.1f%%  %s  %s", 100.0 * (double)result->best[0].probability,
                      result->best[0].name, result->path);
        return;
    }
    terminal_line(stdout, "%s", result->path);
    for (int i = 0; i < top; i++)
        terminal_line(stdout, "  %5.1f%%  %s", 100.0 * (double)result->best[i].probability,
                      result->best[i].name);
}

/* A row for each of the classes, best first. */
static void print_csv(const alexnet_stream_result *result, int top)
{
    for (int i = 0; i < top; i++) {
        csv_text(stdout, result->path);
        printf(",%d,%d,", i + 1, result->best[i].index);
        csv_text(stdout, result->best[i].name);
        printf(",%.9g\n", (double)result->best[i].probability);
    }
}

/* Print the results as they come. *bad counts the pictures that could not be read. */
static int print_results(alexnet_stream *stream, int64_t count, int top, format how, int64_t *bad)
{
    const bool bar = !isatty(STDOUT_FILENO);
    const double began = progress_clock();
    if (how == FORMAT_CSV)
        puts("file,rank,index,class,probability");
    for (int64_t done = 0;; done++) {
        alexnet_stream_result result;
        bool more;
        alexnet_status status = alexnet_stream_next(stream, &result, &more);
        if (status || !more || ferror(stdout)) {
            progress_clear();
            return cli_code(status);
        }
        if (result.status) {
            cli_error(0, "%s", library_text(result.error));
            (*bad)++;
        }
        if (how == FORMAT_JSON)
            print_json(&result, top);
        else if (!result.status && how == FORMAT_CSV)
            print_csv(&result, top);
        else if (!result.status)
            print_text(&result, top);
        if (bar)
            progress_pictures("classified", done + 1, count, began);
    }
}

static int classify(alexnet_model *model, const alexnet_dataset *pictures,
                    const classify_options *options, format how)
{
    alexnet_session *session = NULL;
    alexnet_stream *stream = NULL;
    alexnet_session_options settings = ALEXNET_SESSION_OPTIONS_INIT;
    int classes = alexnet_model_class_count(model);
    int top = options->top < classes ? (int)options->top : classes;
    int64_t count = alexnet_dataset_count(pictures), bad = 0;
    if (count == 0) /* an empty list on standard input */
        return CLI_DONE;
    settings.batch = options->batch < count ? (int)options->batch : (int)count;
    settings.views = options->views ? 10 : 1;
    alexnet_status status = alexnet_session_new(&session, model, &settings);
    if (!status)
        status = alexnet_stream_open(&stream, session, pictures, top);
    int code = status ? cli_code(status) : print_results(stream, count, top, how, &bad);
    alexnet_stream_free(stream);
    alexnet_session_free(session);
    return code == CLI_DONE ? pictures_count_bad(bad, count) : code;
}

static int check_usage(const opt_args *args, const classify_options *options, bool json)
{
    if (options->csv && json)
        return opt_wrong(&page, "--csv and --json cannot be combined");
    return model_args_check_pictures(args);
}

static int run(model_args *line, const void *own)
{
    const classify_options *options = own;
    const bool json = line->machine.json;
    int code = check_usage(&line->args, options, json);
    if (code == CLI_DONE)
        code = model_args_open_pictures(line);
    const format how = json ? FORMAT_JSON : options->csv ? FORMAT_CSV : FORMAT_TEXT;
    return code == CLI_DONE ? classify(line->model, line->pictures, options, how) : code;
}

int cmd_classify(int argc, char **argv)
{
    classify_options options = {0};
    const opt_group own = {"Options", rows, COUNT_OF(rows), .target = &options};
    return model_args_run(&page, own, run, argc, argv);
}
