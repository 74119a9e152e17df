#include "run_command.h"

#include <stdlib.h>
#include <unistd.h>

#include "files.h"
#include "paths.h"

/* " --name value", the value as it must be typed. */
static void put_option(FILE *out, const char *name, const char *value)
{
    if (!value)
        return;
    char *quoted = cli_quote(value);
    fprintf(out, " %s %s", name, quoted);
    free(quoted);
}

char *run_command(const training_request *request, const char *val, const char *run, int split)
{
    const string_list *settings = request->settings;
    size_t length = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return cli_copy("");
    fputs("alexnet", out);
    put_option(out, "train", request->data);
    put_option(out, "--net", request->net);
    put_option(out, "--recipe", request->recipe);
    put_option(out, "--val", val);
    put_option(out, "--out", run);
    put_option(out, "--init-from", request->init_from);
    put_option(out, "--names", request->names);
    for (size_t i = 0; settings && i + 1 < settings->count; i += 2) {
        char *setting = cli_format("%s=%s", settings->items[i], settings->items[i + 1]);
        put_option(out, "--set", setting);
        free(setting);
    }
    fprintf(out, " --split %d", split);
    fputs(request->machine_arguments ? request->machine_arguments : "", out);
    fclose(out);
    return text;
}

int run_command_write(const char *run, const char *words)
{
    file_output out;
    char *path = path_join(run, "command.txt"), *here = getcwd(NULL, 0);
    int code = file_begin(&out, path);
    if (code == CLI_DONE) {
        char *folder = cli_quote(here ? here : ".");
        fprintf(out.file, "cd %s\n%s\n", folder, words);
        free(folder);
        code = file_end(&out, CLI_DONE);
    }
    free(here);
    free(path);
    return code;
}
