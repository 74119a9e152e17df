/*
 * For LD_PRELOAD: a signal, or a wait, in the middle of reading a folder, at a chosen call.
 *
 *     SIGNAL_AT_FOLDER  the folder: calls about it and about what is below it count, by how the
 * path begins that they are given; for "readdir" it is absolute SIGNAL_AT_CALL    "readdir",
 * "open", or "stat": by a thread other than the first one SIGNAL_AT_NUMBER  of the call at which
 * the signal comes, 1 is the first SIGNAL_AT_SIGNAL  the signal's number; SIGTERM without it
 *     SIGNAL_AT_GATE    no signal comes: the call is not made before there is a file of this name,
 * so that the work cannot end before its test is ready SIGNAL_AT_REST    file for the number of
 * calls after that one, at the end; absent if the call was not reached
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls;

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

static bool is_inside(const char *path)
{
    const char *folder = setting("SIGNAL_AT_FOLDER");
    return *folder && strncmp(path, folder, strlen(folder)) == 0;
}

/* The signal is sent to the process: the other threads of the library block signals. */
static void count(const char *call)
{
    const char *gate = setting("SIGNAL_AT_GATE"), *number = setting("SIGNAL_AT_SIGNAL");
    if (strcmp(setting("SIGNAL_AT_CALL"), call) != 0 ||
        atomic_fetch_add(&calls, 1) + 1 != atol(setting("SIGNAL_AT_NUMBER")))
        return;
    if (!*gate)
        kill(getpid(), *number ? atoi(number) : SIGTERM);
    while (*gate && access(gate, F_OK) != 0)
        usleep(5000);
}

struct dirent *readdir(DIR *folder)
{
    struct dirent *(*real)(DIR *) = dlsym(RTLD_NEXT, "readdir");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd(folder));
    const ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    if (is_inside(path))
        count("readdir");
    return real(folder);
}

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    if (is_inside(path))
        count("open");
    return real(path, flags, mode);
}

int stat(const char *path, struct stat *info)
{
    int (*real)(const char *, struct stat *) = dlsym(RTLD_NEXT, "stat");
    if (gettid() != getpid() && is_inside(path))
        count("stat");
    return real(path, info);
}

__attribute__((destructor)) static void tell_rest(void)
{
    const char *path = setting("SIGNAL_AT_REST");
    const long rest = atomic_load(&calls) - atol(setting("SIGNAL_AT_NUMBER"));
    FILE *file = *path && rest >= 0 ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", rest);
        fclose(file);
    }
}
