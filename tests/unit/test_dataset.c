/*
 * Folders as data sets: which pictures are found, in which order and with which labels; and the
 * errors for folders that are not data sets.
 */
#include "picture_tree.h"

#include <sys/stat.h>

#include "base/alloc.h"
#include "data/source/names.h"

static void put_all(const char *const *paths)
{
    for (; *paths; paths++)
        put(*paths);
}

static void check_error(const char *path, const char *names, const an_class_list *list,
                        alexnet_status expected, const char *text)
{
    alexnet_dataset *d = (alexnet_dataset *)&d;
    alexnet_status status = an_dataset_open(&d, NULL, path, names, list);
    if (status != expected || !strstr(an_error_text(), text))
        fail_msg("%s: %s \"%s\", expected %s \"%s\"", path, alexnet_status_name(status),
                 an_error_text(), alexnet_status_name(expected), text);
    assert_null(d);
}

static const char *const tree[] = {
    "t/cat/b.JPG",         "t/cat/a.jpeg",      "t/cat/deep/er/c.png",
    "t/cat/deep.jpe",      "t/cat/notes.txt",   "t/cat/.d.jpg",
    "t/cat/.hidden/e.jpg", "t/cat/noending",    "t/cat/f.jpg.bak",
    "t/cat-b/g.jpg",       "t/Zebra/h.PNG",     "t/\xC3\xA4ndern/i.jpg",
    "t/cat/\xFF\n.jpg",    "t/.git/j.jpg",      "t/README.jpg",
    "t/Zebra/k.jpg/l.jpg", "t/cat/deep-er.jpg", NULL};

static void test_finds_pictures_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int label;
    } expected[] = {{"Zebra/h.PNG", 0},        {"Zebra/k.jpg/l.jpg", 0}, {"cat/a.jpeg", 1},
                    {"cat/b.JPG", 1},          {"cat/deep-er.jpg", 1},   {"cat/deep.jpe", 1},
                    {"cat/deep/er/c.png", 1},  {"cat/\xFF\n.jpg", 1},    {"cat-b/g.jpg", 2},
                    {"\xC3\xA4ndern/i.jpg", 3}};
    put_all(tree);
    alexnet_dataset *d = open_good("t", NULL, NULL);
    assert_int_equal(d->classes, 4);
    assert_string_equal(d->class_ids[0], "Zebra");
    assert_string_equal(d->class_ids[1], "cat");
    assert_string_equal(d->class_ids[2], "cat-b");
    assert_string_equal(d->class_names[3], "\xC3\xA4ndern");
    assert_int_equal(d->root[0], '/');
    assert_int_equal(d->count, sizeof expected / sizeof *expected);
    for (int64_t i = 0; i < d->count; i++) {
        assert_string_equal(below(d, i), expected[i].path);
        assert_int_equal(d->samples[i].label, expected[i].label);
        assert_true(an_is_file(d->samples[i].name));
    }
    an_dataset_release(d);
}

static void test_train_and_val(void **state)
{
    (void)state;
    alexnet_dataset_kind kind;
    put("both/train/cat/a.jpg");
    put("both/val/cat/a.jpg");
    put("one/train/a.jpg");
    put("one/test/a.jpg");
    assert_int_equal(an_dataset_layout(NULL, "both", &kind), ALEXNET_OK);
    assert_int_equal(kind, ALEXNET_DATASET_TRAIN_VAL);
    assert_int_equal(an_dataset_layout(NULL, "one", &kind), ALEXNET_OK);
    assert_int_equal(kind, ALEXNET_DATASET_CLASSES);
    assert_int_equal(an_dataset_layout(NULL, "none", &kind), ALEXNET_ERROR_IO);
    check_error("both", NULL, NULL, ALEXNET_ERROR_INVALID_ARGUMENT, "train and val");
    /* Folders named like other parts of a split are not classes; a single one beside a class is. */
    check_error("one", NULL, NULL, ALEXNET_ERROR_INVALID_ARGUMENT,
                "one holds the folders test and train, which are not classes; call them train and "
                "val, or open each on its own: train as `train`, test as `val`");
    put("named/Train/a.jpg");
    put("named/Validation/a.jpg");
    check_error("named", NULL, NULL, ALEXNET_ERROR_INVALID_ARGUMENT,
                "own: Train as `train`, Validation as `val`");
    put("untrained/val/a.jpg");
    put("untrained/test/a.jpg");
    check_error(
        "untrained", NULL, NULL, ALEXNET_ERROR_INVALID_ARGUMENT,
        "untrained holds the folders test and val, which are not classes; open one of them");
    put("rails/Train/a.jpg");
    put("rails/tram/a.jpg");
    alexnet_dataset *d = open_good("rails", NULL, NULL);
    assert_int_equal(d->classes, 2);
    an_dataset_release(d);
}

