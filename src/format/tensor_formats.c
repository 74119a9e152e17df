/*
 * The formats of tensor files, and which of them a file has.
 */
#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "format/identify.h"
#include "format/tensor_format.h"
#include "format/tensor_sums.h"

/* Formats with a signature or known first fields come before those recognised by size. */
static const an_tensor_format *const formats[] = {
    &an_safetensors_format, &an_npy_format,  &an_caffe_format,   &an_pth_format,
    &an_npz_format,         &an_onnx_format, &an_darknet_format, &an_deep_compression_format};
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* Read the first bytes of a file, and find the format that recognises them, or NULL. */
static alexnet_status read_head(an_reader *reader, unsigned char head[AN_TENSOR_HEAD],
                                size_t *length, const an_tensor_format **format)
{
    const uint64_t size = an_reader_size(reader);
    *format = NULL;
    *length = size < AN_TENSOR_HEAD ? (size_t)size : AN_TENSOR_HEAD;
    AN_CHECK(an_reader_read(reader, 0, head, *length));
    for (int i = 0; i < FORMATS && !*format; i++)
        if (formats[i]->recognise(head, *length, size))
            *format = formats[i];
    return ALEXNET_OK;
}

/* The format that a file's name promises by its ending; NULL: none. */
static const char *called(const char *path)
{
    for (int i = 0; i < FORMATS; i++)
        if (an_text_ends_in(path, formats[i]->endings))
            return formats[i]->name;
    return NULL;
}

/* Choose the format, or say what the file is instead. */
static alexnet_status recognise(an_tensor_file *file, const char *wanted)
{
    unsigned char head[AN_TENSOR_HEAD];
    size_t length;
    AN_CHECK(read_head(file->reader, head, &length, &file->format));
    if (file->format)
        return ALEXNET_OK;
    const an_finding is = an_identify(head, length, called(an_tensor_file_name(file)));
    if (wanted)
        return AN_FAIL(is.status, "%s is not %s but %s", an_tensor_file_name(file), wanted,
                       is.what);
    return AN_FAIL(is.status, "%s is %s; %s", an_tensor_file_name(file), is.what, is.remedy);
}

alexnet_status an_tensor_file_refuse(const char *path, const char *expected)
{
    unsigned char head[AN_TENSOR_HEAD];
    size_t length;
    an_reader *reader;
    const an_tensor_format *format;
    AN_CHECK(an_reader_open(&reader, path));
    alexnet_status rc = read_head(reader, head, &length, &format);
    const an_finding is =
        rc == ALEXNET_OK ? an_identify(head, length, called(path)) : (an_finding){0};
    if (rc == ALEXNET_OK && (format || !is.vague))
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not %s but %s", path, expected,
                     format ? "a model" : is.what);
    an_reader_close(reader);
    return rc;
}

alexnet_status an_tensor_file_open(an_tensor_file **out, an_reader *reader)
{
    return an_tensor_file_open_as(out, reader, NULL);
}

alexnet_status an_tensor_file_open_as(an_tensor_file **out, an_reader *reader, const char *wanted)
{
    *out = NULL;
    an_tensor_file *file = an_calloc(1, sizeof *file);
    if (!file) {
        an_reader_close(reader);
        return AN_FAIL_MEMORY(sizeof *file, "a file of tensors");
    }
    file->reader = reader;
    alexnet_status rc = recognise(file, wanted);
    if (rc == ALEXNET_OK)
        rc = file->format->open(file);
    if (rc == ALEXNET_OK)
        rc = an_tensor_sums_open(file);
    if (rc != ALEXNET_OK) {
        an_tensor_file_close(file);
        return rc;
    }
    *out = file;
    return ALEXNET_OK;
}

const char *an_tensor_file_format_of(const char *path)
{
    unsigned char head[AN_TENSOR_HEAD];
    size_t length;
    an_reader *reader;
    const an_tensor_format *format;
    if (an_reader_open(&reader, path) != ALEXNET_OK)
        return NULL;
    if (read_head(reader, head, &length, &format) != ALEXNET_OK)
        format = NULL;
    an_reader_close(reader);
    return format ? format->name : NULL;
}

bool an_tensor_file_format_at(int index, const char **name, const char **endings,
                              const char **about)
{
    if (index < 0 || index >= FORMATS)
        return false;
    *name = formats[index]->name;
    *endings = formats[index]->endings ? formats[index]->endings : "";
    *about = formats[index]->about ? formats[index]->about : "";
    return true;
}
