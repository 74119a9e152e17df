#include "held.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"

static struct {
    int fd; /* -1: none */
    char *path;
} held = {-1, NULL};

void held_moved_to(const char *folder)
{
    char *within = path_join(folder, "");
    free(held.path);
    held.path = path_folder(within);
    free(within);
}

void held_begin(const char *folder)
{
    held.fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    held_moved_to(folder);
}

bool held_is_removed(void)
{
    struct stat info, there;
    if (held.fd < 0 || fstat(held.fd, &info) != 0 || info.st_nlink > 0)
        return false;
    /* Some file systems count no links at all. */
    return stat(held.path, &there) != 0 || there.st_ino != info.st_ino;
}

void held_end(void)
{
    if (held.fd >= 0)
        close(held.fd);
    held.fd = -1;
    free(held.path);
    held.path = NULL;
}

int held_open(const char *path)
{
    char *folder = path_folder(path);
    const int fd = held.fd >= 0 && strcmp(folder, held.path) == 0
                       ? fcntl(held.fd, F_DUPFD_CLOEXEC, 0)
                       : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    return fd;
}
