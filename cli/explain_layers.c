/* The outputs of every layer for a picture. */
#include <math.h>
#include <stdlib.h>

#include "explain.h"
#include "json.h"
#include "table.h"
#include "terminal.h"

/* Statistics of the values of a layer. */
typedef struct summary {
    double least, largest, mean, zeros; /* zeros: a share */
} summary;

static size_t count_of(const alexnet_layer_info *info)
{
    return (size_t)info->output[0] * (size_t)info->output[1] * (size_t)info->output[2];
}

static summary summarise(const float *values, size_t count)
{
    summary s = {INFINITY, -INFINITY, 0, 0};
    for (size_t i = 0; i < count; i++) {
        s.least = fmin(s.least, values[i] + 0.0); /* turns -0 into 0 */
        s.largest = fmax(s.largest, values[i] + 0.0);
        s.mean += values[i] / (double)count;
        s.zeros += (values[i] == 0) / (double)count;
    }
    return s;
}

static json_t *layer_json(const alexnet_layer_info *info, int towers, summary s)
{
    json_t *row = json_object(), *output = json_array();
    for (int i = 0; i < 3; i++)
        json_array_append_new(output, json_integer(info->output[i]));
    json_object_set_new(row, "name", json_text(info->name));
    json_object_set_new(row, "type", json_text(info->type));
    json_object_set_new(row, "output", output);
    json_object_set_new(row, "towers", json_integer(towers));
    json_object_set_new(row, "least", json_number(s.least));
    json_object_set_new(row, "largest", json_number(s.largest));
    json_object_set_new(row, "mean", json_number(s.mean));
    json_object_set_new(row, "zeros", json_number(s.zeros));
    return row;
}

static void print_json(const explain_job *job, const alexnet_network *network,
                       const alexnet_activations *activations)
{
    json_t *document = json_object(), *list = json_array();
    for (int i = 0; i < alexnet_network_layer_count(network); i++) {
        alexnet_layer_info info;
        (void)alexnet_network_layer(network, i, &info);
        summary s = summarise(alexnet_activations_layer(activations, i), count_of(&info));
        json_array_append_new(list, layer_json(&info, alexnet_network_towers(network, i), s));
    }
    json_object_set_new(document, "file", json_text(job->picture));
    json_object_set_new(document, "out", json_text(job->out));
    json_object_set_new(document, "layers", list);
    json_print(document);
}

static void print_text(const explain_job *job, const alexnet_network *network,
                       const alexnet_activations *activations)
{
    static const char *const heading[] = {"layer", "output", "least", "largest", "mean", "zeros"};
    table t = table_new("lrrrrr");
    table_add_row(&t, heading);
    for (int i = 0; i < alexnet_network_layer_count(network); i++) {
        alexnet_layer_info info;
        (void)alexnet_network_layer(network, i, &info);
        summary s = summarise(alexnet_activations_layer(activations, i), count_of(&info));
        table_add(&t, "%s", info.name);
        table_add(&t, "%d x %d x %d", info.output[0], info.output[1], info.output[2]);
        table_add(&t, "%.4g", s.least);
        table_add(&t, "%.4g", s.largest);
        table_add(&t, "%.4g", s.mean);
        table_add(&t, "%.1f%%", 100 * s.zeros);
    }
    table_print(&t, stdout);
    terminal_line(stdout, "%s", job->out);
}

int explain_layers(const explain_job *job)
{
    const alexnet_network *network = alexnet_model_network(job->model);
    alexnet_activations *activations = NULL;
    explanation found;
    int code = explain_look(&found, job);
    if (code == CLI_DONE) {
        alexnet_status status = alexnet_activations_new(&activations, job->model);
        if (!status)
            status = alexnet_activations_compute(activations, found.crop);
        code = cli_code(status);
    }
    if (code == CLI_DONE)
        code = draw_layers(&found, network, activations, job->out);
    if (code == CLI_DONE && job->json)
        print_json(job, network, activations);
    else if (code == CLI_DONE)
        print_text(job, network, activations);
    alexnet_activations_free(activations);
    explain_forget(&found);
    return code;
}
