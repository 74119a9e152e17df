/* The commands about data sets. */
#include "opt.h"

static const command rows[] = {
    {"check", cmd_data_check, "find what is wrong with pictures and classes before training", NULL},
    {"pack", cmd_data_pack, "write a data set as archives of small pictures, to train from", NULL},
    {"stats", cmd_data_stats, "count classes and sizes, and compute the mean and the colours",
     NULL},
    {NULL, NULL, NULL, NULL},
};

static const synonym synonyms[] = {
    {"verify", "check"},    {"validate", "check"},   {"inspect", "check"}, {"examine", "check"},
    {"lint", "check"},      {"duplicates", "check"}, {"dedup", "check"},   {"shard", "pack"},
    {"convert", "pack"},    {"resize", "pack"},      {"export", "pack"},   {"tar", "pack"},
    {"webdataset", "pack"}, {"statistics", "stats"}, {"mean", "stats"},    {"count", "stats"},
    {"summary", "stats"},   {"info", "stats"},       {NULL, NULL},
};

const command_list data_commands = {"data", rows, synonyms};

static const opt_page page = {
    .command = "data",
    .usage = {"data COMMAND DATA [options]"},
    .about = "Examine a data set before it is used. DATA is what 'alexnet train' takes: a folder "
             "with a folder of pictures per class, archives, a list, an LMDB of Caffe, or the "
             "files of MNIST or CIFAR. 'alexnet help data COMMAND' explains a command.",
    .parts = &data_commands,
    .examples = {{"data check photos", "what is wrong with the pictures, and what to do about it"},
                 {"help data check", "explain 'data check' and list its options"}},
};

static int no_command(int argc, char **argv)
{
    int code;
    opt_args args = {.page = &page};
    return opt_parse(&args, argc, argv, &code)
               ? opt_wrong(&page, "COMMAND is missing, such as check")
               : code;
}

int cmd_data(int argc, char **argv)
{
    if (argc == 0 || argv[0][0] == '-')
        return no_command(argc, argv);
    const command *found = command_find(&data_commands, argv[0]);
    return found ? found->run(argc - 1, argv + 1) : command_unknown(&data_commands, argv[0]);
}
