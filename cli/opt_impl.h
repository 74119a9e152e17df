/*
 * The inside of opt.h, in which each file uses only those below it:
 *
 *     opt.c          the command line
 *     opt_meant.c    what a wrong name or value was meant to be
 *     opt_man.c      the section of a command in the manual page
 *     opt_complete.c its part of the scripts that complete command lines
 *     opt_help.c     its help, and errors of usage
 *     opt_row.c      rows and the values of options
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_OPT_IMPL_H
#define CLI_OPT_IMPL_H

#include <stdio.h>

#include "opt.h"

/** A row of a command, and its group. */
typedef struct opt_place {
    const opt *row;
    const opt_group *group;
    size_t g, i; /* where the next row is */
} opt_place;

/** Step through all rows: for (opt_place at = {0}; opt_next(args, &at);). */
bool opt_next(const opt_args *args, opt_place *at);

enum { OPT_WORDS = 16 };

/** "auto|fp32|bf16" cut up into words. The caller frees `text`. */
typedef struct opt_words {
    char *text; /* which the words are parts of */
    const char *at[OPT_WORDS];
    int count;
} opt_words;

opt_words opt_cut_up(const char *text);

/** Store the value of an option in its target. @return false: it is not one */
bool opt_store(const opt *row, void *options, const char *value);

/** The option --help, which every command has. */
extern const opt opt_help_row;
/** What help says about an option: "help (1 to 1000; default 5)". */
void opt_describe(const opt *row, char *out, size_t size);

/* A command as each form of --help has it. */
void opt_print_help(const opt_args *args, FILE *out); /* --help */
void opt_print_man(const opt_args *args, FILE *out);  /* --help=man */
void opt_print_bash(const opt_args *args, FILE *out); /* --help=bash */
void opt_print_zsh(const opt_args *args, FILE *out);  /* --help=zsh */
void opt_print_fish(const opt_args *args, FILE *out); /* --help=fish */
/** Options, and a list of commands, in the manual page. */
void opt_print_man_group(const opt_group *group, FILE *out);
void opt_print_man_commands(const command_list *list, FILE *out);

/** Report an option that the command does not have. @param dashes  as typed. @return CLI_USAGE */
int opt_wrong_name(const opt_args *args, const char *dashes, const char *name, size_t length);
/** Report a value that opt_store() refused. @return CLI_USAGE */
int opt_wrong_value(const opt_args *args, const opt *row, const char *value);

#endif
