/*
 * Decoding against Pillow, byte for byte, over small files of every kind; and the errors for bad
 * ones. Files and hashes: tools/make_picture_goldens.py. Run in the folder tests/.
 */
#include "scratch.h"

#include <sys/resource.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "data/picture/codec.h"
#include "data/picture/picture.h"
#include "noise.h"

typedef struct picture_golden {
    const char *file;
    int width, height;
    uint64_t hash;
} picture_golden;

#include "picture_goldens.h"

typedef struct bad_picture {
    const char *file;
    alexnet_status status;
    const char *text; /* found in the error text */
} bad_picture;

static const bad_picture bad_pictures[] = {
    {"bad-12bit.jpg", ALEXNET_ERROR_UNSUPPORTED, "12 bits"},
    {"bad-bad-sum.png", ALEXNET_ERROR_FORMAT, "not a valid PNG"},
    {"bad-claims.png", ALEXNET_ERROR_FORMAT, "Not enough image data"},
    {"bad-cut-before-other.jpg", ALEXNET_ERROR_FORMAT, "two SOI markers"},
    {"bad-cut-last.jpg", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut-pixels.png", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut-third-scan.jpg", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut-waves.jpg", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut-waves-end.jpg", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut-header.jpg", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut-scan.jpg", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut-scan.png", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut-thumbnail.jpg", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut.gif", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut.webp", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-empty.jpg", ALEXNET_ERROR_FORMAT, "is empty"},
    {"bad-few-pixels.png", ALEXNET_ERROR_FORMAT, "not a valid PNG"},
    {"bad-header-sum.png", ALEXNET_ERROR_FORMAT, "not a valid PNG"},
    {"bad-last-pixels.png", ALEXNET_ERROR_FORMAT, "not a valid PNG: IDAT: "},
    {"bad-clear-sum.png", ALEXNET_ERROR_FORMAT, "not a valid PNG: tRNS: CRC error"},
    {"bad-pixel-sum.png", ALEXNET_ERROR_FORMAT, "not a valid PNG"},
    {"bad-flat.jpg", ALEXNET_ERROR_FORMAT, "not a valid JPEG"},
    {"bad-huge.jpg", ALEXNET_ERROR_UNSUPPORTED, "65500 x 65500 pixels"},
    {"bad-huge.png", ALEXNET_ERROR_UNSUPPORTED, "65000 x 65000 pixels"},
    {"bad-hierarchical.jpg", ALEXNET_ERROR_UNSUPPORTED, "SOF type 0xc5"},
    {"bad-long-chunk.png", ALEXNET_ERROR_FORMAT, "not a valid PNG"},
    {"bad-many-scans.jpg", ALEXNET_ERROR_FORMAT, "far more work than its pixels need"},
    {"bad-no-data.jpg", ALEXNET_ERROR_FORMAT, "it has no data"},
    {"bad-no-data-huge.jpg", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-no-frame.jpg", ALEXNET_ERROR_FORMAT, "not a valid JPEG"},
    {"bad-no-palette.png", ALEXNET_ERROR_FORMAT, "not a valid PNG"},
    {"bad-none.png", ALEXNET_ERROR_FORMAT, "not a valid PNG"},
    {"bad-stray-bad-table.jpg", ALEXNET_ERROR_FORMAT, "not a valid JPEG"},
    {"bad-stray-no-scan.jpg", ALEXNET_ERROR_FORMAT, "not a valid JPEG"},
    {"bad-text.jpg", ALEXNET_ERROR_FORMAT, "text, not a picture"},
    {"bad-two-components.jpg", ALEXNET_ERROR_FORMAT, "not a valid JPEG"},
    {"bad-wide.jpg", ALEXNET_ERROR_UNSUPPORTED, "65535 x 1 pixels"},
    {"bad-wide.png", ALEXNET_ERROR_UNSUPPORTED, "65501 x 1 pixels"},
    {"bad-2bit.bmp", ALEXNET_ERROR_UNSUPPORTED, "a BMP with 2 bits"},
    {"bad-64bit.tif", ALEXNET_ERROR_UNSUPPORTED, "bits per sample: 64"},
    {"bad-claims.tif", ALEXNET_ERROR_FORMAT, "its strips claim 13631488 bytes"},
    {"bad-cmyk-alpha.tif", ALEXNET_ERROR_UNSUPPORTED,
     "is a TIFF of CMYK with alpha, which is not read"},
    {"bad-coefficients.tif", ALEXNET_ERROR_FORMAT, "YCbCrCoefficients"},
    {"bad-cut-directory.tif", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut-jpeg.tif", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut-palette.bmp", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut-runs.bmp", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut.avif", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut.bmp", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut.heic", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-cut.tif", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-damaged-fax.tif", ALEXNET_ERROR_FORMAT, "not a valid TIFF"},
    {"bad-few-codes.gif", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-few-samples.tif", ALEXNET_ERROR_FORMAT, "too few for 65000 x 2750 pixels"},
    {"bad-few-zipped.tif", ALEXNET_ERROR_FORMAT, "too few for 65000 x 2750 pixels"},
    {"bad-few-runs.bmp", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-float.tif", ALEXNET_ERROR_UNSUPPORTED, "floating-point samples"},
    {"bad-gaps.bmp", ALEXNET_ERROR_FORMAT, "no pixel of 32 bits has the masks ff0000, f10, f, 0"},
    {"bad-header.bmp", ALEXNET_ERROR_UNSUPPORTED, "claims 66 bytes"},
    {"bad-huge-tiles.tif", ALEXNET_ERROR_UNSUPPORTED, "tiles of 65000 x 65000 pixels"},
    {"bad-huge-runs.bmp", ALEXNET_ERROR_FORMAT, "cut short"},
    {"bad-huge.bmp", ALEXNET_ERROR_UNSUPPORTED, "65000 x 65000 pixels"},
    {"bad-huge.tif", ALEXNET_ERROR_UNSUPPORTED, "65000 x 65000 pixels"},
    {"bad-jpeg.bmp", ALEXNET_ERROR_UNSUPPORTED, "a JPEG inside"},
    {"bad-lab.tif", ALEXNET_ERROR_UNSUPPORTED, "colour space 8"},
    {"bad-lerc.tif", ALEXNET_ERROR_UNSUPPORTED, "compression 34887"},
    {"bad-long-codes.gif", ALEXNET_ERROR_FORMAT, "its codes begin with more than 8 bits"},
    {"bad-long-jump.bmp", ALEXNET_ERROR_FORMAT, "its row 0 has more than 21 pixels"},
    {"bad-long-run.bmp", ALEXNET_ERROR_FORMAT, "its row 0 has more than 21 pixels"},
    {"bad-loop.tif", ALEXNET_ERROR_FORMAT, "TIFF"},
    {"bad-many-samples.tif", ALEXNET_ERROR_UNSUPPORTED, "number of samples"},
    {"bad-masks.bmp", ALEXNET_ERROR_FORMAT, "no pixel of 16 bits has the masks f800, fe0, 1f, 0"},
    {"bad-negative.bmp", ALEXNET_ERROR_UNSUPPORTED, "4294967275 x 13 pixels"},
    {"bad-no-parts.heic", ALEXNET_ERROR_FORMAT, "not a valid HEIC"},
    {"bad-no-strips.tif", ALEXNET_ERROR_FORMAT, "not a valid TIFF"},
    {"bad-none.bmp", ALEXNET_ERROR_FORMAT, "0 x 1 pixels"},
    {"bad-none.tif", ALEXNET_ERROR_FORMAT, "not a valid TIFF"},
    {"bad-old-jpeg.tif", ALEXNET_ERROR_UNSUPPORTED, "compression 6"},
    {"bad-signed.tif", ALEXNET_ERROR_UNSUPPORTED, "signed samples"},
    {"bad-small-tiles.tif", ALEXNET_ERROR_UNSUPPORTED, "tiles of 8 x 8 pixels"},
    {"bad-wide.bmp", ALEXNET_ERROR_UNSUPPORTED, "65501 x 1 pixels"},
    {"bad-wide.tif", ALEXNET_ERROR_UNSUPPORTED, "65501 x 13 pixels"},
    {"none-such.jpg", ALEXNET_ERROR_IO, "none-such.jpg"},
};

enum { GOOD = sizeof picture_goldens / sizeof *picture_goldens };
enum { BAD = sizeof bad_pictures / sizeof *bad_pictures };

static const char *path_of(const char *file)
{
    static char path[256];
    snprintf(path, sizeof path, "golden/pictures/%s", file);
    return path;
}

static void check_pixels(const an_picture *picture, const char *file)
{
    for (size_t i = 0; i < GOOD; i++) {
        const picture_golden *g = &picture_goldens[i];
        if (strcmp(g->file, file) != 0)
            continue;
        if (picture->width != g->width || picture->height != g->height)
            fail_msg("%s is %d x %d, expected %d x %d", file, picture->width, picture->height,
                     g->width, g->height);
        if (fnv(picture->rgb, (size_t)picture->width * (size_t)picture->height * 3) != g->hash)
            fail_msg("%s: pixels differ from Pillow", file);
        return;
    }
    fail_msg("no golden for %s", file);
}

static void test_pixels_equal_pillow(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOOD; i++) {
        an_picture picture;
        alexnet_status rc = an_picture_read(&picture, path_of(picture_goldens[i].file));
        if (rc == ALEXNET_ERROR_UNSUPPORTED && strstr(an_error_text(), "was built without"))
            continue;
        if (rc != ALEXNET_OK)
            fail_msg("%s", an_error_text());
        check_pixels(&picture, picture_goldens[i].file);
        an_picture_free(&picture);
    }
}

/* Versions of libheif differ by one level in how they upsample halved chroma. */
static void check_close(const an_picture *picture, const char *file)
{
    char name[64];
    unsigned char *pixels;
    size_t length, count = (size_t)picture->width * (size_t)picture->height * 3;
    snprintf(name, sizeof name, "%s.rgb", file);
    assert_int_equal(an_file_read(path_of(name), 1 << 20, &pixels, &length), ALEXNET_OK);
    assert_int_equal(length, count);
    bool turned = strstr(file, "turn6") && !strstr(file, "untold");
    assert_int_equal(picture->width, turned ? 13 : 21);
    for (size_t i = 0; i < count; i++)
        if (abs(picture->rgb[i] - pixels[i]) > 1)
            fail_msg("%s: byte %zu is %d, expected %d", file, i, picture->rgb[i], pixels[i]);
    an_free(pixels);
}

/* Even with libheif, its decoders may be missing: they can be in packages of their own. */
static bool lacks_decoder(alexnet_status rc)
{
    return rc == ALEXNET_ERROR_UNSUPPORTED &&
           (strstr(an_error_text(), "was built without") ||
            strstr(an_error_text(), "cannot be read by libheif"));
}

static bool can_read(const char *file)
{
    an_picture picture;
    alexnet_status rc = an_picture_read(&picture, path_of(file));
    an_picture_free(&picture);
    return !lacks_decoder(rc);
}

static void test_pixels_close_to_pillow(void **state)
{
    (void)state;
    static const char *const files[] = {"rgb444.heic",       "rgb420.heic", "grey.heic",
                                        "alpha.heic",        "deep.heic",   "turn6.heic",
                                        "turn6-untold.heic", "rgb444.avif", "tint420.avif",
                                        "grey.avif",         "alpha.avif",  "turn6.avif"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        an_picture picture;
        alexnet_status rc = an_picture_read(&picture, path_of(files[i]));
        if (lacks_decoder(rc))
            continue;
        if (rc != ALEXNET_OK)
            fail_msg("%s", an_error_text());
        check_close(&picture, files[i]);
        an_picture_free(&picture);
    }
}

/* Highest memory in use so far, in KiB. */
static long memory_peak(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* Most addresses in use so far, in KiB: also of memory that was never written to. */
static long address_peak(void)
{
    char line[128];
    long peak = -1;
    FILE *file = fopen("/proc/self/status", "re");
    assert_non_null(file);
    while (peak < 0 && fgets(line, sizeof line, file))
        sscanf(line, "VmPeak: %ld", &peak);
    fclose(file);
    assert_true(peak > 0);
    return peak;
}

/* No file makes the reader allocate the size that it claims: the pictures would need 12 GB, the
 * long chunk 1 GB, the interlaced pixels 1.2 GB, the runs 400 MB. */
static void test_bad_files_say_why(void **state)
{
    (void)state;
    const long before = address_peak();
    for (size_t i = 0; i < BAD; i++) {
        const bad_picture *bad = &bad_pictures[i];
        an_picture picture = {1, 1, (uint8_t *)"x"};
        alexnet_status status = an_picture_read(&picture, path_of(bad->file));
        if (lacks_decoder(status))
            continue;
        if (status != bad->status)
            fail_msg("%s: %s, expected %s (%s)", bad->file, alexnet_status_name(status),
                     alexnet_status_name(bad->status), an_error_text());
        if (!strstr(an_error_text(), bad->text) || !strstr(an_error_text(), bad->file))
            fail_msg("%s: \"%s\" lacks \"%s\"", bad->file, an_error_text(), bad->text);
        assert_null(picture.rgb);
        if (address_peak() - before > 64 * 1024)
            fail_msg("%s takes %ld KiB", bad->file, address_peak() - before);
    }
}

static void test_names_other_formats(void **state)
{
    (void)state;
    static const struct {
        const char bytes[17];
        const char *word;
    } others[] = {
        {"\0\0\0\x20"
         "ftypisom\0\0\0\0",
         "video"},
        {"\0\0\0\xC"
         "jP  \r\n\x87\n\0\0\0\0",
         "JPEG 2000"},
        {"\0\0\0\xC"
         "JXL \r\n\x87\n\0\0\0\0",
         "JPEG XL"},
        {"%PDF-1.7\n......", "PDF"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        an_picture picture;
        assert_int_equal(an_picture_decode(&picture, others[i].bytes, 16, "x.jpg"),
                         ALEXNET_ERROR_UNSUPPORTED);
        assert_non_null(strstr(an_error_text(), others[i].word));
        assert_non_null(strstr(an_error_text(), "AVIF are read"));
    }
}

/* Forty texts of a megabyte, each compressed to a thousandth, are not unpacked. */
static void test_text_costs_nothing(void **state)
{
    (void)state;
    an_picture picture;
    long before = memory_peak();
    assert_int_equal(an_picture_read(&picture, path_of("much-text.png")), ALEXNET_OK);
    an_picture_free(&picture);
    assert_true(memory_peak() - before < 8 * 1024);
}

/* Decode the prefix of a file from a block of its exact size. */
static alexnet_status decode_prefix(an_picture *out, const unsigned char *bytes, size_t length)
{
    unsigned char *prefix = malloc(length ? length : 1);
    assert_non_null(prefix);
    memcpy(prefix, bytes, length);
    alexnet_status status = an_picture_decode(out, prefix, length, "prefix");
    free(prefix);
    return status;
}

/* Every prefix of every file: an error, or, where only the end is missing, the whole picture; no
 * read beyond the end (sanitizers watch). */
static void test_every_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t spare; /* bytes at the end that no pixel needs: an end marker, checksums, a last
                         chunk */
    } files[] = {{"progressive.jpg", 2}, {"cmyk.jpg", 2},          {"turn6.jpg", 2},
                 {"rgba16.png", 22},     {"palette-trns.png", 20}, {"turn5-text.png", 22},
                 {"arithmetic.jpg", 0},  {"restart.jpg", 2},       {"turn6-xmp.png", 22},
                 {"rgb24.bmp", 1},       {"runs8.bmp", 2},         {"rgb8.tif", 0},
                 {"lzw.tif", 0},         {"jpeg.tif", 0},          {"alpha.webp", 0},
                 {"palette.gif", 2},     {"grey.heic", 0},         {"grey.avif", 0}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        unsigned char *bytes;
        size_t length;
        an_picture picture;
        if (!can_read(files[i].file))
            continue;
        assert_int_equal(an_file_read(path_of(files[i].file), 1 << 20, &bytes, &length),
                         ALEXNET_OK);
        for (size_t n = 0; n < length; n++) {
            alexnet_status status = decode_prefix(&picture, bytes, n);
            assert_true((status == ALEXNET_OK) == (picture.rgb != NULL));
            if (n + files[i].spare >= length)
                assert_int_equal(status, ALEXNET_OK);
            else if (n + files[i].spare + 1 < length) /* the last byte may be padding */
                assert_int_not_equal(status, ALEXNET_OK);
            if (status == ALEXNET_OK)
                check_pixels(&picture, files[i].file);
            an_picture_free(&picture);
        }
        an_free(bytes);
    }
}

/* Any allocation may fail: this gives an error and leaks nothing (sanitizers watch), and never
 * gives a wrong picture. */
static void test_no_memory(void **state)
{
    (void)state;
    static const char *const files[] = {
        "rgb420.jpg",           "turn6.jpg", "interlaced-rgb.png", "turn5-text.png",
        "turn7-xmp-packed.png", "turn6.tif", "rgb8-tiles.tif",     "runs8.bmp"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        an_picture picture;
        alexnet_status status = ALEXNET_ERROR_NO_MEMORY;
        uint64_t n = 0;
        if (!can_read(files[i]))
            continue;
        while (status == ALEXNET_ERROR_NO_MEMORY) {
            an_alloc_fail_at(++n);
            status = an_picture_read(&picture, path_of(files[i]));
            an_alloc_fail_at(0);
            assert_true((picture.rgb != NULL) == (status == ALEXNET_OK));
        }
        if (status != ALEXNET_OK)
            fail_msg("%s, allocation %llu: %s", files[i], (unsigned long long)n, an_error_text());
        assert_true(n >= 3); /* the file and the pixels at least */
        check_pixels(&picture, files[i]);
        an_picture_free(&picture);
    }
}

static const uint8_t tiff_little[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1,
                                      3,   0,   1,  0, 0, 0, 6, 0, 0, 0, 0,    0};

static void test_exif_is_careful(void **state)
{
    (void)state;
    uint8_t copy[sizeof tiff_little];
    assert_int_equal(an_exif_orientation(tiff_little, sizeof tiff_little), 6);
    for (size_t n = 0; n < 22; n++) { /* exact blocks: a sanitizer sees a read beyond */
        uint8_t *block = malloc(n ? n : 1);
        assert_non_null(block);
        memcpy(block, tiff_little, n);
        assert_int_equal(an_exif_orientation(block, n), 0);
        free(block);
    }
    static const struct {
        size_t at;
        uint8_t value;
        int expected; /* 0: no orientation is given; 1: the value given is not valid */
    } changes[] = {{0, 'M', 0}, {2, 43, 0}, {4, 0xFF, 0}, {7, 0xFF, 0}, {8, 0, 0}, {10, 0x13, 0},
                   {12, 2, 1},  {14, 2, 1}, {18, 0, 1},   {18, 9, 1},   {19, 1, 1}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        memcpy(copy, tiff_little, sizeof copy);
        copy[changes[i].at] = changes[i].value;
        assert_int_equal(an_exif_orientation(copy, sizeof copy), changes[i].expected);
    }
    uint8_t thrice[18 + sizeof tiff_little] = "Exif\0\0Exif\0\0Exif\0";
    memcpy(thrice + 18, tiff_little, sizeof tiff_little);
    assert_int_equal(an_exif_orientation(thrice + 12, sizeof thrice - 12), 6);
    assert_int_equal(an_exif_orientation(thrice + 6, sizeof thrice - 6), 6);
    assert_int_equal(an_exif_orientation(thrice, sizeof thrice), 6);
}

static void test_exif_text_is_careful(void **state)
{
    (void)state;
    char text[9000] = "\nexif\n      30\n457869660000";
    for (size_t i = 0; i < sizeof tiff_little; i++)
        sprintf(text + strlen(text), "%02x", tiff_little[i]);
    assert_int_equal(an_exif_text_orientation(text), 6);
    for (size_t n = strlen(text) - 8; n > 0; n--) {
        text[n] = '\0';
        assert_int_equal(an_exif_text_orientation(text), 0);
    }
    assert_int_equal(an_exif_text_orientation(""), 0);
    assert_int_equal(an_exif_text_orientation("\nexif\n 4\nzz"), 0);
    strcpy(text, "\nexif\n 9\n");
    memset(text + 9, '1', sizeof text - 10); /* more digits than are kept */
    text[sizeof text - 1] = '\0';
    assert_int_equal(an_exif_text_orientation(text), 0);
}

static void test_xmp_is_careful(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int expected;
    } cases[] = {
        {"<a tiff:Orientation=\"6\"/>", 6},
        {"<tiff:Orientation>3</tiff:Orientation>", 3},
        {"tiff:Orientation=\"9\"", 1},
        {"tiff:Orientation='6'", 0},
        {"tiff:Orientation = tiff:Orientation=\"8\"", 8},
        {"tiff:Orientation=\"", 0},
        {"tiff:Orientation=", 0},
        {"tiff:Orientation>", 0},
        {"tiff:Orientation", 0},
        {"tiff:Orientatio", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = strlen(cases[i].text);
        uint8_t *block = malloc(length ? length : 1); /* exact: a sanitizer sees a read beyond */
        assert_non_null(block);
        memcpy(block, cases[i].text, length);
        if (an_xmp_orientation(block, length) != cases[i].expected)
            fail_msg("%s: expected %d", cases[i].text, cases[i].expected);
        free(block);
    }
}

/* Masks of pixels of 16 bits, of which one lies beyond these. */
static void test_bitmap_with_masks_beyond_its_pixels(void **state)
{
    (void)state;
    an_picture picture;
    size_t length;
    unsigned char *bytes = scratch_read("golden/pictures/bad-masks.bmp", &length);
    static const unsigned char masks[12] = {0, 0, 0x1f, 0, 0xe0, 7, 0, 0, 0x1f, 0, 0, 0};
    memcpy(bytes + 54, masks, sizeof masks);
    assert_int_equal(an_picture_decode(&picture, bytes, length, "x.bmp"), ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), "no pixel of 16 bits has the masks 1f0000, 7e0, 1f"));
    free(bytes);
}

static void test_names_what_is_no_picture(void **state)
{
    (void)state;
    static const char zeros[4096];
    an_picture picture;
    assert_int_equal(an_picture_decode(&picture, zeros, sizeof zeros, "x.jpg"),
                     ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), "nothing but zero bytes"));
    assert_int_equal(an_picture_decode(&picture, "\xff\xff\xff\xff", 4, "x.jpg"),
                     ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), "nothing but bytes of 255"));
    assert_int_equal(an_picture_decode(&picture, "abc\xff", 4, "x.jpg"), ALEXNET_ERROR_FORMAT);
    assert_null(strstr(an_error_text(), "text"));
    assert_int_equal(an_picture_decode(&picture, "a\0b", 3, "x.jpg"), ALEXNET_ERROR_FORMAT);
    assert_null(strstr(an_error_text(), "text"));
    assert_int_equal(an_picture_decode(&picture, "a\tb\r\n", 5, "x.jpg"), ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), "is text, not a picture"));
    static const char pointer[] = "version https://git-lfs.github.com/spec/v1\noid sha256:0\n";
    assert_int_equal(an_picture_decode(&picture, pointer, sizeof pointer - 1, "x.jpg"),
                     ALEXNET_ERROR_FORMAT);
    assert_non_null(strstr(an_error_text(), "a pointer of Git LFS"));
}

