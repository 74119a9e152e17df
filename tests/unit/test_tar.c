/*
 * Archives member by member, against what Python's tarfile finds in them
 * (tools/make_tar_goldens.py): the same files, places and sizes, whatever format wrote them; and
 * archives that are damaged, cut short, or lie.
 */
#include "tar_rig.h"

#include "base/alloc.h"
#include "base/status.h"
#include "data/tar/tar.h"

#define FOLDER "golden/archives/"

static alexnet_status walk(const void *bytes, size_t length, FILE *list)
{
    an_reader *reader;
    an_tar tar;
    an_tar_member member;
    bool more = true;
    const int64_t live = an_alloc_live();
    assert_int_equal(an_reader_memory(&reader, "x.tar", bytes, length), ALEXNET_OK);
    alexnet_status rc = an_tar_begin(&tar, reader, 0, length, "x.tar");
    while (rc == ALEXNET_OK) {
        rc = an_tar_next(&tar, &member, &more);
        if (rc != ALEXNET_OK || !more)
            break;
        assert_true(member.offset <= length && member.length <= length - member.offset);
        if (list && member.file)
            fprintf(list, "%llu %llu %s\n", (unsigned long long)member.offset,
                    (unsigned long long)member.length, member.name);
    }
    an_tar_end(&tar);
    an_reader_close(reader);
    assert_int_equal(an_alloc_live(), live);
    if (rc != ALEXNET_OK)
        assert_non_null(strstr(an_error_text(), "x.tar"));
    return rc;
}

static void expect_error(const tar_rig *tar, alexnet_status expected, const char *text)
{
    const alexnet_status rc = walk(tar->bytes, tar->length, NULL);
    if (rc != expected || !strstr(an_error_text(), text))
        fail_msg("%s \"%s\", expected %s \"%s\"", alexnet_status_name(rc), an_error_text(),
                 alexnet_status_name(expected), text);
}

/* ---- What others write ---- */

static const char *const goldens[] = {"python-ustar", "python-gnu", "python-pax",
                                      "tar-gnu",      "tar-posix",  "tar-oldgnu"};
enum { GOLDENS = sizeof goldens / sizeof *goldens };

static unsigned char *read_golden(const char *name, const char *ending, size_t *length)
{
    char path[256];
    snprintf(path, sizeof path, FOLDER "%s%s", name, ending);
    return scratch_read(path, length);
}

static void test_goldens(void **state)
{
    (void)state;
    for (int i = 0; i < GOLDENS; i++) {
        size_t length, expected_length, found_length = 0;
        char *found = NULL;
        unsigned char *bytes = read_golden(goldens[i], ".tar", &length);
        unsigned char *expected = read_golden(goldens[i], ".txt", &expected_length);
        FILE *list = open_memstream(&found, &found_length);
        if (walk(bytes, length, list) != ALEXNET_OK)
            fail_msg("%s: %s", goldens[i], an_error_text());
        fclose(list);
        assert_true(expected_length > 0);
        assert_string_equal(found, (char *)expected);
        free(found);
        free(bytes);
        free(expected);
    }
}

static void test_sparse(void **state)
{
    (void)state;
    static const char *const files[] = {"sparse-gnu", "sparse-posix"};
    for (int i = 0; i < 2; i++) {
        size_t length;
        unsigned char *bytes = read_golden(files[i], ".tar", &length);
        assert_int_equal(walk(bytes, length, NULL), ALEXNET_ERROR_UNSUPPORTED);
        assert_non_null(strstr(an_error_text(), "sparse"));
        free(bytes);
    }
}

/* ---- Damage ---- */

/* The length without the zeros at the end, but with one block of them. */
static size_t needed(const unsigned char *bytes, size_t length)
{
    while (length > 0 && bytes[length - 1] == 0)
        length--;
    return (length + 511) / 512 * 512 + 512;
}

/* Cut anywhere, an archive is refused, unless only zeros after its end are missing. */
static void test_cut(void **state)
{
    (void)state;
    for (int i = 0; i < GOLDENS; i++) {
        size_t length;
        unsigned char *bytes = read_golden(goldens[i], ".tar", &length);
        const size_t least = needed(bytes, length);
        for (size_t cut = 0; cut <= length; cut += cut % 512 < 3 || cut % 512 > 508 ? 1 : 23) {
            unsigned char *part = malloc(cut ? cut : 1); /* a sanitizer sees its end */
            memcpy(part, bytes, cut);
            const alexnet_status rc = walk(part, cut, NULL);
            if (rc != (cut < least ? ALEXNET_ERROR_FORMAT : ALEXNET_OK))
                fail_msg("%s cut at %zu of %zu: %s", goldens[i], cut, length,
                         alexnet_status_name(rc));
            free(part);
        }
        free(bytes);
    }
}

