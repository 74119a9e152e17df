/* Find the pictures of a folder that are nearest to a query by their features, or to each other. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "files.h"
#include "model_args.h"
#include "outputs.h"
#include "paths.h"
#include "pictures.h"
#include "similar.h"
#include "text.h"

/* What other programs call the metrics. */
static const char *const measures[] = {"l2",      "euclidean", "euclid", "euclidean",
                                       "angular", "cosine",    NULL};

static const opt rows[] = {
    {.name = "in",
     .type = OPT_TEXT,
     .also = {"folder", "data", "database", "gallery"},
     .arg = "FOLDER",
     .help = "the pictures to search, at any depth",
     .reads = true,
     .offset = offsetof(similar_options, in)},
    {.name = "top",
     .type = OPT_INTEGER,
     .also = {"topk", "top-k", "k", "neighbours", "neighbors"},
     .arg = "N",
     .low = 1,
     .high = 10000,
     .standard = "6",
     .help = "how many pictures to find for each query",
     .offset = offsetof(similar_options, top)},
    {.name = "layer",
     .type = OPT_TEXT,
     .also = {"feature", "features", "module-name"},
     .arg = "LAYER",
     .standard = "fc7",
     .help = "whose output is compared, as 'features' names layers",
     .offset = offsetof(similar_options, layer)},
    {.name = "metric",
     .type = OPT_CHOICE,
     .also = {"distance"},
     .arg = "euclidean|cosine",
     .standard = "euclidean",
     .words = measures,
     .help = "distance between two outputs: Euclidean, or 1 - cosine of the angle",
     .offset = offsetof(similar_options, metric)},
    {.name = "all-pairs",
     .type = OPT_FLAG,
     .also = {"duplicates", "near-duplicates", "pairs"},
     .help = "find the pictures of the folder that are nearest to each other; takes no QUERY",
     .offset = offsetof(similar_options, all_pairs)},
    {.name = "limit",
     .type = OPT_INTEGER,
     .also = {"max-pairs"},
     .arg = "N",
     .low = 1,
     .high = 10000000,
     .standard = "100",
     .help = "with --all-pairs: how many pairs to print",
     .offset = offsetof(similar_options, limit)},
    {.name = "within",
     .type = OPT_NUMBER,
     .also = {"threshold", "below", "radius"},
     .arg = "DISTANCE",
     .low = 0,
     .high = 1e30,
     .standard = "1e30",
     .help = "leave out pictures that are farther apart",
     .offset = offsetof(similar_options, within)},
    {.name = "html",
     .type = OPT_TEXT,
     .also = {"sheet", "report", "out", "output"},
     .arg = "FILE.html",
     .ends = ".html|.htm",
     .help = "also write a page that shows the pictures",
     .offset = offsetof(similar_options, html)},
    {.name = "csv",
     .type = OPT_FLAG,
     .help = "results as CSV: a header, then a row for each neighbour or pair",
     .offset = offsetof(similar_options, csv)},
    {.name = "index",
     .type = OPT_TEXT,
     .also = {"cache", "cache-dir"},
     .arg = "FOLDER",
     .help = "where the folder's features are kept (default: .photos.index beside photos)",
     .offset = offsetof(similar_options, index)},
    MODEL_ARGS_POOL(similar_options),
    MODEL_ARGS_VIEWS(similar_options),
    MODEL_ARGS_BATCH(similar_options, "32"),
};

static const opt_elsewhere elsewhere[] = {{"format", OPT_AS_CSV_OR_JSON}, {0}};

static const opt_page page = {
    .command = "similar",
    .usage = {"similar MODEL|RUN QUERY... --in FOLDER [options]",
              "similar MODEL|RUN --all-pairs --in FOLDER [options]"},
    .elsewhere = elsewhere,
    .about =
        "Find the pictures of a folder that are most like each QUERY: those whose output of a "
        "layer is nearest. QUERY is what 'classify' takes: a picture, a folder of "
        "them, an archive, a list, or - for standard input. Every picture of the folder is "
        "compared; the outputs are "
        "kept in an index beside the folder, so that later searches compute only new or changed "
        "pictures. A query that is in the folder itself is not among its own neighbours. With "
        "--all-pairs, find the nearest pairs in the folder: duplicates come first. A picture that "
        "cannot be read is left out, and the exit code is 3.",
    .examples = {{"similar best.safetensors rose.jpg --in photos --html rose.html",
                  "the six most similar pictures, listed and as a page to look at"},
                 {"similar a.pth --all-pairs --in photos --metric cosine --within 0.05",
                  "pictures that are nearly the same"}},
};

