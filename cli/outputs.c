#include "outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "held.h"
#include "paths.h"

int output_check_kind(const char *path, bool replaced)
{
    struct stat info;
    if (lstat(path, &info) != 0 || S_ISREG(info.st_mode) || (replaced && S_ISLNK(info.st_mode)))
        return CLI_DONE;
    return cli_error(CLI_BAD_INPUT, "cannot write %s: it is %s, not a file", path,
                     path_kind(info.st_mode));
}

/* ---- What may not be replaced ---- */

static string_list inputs; /* what the command reads, as the user named it */

void output_protect(const char *path)
{
    string_list_add(&inputs, cli_copy(path));
}

static bool is_file(const char *path, const struct stat *file)
{
    struct stat info;
    const int failed = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &info) : stat(path, &info);
    return !failed && info.st_dev == file->st_dev && info.st_ino == file->st_ino;
}

/* Whether an input is this file, or a run folder with this file as its best model. */
static bool reads(const char *input, const struct stat *file)
{
    char *best = path_join(input, "best.safetensors");
    const bool yes = is_file(input, file) || is_file(best, file);
    free(best);
    return yes;
}

/* Whether this is the best model of a run folder, whether or not the command reads it. */
static bool is_best_of_run(const char *path)
{
    char *folder = path_folder(path);
    const bool yes =
        strcmp(path_last(path), "best.safetensors") == 0 && path_has(folder, "last.safetensors");
    free(folder);
    return yes;
}

char *output_run_of(const char *path)
{
    return is_best_of_run(path) || alexnet_is_checkpoint(path) ? path_folder(path) : NULL;
}

/* The new file would replace one whose content is needed, and nobody has asked for that. */
static int check_replaced(const char *path)
{
    struct stat file;
    if (stat(path, &file) != 0)
        return CLI_DONE;
    for (size_t i = 0; i < inputs.count; i++)
        if (reads(inputs.items[i], &file))
            return cli_error(CLI_USAGE,
                             "%s cannot be written, because it is read: it and %s are the same "
                             "file; give the output another name",
                             path, inputs.items[i]);
    if (alexnet_is_checkpoint(path))
        return cli_error(CLI_USAGE,
                         "%s is the checkpoint of a run, which could not be resumed without it; "
                         "give the output another name",
                         path);
    if (is_best_of_run(path))
        return cli_error(CLI_USAGE, "%s is the best model of a run; give the output another name",
                         path);
    return CLI_DONE;
}

const unsigned char output_drawn[OUTPUT_DRAWN] = {
    0,   0,   0, 16,  't', 'E', 'X', 't', 'S', 'o', 'f',  't',  'w',  'a',
    'r', 'e', 0, 'a', 'l', 'e', 'x', 'n', 'e', 't', 0x15, 0x0b, 0x8d, 0xcd};

/* Photographs may be PNG files too, so that a name's ending does not tell them from drawings. */
static int check_picture(const char *path)
{
    unsigned char head[OUTPUT_DRAWN_AT + OUTPUT_DRAWN];
    struct stat info;
    if (!path_ends_in(path, ".png") || stat(path, &info) != 0)
        return CLI_DONE;
    FILE *file = fopen(path, "r");
    const bool whole = file && fread(head, 1, sizeof head, file) == sizeof head;
    if (file)
        fclose(file);
    if (whole && memcmp(head + OUTPUT_DRAWN_AT, output_drawn, OUTPUT_DRAWN) == 0)
        return CLI_DONE;
    return cli_error(CLI_USAGE,
                     "%s was not drawn by this program, or only by an earlier version, and is not "
                     "replaced; give the output another name, or remove it",
                     path);
}

/* Whether the folder can hold the name under which the file is written. */
static bool name_fits(int folder, const char *path)
{
    struct stat info;
    char *temporary = cli_format("%s.tmp", path_last(path));
    const bool fits =
        fstatat(folder, temporary, &info, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENAMETOOLONG;
    free(temporary);
    return fits;
}

int output_check_place(const char *path)
{
    int code = output_check_kind(path, false);
    if (code == CLI_DONE)
        code = check_replaced(path);
    if (code != CLI_DONE)
        return code;
    const int folder = held_open(path);
    code = folder >= 0 && faccessat(folder, ".", W_OK | X_OK, 0) == 0 && name_fits(folder, path)
               ? CLI_DONE
               : cli_error(CLI_FAILED, "cannot write %s: %s", path, strerror(errno));
    if (folder >= 0)
        close(folder);
    return code;
}

int output_check(const char *path)
{
    const int code = output_check_place(path);
    return code == CLI_DONE ? check_picture(path) : code;
}

/* Whether two paths name the same entry of a folder, whether or not it exists. */
static bool same_place(const char *a, const char *b)
{
    char *folder_a = path_folder(a), *folder_b = path_folder(b);
    struct stat info;
    const bool same = strcmp(path_last(a), path_last(b)) == 0 && stat(folder_a, &info) == 0 &&
                      is_file(folder_b, &info);
    free(folder_a);
    free(folder_b);
    return same;
}

int output_check_all(const char *const *paths, int count)
{
    int code = CLI_DONE;
    for (int i = 0; i < count && code == CLI_DONE; i++) {
        if (!paths[i])
            continue;
        code = output_check(paths[i]);
        for (int j = 0; j < i && code == CLI_DONE; j++)
            if (paths[j] && same_place(paths[i], paths[j]))
                code = cli_error(CLI_USAGE,
                                 "%s would be written twice; give each output a name of its own",
                                 paths[i]);
    }
    return code;
}
