#include "format/identify.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define MODEL ALEXNET_ERROR_UNSUPPORTED
#define OTHER ALEXNET_ERROR_FORMAT
#define TO_SAFETENSORS "convert it to safetensors with the program that made it"
#define FROM_PYTHON "in Python, load it, and save its tensors with torch.save() or numpy.savez()"
#define UNPACK "unpack it, and give the model inside"
#define NO_MODEL "give a model file or a run folder"
#define DOWNLOAD "download the file itself again"
#define AGAIN "get it again from where it came from" /* works for a download, a copy and a run */

/* What can be identified by fixed bytes at a fixed offset. */
static const struct signature {
    size_t offset;
    const char *bytes;
    size_t length;
    alexnet_status status;
    const char *what, *remedy;
} signatures[] = {
#define AT(offset, bytes) offset, bytes, sizeof bytes - 1
    {AT(0, "\x80\x02"), MODEL, "a Python pickle, which is not read", FROM_PYTHON},
    {AT(0, "\x80\x03"), MODEL, "a Python pickle, which is not read", FROM_PYTHON},
    {AT(0, "\x80\x04"), MODEL, "a Python pickle, which is not read", FROM_PYTHON},
    {AT(0, "\x80\x05"), MODEL, "a Python pickle, which is not read", FROM_PYTHON},
    {AT(30, "metadata.json"), MODEL, "a Keras model (a zip archive), which is not read",
     TO_SAFETENSORS},
    {AT(0, "PK\3\4"), OTHER, "a zip archive, but not one of PyTorch's or NumPy's",
     "unpack it, or convert it to safetensors"},
    {AT(0, "PK\5\6"), OTHER, "an empty zip archive", DOWNLOAD},
    {AT(0, "\x89HDF\r\n\x1a\n"), MODEL, "an HDF5 file (Keras and others), which is not read",
     TO_SAFETENSORS},
    {AT(0, "GGUF"), MODEL, "a GGUF file, which is not read", TO_SAFETENSORS},
    {AT(4, "TFL3"), MODEL, "a TensorFlow Lite model, which is not read", TO_SAFETENSORS},
    {AT(0, "\0\0\0\0\1\0\0\0\0\0\0\0"), MODEL,
     "Darknet's weights, cut short or of a network other than its cfg/alexnet.cfg", TO_SAFETENSORS},
    {AT(0, "\0\0\0\0\2\0\0\0\0\0\0\0"), MODEL,
     "Darknet's weights, cut short or of a network other than its cfg/alexnet.cfg", TO_SAFETENSORS},
    {AT(0, "\0\0\0\0\2\0\0\0\5\0\0\0"), MODEL,
     "Darknet's weights, cut short or of a network other than its cfg/alexnet.cfg", TO_SAFETENSORS},
    {AT(0, "MATLAB 5.0 MAT-file"), MODEL, "a MATLAB file, which is not read", TO_SAFETENSORS},
    {AT(0, "version https://git-lfs"), OTHER, "a pointer of Git LFS, which stands for the file",
     "fetch the file itself with: git lfs pull"},
    {AT(0, "\x1f\x8b"), OTHER, "a gzip archive", UNPACK},
    {AT(0, "BZh"), OTHER, "a bzip2 archive", UNPACK},
    {AT(0, "\xfd"
           "7zXZ"),
     OTHER, "an xz archive", UNPACK},
    {AT(0, "\x28\xb5\x2f\xfd"), OTHER, "a zstd archive", UNPACK},
    {AT(0, "7z\xbc\xaf\x27\x1c"), OTHER, "a 7-Zip archive", UNPACK},
    {AT(0, "Rar!\x1a\x07"), OTHER, "a RAR archive", UNPACK},
    {AT(257, "ustar"), OTHER, "a tar archive", UNPACK},
    {AT(0, "\x89PNG\r\n\x1a\n"), OTHER, "a PNG picture", NO_MODEL},
    {AT(0, "\xff\xd8\xff"), OTHER, "a JPEG picture", NO_MODEL},
    {AT(0, "GIF8"), OTHER, "a GIF picture", NO_MODEL},
    {AT(8, "WEBP"), OTHER, "a WebP picture", NO_MODEL},
    {AT(4, "ftyp"), OTHER, "a HEIC picture or a video", NO_MODEL},
    {AT(0, "II*\0"), OTHER, "a TIFF picture", NO_MODEL},
    {AT(0, "MM\0*"), OTHER, "a TIFF picture", NO_MODEL},
    {AT(0, "%PDF"), OTHER, "a PDF document", NO_MODEL},
#undef AT
};

