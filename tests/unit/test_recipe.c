/*
 * Recipes: the table of keys, values by layer and by epoch, hostile values, and text that reads
 * back as what it was written from.
 */
#include "recipe_rig.h"
#include "scratch.h"

#include "base/alloc.h"
#include "base/builtin.h"
#include "train/recipe.h"

static alexnet_recipe *fresh(void)
{
    alexnet_recipe *recipe;
    expect_ok(an_recipe_new(&recipe));
    return recipe;
}

static void expect_set(alexnet_recipe *recipe, const char *key, const char *value)
{
    expect_ok(an_recipe_set(recipe, key, value));
    assert_string_equal(an_recipe_get(recipe, key), value);
}

/* ---- The table ---- */

static void test_the_table(void **state)
{
    (void)state;
    alexnet_recipe_key key;
    alexnet_recipe *recipe = fresh();
    int count = 0;
    for (; an_recipe_key_info(count, &key); count++) {
        assert_true(strlen(key.help) > 5 && strlen(key.range) > 2);
        assert_true(strcmp(key.type, "integer") == 0 || strcmp(key.type, "number") == 0 ||
                    strcmp(key.type, "schedule") == 0 || strcmp(key.type, "choice") == 0 ||
                    strcmp(key.type, "range") == 0 || strcmp(key.type, "layers") == 0 ||
                    strcmp(key.type, "file") == 0);
        assert_string_equal(an_recipe_get(recipe, key.name), key.standard);
        expect_set(recipe, key.name, key.standard); /* the default passes its own check */
    }
    assert_int_equal(count, AN_KEY_COUNT);
    assert_false(an_recipe_key_info(-1, &key));
    an_recipe_free(recipe);
}

/* Append a cell of the manual's table; bars within it are escaped. */
static void put_cell(char *row, const char *text)
{
    char *end = row + strlen(row);
    end += sprintf(end, "| ");
    for (; *text; text++)
        end += sprintf(end, *text == '|' ? "\\%c" : "%c", *text);
    if (end[-1] != ' ')
        strcpy(end, " ");
}

/* docs/recipes.md describes every key in the words of the table; words may be formatted as code. */
static void test_the_manual(void **state)
{
    (void)state;
    alexnet_recipe_key key;
    size_t length;
    char *manual = (char *)scratch_read("../docs/recipes.md", &length), row[512], name[64];
    for (int i = 0; an_recipe_key_info(i, &key); i++) {
        row[0] = '\0';
        snprintf(name, sizeof name, "`%s`", key.name);
        put_cell(row, name);
        put_cell(row, key.type);
        put_cell(row, key.range);
        put_cell(row, key.standard);
        put_cell(row, key.per_layer ? "yes" : "");
        strcat(row, "| ");
        const char *help = strstr(manual, row);
        if (!help)
            fail_msg("docs/recipes.md has no row \"%s\"", row);
        help += strlen(row);
        for (const char *expected = key.help; *expected; expected++, help++) {
            help += *help == '`';
            if (*help != *expected)
                fail_msg("docs/recipes.md does not say of %s: %s", key.name, key.help);
        }
    }
    free(manual);
}

/* The manual's example is read as the manual says. */
static void test_the_manuals_example(void **state)
{
    (void)state;
    size_t length;
    char *manual = (char *)scratch_read("../docs/recipes.md", &length);
    char *begin = strstr(manual, "```ini\n"), *end = strstr(begin + 7, "```");
    alexnet_recipe *r = fresh();
    *end = '\0';
    expect_ok(an_recipe_read(r, begin + 7, "docs/recipes.md"));
    expect_number(r, AN_KEY_RATE, "conv2", 20, 0.005);
    expect_number(r, AN_KEY_RATE, "conv2", 21, 0.0005);
    expect_number(r, AN_KEY_RATE, "fc7", 21, 0.001);
    assert_true(an_recipe_frozen(r, "conv1") && !an_recipe_frozen(r, "conv2"));
    expect_number(r, AN_KEY_RATE, "fc8", 21, 0.01);
    an_recipe_free(r);
    free(manual);
}

