#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "library_text.h"
#include "progress.h"
#include "signals.h"
#include "text.h"

/* Filled in by list_devices(), because it depends on the build. */
static char devices_help[128];

enum { ROW_THREADS = 3, ROWS_PLAIN = 3 };

static const opt rows[] = {
    {.name = "device",
     .type = OPT_TEXT,
     .also = {"gpu", "gpus", "cuda", "cpu", "no-cuda"},
     .arg = "DEVICE",
     .standard = "auto",
     .help = devices_help,
     .offset = offsetof(machine_options, device)},
    {.name = "precision",
     .type = OPT_CHOICE,
     .also = {"fp16", "half", "amp", "mixed-precision", "dtype"},
     .arg = "auto|fp32|tf32|bf16",
     .standard = "auto",
     .help = "auto: training in bf16 if the device has it, else fp32; inference in fp32; only cuda "
             "has tf32, other devices compute in fp32 instead",
     .offset = offsetof(machine_options, precision)},
    {.name = "tuning",
     .type = OPT_TEXT,
     .arg = "FILE",
     .help = "choose implementations of layers from this file, written by 'alexnet bench --tune' "
             "(default: a built-in table for the instruction set, or the choices that a resumed "
             "run began with)",
     .reads = true,
     .offset = offsetof(machine_options, tuning)},
    {.name = "threads",
     .type = OPT_INTEGER,
     .also = {"workers", "num-workers", "jobs", "j", "nthreads"},
     .arg = "N",
     .low = 0,
     .high = 4096,
     .standard = "0",
     .help = "number of threads, of which at most 8 for each CPU are used; 0: as many as there are "
             "CPUs available",
     .offset = offsetof(machine_options, threads)},
    {.name = "quiet",
     .letter = 'q',
     .type = OPT_FLAG,
     .also = {"silent"},
     .help = "no progress and no notes, only warnings and errors",
     .offset = offsetof(machine_options, quiet)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "results as JSON",
     .offset = offsetof(machine_options, json)},
    {.name = "deterministic",
     .type = OPT_FLAG,
     .help = "cuda: the same bits from run to run, at a cost in speed; cpu always gives them",
     .offset = offsetof(machine_options, deterministic)},
};

/* List the devices of this build in the help. The other options are the same in every build, so
 * that a script for a GPU runs without one too. */
static void list_devices(void)
{
    alexnet_device_info device;
    char last[sizeof device.name] = "";
    int length = snprintf(devices_help, sizeof devices_help, "auto");
    for (int i = 0; alexnet_device_get(i, &device); i++) {
        device.name[strcspn(device.name, ":")] = '\0';
        if (strcmp(device.name, last) != 0)
            length +=
                snprintf(devices_help + length, sizeof devices_help - (size_t)length, ", %s%s",
                         device.name, strcmp(device.name, "cuda") == 0 ? ", cuda:1, ..." : "");
        memcpy(last, device.name, sizeof last);
    }
    snprintf(devices_help + length, sizeof devices_help - (size_t)length,
             "; 'alexnet selftest' lists them");
}

opt_group machine_group(machine_options *options)
{
    list_devices();
    return (opt_group){"Common options", rows, COUNT_OF(rows), options, true};
}

opt_group machine_group_plain(machine_options *options)
{
    options->device = "cpu";
    return (opt_group){"Common options", rows + ROW_THREADS, ROWS_PLAIN, options, true};
}

static void log_line(void *user, alexnet_log_level level, const char *line)
{
    (void)user;
    if (level == ALEXNET_LOG_WARNING)
        progress_say("warning: %s", library_text(line));
    else if (!text_starts_with(line, "device ") && !text_starts_with(line, "memory of "))
        /* training prints these in its own words, other commands do not print them */
        progress_note("%s", library_text(line));
}

static void show_work(void *user, const alexnet_work *work)
{
    (void)user;
    progress_work(work);
}

int machine_open(alexnet_ctx **out, const machine_options *options)
{
    progress_set_quiet(options->quiet);
    alexnet_ctx_options settings = ALEXNET_CTX_OPTIONS_INIT;
    settings.device = options->device;
    settings.precision = (alexnet_precision)options->precision;
    settings.threads = (int)options->threads;
    settings.tuning = options->tuning;
    settings.deterministic = options->deterministic;
    settings.log = log_line;
    settings.work = show_work;
    alexnet_status status = alexnet_ctx_new(out, &settings);
    if (status)
        return cli_input_code(status); /* an I/O error is about the tuning file */
    signals_watch(*out);
    return CLI_DONE;
}

