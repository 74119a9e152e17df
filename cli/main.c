/*
 * alexnet: the command over libalexnet. What is typed first is one of the commands of commands.c.
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
#include "command.h"
#include "signals.h"
#include "waiting.h"

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
    const command *found = command_find(&commands, name);
    return found ? found->run(argc - 2, argv + 2) : command_unknown(&commands, name);
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
