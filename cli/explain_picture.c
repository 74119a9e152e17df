/* The maps of a class over a picture. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "json.h"
#include "progress.h"
#include "terminal.h"

/* ---- What is found out ---- */

static int find_gradient(explanation *found, const explain_job *job)
{
    alexnet_saliency *saliency;
    found->gradient = cli_alloc((size_t)found->side * (size_t)found->side * sizeof(float));
    alexnet_status status = alexnet_saliency_new(&saliency, job->model);
    if (!status)
        status = alexnet_saliency_compute(saliency, found->crop, found->class_index, &found->score,
                                          NULL, found->gradient);
    alexnet_saliency_free(saliency);
    return cli_code(status);
}

static alexnet_status cover(explanation *found, alexnet_occlusion *occlusion)
{
    int64_t done = 0, all = (int64_t)found->cells * found->cells;
    alexnet_status status = alexnet_occlusion_start(occlusion, found->crop, found->class_index);
    for (bool more = true; more && !status;) {
        status = alexnet_occlusion_step(occlusion, &done, &more);
        progress_show((double)done / (double)all, "covered %" PRId64 "/%" PRId64 " places", done,
                      all);
    }
    progress_clear();
    return status;
}

static int find_drops(explanation *found, const explain_job *job)
{
    alexnet_occlusion *occlusion;
    alexnet_occlusion_options options = ALEXNET_OCCLUSION_OPTIONS_INIT;
    if (job->options->square > found->side || job->options->stride > found->side)
        return cli_error(CLI_USAGE, "--occlusion-%s %" PRId64 ": the network sees %d x %d pixels",
                         job->options->square > found->side ? "size" : "stride",
                         job->options->square > found->side ? job->options->square
                                                            : job->options->stride,
                         found->side, found->side);
    options.square = (int)job->options->square;
    options.stride = (int)job->options->stride;
    options.batch = (int)job->options->batch;
    alexnet_status status = alexnet_occlusion_new(&occlusion, job->model, &options);
    if (!status) {
        found->cells = alexnet_occlusion_side(occlusion);
        found->square = alexnet_occlusion_square(occlusion);
        found->stride = alexnet_occlusion_stride(occlusion);
        status = cover(found, occlusion);
    }
    if (!status) {
        size_t size = (size_t)found->cells * (size_t)found->cells * sizeof(float);
        found->drops = cli_alloc(size);
        memcpy(found->drops, alexnet_occlusion_map(occlusion, &found->probability), size);
    }
    alexnet_occlusion_free(occlusion);
    return cli_code(status);
}

/* ---- Numbers ---- */

/* The index of the largest value. */
static int largest(const float *values, int count)
{
    int at = 0;
    for (int i = 1; i < count; i++)
        if (values[i] > values[at])
            at = i;
    return at;
}

/* The middle of a cell of the occlusion map, in pixels of the crop. */
static int middle(const explanation *found, int cell)
{
    return cell * found->stride + found->stride / 2;
}

static json_t *place(int x, int y)
{
    json_t *pair = json_array();
    json_array_append_new(pair, json_integer(x));
    json_array_append_new(pair, json_integer(y));
    return pair;
}

static json_t *gradient_json(const explanation *found)
{
    json_t *object = json_object();
    int at = largest(found->gradient, found->side * found->side);
    json_object_set_new(object, "score", json_number(found->score));
    json_object_set_new(object, "largest", json_number(found->gradient[at]));
    json_object_set_new(object, "at", place(at % found->side, at / found->side));
    json_object_set_new(
        object, "colour_ends",
        json_number(draw_map_end(found->gradient, (size_t)found->side * (size_t)found->side)));
    return object;
}

static json_t *occlusion_json(const explanation *found)
{
    json_t *object = json_object(), *rows = json_array();
    int at = largest(found->drops, found->cells * found->cells);
    for (int i = 0; i < found->cells; i++) {
        json_t *row = json_array();
        for (int j = 0; j < found->cells; j++)
            json_array_append_new(row, json_number(found->drops[i * found->cells + j]));
        json_array_append_new(rows, row);
    }
    json_object_set_new(object, "square", json_integer(found->square));
    json_object_set_new(object, "stride", json_integer(found->stride));
    json_object_set_new(object, "largest", json_number(found->drops[at]));
    json_object_set_new(object, "at",
                        place(middle(found, at % found->cells), middle(found, at / found->cells)));
    json_object_set_new(object, "drops", rows);
    return object;
}

static void print_json(const explanation *found, const char *out)
{
    json_t *document = json_object(), *list = json_array();
    for (int i = 0; i < found->top; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "index", json_integer(found->best[i].index));
        json_object_set_new(row, "class", json_text(found->best[i].name));
        json_object_set_new(row, "probability", json_number(found->best[i].probability));
        json_array_append_new(list, row);
    }
    json_object_set_new(document, "file", json_text(found->picture));
    json_object_set_new(document, "out", json_text(out));
    json_object_set_new(document, "side", json_integer(found->side));
    json_object_set_new(document, "predictions", list);
    json_object_set_new(document, "index", json_integer(found->class_index));
    json_object_set_new(document, "class", json_text(found->class_name));
    json_object_set_new(document, "probability", json_number(found->probability));
    if (found->gradient)
        json_object_set_new(document, "gradient", gradient_json(found));
    if (found->drops)
        json_object_set_new(document, "occlusion", occlusion_json(found));
    json_print(document);
}

static void print_text(const explanation *found, const char *out)
{
    terminal_line(stdout, "%5.1f%%  %s  %s", 100.0 * (double)found->probability, found->class_name,
                  found->picture);
    if (found->gradient) {
        int at = largest(found->gradient, found->side * found->side);
        terminal_line(
            stdout, "gradient   largest at (%d, %d): a grey level changes the score %.4g by %.3g",
            at % found->side, at / found->side, (double)found->score, (double)found->gradient[at]);
    }
    if (found->drops) {
        int at = largest(found->drops, found->cells * found->cells);
        terminal_line(stdout,
                      "occlusion  largest at (%d, %d): a square of %d pixels takes %.3g from the "
                      "probability %.4g",
                      middle(found, at % found->cells), middle(found, at / found->cells),
                      found->square, (double)found->drops[at], (double)found->probability);
    }
    terminal_line(stdout, "%s", out);
}

int explain_picture(const explain_job *job)
{
    const int map = job->options->map;
    explanation found;
    int code = explain_look(&found, job);
    if (code == CLI_DONE && map != EXPLAIN_OCCLUSION)
        code = find_gradient(&found, job);
    if (code == CLI_DONE && map != EXPLAIN_GRADIENT)
        code = find_drops(&found, job);
    if (code == CLI_DONE)
        code = draw_maps(&found, job->out);
    if (code == CLI_DONE && job->json)
        print_json(&found, job->out);
    else if (code == CLI_DONE)
        print_text(&found, job->out);
    explain_forget(&found);
    return code;
}
