/*
 * How fast a program runs on device cuda with its batch resident: whole steps, recorded and
 * replayed, and every part of a step by the device's time stamps. For tools/gpu.sh; `alexnet bench`
 * also copies a batch and reads results for each step.
 *
 *     cuda_speed NET train|infer fp32|tf32|bf16 BATCH [SECONDS [DEVICE [deterministic|TUNING]]]
 *
 * Half a second warms up; then groups of steps, of 20 ms each, run for at least SECONDS (1), and at
 * least five of them; their median counts. bench/peer_torch.py measures in the same way.
 *
 * Prints "NET MODE PRECISION BATCH milliseconds images/s"; the measured speed of matrix products
 * and of copies; a row for each part, "| NET MODE BATCH | name | pass | milliseconds | GFLOP |
 * TFLOP/s | MB | floor | ratio |", in which the floor is the milliseconds that the part would take
 * at these speeds, and the ratio how many times as long it takes; and the rows of a tuning
 * (--tuning) with the algorithms that were used.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "speed/bench.h"

enum { WARM = 4, TIMED = 5, MAX_PARTS = 256, LEAST_GROUPS = 5, MOST_GROUPS = 1 << 16 };
static const double WARM_SECONDS = 0.5, GROUP_SECONDS = 0.02;

static const char *const precisions[] = {"auto", "fp32", "tf32", "bf16"};

static void must(alexnet_status status)
{
    if (status == ALEXNET_OK)
        return;
    fprintf(stderr, "cuda_speed: %s\n", alexnet_error_text());
    exit(1);
}

static int find_precision(const char *name)
{
    for (int i = 0; i < 4; i++)
        if (strcmp(name, precisions[i]) == 0)
            return i;
    fprintf(stderr, "cuda_speed: no precision \"%s\"\n", name);
    exit(2);
}

static void log_line(void *user, alexnet_log_level level, const char *line)
{
    (void)user, (void)level;
    fprintf(stderr, "%s\n", line);
}

/* The least milliseconds of a part: those of its arithmetic or of its memory, whichever is more. */
static double floor_of(const an_peak *peak, const an_step_info *info)
{
    const double flop = peak->flops > 0 ? 2.0 * (double)info->mult_adds / peak->flops : 0;
    const double bytes = peak->copied > 0 ? (double)info->bytes / peak->copied : 0;
    return 1e3 * (flop > bytes ? flop : bytes);
}

static an_peak measure_peak(alexnet_bench *b)
{
    an_backend *be = b->net->backend;
    an_peak peak = {.with = ""};
    if (be->api->peak && be->api->peak(be, be->precision, &peak)) /* then there are no floors */
        fprintf(stderr, "cuda_speed: %s\n", alexnet_error_text());
    printf("peak %.2f TFLOP/s, copies %.2f TB/s\n", peak.flops / 1e12, peak.copied / 1e12);
    return peak;
}

static void print_parts(alexnet_bench *b, const char *label)
{
    static double seconds[TIMED][MAX_PARTS];
    static const char *const passes[] = {"", "forward", "backward", "update", "pack"};
    const an_peak peak = measure_peak(b);
    int parts = an_program_steps(b->program);
    for (int run = 0; run < TIMED; run++)
        must(an_program_run_timed(b->program, seconds[run]));
    for (int i = 0; i < parts && i < MAX_PARTS; i++) {
        an_step_info info;
        double least = seconds[0][i];
        for (int run = 1; run < TIMED; run++)
            least = seconds[run][i] < least ? seconds[run][i] : least;
        an_program_step(b->program, i, &info);
        const double flop = 2.0 * (double)info.mult_adds, floor = floor_of(&peak, &info);
        printf("| %s | %s | %s | %.4f | %.2f | %.1f | %.2f | %.4f | %.2f |\n", label, info.name,
               passes[info.pass], 1e3 * least, flop / 1e9, flop / least / 1e12,
               (double)info.bytes / 1e6, floor, floor > 0 ? 1e3 * least / floor : 0);
    }
}

static void print_tuning(const alexnet_bench *b)
{
    char *rows = an_program_tuning(b->program);
    printf("%s", rows ? rows : "");
    an_free(rows);
}

/* The seconds that a number of steps take. */
static double time_steps(alexnet_bench *b, int steps)
{
    an_backend *be = b->net->backend;
    double began = an_clock();
    for (int i = 0; i < steps; i++)
        must(an_program_run(b->program));
    must(be->api->sync(be));
    return an_clock() - began;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The seconds of a step: the median of groups. */
static double median_step(alexnet_bench *b, double seconds)
{
    static double groups[MOST_GROUPS];
    double warm = 0, last = 0, all = 0;
    int count = 0;
    for (int i = 0; i < WARM || warm < WARM_SECONDS; i++)
        warm += last = time_steps(b, 1);
    const int steps = (int)(GROUP_SECONDS / last) + 1;
    while (count < MOST_GROUPS && (count < LEAST_GROUPS || all < seconds)) {
        groups[count] = time_steps(b, steps);
        all += groups[count++];
    }
    qsort(groups, (size_t)count, sizeof *groups, compare);
    return groups[count / 2] / steps;
}

static double find_seconds(const char *text)
{
    char *end;
    double seconds = strtod(text, &end);
    if (*text && !*end && seconds > 0 && seconds <= 60)
        return seconds;
    fprintf(stderr, "cuda_speed: SECONDS is \"%s\", expected more than 0, at most 60\n", text);
    exit(2);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0); /* in order with the log, and kept if a later part fails */
    if (argc < 5) {
        fprintf(stderr, "usage: cuda_speed NET train|infer fp32|tf32|bf16 BATCH [SECONDS [DEVICE "
                        "[deterministic|TUNING]]]\n");
        return 2;
    }
    char label[128];
    alexnet_ctx *ctx = NULL;
    alexnet_bench *b = NULL;
    alexnet_ctx_options options = ALEXNET_CTX_OPTIONS_INIT;
    const int precision = find_precision(argv[3]);
    const double seconds = find_seconds(argc > 5 ? argv[5] : "1");
    options.device = argc > 6 ? argv[6] : "cuda";
    options.precision = (alexnet_precision)precision;
    options.deterministic = argc > 7 && strcmp(argv[7], "deterministic") == 0;
    options.tuning = argc > 7 && !options.deterministic ? argv[7] : NULL;
    options.log = log_line;
    must(alexnet_ctx_new(&ctx, &options));
    alexnet_bench_options what = ALEXNET_BENCH_OPTIONS_INIT;
    what.net = argv[1];
    what.mode = strcmp(argv[2], "train") == 0 ? ALEXNET_BENCH_TRAIN : ALEXNET_BENCH_INFER;
    what.batch = atoi(argv[4]);
    what.steps = 1;
    must(an_bench_new(&b, ctx, &what, NULL));
    const an_step_state state = {.seed = 1, .step = 1};
    must(an_program_feed(b->program, b->pixels, b->slots, &state));
    const double step = median_step(b, seconds);
    printf("%s %s %s %d %.4f %.0f\n", argv[1], argv[2], argv[3], what.batch, 1e3 * step,
           what.batch / step);
    snprintf(label, sizeof label, "%s %s %d", argv[1], argv[2], what.batch);
    print_parts(b, label);
    print_tuning(b);
    an_bench_free(b);
    alexnet_ctx_free(ctx);
    return 0;
}
