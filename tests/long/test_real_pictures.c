/*
 * Real pictures, from the archives in the folder that ALEXNET_DATA names; skipped without it. Every
 * odd picture is read, or refused with a reason; exactly those are refused that must be; and
 * ImageNet's CMYK photograph has Pillow's pixels.
 * The list of files that must fail was checked against Pillow 13.0.0 with
 * tools/compare_with_pillow.py. Pillow reads some of them: runs beyond their rows (badrle), damaged
 * rows of faxes (crash-0da0, crash-74d2) and signed samples. It refuses six BMPs that are read
 * here, because it does not know their masks and palettes. Pictures that both read are equal.
 */
#include "unit/scratch.h"

#include <sys/wait.h>

#include "data/loader/loader.h"

static const char *const refused[] = {
    "/jpeg/monkey12.jpg",  /* 12 bits */
    "/pillow/16bit.s.tif", /* signed */
    "/pillow/badbitcount.bmp",
    "/pillow/badheadersize.bmp",
    "/pillow/badrle.bmp",
    "/pillow/badwidth.bmp",
    "/pillow/broken.png",
    "/pillow/broken_data_stream.png",
    "/pillow/crash-", /* TIFF that made decoders crash */
    "/pillow/decompression_bomb.gif",
    "/pillow/pal2.bmp",
    "/pillow/pal8os2v2-16.bmp",
    "/pillow/reallybig.bmp",
    "/pillow/rgb24jpeg.bmp",
    "/pillow/rgb24png.bmp",
    "/pillow/rgba32abf.bmp",
    "/pillow/shortfile.bmp",
    "/pillow/syntax_num_frames_zero.png", /* APNG without a picture */
    "/pngsuite/corrupt/xc1n0g08.png",
    "/pngsuite/corrupt/xc9n2c08.png",
    "/pngsuite/corrupt/xcrn0g04.png",
    "/pngsuite/corrupt/xd", /* depths that do not exist, no pixels */
    "/pngsuite/corrupt/xh", /* a wrong checksum of the header */
    "/pngsuite/corrupt/xl",
    "/pngsuite/corrupt/xs", /* no signature of a PNG */
    "/pngsuite/iphone/",    /* Apple's own variant, which is no PNG */
};

static const char *data;

static void unpack(const char *archive, const char *member)
{
    char path[4096];
    int status;
    snprintf(path, sizeof path, "%s/%s", data, archive);
    pid_t child = fork();
    if (child == 0) {
        execlp("tar", "tar", "-xf", path, member, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0)
        fail_msg("cannot unpack %s of %s", member, path);
}

static bool must_fail(const char *path)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (strstr(path, refused[i]))
            return true;
    return false;
}

static void check_picture(const alexnet_dataset *dataset, const an_loaded *got)
{
    const char *path = dataset->samples[got->sample].name;
    if ((got->status != ALEXNET_OK) != must_fail(path))
        fail_msg("%s: %s %s", path, alexnet_status_name(got->status), got->error ? got->error : "");
    if (got->status == ALEXNET_OK)
        return;
    assert_true(got->status == ALEXNET_ERROR_FORMAT || got->status == ALEXNET_ERROR_UNSUPPORTED);
    assert_memory_equal(got->error, path, strlen(path));
}

/* Load every picture of a folder. @return how many failed */
static int load_all(const alexnet_dataset *dataset)
{
    enum { SIDE = 32, BATCH = 16 };
    an_loader *loader;
    an_batch batch;
    bool more = true;
    int failed = 0;
    uint32_t *order = malloc((size_t)dataset->count * sizeof *order);
    assert_non_null(order);
    for (uint32_t i = 0; i < dataset->count; i++)
        order[i] = i;
    alexnet_dataset *shared = (alexnet_dataset *)dataset;
    assert_int_equal(
        an_loader_new(&loader, shared, (an_fit){AN_FIT_SHORT, SIDE, false}, BATCH, 2, NULL),
        ALEXNET_OK);
    assert_int_equal(an_loader_start(loader, order, dataset->count, 0), ALEXNET_OK);
    while (more) {
        assert_int_equal(an_loader_next(loader, NULL, &batch, &more), ALEXNET_OK);
        for (int i = 0; i < batch.count; i++) {
            check_picture(dataset, &batch.pictures[i]);
            failed += batch.pictures[i].status != ALEXNET_OK;
        }
    }
    an_loader_free(loader);
    free(order);
    return failed;
}

static void test_odd_pictures(void **state)
{
    (void)state;
    alexnet_dataset *dataset;
    unpack("odd-images.tar", "odd-images");
    assert_int_equal(an_dataset_open(&dataset, NULL, "odd-images", NULL, NULL), ALEXNET_OK);
    assert_int_equal(dataset->classes, 4);
    assert_int_equal(dataset->count, 543);
    assert_int_equal(load_all(dataset), 49);
    an_dataset_release(dataset);
}

static void test_photographs(void **state)
{
    (void)state;
    alexnet_dataset *dataset;
    unpack("imagenette-224.tar", "imagenette/val");
    assert_int_equal(an_dataset_open(&dataset, NULL, "imagenette/val", NULL, NULL), ALEXNET_OK);
    assert_int_equal(dataset->classes, 10);
    assert_int_equal(dataset->count, 1000);
    assert_int_equal(load_all(dataset), 0);
    an_dataset_release(dataset);
}

static uint64_t fnv(const uint8_t *bytes, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

/* FNV-1a of numpy.asarray(Image.open(...).convert("RGB")), Pillow 9.4.0. */
static void test_cmyk_photograph(void **state)
{
    (void)state;
    static const char path[] = "imagenet-1000x2/n04258138/n04258138_17003.JPEG";
    an_picture picture;
    unpack("imagenet-1000x2.tar", path);
    assert_int_equal(an_picture_read(&picture, path), ALEXNET_OK);
    assert_int_equal(picture.width, 224);
    assert_int_equal(picture.height, 224);
    assert_true(fnv(picture.rgb, 224 * 224 * 3) == 0x2361593efa103193u);
    an_picture_free(&picture);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_odd_pictures),
        TEST(test_photographs),
        TEST(test_cmyk_photograph),
    };
    const char *given = getenv("ALEXNET_DATA");
    if (!given) {
        puts("skipped: ALEXNET_DATA does not name the folder of the data archives");
        return 77;
    }
    data = realpath(given, NULL);
    if (!data) {
        printf("ALEXNET_DATA=%s is no folder\n", given);
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
