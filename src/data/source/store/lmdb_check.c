/*
 * The file consists of pages of one size. The first two hold a header each, of which the one that
 * was written last counts. A tree of pages holds the keys in order: branch pages lead to further
 * pages, leaf pages hold the values, or the number of the first of the pages that hold a value. All
 * numbers are in the machine's byte order. (liblmdb 0.9, mdb.c: MDB_page, MDB_node, MDB_db,
 * MDB_meta.)
 */
#include "data/source/store/lmdb_check.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"

/* Where a page's numbers are, and flags. */
enum {
    PAGE_NUMBER = 0,
    PAGE_FLAGS =
        10, /* BRANCH or LEAF, or META; those of changes that are not saved yet are no error */
    PAGE_LOWER = 12,  /* end of the list of nodes */
    PAGE_HEADER = 16, /* where that begins: two bytes for the place of each */
    BRANCH = 1,
    LEAF = 2,
    META = 8,
    KINDS = 0x6f
};

/* The same in a header, which is a page too. */
enum {
    MAGIC = 16,
    VERSION = 20,
    PAGE_SIZE = 40,
    KEYS_FLAGS = 92,
    KEYS_DEPTH = 94,
    KEYS_ROOT = 128,
    LAST_PAGE = 136,
    TRANSACTION = 144,
    HEADER = 152,
    HEADERS = 2,
    DEPTH_MAX = 32 /* of the library */
};

/* The same in a node: after its numbers come the key and the value. */
enum { NODE_SIZE = 0, NODE_FLAGS = 4, NODE_KEY = 6, NODE = 8, IN_PAGES = 1, SEVERAL = 4 };

typedef struct header {
    uint32_t page_size;
    uint16_t flags, depth;
    uint64_t root, last, transaction;
} header;

typedef struct tree {
    an_reader *file;
    header head;
    uint64_t read;        /* pages of the tree so far */
    unsigned char *pages; /* one for each level */
} tree;

static uint16_t u16(const unsigned char *bytes)
{
    uint16_t v;
    memcpy(&v, bytes, sizeof v);
    return v;
}

static uint32_t u32(const unsigned char *bytes)
{
    uint32_t v;
    memcpy(&v, bytes, sizeof v);
    return v;
}

static uint64_t u64(const unsigned char *bytes)
{
    uint64_t v;
    memcpy(&v, bytes, sizeof v);
    return v;
}

static alexnet_status fail_header(const tree *t, const char *what)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s cannot be read as an LMDB: %s",
                   an_reader_name(t->file), what);
}

static alexnet_status fail_page(const tree *t, uint64_t page, const char *what)
{
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is damaged: page %llu %s", an_reader_name(t->file),
                   (unsigned long long)page, what);
}

/* ---- Headers ---- */

static alexnet_status read_header(const tree *t, header *out, uint64_t at)
{
    unsigned char bytes[HEADER];
    if (an_reader_size(t->file) < HEADER || at > an_reader_size(t->file) - HEADER)
        return fail_header(t, "it is too short");
    AN_CHECK(an_reader_read(t->file, at, bytes, HEADER));
    if (!(u16(bytes + PAGE_FLAGS) & META) || u32(bytes + MAGIC) != 0xBEEFC0DE)
        return fail_header(t, "it does not begin as one");
    if (u32(bytes + VERSION) != 1)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s is an LMDB of version %u of the format; version 1 is read",
                       an_reader_name(t->file), u32(bytes + VERSION));
    *out = (header){u32(bytes + PAGE_SIZE), u16(bytes + KEYS_FLAGS), u16(bytes + KEYS_DEPTH),
                    u64(bytes + KEYS_ROOT), u64(bytes + LAST_PAGE),  u64(bytes + TRANSACTION)};
    if (out->page_size < 256 || out->page_size > 65536)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s cannot be read as an LMDB: its pages have %u bytes",
                       an_reader_name(t->file), out->page_size);
    return ALEXNET_OK;
}

/* The header that counts, as the library chooses it. */
static alexnet_status choose_header(tree *t)
{
    header other;
    AN_CHECK(read_header(t, &t->head, 0));
    AN_CHECK(read_header(t, &other, t->head.page_size));
    if (other.page_size != t->head.page_size)
        return fail_header(t, "its two headers give different sizes of pages");
    if (t->head.transaction < other.transaction)
        t->head = other;
    const uint64_t pages = an_reader_size(t->file) / t->head.page_size;
    if (t->head.last >= pages)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is cut short: the last of its pages is number %llu, but it has %llu",
                       an_reader_name(t->file), (unsigned long long)t->head.last,
                       (unsigned long long)pages);
    if (t->head.flags)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s is an LMDB with special keys or several values for a key (flags 0x%x)",
                       an_reader_name(t->file), t->head.flags);
    return ALEXNET_OK;
}