/* The standard values of the table are those of the recipe `default`, as that recipe states. */
static void test_the_default_recipe(void **state)
{
    (void)state;
    alexnet_recipe *standard = fresh(), *loaded;
    expect_ok(an_recipe_load(&loaded, "default"));
    char *expected = an_recipe_text(standard), *got = an_recipe_text(loaded);
    assert_string_equal(got, expected);
    an_free(expected);
    an_free(got);
    an_recipe_free(standard);
    an_recipe_free(loaded);
}

static void test_ranges(void **state)
{
    (void)state;
    alexnet_recipe *r = fresh();
    double range[2];
    an_recipe_range(r, AN_KEY_ERASE_AREA, range);
    assert_true(range[0] == 0.02 && range[1] == 0.33);
    expect_set(r, "erase_area", "0.1,0.1");
    an_recipe_range(r, AN_KEY_ERASE_AREA, range);
    assert_true(range[0] == 0.1 && range[1] == 0.1);
    static const char *const wrong[] = {"",        "0.1",      "0.3 0.1",  "0.1 0.2 0.3",
                                        "0.1 1.1", "-0.1 0.5", "0.1 x",    "0.1 0.2@3",
                                        "nan nan", "0.1 nan",  "0.1 0.2 ;"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_failure(an_recipe_set(r, "erase_area", wrong[i]), ALEXNET_ERROR_INVALID_ARGUMENT,
                       "expected two numbers from 0 to 1, the smaller first");
    expect_failure(an_recipe_set(r, "colour_jitter", "1"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "colour_jitter is not a key of a recipe; did you mean brightness?");
    expect_failure(an_recipe_set(r, "hue", "0.6"), ALEXNET_ERROR_INVALID_ARGUMENT, "0 to 0.5");
    an_recipe_free(r);
}

/* ---- Setting ---- */

static void expect_equal(const alexnet_recipe *a, const alexnet_recipe *b)
{
    char *x = an_recipe_text(a), *y = an_recipe_text(b);
    assert_string_equal(x, y);
    an_free(x);
    an_free(y);
}

static void expect_round_trip(const alexnet_recipe *recipe)
{
    alexnet_recipe *again = fresh();
    char *text = an_recipe_text(recipe);
    expect_ok(an_recipe_read(again, text, "round trip"));
    expect_equal(recipe, again);
    an_free(text);
    an_recipe_free(again);
}

static void test_layers(void **state)
{
    (void)state;
    alexnet_recipe *r = fresh();
    expect_set(r, "rate", "0.1");
    expect_set(r, "conv1.rate", "0");
    expect_set(r, "fc8.rate", "1 0.5@3");
    expect_set(r, "fc8.rate", "2"); /* again: it is replaced */
    expect_number(r, AN_KEY_RATE, "conv1", 1, 0);
    expect_number(r, AN_KEY_RATE, "conv2", 1, 0.1);
    expect_number(r, AN_KEY_RATE, "fc8", 3, 2);
    expect_number(r, AN_KEY_RATE, NULL, 1, 0.1);
    assert_string_equal(an_recipe_get(r, "conv2.rate"), "0.1");
    assert_null(an_recipe_get(r, "conv2.batch"));
    assert_null(an_recipe_get(r, "nonsense"));
    assert_string_equal(an_recipe_layer_key(r, 0), "conv1.rate");
    assert_string_equal(an_recipe_layer_key(r, 1), "fc8.rate");
    assert_null(an_recipe_layer_key(r, 2));
    assert_null(an_recipe_layer_key(r, -1));
    an_recipe_free(r);
}

/* Of all settings that match a layer the last one counts; setting one again makes it the last. */
static void test_patterns(void **state)
{
    (void)state;
    alexnet_recipe *r = fresh();
    expect_set(r, "conv1.rate", "0.5");
    expect_set(r, "conv*.rate", "0.25");
    expect_set(r, "fc?.decay", "1");
    expect_number(r, AN_KEY_RATE, "conv1", 1, 0.25);
    expect_number(r, AN_KEY_RATE, "conv12", 1, 0.25);
    expect_number(r, AN_KEY_RATE, "fc6", 1, 0.01);
    expect_number(r, AN_KEY_DECAY, "fc6", 1, 1);
    expect_number(r, AN_KEY_DECAY, "fc10", 1, 0.0005);
    assert_string_equal(an_recipe_get(r, "conv3.rate"), "0.25");
    expect_set(r, "conv1.rate", "0.5");
    expect_number(r, AN_KEY_RATE, "conv1", 1, 0.5);
    expect_number(r, AN_KEY_RATE, "conv2", 1, 0.25);
    assert_string_equal(an_recipe_layer_key(r, 0), "conv*.rate");
    assert_string_equal(an_recipe_layer_key(r, 2), "conv1.rate");
    assert_null(an_recipe_layer_key(r, 3));
    expect_round_trip(r);
    an_recipe_free(r);
}

static void test_frozen_layers(void **state)
{
    (void)state;
    alexnet_recipe *r = fresh();
    assert_false(an_recipe_frozen(r, "none"));
    expect_set(r, "freeze", "conv*, fc6");
    assert_true(an_recipe_frozen(r, "conv1"));
    assert_true(an_recipe_frozen(r, "fc6"));
    assert_false(an_recipe_frozen(r, "fc7"));
    expect_round_trip(r);
    expect_set(r, "freeze", "none");
    assert_false(an_recipe_frozen(r, "conv1"));
    an_recipe_free(r);
}

/* The memory and time that a recipe from anybody can take are limited. */
static void test_many_layers(void **state)
{
    (void)state;
    alexnet_recipe *r = fresh();
    char key[32];
    for (int i = 0; i < 4096; i++) {
        snprintf(key, sizeof key, "layer%d.rate", i);
        expect_ok(an_recipe_set(r, key, "1"));
    }
    expect_failure(an_recipe_set(r, "one.rate", "1"), ALEXNET_ERROR_UNSUPPORTED, "at most 4096");
    expect_set(r, "layer7.rate", "2"); /* replacing one needs no room */
    expect_number(r, AN_KEY_RATE, "layer7", 1, 2);
    an_recipe_free(r);
}

/* Texts that a recipe has returned may be passed back to it as arguments. */
static void test_own_texts(void **state)
{
    (void)state;
    alexnet_recipe *r = fresh();
    expect_set(r, "conv1.rate", "0.5");
    expect_set(r, "fc6.rate", "0.25");
    expect_ok(an_recipe_set(r, an_recipe_layer_key(r, 0), an_recipe_get(r, "fc6.rate")));
    assert_string_equal(an_recipe_layer_key(r, 0), "fc6.rate");
    assert_string_equal(an_recipe_layer_key(r, 1), "conv1.rate");
    assert_null(an_recipe_layer_key(r, 2));
    expect_number(r, AN_KEY_RATE, "conv1", 1, 0.25);
    expect_number(r, AN_KEY_RATE, "fc6", 1, 0.25);
    an_recipe_free(r);
}

/* A value is one line of a recipe file. */
static void test_values_of_one_line(void **state)
{
    (void)state;
    alexnet_recipe *r = fresh();
    expect_failure(an_recipe_set(r, "rate", "\n0.01"), ALEXNET_ERROR_INVALID_ARGUMENT,
                   "rate = \\x0a0.01: expected a number");
    expect_failure(an_recipe_set(r, "epochs", "\v3"), ALEXNET_ERROR_INVALID_ARGUMENT, "epochs");
    expect_set(r, "rate", "0.01\t0.001@5");
    expect_round_trip(r);
    an_recipe_free(r);
}

/* Blanks around a value are not kept, as in a recipe file. */
static void test_blanks(void **state)
{
    static const char *const rows[][2] = {{"epochs", "7"},          {"warmup", "0.5"},
                                          {"rate", "0.01 0.001@5"}, {"crop_area", "0.1 0.9"},
                                          {"freeze", "conv1 fc*"},  {"conv1.rate", "0.5"}};
    alexnet_recipe *r = fresh();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char value[64];
        snprintf(value, sizeof value, "\t %s \t", rows[i][1]);
        expect_ok(an_recipe_set(r, rows[i][0], value));
        assert_string_equal(an_recipe_get(r, rows[i][0]), rows[i][1]);
    }
    expect_round_trip(r);
    an_recipe_free(r);
}

static void expect_refused(const char *key, const char *value, const char *part)
{
    alexnet_recipe *r = fresh();
    char *before = an_recipe_text(r);
    expect_failure(an_recipe_set(r, key, value), ALEXNET_ERROR_INVALID_ARGUMENT, part);
    char *after = an_recipe_text(r);
    assert_string_equal(after, before);
    an_free(before);
    an_free(after);
    an_recipe_free(r);
}

/* A key that takes a file takes its choices too; a path is what a recipe's text gives back. */
static void test_paths(void **state)
{
    (void)state;
    static const char *const good[] = {"w.txt", "a b/c=d:e.txt", "FILE", "a;b", "\xc3\xa4", "#"};
    static const char *const bad[] = {"",     " w",   "w ",   ";w",      "a ;b",
                                      "a\tb", "a\nb", "a\rb", "\xff.txt"};
    alexnet_recipe *r = fresh();
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        expect_set(r, "class_weights", good[i]);
        assert_int_equal(an_recipe_choice(r, AN_KEY_CLASS_WEIGHTS), AN_WEIGHTS_FILE);
        expect_round_trip(r);
    }
    expect_set(r, "class_weights", "balanced");
    assert_int_equal(an_recipe_choice(r, AN_KEY_CLASS_WEIGHTS), AN_WEIGHTS_BALANCED);
    an_recipe_free(r);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_refused("class_weights", bad[i], "expected none|balanced|FILE, a path in UTF-8");
}

static void test_steps_by_epoch(void **state)
{
    (void)state;
    alexnet_recipe *r = fresh();
    expect_set(r, "rate", "0.5, 0.25@2  0.125@10");
    expect_number(r, AN_KEY_RATE, NULL, 1, 0.5);
    expect_number(r, AN_KEY_RATE, NULL, 2, 0.25);
    expect_number(r, AN_KEY_RATE, NULL, 9, 0.25);
    expect_number(r, AN_KEY_RATE, NULL, 10, 0.125);
    expect_number(r, AN_KEY_RATE, NULL, 1e6, 0.125);
    an_recipe_free(r);
}

static void test_hostile_values(void **state)
{
    (void)state;
    static const char *const numbers[] = {"",
                                          " ",
                                          "x",
                                          "nan",
                                          "inf",
                                          "-1",
                                          "1e999",
                                          "1001",
                                          "0.01x",
                                          "0.01 abc",
                                          "0.01 0.001@",
                                          "0.01 @5",
                                          "0.01 0.001@x",
                                          "0.01 0.001@-1",
                                          "0.01 0.001@0",
                                          "0.01@5",
                                          "0.01@1 0.1@2",
                                          "0.01 0.1@5 0.2@5",
                                          "0.01 0.1@5 0.2@4",
                                          "0.01 0.1@nan",
                                          "0.01 5000@5",
                                          "0.01 0.1@3 x",
                                          "0.01\n[recipe]",
                                          "1;2",
                                          "0x1",
                                          "0X1p-4",
                                          "0.01 0.001@0x10",
                                          "0.01@1@2"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        expect_refused("rate", numbers[i],
                       "expected a number from 0 to 1000, or steps in increasing epochs such as "
                       "\"0.01 0.001@25\"");
        expect_refused("conv1.rate", numbers[i], "conv1.rate = ");
    }
    static const char *const integers[] = {
        "", "0", "-5", "1.5", "1e3", "65537", "ten", "0x10", "99999999999999999999", "64 1@2"};
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++)
        expect_refused("batch", integers[i], "expected an integer from 1 to 65536");
    expect_refused("warmup", "1 2@5", "warmup = 1 2@5: expected a number from 0 to 1000000");
    expect_refused("step_factor", "0.1 0.2@3", "expected a number from 0 to 1");
    expect_refused("step_factor", "1.5", "expected a number from 0 to 1");
    expect_refused("step_factor", "0x0.8", "expected a number from 0 to 1");
    expect_refused("crop_area", "0x0.8 1", "expected two numbers from 0.001 to 1");
    expect_refused("momentum", "1", "expected a number from 0 to 0.9999");
    expect_refused("schedule", "cosin",
                   "schedule = cosin: expected constant|step|exponential|poly|cosine|plateau");
    expect_refused("schedule", "", "expected constant|step|exponential|poly|cosine|plateau");
    expect_refused("mirror", "yes no", "expected no|yes");
    expect_refused("freeze", "", "expected none, or names: conv1 fc*");
    expect_refused("freeze", " , ", "expected none, or names");
    expect_refused("freeze", "conv1 a/b", "expected none, or names");
    expect_refused("freeze", "[conv1]", "expected none, or names");
    expect_refused("seed", "-1", "expected an integer from 0 to 9e15");
    expect_refused("seed", "9000000000000001", "expected an integer from 0 to 9e15");
}

static void test_hostile_keys(void **state)
{
    (void)state;
    expect_refused("epoch", "5", "epoch is not a key of a recipe; did you mean epochs?");
    expect_refused("Rate", "5", "did you mean rate?");
    expect_refused("", "5", "is not a key of a recipe; `alexnet_recipe_key_get()` lists them");
    expect_refused("conv1.rates", "5", "rates is not a key of a recipe; did you mean rate?");
    expect_refused("learning_rate", "1", "did you mean rate?");
    expect_refused("weight_decay", "1", "did you mean decay?");
    expect_refused("conv*.lr", "1", "did you mean rate?");
    expect_refused("conv[12].rate", "1",
                   "conv[12] is not a layer's name, of letters, digits, _ and -, or a pattern of "
                   "names, in which * is any text and ? any character, such as conv1.rate or "
                   "conv?.rate");
    expect_refused("conv1.freeze", "none",
                   "freeze cannot differ by layer; keys that can are rate, ");
    expect_refused("conv1.batch", "5", "batch cannot differ by layer");
    expect_refused(".rate", "5", "is not a layer's name");
    expect_refused("a.b.rate", "5", "a.b is not a layer's name");
    expect_refused("a b.rate", "5", "a b is not a layer's name");
    expect_refused("a\n[x.rate", "5", "is not a layer's name");
    expect_refused("123456789_123456789_123456789_123456789_12345678.rate", "5",
                   "is not a layer's name");
    char value[400];
    memset(value, '1', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    expect_refused("rate", value, "rate: the value has 399 bytes; at most 127");
}

/* ---- Text ---- */

/* The longest name, key and value make a line that is still read: a checkpoint that could not be
 * read again would be a lost run. */
static void test_round_trip(void **state)
{
    (void)state;
    alexnet_recipe *r = fresh(), *copy;
    char value[128] = "0.1";
    expect_round_trip(r);
    for (int i = 1; strlen(value) < 120; i++)
        sprintf(value + strlen(value), " 0.%d@%d", i, i);
    while (strlen(value) < 127)
        strcat(value, "0");
    expect_set(r, "12345678901234567890123456789012345678901234567.decay_bias", value);
    expect_set(r, "12345678901234567890123456789012345678901234567.momentum", value);
    expect_set(r, "colour_noise", value);
    expect_set(r, "conv-1_a.rate", "0.5 0@3");
    expect_set(r, "schedule", "step");
    expect_set(r, "seed", "9000000000000000");
    expect_round_trip(r);
    expect_ok(an_recipe_copy(&copy, r));
    expect_equal(r, copy);
    an_recipe_free(r);
    expect_round_trip(copy); /* the copy owns its texts */
    an_recipe_free(copy);
}

/* A run from before a key existed continues without what the key does by default today. */
static void test_runs_of_before(void **state)
{
    (void)state;
    static const char text[] = "[recipe]\nbatch = 64\nepochs = 20\nrate = 0.01\nrate_bias = 0.02\n"
                               "schedule = cosine\nstep_epochs = 30\nstep_factor = 0.1\n"
                               "warmup = 1\nmomentum = 0.9\ndecay = 0.0005\ndecay_bias = 0\n"
                               "init = safe\ncrop = random\nmirror = yes\ncolour_noise = 0\n"
                               "report = 20\nseed = 1\n";
    alexnet_recipe *r = fresh();
    expect_ok(an_recipe_read_whole(r, text, "run"));
    assert_string_equal(an_recipe_get(r, "rule"), "2012");
    assert_string_equal(an_recipe_get(r, "crop_area"), "0.08 1");
    expect_number(r, AN_KEY_AVERAGE, NULL, 1, 0);
    expect_number(r, AN_KEY_BRIGHTNESS, NULL, 1, 0);
    expect_number(r, AN_KEY_CONTRAST, NULL, 1, 0);
    expect_number(r, AN_KEY_SATURATION, NULL, 1, 0);
    an_recipe_free(r);
    r = fresh();
    expect_failure(an_recipe_read_whole(r, "[recipe]\nbatch = 64\n", "run"), ALEXNET_ERROR_FORMAT,
                   "run: the recipe of the run lacks epochs");
    an_recipe_free(r);
}

static alexnet_status read_text(const char *text)
{
    alexnet_recipe *r = fresh();
    alexnet_status rc = an_recipe_read(r, text, "my.ini");
    an_recipe_free(r);
    return rc;
}

static void test_files(void **state)
{
    (void)state;
    const alexnet_status bad = ALEXNET_ERROR_FORMAT;
    expect_ok(read_text(""));
    expect_ok(read_text("[recipe]\nbatch = 3\n[run]\nanything = goes\n"));
    expect_failure(read_text("[recipe]\nbatch = 0\n"), bad,
                   "my.ini:2: [recipe] batch = 0: expected");
    expect_failure(read_text("[recipe]\nrte = 1\n"), bad, "my.ini:2: [recipe] rte is not a key");
    expect_failure(read_text("[recipes]\nrate = 1\n"), bad, "my.ini:1: [recipes] is not a section");
    expect_failure(read_text("rate = 1\n"), bad, "my.ini:1: rate comes before");
    expect_failure(read_text("[recipe]\nrate = 1\nbatch = 2\nrate = 2\n"), bad,
                   "my.ini:4: [recipe] this key is given twice");
    expect_failure(read_text("[recipe]\na.rate = 1\nb.rate = 1\na.rate = 2\n"), bad,
                   "my.ini:4: [recipe] this key is given twice");
    expect_failure(read_text("[recipe]\nrate = 1\n[run]\na = 1\n[recipe]\nbatch = 2\n"), bad,
                   "my.ini:5: [recipe] this section appears twice");
    scratch_write("zero.ini", "[recipe]\0", 9);
    alexnet_recipe *r;
    expect_failure(an_recipe_load(&r, "zero.ini"), bad, "zero.ini is not a recipe file: it holds");
    scratch_text("own.ini", "[recipe]\nepochs = 7\nfc6.decay = 0.1\n");
    expect_ok(an_recipe_load(&r, "own.ini"));
    assert_int_equal(an_recipe_integer(r, AN_KEY_EPOCHS), 7);
    assert_int_equal(an_recipe_integer(r, AN_KEY_BATCH), 32); /* left out by the file */
    expect_number(r, AN_KEY_DECAY, "fc6", 1, 0.1);
    an_recipe_free(r);
}

static void test_short_of_memory(void **state)
{
    (void)state;
    scratch_text("own.ini", "[recipe]\nepochs = 7\nfc6.decay = 0.1\n");
    alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
    uint64_t n = 0;
    while (rc != ALEXNET_OK) {
        alexnet_recipe *r, *copy = NULL;
        an_alloc_fail_at(++n);
        rc = an_recipe_load(&r, "own.ini");
        if (rc == ALEXNET_OK)
            rc = an_recipe_copy(&copy, r);
        an_alloc_fail_at(0);
        if (rc != ALEXNET_OK) {
            expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "memory");
            assert_null(copy);
        }
        an_recipe_free(r);
        an_recipe_free(copy);
        assert_in_range(n, 1, 100);
    }
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_manual),
        cmocka_unit_test(test_the_manuals_example),
        cmocka_unit_test(test_the_table),
        cmocka_unit_test(test_the_default_recipe),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_frozen_layers),
        cmocka_unit_test(test_many_layers),
        cmocka_unit_test(test_own_texts),
        cmocka_unit_test(test_values_of_one_line),
        cmocka_unit_test(test_blanks),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_steps_by_epoch),
        cmocka_unit_test(test_hostile_values),
        cmocka_unit_test(test_hostile_keys),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_runs_of_before),
        IN_SCRATCH(test_files),
        IN_SCRATCH(test_short_of_memory),
    };
    return cmocka_run_group_tests_name("recipes", tests, NULL, NULL);
}
