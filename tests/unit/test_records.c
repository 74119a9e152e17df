/*
 * The files of MNIST and of CIFAR: the same labels and pixels as from a tree of class folders, the
 * parts of a folder, and files that lie about what they hold; values of databases that are not
 * read.
 */
#include "expect.h"
#include "source_rig.h"

#include <errno.h>
#include <sys/stat.h>
#include <zlib.h>

#include "data/source/datum.h"

enum { ITEMS = 23, COLUMNS = 5, ROWS = 4, PIXELS = ROWS * COLUMNS };

static uint8_t value(int item, int pixel)
{
    return (uint8_t)(item * 37 + pixel * 11 + 5);
}

static int label_of(int item)
{
    return item * 7 % 3;
}

static void put_be(unsigned char *to, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(n >> (24 - 8 * i));
}

static void write_gz(const char *path, const void *bytes, unsigned length)
{
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, length), length);
    assert_int_equal(gzclose(file), Z_OK);
}

static void write_bytes(const char *path, const void *bytes, size_t length)
{
    const size_t name = strlen(path);
    if (name > 3 && strcmp(path + name - 3, ".gz") == 0)
        write_gz(path, bytes, (unsigned)length);
    else
        scratch_write(path, bytes, length);
}

static void write_idx(const char *pictures, const char *labels, int items)
{
    unsigned char file[16 + ITEMS * PIXELS], classes[8 + ITEMS];
    put_be(file, 0x803);
    put_be(file + 4, (uint32_t)items);
    put_be(file + 8, ROWS);
    put_be(file + 12, COLUMNS);
    put_be(classes, 0x801);
    put_be(classes + 4, (uint32_t)items);
    for (int i = 0; i < items; i++) {
        classes[8 + i] = (unsigned char)label_of(i);
        for (int p = 0; p < PIXELS; p++)
            file[16 + i * PIXELS + p] = value(i, p);
    }
    write_bytes(pictures, file, (size_t)(16 + items * PIXELS));
    write_bytes(labels, classes, (size_t)(8 + items));
}

/* The grey pictures as PNGs. */
static alexnet_dataset *open_digits(void)
{
    for (int i = 0; i < ITEMS; i++) {
        char path[64];
        uint8_t rgb[PIXELS * 3];
        for (int p = 0; p < PIXELS * 3; p++)
            rgb[p] = value(i, p / 3);
        snprintf(path, sizeof path, "digits/%d/%02d.png", label_of(i), i);
        write_png(path, rgb, COLUMNS, ROWS);
    }
    return open_good("digits", NULL, NULL);
}

static void test_idx_same_as_folders(void **state)
{
    (void)state;
    alexnet_dataset *digits = open_digits();
    write_idx("a-images-idx3-ubyte", "a-labels-idx1-ubyte", ITEMS);
    write_idx("b-images.idx3-ubyte.gz", "b-labels.idx1-ubyte", ITEMS);
    write_idx("c-images-idx3-ubyte", "c-labels-idx1-ubyte.gz", ITEMS);
    check_same("a-images-idx3-ubyte", "idx", digits);
    check_same("b-images.idx3-ubyte.gz", "idx", digits);
    check_same("c-images-idx3-ubyte", "idx", digits);
    an_dataset_release(digits);
}

static void check_layout(const char *path, alexnet_dataset_kind expected)
{
    alexnet_dataset_kind kind;
    if (an_dataset_layout(NULL, path, &kind) != ALEXNET_OK)
        fail_msg("%s", an_error_text());
    assert_int_equal(kind, expected);
}

static void test_idx_folder(void **state)
{
    (void)state;
    alexnet_dataset *digits = open_digits(), *val;
    assert_int_equal(mkdir("m", 0777), 0);
    write_idx("m/train-images-idx3-ubyte.gz", "m/train-labels-idx1-ubyte.gz", ITEMS);
    check_layout("m", ALEXNET_DATASET_CLASSES);
    check_same("m", "idx", digits);
    check_error("m/val", ALEXNET_ERROR_IO, "m/val");
    write_idx("m/t10k-images.idx3-ubyte", "m/t10k-labels.idx1-ubyte", ITEMS - 1);
    check_layout("m", ALEXNET_DATASET_TRAIN_VAL);
    check_layout("m/train", ALEXNET_DATASET_CLASSES);
    check_same("m/train", "idx", digits);
    val = open_good("m/val", NULL, NULL);
    assert_int_equal(val->count, ITEMS - 1);
    assert_string_equal(val->source->items[0].key, "00");
    an_dataset_release(val);
    check_error("m", ALEXNET_ERROR_INVALID_ARGUMENT, "open ");
    an_dataset_release(digits);
}

