/*
 * Files: reading with a limit, writing as a whole or not at all, reading at any offset.
 */
#include "scratch.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/reader.h"
#include "base/status.h"
#include "base/writer.h"

static void assert_file(const char *path, const char *text)
{
    size_t length;
    unsigned char *bytes = scratch_read(path, &length);
    assert_string_equal((const char *)bytes, text);
    assert_int_equal(length, strlen(text));
    free(bytes);
}

static void test_read_and_its_limit(void **state)
{
    (void)state;
    unsigned char *bytes;
    size_t length;
    scratch_text("a", "12345");
    assert_int_equal(an_file_read("a", 5, &bytes, &length), ALEXNET_OK);
    assert_int_equal(length, 5);
    assert_memory_equal(bytes, "12345", 6);
    an_free(bytes);
    assert_int_equal(an_file_read("a", 4, &bytes, &length), ALEXNET_ERROR_UNSUPPORTED);
    assert_string_equal(an_error_text(), "a has 5 bytes; at most 4 are read");
    assert_null(bytes);
    scratch_text("empty", "");
    assert_int_equal(an_file_read("empty", 4, &bytes, &length), ALEXNET_OK);
    assert_int_equal(length, 0);
    assert_int_equal(bytes[0], 0);
    an_free(bytes);
    an_alloc_fail_at(1);
    assert_int_equal(an_file_read("a", 5, &bytes, &length), ALEXNET_ERROR_NO_MEMORY);
    an_alloc_fail_at(0);
}

static void test_what_is_not_a_file(void **state)
{
    (void)state;
    unsigned char *bytes;
    size_t length;
    an_reader *reader;
    assert_int_equal(an_file_read("absent", 9, &bytes, &length), ALEXNET_ERROR_IO);
    assert_string_equal(an_error_text(), "cannot open absent: No such file or directory");
    assert_int_equal(an_file_read("", 9, &bytes, &length), ALEXNET_ERROR_IO);
    assert_string_equal(an_error_text(), "cannot open \"\": No such file or directory");
    assert_int_equal(an_file_read(".", 9, &bytes, &length), ALEXNET_ERROR_FORMAT);
    assert_string_equal(an_error_text(), "cannot read .: it is a folder, not a file");
    assert_int_equal(mkfifo("pipe", 0600), 0); /* nobody writes: a plain open would wait for ever */
    assert_int_equal(an_file_read("pipe", 9, &bytes, &length), ALEXNET_ERROR_FORMAT);
    assert_string_equal(an_error_text(), "cannot read pipe: it is a pipe, not a file");
    assert_int_equal(an_reader_open(&reader, "pipe"), ALEXNET_ERROR_FORMAT);
    assert_null(reader);
    assert_false(an_is_file("pipe") || an_is_folder("pipe") || an_is_file("."));
    assert_true(an_is_folder("."));
}

static void test_folders_and_paths(void **state)
{
    (void)state;
    assert_int_equal(an_make_folder("a/b//c/"), ALEXNET_OK);
    assert_int_equal(an_make_folder("a/b/c"), ALEXNET_OK);
    assert_true(an_is_folder("a/b/c"));
    scratch_text("a/file", "x");
    assert_int_equal(an_make_folder("a/file/c"), ALEXNET_ERROR_IO);
    assert_string_equal(an_error_text(), "cannot make the folder a/file: it is a file");
    assert_int_equal(symlink("nowhere", "a/link"), 0);
    assert_int_equal(an_make_folder("a/link"), ALEXNET_ERROR_IO);
    assert_string_equal(an_error_text(),
                        "cannot make the folder a/link: it is a link that leads nowhere");
    assert_int_equal(symlink("b", "a/there"), 0);
    assert_int_equal(an_make_folder("a/there/c"), ALEXNET_OK);
    assert_int_equal(an_make_folder(""), ALEXNET_ERROR_IO);
    char *plain = an_path_join("a", "b"), *slash = an_path_join("a/", "b");
    assert_string_equal(plain, "a/b");
    assert_string_equal(slash, "a/b");
    an_free(plain);
    an_free(slash);
}

static void test_a_commit_replaces(void **state)
{
    (void)state;
    assert_int_equal(an_file_replace("f", "first", 5), ALEXNET_OK);
    assert_file("f", "first");
    assert_int_equal(an_file_replace("f", "second one", 10), ALEXNET_OK);
    assert_file("f", "second one");
    assert_int_not_equal(access("f.tmp", F_OK), 0);
}

static void test_an_abort_changes_nothing(void **state)
{
    (void)state;
    an_writer *writer;
    scratch_text("f", "old");
    assert_int_equal(an_writer_open(&writer, "f"), ALEXNET_OK);
    assert_int_equal(an_writer_put(writer, "new", 3), ALEXNET_OK);
    assert_file("f", "old"); /* until the commit */
    an_writer_abort(writer);
    an_writer_abort(NULL);
    assert_file("f", "old");
    assert_int_not_equal(access("f.tmp", F_OK), 0);
}

