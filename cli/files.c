#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"

/* What kind of thing this is, if it is not a plain file; NULL if it is one. */
static const char *other_kind(mode_t mode)
{
    return S_ISREG(mode)    ? NULL
           : S_ISDIR(mode)  ? "a folder"
           : S_ISLNK(mode)  ? "a link"
           : S_ISFIFO(mode) ? "a pipe"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

int file_open(FILE **out, const char *path, const char *missing)
{
    struct stat info;
    *out = NULL;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && missing && (errno == ENOENT || errno == ENOTDIR))
        return cli_error(CLI_BAD_INPUT, "%s", missing);
    if (fd < 0)
        return cli_error(CLI_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    if (fstat(fd, &info) == 0 && !S_ISREG(info.st_mode)) {
        close(fd);
        return cli_error(CLI_BAD_INPUT, "cannot read %s: it is %s, not a file", path,
                         other_kind(info.st_mode));
    }
    *out = fdopen(fd, "r");
    if (*out)
        return CLI_DONE;
    close(fd);
    return cli_error(CLI_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
}

/* @param replaced  a link is accepted too, because it will be removed */
static int check_kind(const char *path, bool replaced)
{
    struct stat info;
    if (lstat(path, &info) != 0 || S_ISREG(info.st_mode) || (replaced && S_ISLNK(info.st_mode)))
        return CLI_DONE;
    return cli_error(CLI_BAD_INPUT, "cannot write %s: it is %s, not a file", path,
                     other_kind(info.st_mode));
}

/* ---- The folder ---- */

/* Owned. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = cli_copy(slash ? path : ".");
    if (slash)
        folder[slash == path ? 1 : slash - path] = '\0';
    return folder;
}

/* By file_hold(). */
static struct {
    int fd; /* -1: none */
    char *path;
} held = {-1, NULL};

void file_held_is(const char *folder)
{
    char *within = path_join(folder, "");
    free(held.path);
    held.path = folder_of(within);
    free(within);
}

void file_hold(const char *folder)
{
    held.fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    file_held_is(folder);
}

bool file_held_is_removed(void)
{
    struct stat info;
    return held.fd >= 0 && fstat(held.fd, &info) == 0 && info.st_nlink == 0;
}

void file_release(void)
{
    if (held.fd >= 0)
        close(held.fd);
    held.fd = -1;
    free(held.path);
    held.path = NULL;
}

/* @return -1 with errno if that fails */
static int open_folder(const char *path)
{
    char *folder = folder_of(path);
    const int fd = held.fd >= 0 && strcmp(folder, held.path) == 0
                       ? fcntl(held.fd, F_DUPFD_CLOEXEC, 0)
                       : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    return fd;
}

static const char *name_in_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ---- What may not be replaced ---- */

static string_list inputs; /* what the command reads, as the user named it */

void file_protect(const char *path)
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
    char *folder = folder_of(path);
    const bool yes = strcmp(name_in_folder(path), "best.safetensors") == 0 &&
                     path_has(folder, "last.safetensors");
    free(folder);
    return yes;
}

char *file_run_of(const char *path)
{
    return is_best_of_run(path) || alexnet_is_checkpoint(path) ? folder_of(path) : NULL;
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

const unsigned char file_drawn[FILE_DRAWN] = {0,   0,   0,   16,  't',  'E',  'X',  't', 'S', 'o',
                                              'f', 't', 'w', 'a', 'r',  'e',  0,    'a', 'l', 'e',
                                              'x', 'n', 'e', 't', 0x15, 0x0b, 0x8d, 0xcd};

/* Photographs may be PNG files too, so that a name's ending does not tell them from drawings. */
static int check_picture(const char *path)
{
    unsigned char head[FILE_DRAWN_AT + FILE_DRAWN];
    struct stat info;
    if (!path_ends_in(path, ".png") || stat(path, &info) != 0)
        return CLI_DONE;
    FILE *file = fopen(path, "r");
    const bool whole = file && fread(head, 1, sizeof head, file) == sizeof head;
    if (file)
        fclose(file);
    if (whole && memcmp(head + FILE_DRAWN_AT, file_drawn, FILE_DRAWN) == 0)
        return CLI_DONE;
    return cli_error(CLI_USAGE,
                     "%s was not drawn by this program, or only by an earlier version, and is not "
                     "replaced; give the output another name, or remove it",
                     path);
}

/* What holds for all files that are written, also those of the program's own choice. */
static int check_place(const char *path)
{
    int code = check_kind(path, false);
    if (code == CLI_DONE)
        code = check_replaced(path);
    if (code != CLI_DONE)
        return code;
    const int folder = open_folder(path);
    code = folder >= 0 && faccessat(folder, ".", W_OK | X_OK, 0) == 0
               ? CLI_DONE
               : cli_error(CLI_FAILED, "cannot write %s: %s", path, strerror(errno));
    if (folder >= 0)
        close(folder);
    return code;
}

int file_check_output(const char *path)
{
    const int code = check_place(path);
    return code == CLI_DONE ? check_picture(path) : code;
}

/* Whether two paths name the same entry of a folder, whether or not it exists. */
static bool same_place(const char *a, const char *b)
{
    char *folder_a = folder_of(a), *folder_b = folder_of(b);
    const char *slash_a = strrchr(a, '/'), *slash_b = strrchr(b, '/');
    struct stat info;
    const bool same = strcmp(slash_a ? slash_a + 1 : a, slash_b ? slash_b + 1 : b) == 0 &&
                      stat(folder_a, &info) == 0 && is_file(folder_b, &info);
    free(folder_a);
    free(folder_b);
    return same;
}

int file_check_outputs(const char *const *paths, int count)
{
    int code = CLI_DONE;
    for (int i = 0; i < count && code == CLI_DONE; i++) {
        if (!paths[i])
            continue;
        code = file_check_output(paths[i]);
        for (int j = 0; j < i && code == CLI_DONE; j++)
            if (paths[j] && same_place(paths[i], paths[j]))
                code = cli_error(CLI_USAGE,
                                 "%s would be written twice; give each output a name of its own",
                                 paths[i]);
    }
    return code;
}

static int failed(const file_output *out, int error)
{
    return cli_error(CLI_FAILED, "cannot write %s: %s", out->path, strerror(error));
}

static void forget(file_output *out)
{
    if (out->folder >= 0)
        close(out->folder);
    free(out->path);
    free(out->temporary);
    *out = (file_output){.folder = -1};
}

static int busy(const file_output *out)
{
    return cli_error(CLI_FAILED, "cannot write %s: another process is writing it", out->path);
}

/* Lock an open file. @return false: somebody else has. Where files cannot be locked, nobody has. */
static bool take_lock(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

/* Remove what has the temporary name: a file that a killed process left, or a link. A file that is
 * being written is locked, and stays. */
static int remove_leftover(const file_output *out)
{
    int code = check_kind(out->temporary, true);
    if (code != CLI_DONE)
        return code;
    const char *name = name_in_folder(out->temporary);
    const int fd = openat(out->folder, name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && !take_lock(fd))
        code = busy(out);
    else
        unlinkat(out->folder, name, 0);
    if (fd >= 0)
        close(fd);
    return code;
}

/* ---- The stream ---- */

/* A stream says at its end that an earlier write failed, but not why. */
struct file_sink {
    int fd, error;
};

static ssize_t sink_write(void *cookie, const char *bytes, size_t length)
{
    struct file_sink *sink = cookie;
    size_t done = 0;
    while (done < length) {
        const ssize_t n = write(sink->fd, bytes + done, length - done);
        if (n < 0 && errno != EINTR) {
            sink->error = errno;
            return 0;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)length;
}

static int sink_close(void *cookie)
{
    struct file_sink *sink = cookie;
    const int rc = close(sink->fd);
    free(sink);
    return rc;
}

static void open_stream(file_output *out, int fd)
{
    out->sink = calloc(1, sizeof *out->sink);
    if (!out->sink)
        return;
    out->sink->fd = fd;
    out->file = fopencookie(out->sink, "w",
                            (cookie_io_functions_t){.write = sink_write, .close = sink_close});
    if (!out->file)
        free(out->sink);
}

/* Create the temporary file, and lock it. Another writer may remove it before it is locked. */
static int open_temporary(file_output *out)
{
    struct stat info;
    out->folder = open_folder(out->path);
    if (out->folder < 0)
        return failed(out, errno);
    int code = remove_leftover(out);
    if (code != CLI_DONE)
        return code;
    int fd = openat(out->folder, name_in_folder(out->temporary),
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno == EEXIST ? busy(out) : failed(out, errno);
    const bool ours = take_lock(fd) && fstat(fd, &info) == 0 && info.st_nlink > 0;
    if (ours)
        open_stream(out, fd);
    if (out->file)
        return CLI_DONE;
    code = ours ? failed(out, ENOMEM) : busy(out);
    close(fd);
    return code;
}

int file_begin(file_output *out, const char *path)
{
    int code = check_place(path);
    if (code != CLI_DONE)
        return code;
    *out = (file_output){.path = cli_copy(path), .temporary = cli_format("%s.tmp", path)};
    code = open_temporary(out);
    if (code != CLI_DONE)
        forget(out);
    return code;
}

/* Bring everything to the disk. @return 0, or the error */
static int flush(const file_output *out)
{
    if (fflush(out->file) != 0 || ferror(out->file))
        return out->sink->error;
    return fsync(out->sink->fd) == 0 ? 0 : errno;
}

int file_end(file_output *out, int code)
{
    if (code == CLI_DONE) {
        const int error = flush(out);
        if (error)
            code = failed(out, error);
        else if (renameat(out->folder, name_in_folder(out->temporary), out->folder,
                          name_in_folder(out->path)) != 0)
            code = failed(out, errno);
    }
    /* A new name is on the disk once its folder is. EINVAL: the file system cannot flush folders */
    if (code != CLI_DONE)
        unlinkat(out->folder, name_in_folder(out->temporary), 0);
    else if (fsync(out->folder) != 0 && errno != EINVAL)
        code = failed(out, errno);
    fclose(out->file); /* not before the rename: it also unlocks the file */
    forget(out);
    return code;
}