static void test_idx_without_labels(void **state)
{
    (void)state;
    alexnet_dataset *d;
    write_idx("a-images-idx3-ubyte", "gone", ITEMS);
    check_error("a-images-idx3-ubyte", ALEXNET_ERROR_IO, "labels of ");
    assert_int_equal(an_dataset_of_files(&d, NULL, (const char *const[]){"a-images-idx3-ubyte"}, 1),
                     ALEXNET_OK);
    assert_int_equal(d->count, ITEMS);
    assert_int_equal(d->samples[3].label, -1);
    an_dataset_release(d);
}

/* Change a good file, write it, and expect an error. */
static void check_damage(uint32_t magic, uint32_t count, uint32_t rows, uint32_t columns,
                         size_t length, const char *error)
{
    static unsigned char file[16 + ITEMS * PIXELS + 8];
    put_be(file, magic);
    put_be(file + 4, count);
    put_be(file + 8, rows);
    put_be(file + 12, columns);
    const alexnet_status status =
        strstr(error, "bytes; at most") ? ALEXNET_ERROR_UNSUPPORTED : ALEXNET_ERROR_FORMAT;
    scratch_write("a-images-idx3-ubyte", file, length);
    check_error("a-images-idx3-ubyte", status, error);
    unlink("a-images-idx3-ubyte");
    write_gz("a-images-idx3-ubyte.gz", file, (unsigned)length);
    check_error("a-images-idx3-ubyte.gz", status, error);
    unlink("a-images-idx3-ubyte.gz");
}

static void test_idx_refuses(void **state)
{
    (void)state;
    const size_t whole = 16 + ITEMS * PIXELS;
    write_idx("a-images-idx3-ubyte", "a-labels-idx1-ubyte", ITEMS);
    check_damage(0x803, ITEMS - 1, ROWS, COLUMNS, whole - PIXELS, "23 labels, but");
    check_damage(0x801, ITEMS, ROWS, COLUMNS, whole, "labels");
    check_damage(0xD03, ITEMS, ROWS, COLUMNS, whole, "00000d03");
    check_damage(0x803, ITEMS, ROWS, COLUMNS, whole - 1, "");
    check_damage(0x803, ITEMS, ROWS, COLUMNS, whole + 1, "it has more");
    check_damage(0x803, ITEMS, ROWS, COLUMNS, 15, "within its header");
    check_damage(0x803, ITEMS, ROWS, COLUMNS, 3, "");
    check_damage(0x803, ITEMS, ROWS, COLUMNS, 0, "");
    check_damage(0x803, UINT32_MAX, ROWS, COLUMNS, whole, "do not fit into");
    check_damage(0x803, UINT32_MAX, 13000, 13000, whole, "do not fit into");
    check_damage(0x803, 1, UINT32_MAX, UINT32_MAX, whole, "pixels");
    check_damage(0x803, 1, 65500, 65500, whole, "pixels");
    check_damage(0x803, 0, ROWS, COLUMNS, 16, "at least one");
    check_error("a-labels-idx1-ubyte", ALEXNET_ERROR_FORMAT, "labels");
}

/* A file that decompresses to far more than it claims is not decompressed; one that is cut short is
 * refused. */
static void test_gzip_damage(void **state)
{
    (void)state;
    enum { BOMB = 32 << 20 };
    unsigned char *zeros = calloc(BOMB, 1), *file;
    size_t length;
    write_idx("a-images-idx3-ubyte.gz", "a-labels-idx1-ubyte", ITEMS);
    file = scratch_read("a-images-idx3-ubyte.gz", &length);
    scratch_write("a-images-idx3-ubyte.gz", file, length - 9);
    check_error("a-images-idx3-ubyte.gz", ALEXNET_ERROR_FORMAT, "a-images-idx3-ubyte.gz");
    file[length - 6] ^= 1; /* the checksum */
    scratch_write("a-images-idx3-ubyte.gz", file, length);
    check_error("a-images-idx3-ubyte.gz", ALEXNET_ERROR_FORMAT, "damaged");
    put_be(zeros, 0x803);
    put_be(zeros + 4, ITEMS);
    put_be(zeros + 8, ROWS);
    put_be(zeros + 12, COLUMNS);
    write_gz("a-images-idx3-ubyte.gz", zeros, BOMB);
    check_error("a-images-idx3-ubyte.gz", ALEXNET_ERROR_FORMAT, "it has more");
    free(file);
    free(zeros);
}

/* ---- CIFAR ---- */

enum { SIDE = 32, PLANE = SIDE * SIDE };

static uint8_t colour(int item, int channel, int pixel)
{
    return (uint8_t)(item * 53 + channel * 91 + pixel);
}

