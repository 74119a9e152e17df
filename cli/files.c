#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int file_check_output(const char *path)
{
    const char *slash = strrchr(path, '/');
    int code = check_kind(path, false);
    if (code != CLI_DONE)
        return code;
    char *folder = cli_copy(slash ? path : ".");
    if (slash)
        folder[slash == path ? 1 : slash - path] = '\0';
    code = access(folder, W_OK | X_OK) == 0
               ? CLI_DONE
               : cli_error(CLI_FAILED, "cannot write %s: %s", path, strerror(errno));
    free(folder);
    return code;
}

static int failed(const file_output *out)
{
    return cli_error(CLI_FAILED, "cannot write %s: %s", out->path,
                     errno ? strerror(errno) : "write failed");
}

static void forget(file_output *out)
{
    free(out->path);
    free(out->temporary);
    *out = (file_output){0};
}

/* Create the temporary file. What a killed process left there, or a link, is removed first. */
static int open_temporary(file_output *out)
{
    int code = check_kind(out->temporary, true);
    if (code != CLI_DONE)
        return code;
    unlink(out->temporary);
    int fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return failed(out);
    out->file = fdopen(fd, "w");
    if (out->file)
        return CLI_DONE;
    close(fd);
    return failed(out);
}

int file_begin(file_output *out, const char *path)
{
    int code = file_check_output(path);
    if (code != CLI_DONE)
        return code;
    *out = (file_output){.path = cli_copy(path), .temporary = cli_format("%s.tmp", path)};
    code = open_temporary(out);
    if (code != CLI_DONE)
        forget(out);
    return code;
}

int file_end(file_output *out, int code)
{
    bool written = !ferror(out->file);
    if (written)
        errno = 0; /* else errno is that of the failed write */
    written &= fclose(out->file) == 0;
    if (code == CLI_DONE && !(written && rename(out->temporary, out->path) == 0))
        code = failed(out);
    if (code != CLI_DONE)
        unlink(out->temporary);
    forget(out);
    return code;
}
