/*
 * alexnet: the command over libalexnet. A table of commands; each is a file cmd_<name>.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "signals.h"
#include "waiting.h"

const command commands[] = {
    {"info", cmd_info, "show a network, a model, a run or a recipe", NULL},
    {"train", cmd_train, "train a network on pictures, or continue a run", NULL},
    {"data", cmd_data, "check a data set, pack it, or compute its statistics", data_commands},
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
    {NULL, NULL},
};

const command *command_find(const command *list, const char *name)
{
    for (const command *c = list; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

int command_unknown_in(const command *list, const synonym *others, const char *before,
                       const char *name)
{
    enum { MOST = COUNT_OF(commands) + COUNT_OF(synonyms) }; /* no list is longer */
    const char *words[MOST] = {0}, *ours[MOST] = {0}, *meant = NULL;
    int count = 0;
    for (const command *c = list; c->name; c++, count++)
        words[count] = ours[count] = c->name;
    for (const synonym *s = others; s->word; s++, count++) {
        words[count] = s->word;
        ours[count] = s->ours;
    }
    const char *near = alexnet_word_nearest(name, words, count);
    for (int i = 0; near && i < count && !meant; i++)
        meant = words[i] == near ? ours[i] : NULL;
    if (meant)
        return cli_error(CLI_USAGE, "there is no command '%s%s'; did you mean '%s %s%s'?", before,
                         name, cli_program, before, meant);
    return cli_error(CLI_USAGE, "there is no command '%s%s'; '%s help%s%.*s' lists them", before,
                     name, cli_program, *before ? " " : "", (int)strcspn(before, " "), before);
}

int command_unknown(const char *name)
{
    return command_unknown_in(commands, synonyms, "", name);
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        cmd_help(0, argv + 1);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    else if (name[0] == '-')
        return cli_error(CLI_USAGE, "%s: options come after the command; try 'alexnet help'", name);
    const command *found = command_find(commands, name);
    return found ? found->run(argc - 2, argv + 2) : command_unknown(name);
}

static bool reader_went_away(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP));
}

/* A full disk is noticed here at the latest. A reader that went away is not a failure. */
static int close_stdout(int code)
{
    bool gone = reader_went_away(), failed = ferror(stdout) != 0;
    errno = 0;
    if ((fclose(stdout) == 0 && !failed) || gone || errno == EPIPE)
        return code;
    cli_error(0, "cannot write to standard output: %s", errno ? strerror(errno) : "write failed");
    return code ? code : CLI_FAILED;
}

/* If descriptor 0, 1 or 2 is closed, as cron and daemons may leave it, the next file to be opened
 * would get its number, and what is printed would go there. Open /dev/null for the wrong direction
 * in its place, so that its use still fails. */
static void open_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    open_standard_files();
    waiting_bound(argv);
    signals_init();
    char *program = cli_quote(argc > 0 ? argv[0] : "alexnet");
    cli_program = program;
    int code = close_stdout(dispatch(argc, argv));
    free(program);
    return code;
}
