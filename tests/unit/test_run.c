/*
 * Run folders that may come from anybody: anything but a plain file of the run's own is refused,
 * only one process trains in a folder whatever is removed from it, and a lost log is reported.
 */
#include "training_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/writer.h"
#include "train/run.h"

static const char *const settings[] = {"batch", "4", "epochs", "2", "report", "1", NULL};

static alexnet_ctx *ctx;

/* A run of two epochs, stopped after its first, and a file that does not belong to the run. */
static int set_up(void **state)
{
    alexnet_trainer *trainer;
    alexnet_progress progress = {0};
    bool more;
    if (rig_set_up(state) != 0)
        return -1;
    ctx = rig_ref_ctx();
    rig_write_pictures("train", 2, 4);
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "run", settings));
    while (progress.phase != ALEXNET_PROGRESS_EPOCH)
        expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    alexnet_trainer_free(trainer);
    scratch_text("victim", "mine");
    return 0;
}

static int tear_down(void **state)
{
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

static alexnet_status resume(void)
{
    alexnet_trainer *trainer;
    alexnet_progress progress;
    alexnet_status rc = alexnet_trainer_resume(&trainer, ctx, "run", NULL);
    if (rc == ALEXNET_OK)
        rc = rig_finish(trainer, &progress);
    alexnet_trainer_free(trainer);
    return rc;
}

static void expect_victim(void)
{
    size_t length;
    unsigned char *bytes = scratch_read("victim", &length);
    assert_int_equal(length, 4);
    assert_memory_equal(bytes, "mine", 4);
    free(bytes);
}

/* ---- What is not a file of the run's own ---- */

static void test_links_in_place(void **state)
{
    (void)state;
    static const char *const names[] = {"run/log.jsonl", "run/lock"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rename(names[i], "kept"), 0);
        assert_int_equal(symlink("../victim", names[i]), 0);
        expect_failure(resume(), ALEXNET_ERROR_FORMAT, names[i]);
        assert_non_null(strstr(an_error_text(), "it is a link, not a file"));
        assert_int_equal(remove(names[i]), 0);
        assert_int_equal(link("victim", names[i]), 0);
        expect_failure(resume(), ALEXNET_ERROR_FORMAT, "2 names (hard links)");
        assert_int_equal(rename("kept", names[i]), 0);
    }
    expect_victim();
    expect_ok(resume());
}

/* A file that is replaced as a whole may be a link: the link is replaced, its target stays. */
static void test_links_that_are_replaced(void **state)
{
    (void)state;
    static const char *const names[] = {"run/last.safetensors.tmp", "run/best.safetensors",
                                        "run/best.safetensors.tmp", "run/recipe.ini"};
    for (int i = 0; i < 4; i++) {
        remove(names[i]);
        assert_int_equal(symlink("../victim", names[i]), 0);
    }
    expect_ok(resume());
    expect_victim();
    for (int i = 0; i < 3; i++) {
        struct stat info;
        assert_true(lstat(names[i], &info) != 0 || S_ISREG(info.st_mode));
    }
}

static void test_other_things(void **state)
{
    (void)state;
    static const char *const names[] = {"run/log.jsonl",
                                        "run/lock",
                                        "run/best.safetensors",
                                        "run/last.safetensors.tmp",
                                        "run/recipe.ini",
                                        "run/recipe.ini.tmp",
                                        "run/best.safetensors.tmp",
                                        "run/skipped.txt"};
    for (int i = 0; i < 8; i++) {
        rename(names[i], "kept");
        assert_int_equal(mkfifo(names[i], 0600), 0);
        expect_failure(resume(), ALEXNET_ERROR_FORMAT, names[i]);
        assert_non_null(strstr(an_error_text(), "it is a pipe, not a file"));
        assert_int_equal(remove(names[i]), 0);
        assert_int_equal(mkdir(names[i], 0700), 0);
        expect_failure(resume(), ALEXNET_ERROR_FORMAT, "it is a folder, not a file");
        assert_int_equal(rmdir(names[i]), 0);
        rename("kept", names[i]);
    }
    assert_int_equal(rename("run/last.safetensors", "kept"), 0);
    assert_int_equal(mkfifo("run/last.safetensors", 0600), 0);
    expect_failure(resume(), ALEXNET_ERROR_FORMAT,
                   "run/last.safetensors: it is a pipe, not a file");
}

