/*
 * NumPy's archives of arrays (.npz), stored or compressed, as a format of tensor files: a member
 * NAME.npy is the tensor NAME. A single text (an array of rank 0, of type U) is metadata under its
 * name, so that an archive can hold a whole model of this program.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/npy.h"
#include "format/npy_text.h"
#include "format/tensor_format.h"
#include "format/zip.h"

typedef struct text {
    char *key, *value;
} text;

typedef struct npz {
    an_zip zip;
    an_npy *arrays; /* one per entry */
    text *texts;
    int n_texts;
    int64_t characters; /* of all texts */
    an_gathered gathered;
} npz;

static bool is_array(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".npy") == 0;
}

static bool recognise(const unsigned char *head, size_t length, uint64_t size)
{
    char name[256];
    (void)size;
    return an_zip_first_name(head, length, name) && is_array(name);
}

/* Add a text of the archive. @param name  taken over */
static alexnet_status add_text(npz *z, const an_npy *array, char *name)
{
    enum { CHARACTERS_MAX = 1 << 24 }; /* 100,000 classes have some millions */
    text *t = &z->texts[z->n_texts++];
    t->key = name;
    if (array->characters > CHARACTERS_MAX - z->characters)
        return AN_SECTION_FAIL(&array->array.bytes, "texts of over %d characters", CHARACTERS_MAX);
    z->characters += array->characters;
    return an_npy_text(&t->value, array);
}

static alexnet_status add_member(an_tensor_file *file, const an_zip_member *member)
{
    npz *z = file->state;
    an_section section;
    an_npy array;
    AN_CHECK(an_zip_section(&z->zip, member, true, &section));
    AN_CHECK(an_npy_open(&array, &section));
    char *name = an_strndup(member->name, strlen(member->name) - 4);
    if (!name)
        return AN_FAIL_MEMORY(strlen(member->name), "the name of a tensor");
    if (array.characters && array.array.shape.rank == 0)
        return add_text(z, &array, name);
    z->arrays[file->count] = array;
    an_npy_entry(&file->entries[file->count], &array);
    file->entries[file->count++].name = name;
    return ALEXNET_OK;
}

static alexnet_status open_file(an_tensor_file *file)
{
    npz *z = file->state = an_calloc(1, sizeof *z);
    if (!z)
        return AN_FAIL_MEMORY(sizeof *z, "an archive of arrays");
    AN_CHECK(an_zip_open(&z->zip, file->reader));
    const size_t count = (size_t)z->zip.count + 1;
    file->entries = an_calloc(count, sizeof *file->entries);
    z->arrays = an_calloc(count, sizeof *z->arrays);
    z->texts = an_calloc(count, sizeof *z->texts);
    if (!file->entries || !z->arrays || !z->texts)
        return AN_FAIL_MEMORY(count * sizeof *z->arrays, "a list of tensors");
    for (int i = 0; i < z->zip.count; i++)
        if (is_array(z->zip.members[i].name))
            AN_CHECK(add_member(file, &z->zip.members[i]));
    return ALEXNET_OK;
}

static alexnet_status read_elements(an_tensor_file *file, const an_tensor_entry *entry,
                                    int64_t first, int64_t count, void *dst)
{
    npz *z = file->state;
    const an_npy *array = &z->arrays[entry - file->entries];
    return an_strided_read(&array->array, &z->gathered, first, count, dst);
}

static const char *metadata(const an_tensor_file *file, const char *key)
{
    const npz *z = file->state;
    for (int i = 0; i < z->n_texts; i++)
        if (strcmp(z->texts[i].key, key) == 0)
            return z->texts[i].value;
    return NULL;
}

static void close_state(void *state)
{
    npz *z = state;
    if (!z)
        return;
    for (int i = 0; i < z->n_texts; i++) {
        an_free(z->texts[i].key);
        an_free(z->texts[i].value);
    }
    an_free(z->texts);
    an_free(z->arrays);
    an_gathered_free(&z->gathered);
    an_zip_close(&z->zip);
    an_free(z);
}

const an_tensor_format an_npz_format = {
    .name = "npz",
    .endings = ".npz",
    .about = "NumPy's archives of arrays, stored or compressed",
    .recognise = recognise,
    .open = open_file,
    .read = read_elements,
    .metadata = metadata,
    .close = close_state,
};
