/*
 * PyTorch's files as a format of tensor files.
 */
#include "format/torch/pth.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "format/strided.h"
#include "format/tensor_format.h"
#include "format/zip.h"

#define PICKLE "data.pkl"

typedef struct pth {
    an_zip zip;
    char *root; /* the folder of the members: "archive/"; owned */
    bool is_zip, swapped;
    an_pickle pickle;
    an_strided *arrays; /* one per entry */
    an_gathered gathered;
} pth;

/* ---- Entries ---- */

/* The block of a storage, in the archive or after the pickles. */
static alexnet_status find_block(const an_tensor_file *file, const an_storage *storage,
                                 an_section *section)
{
    const pth *p = file->state;
    if (!p->is_zip) {
        *section = an_section_of(file->reader);
        if (!storage->start)
            return AN_SECTION_FAIL(section, "cut short or damaged: it has no block %s",
                                   storage->key);
        section->start = storage->start;
        section->size = storage->bytes;
        return ALEXNET_OK;
    }
    char *name = an_format("%sdata/%s", p->root, storage->key);
    if (!name)
        return AN_FAIL_MEMORY(64, "a name");
    const an_zip_member *member = an_zip_find(&p->zip, name);
    an_free(name);
    if (!member)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: it has no block %sdata/%s",
                       an_tensor_file_name(file), p->root, storage->key);
    return an_zip_section(&p->zip, member, false, section);
}

/* Find a tensor's elements: their block, and the first byte in it. */
static alexnet_status place(const an_tensor_file *file, const an_view *view, const char *name,
                            an_strided *array)
{
    const pth *p = file->state;
    const an_storage *storage = view->storage;
    uint64_t end, part, offset;
    const uint64_t wide = (uint64_t)storage->type->width;
    AN_CHECK(find_block(file, storage, &array->bytes));
    if (__builtin_add_overflow((uint64_t)storage->offset, (uint64_t)storage->count, &end) ||
        end > array->bytes.size / wide)
        return AN_SECTION_FAIL(
            &array->bytes,
            "cut short or damaged: tensor %s expects a block of %lld elements of "
            "%llu bytes, found %llu bytes",
            name, (long long)storage->count, (unsigned long long)wide,
            (unsigned long long)array->bytes.size);
    array->width = (size_t)view->type->width;
    array->swapped = p->swapped && array->width > 1;
    array->shape = view->shape;
    memcpy(array->stride, view->stride, sizeof array->stride);
    part = (uint64_t)storage->offset * wide;
    if (__builtin_mul_overflow((uint64_t)view->offset, array->width, &offset) ||
        __builtin_add_overflow(part, offset, &array->first))
        array->first = UINT64_MAX; /* beyond any block, so that the check refuses it */
    return an_strided_check(array, name);
}

static alexnet_status add_entry(an_tensor_file *file, const char *name, const an_view *view)
{
    const pth *p = file->state;
    const int index = file->count;
    an_tensor_entry *entry = &file->entries[index];
    entry->name = an_strdup(name);
    if (!entry->name)
        return AN_FAIL_MEMORY(strlen(name), "the name of a tensor");
    file->count++;
    entry->dtype = view->type->dtype;
    snprintf(entry->type, sizeof entry->type, "%s", view->type->name);
    entry->shape = view->shape;
    if (entry->dtype != AN_OTHER && entry->shape.rank <= AN_MAX_RANK)
        AN_CHECK(place(file, view, name, &p->arrays[index]));
    return ALEXNET_OK;
}

static alexnet_status list_entries(an_tensor_file *file, const an_value *root)
{
    pth *p = file->state;
    const an_value *weights;
    AN_CHECK(an_pth_weights(an_tensor_file_name(file), root, &weights));
    file->entries = an_calloc((size_t)weights->count, sizeof *file->entries);
    p->arrays = an_calloc((size_t)weights->count, sizeof *p->arrays);
    if (!file->entries || !p->arrays)
        return AN_FAIL_MEMORY((size_t)weights->count * sizeof *p->arrays, "a list of tensors");
    for (const an_item *item = weights->is.items.first; item; item = item->next)
        if (item->value->kind == AN_VALUE_TENSOR && an_value_text(item->key))
            AN_CHECK(add_entry(file, item->key->is.text, item->value->is.view));
    return an_tensor_file_check_names(file);
}

/* ---- Archives ---- */

/* The pickle: data.pkl in a folder at the top of the archive, or at the top itself. */
static const an_zip_member *find_pickle(const an_zip *zip)
{
    for (int i = 0; i < zip->count; i++) {
        const char *slash = strchr(zip->members[i].name, '/');
        if (strcmp(slash ? slash + 1 : zip->members[i].name, PICKLE) == 0)
            return &zip->members[i];
    }
    return NULL;
}

/* TorchScript keeps its program in a folder of its own. */
static bool has_program(const pth *p)
{
    const size_t length = strlen(p->root);
    for (int i = 0; i < p->zip.count; i++) {
        const char *name = p->zip.members[i].name;
        if (strncmp(name, p->root, length) == 0 && strncmp(name + length, "code/", 5) == 0)
            return true;
    }
    return false;
}

