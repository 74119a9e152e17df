/* The commands, and the one that shows them, help. */
#include <stdio.h>

#include "opt.h"
#include "terminal.h"

enum { LINE_WIDTH = 80 };

static const command rows[] = {
    {"info", cmd_info, "show a network, a model, a run or a recipe", NULL},
    {"train", cmd_train, "train a network on pictures, or continue a run", NULL},
    {"data", cmd_data, "check a data set, pack it, or compute its statistics", &data_commands},
    {"eval", cmd_eval, "measure a model, or several as one, on labelled pictures", NULL},
    {"classify", cmd_classify, "name the most probable classes of pictures", NULL},
    {"features", cmd_features, "compute the outputs of inner layers for pictures, for NumPy", NULL},
    {"rdm", cmd_rdm, "compare pictures as each layer sees them", NULL},
    {"convert", cmd_convert, "convert a model from or to the format of another program", NULL},
    {"distance", cmd_distance, "measure how different two pictures look (LPIPS)", NULL},
    {"similar", cmd_similar, "find the pictures of a folder that are most like others", NULL},
    {"explain", cmd_explain, "draw what a network saw in a picture", NULL},
    {"plot", cmd_plot, "draw the filters of a model, the curves of runs, a confusion matrix", NULL},
    {"runs", cmd_runs, "list training runs side by side", NULL},
    {"bench", cmd_bench, "measure the speed of this machine, layer by layer", NULL},
    {"selftest", cmd_selftest, "check this installation and list its devices", NULL},
    {"demo", cmd_demo, "a complete small example with nothing to download", NULL},
    {"help", cmd_help, "explain a command", NULL},
    {"manual", cmd_manual, "print the manual page", NULL},
    {"completion", cmd_completion, "print a script by which a shell completes command lines", NULL},
    {"version", cmd_version, "print the version and those of the libraries in use", NULL},
    {NULL, NULL, NULL, NULL},
};

static const synonym synonyms[] = {
    {"test", "eval"},
    {"evaluate", "eval"},
    {"validate", "eval"},
    {"val", "eval"},
    {"score", "eval"},
    {"finetune", "train --init-from"},
    {"fine-tune", "train --init-from"},
    {"transfer", "train --init-from"},
    {"fit", "train"},
    {"learn", "train"},
    {"resume", "train --resume"},
    {"continue", "train --resume"},
    {"predict", "classify"},
    {"infer", "classify"},
    {"inference", "classify"},
    {"label", "classify"},
    {"extract", "features"},
    {"rsa", "rdm --compare"},
    {"embed", "features"},
    {"embeddings", "features"},
    {"recognize", "classify"},
    {"recognise", "classify"},
    {"lpips", "distance"},
    {"perceptual", "distance"},
    {"compare", "distance"},
    {"diff", "distance"},
    {"recipe", "info"},
    {"recipes", "info"},
    {"network", "info"},
    {"networks", "info"},
    {"nets", "info"},
    {"models", "info"},
    {"list", "info"},
    {"show", "info"},
    {"summary", "info"},
    {"describe", "info"},
    {"inspect", "info"},
    {"export", "convert"},
    {"import", "convert"},
    {"onnx", "convert"},
    {"save", "convert"},
    {"quantize", "convert --weights"},
    {"formats", "convert --list"},
    {"draw", "plot"},
    {"visualize", "explain"},
    {"visualise", "explain"},
    {"saliency", "explain"},
    {"search", "similar"},
    {"retrieve", "similar"},
    {"findsimilar", "similar"},
    {"nearest", "similar"},
    {"neighbours", "similar"},
    {"neighbors", "similar"},
    {"duplicates", "similar"},
    {"gradcam", "explain"},
    {"grad-cam", "explain"},
    {"occlusion", "explain"},
    {"heatmap", "explain"},
    {"activations", "explain"},
    {"attribution", "explain"},
    {"interpret", "explain"},
    {"benchmark", "bench"},
    {"speed", "bench"},
    {"check", "selftest"},
    {"dataset", "data"},
    {"datasets", "data"},
    {"verify", "data check"},
    {"dedup", "data check"},
    {"devices", "selftest"},
    {"device_query", "selftest"},
    {"example", "demo"},
    {"tutorial", "demo"},
    {"quickstart", "demo"},
    {"man", "manual"},
    {NULL, NULL},
};

const command_list commands = {"", rows, synonyms};

/* ---- help ---- */

static const opt_page page = {
    .command = "help",
    .usage = {"help [COMMAND]", "help data COMMAND"},
    .about = "List the commands, or explain one of them: 'alexnet help train' is the same as "
             "'alexnet train --help'.",
    .examples = {{"help", "list the commands"},
                 {"help train", "explain 'train' and list its options"}},
};

static void list_commands(void)
{
    printf("alexnet %s: train, evaluate and use AlexNet\n\n"
           "Usage: alexnet COMMAND [options] [files]\n\n",
           alexnet_version());
    for (const command *c = rows; c->name; c++)
        printf("  %-10s %s\n", c->name, c->help);
    putchar('\n');
    terminal_wrap(stdout, LINE_WIDTH, 0, 0, COMMANDS_START);
    putchar('\n');
    terminal_wrap(stdout, LINE_WIDTH, 0, 0, "Exit codes: " COMMANDS_EXIT_CODES);
}

/* Explain a command, or a part of one, by calling it with --help. */
static int explain(int count, char **names)
{
    char *ask[] = {names[1], "--help", NULL};
    const command *found = command_find(&commands, names[0]);
    if (!found)
        return command_unknown(&commands, names[0]);
    if (count > (found->parts ? 2 : 1))
        return opt_wrong(&page, "help explains one command at a time");
    return found->run(count, ask + 2 - count);
}

int cmd_help(int argc, char **argv)
{
    int code;
    opt_args args = {.page = &page};
    if (opt_parse(&args, argc, argv, &code)) {
        code = CLI_DONE;
        if (args.file_count)
            code = explain(args.file_count, args.files);
        else
            list_commands();
    }
    return code;
}
