/*
 * Lists and tables of pictures: the same items, labels and pixels as from a tree of class folders,
 * how lines are read, and which are refused.
 */
#include "source_rig.h"

#include "data/source/list_rows.h"
#include "data/source/names.h"

enum { PICTURES = 9, SIDE = 3 };

static const char *const paths[PICTURES] = {"ape/1.png",     "ape/2.png",     "ape/10.png",
                                            "bee/a b.png",   "bee/c,d.png",   "bee/e\"f.png",
                                            "cat/sub/x.png", "cat/sub/y.png", "cat/z.png"};

static void write_folder(void)
{
    for (int i = 0; i < PICTURES; i++) {
        char path[64];
        uint8_t rgb[SIDE * SIDE * 3];
        for (int k = 0; k < SIDE * SIDE * 3; k++)
            rgb[k] = (uint8_t)(i * 31 + k * 7);
        snprintf(path, sizeof path, "all/%s", paths[i]);
        write_png(path, rgb, SIDE, SIDE);
    }
}

/* Write a line per picture, unsorted, by a format of path and label. Labels are numbers or
 * names. */
static void write_lines(const char *path, const char *head, const char *format, bool numbers)
{
    static const char *const names[] = {"ape", "bee", "cat"}, *const digits[] = {"0", "1", "2"};
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(head, file);
    for (int i = 0; i < PICTURES; i++) {
        const int j = i * 5 % PICTURES;
        fprintf(file, format, paths[j], (numbers ? digits : names)[j / 3]);
    }
    fclose(file);
}

static alexnet_dataset *open_folder(void)
{
    write_folder();
    return open_good("all", NULL, NULL);
}

static void test_same_as_folders(void **state)
{
    (void)state;
    char folder[4096], format[4200];
    alexnet_dataset *all = open_folder();
    write_lines("blanks.txt", "", "all/%s %s\n", false);
    write_lines("tabs.lst", "\xEF\xBB\xBF\r\n", "./all/%s \t%s \r\n\r\n", true);
    write_lines("all/inside.list", "", "  %s   %s\n", true);
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(format, sizeof format, "%s/all/%%s\t%%s\n", folder);
    write_lines("absolute.txt", "", format, false);
    write_lines("macs.txt", "\xEF\xBB\xBF\r", "all/%s %s\r", true);
    check_same("macs.txt", "list", all);
    check_same("blanks.txt", "list", all);
    check_same("tabs.lst", "list", all);
    check_same("all/inside.list", "list", all);
    check_same("absolute.txt", "list", all);
    an_dataset_release(all);
}

/* The validation part of what is at a path. */
static alexnet_dataset *open_val(const char *path, const char *kind, an_split_rule rule)
{
    const an_part part = {.share = 0.4, .seed = 3, .val = true, .rule = rule};
    alexnet_dataset *val;
    assert_int_equal(an_dataset_reopen(&val, NULL, kind, path, part, NULL), ALEXNET_OK);
    return val;
}

static bool holds(const alexnet_dataset *d, const char *name)
{
    bool found = false;
    for (int64_t i = 0; i < d->count; i++)
        found |= strcmp(d->samples[i].name, name) == 0;
    return found;
}

/* The validation part of a list must be that of the folder. */
static void check_split(const char *list, an_split_rule rule)
{
    alexnet_dataset *folder = open_val("all", "folders", rule), *val = open_val(list, "list", rule);
    assert_int_equal(val->count, folder->count);
    for (int64_t i = 0; i < val->count; i++)
        assert_true(holds(folder, val->samples[i].name));
    an_dataset_release(folder);
    an_dataset_release(val);
}

/* A list in the folder is split as the folder, whether its paths are relative or absolute. Under
 * the rules of earlier versions that is so wherever the list is. */
static void test_same_split(void **state)
{
    (void)state;
    char folder[4096], format[4200];
    write_folder();
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(format, sizeof format, "%s/all/%%s %%s\n", folder);
    write_lines("all/list.txt", "", "%s %s\n", true);
    write_lines("all/absolute.txt", "", format, true);
    write_lines("list.txt", "", "all/%s %s\n", true);
    check_split("all/list.txt", AN_SPLIT_BY_PATH);
    check_split("all/absolute.txt", AN_SPLIT_BY_PATH);
    check_split("list.txt", AN_SPLIT_BY_HASH);
    check_split("list.txt", AN_SPLIT_BY_COUNT);
}

/* Rows in other folders, which make the folder that holds all pictures another one, move no picture
 * to the other part. The rule of earlier versions does: otherwise the rows would prove nothing. */
