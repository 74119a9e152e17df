/* The patches of a folder's pictures to which a channel of a layer responds most. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "json.h"
#include "progress.h"
#include "terminal.h"
#include "text.h"

enum { COUNT = 9 };

/* A channel of a layer, as --filter names it. */
typedef struct channel {
    alexnet_layer_info info;
    int layer, index;
} channel;

static int no_such_layer(const alexnet_network *network, const char *name)
{
    const int count = alexnet_network_layer_count(network);
    alexnet_layer_info info;
    const char **names = cli_alloc((size_t)count * sizeof *names);
    for (int i = 0; i < count; i++)
        names[i] = alexnet_network_layer(network, i, &info) ? NULL : info.name;
    const char *near = alexnet_word_nearest(name, names, count);
    free(names);
    if (near)
        return cli_error(CLI_USAGE, "the model has no layer %s; did you mean %s?", name, near);
    return cli_error(CLI_USAGE, "the model has no layer %s; 'alexnet info' lists its layers", name);
}

/* Parse "conv5:12". */
static int read_channel(channel *out, const alexnet_network *network, const char *text)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    long index = colon ? strtol(colon + 1, &end, 10) : 0;
    if (!colon || colon == text || end == colon + 1 || *end)
        return cli_error(CLI_USAGE, "--filter %s: expected LAYER:INDEX, such as conv5:12", text);
    char *name = cli_format("%.*s", (int)(colon - text), text);
    int code = CLI_DONE;
    for (out->layer = 0; !alexnet_network_layer(network, out->layer, &out->info); out->layer++)
        if (strcmp(out->info.name, name) == 0)
            break;
    if (out->layer == alexnet_network_layer_count(network))
        code = no_such_layer(network, name);
    else if (index < 0 || index >= out->info.output[0])
        code = cli_error(CLI_USAGE, "--filter %s: %s has filters 0 to %d", text, name,
                         out->info.output[0] - 1);
    out->index = (int)index;
    free(name);
    return code;
}

static int search(alexnet_patches *patches, int64_t count)
{
    int64_t done;
    alexnet_status status = ALEXNET_OK;
    const double began = progress_clock();
    for (bool more = true; more && !status;) {
        status = alexnet_patches_step(patches, &done, &more);
        progress_pictures("searched", done, count, began);
    }
    progress_clear();
    return cli_code(status);
}

static void print_json(const explain_job *job, const channel *c, const alexnet_patch *best,
                       int count, int64_t skipped)
{
    json_t *document = json_object(), *list = json_array();
    for (int i = 0; i < count; i++) {
        const alexnet_patch *p = &best[i];
        json_array_append_new(list, json_pack("{s:o, s:o, s:i, s:i, s:{s:i, s:i, s:i, s:i}}",
                                              "file", json_text(p->path), "value",
                                              json_number(p->value), "row", p->row, "column",
                                              p->column, "field", "x", p->field.x, "y", p->field.y,
                                              "width", p->field.width, "height", p->field.height));
    }
    json_object_set_new(document, "layer", json_text(c->info.name));
    json_object_set_new(document, "filter", json_integer(c->index));
    json_object_set_new(document, "out", json_text(job->out));
    json_object_set_new(document, "skipped", json_integer(skipped));
    json_object_set_new(document, "patches", list);
    json_print(document);
}

static void print_text(const explain_job *job, const alexnet_patch *best, int count)
{
    for (int i = 0; i < count; i++)
        terminal_line(stdout, "%8.4g  %d x %d at (%d, %d)  %s", (double)best[i].value,
                      best[i].field.width, best[i].field.height, best[i].field.x, best[i].field.y,
                      best[i].path);
    terminal_line(stdout, "%s", job->out);
}

/* Draw and print what a search has found. */
static int report(const explain_job *job, const channel *c, const alexnet_patches *patches,
                  int64_t pictures)
{
    alexnet_patch best[COUNT];
    int count = 0;
    const int64_t skipped = alexnet_patches_skipped(patches);
    const alexnet_network *network = alexnet_model_network(job->model);
    while (count < COUNT && alexnet_patches_get(patches, count, &best[count]))
        count++;
    if (count == 0)
        return cli_error(CLI_BAD_INPUT, "%s: no picture could be read", job->options->in);
    if (best[0].value == 0)
        progress_say("warning: %s:%d responds to none of these pictures: it is never above 0",
                     c->info.name, c->index);
    char *title = cli_format("%s, filter %d of 0 to %d: where it is largest in %" PRId64 " %s",
                             c->info.name, c->index, c->info.output[0] - 1, pictures - skipped,
                             text_plural(pictures - skipped, "picture", "pictures"));
    int code = draw_patches(title, best, count, alexnet_network_side(network), job->out);
    free(title);
    if (code == CLI_DONE && job->json)
        print_json(job, c, best, count, skipped);
    else if (code == CLI_DONE)
        print_text(job, best, count);
    if (code == CLI_DONE && skipped)
        code = cli_error(CLI_BAD_INPUT, "%" PRId64 " of %" PRId64 " pictures could not be read",
                         skipped, pictures);
    return code;
}

int explain_filter(const explain_job *job)
{
    channel c;
    alexnet_dataset *data = NULL;
    alexnet_patches *patches = NULL;
    alexnet_patches_options options = ALEXNET_PATCHES_OPTIONS_INIT;
    int code = read_channel(&c, alexnet_model_network(job->model), job->options->filter);
    if (code == CLI_DONE) {
        alexnet_status status = alexnet_dataset_open_files(&data, job->ctx, &job->options->in, 1);
        code = cli_input_code(status);
    }
    if (code == CLI_DONE) {
        options.layer = c.layer;
        options.channel = c.index;
        options.count = COUNT;
        options.batch = (int)job->options->batch;
        alexnet_status status = alexnet_patches_new(&patches, job->model, data, &options);
        code = status ? cli_code(status) : search(patches, alexnet_dataset_count(data));
    }
    if (code == CLI_DONE)
        code = report(job, &c, patches, alexnet_dataset_count(data));
    alexnet_patches_free(patches);
    alexnet_dataset_free(data);
    return code;
}