/* The error gives the true reason, not that there is no run. */
static void test_a_checkpoint_out_of_reach(void **state)
{
    (void)state;
    assert_int_equal(remove("run/last.safetensors"), 0);
    assert_int_equal(symlink("last.safetensors", "run/last.safetensors"), 0);
    expect_failure(resume(), ALEXNET_ERROR_IO,
                   "run/last.safetensors: Too many levels of symbolic links");
}

/* ---- One process ---- */

static void expect_claimed(void)
{
    an_run other;
    expect_ok(an_run_open(&other, "run"));
    expect_failure(an_run_claim(&other), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "run is already being trained");
    an_run_close(&other);
}

static void test_a_claim_outlasts_the_files(void **state)
{
    (void)state;
    an_run run;
    expect_ok(an_run_open(&run, "run"));
    expect_ok(an_run_claim(&run));
    expect_claimed();
    assert_int_equal(remove("run/log.jsonl"), 0);
    expect_claimed();
    assert_int_equal(remove("run/lock"), 0);
    expect_claimed();
    an_run_close(&run);
    expect_ok(resume());
}

/* Where folders cannot be locked, as on some network file systems, the file in it is. */
static void test_a_claim_of_the_file_alone(void **state)
{
    (void)state;
    const int file = open("run/lock", O_RDWR);
    assert_int_equal(flock(file, LOCK_EX | LOCK_NB), 0);
    expect_claimed();
    close(file);
    expect_ok(resume());
}

/* Run `last` in a process that has claimed the run. @return its number */
static pid_t claim_elsewhere(void (*last)(void))
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        an_run run;
        if (an_run_open(&run, "run") != ALEXNET_OK || an_run_claim(&run) != ALEXNET_OK)
            _exit(1);
        if (write(ready[1], "r", 1) == 1)
            last();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return child;
}

static int word[2]; /* a pipe */

static void end_when_told(void)
{
    char byte;
    if (read(word[0], &byte, 1) != 1)
        _exit(1);
}

static void tell_to_end(const char *line)
{
    if (strstr(line, "another trainer has locked run: waiting up to"))
        assert_int_equal(write(word[1], "e", 1), 1);
}

static void stay(void)
{
    pause();
}

/* A process that is just ending is waited for; one that trains is not disturbed. */
static void test_a_claim_that_ends(void **state)
{
    (void)state;
    int status;
    assert_int_equal(pipe(word), 0);
    pid_t child = claim_elsewhere(end_when_told);
    rig_on_line = tell_to_end;
    expect_ok(resume());
    rig_on_line = NULL;
    assert_int_equal(rig_times_heard("another trainer has locked run: waiting up to"), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(word[0]);
    close(word[1]);
    child = claim_elsewhere(stay);
    expect_failure(resume(), ALEXNET_ERROR_INVALID_ARGUMENT, "run is already being trained");
    assert_int_equal(waitpid(child, &status, WNOHANG), 0);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
}

/* ---- A folder that moves ---- */

/* The run continues in its own folder, wherever that is, and leaves the one alone that takes its
 * name; what it saves is what an undisturbed run saves. */
static void test_a_folder_that_moves(void **state)
{
    (void)state;
    alexnet_trainer *trainer;
    alexnet_progress progress;
    const char *path;
    static const char *const keeping[] = {"batch", "4",    "epochs", "4", "report",
                                          "1",     "keep", "1",      NULL};
    expect_ok(rig_train_on(ctx, "train", NULL, "still", keeping, &progress));
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "moving", keeping));
    assert_string_equal(alexnet_trainer_folder(trainer), "moving");
    for (int epoch = 1; epoch <= 4; epoch++) {
        char from[16], to[16];
        bool more = true;
        snprintf(from, sizeof from, epoch == 1 ? "moving" : "at%d", epoch - 1);
        snprintf(to, sizeof to, "at%d", epoch);
        assert_int_equal(rename(from, to), 0);
        assert_int_equal(mkdir(from, 0777), 0);
        do
            expect_ok(alexnet_trainer_step(trainer, &progress, &more));
        while (progress.phase != ALEXNET_PROGRESS_EPOCH);
        path = strrchr(alexnet_trainer_folder(trainer), '/');
        assert_non_null(path);
        assert_string_equal(path + 1, to);
        assert_int_equal(rmdir(from), 0); /* nothing was written there */
    }
    assert_int_equal(rig_times_heard("the folder of the run was moved"), 4);
    assert_true(rig_size_of("at4/epoch-4.safetensors") > 0);
    assert_int_equal(rig_size_of("at4/epoch-3.safetensors"), -1);
    alexnet_trainer_free(trainer);
    rig_expect_same_run("at4", "still");
}