static void test_bad_folders(void **state)
{
    (void)state;
    put("flat/a.jpg");
    put("flat/b.jpg");
    put("t/cat/a.jpg");
    put("t/dog/notes.txt");
    put("latin/caf\xE9/a.jpg");
    put("escape/a\x1B[2J/a.jpg");
    assert_int_equal(mkdir("empty", 0777), 0);
    check_error("none", NULL, NULL, ALEXNET_ERROR_IO, "none");
    check_error("empty", NULL, NULL, ALEXNET_ERROR_FORMAT, "is empty");
    put("tab/a\tb/a.jpg");
    put("line/a\nb/a.jpg");
    check_error("tab", NULL, NULL, ALEXNET_ERROR_FORMAT, "has a tab in it");
    check_error("line", NULL, NULL, ALEXNET_ERROR_FORMAT, "has a line end in it");
    put("run/last.safetensors");
    put("run/log.jsonl");
    check_error("run", NULL, NULL, ALEXNET_ERROR_FORMAT, "the folder of a training run");
    put("packed/x.zip");
    check_error("packed", NULL, NULL, ALEXNET_ERROR_FORMAT, "holds no folders, but 1 .zip");
    put("index/x.tar.alexnet-index");
    check_error("index", NULL, NULL, ALEXNET_ERROR_FORMAT,
                "holds no folders, but 1 file with another ending, x.tar.alexnet-index; a");
    put("index/a.txt");
    put("index/y.tar.alexnet-index");
    check_error("index", NULL, NULL, ALEXNET_ERROR_FORMAT,
                "1 .txt, 2 others, among them x.tar.alexnet-index; a");
    check_error("packed/x.zip", NULL, NULL, ALEXNET_ERROR_FORMAT, "unpack it first");
    scratch_write("packed/photos", "PK\3\4...", 7);
    check_error("packed/photos", NULL, NULL, ALEXNET_ERROR_FORMAT, "unpack it first, with unzip");
    scratch_write("packed/photos", "\x1F\x8B...", 5);
    check_error("packed/photos", NULL, NULL, ALEXNET_ERROR_FORMAT,
                "decompress it with gunzip, and");
    char header[512] = "";
    memcpy(header + 257, "ustar", 5);
    scratch_write("packed/photos", header, sizeof header);
    check_error("packed/photos", NULL, NULL, ALEXNET_ERROR_FORMAT, "add .tar to its name");
    scratch_write("packed/x.tar", "Rar!...", 7);
    check_error("packed/x.tar", NULL, NULL, ALEXNET_ERROR_FORMAT, "unpack it with unrar x, and");
    check_error("flat", NULL, NULL, ALEXNET_ERROR_FORMAT, "2 pictures but no class folders");
    check_error("flat/a.jpg", NULL, NULL, ALEXNET_ERROR_FORMAT, "is a file");
    check_error("t", NULL, NULL, ALEXNET_ERROR_FORMAT, "t/dog");
    check_error("latin", NULL, NULL, ALEXNET_ERROR_FORMAT, "not UTF-8");
    check_error("escape", NULL, NULL, ALEXNET_ERROR_FORMAT, "has a control character in it");
    put("t/dog/a.png");
    assert_int_equal(chmod("t/dog", 0), 0);
    if (geteuid() != 0) /* root may read it */
        check_error("t", NULL, NULL, ALEXNET_ERROR_IO, "t/dog: Permission denied");
    assert_int_equal(chmod("t/dog", 0777), 0);
    an_dataset_release(open_good("t", NULL, NULL));
}