/* Rows are 16 bytes apart; the bytes between them must not appear in the picture. */
static void test_from_pixels(void **state)
{
    (void)state;
    static const uint8_t source[32] = {10, 20, 30, 0,  40, 50, 60, 255, 9, 9, 9, 9, 9, 9, 9, 9,
                                       70, 80, 90, 51, 1,  2,  3,  128, 9, 9, 9, 9, 9, 9, 9, 9};
    /* Alpha 51/255 is 0.2 and 128/255 is 0.50196; over white, rounded. */
    static const struct {
        alexnet_pixel_format format;
        uint8_t expected[12];
    } cases[] = {
        {ALEXNET_PIXELS_RGB8, {10, 20, 30, 0, 40, 50, 70, 80, 90, 51, 1, 2}},
        {ALEXNET_PIXELS_BGR8, {30, 20, 10, 50, 40, 0, 90, 80, 70, 2, 1, 51}},
        {ALEXNET_PIXELS_RGBA8, {255, 255, 255, 40, 50, 60, 218, 220, 222, 128, 128, 129}},
        {ALEXNET_PIXELS_GREY8, {10, 10, 10, 20, 20, 20, 70, 70, 70, 80, 80, 80}},
    };
    static const alexnet_pixels refused[] = {{source, 2, 2, 5, ALEXNET_PIXELS_RGB8},
                                             {source, 0, 2, 16, ALEXNET_PIXELS_RGB8},
                                             {NULL, 2, 2, 16, ALEXNET_PIXELS_RGB8},
                                             {source, 2, 2, 16, (alexnet_pixel_format)9}};
    an_picture picture;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const alexnet_pixels pixels = {source, 2, 2, 16, cases[i].format};
        assert_int_equal(an_picture_from_pixels(&picture, &pixels), ALEXNET_OK);
        assert_int_equal(picture.width, 2);
        assert_int_equal(picture.height, 2);
        assert_memory_equal(picture.rgb, cases[i].expected, 12);
        an_picture_free(&picture);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(an_picture_from_pixels(&picture, &refused[i]),
                         ALEXNET_ERROR_INVALID_ARGUMENT);
    const alexnet_pixels wide = {source, 1 << 20, 1, 1 << 22, ALEXNET_PIXELS_GREY8};
    assert_int_equal(an_picture_from_pixels(&picture, &wide), ALEXNET_ERROR_UNSUPPORTED);
}

