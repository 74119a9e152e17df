/* What the demo shows of the network that it trained. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "draw.h"
#include "evaluate.h"
#include "json.h"
#include "model.h"
#include "paths.h"
#include "progress.h"
#include "table.h"
#include "terminal.h"

enum { BATCH = 50 };

/* The results for the report. */
typedef struct findings {
    alexnet_metrics metrics;
    table seen; /* a row per classified picture */
    json_t *list;
} findings;

static int measure(findings *found, alexnet_session *session, const alexnet_dataset *unseen)
{
    alexnet_evaluation *evaluation;
    int code = evaluate(&evaluation, session, unseen, NULL, NULL);
    if (code != CLI_DONE)
        return code;
    alexnet_status status = alexnet_evaluation_metrics(evaluation, &found->metrics);
    alexnet_evaluation_free(evaluation);
    return cli_code(status);
}

static void add_seen(findings *found, const char *path, const char *truth,
                     const alexnet_prediction *best, bool right)
{
    json_t *row = json_object();
    json_object_set_new(row, "file", json_text(path));
    json_object_set_new(row, "truth", json_text(truth));
    json_object_set_new(row, "class", json_text(best->name));
    json_object_set_new(row, "probability", json_number(best->probability));
    json_array_append_new(found->list, row);
    table_add(&found->seen, "%s", path);
    table_add(&found->seen, "%s", truth);
    table_add(&found->seen, "%s", best->name);
    table_add(&found->seen, "%.1f%%", 100.0 * (double)best->probability);
    table_add(&found->seen, "%s", right ? "" : "wrong");
}

/* The path of an unseen picture, as the user would write it: the data set's own is absolute. */
static char *written_path(const demo_folders *folders, const char *path)
{
    const char *tail = path + strlen(path);
    for (int slashes = 0; tail > path && slashes < 2; tail--)
        slashes += tail[-1] == '/';
    return path_join(folders->unseen, *tail == '/' ? tail + 1 : tail);
}

/* Classify the first picture of each class. */
static int classify_some(findings *found, alexnet_session *session, const alexnet_dataset *unseen,
                         const demo_folders *folders)
{
    static const char *const heading[] = {"picture", "truth", "prediction", "probability", ""};
    table_add_row(&found->seen, heading);
    int last = -1;
    for (int64_t i = 0; i < alexnet_dataset_count(unseen); i++) {
        const char *path;
        int label;
        alexnet_prediction best;
        alexnet_status status = alexnet_dataset_picture(unseen, i, &path, &label);
        if (!status && label == last)
            continue;
        if (!status)
            status = alexnet_classify_file(session, path, 1, &best);
        if (status)
            return cli_code(status);
        last = label;
        char *file = written_path(folders, path);
        add_seen(found, file, alexnet_dataset_class_name(unseen, label), &best,
                 best.index == label);
        free(file);
    }
    return CLI_DONE;
}

static int draw_pictures(const alexnet_model *model, const demo_folders *folders)
{
    char *filters = path_join(folders->out, "filters.png");
    char *curve = path_join(folders->out, "curve.png");
    int code = draw_filters(model, NULL, filters);
    if (code == CLI_DONE)
        code = draw_curves(&folders->run, 1, curve);
    free(filters);
    free(curve);
    return code;
}

static void print_text(findings *found, const demo_folders *folders)
{
    char *run = path_unused("runs/photos");
    const alexnet_metrics *m = &found->metrics;
    printf("\n%s recognised %.1f%% of %" PRId64 " pictures that it had not seen.\n"
           "By shape alone at most %.0f%% are possible, by colour alone at most %.0f%%.\n\n",
           demo_network, 100 * (1 - m->top1_error), m->images, 100 * draw_best_by_shape(),
           100 * draw_best_by_colour());
    table_print(&found->seen, stdout);
    putchar('\n');
    terminal_line(stdout, "What the first layer learned: %s/filters.png", folders->out);
    terminal_line(stdout, "How it learned:               %s/curve.png", folders->out);
    terminal_line(stdout, "The run and its model:        %s", folders->run);
    printf("\nNext, your own photos: put those of each class into a folder of its own, such as\n"
           "photos/cats and photos/dogs. Then train, measure, and classify:\n\n"
           "  %s train photos --out %s\n"
           "  %s eval %s\n"
           "  %s classify %s photos\n",
           cli_program, run, cli_program, run, cli_program, run);
    free(run);
}

static void print_json(findings *found, const demo_folders *folders, double start)
{
    json_t *document = json_object();
    const alexnet_metrics *m = &found->metrics;
    json_object_set_new(document, "net", json_text(demo_network));
    json_object_set_new(document, "out", json_text(folders->out));
    json_object_set_new(document, "images", json_integer(m->images));
    json_object_set_new(document, "top1_error", json_number(m->top1_error));
    json_object_set_new(document, "top5_error", json_number(m->top5_error));
    json_object_set_new(document, "loss", json_number(m->loss));
    json_object_set_new(document, "best_by_shape", json_number(draw_best_by_shape()));
    json_object_set_new(document, "best_by_colour", json_number(draw_best_by_colour()));
    json_object_set(document, "classified", found->list);
    json_object_set_new(document, "seconds", json_number(progress_clock() - start));
    json_print(document);
}

static int find_out(findings *found, alexnet_ctx *ctx, alexnet_model *model,
                    const demo_folders *folders)
{
    alexnet_session *session = NULL;
    alexnet_dataset *unseen = NULL;
    alexnet_session_options settings = ALEXNET_SESSION_OPTIONS_INIT;
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    settings.batch = BATCH;
    options.classes_of = model;
    alexnet_status status = alexnet_session_new(&session, model, &settings);
    if (!status)
        status = alexnet_dataset_open(&unseen, ctx, folders->unseen, &options);
    int code = status ? cli_code(status) : measure(found, session, unseen);
    if (code == CLI_DONE)
        code = classify_some(found, session, unseen, folders);
    alexnet_dataset_free(unseen);
    alexnet_session_free(session);
    return code;
}

int demo_show(alexnet_ctx *ctx, const demo_folders *folders, bool json, double start)
{
    alexnet_model *model;
    findings found = {.seen = table_new("lllrl"), .list = json_array()};
    int code = model_open(&model, ctx, folders->run, "RUN comes first");
    if (code == CLI_DONE)
        code = find_out(&found, ctx, model, folders);
    if (code == CLI_DONE)
        code = draw_pictures(model, folders);
    if (code == CLI_DONE && json)
        print_json(&found, folders, start);
    else if (code == CLI_DONE)
        print_text(&found, folders);
    string_list_free(&found.seen.cells);
    json_decref(found.list);
    alexnet_model_free(model);
    return code;
}
