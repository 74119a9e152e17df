#include <stdio.h>

#include "json.h"
#include "opt.h"

typedef struct version_options {
    bool json;
} version_options;

static const opt rows[] = {
    {.name = "json",
     .type = OPT_FLAG,
     .help = "as JSON",
     .offset = offsetof(version_options, json)},
};

static const opt_page page = {
    .command = "version",
    .usage = {"version [options]"},
    .about = "Print the version of this program and of the libraries that it uses.",
    .examples = {{"version", "print the versions"},
                 {"version --json", "the same, for another program to read"}},
};

static void print_json(void)
{
    json_t *libraries = json_object();
    const char *name, *version;
    for (int i = 0; alexnet_library_get(i, &name, &version); i++)
        json_object_set_new(libraries, name, json_text(version));
    json_print(json_pack("{s:s, s:o}", "version", alexnet_version(), "libraries", libraries));
}

static void print_text(void)
{
    const char *name, *version;
    printf("alexnet %s\n", alexnet_version());
    for (int i = 0; alexnet_library_get(i, &name, &version); i++)
        printf("%s %s\n", name, version);
}

int cmd_version(int argc, char **argv)
{
    int code;
    version_options options = {0};
    opt_args args = {.page = &page, .groups = {{"Options", rows, COUNT_OF(rows), &options}}};
    if (opt_parse(&args, argc, argv, &code)) {
        code = CLI_DONE;
        if (args.file_count)
            code = opt_wrong(&page, "version takes no files");
        else if (options.json)
            print_json();
        else
            print_text();
    }
    return code;
}
