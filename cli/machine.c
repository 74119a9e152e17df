#include "machine.h"

#include "progress.h"
#include "signals.h"

static const opt rows[] = {
    {.name = "device",
     .type = OPT_TEXT,
     .arg = "NAME",
     .standard = "auto",
     .help = "auto, ref or cpu; 'alexnet selftest' lists what there is",
     .offset = offsetof(machine_options, device)},
    {.name = "precision",
     .type = OPT_CHOICE,
     .arg = "auto|fp32|tf32|bf16",
     .standard = "auto",
     .help = "auto trains in bf16 where the device has it, else fp32, and infers in fp32",
     .offset = offsetof(machine_options, precision)},
    {.name = "threads",
     .type = OPT_INTEGER,
     .arg = "N",
     .low = 0,
     .high = 4096,
     .standard = "0",
     .help = "threads to compute with; 0 takes the CPUs that we may use",
     .offset = offsetof(machine_options, threads)},
    {.name = "quiet",
     .letter = 'q',
     .type = OPT_FLAG,
     .help = "no progress and no notes; warnings and errors remain",
     .offset = offsetof(machine_options, quiet)},
    {.name = "json",
     .type = OPT_FLAG,
     .help = "results as JSON",
     .offset = offsetof(machine_options, json)},
};

opt_group machine_group(machine_options *options)
{
    return (opt_group){"Common options", rows, COUNT_OF(rows), options};
}

static void log_line(void *user, alexnet_log_level level, const char *line)
{
    (void)user;
    if (level == ALEXNET_LOG_WARNING)
        progress_say("warning: %s", line);
    else
        progress_note("%s", line);
}

int machine_open(alexnet_ctx **out, const machine_options *options)
{
    progress_set_quiet(options->quiet);
    alexnet_ctx_options wishes = ALEXNET_CTX_OPTIONS_INIT;
    wishes.device = options->device;
    wishes.precision = (alexnet_precision)options->precision;
    wishes.threads = (int)options->threads;
    wishes.log = log_line;
    alexnet_status status = alexnet_ctx_new(out, &wishes);
    if (status)
        return cli_failed(status);
    signals_watch(*out);
    return CLI_DONE;
}

void machine_close(alexnet_ctx *ctx)
{
    signals_watch(NULL);
    alexnet_ctx_free(ctx);
}