/* Of two writers of one path, the second is refused, and does not disturb the first. */
static void test_two_writers(void **state)
{
    (void)state;
    an_writer *first, *second;
    scratch_text("f", "old");
    assert_int_equal(an_writer_open(&first, "f"), ALEXNET_OK);
    assert_int_equal(an_writer_put(first, "new", 3), ALEXNET_OK);
    assert_int_equal(an_writer_open(&second, "f"), ALEXNET_ERROR_IO);
    assert_string_equal(an_error_text(), "cannot write f.tmp: it is being written already");
    assert_null(second);
    assert_int_equal(an_writer_put(first, "er", 2), ALEXNET_OK);
    assert_int_equal(an_writer_commit(first), ALEXNET_OK);
    assert_file("f", "newer");
    assert_int_equal(an_file_replace("f", "newest", 6), ALEXNET_OK);
    assert_file("f", "newest");
}

/* A folder that is moved while a file is written keeps the file, and no other gets it. */
static void test_a_folder_that_moves(void **state)
{
    (void)state;
    an_writer *writer;
    for (int commits = 0; commits < 2; commits++) {
        assert_int_equal(mkdir("d", 0700), 0);
        assert_int_equal(an_writer_open(&writer, "d/f"), ALEXNET_OK);
        assert_int_equal(an_writer_put(writer, "text", 4), ALEXNET_OK);
        assert_int_equal(rename("d", "e"), 0);
        assert_int_equal(mkdir("d", 0700), 0);
        if (commits)
            assert_int_equal(an_writer_commit(writer), ALEXNET_OK);
        else
            an_writer_abort(writer);
        assert_int_equal(rmdir("d"), 0);
        assert_int_equal(access("e/f.tmp", F_OK), -1);
        if (!commits)
            assert_int_equal(rmdir("e"), 0);
    }
    assert_file("e/f", "text");
}

/* The calls to the system, in order. The two functions below replace those of the C library. */
static char asked[128];

static void note(const char *what, long long bytes)
{
    size_t length = strlen(asked);
    snprintf(asked + length, sizeof asked - length, "%s %lld; ", what, bytes);
}

