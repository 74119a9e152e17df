#include <stdio.h>

#include "opt.h"

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
    for (const command *c = commands; c->name; c++)
        printf("  %-10s %s\n", c->name, c->help);
    printf("\nStart with 'alexnet demo'. 'alexnet help COMMAND' explains a command. No trained\n"
           "weights come with alexnet: 'alexnet train' makes a model from your own pictures.\n\n"
           "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 bad input file, 4 device or feature\n"
           "not available; interrupted: 130 by SIGINT (Ctrl-C), 143 by SIGTERM, 152 by SIGXCPU.\n");
}

/* Explain a command, or a part of one, by calling it with --help. */
static int explain(int count, char **names)
{
    char *ask[] = {names[1], "--help", NULL};
    const command *found = command_find(commands, names[0]);
    if (!found)
        return command_unknown(names[0]);
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
