/*
 * Any bytes as the files beside an archive or among records that are read when a data set is
 * opened: each of the lists that label ImageNet's validation pictures, batches of CIFAR, and the
 * names of its classes. The first byte says which; if there are two files, the second begins after
 * the first zero byte. An error that names a file, or items whose classes exist.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "data/source/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { BLOCK = 512, PICTURES = 3, FILES = 2, PATH = 64 };

/* What is opened, and the files that the fuzzer writes. */
typedef struct form {
    const char *opened;
    const char *files[FILES];
} form;

static const form forms[] = {
    {"val.tar", {"imagenet_2012_validation_synset_labels.txt", NULL}},
    {"val.tar", {"ILSVRC2012_validation_ground_truth.txt", "ILSVRC2012_synsets.txt"}},
    {"val.tar", {"ILSVRC2012_validation_ground_truth.txt", "map_clsloc.txt"}},
    {"val.tar", {"ILSVRC2012_validation_ground_truth.txt", "meta.mat"}},
    {"val.tar", {"val.txt", NULL}},
    {"test_batch.bin", {"test_batch.bin", "batches.meta.txt"}},
    {"test.bin", {"fine_label_names.txt", "test.bin"}},
};
enum { FORMS = sizeof forms / sizeof *forms };

static char folder[PATH];

static char *path_of(char path[2 * PATH], const char *name)
{
    snprintf(path, 2 * PATH, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t length)
{
    char path[2 * PATH];
    FILE *file = fopen(path_of(path, name), "wb");
    if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0)
        abort();
}

static void remove_file(const char *name)
{
    char path[2 * PATH];
    unlink(path_of(path, name));
}

static void remove_folder(void)
{
    remove_file("val.tar");
    remove_file("val.tar.alexnet-index");
    rmdir(folder);
}

/* An archive of empty pictures, called as ImageNet's are. */
static void write_archive(void)
{
    static char tar[(PICTURES + 2) * BLOCK];
    for (int i = 0; i < PICTURES; i++) {
        char *head = tar + i * BLOCK;
        unsigned sum = 0;
        snprintf(head, 100, "ILSVRC2012_val_%08d.JPEG", i + 1);
        memcpy(head + 100, "0000644", 8);
        memcpy(head + 124, "00000000000", 12);
        memcpy(head + 136, "00000000000", 12);
        memset(head + 148, ' ', 8);
        head[156] = '0';
        memcpy(head + 257, "ustar\00000", 8);
        for (int j = 0; j < BLOCK; j++)
            sum += (unsigned char)head[j];
        snprintf(head + 148, 8, "%06o", sum);
    }
    write_file("val.tar", tar, sizeof tar);
}

static void make_folder(void)
{
    strcpy(folder, "/tmp/alexnet-fuzz-XXXXXX");
    if (!mkdtemp(folder))
        abort();
    atexit(remove_folder);
    write_archive();
}

static void try_open(const char *name)
{
    char path[2 * PATH];
    an_data_source *source;
    if (an_data_source_open(&source, NULL, path_of(path, name)) != ALEXNET_OK) {
        if (source || !strstr(an_error_text(), folder))
            abort();
        return;
    }
    for (int64_t i = 0; i < source->count; i++)
        if (source->items[i].class < -1 || source->items[i].class >= source->classes.count)
            abort();
    an_data_source_release(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (!*folder)
        make_folder();
    if (length == 0)
        return 0;
    const form *f = &forms[bytes[0] % FORMS];
    const uint8_t *rest = bytes + 1, *zero = memchr(rest, 0, length - 1);
    const size_t left = length - 1, first = f->files[1] && zero ? (size_t)(zero - rest) : left;
    write_file(f->files[0], rest, first);
    if (f->files[1])
        write_file(f->files[1], rest + first + (first < left), left - first - (first < left));
    try_open(f->opened);
    for (int i = 0; i < FILES; i++)
        if (f->files[i])
            remove_file(f->files[i]);
    return 0;
}
