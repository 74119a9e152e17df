#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json.h"
#include "library_text.h"
#include "machine.h"
#include "model.h"
#include "outputs.h"
#include "paths.h"
#include "table.h"
#include "terminal.h"
#include "text.h"

typedef struct convert_options {
    const char *to, *lpips;
    int weights, names; /* an alexnet_weights and an alexnet_names */
    bool preprocessing, list, quiet, json;
} convert_options;

static const opt rows[] = {
    {.name = "to",
     .type = OPT_TEXT,
     .also = {"format", "output-format", "as", "type"},
     .arg = "FORMAT",
     .help = "the format to write (default: by the ending of OUT); --list shows all",
     .offset = offsetof(convert_options, to)},
    {.name = "weights",
     .type = OPT_CHOICE,
     .also = {"dtype", "precision", "half", "fp16", "quantize"},
     .arg = "fp32|fp16|bf16",
     .standard = "fp32",
     .help = "the type of weights in OUT; fp16 and bf16 halve the file and round",
     .offset = offsetof(convert_options, weights)},
    {.name = "names",
     .type = OPT_CHOICE,
     .also = {"keys", "style", "layout"},
     .arg = "ours|torchvision|towers",
     .standard = "ours",
     .help = "names of tensors: conv1.weight; features.0.weight; conv1a.weight and conv1b.weight, "
             "the two towers of 2012",
     .offset = offsetof(convert_options, names)},
    {.name = "preprocessing",
     .type = OPT_FLAG,
     .also = {"preprocess", "normalize", "with-preprocessing"},
     .help = "ONNX: take RGB pixels from 0 to 255, and subtract the mean inside the graph",
     .offset = offsetof(convert_options, preprocessing)},
    {.name = "lpips",
     .type = OPT_TEXT,
     .also = {"lin", "perceptual"},
     .arg = "FILE",
     .help = "add the weights of LPIPS from FILE to OUT, for 'alexnet distance'",
     .reads = true,
     .offset = offsetof(convert_options, lpips)},
    {.name = "list",
     .type = OPT_FLAG,
     .also = {"formats"},
     .help = "list the formats, in and out",
     .offset = offsetof(convert_options, list)},
    {.name = "quiet",
     .letter = 'q',
     .type = OPT_FLAG,
     .also = {"silent"},
     .help = "no notes about what was recognised, only warnings and errors",
     .offset = offsetof(convert_options, quiet)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "results as JSON",
     .offset = offsetof(convert_options, json)},
};

static const opt_page page = {
    .command = "convert",
    .usage = {"convert IN OUT [options]", "convert --list"},
    .writes = 1,
    .about = "Read a model in any format and write it in another. IN is recognised by its content, "
             "whatever it is called, and may be a training run; OUT's ending gives its format. "
             "Notes say what was recognised, what was assumed, and what OUT cannot hold. An "
             "existing OUT is replaced once the new file is complete, unless it is IN or a run's "
             "checkpoint.",
    .examples = {{"convert runs/photos-1 photos.safetensors --weights fp16",
                  "the best model of a run, at half the size"},
                 {"convert best.safetensors towers.safetensors --names towers",
                  "the two towers of 2012 as tensors of their own"}},
};

/* ---- The list ---- */

static void list_as_json(void)
{
    alexnet_format_info format;
    for (int i = 0; alexnet_format_get(i, &format); i++)
        json_print(json_pack("{s:s, s:s, s:s, s:b, s:b, s:s}", "name", format.name, "endings",
                             format.endings, "about", format.about, "reads", format.reads, "writes",
                             format.writes, "without", format.without));
}

static void list_as_text(void)
{
    static const char *const heading[] = {"format", "files", "read", "written", "what it is"};
    alexnet_format_info format;
    table t = table_new("llllw");
    table_add_row(&t, heading);
    for (int i = 0; alexnet_format_get(i, &format); i++) {
        char *endings = cli_copy(format.endings);
        for (char *at = endings; (at = strchr(at, '|')); *at = ' ')
            ;
        table_add(&t, "%s", format.name);
        table_add(&t, "%s", endings);
        table_add(&t, "%s", format.reads ? "yes" : "");
        table_add(&t, "%s", format.writes ? "yes" : "");
        table_add(&t, "%s%s%s", format.about, *format.without ? "; written without " : "",
                  format.without);
        free(endings);
    }
    table_print(&t, stdout);
}

/* ---- Conversion ---- */

