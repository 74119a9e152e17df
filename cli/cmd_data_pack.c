/* A data set as tar archives of small pictures. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "machine.h"
#include "progress.h"
#include "terminal.h"
#include "text.h"
#include "train_data.h"

typedef struct pack_options {
    const char *val, *shard_size;
    int64_t side, quality, seed, bad_pictures;
    int fit, order; /* positions among their words */
    bool raw;
} pack_options;

static const opt rows[] = {
    {.name = "val",
     .type = OPT_TEXT,
     .also = {"validation", "val-split", "validation-split", "valid", "val-dir"},
     .arg = "DATA2|SHARE",
     .help = "validation pictures, packed as well: another data set, or the share of "
             "DATA to hold back, chosen as by 'train' (default: DATA's own 'val', else none)",
     .reads = true,
     .offset = offsetof(pack_options, val)},
    {.name = "side",
     .type = OPT_INTEGER,
     .also = {"size", "resize", "max-resolution", "short-side"},
     .arg = "N",
     .low = 0,
     .high = 4096,
     .standard = "256",
     .help = "pixels of the short side; 0: keep the size of each picture",
     .offset = offsetof(pack_options, side)},
    {.name = "fit",
     .type = OPT_CHOICE,
     .arg = "short|square|warp",
     .standard = "short",
     .help = "short: the whole picture; square: its centre; warp: a square whatever its shape, for "
             "networks with resize = warp",
     .offset = offsetof(pack_options, fit)},
    {.name = "raw",
     .type = OPT_FLAG,
     .also = {"pixels", "npy", "uncompressed"},
     .help = "store pixels as NumPy arrays instead of JPEG: about ten times the size, no decoding, "
             "no loss",
     .offset = offsetof(pack_options, raw)},
    {.name = "quality",
     .type = OPT_INTEGER,
     .also = {"jpeg-quality"},
     .arg = "Q",
     .low = 1,
     .high = 100,
     .standard = "95",
     .help = "quality of JPEG; a JPEG file that already has the right size is stored as it is",
     .offset = offsetof(pack_options, quality)},
    {.name = "shard-size",
     .type = OPT_TEXT,
     .also = {"maxsize", "maxcount", "shard", "max-size"},
     .arg = "N|BYTES",
     .standard = "1GB",
     .help = "pictures of an archive (10000), or its size (500MB, 1GiB), at most",
     .offset = offsetof(pack_options, shard_size)},
    {.name = "order",
     .type = OPT_CHOICE,
     .arg = "shuffled|source",
     .standard = "shuffled",
     .help = "shuffled: each archive has some of every class; source: as DATA has them, for a DATA "
             "that is slow to read in any other order",
     .offset = offsetof(pack_options, order)},
    {.name = "seed",
     .type = OPT_INTEGER,
     .arg = "N",
     .low = 0,
     .high = 9e15,
     .standard = "1",
     .help = "seed of the order and of the validation share",
     .offset = offsetof(pack_options, seed)},
    {.name = "bad-pictures",
     .type = OPT_INTEGER,
     .arg = "N",
     .low = 0,
     .high = 1e15,
     .standard = "5",
     .help = "number of unreadable pictures that are left out; more than this and more than 1% are "
             "an error",
     .offset = offsetof(pack_options, bad_pictures)},
};

static const opt_page page = {
    .command = "data pack",
    .usage = {"data pack DATA OUT [options]"},
    .writes = 1,
    .about = "Write a data set into the folder OUT as .tar archives of pictures of one size, which "
             "'alexnet' and the webdataset package read in place. OUT can then be used as DATA, "
             "with the same classes, names and order. The same command continues a pack that was "
             "interrupted, and ends with the same bytes.",
    .examples = {{"data pack photos packed --val 0.1", "packed/train-000000.tar, val-000000.tar"},
                 {"data pack photos packed-raw --raw --fit square",
                  "256 x 256 pixels each, as fast to read as the disk is"}},
};

/* "10000" is pictures; "500MB" bytes. */
static bool parse_shard_size(alexnet_pack_options *out, const char *text)
{
    static const struct {
        const char *unit;
        double bytes;
    } units[] = {{"kB", 1e3},     {"KB", 1e3},     {"MB", 1e6},    {"GB", 1e9},
                 {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}};
    char *end;
    const double value = strtod(text, &end);
    if (end == text || !(value >= 1 && value < 1e15))
        return false;
    out->shard_bytes = 0;
    out->shard_pictures = (int64_t)value;
    if (*end == '\0')
        return value == (double)out->shard_pictures;
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (strcmp(end, units[i].unit) == 0 && value * units[i].bytes < 1e18) {
            out->shard_pictures = 0;
            out->shard_bytes = (int64_t)(value * units[i].bytes);
            return true;
        }
    return false;
}

static int take_options(alexnet_pack_options *out, const pack_options *options)
{
    *out = (alexnet_pack_options)ALEXNET_PACK_OPTIONS_INIT;
    if (!parse_shard_size(out, options->shard_size))
        return opt_wrong(&page,
                         "--shard-size %s: expected a number of pictures (10000) or a size in kB, "
                         "MB, GB, KiB, MiB or GiB (500MB)",
                         options->shard_size);
    out->side = (int)options->side;
    out->fit = (alexnet_pack_fit)options->fit;
    out->raw = options->raw;
    out->quality = (int)options->quality;
    out->in_order = options->order == 1;
    out->seed = (uint64_t)options->seed;
    out->bad_pictures = options->bad_pictures;
    return CLI_DONE;
}

