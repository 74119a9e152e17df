/*
 * A program whose locale has a decimal comma or a point of several bytes: files and texts still
 * have a point. One in Turkish, where I is not the capital of i: the case of endings and keys does
 * not matter. The locales are made here, by localedef; where that fails, a test is skipped.
 */
#include "training_rig.h"

#include <ctype.h>
#include <locale.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/writer.h"

/* Make a locale, "de_DE", and set it. */
static bool set_locale(const char *language)
{
    char command[128], name[32];
    snprintf(name, sizeof name, "%s.UTF-8", language);
    snprintf(command, sizeof command, "localedef -i %s -f UTF-8 ./%s >/dev/null 2>&1", language,
             name);
    return system(command) == 0 && setenv("LOCPATH", scratch_folder, 1) == 0 &&
           setlocale(LC_ALL, name);
}

static void test_decimal_points(void **state)
{
    static const char *const settings[] = {"batch", "4", "epochs", "1", "rate", "0.25", NULL};
    alexnet_network *network;
    alexnet_progress last;
    char text[32], *recipe;
    double value;
    (void)state;
    if (!set_locale("de_DE"))
        skip();
    snprintf(text, sizeof text, "%g", 0.5);
    assert_string_equal(text, "0,5"); /* the host's own */
    an_print_in(text, sizeof text, "%g", 0.5);
    assert_string_equal(text, "0.5");
    assert_true(an_text_to_double("0.25", &value) && value == 0.25);
    rig_write_pictures("data", 2, 8);
    alexnet_ctx *ctx = rig_ref_ctx();
    expect_ok(rig_train_on(ctx, "data", NULL, "run", settings, &last));
    expect_ok(an_file_read_text("run/recipe.ini", "a recipe", &recipe));
    assert_non_null(strstr(recipe, "0.25"));
    assert_null(strstr(recipe, "0,"));
    an_free(recipe);
    expect_ok(alexnet_network_load(&network, ctx, "net.ini"));
    assert_non_null(strstr(alexnet_network_preprocessing(network), "0.02"));
    alexnet_network_free(network);
    an_fail(ALEXNET_ERROR_IO, "%g", 0.5);
    assert_string_equal(alexnet_error_text(), "0.5");
    snprintf(text, sizeof text, "%g", 0.5);
    assert_string_equal(text, "0,5"); /* as it was */
    alexnet_ctx_free(ctx);
    setlocale(LC_ALL, "C");
}

/* Pashto's decimal point takes two bytes. The record of a run and its log are JSON. */
static void test_point_of_several_bytes(void **state)
{
    static const char *const settings[] = {"batch", "4", "epochs", "1", NULL};
    static const char *const longer[] = {"epochs", "2", NULL};
    alexnet_resume_options options = ALEXNET_RESUME_OPTIONS_INIT;
    alexnet_trainer *trainer;
    alexnet_progress last;
    char text[32], *loss, *log;
    bool more;
    (void)state;
    if (!set_locale("ps_AF"))
        skip();
    snprintf(text, sizeof text, "%g", 0.5);
    assert_int_equal(strlen(text), 4);
    rig_write_pictures("data", 2, 8);
    alexnet_ctx *ctx = rig_ref_ctx();
    expect_ok(rig_train_on(ctx, "data", NULL, "run", settings, &last));
    options.settings = longer;
    expect_ok(alexnet_trainer_resume(&trainer, ctx, "run", &options));
    expect_ok(alexnet_trainer_step(trainer, &last, &more));
    assert_int_equal(last.epoch, 2);
    alexnet_trainer_free(trainer);
    expect_ok(an_file_read_text("run/log.jsonl", "a log", &log));
    assert_non_null(loss = strstr(log, "\"loss\":"));
    loss += strlen("\"loss\":");
    loss += strspn(loss, "0123456789");
    assert_true(loss[0] == '.' && isdigit((unsigned char)loss[1]));
    an_free(log);
    alexnet_ctx_free(ctx);
    setlocale(LC_ALL, "C");
}

static void capitals(char *text)
{
    for (; *text; text++)
        *text = (char)(*text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text);
}

static void test_capitals(void **state)
{
    static const char keys[] = "[network]\nname = tiny\n[input]\nSIZE = 14\nSIDE = 16\n"
                               "[f]\nTYPE = fc\nINPUTS = input\nOUTPUTS = 2\nINITW = 0.1\n"
                               "[p]\nTYPE = softmax\nINPUTS = f\n";
    alexnet_network *network;
    char path[64], ending[16];
    int count = 0;
    (void)state;
    if (!set_locale("tr_TR"))
        skip();
    assert_int_not_equal(tolower('I'), 'i'); /* AddressSanitizer replaces strcasecmp() */
    expect_ok(an_make_folder("data/a"));
    for (const char *name; (name = alexnet_picture_ending(count)); count++) {
        snprintf(ending, sizeof ending, "%s", name);
        capitals(ending);
        snprintf(path, sizeof path, "data/a/%d%s", count, ending);
        rig_write_picture(path, 0, count);
    }
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_dataset *data = rig_open_data(ctx, "data");
    assert_int_equal(alexnet_dataset_count(data), count);
    alexnet_dataset_free(data);
    expect_ok(an_file_replace("keys.ini", keys, strlen(keys)));
    expect_ok(alexnet_network_load(&network, ctx, "keys.ini"));
    assert_int_equal(alexnet_network_side(network), 14);
    alexnet_network_free(network);
    alexnet_ctx_free(ctx);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_decimal_points, rig_set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_point_of_several_bytes, rig_set_up, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_capitals, rig_set_up, scratch_teardown),
    };
    return cmocka_run_group_tests_name("locale", tests, NULL, NULL);
}