/* The list of bad pictures is opened when the first is met, which may be before anything else is
 * written after the move. */
static void test_a_list_in_a_folder_that_moves(void **state)
{
    (void)state;
    alexnet_trainer *trainer;
    alexnet_progress progress;
    bool more;
    scratch_text("train/class1/003.png", "no picture");
    expect_ok(rig_start(&trainer, ctx, "train", NULL, "moving", settings));
    assert_int_equal(rename("moving", "moved"), 0);
    assert_int_equal(mkdir("moving", 0777), 0);
    do
        expect_ok(alexnet_trainer_step(trainer, &progress, &more));
    while (progress.skipped == 0);
    assert_int_equal(rmdir("moving"), 0);
    assert_true(rig_size_of("moved/skipped.txt") > 0);
    alexnet_trainer_free(trainer);
}

/* Its path is known, but leads nowhere for this user. */
static void test_a_folder_that_is_out_of_reach(void **state)
{
    (void)state;
    enum { NOBODY = 65534 };
    const uid_t user = geteuid();
    alexnet_trainer *trainer;
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    assert_int_equal(mkdir("locked", 0777), 0);
    assert_int_equal(rename("run", "locked/run"), 0);
    assert_int_equal(chmod("locked", 0), 0);
    if (user != 0 || seteuid(NOBODY) == 0) { /* root may enter any folder */
        expect_failure(alexnet_trainer_save(trainer), ALEXNET_ERROR_IO, "run was moved to /");
        assert_non_null(strstr(an_error_text(), "/locked/run, where nothing can be saved in it"));
    }
    assert_int_equal(seteuid(user), 0);
    assert_int_equal(chmod("locked", 0777), 0);
    expect_ok(alexnet_trainer_save(trainer));
    alexnet_trainer_free(trainer);
    assert_int_equal(rename("locked/run", "run"), 0);
}

static void test_a_folder_that_is_removed(void **state)
{
    (void)state;
    alexnet_trainer *trainer;
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", NULL));
    assert_int_equal(system("rm -r run && mkdir run"), 0);
    expect_failure(alexnet_trainer_save(trainer), ALEXNET_ERROR_IO,
                   "run was removed, and nothing can be saved in it");
    assert_int_equal(rmdir("run"), 0);
    alexnet_trainer_free(trainer);
}

/* ---- What is written before the checkpoint ---- */

/* A run that is stopped before its first checkpoint has its recipe, and may begin again there. */
static void test_a_run_without_a_checkpoint(void **state)
{
    (void)state;
    alexnet_trainer *trainer;
    alexnet_progress progress;
    an_writer_fail_after(2000);
    alexnet_status rc = rig_start(&trainer, ctx, "train", NULL, "new", settings);
    an_writer_fail_after(UINT64_MAX);
    expect_failure(rc, ALEXNET_ERROR_IO, "new/last.safetensors.tmp: No space left");
    assert_true(rig_size_of("new/recipe.ini") > 100);
    assert_int_equal(rig_size_of("new/last.safetensors"), -1);
    expect_failure(alexnet_trainer_resume(&trainer, ctx, "new", NULL), ALEXNET_ERROR_IO,
                   "new: it has no checkpoint (last.safetensors), because the run was stopped just "
                   "after its start; begin it again with `out_dir` new");
    expect_ok(rig_train_on(ctx, "train", NULL, "new", settings, &progress));
    /* Such a recipe in a folder in which nobody trained is the user's own copy. */
    assert_int_equal(mkdir("mine", 0777), 0);
    assert_int_equal(link("new/recipe.ini", "mine/recipe.ini"), 0);
    expect_failure(rig_start(&trainer, ctx, "train", NULL, "mine", settings),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "mine already holds files of a run");
}