static void test_split_of_longer_list(void **state)
{
    (void)state;
    static const char rows[] = "b/cat/0.png a\nb/cat/1.png a\nb/cat/2.png a\nb/cat/3.png b\n"
                               "b/cat/4.png b\nb/cat/5.png b\nb/cat/6.png b\nb/cat/7.png b\n";
    char longer[512];
    snprintf(longer, sizeof longer, "%snew/8.png a\n/9.png b\n", rows);
    for (int rule = AN_SPLIT_BY_PATH; rule <= AN_SPLIT_BY_HASH; rule++) {
        int moved = 0;
        scratch_text("list.txt", rows);
        alexnet_dataset *whole = open_good("list.txt", NULL, NULL);
        alexnet_dataset *before = open_val("list.txt", "list", (an_split_rule)rule);
        scratch_text("list.txt", longer);
        alexnet_dataset *after = open_val("list.txt", "list", (an_split_rule)rule);
        assert_true(before->count > 0 && before->count < whole->count);
        for (int64_t i = 0; i < whole->count; i++)
            moved += holds(before, whole->samples[i].name) != holds(after, whole->samples[i].name);
        assert_int_equal(moved > 0, rule == AN_SPLIT_BY_HASH);
        an_dataset_release(whole);
        an_dataset_release(before);
        an_dataset_release(after);
    }
}

/* RFC 4180: doubled quotes, separators and line ends within quotes. Other columns; titles in any
 * case; the better one of two titles that would do. */
static void test_tables(void **state)
{
    (void)state;
    alexnet_dataset *all = open_folder();
    FILE *file = fopen("t.csv", "wb");
    fputs("\xEF\xBB\xBFid,Class,LABEL,note, file ,image\r\n", file);
    for (int i = 0; i < PICTURES; i++) {
        static const char *const names[] = {"ape", "bee", "cat"};
        fprintf(file, "%d,no,%s,\"a \"\"note\"\",\r\nin two lines\",\"all/", i, names[i / 3]);
        for (const char *c = paths[i]; *c; c++)
            fprintf(file, *c == '"' ? "\"\"" : "%c", *c);
        fputs("\",none\r\n", file);
    }
    fclose(file);
    check_same("t.csv", "list", all);
    an_dataset_release(all);
}

static void test_semicolons(void **state)
{
    (void)state;
    static const char *const names[] = {"u.csv", "u.txt"};
    for (int i = 0; i < 2; i++) {
        scratch_text(names[i], "label;filename\n\n3;x,y.jpg\n0; z.jpg \n");
        alexnet_dataset *d = open_good(names[i], NULL, NULL);
        assert_int_equal(d->count, 2);
        assert_int_equal(d->classes, 4);
        assert_string_equal(d->source->items[0].key, "z.jpg");
        assert_string_equal(d->source->items[1].key, "x,y.jpg");
        an_dataset_release(d);
    }
}

/* A table whose separator only its titles show: it has no labels. */
static void test_tabs_without_labels(void **state)
{
    (void)state;
    an_list_rows rows = {0};
    char text[] = "size\tpath\n7\tx,y.jpg\n8\tz.jpg\n";
    expect_ok(an_list_parse(&rows, text, sizeof text - 1, "t.csv", false));
    assert_int_equal(rows.count, 2);
    assert_string_equal(rows.at[0].path, "x,y.jpg");
    assert_string_equal(rows.at[1].path, "z.jpg");
    an_list_free(&rows);
}

/* Tables with tabs or in files of any ending, if the first line has both titles; lines after
 * "path label". */
static void test_titles(void **state)
{
    (void)state;
    alexnet_dataset *all = open_folder();
    FILE *file = fopen("wide.tsv", "wb");
    fputs("Label\tid\t\"File\"\r\n", file);
    for (int i = 0; i < PICTURES; i++)
        fprintf(file, "%d\t%d\tall/%s\r\n", i / 3, i, paths[i]);
    fclose(file);
    write_lines("tabs.tsv", "path\tlabel\n", "all/%s\t%s\n", false);
    write_lines("tabs.csv", "path\tlabel\n", "all/%s\t%s\n", false);
    write_lines("blanks.lst", "\xEF\xBB\xBF image  Class \r\n", "all/%s %s\r\n", false);
    write_lines("macs.csv", "image;class\r", "all/%s;%s\r", false);
    check_same("wide.tsv", "list", all);
    check_same("tabs.tsv", "list", all);
    write_lines("tabs.tsv", "file_name\tlabel\n", "all/%s\t%s\n", false);
    check_same("tabs.tsv", "list", all);
    check_same("tabs.csv", "list", all);
    check_same("blanks.lst", "list", all);
    check_same("macs.csv", "list", all);
    an_dataset_release(all);
}

