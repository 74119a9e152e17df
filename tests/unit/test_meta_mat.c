/*
 * The development kit's list of classes from MATLAB files that SciPy wrote
 * (tools/make_meta_goldens.py): whole, cut anywhere, and with every bit flipped.
 */
#include "scratch.h"

#include "base/alloc.h"
#include "base/status.h"
#include "data/tar/meta_mat.h"

static const char expected[] = "n02119789 1\nn01440764 2\nn01443537 3\nn00001740 4\n";
static const char *const files[] = {"golden/archives/meta.mat", "golden/archives/meta-plain.mat"};

/* Parse an exact copy, so that a sanitizer sees a read past its end. */
static alexnet_status parse(char **text, const unsigned char *bytes, size_t length)
{
    unsigned char *copy = malloc(length ? length : 1);
    memcpy(copy, bytes, length);
    const alexnet_status rc = an_meta_mat_parse(text, copy, length, "x.mat");
    free(copy);
    if (rc != ALEXNET_OK) {
        assert_null(*text);
        if (rc != ALEXNET_ERROR_NO_MEMORY)
            assert_non_null(strstr(an_error_text(), "x.mat"));
    }
    return rc;
}

static void test_files(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        size_t length;
        char *text;
        unsigned char *bytes = scratch_read(files[i], &length);
        if (parse(&text, bytes, length) != ALEXNET_OK)
            fail_msg("%s: %s", files[i], an_error_text());
        assert_string_equal(text, expected);
        an_free(text);
        free(bytes);
    }
}

/* Cut at any length, a file is refused. */
static void test_cut(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        size_t length;
        char *text;
        unsigned char *bytes = scratch_read(files[i], &length);
        for (size_t cut = 0; cut < length; cut++) {
            const alexnet_status rc = parse(&text, bytes, cut);
            if (rc != ALEXNET_ERROR_FORMAT)
                fail_msg("%s cut at %d: %s", files[i], (int)cut, alexnet_status_name(rc));
        }
        free(bytes);
    }
}

/* With a bit flipped, a file gives an error or a text; a compressed one has a checksum. */
static void test_changed(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        size_t length;
        char *text;
        int refused = 0;
        const int64_t live = an_alloc_live();
        unsigned char *bytes = scratch_read(files[i], &length);
        for (size_t at = 124; at < length; at++)
            for (int bit = 0; bit < 8; bit++) {
                bytes[at] ^= (unsigned char)(1 << bit);
                const alexnet_status rc = parse(&text, bytes, length);
                refused += rc != ALEXNET_OK;
                if (rc == ALEXNET_OK && i == 0) /* the compressed one */
                    assert_string_equal(text, expected);
                if (rc == ALEXNET_OK)
                    an_free(text);
                bytes[at] ^= (unsigned char)(1 << bit);
            }
        assert_int_equal(an_alloc_live(), live);
        assert_true(refused > 100);
        free(bytes);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        size_t length;
        char *text = NULL;
        unsigned char *bytes = scratch_read(files[i], &length);
        const int64_t live = an_alloc_live();
        alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
        for (uint64_t n = 1; rc == ALEXNET_ERROR_NO_MEMORY; n++) {
            const uint64_t made = an_alloc_count();
            an_alloc_fail_at(n);
            rc = parse(&text, bytes, length);
            an_alloc_fail_at(0);
            assert_true(rc == ALEXNET_ERROR_NO_MEMORY || an_alloc_count() - made < n);
            if (rc != ALEXNET_OK)
                assert_int_equal(an_alloc_live(), live);
        }
        if (rc != ALEXNET_OK)
            fail_msg("%s", an_error_text());
        an_free(text);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files), cmocka_unit_test(test_cut),
                                       cmocka_unit_test(test_changed),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