/* Whether `name` means this device; "cpu:0" is "cpu". */
static bool is_named(const char *device, const char *name)
{
    size_t length = strcspn(name, ":");
    if (strspn(name + length, ":0") == strlen(name + length))
        return strlen(device) == length && strncmp(device, name, length) == 0;
    return strcmp(device, name) == 0;
}

/* The device that `name` means; for auto the best one available. */
static bool find_device(alexnet_device_info *out, const char *name)
{
    bool any = !name || strcmp(name, "auto") == 0;
    for (int i = 0; alexnet_device_get(i, out); i++)
        if (out->available && (any || is_named(out->name, name)))
            return true;
    return false;
}

/* The precision of training, by the rule of alexnet_precision. A GPU with bf16 has tf32 too. */
static const char *training_precision(const alexnet_device_info *device, int wanted)
{
    alexnet_precision precision = ALEXNET_PRECISION_FP32;
    if (strcmp(device->name, "ref") == 0)
        return "float64";
    if (wanted == ALEXNET_PRECISION_TF32 && device->bf16 && text_starts_with(device->name, "cuda"))
        precision = ALEXNET_PRECISION_TF32;
    else if (wanted != ALEXNET_PRECISION_FP32 && wanted != ALEXNET_PRECISION_TF32 && device->bf16)
        precision = ALEXNET_PRECISION_BF16;
    return alexnet_precision_name(precision);
}

char *machine_text(const alexnet_ctx *ctx, const machine_options *options)
{
    alexnet_device_info device;
    if (!find_device(&device, options->device))
        return cli_copy("?");
    int threads = alexnet_ctx_threads(ctx);
    return cli_format("%s: %s, %s%s%s; %s, %d %s", device.name, device.processor, device.isa,
                      *device.library ? ", " : "", device.library,
                      training_precision(&device, options->precision), threads,
                      text_plural(threads, "thread", "threads"));
}

/* The options to be typed; `device` and `precision` may be NULL. Owned by the caller. */
static char *arguments(const char *device, const char *precision, const machine_options *options)
{
    char *tuning = options->tuning ? cli_quote(options->tuning) : NULL;
    char *text = cli_format("%s%s%s%s%s%s%s", device ? " --device " : "", device ? device : "",
                            precision ? " --precision " : "", precision ? precision : "",
                            tuning ? " --tuning " : "", tuning ? tuning : "",
                            options->deterministic ? " --deterministic" : "");
    free(tuning);
    return text;
}

char *machine_arguments(const machine_options *options)
{
    alexnet_device_info device;
    if (!find_device(&device, options->device))
        return cli_copy("");
    const char *precision = training_precision(&device, options->precision);
    bool chosen = strcmp(precision, "float64") != 0; /* ref has only this, and no word for it */
    return arguments(device.name, chosen ? precision : NULL, options);
}

char *machine_arguments_given(const machine_options *options)
{
    const char *device = strcmp(options->device, "auto") != 0 ? options->device : NULL;
    const char *precision = options->precision != ALEXNET_PRECISION_AUTO
                                ? alexnet_precision_name((alexnet_precision)options->precision)
                                : NULL;
    return arguments(device, precision, options);
}

void machine_describe(const alexnet_ctx *ctx, const machine_options *options)
{
    char *text = machine_text(ctx, options);
    progress_note("device   %s", text);
    free(text);
}

void machine_close(alexnet_ctx *ctx)
{
    signals_watch(NULL);
    alexnet_ctx_free(ctx);
}

int machine_check_memory(double bytes, const char *what, const char *remedy)
{
    char need[TEXT_SIZE], there[TEXT_SIZE];
    const double available = (double)alexnet_memory_available();
    if (bytes <= available)
        return CLI_DONE;
    return cli_error(CLI_FAILED, "%s take %s of memory, but only %s is available%s", what,
                     text_bytes(need, bytes), text_bytes(there, available), remedy);
}
