/*
 * Commands as tables. A command is a row of a list and a file cmd_<name>.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

/** A command: argv holds its arguments, without its name. Returns the exit code. */
typedef int (*command_fn)(int argc, char **argv);

typedef struct command {
    const char *name;
    command_fn run;
    const char *help;                 /* one line */
    const struct command_list *parts; /* subcommands, such as "check" of "data"; or NULL */
} command;

/** A word that users of other programs type, and the command that does it here. */
typedef struct synonym {
    const char *word, *ours;
} synonym;

typedef struct command_list {
    const char *before;      /* what is typed before a command of the list: "data", or "" */
    const command *rows;     /* ended by a row without a name */
    const synonym *synonyms; /* ended by a row without a word */
} command_list;

/** All commands, and those of `data`. */
extern const command_list commands, data_commands;

/** What help and the manual page say about all commands. */
#define COMMANDS_START                                                                             \
    "Start with 'alexnet demo'. 'alexnet help COMMAND' explains a command. No trained weights "    \
    "come with alexnet: 'alexnet train' makes a model from your own pictures."
#define COMMANDS_EXIT_CODES                                                                        \
    "0 done, 1 failed, 2 wrong usage, 3 bad input file, 4 device or feature not available; "       \
    "interrupted: 130 by SIGINT (Ctrl-C), 143 by SIGTERM, 152 by SIGXCPU."

/** Find a command in a list. @return NULL if none has this name */
const command *command_find(const command_list *list, const char *name);
/** Report a command that is not in the list, with the nearest one. @return CLI_USAGE */
int command_unknown(const command_list *list, const char *name);
/** Call each command of a list, and its subcommands, with one word: a form of --help. */
void command_each(const command_list *list, const char *word);

int cmd_info(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_classify(int argc, char **argv);
int cmd_features(int argc, char **argv);
int cmd_rdm(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_distance(int argc, char **argv);
int cmd_similar(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_runs(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_selftest(int argc, char **argv);
int cmd_data(int argc, char **argv);
int cmd_data_pack(int argc, char **argv);
int cmd_data_stats(int argc, char **argv);
int cmd_data_check(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_manual(int argc, char **argv);
int cmd_completion(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif
