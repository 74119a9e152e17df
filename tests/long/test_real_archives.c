/*
 * ImageNet's archives rebuilt from two pictures of each of its 1,000 classes, by tar: training
 * pictures as an archive of archives, validation pictures with their list of labels, shards. All
 * give the classes in Caffe's order (synset_words.txt) and, bit for bit, the batches of the
 * folders. Skipped without ALEXNET_DATA.
 */
#include "unit/scratch.h"
#include "unit/stamps.h"

#include "base/status.h"
#include "data/loader/loader.h"

enum { CLASSES = 1000, PICTURES = 2000, BATCH = 50, SIDE = 64 };

/* Makes folder, whole.tar, ILSVRC2012_img_train.tar, shards/x-NNN.tar, ILSVRC2012_img_val.tar with
 * its list; $1: the folder of the data. Names of validation pictures are numbers, in an order of
 * their own.
 */
static const char script[] =
    "set -e; cp $1/imagenet-1000x2.tar whole.tar; tar -xf whole.tar\n"
    "mv imagenet-1000x2 folder\n"
    "mkdir inner shards val; cd folder\n"
    "for c in *; do tar -cf ../inner/$c.tar -C $c $(ls $c); done\n"
    "find . -name '*.JPEG' | LC_ALL=C sort -t_ -k2 >../names\n"
    "for i in 0 1 2 3 4 5 6; do awk \"NR % 7 == $i\" ../names >../part\n"
    "  tar --format=posix -cf ../shards/x-00$i.tar -T ../part; done\n"
    "cd ..; tar -cf ILSVRC2012_img_train.tar -C inner $(ls inner)\n"
    "n=0; while read name; do n=$((n + 1))\n"
    "  ln folder/$name val/$(printf ILSVRC2012_val_%08d.JPEG $n); done <names\n"
    "tar -cf ILSVRC2012_img_val.tar -C val .\n"
    "cut -d/ -f2 names >imagenet_2012_validation_synset_labels.txt\n"
    "grep -o '^n[0-9]*' $1/synset_words.txt >order\n";

static const char *data;

static alexnet_dataset *open_good(const char *path)
{
    alexnet_dataset *d;
    if (an_dataset_open(&d, NULL, path, NULL, NULL) != ALEXNET_OK)
        fail_msg("%s", an_error_text());
    assert_int_equal(d->classes, CLASSES);
    assert_int_equal(d->count, PICTURES);
    return d;
}

/* The sum of each picture's label and pixels, whichever batch it is in. */
static uint64_t hash_of(const an_loaded *picture, const uint8_t *pixels)
{
    uint64_t hash = (uint64_t)picture->label + 1;
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        hash = hash * 0x100000001b3u + pixels[i];
    return hash;
}

/* A hash of all batches in the data set's order; *unordered: one that is the same in any order. */
static uint64_t batches_of(alexnet_dataset *d, uint64_t *unordered)
{
    an_loader *loader;
    an_batch batch;
    bool more;
    static uint32_t order[PICTURES];
    uint64_t hash = 1;
    int seen = 0;
    *unordered = 0;
    for (uint32_t i = 0; i < PICTURES; i++)
        order[i] = i;
    assert_int_equal(an_loader_new(&loader, d, (an_fit){AN_FIT_SHORT, SIDE, false}, BATCH, 2, NULL),
                     ALEXNET_OK);
    assert_int_equal(an_loader_start(loader, order, PICTURES, 0), ALEXNET_OK);
    while (an_loader_next(loader, NULL, &batch, &more) == ALEXNET_OK && more)
        for (int i = 0; i < batch.count; i++, seen++) {
            if (batch.pictures[i].status != ALEXNET_OK)
                fail_msg("%s", batch.pictures[i].error);
            const uint64_t own =
                hash_of(&batch.pictures[i], batch.pixels + (size_t)i * SIDE * SIDE * 3);
            hash = hash * 31 + own;
            *unordered += own;
        }
    assert_int_equal(seen, PICTURES);
    an_loader_free(loader);
    return hash;
}

static void check_classes(const alexnet_dataset *d)
{
    FILE *file = fopen("order", "r");
    char line[64];
    assert_non_null(file);
    for (int c = 0; c < CLASSES; c++) {
        assert_non_null(fgets(line, sizeof line, file));
        line[strcspn(line, "\n")] = '\0';
        assert_string_equal(d->class_ids[c], line);
    }
    fclose(file);
}

static void test_same_batches(void **state)
{
    (void)state;
    static const char *const paths[] = {"ILSVRC2012_img_train.tar", "shards",
                                        "shards/x-{000..006}.tar", "whole.tar"};
    char command[4096];
    uint64_t any, expected_any;
    scratch_text("make.sh", script);
    snprintf(command, sizeof command, "sh make.sh '%s'", data);
    assert_int_equal(system(command), 0);
    alexnet_dataset *folder = open_good("folder");
    check_classes(folder);
    const uint64_t expected = batches_of(folder, &expected_any);
    const uint64_t wanted = fingerprint(folder);
    an_dataset_release(folder);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        alexnet_dataset *d = open_good(paths[i]);
        check_classes(d);
        assert_true(fingerprint(d) == wanted);
        assert_true(batches_of(d, &any) == expected);
        an_dataset_release(d);
    }
    alexnet_dataset *val = open_good("ILSVRC2012_img_val.tar");
    check_classes(val);
    batches_of(val, &any);
    assert_true(any == expected_any);
    an_dataset_release(val);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_batches, scratch_setup, scratch_teardown),
    };
    const char *given = getenv("ALEXNET_DATA");
    if (!given) {
        puts("skipped: ALEXNET_DATA does not name the folder of the data archives");
        return 77;
    }
    data = realpath(given, NULL);
    if (!data) {
        printf("ALEXNET_DATA=%s is no folder\n", given);
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