/* The checksum notices any changed bit of a header. */
static void test_changed_headers(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0};
    tar_text(&tar, "a.jpg", "picture");
    tar_text(&tar, "b.jpg", "picture");
    tar_finish(&tar);
    for (size_t at = 0; at < 512; at++)
        for (int bit = 0; bit < 8; bit++) {
            if (at >= 148 && at < 156)
                continue;
            tar.bytes[1024 + at] ^= (unsigned char)(1 << bit);
            expect_error(&tar, ALEXNET_ERROR_FORMAT, "damaged at byte 1024: a header is expected");
            tar.bytes[1024 + at] ^= (unsigned char)(1 << bit);
        }
    assert_int_equal(walk(tar.bytes, tar.length, NULL), ALEXNET_OK);
}

static void test_sizes_that_lie(void **state)
{
    (void)state;
    static const struct {
        const char field[13], *text;
    } sizes[] = {
        {"77777777777 ", "cut short: the member at byte 0 has 8589934591 bytes"},
        {"00000003001 ", "ends 1536 after its header"},
        {"\x80\0\0\0\0\0\0\0\0\0\x06\x01", "cut short"},
        {"\x80\0\0\0\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "cut short"},
        {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "size is not a number"},
        {"\x80\0\0\x01\0\0\0\0\0\0\0\0", "size is not a number"},
        {"0000000000x ", "size is not a number"},
        {"-1          ", "size is not a number"},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        tar_rig tar = {.length = 0};
        unsigned char *header = tar_header(&tar, "a.jpg", '0', 0);
        tar_data(&tar, "picture", 7);
        tar_finish(&tar);
        memcpy(header + 124, sizes[i].field, 12);
        tar_sum(header);
        expect_error(&tar, ALEXNET_ERROR_FORMAT, sizes[i].text);
    }
}

static void test_pax_that_lies(void **state)
{
    (void)state;
    static const struct {
        const char *records;
        alexnet_status status;
        const char *text;
    } cases[] = {
        {"9999 path=x\n", ALEXNET_ERROR_FORMAT, "pax records"},
        {"0 path=x\n", ALEXNET_ERROR_FORMAT, "pax records"},
        {"2 ", ALEXNET_ERROR_FORMAT, "pax records"},
        {"10 path=xx", ALEXNET_ERROR_FORMAT, "pax records"},
        {"99999999999999999999 path=x\n", ALEXNET_ERROR_FORMAT, "pax records"},
        {"9 path=x\n0 path=x\n", ALEXNET_ERROR_FORMAT, "pax records"},
        {"9 =pathx\n", ALEXNET_ERROR_FORMAT, "without a key"},
        {"8 size=\n", ALEXNET_ERROR_FORMAT, "not a number"},
        {"11 size=-1\n", ALEXNET_ERROR_FORMAT, "not a number"},
        {"18 size=999999999\n", ALEXNET_ERROR_FORMAT, "cut short"},
        {"28 size=9999999999999999999\n", ALEXNET_ERROR_FORMAT, "cut short"},
        {"29 size=99999999999999999999\n", ALEXNET_ERROR_FORMAT, "not a number"},
        {"22 GNU.sparse.major=1\n", ALEXNET_ERROR_UNSUPPORTED, "sparse"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tar_rig tar = {.length = 0};
        tar_header(&tar, "pax", 'x', strlen(cases[i].records));
        tar_data(&tar, cases[i].records, strlen(cases[i].records));
        tar_text(&tar, "a.jpg", "picture");
        tar_finish(&tar);
        expect_error(&tar, cases[i].status, cases[i].text);
    }
    tar_rig tar = {.length = 0};
    tar_header(&tar, "pax", 'x', 12);
    tar_data(&tar, "12 path=a\0b\n", 12);
    expect_error(&tar, ALEXNET_ERROR_FORMAT, "a pax path with a zero byte");
    tar = (tar_rig){.length = 0};
    tar_header(&tar, "pax", 'x', (size_t)2 << 20);
    expect_error(&tar, ALEXNET_ERROR_FORMAT, "longer than 1 MiB");
    for (size_t length = 4096; length <= 4097; length++) {
        char name[4098];
        memset(name, 'n', length);
        name[length] = '\0';
        tar = (tar_rig){.length = 0};
        tar_header(&tar, "long", 'L', length + 1);
        tar_data(&tar, name, length + 1);
        tar_text(&tar, "short", "picture");
        tar_finish(&tar);
        if (length > 4096)
            expect_error(&tar, ALEXNET_ERROR_FORMAT, "longer than 4096 bytes");
        else
            assert_int_equal(walk(tar.bytes, tar.length, NULL), ALEXNET_OK);
    }
}

/* A size with blanks before it; a checksum of signed bytes; GNU's header, which has a time where
 * others continue the name; records for all members, which do not name one; a name in records
 * alone. */
static void test_headers_of_others(void **state)
{
    (void)state;
    tar_rig tar = {.length = 0};
    char *found;
    size_t length;
    unsigned char *header = tar_header(&tar, "blanks", '0', 0);
    memcpy(header + 124, "          7 ", 12);
    tar_sum(header);
    tar_data(&tar, "picture", 7);
    header = tar_header(&tar, "caf\xE9", '0', 0);
    int sum = 0;
    for (int i = 0; i < 512; i++)
        sum += i >= 148 && i < 156 ? ' ' : (signed char)header[i];
    snprintf((char *)header + 148, 8, "%06o", (unsigned)sum);
    header = tar_header(&tar, "gnu", '0', 0);
    memcpy(header + 257, "ustar  ", 8);
    memcpy(header + 345, "14753062541", 12);
    tar_sum(header);
    tar_header(&tar, "all", 'g', 9);
    tar_data(&tar, "9 path=x\n", 9);
    tar_header(&tar, "own", '0', 0);
    tar_header(&tar, "pax", 'x', 9);
    tar_data(&tar, "9 path=y\n", 9);
    tar_header(&tar, "", '0', 0);
    tar_finish(&tar);
    FILE *list = open_memstream(&found, &length);
    assert_int_equal(walk(tar.bytes, tar.length, list), ALEXNET_OK);
    fclose(list);
    assert_string_equal(found, "512 7 blanks\n1536 0 caf\xE9\n2048 0 gnu\n3584 0 own\n5120 0 y\n");
    free(found);
}

/* A compressed archive is one by its content only if that is not an archive's. */
static void test_a_name_like_a_signature(void **state)
{
    (void)state;
    static const char *const names[] = {"BZh/a.jpg", "LZIP", "]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tar_rig tar = {.length = 0};
        tar_text(&tar, names[i], "x");
        tar_finish(&tar);
        assert_int_equal(walk(tar.bytes, tar.length, NULL), ALEXNET_OK);
    }
}

static void test_no_archives(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } files[] = {{"\x1F\x8B\x08", "decompress it with gunzip"},
                 {"BZh9", "bunzip2"},
                 {"\xFD"
                  "7zXZ",
                  "unxz"},
                 {"\x28\xB5\x2F\xFD", "unzstd"},
                 {"\x04\x22\x4D\x18", "unlz4"},
                 {"LZIP\1", "lzip -d"},
                 {"\x89LZO", "lzop -d"},
                 {"\x1F\x9D\x90", "uncompress"},
                 {"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"},
                 {"x.tar", "not a tar archive: it has 5 bytes"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        tar_rig tar = {.length = strlen(files[i].bytes)};
        memcpy(tar.bytes, files[i].bytes, tar.length);
        expect_error(&tar, ALEXNET_ERROR_FORMAT, files[i].text);
    }
    tar_rig tar = {.length = 2000};
    memcpy(tar.bytes, "\x5D\0\0\x80", 4); /* the size of the dictionary follows */
    expect_error(&tar, ALEXNET_ERROR_FORMAT, "unlzma");
    tar.length = 0;
    expect_error(&tar, ALEXNET_ERROR_FORMAT, "it has 0 bytes");
    tar_header(&tar, "a.jpg", 'M', 0);
    expect_error(&tar, ALEXNET_ERROR_UNSUPPORTED, "volume");
}

/* Names cannot lead out of a folder; folders and links are distinguished from files; they have no
 * data. */
static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *found;
        char type;
        bool file, folder;
    } members[] = {
        {"../../etc/a.jpg", "etc/a.jpg", '0', true, false},
        {"/deep//b.jpg", "deep/b.jpg", '\0', true, false},
        {"./././c.jpg", "c.jpg", '7', true, false},
        {"a/../d.jpg", "a/d.jpg", '0', true, false},
        {"..", "", '0', true, false},
        {".hidden/...x", ".hidden/...x", '0', true, false},
        {"folder/", "folder", '5', false, true},
        {"old/", "old", '\0', false, true},
        {"link.jpg", "link.jpg", '2', false, false},
        {"hard.jpg", "hard.jpg", '1', false, false},
    };
    enum { MEMBERS = sizeof members / sizeof *members };
    tar_rig rig = {.length = 0};
    an_reader *reader;
    an_tar tar;
    an_tar_member member;
    bool more;
    for (int i = 0; i < MEMBERS; i++) { /* the sizes of links and folders are ignored */
        const bool nothing = members[i].type == '2' || members[i].folder;
        tar_header(&rig, members[i].name, members[i].type, nothing ? 5000 : 0);
    }
    tar_finish(&rig);
    assert_int_equal(an_reader_memory(&reader, "x", rig.bytes, rig.length), ALEXNET_OK);
    assert_int_equal(an_tar_begin(&tar, reader, 0, rig.length, "x"), ALEXNET_OK);
    for (int i = 0; i < MEMBERS; i++) {
        assert_int_equal(an_tar_next(&tar, &member, &more), ALEXNET_OK);
        assert_true(more);
        assert_string_equal(member.name, members[i].found);
        assert_int_equal(member.file, members[i].file);
        assert_int_equal(member.folder, members[i].folder);
        assert_int_equal(member.length, 0);
    }
    assert_int_equal(an_tar_next(&tar, &member, &more), ALEXNET_OK);
    assert_false(more);
    an_tar_end(&tar);
    an_reader_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens),
        cmocka_unit_test(test_sparse),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_changed_headers),
        cmocka_unit_test(test_sizes_that_lie),
        cmocka_unit_test(test_pax_that_lies),
        cmocka_unit_test(test_headers_of_others),
        cmocka_unit_test(test_no_archives),
        cmocka_unit_test(test_a_name_like_a_signature),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