/* Pixels as NumPy arrays; an array that is not a picture gives an error that says why. */
static void test_arrays(void **state)
{
    (void)state;
    static const struct {
        const char *header, *error; /* NULL: good */
        int bytes;
    } cases[] = {
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 3), }", NULL, 6},
        {"{'descr': '<u1', 'fortran_order': False, 'shape': (1, 2, 3), }", NULL, 6},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 3), }", "5 bytes of pixels", 5},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 3), }", "7 bytes of pixels", 7},
        {"{'descr': '|u1', 'fortran_order': True, 'shape': (1, 2, 3), }", "row-major", 6},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }", "uint8", 24},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1, 2), }", "its shape", 6},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", "its shape", 6},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 2, 3), }", "2 x 0 pixels", 0},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4294967297, 1, 3), }", "its shape", 3},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (65500, 65500, 3), }", "65500 x", 6},
        {"{'descr': '|u1'", "not a picture", 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[256] = "\x93NUMPY\1\0";
        an_picture picture;
        const size_t length = strlen(cases[i].header);
        bytes[8] = (char)length;
        memcpy(bytes + 10, cases[i].header, length);
        memcpy(bytes + 10 + length, "abcdefg", 7);
        const alexnet_status status =
            an_picture_decode(&picture, bytes, 10 + length + (size_t)cases[i].bytes, "x.npy");
        assert_int_equal(status == ALEXNET_OK, cases[i].error == NULL);
        if (cases[i].error && !strstr(an_error_text(), cases[i].error))
            fail_msg("%s: %s", cases[i].header, an_error_text());
        if (!cases[i].error) {
            assert_true(picture.width == 2 && picture.height == 1);
            assert_memory_equal(picture.rgb, "abcdef", 6);
        }
        an_picture_free(&picture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_text_costs_nothing), /* early: it looks at the highest use so far */
        cmocka_unit_test(test_pixels_equal_pillow),
        cmocka_unit_test(test_pixels_close_to_pillow),
        cmocka_unit_test(test_bad_files_say_why),
        cmocka_unit_test(test_names_other_formats),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_exif_is_careful),
        cmocka_unit_test(test_exif_text_is_careful),
        cmocka_unit_test(test_xmp_is_careful),
        cmocka_unit_test(test_bitmap_with_masks_beyond_its_pixels),
        cmocka_unit_test(test_names_what_is_no_picture),
        cmocka_unit_test(test_from_pixels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