static void test_a_lost_recipe(void **state)
{
    (void)state;
    size_t before, after;
    char *text = (char *)scratch_read("run/recipe.ini", &before);
    assert_int_equal(remove("run/recipe.ini"), 0);
    expect_ok(resume());
    char *again = (char *)scratch_read("run/recipe.ini", &after);
    assert_string_equal(text, again);
    free(text);
    free(again);
}

/* A best model or a log alone are of a run too; an empty log is what a run leaves that could not
 * begin. */
static void test_what_is_left_of_a_run(void **state)
{
    (void)state;
    assert_int_equal(mkdir("left", 0777), 0);
    scratch_text("left/log.jsonl", "");
    expect_ok(an_run_check_free("left"));
    scratch_text("left/log.jsonl", "{}\n");
    expect_failure(an_run_check_free("left"), ALEXNET_ERROR_INVALID_ARGUMENT, "left already holds");
    assert_int_equal(remove("left/log.jsonl"), 0);
    scratch_text("left/best.safetensors", "x");
    expect_failure(an_run_check_free("left"), ALEXNET_ERROR_INVALID_ARGUMENT, "left already holds");
}

/* That no file can be opened says nothing about the folder. */
static void test_a_leftover_that_cannot_be_opened(void **state)
{
    (void)state;
    struct rlimit limit;
    assert_int_equal(mkdir("left", 0777), 0);
    scratch_text("left/lock", "");
    scratch_text("left/recipe.ini", AN_RUN_RECIPE_HEAD);
    expect_ok(an_run_check_free("left"));
    rig_use_up_files(&limit);
    const alexnet_status rc = an_run_check_free("left");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "left/recipe.ini: Too many open files");
}

/* What a killed process was writing is removed, also where nothing is to be written again. */
static void test_files_that_were_being_written(void **state)
{
    (void)state;
    static const char *const names[] = {"run/recipe.ini.tmp",       "run/log.jsonl.tmp",
                                        "run/skipped.txt.tmp",      "run/best.safetensors.tmp",
                                        "run/last.safetensors.tmp", "run/epoch-12.safetensors.tmp"};
    expect_ok(resume());
    for (int i = 0; i < 6; i++)
        scratch_text(names[i], "half");
    scratch_text("run/epoch-a.safetensors.tmp", "a user's");
    expect_ok(resume());
    for (int i = 0; i < 6; i++)
        assert_int_equal(rig_size_of(names[i]), -1);
    assert_int_equal(rig_size_of("run/epoch-a.safetensors.tmp"), 8);
}

/* ---- Bad pictures ---- */

/* A line for each, unless an earlier process has written it; the ends of other lines do not count,
 * and line ends in names make no lines. */
static void test_bad_pictures(void **state)
{
    (void)state;
    an_run run;
    size_t length;
    scratch_text("run/skipped.txt", "a/b.jpg is damaged\n");
    expect_ok(an_run_open(&run, "run"));
    an_run_skipped(&run, "a/b.jpg is damaged");
    an_run_skipped(&run, "b.jpg is damaged");
    an_run_skipped(&run, "c\nd\x7f.jpg is damaged");
    an_run_close(&run);
    char *list = (char *)scratch_read("run/skipped.txt", &length);
    assert_string_equal(list, "a/b.jpg is damaged\nb.jpg is damaged\nc?d?.jpg is damaged\n");
    free(list);
}

