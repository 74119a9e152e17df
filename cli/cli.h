/*
 * Shared by all commands: exit codes, error messages, and memory.
 * The command uses the library only through <alexnet/alexnet.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <alexnet/alexnet.h>

#if defined(__GNUC__)
#define CLI_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define CLI_PRINTF(at, first)
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** Exit codes. A command that a signal interrupts exits with 128 + the signal's number. */
enum {
    CLI_DONE = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_BAD_INPUT = 3,
    CLI_NOT_AVAILABLE = 4,
};

/** A command: argv holds its arguments, without its name. Returns the exit code. */
typedef int (*command_fn)(int argc, char **argv);

typedef struct command {
    const char *name;
    command_fn run;
    const char *help;            /* one line */
    const struct command *parts; /* subcommands, such as "check" of "data"; or NULL */
} command;

/** A word that users of other programs type, and the command that does it here. */
typedef struct synonym {
    const char *word, *ours;
} synonym;

/** All commands, and those of `data`; each list ends with a row without a name. */
extern const command commands[], data_commands[];
/** Find a command in a list. @return NULL if none has this name */
const command *command_find(const command *list, const char *name);
/** Report an unknown command on stderr, with the nearest one. @return CLI_USAGE */
int command_unknown(const char *name);
/**
 * command_unknown() for any list of commands.
 * @param synonyms  ended by a row without a word
 * @param before    printed before the command: "data " for those of `data`, else ""
 */
int command_unknown_in(const command *list, const synonym *synonyms, const char *before,
                       const char *name);

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
int cmd_version(int argc, char **argv);

/** Print "alexnet: message" as a line on stderr. @return `code` */
int cli_error(int code, const char *format, ...) CLI_PRINTF(2, 3);
/**
 * The exit code that belongs to the result of a call of the library. The error text of one that
 * failed is printed, except for ALEXNET_ERROR_CANCELLED.
 */
int cli_code(alexnet_status status);
/** The same for a call that reads what the user named: ALEXNET_ERROR_IO is bad input. */
int cli_input_code(alexnet_status status);

/** How the program was called, quoted for a shell: the start of command lines that are printed. */
extern const char *cli_program;
/** Quote a word for a shell, if it needs quotes. Owned by the caller. */
char *cli_quote(const char *word);

/**
 * Memory for the command's own small data; cli_alloc() sets it to zero. If there is none left, the
 * program exits with CLI_FAILED.
 */
void *cli_alloc(size_t size);
void *cli_realloc(void *block, size_t size);
char *cli_copy(const char *text);
/** A formatted string that the caller frees. */
char *cli_format(const char *format, ...) CLI_PRINTF(1, 2);

/** A growing list, which owns its strings. Starts as all zero. */
typedef struct string_list {
    char **items;
    size_t count, room;
} string_list;

/** Add a string, which the list then owns. */
void string_list_add(string_list *list, char *item);
void string_list_free(string_list *list);

#endif
