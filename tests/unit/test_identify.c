/*
 * A file that is given as a model but is not one: the error says what it is and what to do about
 * it.
 */
#include "expect.h"

#include <stdlib.h>

#include "format/tensor_file.h"

typedef struct sample {
    const char *bytes;
    size_t length;
    alexnet_status status;
    const char *what, *remedy;
} sample;

#define BYTES(text) text, sizeof(text) - 1
#define BAD ALEXNET_ERROR_FORMAT
#define UNREAD ALEXNET_ERROR_UNSUPPORTED
/* The header of a zip archive's first member, and four bytes of data. */
#define ZIP(length, name)                                                                          \
    BYTES("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" length "\0\0\0" name "....")

static const sample samples[] = {
    {BYTES(""), BAD, "an empty file", "get it again from where it came from"},
    {BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), BAD, "begins with zeros",
     "get it again from where it came from"},
    {ZIP("\x07", "cat.jpg"), BAD, "a zip archive, but not one", "unpack"},
    {ZIP("\x0d", "metadata.json"), UNREAD, "a Keras model", "safetensors"},
    {BYTES("PK\3\4"), BAD, "a zip archive, but not one", "unpack"},
    {BYTES("\x80\x04\x95\x0a\0\0\0\0\0\0\0}"), UNREAD, "a Python pickle", "torch.save"},
    {BYTES("\x89HDF\r\n\x1a\n\0\0\0\0"), UNREAD, "an HDF5 file", "safetensors"},
    {BYTES("GGUF\3\0\0\0\0\0\0\0"), UNREAD, "a GGUF file", "safetensors"},
    {BYTES("\x08\1\x10\3\x18\x80\2\x20\x80\2"), BAD, "a mean image of Caffe", "the .caffemodel"},
    {BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"), BAD,
     "a pointer of Git LFS", "git lfs pull"},
    {BYTES("<!DOCTYPE html><html></html>"), BAD, "a web page (HTML)", "download"},
    {BYTES("\xef\xbb\xbf\n  <HTML lang=\"en\">"), BAD, "a web page (HTML)", "download"},
    {BYTES("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"), BAD, "an XML",
     "download"},
    {BYTES("{\"metadata\": {}, \"weight_map\": {}}"), BAD, "a JSON text", "weights"},
    {BYTES("name: \"AlexNet\"\nlayer {\n"), BAD, "a prototxt of Caffe", ".caffemodel"},
    {BYTES("# learning\n\n# rate: 1\r\nbase_lr: 0.01"), BAD, "a prototxt of Caffe", ".caffemodel"},
    {BYTES("layers{ bottom: \"data\""), BAD, "a prototxt of Caffe", ".caffemodel"},
    {BYTES("name: a model card"), BAD, "a text file", "model file"},
    {BYTES("layers of paint"), BAD, "a text file", "model file"},
    {BYTES("[input]\nsize = 224\n"), BAD, "a text file", "give a model file"},
    {BYTES("x"), BAD, "a text file", "give a model file"},
    {BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3"), BAD, "a gzip archive", "unpack"},
    {BYTES("BZh91AY&SY\1\2\3"), BAD, "a bzip2 archive", "unpack"},
    {BYTES("\x28\xb5\x2f\xfd\4\0"), BAD, "a zstd archive", "unpack"},
    {BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), BAD, "a PNG picture", "give a model file"},
    {BYTES("\xff\xd8\xff\xe0\0\x10JFIF"), BAD, "a JPEG picture", "give a model file"},
    {BYTES("RIFF\x24\0\0\0WEBPVP8 "), BAD, "a WebP picture", "give a model file"},
    {BYTES("%PDF-1.5\n"), BAD, "a PDF document", "give a model file"},
    {BYTES("\x7f"
           "ELF\2\1\1\0\0\0\0\0"),
     BAD, "a file of an unknown kind, or damaged",
     "`alexnet_format_get()` shows the formats that are read"},
};

static alexnet_status open_called(const char *name, const void *bytes, size_t length)
{
    an_reader *reader;
    an_tensor_file *file;
    expect_ok(an_reader_memory(&reader, name, bytes, length));
    alexnet_status rc = an_tensor_file_open(&file, reader);
    assert_null(file);
    return rc;
}

static alexnet_status open_bytes(const void *bytes, size_t length)
{
    return open_called("given.bin", bytes, length);
}

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const sample *s = &samples[i];
        const alexnet_status rc = open_bytes(s->bytes, s->length);
        const char *text = an_error_text();
        if (rc != s->status || !strstr(text, s->what) || !strstr(text, s->remedy) ||
            strncmp(text, "given.bin is ", 13) != 0)
            fail_msg("%s (%s): status %d, \"%s\"", s->what, s->remedy, rc, text);
    }
}

/* "ustar" is at offset 257 of the first member's header. */
static void test_tar(void **state)
{
    (void)state;
    char block[512] = "alexnet.safetensors";
    memcpy(block + 257, "ustar", 5);
    expect_failure(open_bytes(block, sizeof block), BAD, "a tar archive; unpack it");
}

/* Bytes of no known kind are damaged if the file's name promises a format: here the header of a
 * safetensors file is 2^63 bytes long. Text stays text. */
static void test_names(void **state)
{
    (void)state;
    static const char huge[] = "\0\0\0\0\0\0\0\x80{}";
    expect_failure(open_called("a.b/x.safetensors", BYTES(huge)), BAD,
                   "a.b/x.safetensors is a damaged safetensors file, or something else under such "
                   "a name; get it again");
    expect_failure(open_called("X.PT", BYTES(huge)), BAD, "X.PT is a damaged pth file");
    expect_failure(open_called("x.onnx", BYTES("\x8\x7:\xff\xff\xff\xff")), BAD,
                   "x.onnx is a damaged onnx file");
    expect_failure(open_called("x.onnx", BYTES("words")), BAD, "x.onnx is a text file");
    expect_failure(open_called(".onnx", BYTES(huge)), BAD, ".onnx is a file of an unknown kind");
}

/* Each sample, cut at every length, is refused, and nothing beyond its end is read. */
static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        for (size_t length = 0; length < samples[i].length; length++) {
            char *exact = malloc(length ? length : 1);
            assert_non_null(exact);
            memcpy(exact, samples[i].bytes, length);
            assert_true(open_bytes(exact, length) != ALEXNET_OK);
            free(exact);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_tar),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests_name("what is no model", tests, NULL, NULL);
}