/* What is met while the list cannot be opened is listed once it can be. */
static void test_list_out_of_reach(void **state)
{
    (void)state;
    an_run run;
    struct rlimit limit;
    size_t length;
    bool anew;
    scratch_text("run/skipped.txt", "a.jpg is damaged\nb.jpg is damaged\n");
    expect_ok(an_run_open(&run, "run"));
    expect_ok(an_run_flush_skipped(&run, &anew));
    rig_use_up_files(&limit);
    an_run_skipped(&run, "a.jpg is damaged");
    an_run_skipped(&run, "c.jpg is damaged");
    an_run_skipped(&run, "b.jpg is damaged");
    const alexnet_status rc = an_run_flush_skipped(&run, &anew);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "run/skipped.txt: Too many open files");
    expect_ok(an_run_flush_skipped(&run, &anew));
    assert_false(anew);
    an_run_skipped(&run, "d.jpg is damaged");
    an_run_close(&run);
    char *list = (char *)scratch_read("run/skipped.txt", &length);
    assert_string_equal(list, "a.jpg is damaged\nb.jpg is damaged\nc.jpg is damaged\n"
                              "d.jpg is damaged\n");
    free(list);
}

/* ---- The log ---- */

/* Cut the log to its first `length` bytes and append `rest`. */
static void damage_log(size_t length, const char *rest)
{
    size_t before;
    char *text = (char *)scratch_read("run/log.jsonl", &before);
    assert_true(length <= before);
    char *damaged = malloc(length + strlen(rest));
    memcpy(damaged, text, length);
    memcpy(damaged + length, rest, strlen(rest));
    scratch_write("run/log.jsonl", damaged, length + strlen(rest));
    free(damaged);
    free(text);
}

static void expect_lines_of_json(int expected)
{
    size_t length;
    int lines = 0;
    char *text = (char *)scratch_read("run/log.jsonl", &length), *rest = text, *line;
    assert_int_equal(text[length - 1], '\n');
    text[length - 1] = '\0';
    while ((line = strsep(&rest, "\n"))) {
        json_t *object = json_loads(line, 0, NULL);
        assert_true(json_is_object(object));
        json_decref(object);
        lines++;
    }
    assert_int_equal(lines, expected);
    free(text);
}

/* The two updates and the end of the second epoch give three lines more. */
static void test_a_log_cut_short(void **state)
{
    (void)state;
    size_t whole = (size_t)rig_size_of("run/log.jsonl");
    damage_log(whole - 30, "");
    expect_ok(resume());
    assert_int_equal(rig_times_heard("run/log.jsonl is shorter than the run left it"), 1);
    expect_lines_of_json(5);
}

/* A line end that the checkpoint counts is missing: something else wrote to the log. */
static void test_a_log_that_was_changed(void **state)
{
    (void)state;
    size_t whole = (size_t)rig_size_of("run/log.jsonl");
    char rest[10000];
    memset(rest, 'x', sizeof rest - 1);
    rest[sizeof rest - 1] = '\0';
    damage_log(whole - 1, rest);
    expect_ok(resume());
    assert_int_equal(rig_times_heard("run/log.jsonl is shorter than the run left it"), 1);
    expect_lines_of_json(5);
    assert_int_equal(rig_times_heard("is shorter than the run left it"), 1); /* said once */
}

static void test_a_log_of_one_long_line(void **state)
{
    (void)state;
    size_t whole = (size_t)rig_size_of("run/log.jsonl");
    char *line = malloc(whole + 20000);
    memset(line, 'x', whole + 20000);
    scratch_write("run/log.jsonl", line, whole + 20000);
    free(line);
    expect_ok(resume());
    expect_lines_of_json(3);
}

/* A file of a terabyte without a line end, here of zeros, is not read to its end. */
static void test_a_log_without_end(void **state)
{
    (void)state;
    an_run run;
    struct stat info;
    const int64_t length = (int64_t)1 << 40;
    assert_int_equal(truncate("run/log.jsonl", length), 0);
    expect_ok(an_run_open(&run, "run"));
    expect_ok(an_run_claim(&run));
    expect_failure(an_run_cut_log(&run, INT64_MAX, INT64_MAX), ALEXNET_ERROR_FORMAT,
                   "run/log.jsonl is not the log of a run");
    assert_int_equal(stat("run/log.jsonl", &info), 0);
    assert_int_equal(info.st_size, length);
    an_run_close(&run);
}

