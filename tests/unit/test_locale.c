/*
 * A program whose locale has a decimal comma: files and texts still have a point. The locale is
 * made here, by localedef; where that fails, the test is skipped.
 */
#include "training_rig.h"

#include <locale.h>
#include <stdlib.h>

#include "base/text.h"

static void test_decimal_points(void **state)
{
    static const char *const settings[] = {"batch", "4", "epochs", "1", "rate", "0.25", NULL};
    alexnet_network *network;
    alexnet_progress last;
    char text[32], *recipe;
    double value;
    (void)state;
    if (system("localedef -i de_DE -f UTF-8 ./de_DE.UTF-8 >/dev/null 2>&1") != 0 ||
        setenv("LOCPATH", scratch_folder, 1) != 0 || !setlocale(LC_ALL, "de_DE.UTF-8"))
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_decimal_points, rig_set_up, scratch_teardown),
    };
    return cmocka_run_group_tests_name("locale", tests, NULL, NULL);
}