static void report(const alexnet_model *model, const char *in, const char *out,
                   const alexnet_format_info *to, bool json)
{
    const char *network = alexnet_network_name(alexnet_model_network(model));
    const int classes = alexnet_model_class_count(model);
    struct stat info = {0};
    char size[TEXT_SIZE];
    stat(out, &info);
    if (json) {
        json_print(json_pack("{s:o, s:s, s:s, s:i, s:o, s:s, s:I, s:s}", "in", json_text(in),
                             "format", alexnet_model_format(model), "network", network, "classes",
                             classes, "out", json_text(out), "to", to->name, "bytes",
                             (json_int_t)info.st_size, "without", to->without));
        return;
    }
    terminal_line(stdout, "read     %s: %s, network %s, %d %s", in, alexnet_model_format(model),
                  network, classes, text_plural(classes, "class", "classes"));
    terminal_line(stdout, "wrote    %s: %s, %s", out, to->name,
                  text_bytes(size, (double)info.st_size));
    if (*to->without)
        terminal_line(stdout, "without  %s", to->without);
}

static int take_lpips(alexnet_model *model, const char *path)
{
    alexnet_status status = alexnet_model_set_lpips(model, path);
    if (status == ALEXNET_ERROR_INVALID_ARGUMENT)
        return cli_error(CLI_BAD_INPUT, "%s: %s", path, library_error());
    return cli_input_code(status);
}

static int convert(const char *in, const char *out, const alexnet_format_info *to,
                   const convert_options *options, const model_options *how)
{
    alexnet_ctx *ctx;
    alexnet_model *model = NULL;
    const machine_options machine = {.device = "cpu", .quiet = options->quiet};
    alexnet_save_options save = ALEXNET_SAVE_OPTIONS_INIT;
    save.format = to->name;
    save.weights = (alexnet_weights)options->weights;
    save.names = (alexnet_names)options->names;
    save.preprocessing = options->preprocessing;
    int code = machine_open(&ctx, &machine);
    if (code == CLI_DONE)
        code = model_open_as(&model, ctx, in, "IN is a model", how);
    if (code == CLI_DONE && options->lpips)
        code = take_lpips(model, options->lpips);
    if (code == CLI_DONE)
        code = cli_code(alexnet_model_save(model, out, &save));
    if (code == CLI_DONE)
        report(model, in, out, to, options->json);
    alexnet_model_free(model);
    machine_close(ctx);
    return code;
}

/* Options that the format does not take are refused before a model is read. */
static int check_options(const convert_options *options, const alexnet_format_info *to)
{
    if (options->weights != ALEXNET_WEIGHTS_FP32 && !to->weights)
        return opt_wrong(&page, "--weights: %s files hold fp32 only", to->name);
    if (options->weights == ALEXNET_WEIGHTS_BF16 && !to->bf16)
        return opt_wrong(&page, "--weights: %s files have no bf16; fp16 takes as little", to->name);
    if (options->names != ALEXNET_NAMES_OURS && !to->names)
        return opt_wrong(&page, "--names: %s files have names of their own", to->name);
    if (options->preprocessing && !to->preprocessing)
        return opt_wrong(&page, "--preprocessing: %s files do not compute; onnx does", to->name);
    if (options->lpips && (!to->names || options->names == ALEXNET_NAMES_TORCHVISION))
        return opt_wrong(&page, "--lpips: %s cannot hold these weights",
                         to->names ? "a file with torchvision's names" : to->name);
    return CLI_DONE;
}

static int run(const opt_args *args, const convert_options *options, const model_options *how)
{
    int code = opt_needs(args, "to|weights|names|preprocessing|lpips|net|mean|class-names",
                         !options->list, "IN and OUT, not --list");
    if (code != CLI_DONE)
        return code;
    if (options->list && args->file_count > 0)
        return opt_wrong(&page, "--list takes no files");
    if (options->list) {
        options->json ? list_as_json() : list_as_text();
        return CLI_DONE;
    }
    if (args->file_count != 2)
        return opt_wrong(&page, args->file_count == 0   ? "IN and OUT are missing"
                                : args->file_count == 1 ? "OUT is missing: the file to write"
                                                        : "convert takes one IN and one OUT");
    const char *in = args->files[0], *out = args->files[1];
    alexnet_format_info to;
    code = cli_code(alexnet_format_find(&to, options->to, out));
    if (code == CLI_DONE)
        code = check_options(options, &to);
    if (code == CLI_DONE)
        code = output_check(out);
    return code == CLI_DONE ? convert(in, out, &to, options, how) : code;
}

int cmd_convert(int argc, char **argv)
{
    int code;
    convert_options options = {0};
    model_options how = {0};
    opt_args args = {.page = &page,
                     .groups = {{"Options", rows, COUNT_OF(rows), &options}, model_group(&how)}};
    return opt_parse(&args, argc, argv, &code) ? run(&args, &options, &how) : code;
}
