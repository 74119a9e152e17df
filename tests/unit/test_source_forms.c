/*
 * The same pictures as a folder, a list, a table, shards, archives in an archive and databases, as
 * Python's libraries write them (tools/make_source_goldens.py): identical batches, and the same
 * pictures set aside for validation. A source of callbacks is one more form.
 */
#include "source_rig.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "data/loader/loader.h"
#include "data/source/source_own.h"
#include "data/source/store.h"

enum { SIDE = 8, BATCH = 4, PICTURES = 9 };

static const struct form {
    const char *path, *kind;
} forms[] = {
    {"folder", "folders"}, {"folder/list.txt", "list"}, {"folder/table.csv", "list"},
    {"shards", "tar"},     {"archives.tar", "tar"},     {"lmdb-encoded", "lmdb"},
    {"lmdb-raw", "lmdb"},
};

static const char *golden(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "sources/%s", name);
    return path;
}

/* A copy of the golden files: beside archives an index is written. The lists are moved into the
 * folder, where they are divided as the folder is. */
static int set_up(void **state)
{
    char link[64], home[4096], command[sizeof home + 128];
    if (scratch_setup(state) != 0)
        return -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", scratch_home);
    const ssize_t n = readlink(link, home, sizeof home - 1);
    if (n < 0)
        return -1;
    home[n] = '\0';
    snprintf(
        command, sizeof command,
        "cp -r '%s/golden/sources' sources && "
        "cd sources && sed -i 's|folder/||' list.txt table.csv && mv list.txt table.csv folder",
        home);
    return system(command);
}

static bool is_readable(const struct form *form)
{
    return strcmp(form->kind, "lmdb") != 0 || an_stores[0];
}

/* The labels and pixels of a pass in a shuffled order. */
typedef struct seen {
    int64_t count;
    int labels[PICTURES];
    uint8_t pixels[PICTURES][SIDE * SIDE * 3];
} seen;

static seen look(alexnet_dataset *d)
{
    seen s = {0};
    an_loader *loader;
    uint32_t order[PICTURES];
    bool more = true;
    assert_true(d->count <= PICTURES);
    for (int64_t i = 0; i < d->count; i++)
        order[i] = (uint32_t)((i * 4 + 2) % d->count);
    assert_int_equal(
        an_loader_new(&loader, d, (an_fit){.rule = AN_FIT_SHORT, .side = SIDE}, BATCH, 2, NULL),
        ALEXNET_OK);
    assert_int_equal(an_loader_start(loader, order, d->count, 0), ALEXNET_OK);
    while (more) {
        an_batch batch;
        assert_int_equal(an_loader_next(loader, NULL, &batch, &more), ALEXNET_OK);
        for (int i = 0; more && i < batch.count; i++, s.count++) {
            if (batch.pictures[i].status != ALEXNET_OK)
                fail_msg("%s", batch.pictures[i].error);
            s.labels[s.count] = batch.pictures[i].label;
            memcpy(s.pixels[s.count], batch.pixels + (size_t)i * sizeof s.pixels[0],
                   sizeof s.pixels[0]);
        }
    }
    an_loader_free(loader);
    return s;
}

static void same(const seen *a, const seen *b, const char *what)
{
    if (a->count != b->count || memcmp(a->labels, b->labels, sizeof a->labels) != 0 ||
        memcmp(a->pixels, b->pixels, sizeof a->pixels) != 0)
        fail_msg("%s gives other batches than the folder", what);
}

static void check_form(alexnet_dataset *d, alexnet_dataset *folder, const char *what)
{
    alexnet_dataset *part[2][2];
    const seen expected = look(folder), found = look(d);
    same(&found, &expected, what);
    assert_int_equal(an_dataset_split(folder, 0.34, 3, &part[0][0], &part[0][1]), ALEXNET_OK);
    assert_int_equal(an_dataset_split(d, 0.34, 3, &part[1][0], &part[1][1]), ALEXNET_OK);
    for (int i = 0; i < 2; i++) {
        const seen of_folder = look(part[0][i]), of_form = look(part[1][i]);
        assert_true(of_folder.count > 0);
        same(&of_form, &of_folder, what);
    }
    for (int i = 0; i < 4; i++)
        an_dataset_release(part[i / 2][i % 2]);
}