/* Checkpoints of earlier versions have the length of the log in bytes. */
static void test_a_log_of_so_many_bytes(void **state)
{
    (void)state;
    an_run run;
    scratch_text("run/log.jsonl", "one\ntwo\nthree\nfo");
    expect_ok(an_run_open(&run, "run"));
    expect_ok(an_run_claim(&run));
    expect_ok(an_run_cut_log(&run, INT64_MAX, 16));
    assert_int_equal(run.logged.count, 3);
    expect_ok(an_run_cut_log(&run, INT64_MAX, 13));
    assert_int_equal(run.logged.count, 2);
    expect_ok(an_run_cut_log(&run, 1, 8));
    assert_int_equal(run.logged.count, 1);
    assert_int_equal(rig_size_of("run/log.jsonl"), 4);
    scratch_text("run/log.jsonl", "one\nt");
    expect_ok(an_run_cut_log(&run, 1, INT64_MAX));
    assert_int_equal(rig_size_of("run/log.jsonl"), 4);
    an_run_close(&run);
}

static void test_a_whole_log(void **state)
{
    (void)state;
    damage_log((size_t)rig_size_of("run/log.jsonl"), "{\"epoch\":2");
    expect_ok(resume()); /* what a killed run wrote after its checkpoint is no loss */
    assert_int_equal(rig_times_heard("is shorter than the run left it"), 0);
    expect_lines_of_json(6);
}

/* A disk that refuses to take what was written. After that the system no longer has it to write. */
static bool no_flush;

int fsync(int fd)
{
    errno = EIO;
    return no_flush ? -1 : (int)syscall(SYS_fsync, fd);
}

/* A log that could not be flushed is written again as a whole: another flush would succeed without
 * what was lost. */
static void test_a_log_that_was_not_flushed(void **state)
{
    (void)state;
    an_run run;
    struct stat before, after;
    bool anew;
    size_t length;
    scratch_text("run/log.jsonl", "one\n");
    expect_ok(an_run_open(&run, "run"));
    expect_ok(an_run_claim(&run));
    expect_ok(an_run_lines_add(&run.logged, "two"));
    no_flush = true;
    const alexnet_status rc = an_run_lines_flush(&run.logged, run.log, &anew);
    no_flush = false;
    expect_failure(rc, ALEXNET_ERROR_IO, "cannot flush ");
    assert_int_equal(stat("run/log.jsonl", &before), 0);
    expect_ok(an_run_lines_flush(&run.logged, run.log, &anew));
    assert_false(anew);
    assert_int_equal(stat("run/log.jsonl", &after), 0);
    assert_int_not_equal(after.st_ino, before.st_ino);
    expect_ok(an_run_lines_add(&run.logged, "three"));
    an_run_close(&run);
    char *text = (char *)scratch_read("run/log.jsonl", &length);
    assert_string_equal(text, "one\ntwo\nthree\n");
    free(text);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_links_in_place),
        IN_SCRATCH(test_links_that_are_replaced),
        IN_SCRATCH(test_other_things),
        IN_SCRATCH(test_a_checkpoint_out_of_reach),
        IN_SCRATCH(test_a_claim_outlasts_the_files),
        IN_SCRATCH(test_a_claim_of_the_file_alone),
        IN_SCRATCH(test_a_claim_that_ends),
        IN_SCRATCH(test_a_folder_that_moves),
        IN_SCRATCH(test_a_list_in_a_folder_that_moves),
        IN_SCRATCH(test_a_folder_that_is_out_of_reach),
        IN_SCRATCH(test_a_folder_that_is_removed),
        IN_SCRATCH(test_a_run_without_a_checkpoint),
        IN_SCRATCH(test_a_lost_recipe),
        IN_SCRATCH(test_what_is_left_of_a_run),
        IN_SCRATCH(test_a_leftover_that_cannot_be_opened),
        IN_SCRATCH(test_files_that_were_being_written),
        IN_SCRATCH(test_bad_pictures),
        IN_SCRATCH(test_list_out_of_reach),
        IN_SCRATCH(test_a_log_cut_short),
        IN_SCRATCH(test_a_log_that_was_changed),
        IN_SCRATCH(test_a_log_of_one_long_line),
        IN_SCRATCH(test_a_log_without_end),
        IN_SCRATCH(test_a_log_of_so_many_bytes),
        IN_SCRATCH(test_a_whole_log),
        IN_SCRATCH(test_a_log_that_was_not_flushed),
    };
    return cmocka_run_group_tests_name("run folders", tests, NULL, NULL);
}
