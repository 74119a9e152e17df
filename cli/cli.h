/*
 * Shared by all commands: exit codes, error messages, and quoted words.
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

#include "alloc.h"

/** Exit codes. A command that a signal interrupts exits with 128 + the signal's number. */
enum {
    CLI_DONE = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_BAD_INPUT = 3,
    CLI_NOT_AVAILABLE = 4,
};

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

#endif
