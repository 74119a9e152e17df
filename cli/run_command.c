#include "run_command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "paths.h"

static const char COMMAND_FILE[] = "command.txt";
/* A longer file is cut off; no run has that many commands. */
enum { COMMANDS_MAX = 1 << 20 };

/* " value", as it must be typed. */
static void put_word(FILE *out, const char *value)
{
    char *quoted = cli_quote(value);
    fprintf(out, " %s", quoted);
    free(quoted);
}

/* " --name value"; nothing without a value. */
static void put_option(FILE *out, const char *name, const char *value)
{
    if (!value)
        return;
    fprintf(out, " %s", name);
    put_word(out, value);
}

/* "alexnet train DATA --option value ...": the options that have a value, the settings,
 * `ending`. */
static char *command_of(const char *data, const char *const options[][2],
                        const string_list *settings, const char *ending)
{
    size_t length = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return cli_copy("");
    fputs("alexnet train", out);
    if (data)
        put_word(out, data);
    for (int i = 0; options[i][0]; i++)
        put_option(out, options[i][0], options[i][1]);
    for (size_t i = 0; settings && i + 1 < settings->count; i += 2) {
        char *setting = cli_format("%s=%s", settings->items[i], settings->items[i + 1]);
        put_option(out, "--set", setting);
        free(setting);
    }
    fputs(ending, out);
    fclose(out);
    return text;
}

char *run_command(const training_request *request, const char *val, const char *run, int split)
{
    const char *const options[][2] = {{"--net", request->net},
                                      {"--recipe", request->recipe},
                                      {"--val", val},
                                      {"--out", run},
                                      {"--init-from", request->init_from},
                                      {"--names", request->names},
                                      {NULL, NULL}};
    const char *machine = request->machine_arguments ? request->machine_arguments : "";
    char *ending = cli_format(" --split %d%s", split, machine);
    char *text = command_of(request->data, options, request->settings, ending);
    free(ending);
    return text;
}

/* Append to the file: write what it has, then the working folder and a command. */
static int append(const char *run, const char *before, const char *words)
{
    file_output out;
    char *path = path_join(run, COMMAND_FILE), *here = getcwd(NULL, 0);
    char *folder = cli_quote(here ? here : "."), *added = cli_format("cd %s\n%s\n", folder, words);
    const size_t length = strlen(before), more = strlen(added);
    int code = CLI_DONE;
    /* The same command twice, as after an interruption, is written once. */
    if (length < more || strcmp(before + length - more, added) != 0) {
        code = file_begin(&out, path);
        if (code == CLI_DONE) {
            fprintf(out.file, "%s%s", before, added);
            code = file_end(&out, CLI_DONE);
        }
    }
    free(added);
    free(folder);
    free(here);
    free(path);
    return code;
}

int run_command_write(const char *run, const char *words)
{
    return append(run, "", words);
}

/* The contents of the file; empty if there is none. Owned by the caller. */
static int read_before(char **out, const char *run)
{
    FILE *file = NULL;
    char *path = path_join(run, COMMAND_FILE);
    int code = path_exists(path) ? file_open(&file, path, NULL) : CLI_DONE;
    *out = cli_alloc(COMMANDS_MAX + 1);
    (*out)[file ? fread(*out, 1, COMMANDS_MAX, file) : 0] = '\0';
    if (file)
        fclose(file);
    free(path);
    return code;
}

int run_command_resume(const training_again *again)
{
    const char *const options[][2] = {
        {"--resume", again->run}, {"--val", again->val}, {NULL, NULL}};
    char *before, *ending = cli_format("%s%s", again->accept_changes ? " --accept-changes" : "",
                                       again->machine_arguments);
    if (!again->data && !again->val && !*ending && again->settings->count == 0) {
        free(ending);
        return CLI_DONE;
    }
    char *words = command_of(again->data, options, again->settings, ending);
    int code = read_before(&before, again->run);
    if (code == CLI_DONE)
        code = append(again->run, before, words);
    free(before);
    free(words);
    free(ending);
    return code;
}
