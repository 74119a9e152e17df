/*
 * For LD_PRELOAD: a disk that loses everything that was not flushed. It shows what a run folder
 * holds after a power failure at one of the calls that change it. Of a file only the content at its
 * last fsync survives, of a folder only the entries at the last fsync of the folder itself, which
 * is less than any file system keeps.
 *
 *     LOST_DISK_FOLDER  the folder, absolute
 *     LOST_DISK_SHADOW  a folder of the same file system: what is on the disk. `names` has a line
 *                       "NAME INODE" for each entry, `INODE` is a file's content
 *     LOST_DISK_AT      end the process before this call, 1 is the first; 0: never
 *     LOST_DISK_FULL    not empty: let this and every later write find the disk full instead
 *     LOST_DISK_FREE    not empty: the bytes that it says are free
 *     LOST_DISK_LOCKS   "none": it has no locks, like some network file systems
 *     LOST_DISK_COUNT   file for the number of calls, at the end
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static atomic_long calls;

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

static bool is_inside(const char *path)
{
    char real[PATH_SIZE];
    const char *folder = setting("LOST_DISK_FOLDER");
    const char *slash = strrchr(path, '/');
    if (path[0] != '/') { /* the folder of a path whose file may not be there yet */
        char here[PATH_SIZE / 2];
        if (!getcwd(here, sizeof here))
            return false;
        snprintf(real, sizeof real, "%s/%.*s", here, slash ? (int)(slash - path) : 0, path);
        path = real;
    }
    return *folder && strncmp(path, folder, strlen(folder)) == 0;
}

static bool file_is_inside(int fd)
{
    char link[64], path[PATH_SIZE];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    return length > 0 && is_inside(path);
}

/* Whether the disk is full at this call; at the chosen one the process ends. */
static bool strikes(bool is_write)
{
    const long at = atol(setting("LOST_DISK_AT")), call = atomic_fetch_add(&calls, 1) + 1;
    const bool full = *setting("LOST_DISK_FULL");
    if (at && call == at && !full)
        _exit(137);
    return full && at && call >= at && is_write;
}

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* ---- What is on the disk ---- */

static FILE *open_shadow(const char *name, const char *mode)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", setting("LOST_DISK_SHADOW"), name);
    return fopen(path, mode);
}

static void keep_content(int fd, ino_t inode)
{
    char name[32], block[65536];
    off_t at = 0;
    snprintf(name, sizeof name, "%llu", (unsigned long long)inode);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd); /* which may be open for writing only */
    int from = open(path, O_RDONLY);
    FILE *to = open_shadow(name, "w");
    for (ssize_t n; from >= 0 && to && (n = pread(from, block, sizeof block, at)) > 0; at += n)
        fwrite(block, 1, (size_t)n, to);
    if (to)
        fclose(to);
    if (from >= 0)
        close(from);
}

static void keep_names(void)
{
    const char *folder = setting("LOST_DISK_FOLDER");
    DIR *dir = opendir(folder);
    FILE *to = open_shadow("names", "w");
    for (struct dirent *entry; dir && to && (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            fprintf(to, "%s %llu\n", entry->d_name, (unsigned long long)entry->d_ino);
    if (to)
        fclose(to);
    if (dir)
        closedir(dir);
}

/* Keep an inode number from being reused while a name on the disk still refers to it. */
static void hold(const char *path)
{
    struct stat info;
    char link_path[PATH_SIZE];
    if (stat(path, &info) != 0)
        return;
    snprintf(link_path, sizeof link_path, "%s/hold-%llu", setting("LOST_DISK_SHADOW"),
             (unsigned long long)info.st_ino);
    if (link(path, link_path) != 0)
        return; /* it is held already */
}

/* ---- The calls ---- */

ssize_t write(int fd, const void *bytes, size_t length)
{
    ssize_t (*real)(int, const void *, size_t) = next("write");
    if (file_is_inside(fd) && strikes(true)) {
        errno = ENOSPC;
        return -1;
    }
    return real(fd, bytes, length);
}

int ftruncate(int fd, off_t length)
{
    int (*real)(int, off_t) = next("ftruncate");
    if (file_is_inside(fd))
        strikes(false);
    return real(fd, length);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) = next("rename");
    if (is_inside(to)) {
        strikes(false);
        hold(from);
        hold(to);
    }
    return real(from, to);
}

/* Of a folder that the program holds open, whose path is still LOST_DISK_FOLDER. */
int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    char path[PATH_SIZE];
    int (*real)(int, const char *, int, const char *) = next("renameat");
    if (file_is_inside(to_folder)) {
        strikes(false);
        snprintf(path, sizeof path, "%s/%s", setting("LOST_DISK_FOLDER"), from);
        hold(path);
        snprintf(path, sizeof path, "%s/%s", setting("LOST_DISK_FOLDER"), to);
        hold(path);
    }
    return real(from_folder, from, to_folder, to);
}

int fsync(int fd)
{
    struct stat info;
    int (*real)(int) = next("fsync");
    if (file_is_inside(fd)) {
        strikes(false);
        if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
            keep_names();
        else
            keep_content(fd, info.st_ino);
        return 0;
    }
    return real(fd);
}

int flock(int fd, int operation)
{
    int (*real)(int, int) = next("flock");
    if (strcmp(setting("LOST_DISK_LOCKS"), "none") != 0)
        return real(fd, operation);
    errno = ENOLCK;
    return -1;
}

int statvfs(const char *path, struct statvfs *disk)
{
    int (*real)(const char *, struct statvfs *) = next("statvfs");
    const char *bytes = setting("LOST_DISK_FREE");
    const int result = real(path, disk);
    if (result == 0 && *bytes) {
        disk->f_frsize = 1;
        disk->f_bavail = strtoul(bytes, NULL, 10);
    }
    return result;
}

__attribute__((destructor)) static void tell_count(void)
{
    const char *path = setting("LOST_DISK_COUNT");
    FILE *file = *path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", atomic_load(&calls));
        fclose(file);
    }
}
