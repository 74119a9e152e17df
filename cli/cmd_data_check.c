/* Find what is wrong with a data set by examining every picture of it. */
#include <inttypes.h>
#include <stdlib.h>

#include "data_check.h"
#include "machine.h"
#include "outputs.h"
#include "progress.h"
#include "text.h"

static const opt rows[] = {
    {.name = "val",
     .type = OPT_TEXT,
     .also = {"validation", "validation-split", "valid", "test"},
     .arg = "DATA|SHARE",
     .help = "validation pictures: a data set, or the share of DATA that 'train' would hold back "
             "(default: DATA's own 'val', else none)",
     .reads = true,
     .offset = offsetof(data_check_options, val)},
    {.name = "seed",
     .type = OPT_INTEGER,
     .also = {"random-seed"},
     .arg = "N",
     .low = 0,
     .high = 9e15,
     .standard = "1",
     .help = "seed of the choice of a share",
     .offset = offsetof(data_check_options, seed)},
    {.name = "near",
     .type = OPT_FLAG,
     .also = {"near-duplicates", "perceptual", "phash", "similar"},
     .help = "also find pictures that look nearly the same: another size or quality of one, small "
             "changes, mirror images",
     .offset = offsetof(data_check_options, near)},
    {.name = "distance",
     .type = OPT_INTEGER,
     .also = {"threshold", "hamming", "within"},
     .arg = "BITS",
     .low = 0,
     .high = 11,
     .standard = "7",
     .help = "with --near: how many of the 64 bits that describe a picture may differ",
     .offset = offsetof(data_check_options, distance)},
    {.name = "side",
     .type = OPT_INTEGER,
     .also = {"size", "min-size", "min-side", "input-size"},
     .arg = "PIXELS",
     .low = 0,
     .high = 65500,
     .standard = "224",
     .help = "side of the network's input: pictures whose shorter side is below it are named",
     .offset = offsetof(data_check_options, side)},
    {.name = "names",
     .type = OPT_TEXT,
     .also = {"class-names", "labels"},
     .arg = "FILE",
     .help = "readable class names: lines with an identifier and words",
     .reads = true,
     .offset = offsetof(data_check_options, names)},
    {.name = "report",
     .type = OPT_TEXT,
     .also = {"csv", "out", "output"},
     .arg = "FILE.csv",
     .ends = ".csv",
     .help = "also write everything that was found, as CSV: file, class, split, problem, detail",
     .offset = offsetof(data_check_options, report)},
    {.name = "sheet",
     .type = OPT_TEXT,
     .also = {"html", "page"},
     .arg = "FILE.html",
     .ends = ".html|.htm",
     .help = "also write a page (HTML) that shows the pictures in question",
     .offset = offsetof(data_check_options, sheet)},
};

static const opt_page page = {
    .command = "data check",
    .usage = {"data check DATA [options]"},
    .about = "Find what is wrong with a data set before a network is trained on it. Every picture "
             "is read. The command counts and names pictures that are truncated, unreadable, "
             "duplicate, misnamed, small, grey or in CMYK, or that have a colour profile; and "
             "classes that are empty or small, or that have nearly the same name. DATA is what "
             "'alexnet train' takes. The exit code is 0 if the data set is ready, 1 if it is not, "
             "and 3 if it cannot be opened.",
    .examples = {{"data check photos --sheet photos.html",
                  "what is wrong with the pictures of a folder, and a page that shows them"},
                 {"data check photos --near --report photos.csv",
                  "look for near-duplicates too, and write everything to a table"}},
};

/* ---- The examination ------------------------------------------------------------------------- */

static void show_progress(const alexnet_check_progress *p, double began)
{
    const double took = progress_clock() - began;
    const double rate = took > 0 ? (double)p->done / took : 0;
    char left[TEXT_SIZE];
    text_duration(left, rate > 0 ? (double)(p->total - p->done) / rate : 0);
    progress_show(p->total ? (double)p->done / (double)p->total : 1,
                  "%s %" PRId64 "/%" PRId64 "  %.0f/s  %s left  %" PRId64 " unreadable",
                  p->comparing ? "compared" : "read", p->done, p->total, rate, left, p->unreadable);
}

static int examine(data_checked *checked, alexnet_ctx *ctx)
{
    alexnet_check_options options = ALEXNET_CHECK_OPTIONS_INIT;
    alexnet_check_progress progress = {0};
    options.side = (int)checked->options->side;
    options.near = checked->options->near;
    options.distance = (int)checked->options->distance;
    alexnet_status status =
        alexnet_check_new(&checked->check, ctx, checked->data.train, checked->data.val, &options);
    double began = progress_clock();
    for (bool more = true, comparing = false; more && !status; comparing = progress.comparing) {
        status = alexnet_check_step(checked->check, &progress, &more);
        if (progress.comparing && !comparing)
            began = progress_clock();
        show_progress(&progress, began);
    }
    progress_clear();
    checked->unreadable = progress.unreadable;
    return cli_code(status);
}

static int open_data(data_checked *checked, alexnet_ctx *ctx)
{
    const data_check_options *o = checked->options;
    alexnet_dataset_options how = ALEXNET_DATASET_OPTIONS_INIT;
    char *val;
    how.names_file = o->names;
    how.examined = true;
    int code = train_data_val(&val, ctx, checked->name, o->val, "0");
    if (code == CLI_DONE)
        code = train_data_open(&checked->data, ctx, checked->name, val, &how, (uint64_t)o->seed);
    free(val);
    return code;
}

static int tell(const data_checked *checked, bool json)
{
    int code = CLI_DONE;
    if (checked->options->report)
        code = data_check_report(checked);
    if (code == CLI_DONE && checked->options->sheet)
        code = data_check_sheet(checked);
    if (code != CLI_DONE)
        return code;
    if (json)
        json_print(data_check_json(checked));
    else
        data_check_summary(checked);
    return alexnet_check_ready(checked->check) ? CLI_DONE : CLI_FAILED;
}

static int check_usage(const opt_args *args, const data_check_options *options)
{
    if (args->file_count == 0)
        return opt_wrong(&page, "DATA is missing: a data set");
    if (args->file_count > 1)
        return train_data_several(&page, args->files[1]);
    const char *const files[] = {options->report, options->sheet};
    const int code = opt_needs(args, "distance", options->near, "--near");
    return code == CLI_DONE ? output_check_all(files, COUNT_OF(files)) : code;
}

static int run(const opt_args *args, const data_check_options *options,
               const machine_options *machine)
{
    alexnet_ctx *ctx = NULL;
    data_checked checked = {.options = options};
    int code = check_usage(args, options);
    if (code != CLI_DONE)
        return code;
    checked.name = args->files[0];
    checked.root = realpath(checked.name, NULL);
    code = machine_open(&ctx, machine);
    if (code == CLI_DONE)
        code = open_data(&checked, ctx);
    if (code == CLI_DONE)
        code = examine(&checked, ctx);
    if (code == CLI_DONE)
        code = tell(&checked, machine->json);
    free(checked.root);
    alexnet_check_free(checked.check);
    train_data_free(&checked.data);
    machine_close(ctx);
    return code;
}

int cmd_data_check(int argc, char **argv)
{
    int code;
    data_check_options options = {0};
    machine_options machine = {0};
    opt_args args = {
        .page = &page,
        .groups = {{"Options", rows, COUNT_OF(rows), &options}, machine_group_plain(&machine)}};
    return opt_parse(&args, argc, argv, &code) ? run(&args, &options, &machine) : code;
}
