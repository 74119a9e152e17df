#include "bench_tune.h"

#include "json.h"
#include "outputs.h"
#include "progress.h"
#include "table.h"
#include "terminal.h"

static alexnet_status measure(alexnet_tuner *tuner)
{
    bool more = true;
    double fraction = 0;
    alexnet_status status = ALEXNET_OK;
    while (more && !status) {
        progress_show(fraction, "measuring");
        status = alexnet_tuner_step(tuner, &fraction, &more);
    }
    progress_clear();
    return status;
}

static void print_table(const alexnet_tuner *tuner, const char *path)
{
    static const char *const heading[] = {"layer", "pass", "implementation", "ms", "direct in ms"};
    double seconds, built_in;
    alexnet_choice choice;
    table t = table_new("lllrr");
    table_add_row(&t, heading);
    for (int i = 0; alexnet_tuner_choice(tuner, i, &choice); i++) {
        table_add(&t, "%s", choice.layer);
        table_add(&t, "%s", choice.forward ? "forward" : "backward");
        if (choice.forward)
            table_add(&t, "%s", choice.forward);
        else if (choice.data)
            table_add(&t, "data %s, weights %s", choice.data, choice.weights);
        else
            table_add(&t, "weights %s", choice.weights);
        table_add(&t, "%.3f", choice.seconds * 1e3);
        table_add(&t, "%.3f", choice.direct_seconds * 1e3);
    }
    table_print(&t, stdout);
    alexnet_tuner_result(tuner, &seconds, &built_in);
    putchar('\n');
    terminal_line(
        stdout, "%.1f ms per step; %.1f ms with the built-in choices. Written to %s, for --tuning",
        seconds * 1e3, built_in * 1e3, path);
}

static void print_json(const alexnet_tuner *tuner, const char *path)
{
    double seconds, built_in;
    alexnet_choice choice;
    json_t *all = json_object(), *list = json_array();
    for (int i = 0; alexnet_tuner_choice(tuner, i, &choice); i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:o, s:o}", "name", choice.layer, "pass",
                            choice.forward ? "forward" : "backward", "forward", choice.forward,
                            "data", choice.data, "weights", choice.weights, "ms",
                            json_number(choice.seconds * 1e3), "direct_ms",
                            json_number(choice.direct_seconds * 1e3)));
    alexnet_tuner_result(tuner, &seconds, &built_in);
    json_object_set_new(all, "file", json_text(path));
    json_object_set_new(all, "ms", json_number(seconds * 1e3));
    json_object_set_new(all, "built_in_ms", json_number(built_in * 1e3));
    json_object_set_new(all, "layers", list);
    json_print(all);
}

int bench_tune(alexnet_ctx *ctx, const alexnet_bench_options *options, const char *path, bool json)
{
    alexnet_tuner *tuner = NULL;
    int code = output_check(path); /* measuring takes minutes */
    if (code != CLI_DONE)
        return code;
    alexnet_status status = alexnet_tuner_new(&tuner, ctx, options);
    if (!status)
        status = measure(tuner);
    if (!status)
        status = alexnet_tuner_save(tuner, path);
    if (status)
        code = cli_input_code(status);
    else if (json)
        print_json(tuner, path);
    else
        print_table(tuner, path);
    alexnet_tuner_free(tuner);
    return code;
}