static void test_forms(void **state)
{
    (void)state;
    alexnet_dataset *folder = open_good(golden("folder"), NULL, NULL);
    assert_int_equal(folder->count, PICTURES);
    for (size_t i = 1; i < sizeof forms / sizeof *forms; i++) {
        if (!is_readable(&forms[i]))
            continue;
        alexnet_dataset *d = open_good(golden(forms[i].path), NULL, NULL);
        assert_string_equal(d->source->kind->name, forms[i].kind);
        check_form(d, folder, forms[i].path);
        an_dataset_release(d);
        check_same(golden(forms[i].path), forms[i].kind, folder);
    }
    an_dataset_release(folder);
}

/* ---- Databases ---- */

/* An entry whose key has no position, so that all keys count whole, moves no picture of a database
 * to the other part. The rule of earlier versions moves some. */
static void test_split_of_mixed_keys(void **state)
{
    (void)state;
    if (!an_stores[0])
        return;
    for (int rule = AN_SPLIT_BY_PATH; rule <= AN_SPLIT_BY_HASH; rule++) {
        const an_part part = {.share = 0.34, .seed = 3, .val = true, .rule = (an_split_rule)rule};
        alexnet_dataset *val[2];
        const char *names[] = {"lmdb-encoded", "lmdb-mixed"};
        int found = 0;
        for (int i = 0; i < 2; i++)
            assert_int_equal(an_dataset_reopen(&val[i], NULL, "lmdb", golden(names[i]), part, NULL),
                             ALEXNET_OK);
        for (int64_t i = 0; i < val[0]->count; i++)
            for (int64_t k = 0; k < val[1]->count; k++)
                found += strcmp(val[0]->samples[i].name + strlen(val[0]->root),
                                val[1]->samples[k].name + strlen(val[1]->root)) == 0;
        assert_true(val[0]->count > 0);
        assert_int_equal(found == val[0]->count && val[1]->count - found <= 1,
                         rule == AN_SPLIT_BY_PATH);
        an_dataset_release(val[0]);
        an_dataset_release(val[1]);
    }
}

static void test_databases(void **state)
{
    (void)state;
    unsigned char *bytes;
    size_t length;
    if (!an_stores[0]) {
        check_error(golden("lmdb-raw"), ALEXNET_ERROR_UNSUPPORTED, "without liblmdb");
        return;
    }
    check_error(golden("lmdb-float"), ALEXNET_ERROR_UNSUPPORTED, "float_data");
    check_memory(golden("lmdb-raw"));
    assert_int_equal(an_make_folder("cut"), ALEXNET_OK);
    assert_int_equal(an_file_read(golden("lmdb-encoded/data.mdb"), 1 << 20, &bytes, &length),
                     ALEXNET_OK);
    scratch_write("cut/data.mdb", bytes, length - 4096);
    check_error("cut", ALEXNET_ERROR_FORMAT, "is cut short");
    memset(bytes + 40, 0, 4); /* a page size of 0, by which the library would divide */
    scratch_write("cut/data.mdb", bytes, length);
    check_error("cut", ALEXNET_ERROR_FORMAT, "its pages have 0 bytes");
    scratch_text("cut/data.mdb", "no database");
    check_error("cut", ALEXNET_ERROR_FORMAT, "cannot be read as an LMDB");
    an_free(bytes);
    assert_false(an_is_file(golden("lmdb-raw/lock.mdb")));
}

/* Read all of an entry, and the entry again by its key. */
typedef struct reading {
    void *database;
    unsigned sum;
} reading;

static alexnet_status add_bytes(void *user, const an_store_entry *entry)
{
    unsigned *sum = user;
    for (size_t i = 0; i < entry->key_length; i++)
        *sum += ((const unsigned char *)entry->key)[i];
    for (size_t i = 0; i < entry->value_length; i++)
        *sum += ((const unsigned char *)entry->value)[i];
    return ALEXNET_OK;
}

static alexnet_status read_twice(void *user, const an_store_entry *entry)
{
    reading *r = user;
    add_bytes(&r->sum, entry);
    (void)an_stores[0]->find(r->database, entry->key, entry->key_length, add_bytes, &r->sum);
    return ALEXNET_OK;
}

