#include <stdio.h>

#include "opt.h"

static const opt_page page = {
    .command = "help",
    .usage = {"help [COMMAND]"},
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
           "not available, 130 or 143 interrupted by SIGINT (Ctrl-C) or SIGTERM.\n");
}

int cmd_help(int argc, char **argv)
{
    int code;
    opt_args args = {.page = &page};
    if (opt_parse(&args, argc, argv, &code)) {
        const char *name = args.file_count ? args.files[0] : NULL;
        const command *found = name ? command_find(name) : NULL;
        char *ask[] = {"--help", NULL};
        code = CLI_DONE;
        if (args.file_count > 1)
            code = opt_wrong(&page, "help explains one command at a time");
        else if (!name)
            list_commands();
        else
            code = found ? found->run(1, ask) : command_unknown(name);
    }
    opt_free(&args);
    return code;
}
