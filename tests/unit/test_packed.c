/*
 * Packed archives as data sets: the original names of their pictures, the names of their classes,
 * and pixels as NumPy arrays.
 */
#include "source_rig.h"
#include "tar_rig.h"

#include "data/picture/endings.h"
#include "tensor/npy_header.h"

/* Add a picture of one colour as a NumPy array. */
static void add_pixels(tar_rig *tar, const char *name, int height, int width, uint8_t value)
{
    char bytes[AN_NPY_HEADER + 64];
    const size_t pixels = (size_t)height * (size_t)width * 3;
    an_npy_header_write(bytes, "|u1", an_shape_of(3, height, width, 3));
    memset(bytes + AN_NPY_HEADER, value, pixels);
    tar_file(tar, name, bytes, AN_NPY_HEADER + pixels);
}

/* The names from before packing are the keys and order the pictures; numeric labels get their class
 * names from classes.txt. */
static void test_packed(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0};
    add_pixels(&tar, "a.npy", 1, 2, 7);
    tar_text(&tar, "a.cls", "1");
    add_pixels(&tar, "b/c.npy", 2, 1, 9);
    tar_text(&tar, "b/c.cls", "1");
    tar_text(&tar, "d.npy", "\x93NUMPY and no more");
    tar_text(&tar, "e.jpg", "x");
    tar_text(&tar, "e.cls", "0");
    add_pixels(&tar, "e.npy", 1, 1, 1);
    tar_text(&tar, "__alexnet__/keys.txt",
             "a\tz%0A%25.png\nb/c\tB/c.1.JPEG\nnone\tx\nno tab\ne\tbad%0\n");
    put("packed/x.tar");
    tar_write(&tar, "packed/x.tar");
    scratch_text("packed/classes.txt", "dogs\r\ncats\r\nbirds\r\n\r\n");
    for (int again = 0; again < 2; again++) { /* the second time from the index */
        an_picture picture;
        alexnet_dataset *d = open_good("packed", NULL, NULL);
        assert_int_equal(d->classes, 3);
        assert_string_equal(d->class_ids[0], "dogs");
        assert_string_equal(d->class_ids[2], "birds");
        assert_int_equal(d->count, 3);
        assert_string_equal(d->source->items[0].key, "e.jpg");
        assert_string_equal(d->source->items[1].key, "B/c.1.JPEG");
        assert_string_equal(d->source->items[2].key, "z\n%.png");
        assert_int_equal(d->samples[1].label, 1);
        assert_non_null(strstr(d->samples[2].name, "x.tar/a.npy"));
        assert_int_equal(an_data_source_picture(d->source, 1, &picture), ALEXNET_OK);
        assert_int_equal(picture.height, 2);
        assert_int_equal(picture.width, 1);
        assert_int_equal(picture.rgb[5], 9);
        an_picture_free(&picture);
        an_dataset_release(d);
    }
    scratch_text("packed/classes.txt", "dogs\n");
    check_error("packed", ALEXNET_ERROR_FORMAT, "names 1 classes");
    scratch_text("packed/classes.txt", "dogs\ncats\ndogs\n");
    check_error("packed", ALEXNET_ERROR_FORMAT, "dogs twice, in lines 1 and 3");
    scratch_text("packed/classes.txt", "dogs\n\ncats\n");
    check_error("packed", ALEXNET_ERROR_FORMAT, "line 2");
    scratch_text("packed/classes.txt", "0\n1\n");
    alexnet_dataset *d = open_good("packed/x.tar", NULL, NULL);
    assert_true(d->source->numbered);
    an_dataset_release(d);
}

/* A picture as a NumPy array is used before a mask, and after a plain picture, without any doubt.
 */
static void test_arrays_of_a_key(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        tar_rig tar = {.length = 0};
        tar_text(&tar, "a.cls", "0");
        tar_text(&tar, "b.cls", "0");
        for (int i = 0; i < 2; i++)
            if (i == order) {
                add_pixels(&tar, "a.npy", 1, 1, 1);
                add_pixels(&tar, "b.NPY", 1, 1, 1);
            } else {
                tar_text(&tar, "a.webp", "x");
                tar_text(&tar, "b.mask.png", "x");
            }
        tar_write(&tar, "x.tar");
        for (int again = 0; again < 2; again++) {
            alexnet_dataset *d = open_good("x.tar", NULL, NULL);
            check_items(d, "0 a.webp, 0 b.NPY");
            assert_int_equal(d->source->left_out.total, 2);
            assert_null(d->source->doubt);
            an_dataset_release(d);
        }
        assert_int_equal(remove("x.tar.alexnet-index"), 0);
    }
}

/* The list of names belongs to the pack, whose archives hold no others: in an archive within the
 * archive it is a file like any other, and an archive within that one too. */
static void test_a_list_within(void **state)
{
    (void)state;
    static tar_rig outer, inner, innermost;
    char text[128];
    tar_text(&innermost, "b.jpg", "x");
    tar_finish(&innermost);
    tar_text(&inner, "a.jpg", "x");
    tar_text(&inner, "a.cls", "0");
    tar_text(&inner, "__alexnet__/keys.txt", "n01/a\tother.png\n");
    tar_file(&inner, "n02.tar", innermost.bytes, innermost.length);
    tar_finish(&inner);
    tar_file(&outer, "n01.tar", inner.bytes, inner.length);
    tar_write(&outer, "x.tar");
    alexnet_dataset *d = open_good("x.tar", NULL, NULL);
    check_items(d, "0 n01/a.jpg");
    assert_string_equal(an_endings_text(text, sizeof text, &d->source->left_out), "1 .tar, 1 .txt");
    an_dataset_release(d);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_packed), TEST(test_arrays_of_a_key),
                                       TEST(test_a_list_within)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
