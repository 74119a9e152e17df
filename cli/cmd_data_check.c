/* What is wrong with a data set. */
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "machine.h"
#include "terminal.h"
#include "text.h"
#include "train_data.h"

static const opt_page page = {
    .command = "data check",
    .usage = {"data check DATA [options]"},
    .about = "Say how many pictures and classes a data set has, what was left out of it and why, "
             "and which classes are much smaller than others.",
    .examples = {{"data check photos", "what is wrong with the pictures of a folder"},
                 {"data check train.tar --json", "the same, for another program to read"}},
};

/* Pictures of each class. Owned by the caller. */
static int64_t *count_classes(const alexnet_dataset *data)
{
    int64_t *counts = cli_alloc(((size_t)alexnet_dataset_class_count(data) + 1) * sizeof *counts);
    int label;
    for (int64_t i = 0; i < alexnet_dataset_count(data); i++)
        if (!alexnet_dataset_picture(data, i, NULL, &label) && label >= 0)
            counts[label]++;
    return counts;
}

static void report(const alexnet_dataset *data, bool json)
{
    const int classes = alexnet_dataset_class_count(data);
    const long long pictures = alexnet_dataset_count(data);
    int64_t *counts = count_classes(data);
    int least = 0, most = 0;
    for (int c = 1; c < classes; c++) {
        least = counts[c] < counts[least] ? c : least;
        most = counts[c] > counts[most] ? c : most;
    }
    if (json) {
        json_print(json_pack("{s:I, s:i, s:{s:o, s:I}, s:{s:o, s:I}}", "pictures",
                             (json_int_t)pictures, "classes", classes, "smallest", "class",
                             json_text(alexnet_dataset_class_name(data, least)), "pictures",
                             (json_int_t)counts[least], "largest", "class",
                             json_text(alexnet_dataset_class_name(data, most)), "pictures",
                             (json_int_t)counts[most]));
    } else {
        terminal_line(stdout, "%lld %s in %d %s", pictures,
                      text_plural(pictures, "picture", "pictures"), classes,
                      text_plural(classes, "class", "classes"));
        terminal_line(stdout, "smallest class: %s, %lld; largest: %s, %lld",
                      alexnet_dataset_class_name(data, least), (long long)counts[least],
                      alexnet_dataset_class_name(data, most), (long long)counts[most]);
    }
    free(counts);
}

static int run(const opt_args *args, const machine_options *machine)
{
    alexnet_ctx *ctx = NULL;
    train_data data = {0};
    if (args->file_count != 1)
        return opt_wrong(&page, args->file_count ? "data check takes one DATA"
                                                 : "DATA is missing: a data set");
    int code = machine_open(&ctx, machine);
    if (code == CLI_DONE)
        code = train_data_open(&data, ctx, args->files[0], "0", NULL, 1);
    if (code == CLI_DONE)
        report(data.train, machine->json);
    train_data_free(&data);
    machine_close(ctx);
    return code;
}

int cmd_data_check(int argc, char **argv)
{
    int code;
    machine_options machine = {0};
    opt_args args = {.page = &page, .groups = {machine_group_plain(&machine)}};
    if (opt_parse(&args, argc, argv, &code))
        code = run(&args, &machine);
    opt_free(&args);
    return code;
}