int fsync(int fd)
{
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    if (S_ISDIR(info.st_mode))
        note("flush the folder", 0);
    else
        note("flush the file", info.st_size);
    return (int)syscall(SYS_fsync, fd);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    note("rename", 0);
    return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

/* Whenever the machine stops, the old file or the whole new one is there: the bytes are on the disk
 * before the name is, and the name is when the call returns. */
static void test_a_commit_is_flushed(void **state)
{
    (void)state;
    asked[0] = '\0';
    assert_int_equal(an_file_replace("f", "text", 4), ALEXNET_OK);
    assert_string_equal(asked, "flush the file 4; rename 0; flush the folder 0; ");
}

/* A process that dies between any two writes leaves the old file, and the temporary file that it
 * leaves does not disturb the next writer. */
static void test_a_killed_writer_leaves_the_old_file(void **state)
{
    (void)state;
    scratch_text("f", "old");
    for (int writes = 0; writes <= 3; writes++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            an_writer *writer;
            if (an_writer_open(&writer, "f") == ALEXNET_OK)
                for (int i = 0; i < writes; i++)
                    an_writer_put(writer, "new", 3);
            kill(getpid(), SIGKILL);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_file("f", "old");
        assert_int_equal(access("f.tmp", F_OK), 0);
    }
    assert_int_equal(an_file_replace("f", "x", 1), ALEXNET_OK);
    assert_file("f", "x"); /* without bytes of the longer temporary file */
    assert_int_not_equal(access("f.tmp", F_OK), 0);
}

static void test_a_full_disk(void **state)
{
    (void)state;
    scratch_text("f", "old");
    an_writer_fail_after(4);
    alexnet_status rc = an_file_replace("f", "longer", 6);
    an_writer_fail_after(UINT64_MAX);
    assert_int_equal(rc, ALEXNET_ERROR_IO);
    assert_string_equal(an_error_text(), "cannot write f.tmp: No space left on device");
    assert_file("f", "old");
    assert_int_not_equal(access("f.tmp", F_OK), 0);
}

/* A commit allocates nothing: all memory is allocated before the file has its name. */
static void test_no_memory_at_the_end(void **state)
{
    (void)state;
    assert_int_equal(mkdir("d", 0700), 0);
    static const char *const paths[] = {"f", "d/f"};
    for (int i = 0; i < 2; i++) {
        an_writer *writer;
        assert_int_equal(an_writer_open(&writer, paths[i]), ALEXNET_OK);
        assert_int_equal(an_writer_put(writer, "x", 1), ALEXNET_OK);
        an_alloc_fail_at(1);
        alexnet_status rc = an_writer_commit(writer);
        an_alloc_fail_at(0);
        assert_int_equal(rc, ALEXNET_OK);
        assert_file(paths[i], "x");
    }
    for (int n = 1; n < 6; n++) { /* the writer, its paths, the folder's */
        an_alloc_fail_at((uint64_t)n);
        alexnet_status rc = an_file_replace("d/f", "y", 1);
        an_alloc_fail_at(0);
        assert_file("d/f", rc == ALEXNET_OK ? "y" : "x");
        assert_int_not_equal(access("d/f.tmp", F_OK), 0);
        if (rc == ALEXNET_OK)
            break;
    }
}

/* A folder takes the place of the file: the rename fails after everything was written. */
static void test_a_rename_that_fails(void **state)
{
    (void)state;
    an_writer *writer;
    assert_int_equal(an_writer_open(&writer, "f"), ALEXNET_OK);
    assert_int_equal(mkdir("f", 0700), 0);
    assert_int_equal(an_writer_put(writer, "x", 1), ALEXNET_OK);
    assert_int_equal(an_writer_commit(writer), ALEXNET_ERROR_IO);
    assert_non_null(strstr(an_error_text(), "rename"));
    assert_int_not_equal(access("f.tmp", F_OK), 0);
    assert_true(an_is_folder("f"));
    assert_int_equal(an_file_replace("absent/f", "x", 1), ALEXNET_ERROR_IO);
    assert_string_equal(an_error_text(), "cannot create absent/f.tmp: No such file or directory");
}

/* If something that is not a file has the final or the temporary name, nothing is written. */
static void test_places_that_are_taken(void **state)
{
    (void)state;
    assert_int_equal(mkdir("f", 0700), 0);
    assert_int_equal(mkdir("g.tmp", 0700), 0);
    assert_int_equal(mkfifo("h", 0600), 0);
    assert_int_equal(mkfifo("i.tmp", 0600), 0);
    static const char *const texts[][2] = {
        {"f", "cannot write f: it is a folder, not a file"},
        {"g", "cannot write g.tmp: it is a folder, not a file"},
        {"h", "cannot write h: it is a pipe, not a file"},
        {"i", "cannot write i.tmp: it is a pipe, not a file"},
    };
    for (int i = 0; i < 4; i++) {
        assert_int_equal(an_file_replace(texts[i][0], "x", 1), ALEXNET_ERROR_FORMAT);
        assert_string_equal(an_error_text(), texts[i][1]);
    }
}

/* Links under both names are replaced; the files that they lead to do not change. */
static void test_links_are_not_written_through(void **state)
{
    (void)state;
    scratch_text("victim", "mine");
    assert_int_equal(symlink("victim", "f"), 0);
    assert_int_equal(symlink("victim", "f.tmp"), 0);
    assert_int_equal(an_file_replace("f", "new", 3), ALEXNET_OK);
    assert_file("f", "new");
    assert_file("victim", "mine");
    assert_int_equal(link("victim", "f.tmp"), 0);
    assert_int_equal(an_file_replace("f", "newer", 5), ALEXNET_OK);
    assert_file("f", "newer");
    assert_file("victim", "mine");
}

static void expect_not_replaced(const char *path, const char *part)
{
    struct stat info;
    assert_int_equal(an_file_replace(path, "new", 3), ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), part));
    assert_true(lstat(path, &info) == 0 && S_ISLNK(info.st_mode));
}

/* Whoever names a link to something else than a file does not mean to lose the link: a program that
 * runs as root would take /dev/stdout from all others. */
static void test_links_that_are_kept(void **state)
{
    (void)state;
    assert_int_equal(symlink(".", "folder"), 0);
    assert_int_equal(symlink("/dev/null", "device"), 0);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(symlink("pipe", "to_pipe"), 0);
    assert_int_equal(symlink("/proc/self/fd/1", "output"), 0);
    expect_not_replaced("folder", "cannot write folder: it is a link to a folder, not a file");
    expect_not_replaced("device", "it is a link to a pipe or a device");
    expect_not_replaced("to_pipe", "it is a link to a pipe or a device");
    expect_not_replaced("output", "it is a link to an open file");
}

static void expect_not_own(const char *path, const char *part)
{
    int fd;
    assert_int_equal(an_file_open_own(path, O_WRONLY | O_CREAT | O_APPEND, &fd),
                     ALEXNET_ERROR_FORMAT);
    assert_int_equal(fd, -1);
    assert_non_null(strstr(an_error_text(), part));
}

