/*
 * A C file for embedding: the bytes of a safetensors file as an array of 64-bit words. Words align
 * them in every dialect of C and C++, and compile in an eighth of the time that bytes take. A
 * header in the same folder declares the array and its length in bytes.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "base/writer.h"
#include "model/export/export.h"

enum { NAME_ROOM = 64, WORDS_IN_LINE = 4, WORD_ROOM = 32, TEXT_ROOM = 1 << 14 };

/* Words are little-endian, like all machines that the library runs on. */
typedef struct c_output {
    an_writer *file;
    uint64_t length; /* bytes put so far */
    uint64_t word;   /* the bytes that do not fill a word yet */
    size_t ready;    /* characters of text waiting to be written */
    char text[TEXT_ROOM];
} c_output;

static alexnet_status flush(c_output *out)
{
    const size_t length = out->ready;
    out->ready = 0;
    return an_writer_put(out->file, out->text, length);
}

static alexnet_status put_word(c_output *out)
{
    const uint64_t index = (out->length - 1) / sizeof out->word;
    if (TEXT_ROOM - out->ready < WORD_ROOM)
        AN_CHECK(flush(out));
    out->ready += (size_t)snprintf(out->text + out->ready, WORD_ROOM, "%s0x%016" PRIx64 ",",
                                   index % WORDS_IN_LINE == 0 ? "\n    " : " ", out->word);
    out->word = 0;
    return ALEXNET_OK;
}

static alexnet_status put_bytes(void *to, const void *bytes, size_t length)
{
    c_output *out = to;
    const unsigned char *from = bytes;
    for (size_t i = 0; i < length; i++) {
        out->word |= (uint64_t)from[i] << 8 * (out->length % sizeof out->word);
        out->length++;
        if (out->length % sizeof out->word == 0)
            AN_CHECK(put_word(out));
    }
    return ALEXNET_OK;
}

/* An identifier of C for the array: "my_model" for "out/my-model.c", "model_1" for "1.c". */
static void name_array(char name[NAME_ROOM], const char *path)
{
    const char *from = an_path_last(path), *dot = strrchr(from, '.');
    size_t length = 0;
    if ((unsigned char)*from > 127 || !isalpha((unsigned char)*from))
        length = (size_t)snprintf(name, NAME_ROOM, "model_");
    for (; *from && from != dot && length < NAME_ROOM - 1; from++)
        name[length++] = (unsigned char)*from < 128 && isalnum((unsigned char)*from) ? *from : '_';
    name[length] = '\0';
}

static alexnet_status put_text(an_writer *file, char *text)
{
    if (!text)
        return AN_FAIL_MEMORY(1024, "a text");
    const alexnet_status rc = an_writer_put(file, text, strlen(text));
    an_free(text);
    return rc;
}

#define DECLARATIONS                                                                               \
    "#include <stddef.h>\n#include <stdint.h>\n\n"                                                 \
    "#ifdef __cplusplus\nextern \"C\" {\n#endif\n"                                                 \
    "extern const uint64_t %s_data[];\n"                                                           \
    "extern const size_t %s_length; /* of the data, in bytes */\n"                                 \
    "#ifdef __cplusplus\n}\n#endif\n"

#define HEADER_MARK "/*\n * A model of libalexnet, for\n"
static const char header_text[] =
    HEADER_MARK " *     alexnet_model_load_memory(&model, ctx, %s_data, %s_length)\n */\n"
                "#ifndef %s_H\n#define %s_H\n\n" DECLARATIONS "\n#endif\n";
static const char source_text[] =
    "/* A model of libalexnet: a safetensors file, as words in little-endian order. "
    "*/\n" DECLARATIONS "\nconst uint64_t %s_data[] = {";

/* "model.h" for "model.c"; if the path does not end in .c, ".h" is appended. */
static char *header_path(const char *path)
{
    const size_t length = strlen(path);
    const bool c = length > 2 && an_text_same(path + length - 2, ".c");
    return an_format("%.*s.h", (int)(c ? length - 2 : length), path);
}

static alexnet_status write_header(const char *path, const char *name)
{
    an_writer *file;
    AN_CHECK(an_writer_open(&file, path));
    return an_writer_end(
        file, put_text(file, an_format(header_text, name, name, name, name, name, name)));
}

static alexnet_status write_array(an_writer *file, const char *path, const char *name, an_net *net,
                                  const an_classes *classes, const char *provenance,
                                  const an_export_options *options)
{
    c_output *out = an_calloc(1, sizeof *out);
    if (!out)
        return AN_FAIL_MEMORY(sizeof *out, "a C file");
    out->file = file;
    alexnet_status rc = put_text(file, an_format(source_text, name, name, name));
    if (rc == ALEXNET_OK)
        rc = an_export_safetensors_to(put_bytes, out, path, net, classes, provenance, options);
    const uint64_t length = out->length;
    if (rc == ALEXNET_OK && length % sizeof out->word) {
        out->length += sizeof out->word - length % sizeof out->word;
        rc = put_word(out);
    }
    if (rc == ALEXNET_OK)
        rc = flush(out);
    an_free(out);
    AN_CHECK(rc);
    return put_text(file,
                    an_format("\n};\n\nconst size_t %s_length = %" PRIu64 ";\n", name, length));
}

static alexnet_status write_file(const char *path, an_net *net, const an_classes *classes,
                                 const char *provenance, const an_export_options *options)
{
    alexnet_status rc = ALEXNET_OK;
    an_writer *file = NULL;
    char name[NAME_ROOM], *header = header_path(path);
    if (!header)
        return AN_FAIL_MEMORY(strlen(path), "a path");
    name_array(name, path);
    AN_TRY(an_export_check_beside(header, HEADER_MARK));
    AN_TRY(an_writer_open(&file, path));
    AN_TRY(write_array(file, path, name, net, classes, provenance, options));
    AN_TRY(write_header(header, name));
    rc = an_writer_commit(file);
    file = NULL;
    if (rc == ALEXNET_OK)
        an_log(net->ctx, ALEXNET_LOG_INFO, "%s declares %s_data and %s_length", header, name, name);
cleanup:
    an_writer_abort(file);
    an_free(header);
    return rc;
}

const an_export_format an_export_c = {
    .name = "c",
    .endings = ".c",
    .about = "a C array with its header, for alexnet_model_load_memory()",
    .without = "",
    .takes_half = true,
    .takes_bf16 = true,
    .takes_names = true,
    .write = write_file,
};