/* The folder above a data set, as `demo --only-pictures` writes it, is refused with a hint. */
static void test_one_level_too_high(void **state)
{
    (void)state;
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    put("shapes/pictures/train/cat/a.jpg");
    put("shapes/pictures/val/cat/a.jpg");
    put("shapes/unseen/cat/a.jpg");
    check_error("shapes", NULL, NULL, bad, "shapes/pictures holds the folders train and val");
    check_error("shapes", NULL, NULL, bad, "shapes/pictures instead");
    put("other/set/Training/cat/a.jpg");
    put("other/set/test/cat/a.jpg");
    check_error("other", NULL, NULL, bad, "other/set instead");
    /* Beside pictures of the class itself they are ordinary folders. */
    put("other/set/a.jpg");
    an_dataset_release(open_good("other", NULL, NULL));
}

static void test_names_file(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error; /* error NULL: good */
        size_t length;            /* 0: of the text */
    } files[] = {
        {"\xEF\xBB\xBFn01 tench, Tinca tinca\r\n\n  \nn03   cr\xC3\xAApe \nn99 other", NULL, 0},
        {"n01\ttench, Tinca tinca\nn03 \t cr\xC3\xAApe", NULL, 0},
        {"n01 a\nn02\n", ":2:", 0},
        {"n01 a\n n02 b\n", ":2:", 0},
        {"n01 a\nn02 b\nn01 c\n", "n01 twice, in lines 1 and 3", 0},
        {"n01 caf\xE9\n", ":1: the line is not UTF-8", 0},
        {"n01 \x1B[2J\n", ":1: the line has a control character", 0},
        {"n01\ta\tb\n", ":1: the line has a tab", 0},
        {"\xFF\xFEn\0", "is UTF-16 text", 4},
        {"\xFD\x37zXZ\0", "is not text but compressed; unpack it with unxz", 6},
        {"n01 a\0b\n", ":1: not text", 8},
        {"\n\n", "no class names", 0},
    };
    put("t/n01/a.jpg");
    put("t/n02/a.jpg");
    put("t/n03/a.jpg");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        scratch_write("names.txt", files[i].text,
                      files[i].length ? files[i].length : strlen(files[i].text));
        if (files[i].error) {
            check_error("t", "names.txt", NULL, ALEXNET_ERROR_FORMAT, files[i].error);
            continue;
        }
        alexnet_dataset *d = open_good("t", "names.txt", NULL);
        assert_string_equal(d->class_names[0], "tench, Tinca tinca");
        assert_string_equal(d->class_names[1], "n02");
        assert_string_equal(d->class_names[2], "cr\xC3\xAApe");
        assert_string_equal(alexnet_dataset_class_id(d, 2), "n03");
        an_dataset_release(d);
    }
    check_error("t", "none.txt", NULL, ALEXNET_ERROR_IO, "none.txt");
}