/* @return whether the database can be opened */
static bool read_database(const char *folder)
{
    reading r = {0};
    if (an_stores[0]->open(&r.database, folder) != ALEXNET_OK)
        return false;
    (void)an_stores[0]->visit(r.database, read_twice, &r);
    an_stores[0]->close(r.database);
    return true;
}

/* liblmdb maps the file, and a wrong number in it would end the process. Every byte is damaged. */
static void test_damaged_databases(void **state)
{
    (void)state;
    static const char *const names[] = {"lmdb-encoded/data.mdb", "lmdb-raw/data.mdb"};
    assert_int_equal(an_make_folder("damaged"), ALEXNET_OK);
    for (int i = 0; i < 2 && an_stores[0]; i++) {
        unsigned char *bytes;
        size_t length;
        int refused = 0;
        assert_int_equal(an_file_read(golden(names[i]), 1 << 20, &bytes, &length), ALEXNET_OK);
        scratch_write("damaged/data.mdb", bytes, length);
        const int fd = open("damaged/data.mdb", O_WRONLY);
        assert_true(read_database("damaged"));
        for (size_t at = 0; at < length; at++) {
            const unsigned char wrong[] = {0, 0xff, bytes[at] ^ 1, bytes[at] ^ 0x10};
            for (int k = 0; k < 4; k++) {
                assert_int_equal(pwrite(fd, &wrong[k], 1, (off_t)at), 1);
                refused += !read_database("damaged");
            }
            assert_int_equal(pwrite(fd, bytes + at, 1, (off_t)at), 1);
        }
        close(fd);
        an_free(bytes);
        assert_in_range(refused, 100, 4 * length / 2);
    }
}

/* Two bytes of a database, and what is said of it then. */
typedef struct wrong {
    int at, value;
    const char *text;
} wrong;

static void check_wrong(unsigned char *bytes, size_t length, alexnet_status status, const wrong *w,
                        int count)
{
    for (int i = 0; i < count; i++) {
        const uint16_t value = (uint16_t)w[i].value;
        unsigned char before[2];
        memcpy(before, bytes + w[i].at, 2);
        memcpy(bytes + w[i].at, &value, 2);
        scratch_write("wrong/data.mdb", bytes, length);
        check_error("wrong", status, w[i].text);
        memcpy(bytes + w[i].at, before, 2);
    }
}

/* The database with one leaf page, number 2, whose last value is put into two further pages. */
static void test_wrong_numbers_in_databases(void **state)
{
    (void)state;
    enum { PAGE = 4096, OTHER = PAGE, LEAF = 2 * PAGE, NODE = LEAF + 514, VALUE = NODE + 8 + 18 };
    static const wrong numbers[] = {
        {OTHER + 40, 2 * PAGE, "different sizes of pages"},
        {OTHER + 94, 0, "too deep, or has no depth"},
        {OTHER + 94, 33, "too deep, or has no depth"},
        {OTHER + 94, 2, "page 2 is another than the one expected"},
        {OTHER + 128, 1, "page 1 is not there"},
        {OTHER + 128, 5, "page 5 is not there"},
        {OTHER + 128, 3, "page 3 is another than the one expected"},
        {OTHER + 136, 5, "cut short"},
        {LEAF, 3, "page 2 is another than the one expected"},
        {LEAF + 10, 1, "page 2 is another than the one expected"},
        {LEAF + 12, 16, "page 2 has a wrong number of entries"},
        {LEAF + 12, PAGE + 2, "page 2 has a wrong number of entries"},
        {LEAF + 16, 18, "page 2 has an entry beyond it"},
        {LEAF + 16, PAGE - 7, "page 2 has an entry beyond it"},
        {NODE, 2 * PAGE - 15, "page 2 has a value in pages that are not there"},
        {NODE + 4, 4, "page 2 has several values for a key"},
        {NODE + 6, PAGE, "page 2 has a value that ends beyond it"},
        {VALUE, 1, "page 2 has a value in pages that are not there"},
        {VALUE, 4, "page 2 has a value in pages that are not there"},
        {VALUE, 5, "page 2 has a value in pages that are not there"},
    };
    static const wrong unread[] = {
        {OTHER + 20, 2, "version 2 of the format"},
        {OTHER + 92, 4, "several values for a key (flags 0x4)"},
    };
    unsigned char *bytes, all[5 * PAGE] = {0};
    size_t length;
    if (!an_stores[0])
        return;
    assert_int_equal(an_make_folder("wrong"), ALEXNET_OK);
    assert_int_equal(an_file_read(golden("lmdb-raw/data.mdb"), 1 << 20, &bytes, &length),
                     ALEXNET_OK);
    assert_int_equal(length, 3 * PAGE);
    memcpy(all, bytes, length);
    an_free(bytes);
    memcpy(all + OTHER + 136, &(uint64_t){4}, 8);
    memcpy(all + NODE, &(uint32_t){2 * PAGE - 16}, 4);
    memcpy(all + NODE + 4, &(uint16_t){1}, 2);
    memcpy(all + VALUE, &(uint64_t){3}, 8);
    scratch_write("wrong/data.mdb", all, sizeof all);
    assert_true(read_database("wrong"));
    check_wrong(all, sizeof all, ALEXNET_ERROR_FORMAT, numbers,
                (int)(sizeof numbers / sizeof *numbers));
    check_wrong(all, sizeof all, ALEXNET_ERROR_UNSUPPORTED, unread, 2);
}

