#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "machine.h"
#include "model.h"
#include "opt_impl.h"
#include "roff.h"

static const opt_page page = {
    .command = "manual",
    .usage = {"manual"},
    .about = "Print the manual page alexnet(1), which contains the help of all commands. 'make "
             "install' installs it, and 'man alexnet' shows it then.",
    .examples = {{"manual | man -l -", "read it without an installation"},
                 {"manual > alexnet.1", "keep it"}},
};

/* The date of the page: SOURCE_DATE_EPOCH, by which builds are made reproducible, or today. */
static void print_title(void)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    const time_t now = epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm day;
    char date[32] = "";
    if (gmtime_r(&now, &day))
        strftime(date, sizeof date, "%Y-%m-%d", &day);
    printf(".TH ALEXNET 1 %s \"alexnet %s\"\n", date, alexnet_version());
}

static void print_before(void)
{
    print_title();
    printf(".SH NAME\nalexnet \\- train, evaluate and use AlexNet\n"
           ".SH SYNOPSIS\n"
           "\\fBalexnet\\fR \\fICOMMAND\\fR [\\fIoptions\\fR] [\\fIfiles\\fR]\n"
           ".SH DESCRIPTION\n"
           "The commands are:\n");
    opt_print_man_commands(&commands, stdout);
    printf(".PP\n");
    roff_lines(stdout, COMMANDS_START);
    printf(".PP\n");
    roff_lines(stdout,
               "Results go to standard output, progress, notes, warnings and errors to standard "
               "error. An option may be written as --name VALUE or --name=VALUE, --no-NAME turns a "
               "flag off, and '--' ends the options.");
    printf(".SH COMMANDS\n");
}

static const char *const files[][2] = {
    {"runs/NAME-N", "the folder of a training run, wherever --out does not name another"},
    {"best.safetensors, last.safetensors", "in it: the best model, and the checkpoint from which "
                                           "the run continues"},
    {"recipe.ini, log.jsonl, report.html", "in it: its recipe, a line for each report, and a page "
                                           "made at the end"},
};

static void print_after(void)
{
    model_options model;
    machine_options machine;
    static const char *const headings[] = {"OPTIONS OF MODEL", "COMMON OPTIONS"};
    const opt_group groups[] = {model_group(&model), machine_group(&machine)};
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        printf(".SH \"%s\"\n", headings[i]);
        opt_print_man_group(&groups[i], stdout);
    }
    printf(".SH \"EXIT STATUS\"\n");
    roff_lines(stdout, COMMANDS_EXIT_CODES);
    printf(".SH FILES\n");
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        printf(".TP\n\\fI");
        roff_text(stdout, files[i][0]);
        printf("\\fR\n");
        roff_lines(stdout, files[i][1]);
    }
    printf(".SH EXAMPLES\n"
           "Train on photographs, those of each class in a folder of its own;\n"
           "measure the model; classify another photograph:\n"
           ".PP\n.nf\n.RS\n"
           "alexnet train photos\n"
           "alexnet eval runs/photos\\-1\n"
           "alexnet classify runs/photos\\-1 some.jpg\n"
           ".RE\n.fi\n"
           ".SH \"SEE ALSO\"\n"
           "The documents that are installed with the program say more, README.md first.\n");
}

int cmd_manual(int argc, char **argv)
{
    int code;
    opt_args args = {.page = &page};
    if (!opt_parse(&args, argc, argv, &code))
        return code;
    if (args.file_count)
        return opt_wrong(&page, "manual takes no files");
    print_before();
    command_each(&commands, "--help=man");
    print_after();
    return CLI_DONE;
}