static void test_plain_text(void **state)
{
    (void)state;
    static const char *const good[] = {"", "a b", "\xC2\xA0", "\xE2\x82\xAC", "\xF0\x9F\x90\x88"};
    static const char *const bad[] = {"\n",
                                      "\x7F",
                                      "\xC2\x80",
                                      ("\xC2\x9B"
                                       "2J"),
                                      "\xC2",
                                      "\x80",
                                      "\xC0\xAF",
                                      "\xED\xA0\x80",
                                      "\xF4\x90\x80\x80",
                                      "a\xE2\x82"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_null(an_text_fault(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(an_text_fault(bad[i]));
}

static void test_classes_of_a_model(void **state)
{
    (void)state;
    static const char *const ids[] = {"dog", "ant", "cat"}, *const names[] = {"Dog", "Ant", "Cat"};
    const an_class_list list = {3, ids, names};
    put("t/cat/a.jpg");
    put("t/dog/b.jpg");
    alexnet_dataset *d = open_good("t", NULL, &list);
    assert_int_equal(d->classes, 3);
    assert_string_equal(d->class_names[1], "Ant");
    assert_string_equal(below(d, 0), "cat/a.jpg");
    assert_int_equal(d->samples[0].label, 2);
    assert_int_equal(d->samples[1].label, 0);
    an_dataset_release(d);
    put("t/eel/c.jpg");
    check_error("t", NULL, &list, ALEXNET_ERROR_FORMAT, "the class \"eel\" of");
    check_error("t", NULL, &list, ALEXNET_ERROR_FORMAT, "\"dog\"");
}

/* ---- What is logged ---- */

static char logged[4096];

static void note(void *user, alexnet_log_level level, const char *line)
{
    (void)user;
    size_t length = strlen(logged);
    snprintf(logged + length, sizeof logged - length, "%s: %s\n",
             level == ALEXNET_LOG_WARNING ? "warning" : "info", line);
}

/* Open a data set and keep what it logs. */
static void open_and_log(const char *path, const char *names)
{
    alexnet_ctx ctx = {.log = note};
    alexnet_dataset *d;
    *logged = '\0';
    pthread_mutex_init(&ctx.log_lock, NULL);
    if (an_dataset_open(&d, &ctx, path, names, NULL) != ALEXNET_OK)
        fail_msg("%s", an_error_text());
    an_dataset_release(d);
    pthread_mutex_destroy(&ctx.log_lock);
}

static void expect_logged(const char *text)
{
    if (!strstr(logged, text))
        fail_msg("\"%s\" lacks \"%s\"", logged, text);
}

static void test_left_out_is_said(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/dog/a.jpg");
    open_and_log("t", NULL);
    assert_string_equal(logged, "");
    put("u/cat/a.jpg");
    put("u/dog/a.JFIF");
    put("u/dog/b.webp");
    put("u/dog/c.jfif");
    open_and_log("u", NULL);
    expect_logged("/u: 2 .jfif, 1 .jpg, 1 .webp");
    put("t/dog/notes.TXT");
    open_and_log("t", NULL);
    expect_logged("info: left out 1 .txt");
    put("t/cat/b.JXL");
    put("t/cat/sub/c.jxl");
    put("t/cat/noending");
    put("t/lies-beside.png");
    put("t/README");
    open_and_log("t", NULL);
    expect_logged("warning: left out 2 .jxl, 2 without an ending, 1 .txt");
    expect_logged("of class cat 1 are read and 3 are not");
    expect_logged("convert .jxl files to JPEG");
    expect_logged("to the names of pictures without an ending");
    expect_logged("warning: left out 1 picture of ");
    assert_null(strstr(logged, "info"));
    put("t/elk/x.psd");
    check_error("t", NULL, NULL, ALEXNET_ERROR_FORMAT, "t/elk holds no .jpg");
    check_error("t", NULL, NULL, ALEXNET_ERROR_FORMAT, "but 1 .psd; convert .psd");
    put("t/elk/a.jpg");
    put("t/elk/raw.ORF"); /* a camera's */
    put("t/elk/x.zip");
    put("t/elk/x.dds");
    open_and_log("t", NULL);
    expect_logged("convert .jxl, .dds, .orf, .psd files to JPEG or PNG; unpack .zip;");
}

/* Endings beyond those that are counted one by one are among the others. */
static void test_many_endings_are_left_out(void **state)
{
    (void)state;
    char name[32];
    put("t/cat/a.jpg");
    put("t/dog/a.jpg");
    for (int i = 100; i < 140; i++) {
        snprintf(name, sizeof name, "t/cat/x.e%d", i);
        put(name);
    }
    open_and_log("t", NULL);
    expect_logged("info: left out 1 .e1");
    expect_logged(", 34 others of "); /* six endings are named */
    assert_null(strstr(logged, "with other endings"));
}

static void test_doubts_are_said(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/Cat/a.jpg");
    open_and_log("t", NULL);
    expect_logged("the classes \"Cat\" and \"cat\" of ");
    put("n/a/a.jpg");
    put("n/b/b.jpg");
    put("n/c/c.jpg");
    scratch_text("names.txt", "a crane\nb\tcrane\nc crane fly");
    open_and_log("n", "names.txt");
    expect_logged("1 class has the readable name of another, such as \"crane\"");
    scratch_text("names.txt", "x crane");
    open_and_log("n", "names.txt");
    expect_logged("no line of names.txt names a class");
    put("high/monday/cat/a.jpg");
    put("high/monday/dog/b.jpg");
    put("high/tuesday/cat/a.jpg");
    put("high/tuesday/dog/b.jpg");
    open_and_log("high", NULL);
    expect_logged("holds nothing but the folders cat, dog: if these are the classes, give ");
    put("high/tuesday/own.jpg");
    open_and_log("high", NULL);
    assert_string_equal(logged, "");
    put("one/set/cat/a.jpg");
    put("one/set/dog/b.jpg");
    open_and_log("one", NULL);
    expect_logged("one/set instead");
}

/* ---- Classes ---- */

/* Labels are right whatever the order of a model's classes. */
static void test_many_classes(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    char *ids[COUNT], path[64];
    for (int i = 0; i < COUNT; i++) {
        ids[i] = an_format("c%03d", i * 7 % COUNT); /* 7 and 300 share no factor */
        snprintf(path, sizeof path, "t/%s/a.jpg", ids[i]);
        put(path);
    }
    const an_class_list list = {COUNT, (const char *const *)ids, (const char *const *)ids};
    alexnet_dataset *d = open_good("t", NULL, &list);
    assert_int_equal(d->count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        snprintf(path, sizeof path, "%s/a.jpg", ids[d->samples[i].label]);
        assert_string_equal(below(d, i), path);
    }
    an_dataset_release(d);
    put("t/C005/a.jpg");
    check_error("t", NULL, &list, ALEXNET_ERROR_FORMAT, "the most similar is \"c005\"");
    for (int i = 0; i < COUNT; i++)
        an_free(ids[i]);
}

/* A link in a class to another class's folder does not give its pictures a second label. */
static void test_class_folders_are_not_entered_twice(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/dog/d.jpg");
    put("pool/p.jpg");
    assert_int_equal(symlink("../dog", "t/cat/friend"), 0);
    assert_int_equal(symlink("..", "t/cat/up"), 0);
    assert_int_equal(symlink("../../pool", "t/cat/pool"), 0);
    assert_int_equal(symlink("../../pool", "t/dog/pool"), 0);
    alexnet_dataset *d = open_good("t", NULL, NULL);
    assert_string_equal(below(d, 0), "cat/a.jpg");
    assert_string_equal(below(d, 1), "cat/pool/p.jpg");
    assert_string_equal(below(d, 2), "dog/d.jpg");
    assert_string_equal(below(d, 3), "dog/pool/p.jpg");
    assert_int_equal(d->count, 4);
    an_dataset_release(d);
    assert_int_equal(symlink("cat", "t/kitten"), 0);
    check_error("t", NULL, NULL, ALEXNET_ERROR_FORMAT, "t/kitten is a link to ");
}

/* A class on a disk that is not there is not silently missed; a picture may be. */
static void test_links_that_lead_nowhere(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/dog/d.jpg");
    assert_int_equal(symlink("gone.jpg", "t/loose.jpg"), 0);
    an_dataset_release(open_good("t", NULL, NULL));
    assert_int_equal(symlink("../gone/horse", "t/horse"), 0);
    check_error(
        "t", NULL, NULL, ALEXNET_ERROR_IO,
        "t/horse leads nowhere: No such file or directory; if it is a class, restore its target");
}

/* Nor is part of a class that is on such a disk; the log says so. */
static void test_links_in_classes_that_lead_nowhere(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/cat/deep/b.jpg");
    assert_int_equal(symlink("../../gone", "t/cat/album.d"), 0);
    assert_int_equal(symlink("gone", "t/cat/deep/more"), 0);
    assert_int_equal(symlink("gone.jpg", "t/cat/c.jpg"), 0);
    alexnet_dataset *d = open_good("t", NULL, NULL);
    assert_int_equal(d->count, 3);
    assert_int_equal(d->source->left_out.total, 0);
    assert_non_null(
        strstr(d->source->doubt,
               "t/cat/album.d is a link to nothing that can be read, and is not followed; "
               "nor is 1 other below "));
    an_dataset_release(d);
    assert_int_equal(an_dataset_examine(&d, NULL, "t", NULL, NULL), ALEXNET_OK);
    assert_int_equal(d->source->oddity_count, 2);
    assert_non_null(strstr(d->source->oddities[1].path, "t/cat/deep/more"));
    an_dataset_release(d);
    assert_int_equal(an_dataset_of_files(&d, NULL, (const char *const[]){"t"}, 1), ALEXNET_OK);
    assert_string_equal(d->root, "t");
    assert_int_equal(d->count, 3);
    assert_non_null(strstr(d->source->doubt, "is a link to nothing"));
    an_dataset_release(d);
}

/* A link to a folder above is not followed: what is there does not become part of the class. */
static void test_links_upward_are_not_followed(void **state)
{
    (void)state;
    put("home/photos/cat/a.jpg");
    put("home/photos/dog/d.jpg");
    put("home/other/o.jpg");
    put("home/pool/deep/p.jpg");
    put("home/pool/q.jpg");
    put("store/bird/b.jpg");
    put("store/s.jpg");
    assert_int_equal(symlink("../..", "home/photos/cat/above"), 0);
    assert_int_equal(symlink("/", "home/photos/dog/all"), 0);
    assert_int_equal(symlink("../../pool/deep", "home/photos/dog/pool"), 0);
    assert_int_equal(symlink("..", "home/pool/deep/up"), 0); /* in a folder that a link leads to */
    assert_int_equal(symlink("../../store/bird", "home/photos/bird"), 0);
    assert_int_equal(symlink("..", "store/bird/up"), 0); /* from a class that is itself a link */
    assert_int_equal(symlink("../../home", "store/bird/home"), 0);
    alexnet_dataset *d = open_good("home/photos", NULL, NULL);
    assert_string_equal(below(d, 0), "bird/b.jpg");
    assert_string_equal(below(d, 1), "cat/a.jpg");
    assert_string_equal(below(d, 2), "dog/d.jpg");
    assert_string_equal(below(d, 3), "dog/pool/p.jpg");
    assert_int_equal(d->count, 4);
    assert_non_null(strstr(d->source->doubt, "/bird/home is a link to a folder above it, and is "
                                             "not followed; nor is 1 other below "));
    assert_non_null(strstr(d->source->doubt, "/cat/above is a link to a folder above it"));
    an_dataset_release(d);
    assert_int_equal(an_dataset_examine(&d, NULL, "home/photos", NULL, NULL), ALEXNET_OK);
    assert_int_equal(d->count, 4);
    assert_int_equal(d->source->oddity_count, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(d->source->oddities[i].problem, ALEXNET_PROBLEM_DOUBT);
    an_dataset_release(d);
}

/* Hidden files are mentioned where there is nothing else. */
static void test_hidden_alone(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/dog/.a.jpg");
    put("t/dog/deep/.b.jpg");
    put("t/dog/.c/c.jpg");
    check_error(
        "t", NULL, NULL, ALEXNET_ERROR_FORMAT,
        ".avif file, but 3 hidden files or folders, with a dot before the name or a system's own");
    put("none/.thumbs/a.jpg");
    check_error("none", NULL, NULL, ALEXNET_ERROR_FORMAT,
                "none holds nothing but 1 hidden file or folder, with a dot before the name or a "
                "system's own; ");
}

static void test_loose_files(void **state)
{
    (void)state;
    const char *const paths[] = {"b.jpg", "/a.png", "b.jpg"};
    const char *const folders[] = {"gone.jpg", "t", "t/sub/c.tga", "none"};
    alexnet_dataset *d;
    assert_int_equal(an_dataset_of_files(&d, NULL, paths, 3), ALEXNET_OK);
    assert_string_equal(d->root, "the paths given");
    assert_int_equal(d->count, 3);
    assert_int_equal(d->classes, 0);
    assert_string_equal(d->samples[1].name, "/a.png");
    assert_int_equal(d->samples[2].label, -1);
    assert_ptr_equal(an_dataset_retain(d), d);
    an_dataset_release(d);
    an_dataset_release(d);
    assert_int_equal(an_dataset_of_files(&d, NULL, paths, 0), ALEXNET_OK);
    assert_int_equal(d->count, 0);
    an_dataset_release(d);
    an_dataset_release(NULL);
    put("t/b.JFIF");
    put("t/a.jif");
    put("t/sub/c.tga");
    put("t/sub/d.jpg");
    put("none/x.tga");
    assert_int_equal(symlink("..", "t/sub/up"), 0);
    assert_int_equal(an_dataset_of_files(&d, NULL, folders, 3), ALEXNET_OK);
    static const char *const found[] = {"gone.jpg", "t/a.jif", "t/b.JFIF", "t/sub/d.jpg",
                                        "t/sub/c.tga"};
    assert_int_equal(d->count, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(d->samples[i].name, found[i]);
    assert_int_equal(d->source->left_out.total, 1);
    an_dataset_release(d);
    /* A folder without pictures among others fails when it is read. */
    an_item_data data;
    assert_int_equal(an_dataset_of_files(&d, NULL, folders, 4), ALEXNET_OK);
    assert_int_equal(d->count, 6);
    assert_string_equal(d->samples[5].name, folders[3]);
    assert_int_equal(d->source->kind->read(d->source, d->samples[5].item, &data),
                     ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), "none holds no .jpg"));
    an_dataset_release(d);
    assert_int_equal(an_dataset_of_files(&d, NULL, &folders[3], 1), ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), "none holds no .jpg"));
    assert_null(d);
}

/* Whichever allocation fails, it is an error; sanitizers watch for leaks. */
static void test_no_memory(void **state)
{
    (void)state;
    put("t/cat/a.jpg");
    put("t/cat/deep/b.jpg");
    put("t/dog/b.jpg");
    scratch_text("names.txt", "cat Cat");
    alexnet_dataset *d, *train = NULL, *val = NULL;
    alexnet_status status = ALEXNET_ERROR_NO_MEMORY;
    uint64_t n = 0;
    for (; status == ALEXNET_ERROR_NO_MEMORY; n++) {
        an_alloc_fail_at(n + 1);
        status = an_dataset_open(&d, NULL, "t", "names.txt", NULL);
        if (status == ALEXNET_OK)
            status = an_dataset_split(d, 0.5, 1, &train, &val);
        an_alloc_fail_at(0);
        if (d && status != ALEXNET_OK)
            an_dataset_release(d);
    }
    if (status != ALEXNET_OK)
        fail_msg("allocation %llu: %s", (unsigned long long)n, an_error_text());
    assert_true(n > 20);
    assert_int_equal(train->count + val->count, 3);
    an_dataset_release(d);
    an_dataset_release(train);
    an_dataset_release(val);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_finds_pictures_in_order),
        TEST(test_train_and_val),
        TEST(test_bad_folders),
        TEST(test_one_level_too_high),
        TEST(test_left_out_is_said),
        TEST(test_many_endings_are_left_out),
        TEST(test_doubts_are_said),
        TEST(test_many_classes),
        TEST(test_class_folders_are_not_entered_twice),
        TEST(test_links_that_lead_nowhere),
        TEST(test_links_in_classes_that_lead_nowhere),
        TEST(test_links_upward_are_not_followed),
        TEST(test_hidden_alone),
        TEST(test_names_file),
        cmocka_unit_test(test_plain_text),
        TEST(test_classes_of_a_model),
        TEST(test_loose_files),
        TEST(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