/* A file that is opened to be changed in place must be a plain file with no other name. */
static void test_files_of_our_own(void **state)
{
    (void)state;
    int fd;
    scratch_text("victim", "mine");
    assert_int_equal(symlink("victim", "link"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(link("victim", "second"), 0);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    expect_not_own("link", "cannot write link: it is a link, not a file");
    expect_not_own("dangling", "it is a link");
    expect_not_own("second", "has 2 names");
    expect_not_own("pipe", "it is a pipe");
    expect_not_own("/dev/null", "it is a device");
    expect_not_own(".", "it is a folder");
    assert_int_not_equal(access("nowhere", F_OK), 0);
    assert_int_equal(an_file_open_own("absent", O_WRONLY, &fd), ALEXNET_ERROR_IO);
    assert_int_equal(an_file_open_own("ours", O_WRONLY | O_CREAT | O_APPEND, &fd), ALEXNET_OK);
    assert_int_equal(write(fd, "text", 4), 4);
    close(fd);
    assert_file("ours", "text");
}

/* Reaching the limit of file sizes is an error that names the limit. SIGXFSZ would otherwise kill
 * the process. */
static void test_a_limit_of_file_sizes(void **state)
{
    (void)state;
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100;
    char text[300] = {0};
    scratch_text("f", "old");
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    alexnet_status rc = an_file_replace("f", text, sizeof text);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(rc, ALEXNET_ERROR_IO);
    assert_string_equal(an_error_text(),
                        "cannot write f.tmp: File too large; the limit (ulimit -f) is 100 bytes");
    assert_file("f", "old");
    assert_int_not_equal(access("f.tmp", F_OK), 0);
}

static void test_writer_short_of_memory(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 3; n++) {
        an_writer *writer;
        an_alloc_fail_at(n);
        assert_int_equal(an_writer_open(&writer, "f"), ALEXNET_ERROR_NO_MEMORY);
        an_alloc_fail_at(0);
        assert_null(writer);
    }
    assert_int_not_equal(access("f.tmp", F_OK), 0);
}

static void check_reader(an_reader *reader)
{
    char bytes[10] = {0};
    assert_int_equal(an_reader_size(reader), 10);
    assert_int_equal(an_reader_read(reader, 3, bytes, 4), ALEXNET_OK);
    assert_memory_equal(bytes, "3456", 4);
    assert_int_equal(an_reader_read(reader, 0, bytes, 10), ALEXNET_OK);
    assert_int_equal(an_reader_read(reader, 10, bytes, 0), ALEXNET_OK);
    assert_int_equal(an_reader_read(reader, 3, bytes, 8), ALEXNET_ERROR_FORMAT);
    assert_int_equal(an_reader_read(reader, 11, bytes, 0), ALEXNET_ERROR_FORMAT);
    assert_int_equal(an_reader_read(reader, UINT64_MAX, bytes, 2), ALEXNET_ERROR_FORMAT);
    assert_int_equal(an_reader_read(reader, 1, bytes, SIZE_MAX), ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), an_reader_name(reader)));
}

static void test_sources(void **state)
{
    (void)state;
    an_reader *file, *memory;
    scratch_text("digits", "0123456789");
    assert_int_equal(an_reader_open(&file, "digits"), ALEXNET_OK);
    assert_int_equal(an_reader_memory(&memory, "upload", "0123456789", 10), ALEXNET_OK);
    assert_string_equal(an_reader_name(memory), "upload");
    check_reader(file);
    check_reader(memory);
    assert_int_equal(truncate("digits", 5), 0); /* while it is open */
    char bytes[10];
    assert_int_equal(an_reader_read(file, 0, bytes, 10), ALEXNET_ERROR_FORMAT);
    assert_string_equal(an_error_text(), "digits was cut short while it was read");
    an_reader_close(file);
    an_reader_close(memory);
    an_reader_close(NULL);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_read_and_its_limit),
        IN_SCRATCH(test_what_is_not_a_file),
        IN_SCRATCH(test_folders_and_paths),
        IN_SCRATCH(test_a_commit_replaces),
        IN_SCRATCH(test_an_abort_changes_nothing),
        IN_SCRATCH(test_a_commit_is_flushed),
        IN_SCRATCH(test_a_folder_that_moves),
        IN_SCRATCH(test_two_writers),
        IN_SCRATCH(test_a_killed_writer_leaves_the_old_file),
        IN_SCRATCH(test_a_full_disk),
        IN_SCRATCH(test_no_memory_at_the_end),
        IN_SCRATCH(test_a_rename_that_fails),
        IN_SCRATCH(test_places_that_are_taken),
        IN_SCRATCH(test_links_are_not_written_through),
        IN_SCRATCH(test_links_that_are_kept),
        IN_SCRATCH(test_files_of_our_own),
        IN_SCRATCH(test_a_limit_of_file_sizes),
        IN_SCRATCH(test_writer_short_of_memory),
        IN_SCRATCH(test_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