static bool holds(const unsigned char *head, size_t length, size_t offset, const char *bytes,
                  size_t count)
{
    return offset <= length && count <= length - offset && memcmp(head + offset, bytes, count) == 0;
}

static an_finding found(alexnet_status status, const char *what, const char *remedy)
{
    an_finding is = {.status = status, .remedy = remedy};
    an_print_in(is.what, sizeof is.what, "%s", what);
    return is;
}

static an_finding vague(const char *what, const char *remedy)
{
    an_finding is = found(OTHER, what, remedy);
    is.vague = true;
    return is;
}

/* A file whose name promises a format, and whose bytes are not of that format nor of a known one.
 */
static an_finding damaged(const char *called)
{
    an_finding is = found(OTHER, "", AGAIN);
    an_print_in(is.what, sizeof is.what, "a damaged %s file, or something else under such a name",
                called);
    return is;
}

/* Whether there are no control characters but those of texts, and no byte that UTF-8 does not
 * use. */
static bool is_text(const unsigned char *head, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (head[i] > 0xf4 || (head[i] < ' ' && !(head[i] && strchr("\t\n\f\r\033", head[i]))))
            return false;
    return true;
}

/* Where a text goes on after blanks and lines of comment. */
static size_t skip_comments(const unsigned char *head, size_t length, size_t at)
{
    bool comment = false;
    for (; at < length && (comment || strchr(" \t\r\n#", head[at])); at++)
        comment = head[at] != '\n' && (comment || head[at] == '#');
    return at;
}

/* Whether a text begins as Caffe's networks and solvers do, with a field of a message. */
static bool is_prototxt(const unsigned char *head, size_t length, size_t at)
{
    static const char *const fields[] = {
        "name:", "net:", "input:", "train_net:", "test_iter:", "base_lr:", "layer", "layers"};
    at = skip_comments(head, length, at);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const size_t count = strlen(fields[i]);
        if (!holds(head, length, at, fields[i], count))
            continue;
        const bool message = fields[i][count - 1] != ':';
        const size_t next = skip_comments(head, length, at + count);
        if (next < length && strchr(message ? "{" : "\"'0123456789", head[next]))
            return true;
    }
    return false;
}

static an_finding identify_text(const unsigned char *head, size_t length)
{
    char text[64] = "";
    size_t at = holds(head, length, 0, "\xef\xbb\xbf", 3) ? 3 : 0;
    if (is_prototxt(head, length, at))
        return found(OTHER, "a prototxt of Caffe, which holds no weights", "give the .caffemodel");
    while (at < length && strchr(" \t\r\n", head[at]))
        at++;
    memcpy(text, head + at, length - at < sizeof text ? length - at : sizeof text - 1);
    if (an_text_same_part(text, "<!doctype html", 14) || an_text_same_part(text, "<html", 5))
        return found(OTHER, "a web page (HTML), perhaps the one from which to download", DOWNLOAD);
    if (text[0] == '<')
        return found(OTHER, "an XML or HTML text, perhaps a server's error message", DOWNLOAD);
    if (text[0] == '{')
        return found(OTHER, "a JSON text, perhaps the index of a model in several files",
                     "give a file that holds the weights");
    return vague("a text file, which holds no weights", NO_MODEL);
}

static bool is_zero(const unsigned char *head, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (head[i])
            return false;
    return true;
}

an_finding an_identify(const unsigned char *head, size_t length, const char *called)
{
    if (length == 0)
        return found(OTHER, "an empty file", AGAIN);
    if (is_zero(head, length))
        return found(
            OTHER, "a file that begins with zeros, perhaps an interrupted download or copy", AGAIN);
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const struct signature *s = &signatures[i];
        if (holds(head, length, s->offset, s->bytes, s->length))
            return found(s->status, s->what, s->remedy);
    }
    if (is_text(head, length))
        return identify_text(head, length);
    /* A BlobProto with num = 1 and channels = 3. */
    if (holds(head, length, 0, "\x08\1\x10\3\x18", 5))
        return found(OTHER, "a mean image of Caffe (.binaryproto)",
                     "give the .caffemodel, and this with `mean`");
    if (called)
        return damaged(called);
    return vague("a file of an unknown kind, or damaged",
                 "`alexnet_format_get()` shows the formats that are read");
}
