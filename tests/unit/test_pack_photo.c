/*
 * Packing a photograph: it is resized while it is decoded, so that it is never in memory as a
 * whole.
 */
#include "pack_rig.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "data/picture/jpeg_write.h"

/* 12 megapixels, 34 MiB. */
static void write_photo(const char *path)
{
    enum { WIDTH = 4000, HEIGHT = 3000, BYTES = WIDTH * HEIGHT * 3 };
    const an_picture grey = {WIDTH, HEIGHT, malloc(BYTES)};
    unsigned char *bytes;
    size_t length;
    assert_non_null(grey.rgb);
    memset(grey.rgb, 100, BYTES);
    assert_int_equal(an_jpeg_encode(&bytes, &length, &grey, 90), ALEXNET_OK);
    scratch_write(path, bytes, length);
    an_free(bytes);
    free(grey.rgb);
}

static long memory_peak(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* In a process of its own, whose peak does not include the parent's. */
static int pack_in_little(const alexnet_dataset *data, const alexnet_pack_options *o)
{
    enum { LIMIT = 12 * 1024 };
    an_packed packed = {0};
    const long before = memory_peak();
    an_pack_picture(&packed, o, data, 0, NULL);
    if (packed.status != ALEXNET_OK || packed.unchanged)
        return 1;
    an_packed_free(&packed);
    return memory_peak() - before < LIMIT ? 0 : 2;
}

static void test_memory(void **state)
{
    (void)state;
    alexnet_pack_options o = usual();
    put("photos/a/1.jpg");
    write_photo("photos/a/1.jpg");
    alexnet_dataset *data = open_good("photos", NULL, NULL);
    o.side = 256;
    for (int i = 0; i < 6; i++) {
        o.fit = i % 3 == 0   ? ALEXNET_PACK_SHORT
                : i % 3 == 1 ? ALEXNET_PACK_SQUARE
                             : ALEXNET_PACK_WARP;
        o.raw = i < 3;
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(pack_in_little(data, &o));
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    an_dataset_release(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_memory, scratch_setup, scratch_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
