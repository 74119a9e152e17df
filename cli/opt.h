/*
 * Options as tables. One row describes an option; parsing, `--help` and the errors of wrong usage
 * all come from it.
 *
 *     --name VALUE, --name=VALUE    an option with a value; the last one given counts,
 *                                    but an option that takes a list is given once
 *     --name, --no-name             a flag
 *     -n VALUE, -nVALUE             its letter, if it has one
 *     --                            ends the options; all that follows are files
 *     -                             is a file: standard input
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include "cli.h"
#include "command.h"

typedef enum opt_type {
    OPT_FLAG,    /* target: bool */
    OPT_TEXT,    /* target: const char *, borrowed from argv */
    OPT_INTEGER, /* target: int64_t */
    OPT_NUMBER,  /* target: double */
    OPT_CHOICE,  /* target: int, the position among the words of `arg`, "auto|fp32" */
    OPT_SETTING, /* target: string_list; "key=value" adds key and value */
    OPT_KEY,     /* target: string_list; adds the option's name, dashes as underscores, and value */
} opt_type;

enum { OPT_ALSO = 5 };

typedef struct opt {
    const char *name; /* without its dashes */
    char letter;      /* short form, or 0 */
    opt_type type;
    const char *also[OPT_ALSO]; /* names of this option in other programs; a word near to one
                                   suggests this option; unused ones are NULL */
    const char *arg;            /* what help calls the value; NULL for a flag */
    /* of OPT_CHOICE: pairs of a word of another program and the choice that it means; a word near
     * to either suggests the choice. Ended by NULL; or NULL */
    const char *const *words;
    double low, high;     /* limits of OPT_INTEGER and OPT_NUMBER, inclusive */
    const char *standard; /* the default as text; NULL if there is none */
    const char *help;     /* one line */
    bool reads;           /* OPT_TEXT: the value may name a file or folder that is read */
    const char *ends;     /* OPT_TEXT: the value names a file that is written, and how such names
                             end: ".csv|.png"; NULL: it does not, or they end in anything */
    bool list;            /* OPT_TEXT: the value is a list; of two, the first would be forgotten */
    size_t offset;        /* of the target within the options struct */
} opt;

/** Options with one target struct and one title in the help. */
typedef struct opt_group {
    const char *title;
    const opt *rows;
    size_t count;
    void *target;
    bool shared; /* by commands: the manual page describes them once */
} opt_group;

typedef struct opt_example {
    const char *line; /* after "alexnet " */
    const char *does;
} opt_example;

/** A word that is an option in other programs, and where to say it here. */
typedef struct opt_elsewhere {
    const char *word; /* without its dashes */
    const char *hint; /* follows "there is no option --WORD: " */
} opt_elsewhere;

/** The hint where results are printed as text, CSV or JSON. */
#define OPT_AS_CSV_OR_JSON "for programs to read there are --csv and --json"

/** What `--help` says about a command besides its options. */
typedef struct opt_page {
    const char *command;
    const char *usage[3];           /* lines after "alexnet ", the unused ones NULL */
    const char *about;              /* a paragraph, which is wrapped when it is printed */
    const command_list *parts;      /* its subcommands; NULL: none */
    int writes;                     /* how many of its files, the last ones, it writes; it reads the
                                       others */
    const opt_elsewhere *elsewhere; /* ended by a row without a word; NULL: none */
    opt_example examples[2];
} opt_page;

enum { OPT_GROUPS = 3, OPT_GIVEN = 256 };

/**
 * A parsed command line. The caller sets the first two members; groups without rows are
 * skipped.
 */
typedef struct opt_args {
    const opt_page *page;
    opt_group groups[OPT_GROUPS];
    char **files; /* out: the arguments that are not options, in order; argv itself, rearranged */
    int file_count;
    const opt *given[OPT_GIVEN]; /* out: the rows of the options that were given, each once */
    int given_count;
} opt_args;

/**
 * Fill the targets with defaults and then with what argv says. What the line names as read is then
 * protected from being written (files.h).
 * @param code  out: the exit code if the command must not continue, because help was printed or a
 *              mistake was reported
 * @return whether to continue
 */
bool opt_parse(opt_args *args, int argc, char **argv, int *code);

/** Whether the option of this name was given. */
bool opt_given(const opt_args *args, const char *name);
/**
 * Report an option that has no effect here: "--limit needs --all-pairs".
 * @param names  of options that need the same, "out|layer"
 * @param there  whether what they need is there
 * @param what   what they need
 * @return CLI_DONE or CLI_USAGE
 */
int opt_needs(const opt_args *args, const char *names, bool there, const char *what);

/** Report wrong usage, and where to read more. @return CLI_USAGE */
int opt_wrong(const opt_page *page, const char *format, ...) CLI_PRINTF(2, 3);

#endif