/* A first line that only resembles titles is a picture. */
static void test_first_pictures(void **state)
{
    (void)state;
    static const struct {
        const char *text, *key;
    } cases[] = {
        {"image cat\nb.jpg cat\n", "image"},
        {"image 0\nb.jpg 0\n", "image"},
        {"label.jpg label\nb.jpg cat\n", "label.jpg"},
        {"a/path.jpg class\n", "path.jpg"},
        {"#1 0\n", "#1"},
        {"1 unheard\nb.jpg cat\n", "1"},
    };
    scratch_text("#1", "");
    scratch_text("1", "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool found = false;
        scratch_text("first.txt", cases[i].text);
        alexnet_dataset *d = open_good("first.txt", NULL, NULL);
        for (int64_t k = 0; k < d->count; k++)
            found |= strcmp(d->source->items[k].key, cases[i].key) == 0;
        assert_true(found);
        an_dataset_release(d);
    }
}

static void test_labels(void **state)
{
    (void)state;
    alexnet_dataset *d;
    scratch_text("n.txt", "b/a.jpg 10\na.jpg 2\na b.jpg 002\n");
    d = open_good("n.txt", NULL, NULL);
    assert_int_equal(d->classes, 11);
    assert_true(d->source->numbered);
    assert_string_equal(d->class_ids[10], "10");
    assert_int_equal(d->samples[0].label, 2);
    assert_int_equal(d->samples[2].label, 10);
    assert_string_equal(d->source->items[0].key, "a b.jpg");
    assert_non_null(strstr(d->source->doubt, "9 of the 11 classes"));
    assert_non_null(strstr(d->source->doubt, "the first is 0 (labels are counted from 0)"));
    assert_non_null(strstr(d->source->doubt, "a b.jpg of"));
    an_dataset_release(d);
    scratch_text("s.txt", "x/1.jpg\ttwo words\nx/2.jpg\tZ\nx/1.jpg\ttwo words\n");
    d = open_good("s.txt", NULL, NULL);
    assert_int_equal(d->classes, 2);
    assert_int_equal(d->count, 2);
    assert_string_equal(d->class_ids[0], "Z");
    assert_string_equal(d->class_ids[1], "two words");
    assert_string_equal(d->source->items[1].key, "1.jpg");
    assert_non_null(strstr(d->source->doubt, "1 line of"));
    an_dataset_release(d);
}

/* A missing file is an item that cannot be read. */
static void test_missing_file(void **state)
{
    (void)state;
    an_picture picture;
    scratch_text("m.txt", "no.jpg 0\n");
    alexnet_dataset *d = open_good("m.txt", NULL, NULL);
    assert_int_equal(an_data_source_picture(d->source, 0, &picture), ALEXNET_ERROR_IO);
    assert_non_null(strstr(an_error_text(), "no.jpg"));
    assert_non_null(strstr(d->source->doubt, "relative to the list's folder"));
    assert_null(strstr(d->source->doubt, "with / between folders"));
    an_dataset_release(d);
    scratch_text("m.txt", "cats\\no.jpg 0\n");
    d = open_good("m.txt", NULL, NULL);
    assert_non_null(strstr(d->source->doubt, "with / between folders"));
    an_dataset_release(d);
}

static void test_without_labels(void **state)
{
    (void)state;
    alexnet_dataset *d;
    scratch_text("p.txt", "b c.jpg\na.jpg 3\n\nb c.jpg\n");
    scratch_text("p.csv", "image,class\nz.jpg,\ny.jpg,3\n");
    d = NULL;
    assert_int_equal(an_dataset_of_files(&d, NULL, (const char *const[]){"p.txt", "p.csv"}, 2),
                     ALEXNET_OK);
    assert_int_equal(d->count, 5);
    static const char *const ends[] = {"/b c.jpg", "/a.jpg", "/b c.jpg", "/z.jpg", "/y.jpg"};
    for (int i = 0; i < 5; i++) {
        const char *name = d->samples[i].name;
        assert_string_equal(name + strlen(name) - strlen(ends[i]), ends[i]);
        assert_int_equal(d->samples[i].label, -1);
    }
    an_dataset_release(d);
}