/* Write records `first` to `end` - 1, each after `labels` bytes, the last of which is the class. */
static void write_cifar(const char *path, int first, int end, int labels)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = first; i < end; i++) {
        if (labels == 2)
            fputc(17, file);
        fputc(label_of(i), file);
        for (int c = 0; c < 3; c++)
            for (int p = 0; p < PLANE; p++)
                fputc(colour(i, c, p), file);
    }
    fclose(file);
}

static void write_names(const char *path, int count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (int c = 0; c < count; c++)
        fprintf(file, "class %02d\n", c);
    fputs("\n", file);
    fclose(file);
}

static alexnet_dataset *open_colours(void)
{
    alexnet_dataset *d;
    static const char *const ids[] = {"class 00", "class 01", "class 02", "class 03", "class 04",
                                      "class 05", "class 06", "class 07", "class 08", "class 09"};
    const an_class_list list = {10, ids, ids};
    for (int i = 0; i < ITEMS; i++) {
        char path[64];
        uint8_t rgb[PLANE * 3];
        for (int p = 0; p < PLANE * 3; p++)
            rgb[p] = colour(i, p % 3, p / 3);
        snprintf(path, sizeof path, "colours/class %02d/%02d.png", label_of(i), i);
        write_png(path, rgb, SIDE, SIDE);
    }
    d = open_good("colours", NULL, &list);
    return d;
}

static void write_batches(void)
{
    assert_true(mkdir("c10", 0777) == 0 || errno == EEXIST);
    for (int b = 0; b < 5; b++) {
        char path[64];
        snprintf(path, sizeof path, "c10/data_batch_%d.bin", b + 1);
        write_cifar(path, b * 5, b == 4 ? ITEMS : b * 5 + 5, 1);
    }
}

static void test_cifar_10(void **state)
{
    (void)state;
    alexnet_dataset *colours = open_colours(), *d;
    write_batches();
    write_names("c10/batches.meta.txt", 10);
    check_layout("c10", ALEXNET_DATASET_CLASSES);
    check_same("c10", "cifar", colours);
    write_cifar("c10/test_batch.bin", 0, 4, 1);
    check_layout("c10", ALEXNET_DATASET_TRAIN_VAL);
    check_same("c10/train", "cifar", colours);
    d = open_good("c10/val", NULL, NULL);
    assert_int_equal(d->count, 4);
    assert_string_equal(d->class_ids[9], "class 09");
    assert_non_null(strstr(d->source->doubt, "7 of the 10 classes"));
    an_dataset_release(d);
    FILE *file = fopen("c10/data_batch_2.bin", "r+b"); /* the wrong file is named */
    assert_non_null(file);
    assert_int_equal(fseek(file, 2 * (1 + PLANE * 3), SEEK_SET), 0);
    fputc(10, file);
    fclose(file);
    check_error("c10/train", ALEXNET_ERROR_FORMAT, "record 2 of ");
    check_error("c10/train", ALEXNET_ERROR_FORMAT,
                "c10/data_batch_2.bin has the label 10; 0 to 9 are expected");
    write_batches();
    unlink("c10/batches.meta.txt");
    d = open_good("c10/data_batch_2.bin", NULL, NULL);
    assert_int_equal(d->count, 5);
    assert_string_equal(d->class_ids[9], "9");
    an_dataset_release(d);
    check_error("c10", ALEXNET_ERROR_INVALID_ARGUMENT, "open ");
    an_dataset_release(colours);
}

static void test_cifar_100(void **state)
{
    (void)state;
    alexnet_dataset *d;
    an_picture picture;
    assert_int_equal(mkdir("c", 0777), 0);
    write_cifar("c/train.bin", 0, ITEMS, 2);
    write_cifar("c/test.bin", 3, 6, 2);
    write_names("c/fine_label_names.txt", 100);
    check_layout("c", ALEXNET_DATASET_TRAIN_VAL);
    d = open_good("c/val", NULL, NULL);
    assert_int_equal(d->classes, 100);
    for (int64_t i = 0; i < 3; i++) {
        const int record = 3 + atoi(d->source->items[i].key);
        assert_int_equal(d->samples[i].label, label_of(record));
        assert_int_equal(an_data_source_picture(d->source, i, &picture), ALEXNET_OK);
        for (int p = 0; p < PLANE * 3; p++)
            assert_int_equal(picture.rgb[p], colour(record, p % 3, p / 3));
        an_picture_free(&picture);
    }
    an_dataset_release(d);
}

