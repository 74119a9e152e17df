#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library_text.h"
#include "progress.h"
#include "signals.h"
#include "terminal.h"

const char *cli_program = "alexnet";

/* Quote as $'...', which bash and others read, for a word that cannot be shown as it is. */
static char *quote_escaped(const char *word)
{
    char *quoted = cli_alloc(4 * strlen(word) + 4), *end = stpcpy(quoted, "$'");
    for (; *word; word++) {
        unsigned char byte = (unsigned char)*word;
        if (byte < ' ' || byte >= 0x7F)
            end += sprintf(end, "\\x%02x", byte);
        else
            end += sprintf(end, byte == '\'' || byte == '\\' ? "\\%c" : "%c", byte);
    }
    *end = '\'';
    return quoted;
}

char *cli_quote(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./,:@%";
    if (*word && strspn(word, plain) == strlen(word))
        return cli_copy(word);
    char *shown = terminal_text(word, "");
    bool as_is = strcmp(shown, word) == 0;
    free(shown);
    if (!as_is)
        return quote_escaped(word);
    char *quoted = cli_alloc(4 * strlen(word) + 3), *end = quoted;
    *end++ = '\'';
    for (; *word; word++) {
        if (*word == '\'')
            end = stpcpy(end, "'\\'");
        *end++ = *word;
    }
    *end = '\'';
    return quoted;
}

int cli_error(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int length = vasprintf(&text, format, args);
    va_end(args);
    progress_say("alexnet: %s", length < 0 ? "out of memory" : text);
    free(length < 0 ? NULL : text);
    return code;
}

static int exit_code(alexnet_status status)
{
    switch (status) {
    case ALEXNET_OK: return CLI_DONE;
    case ALEXNET_ERROR_INVALID_ARGUMENT: return CLI_USAGE;
    case ALEXNET_ERROR_FORMAT:
    case ALEXNET_ERROR_UNSUPPORTED:
    case ALEXNET_ERROR_BAD_DATA: return CLI_BAD_INPUT;
    case ALEXNET_ERROR_NOT_AVAILABLE: return CLI_NOT_AVAILABLE;
    case ALEXNET_ERROR_CANCELLED: return signals_exit_code();
    default: return CLI_FAILED;
    }
}

int cli_code(alexnet_status status)
{
    if (status && status != ALEXNET_ERROR_CANCELLED)
        cli_error(0, "%s", library_error());
    return exit_code(status);
}

int cli_input_code(alexnet_status status)
{
    int code = cli_code(status);
    return status == ALEXNET_ERROR_IO ? CLI_BAD_INPUT : code;
}