static void test_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *error;
    } cases[] = {
        {"e.txt", "", "lists no pictures"},
        {"e.txt", " \n\t\r\n", "lists no pictures"},
        {"e.txt", "a.jpg 1\nb.jpg\n", "e.txt:2: \"b.jpg\" is not a path"},
        {"e.txt", "a.jpg\n", "e.txt:1: "},
        {"e.txt", "a.jpg 1\rb.jpg\r", "e.txt:2: \"b.jpg\" is not a path"},
        {"e.txt", "a.jpg 1\nb.jpg cat\n", "\"1\" in line 1, \"cat\" in line 2"},
        {"e.txt", "b.jpg cat\nc.jpg 7\n", "\"7\" in line 2, \"cat\" in line 1"},
        {"e.txt", "a.jpg -1\n", "e.txt:1: the label is -1"},
        {"e.txt", "a.jpg 0\nb.jpg 100000\n", "e.txt:2: the label is 100000"},
        {"e.txt", "a.jpg 99999999999999999999\nb.jpg 1\n", "in line 2"},
        {"e.txt", "a.jpg 0\n./a.jpg 1\n", "two labels: \"0\" in line 1, \"1\" in line 2"},
        {"e.txt",
         "\xFF\xFE"
         "a",
         "UTF-16"},
        {"e.txt", "a.jpg c\x01t\n", "e.txt:1: the label has a control character"},
        {"e.txt", "./ 3\n", "e.txt:1: the path of the picture is missing"},
        {"e.txt", "img kind\na.jpg x\nb.jpg y\n", "e.txt:1: there is no picture \"img\""},
        {"e.tsv", "img\tlabel\na.jpg\tx\n",
         "titles path, file, filename, file_name or image, and label"},
        {"e.txt", "a.jpg x\n# my list\nb.jpg x\n", "e.txt:2: there is no picture \"# my\""},
        {"e.txt", "path label\n", "lists no pictures"},
        {"e.tsv", "label\tpath\n1\ta\tb.jpg\n", "must be in quotes"},
        {"e.csv", "a,b\n", "e.csv:1: no column is called path"},
        {"e.csv", "path,b\nx,1\n", "no column is called label"},
        {"e.csv", "path,label\n", "lists no pictures"},
        {"e.csv", "path,label\na,b.jpg,1\n", "e.csv:2: 3 fields, but the first line has 2"},
        {"e.csv", "path,label\na.jpg\n", "e.csv:2: 1 fields"},
        {"e.csv", "path,label\n\"a\nb.jpg\",1\n\"c", "e.csv:4: a quote is not closed"},
        {"e.csv", "path,label\n\"a\"b,1\n", "e.csv:2: text follows a closing quote"},
        {"e.csv", "path,label\na.jpg,\n", "e.csv:2: the label of a.jpg is missing"},
        {"e.csv", "path,label\n,1\n", "e.csv:2: the path of the picture is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scratch_text(cases[i].name, cases[i].text);
        check_error(cases[i].name, ALEXNET_ERROR_FORMAT, cases[i].error);
    }
    scratch_write("z.txt", "a.jpg 1\nb\0.jpg 1\n", 17);
    check_error("z.txt", ALEXNET_ERROR_FORMAT, "z.txt:2: not text");
    scratch_write("z.txt", "\x1F\x8B\x08\0\0\0\0\0\0\3\xCBI", 12);
    check_error("z.txt", ALEXNET_ERROR_FORMAT,
                "z.txt is not text but compressed; unpack it with gunzip");
    scratch_write("z.txt", "BZh91AY&SY\x1D\xF9\xE3\x12\x80", 15);
    check_error("z.txt", ALEXNET_ERROR_FORMAT, "unpack it with bunzip2");
    scratch_write("z.txt", "BZh91 1\n7 \n", 11);
    check_error("z.txt", ALEXNET_ERROR_FORMAT, "z.txt:2: \"7\" is not a path");
}

static void test_too_many_labels(void **state)
{
    (void)state;
    FILE *file = fopen("many.txt", "wb");
    assert_non_null(file);
    for (int i = 0; i <= AN_NAMES_MAX; i++)
        fprintf(file, "%d.jpg l%d\n", i, i);
    assert_int_equal(fclose(file), 0);
    check_error("many.txt", ALEXNET_ERROR_UNSUPPORTED,
                "many.txt has more than 100000 different labels, the most that are read");
}

static void test_memory(void **state)
{
    (void)state;
    write_lines("names.txt", "", "all/%s %s\n", false);
    scratch_text("numbers.csv", "path,label\n\"a\"\".jpg\",1\n");
    scratch_text("holes.txt", "a.jpg 2\na.jpg 2\n");
    check_memory("names.txt");
    check_memory("numbers.csv");
    check_memory("holes.txt");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_same_as_folders), TEST(test_same_split),     TEST(test_split_of_longer_list),
        TEST(test_tables),          TEST(test_semicolons),     TEST(test_tabs_without_labels),
        TEST(test_titles),          TEST(test_first_pictures), TEST(test_labels),
        TEST(test_missing_file),    TEST(test_without_labels), TEST(test_refuses),
        TEST(test_too_many_labels), TEST(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
