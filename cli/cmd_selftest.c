#include <stdio.h>
#include <string.h>

#include "json.h"
#include "machine.h"
#include "signals.h"
#include "table.h"

static const opt_page page = {
    .command = "selftest",
    .usage = {"selftest [options]"},
    .about =
        "Check this installation: list the devices, their instruction sets and the libraries in "
        "use, and compare every operator on every device with the reference. The worst "
        "deviation is given as a fraction of the rounding bound; above 1 a test fails, and the "
        "exit code is 1. Each line ends with the implementation that computed the operator: "
        "oneDNN's kernels or native ones, by name and instruction set, or the reference itself.",
    .examples = {{"selftest", "check this installation"},
                 {"selftest --json", "the same, for another program to read"}},
};

/* The results of the tests. */
typedef struct tally {
    int passed, failed, skipped;
} tally;

static void print_devices(void)
{
    static const char *const heading[] = {"device",  "processor", "instructions",
                                          "library", "bf16",      "available"};
    alexnet_device_info device;
    table t = table_new("llllll");
    table_add_row(&t, heading);
    for (int i = 0; alexnet_device_get(i, &device); i++) {
        table_add(&t, "%s", device.name);
        table_add(&t, "%s", device.processor);
        table_add(&t, "%s", device.isa);
        table_add(&t, "%s", device.library);
        table_add(&t, "%s", device.bf16 ? "yes" : "no");
        table_add(&t, "%s", device.available ? "yes" : "no");
    }
    table_print(&t, stdout);
    for (int i = 0; alexnet_device_get(i, &device); i++)
        if (device.absent[0])
            printf("%s is absent: %s\n", device.name, device.absent);
    const char *name, *version;
    printf("\nalexnet %s", alexnet_version());
    for (int i = 0; alexnet_library_get(i, &name, &version); i++)
        printf(", %s %s", name, version);
    printf("\n\n");
}

static json_t *devices_json(void)
{
    json_t *list = json_array();
    alexnet_device_info device;
    for (int i = 0; alexnet_device_get(i, &device); i++) {
        json_t *row = json_object();
        json_object_set_new(row, "name", json_text(device.name));
        json_object_set_new(row, "processor", json_text(device.processor));
        json_object_set_new(row, "isa", json_text(device.isa));
        json_object_set_new(row, "library", json_text(device.library));
        json_object_set_new(row, "bf16", json_boolean(device.bf16));
        json_object_set_new(row, "available", json_boolean(device.available));
        if (device.absent[0])
            json_object_set_new(row, "absent", json_text(device.absent));
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *libraries_json(void)
{
    json_t *libraries = json_object();
    const char *name, *version;
    for (int i = 0; alexnet_library_get(i, &name, &version); i++)
        json_object_set_new(libraries, name, json_text(version));
    return libraries;
}

static const char *verdict(const alexnet_selftest_result *result)
{
    return result->skipped ? "skipped" : result->passed ? "passed" : "FAILED";
}

static void print_result(const alexnet_selftest_result *result)
{
    printf("%-8s %-48s ", result->device, result->test);
    if (result->skipped)
        printf("       -  skipped: %s\n", result->skipped);
    else
        printf("%8.3f  %s  %s\n", result->worst, verdict(result), result->computed_by);
    fflush(stdout);
}

static void add_result(json_t *list, const alexnet_selftest_result *result)
{
    json_t *row = json_object();
    json_object_set_new(row, "device", json_text(result->device));
    json_object_set_new(row, "test", json_text(result->test));
    json_object_set_new(row, "result", json_text(verdict(result)));
    if (!result->skipped)
        json_object_set_new(row, "computed_by", json_text(result->computed_by));
    if (result->skipped)
        json_object_set_new(row, "reason", json_text(result->skipped));
    else
        json_object_set_new(row, "worst", json_number(result->worst));
    json_array_append_new(list, row);
}

/* Run all tests. Each result is printed at once, or added to `list` if there is one. */
static int run_tests(alexnet_ctx *ctx, json_t *list, tally *count)
{
    alexnet_selftest *test;
    alexnet_status status = alexnet_selftest_new(&test, ctx);
    bool more = true;
    int code = CLI_DONE;
    while (!status) {
        alexnet_selftest_result result;
        status = alexnet_selftest_next(test, &result, &more);
        if (status || !more)
            break;
        if (signals_stopped()) {
            code = signals_exit_code();
            break;
        }
        if (list)
            add_result(list, &result);
        else
            print_result(&result);
        count->skipped += result.skipped != NULL;
        count->passed += !result.skipped && result.passed;
        count->failed += !result.skipped && !result.passed;
    }
    alexnet_selftest_free(test);
    return status ? cli_code(status) : code;
}

static int run(const machine_options *machine)
{
    alexnet_ctx *ctx;
    tally count = {0};
    json_t *list = machine->json ? json_array() : NULL;
    int code = machine_open(&ctx, machine);
    if (code == CLI_DONE && !list) {
        print_devices();
        printf("%-8s %-48s %8s  result  computed by\n", "device", "test", "worst");
    }
    const bool opened = code == CLI_DONE;
    if (opened)
        code = run_tests(ctx, list, &count);
    if (code == CLI_DONE && count.failed)
        code = CLI_FAILED;
    if (list)
        json_print(json_pack("{s:o, s:o, s:o, s:b}", "devices", devices_json(), "libraries",
                             libraries_json(), "tests", list, "passed", code == CLI_DONE));
    else if (opened)
        printf("\n%d passed, %d failed, %d skipped\n", count.passed, count.failed, count.skipped);
    machine_close(ctx);
    return code;
}

int cmd_selftest(int argc, char **argv)
{
    int code;
    machine_options machine = {0};
    opt_args args = {.page = &page, .groups = {machine_group(&machine)}};
    if (opt_parse(&args, argc, argv, &code))
        code = args.file_count ? opt_wrong(&page, "selftest takes no files") : run(&machine);
    return code;
}