static alexnet_status read_byte_order(pth *p)
{
    an_section section;
    char word[8] = "";
    char *name = an_format("%sbyteorder", p->root);
    if (!name)
        return AN_FAIL_MEMORY(64, "a name");
    const an_zip_member *member = an_zip_find(&p->zip, name);
    an_free(name);
    if (!member)
        return ALEXNET_OK;
    AN_CHECK(an_zip_section(&p->zip, member, false, &section));
    AN_CHECK(
        an_section_read(&section, 0, word, section.size < sizeof word ? (size_t)section.size : 7));
    p->swapped = strcmp(word, "big") == 0;
    if (!p->swapped && strcmp(word, "little") != 0)
        return AN_SECTION_FAIL(&section, "little or big expected");
    return ALEXNET_OK;
}

static alexnet_status open_zip(an_tensor_file *file)
{
    enum { PICKLE_MAX = 1 << 28 };
    pth *p = file->state;
    const an_value *root;
    const char *name = an_tensor_file_name(file);
    an_section section;
    uint64_t at = 0;
    AN_CHECK(an_zip_open(&p->zip, file->reader));
    const an_zip_member *member = find_pickle(&p->zip);
    if (!member)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s: a zip archive that begins like a PyTorch file, but without " PICKLE,
                       name);
    p->root = an_strndup(member->name, strlen(member->name) - strlen(PICKLE));
    if (!p->root)
        return AN_FAIL_MEMORY(strlen(member->name), "a name");
    if (has_program(p))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: a TorchScript file, a program with its weights; in Python, save only "
                       "the weights, with torch.save(torch.jit.load(FILE).state_dict(), ...)",
                       name);
    AN_CHECK(an_zip_section(&p->zip, member, false, &section));
    if (section.size > PICKLE_MAX)
        return AN_SECTION_FAIL(&section, "%llu bytes; at most %d are read",
                               (unsigned long long)section.size, PICKLE_MAX);
    AN_CHECK(read_byte_order(p));
    AN_CHECK(an_pickle_read(&p->pickle, &section, &at, &root));
    return list_entries(file, root);
}

/* Whether the first member has a name that is usual in PyTorch's archives. */
static bool recognise_zip(const unsigned char *head, size_t length, uint64_t size)
{
    static const char *const endings[] = {
        PICKLE, "version", "byteorder", ".format_version", ".storage_alignment", "constants.pkl"};
    char name[256];
    (void)size;
    if (!an_zip_first_name(head, length, name))
        return false;
    const char *slash = strchr(name, '/');
    const char *rest = slash ? slash + 1 : name;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (strcmp(rest, endings[i]) == 0)
            return true;
    return slash && (strncmp(rest, "code/", 5) == 0 || strncmp(rest, ".data/", 6) == 0 ||
                     strcmp(rest, "data/0") == 0);
}

/* ---- Files of before version 1.6 ---- */

static alexnet_status open_legacy(an_tensor_file *file)
{
    enum { BEFORE = 3 /* pickles: the magic number, the protocol, the machine */ };
    pth *p = file->state;
    const an_section section = an_section_of(file->reader);
    const an_value *root = NULL;
    uint64_t at = 0;
    for (int i = 0; i < BEFORE + 1; i++)
        AN_CHECK(an_pickle_read(&p->pickle, &section, &at, &root));
    AN_CHECK(an_pth_blocks(&p->pickle, &section, at));
    return list_entries(file, root);
}

/* A protocol, a frame from protocol 4 on, and the number 0x1950a86a20f9469cfc6c. */
static bool recognise_legacy(const unsigned char *head, size_t length, uint64_t size)
{
    static const unsigned char number[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                           0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
    (void)size;
    if (length < 2 || head[0] != 0x80 || head[1] < 2 || head[1] > 5)
        return false;
    const size_t at = length > 2 && head[2] == 0x95 ? 2 + 9 : 2;
    return length >= at + sizeof number && memcmp(head + at, number, sizeof number) == 0;
}

/* ---- The format ---- */

static bool recognise(const unsigned char *head, size_t length, uint64_t size)
{
    return recognise_zip(head, length, size) || recognise_legacy(head, length, size);
}

static alexnet_status open_file(an_tensor_file *file)
{
    unsigned char head[4];
    pth *p = file->state = an_calloc(1, sizeof *p);
    if (!p)
        return AN_FAIL_MEMORY(sizeof *p, "a PyTorch file");
    AN_CHECK(an_reader_read(file->reader, 0, head, sizeof head));
    p->is_zip = an_zip_recognise(head, sizeof head);
    return p->is_zip ? open_zip(file) : open_legacy(file);
}

static alexnet_status read_elements(an_tensor_file *file, const an_tensor_entry *entry,
                                    int64_t first, int64_t count, void *dst)
{
    pth *p = file->state;
    return an_strided_read(&p->arrays[entry - file->entries], &p->gathered, first, count, dst);
}

static void close_state(void *state)
{
    pth *p = state;
    if (!p)
        return;
    an_gathered_free(&p->gathered);
    an_free(p->arrays);
    an_pickle_free(&p->pickle);
    an_free(p->root);
    an_zip_close(&p->zip);
    an_free(p);
}

const an_tensor_format an_pth_format = {
    .name = "pth",
    .endings = ".pth|.pt",
    .about = "PyTorch's files of tensors, whose pickles are read and not run",
    .recognise = recognise,
    .open = open_file,
    .read = read_elements,
    .close = close_state,
};