/* The database with two leaf pages, to which a branch page, number 4, leads. */
static void test_wrong_branches_in_databases(void **state)
{
    (void)state;
    enum { BRANCH = 4 * 4096, NODE = BRANCH + 4062 };
    static const wrong numbers[] = {
        {BRANCH + 12, 18, "page 4 has a wrong number of entries"},
        {NODE, 4, "page 4 is another than the one expected"},
        {NODE + 4, 1, "page 4294967299 is not there"},
        {NODE + 6, 27, "page 4 has a key that ends beyond it"},
    };
    static const uint16_t again[] = {4062, 4062, 4062, 4062};
    unsigned char *bytes;
    size_t length;
    if (!an_stores[0])
        return;
    assert_int_equal(an_make_folder("wrong"), ALEXNET_OK);
    assert_int_equal(an_file_read(golden("lmdb-encoded/data.mdb"), 1 << 20, &bytes, &length),
                     ALEXNET_OK);
    check_wrong(bytes, length, ALEXNET_ERROR_FORMAT, numbers,
                (int)(sizeof numbers / sizeof *numbers));
    memcpy(bytes + BRANCH + 16, again, sizeof again);
    check_wrong(bytes, length, ALEXNET_ERROR_FORMAT,
                &(wrong){BRANCH + 12, 16 + sizeof again, "part of the tree of keys more than once"},
                1);
    an_free(bytes);
}

/* ---- Callbacks ---- */

/* The folder's pictures, every second one as pixels. */
typedef struct own {
    alexnet_dataset *folder;
    atomic_int held;
    int fails;      /* item that cannot be given, -1: none */
    int failure;    /* what is returned for it */
    int64_t claims; /* the number of items that it claims; 0: the true one */
    int64_t asked;  /* how often it was asked for an item */
} own;

static int64_t own_count(void *user)
{
    const own *o = user;
    return o->claims ? o->claims : o->folder->count;
}

static int own_item(void *user, int64_t index, const char **name, int *label)
{
    own *o = user;
    if (++o->asked > o->folder->count)
        return 1;
    *name = o->folder->source->items[index].key;
    *label = o->folder->samples[index].label;
    return 0;
}

static int own_item_without_label(void *user, int64_t index, const char **name, int *label)
{
    const int rc = own_item(user, index, name, label);
    *label = -1;
    return rc;
}

static int own_get(void *user, int64_t index, alexnet_source_item *out)
{
    own *o = user;
    an_item_data data;
    an_picture *picture;
    if (index == o->fails)
        return o->failure;
    atomic_fetch_add(&o->held, 1);
    if (index % 2 == 0) {
        assert_int_equal(an_file_item_read(o->folder->source, index, &data), ALEXNET_OK);
        out->bytes = out->keep = data.bytes;
        out->length = data.length;
        return 0;
    }
    picture = malloc(sizeof *picture);
    assert_int_equal(an_data_source_picture(o->folder->source, index, picture), ALEXNET_OK);
    out->pixels = (alexnet_pixels){picture->rgb, picture->width, picture->height,
                                   3 * (size_t)picture->width, ALEXNET_PIXELS_RGB8};
    out->keep = picture;
    return 0;
}