static void test_cifar_refuses(void **state)
{
    (void)state;
    write_batches();
    assert_int_equal(truncate("c10/data_batch_3.bin", 5 * 3073 - 1), 0);
    check_error("c10", ALEXNET_ERROR_FORMAT, "data_batch_3.bin has 15364 bytes");
    unlink("c10/data_batch_3.bin");
    check_error("c10", ALEXNET_ERROR_IO, "data_batch_3.bin");
    write_cifar("c10/data_batch_3.bin", 10, 15, 1);
    write_names("c10/batches.meta.txt", 9);
    check_error("c10", ALEXNET_ERROR_FORMAT, "9 names; 10 are expected");
    write_names("c10/batches.meta.txt", 10);
    FILE *file = fopen("c10/data_batch_3.bin", "r+b");
    fputc(10, file);
    fclose(file);
    check_error("c10/data_batch_3.bin", ALEXNET_ERROR_FORMAT, "record 0 of");
    truncate("c10/data_batch_3.bin", 0) == 0 ? (void)0 : fail();
    check_error("c10/data_batch_3.bin", ALEXNET_ERROR_FORMAT, "has 0 bytes");
}

/* The versions for Python and MATLAB are named, and not taken for folders of classes. */
static void test_other_cifar(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"c10py", "batches.meta data_batch_1 test_batch"},
        {"c10m", "batches.meta.mat data_batch_1.mat test_batch.mat"},
        {"c100py", "meta train test"},
        {"c100m", "meta.mat train.mat test.mat"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char names[64], *state_of, path[96];
        strcpy(names, files[i][1]);
        for (char *n = strtok_r(names, " ", &state_of); n; n = strtok_r(NULL, " ", &state_of)) {
            snprintf(path, sizeof path, "%s/%s", files[i][0], n);
            put(path);
        }
        check_error(files[i][0], ALEXNET_ERROR_FORMAT, "its binary version is read");
    }
}

/* The values of databases that other programs write are no damaged messages of Caffe. */
static void test_other_values(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *error;
    } values[] = {
        {"\xFF\xD8\xFF\xE0\0\x10JFIF", 10, "db/1 is a JPEG, not a Datum"},
        {"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16, "db/1 is a PNG, not a Datum"},
        {"\x80\4\x95\x0B\0\0\0\0\0\0\0C\3abc\x94K\1\x86\x94.", 22, "db/1 is not a Datum"},
        {"cat 1", 5, "db/1 is not a Datum"},
        {"\x08\3\x10\2\x18\2\x22\x0C"
         "ab",
         10, "db/1 is not a Datum"},
        {"\x08\1\x10\1\x18\1\x22\1a\x28", 10, "db/1: damaged at byte 10"},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        an_datum datum;
        expect_failure(an_datum_parse(&datum, values[i].bytes, values[i].length, "db/1"),
                       ALEXNET_ERROR_FORMAT, values[i].error);
    }
}

/* Count the warnings that a validation picture is also a training picture. */
static void count_warnings(void *user, alexnet_log_level level, const char *text)
{
    *(int *)user += level == ALEXNET_LOG_WARNING && strstr(text, "is also the training picture");
}

/* A picture in both data sets is found, although no file says so. */
static void test_shared_pixels(void **state)
{
    (void)state;
    alexnet_ctx *ctx;
    int shared = 0;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    options.log = count_warnings;
    options.log_user = &shared;
    assert_int_equal(alexnet_ctx_new(&ctx, &options), ALEXNET_OK);
    write_idx("a-images-idx3-ubyte", "a-labels-idx1-ubyte", ITEMS);
    write_idx("b-images-idx3-ubyte", "b-labels-idx1-ubyte", 3);
    alexnet_dataset *a = open_good("a-images-idx3-ubyte", NULL, NULL);
    alexnet_dataset *b = open_good("b-images-idx3-ubyte", NULL, NULL);
    assert_int_equal(warn_shared(ctx, a, b), ALEXNET_OK);
    assert_int_equal(shared, 3);
    an_dataset_release(a);
    an_dataset_release(b);
    alexnet_ctx_free(ctx);
}

static void test_memory(void **state)
{
    (void)state;
    write_idx("a-images-idx3-ubyte.gz", "a-labels-idx1-ubyte", ITEMS);
    check_memory("a-images-idx3-ubyte.gz");
    write_batches();
    check_memory("c10");
    write_names("c10/batches.meta.txt", 10);
    check_memory("c10/data_batch_1.bin");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_idx_same_as_folders), TEST(test_idx_folder),    TEST(test_idx_without_labels),
        TEST(test_idx_refuses),         TEST(test_gzip_damage),   TEST(test_cifar_10),
        TEST(test_cifar_100),           TEST(test_cifar_refuses), TEST(test_other_values),
        TEST(test_other_cifar),         TEST(test_shared_pixels), TEST(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