/* ---- The command ----------------------------------------------------------------------------- */

static int check_usage(const opt_args *args, const similar_options *options, bool json)
{
    int code = model_args_check(args);
    if (code == CLI_DONE)
        code = opt_needs(args, "limit", options->all_pairs, "--all-pairs");
    if (code == CLI_DONE)
        code = opt_needs(args, "top", !options->all_pairs, "QUERY, not --all-pairs");
    if (code != CLI_DONE)
        return code;
    if (options->csv && json)
        return opt_wrong(&page, "--csv and --json cannot be combined");
    if (!options->in)
        return opt_wrong(&page, "--in FOLDER is missing: the pictures to search");
    if (options->all_pairs && args->file_count > 1)
        return opt_wrong(&page, "--all-pairs compares the pictures of --in; it takes no QUERY");
    if (!options->all_pairs && args->file_count == 1)
        return opt_wrong(&page, "QUERY is missing: pictures or folders, or --all-pairs");
    errno = ENOTDIR; /* stat() sets another if it fails */
    if (!path_is_folder(options->in))
        return cli_error(CLI_BAD_INPUT, "--in %s is not a folder that can be searched: %s",
                         options->in, strerror(errno));
    return options->html ? output_check(options->html) : CLI_DONE;
}

/* What the search has left out is bad input, as a bad query is. */
static int count_unreadable(const similar_search *s)
{
    const int64_t count = alexnet_index_count(s->index), bad = alexnet_index_unreadable(s->index);
    return bad ? cli_error(CLI_BAD_INPUT, "%" PRId64 " of %" PRId64 " %s of %s could not be read",
                           bad, count, text_plural(count, "picture", "pictures"), s->options->in)
               : CLI_DONE;
}

/* Everything after the features: the index, the search, the page. */
static int work(similar_search *s, const alexnet_dataset *queries)
{
    file_output out = {0};
    int code = similar_refresh(s);
    if (code == CLI_DONE && s->options->html)
        code = file_begin(&out, s->options->html);
    if (code != CLI_DONE)
        return code;
    s->sheet = (similar_page){out.file, s->options->html};
    similar_page_begin(&s->sheet, s->options->all_pairs ? "Nearest pairs" : "Similar pictures");
    code = queries ? similar_find(s, queries) : similar_find_pairs(s);
    if (code == CLI_DONE || code == CLI_BAD_INPUT) {
        const int unreadable = count_unreadable(s);
        code = code == CLI_DONE ? unreadable : code;
    }
    similar_page_end(&s->sheet);
    if (!out.file)
        return code;
    /* keep the page even if some pictures could not be read */
    const int end = file_end(&out, code == CLI_BAD_INPUT ? CLI_DONE : code);
    return code == CLI_DONE ? end : code;
}

static int run(model_args *line, const void *own)
{
    const similar_options *options = own;
    similar_search s = {.options = options, .json = line->machine.json};
    int code = check_usage(&line->args, options, s.json);
    if (code == CLI_DONE)
        code = options->all_pairs ? model_args_open(line) : model_args_open_pictures(line);
    if (code != CLI_DONE || (line->pictures && alexnet_dataset_count(line->pictures) == 0))
        return code; /* an empty list on standard input asks for nothing */
    s.ctx = line->ctx;
    code = similar_open_features(&s, line->model);
    if (code == CLI_DONE)
        code = work(&s, line->pictures);
    alexnet_index_free(s.index);
    alexnet_features_free(s.features);
    return code;
}

int cmd_similar(int argc, char **argv)
{
    similar_options options = {0};
    const opt_group own = {"Options", rows, COUNT_OF(rows), .target = &options};
    return model_args_run(&page, own, run, argc, argv);
}