/* @param seconds  since the first picture */
static void show(const alexnet_pack_progress *p, double seconds)
{
    char left[TEXT_SIZE];
    const double rate = (double)(p->done - p->found) / (seconds + 1e-9);
    if (p->done < p->found)
        progress_show((double)p->done / (double)p->found,
                      "checked %" PRId64 " of %" PRId64 " pictures that are packed", p->done,
                      p->found);
    else
        progress_show((double)p->done / (double)p->total,
                      "packed %" PRId64 "/%" PRId64 "  %.0f images/s  %s left", p->done, p->total,
                      rate, text_duration(left, (double)(p->total - p->done) / (rate + 1e-9)));
}

/* Report the archives that are complete although the pack is not. */
static void say_rest(const alexnet_pack_progress *p, const char *out)
{
    progress_note("%" PRId64 " complete %s of %s; the same command continues after %s", p->shards,
                  text_plural(p->shards, "archive", "archives"), out,
                  text_plural(p->shards, "it", "them"));
}

static int pack_all(alexnet_pack_progress *p, alexnet_ctx *ctx, const train_data *data,
                    const char *out, const alexnet_pack_options *options)
{
    alexnet_pack *pack;
    bool more = true;
    alexnet_status status = alexnet_pack_new(&pack, ctx, data->train, data->val, out, options);
    if (status)
        return cli_code(status);
    double start = progress_clock();
    while (!status && more) {
        status = alexnet_pack_step(pack, p, &more);
        if (p->done <= p->found)
            start = progress_clock();
        show(p, progress_clock() - start);
    }
    progress_clear();
    int code = cli_code(status);
    if (code != CLI_DONE && p->done >= p->found) /* earlier ones have been checked */
        say_rest(p, out);
    alexnet_pack_free(pack);
    return code;
}

static void report(const alexnet_pack_progress *p, const char *out, bool json)
{
    char bytes[TEXT_SIZE];
    if (json) {
        json_print(json_pack("{s:o, s:I, s:I, s:I, s:I, s:I}", "out", json_text(out), "pictures",
                             (json_int_t)p->pictures, "unchanged", (json_int_t)p->unchanged,
                             "left_out", (json_int_t)p->left_out, "shards", (json_int_t)p->shards,
                             "bytes", (json_int_t)p->bytes));
        return;
    }
    terminal_line(stdout, "%" PRId64 " %s in %" PRId64 " %s of %s, %s", p->pictures,
                  text_plural(p->pictures, "picture", "pictures"), p->shards,
                  text_plural(p->shards, "archive", "archives"), out,
                  text_bytes(bytes, (double)p->bytes));
    if (p->unchanged)
        terminal_line(stdout, "%" PRId64 " are unchanged JPEG files", p->unchanged);
    if (p->left_out)
        terminal_line(stdout, "%" PRId64 " left out", p->left_out);
}

/* Reject options that have no effect. */
static int check_options(const opt_args *args, const pack_options *options)
{
    const int code = opt_needs(args, "quality", !options->raw, "JPEG, not --raw");
    return code == CLI_DONE ? opt_needs(args, "fit", options->side > 0, "a --side, not 0") : code;
}

static int run(const opt_args *args, const pack_options *options, const machine_options *machine)
{
    alexnet_ctx *ctx = NULL;
    train_data data = {0};
    alexnet_pack_options how;
    alexnet_pack_progress progress = {0};
    char *val = NULL;
    if (args->file_count < 2)
        return opt_wrong(&page, args->file_count ? "OUT is missing: the folder to write"
                                                 : "DATA and OUT are missing");
    if (args->file_count > 2)
        return train_data_several(&page, args->files[1]);
    const char *out = args->files[1];
    int code = check_options(args, options);
    if (code == CLI_DONE)
        code = take_options(&how, options);
    if (code == CLI_DONE)
        code = machine_open(&ctx, machine);
    if (code == CLI_DONE)
        code = train_data_val(&val, ctx, args->files[0], options->val, "0");
    if (code == CLI_DONE)
        code = train_data_open(&data, ctx, args->files[0], val, NULL, (uint64_t)options->seed);
    if (code == CLI_DONE)
        code = pack_all(&progress, ctx, &data, out, &how);
    if (code == CLI_DONE && progress.found == progress.total)
        progress_note("%s was packed already and is unchanged", out);
    if (code == CLI_DONE)
        report(&progress, out, machine->json);
    train_data_free(&data);
    free(val);
    machine_close(ctx);
    return code;
}

int cmd_data_pack(int argc, char **argv)
{
    int code;
    pack_options options = {0};
    machine_options machine = {0};
    opt_args args = {
        .page = &page,
        .groups = {{"Options", rows, COUNT_OF(rows), &options}, machine_group_plain(&machine)}};
    return opt_parse(&args, argc, argv, &code) ? run(&args, &options, &machine) : code;
}