static void own_release(void *user, int64_t index, alexnet_source_item *item)
{
    (void)index;
    atomic_fetch_sub(&((own *)user)->held, 1);
    if (item->bytes)
        an_free(item->keep);
    else {
        an_picture_free(item->keep);
        free(item->keep);
    }
}

static int item_out_of_order(void *user, int64_t index, const char **name, int *label)
{
    (void)user, (void)index, (void)name, (void)label;
    return 5;
}

static int item_without_memory(void *user, int64_t index, const char **name, int *label)
{
    (void)user, (void)index, (void)name, (void)label;
    return ALEXNET_ERROR_NO_MEMORY;
}

static void test_callbacks(void **state)
{
    (void)state;
    static const char *const classes[] = {"0", "1", "2"};
    own mine = {.folder = open_good(golden("folder"), NULL, NULL), .fails = -1};
    alexnet_source source = {sizeof source, &mine,    "mine",  3,          classes,
                             own_count,     own_item, own_get, own_release};
    alexnet_ctx *ctx;
    alexnet_dataset *d, *again;
    an_picture picture;
    assert_int_equal(alexnet_ctx_new(&ctx, NULL), ALEXNET_OK);
    assert_int_equal(alexnet_dataset_from_source(&d, ctx, &source, NULL), ALEXNET_OK);
    check_form(d, mine.folder, "callbacks");
    assert_int_equal(atomic_load(&mine.held), 0);
    mine.fails = 2;
    for (int i = 0; i < 3; i++) { /* a number of the library's other than NO_MEMORY means nothing */
        mine.failure = (const int[]){5, ALEXNET_ERROR_CANCELLED, ALEXNET_ERROR_NO_MEMORY}[i];
        assert_int_equal(an_data_source_picture(d->source, 2, &picture),
                         i < 2 ? ALEXNET_ERROR_IO : ALEXNET_ERROR_NO_MEMORY);
        assert_non_null(strstr(an_error_text(), "mine/0/c 2.png"));
    }
    assert_int_equal(an_dataset_reopen(&again, NULL, "callbacks", "mine", (an_part){0}, NULL),
                     ALEXNET_ERROR_UNSUPPORTED);
    assert_non_null(strstr(an_error_text(), "program can open them again"));
    an_dataset_release(d);
    for (int i = 0; i < 3; i++) { /* more than any data set has: nothing is asked for */
        mine.claims = (const int64_t[]){INT64_MAX, (int64_t)1 << 40, UINT32_MAX}[i];
        mine.asked = 0;
        assert_int_equal(alexnet_dataset_from_source(&d, ctx, &source, NULL),
                         ALEXNET_ERROR_UNSUPPORTED);
        assert_non_null(strstr(an_error_text(), "at most 4294967294"));
        assert_int_equal(mine.asked, 0);
    }
    mine.claims = 0;
    for (int i = 0; i < 2; i++) { /* an item that cannot be described */
        mine.asked = 0;
        source.item = i ? item_without_memory : item_out_of_order;
        assert_int_equal(alexnet_dataset_from_source(&d, ctx, &source, NULL),
                         i ? ALEXNET_ERROR_NO_MEMORY : ALEXNET_ERROR_IO);
        assert_string_equal(an_error_text(), i ? "mine is out of memory at item 0"
                                               : "mine cannot describe item 0 (5)");
        assert_null(d);
    }
    source.item = own_item;
    mine.asked = 0;
    source.class_count = 2;
    assert_int_equal(alexnet_dataset_from_source(&d, ctx, &source, NULL),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(an_error_text(), "has label 2"));
    assert_null(d);
    /* without labels, names of classes have nothing to name */
    alexnet_dataset_options options = ALEXNET_DATASET_OPTIONS_INIT;
    options.names_file = "names.txt";
    scratch_text("names.txt", "0 zero\n");
    mine.asked = 0;
    source.class_count = 0;
    source.item = own_item_without_label;
    assert_int_equal(alexnet_dataset_from_source(&d, ctx, &source, &options),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(an_error_text(), "class_count = 0, but class_names is set"));
    source.class_names = NULL;
    assert_int_equal(alexnet_dataset_from_source(&d, ctx, &source, &options), ALEXNET_OK);
    assert_int_equal(d->classes, 0);
    an_dataset_release(d);
    source.name = "mine\xff";
    assert_int_equal(alexnet_dataset_from_source(&d, ctx, &source, NULL),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_string_equal(an_error_text(), "the name of the source is not UTF-8 text");
    source.get = NULL;
    assert_int_equal(alexnet_dataset_from_source(&d, ctx, &source, NULL),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    an_dataset_release(mine.folder);
    alexnet_ctx_free(ctx);
}

/* Names of classes that could not be told apart, or not be written. */
static void test_names_of_classes(void **state)
{
    (void)state;
    static const struct {
        const char *classes[3], *fault;
    } rows[] = {
        {{"0", "1", "0"}, "classes 0 and 2 of mine are both called 0"},
        {{"0", "", "2"}, "the name of class 1 of mine is empty"},
        {{"0", "1", "a\nb"}, "the name of class 2 of mine has a line end in it"},
        {{"0", NULL, "2"}, "class_names[1] is NULL"},
    };
    own mine = {.folder = open_good(golden("folder"), NULL, NULL), .fails = -1};
    alexnet_ctx *ctx;
    assert_int_equal(alexnet_ctx_new(&ctx, NULL), ALEXNET_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        alexnet_dataset *d;
        const alexnet_source source = {sizeof source,   &mine,     "mine",   3,
                                       rows[i].classes, own_count, own_item, own_get,
                                       own_release};
        assert_int_equal(alexnet_dataset_from_source(&d, ctx, &source, NULL),
                         ALEXNET_ERROR_INVALID_ARGUMENT);
        assert_null(d);
        if (!strstr(alexnet_error_text(), rows[i].fault))
            fail_msg("%s", alexnet_error_text());
    }
    an_dataset_release(mine.folder);
    alexnet_ctx_free(ctx);
}

static int get_bad(void *user, int64_t index, alexnet_source_item *out)
{
    static const unsigned char pixel[4];
    (void)user, (void)index;
    out->pixels = (alexnet_pixels){pixel, 200, 1, 3, ALEXNET_PIXELS_RGB8};
    return 0;
}

static void release_badly(void *user, int64_t index, alexnet_source_item *item)
{
    (void)user, (void)index, (void)item;
    assert_int_not_equal(alexnet_dataset_layout(NULL, NULL), ALEXNET_OK);
}

/* The error of an item is its own, also if release() makes a call that fails. */
static void test_error_before_release(void **state)
{
    (void)state;
    static const char *const classes[] = {"0", "1", "2"};
    own mine = {.folder = open_good(golden("folder"), NULL, NULL), .fails = -1};
    const alexnet_source source = {sizeof source, &mine,   "mine",       3, classes, own_count,
                                   own_item,      get_bad, release_badly};
    alexnet_ctx *ctx;
    alexnet_dataset *d;
    an_picture picture;
    assert_int_equal(alexnet_ctx_new(&ctx, NULL), ALEXNET_OK);
    assert_int_equal(alexnet_dataset_from_source(&d, ctx, &source, NULL), ALEXNET_OK);
    assert_int_equal(an_data_source_picture(d->source, 2, &picture),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_string_equal(an_error_text(),
                        "mine/0/c 2.png: rows are 3 bytes apart, but 200 pixels take 600");
    an_dataset_release(d);
    an_dataset_release(mine.folder);
    alexnet_ctx_free(ctx);
}

/* ---- A run over callbacks ---- */

static const char net[] = "[input]\nsize = 8\nside = 8\nchannels = grey\nmean = image\n"
                          "[c]\ntype = conv\ninputs = input\nfilters = 4\nfilterSize = 3\n"
                          "neuron = relu\n[f]\ntype = fc\ninputs = c\noutputs = classes\n"
                          "[p]\ntype = softmax\ninputs = f\n";

static void finish(alexnet_trainer *trainer, int epochs)
{
    alexnet_progress p;
    for (bool more = true; more;)
        assert_int_equal(alexnet_trainer_step(trainer, &p, &more), ALEXNET_OK);
    assert_int_equal(p.epoch, epochs);
    assert_int_equal(p.val.images, 3);
    alexnet_trainer_free(trainer);
}

/* Pictures without labels can take the classes of a model, but nothing trains on them or measures
 * with them. */
static void check_unlabelled(alexnet_ctx *ctx, own *mine, const char *run,
                             const alexnet_trainer_options *options)
{
    const alexnet_source source = {sizeof source,          mine,    "mine",     0, NULL, own_count,
                                   own_item_without_label, own_get, own_release};
    alexnet_dataset_options of_model = ALEXNET_DATASET_OPTIONS_INIT;
    alexnet_trainer_options other = *options;
    alexnet_model *model;
    alexnet_dataset *d;
    alexnet_session *session;
    alexnet_evaluation *evaluation;
    alexnet_trainer *trainer;
    other.out_dir = "other";
    mine->asked = 0;
    assert_int_equal(alexnet_model_load(&model, ctx, run), ALEXNET_OK);
    of_model.classes_of = model;
    assert_int_equal(alexnet_dataset_from_source(&d, ctx, &source, &of_model), ALEXNET_OK);
    assert_int_equal(d->classes, 3);
    assert_int_equal(alexnet_session_new(&session, model, NULL), ALEXNET_OK);
    assert_int_equal(alexnet_evaluation_new(&evaluation, session, d),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(alexnet_error_text(), "has no label"));
    assert_int_equal(alexnet_trainer_new(&trainer, ctx, d, NULL, &other),
                     ALEXNET_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(alexnet_error_text(), "has no label"));
    alexnet_session_free(session);
    an_dataset_release(d);
    alexnet_model_free(model);
}

/* The run continues only if the source is passed again. */
static void test_resume(void **state)
{
    (void)state;
    static const char *const classes[] = {"0", "1", "2"};
    static const char *const longer[] = {"epochs", "2", NULL};
    own mine = {.folder = open_good(golden("folder"), NULL, NULL), .fails = -1};
    alexnet_source source = {sizeof source, &mine,    "mine",  3,          classes,
                             own_count,     own_item, own_get, own_release};
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_resume_options again = ALEXNET_RESUME_OPTIONS_INIT;
    alexnet_ctx *ctx;
    alexnet_dataset *d, *train, *val;
    alexnet_recipe *recipe;
    alexnet_trainer *trainer;
    scratch_text("net.ini", net);
    assert_int_equal(alexnet_ctx_new(&ctx, NULL), ALEXNET_OK);
    assert_int_equal(alexnet_recipe_load(&recipe, "default"), ALEXNET_OK);
    assert_int_equal(alexnet_recipe_set(recipe, "epochs", "1"), ALEXNET_OK);
    assert_int_equal(alexnet_recipe_set(recipe, "batch", "3"), ALEXNET_OK);
    assert_int_equal(alexnet_recipe_set(recipe, "schedule", "constant"), ALEXNET_OK);
    assert_int_equal(alexnet_dataset_from_source(&d, ctx, &source, NULL), ALEXNET_OK);
    assert_int_equal(alexnet_dataset_split(d, 0.34, 3, &train, &val), ALEXNET_OK);
    options.net = "net.ini";
    options.out_dir = "run";
    options.recipe = recipe;
    if (alexnet_trainer_new(&trainer, ctx, train, val, &options) != ALEXNET_OK)
        fail_msg("%s", alexnet_error_text());
    finish(trainer, 1);
    again.settings = longer;
    assert_int_equal(alexnet_trainer_resume(&trainer, ctx, "run", &again),
                     ALEXNET_ERROR_UNSUPPORTED);
    assert_non_null(strstr(alexnet_error_text(), "program can open them again"));
    again.train_data = d;
    if (alexnet_trainer_resume(&trainer, ctx, "run", &again) != ALEXNET_OK)
        fail_msg("%s", alexnet_error_text());
    finish(trainer, 2);
    check_unlabelled(ctx, &mine, "run", &options);
    assert_int_equal(atomic_load(&mine.held), 0);
    alexnet_recipe_free(recipe);
    an_dataset_release(train);
    an_dataset_release(val);
    an_dataset_release(d);
    an_dataset_release(mine.folder);
    alexnet_ctx_free(ctx);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_forms),
        TEST(test_databases),
        TEST(test_damaged_databases),
        TEST(test_wrong_numbers_in_databases),
        TEST(test_wrong_branches_in_databases),
        TEST(test_split_of_mixed_keys),
        TEST(test_callbacks),
        TEST(test_names_of_classes),
        TEST(test_error_before_release),
        TEST(test_resume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