/* ---- The tree ---- */

static bool is_page(const tree *t, uint64_t page)
{
    return page >= HEADERS && page <= t->head.last;
}

/* A node of a leaf that ends `room` bytes after it begins, at most. */
static alexnet_status check_value(const tree *t, uint64_t page, const unsigned char *node,
                                  size_t room)
{
    const uint32_t size = u32(node + NODE_SIZE);
    const size_t key = u16(node + NODE_KEY);
    const unsigned flags = u16(node + NODE_FLAGS);
    const bool in_pages = flags & IN_PAGES;
    if (flags & SEVERAL)
        return fail_page(t, page, "has several values for a key");
    if (key > room - NODE || (in_pages ? sizeof(uint64_t) : size) > room - NODE - key)
        return fail_page(t, page, "has a value that ends beyond it");
    if (!in_pages)
        return ALEXNET_OK;
    const uint64_t first = u64(node + NODE + key);
    const uint64_t pages = ((uint64_t)size + PAGE_HEADER - 1) / t->head.page_size + 1;
    if (!is_page(t, first) || pages > t->head.last - first + 1)
        return fail_page(t, page, "has a value in pages that are not there");
    return ALEXNET_OK;
}

static alexnet_status check_page(tree *t, uint64_t page, int level);

static alexnet_status check_nodes(tree *t, uint64_t page, int level, size_t count)
{
    const size_t page_size = t->head.page_size;
    const unsigned char *bytes = t->pages + (size_t)level * page_size;
    for (size_t i = 0; i < count; i++) {
        const size_t at = u16(bytes + PAGE_HEADER + 2 * i);
        const unsigned char *node = bytes + at;
        if (at < PAGE_HEADER + 2 * count || at + NODE > page_size)
            return fail_page(t, page, "has an entry beyond it");
        if (level == t->head.depth - 1) {
            AN_CHECK(check_value(t, page, node, page_size - at));
            continue;
        }
        if (u16(node + NODE_KEY) > page_size - at - NODE)
            return fail_page(t, page, "has a key that ends beyond it");
        AN_CHECK(check_page(t, u32(node + NODE_SIZE) | (uint64_t)u16(node + NODE_FLAGS) << 32,
                            level + 1));
    }
    return ALEXNET_OK;
}

/* A page with all that is below it. The root is at level 0, leaves at the last. */
static alexnet_status check_page(tree *t, uint64_t page, int level)
{
    const size_t page_size = t->head.page_size;
    unsigned char *bytes = t->pages + (size_t)level * page_size;
    const bool leaf = level == t->head.depth - 1;
    if (!is_page(t, page))
        return fail_page(t, page, "is not there");
    if (++t->read > t->head.last)
        return fail_page(t, page, "or another is part of the tree of keys more than once");
    AN_CHECK(an_reader_read(t->file, page * page_size, bytes, page_size));
    if (u64(bytes + PAGE_NUMBER) != page ||
        (u16(bytes + PAGE_FLAGS) & KINDS) != (leaf ? LEAF : BRANCH))
        return fail_page(t, page, "is another than the one expected");
    const size_t lower = u16(bytes + PAGE_LOWER);
    const size_t count = lower < PAGE_HEADER ? 0 : (lower - PAGE_HEADER) / 2;
    if (lower > page_size || count < (leaf ? 1 : 2))
        return fail_page(t, page, "has a wrong number of entries");
    return check_nodes(t, page, level, count);
}

alexnet_status an_lmdb_check(an_reader *file)
{
    tree t = {.file = file};
    AN_CHECK(choose_header(&t));
    if (t.head.root == UINT64_MAX) /* no keys */
        return ALEXNET_OK;
    if (t.head.depth < 1 || t.head.depth > DEPTH_MAX)
        return fail_header(&t, "its tree of keys is too deep, or has no depth");
    t.pages = an_malloc((size_t)t.head.depth * t.head.page_size);
    if (!t.pages)
        return AN_FAIL_MEMORY((size_t)t.head.depth * t.head.page_size, an_reader_name(file));
    const alexnet_status rc = check_page(&t, t.head.root, 0);
    an_free(t.pages);
    return rc;
}
