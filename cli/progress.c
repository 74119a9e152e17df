#include "progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "terminal.h"
#include "text.h"

/* A terminal of fewer columns than BAR_FROM has no room for more than the text. */
enum { BAR_WIDTH = 20, BAR_FROM = 60, LINE_SIZE = 512 };

static const double redraw_seconds = 0.1, plain_seconds = 10, quick_seconds = 1;

/* Guarded by the lock of stderr, so that a warning from a worker does not cut through the bar. */
static struct {
    bool quiet;
    bool drawn;              /* the bar stands on the terminal's last line */
    double last;             /* when progress was last shown; 0: never */
    char bar[2 * LINE_SIZE]; /* as drawn, to draw it again under a line */
} state;

double progress_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_set_quiet(bool quiet)
{
    state.quiet = quiet;
}

static void erase(void)
{
    if (state.drawn)
        fputs("\r\033[K", stderr);
    state.drawn = false;
}

static void draw(void)
{
    fputs(state.bar, stderr);
    fflush(stderr);
    state.drawn = true;
}

static void line(const char *format, va_list args)
{
    flockfile(stderr);
    bool again = state.drawn;
    erase();
    terminal_line_in(stderr, format, args);
    if (again)
        draw();
    funlockfile(stderr);
}

void progress_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    line(format, args);
    va_end(args);
}

void progress_note(const char *format, ...)
{
    if (state.quiet)
        return;
    va_list args;
    va_start(args, format);
    line(format, args);
    va_end(args);
}

/* "[#####.....]  25%  ", without the bar on a narrow terminal or if none is wanted; "" if it is not
 * known what fraction is done. */
static const char *start_of(char out[LINE_SIZE], double fraction, bool with_bar)
{
    char bar[] = "[....................] ";
    _Static_assert(sizeof bar == BAR_WIDTH + sizeof "[] ", "a dot for each part");
    out[0] = '\0';
    if (fraction < 0)
        return out;
    memset(bar + 1, '#', (size_t)(fraction * BAR_WIDTH + 0.5));
    snprintf(out, LINE_SIZE, "%s%3.0f%%  ", with_bar ? bar : "", 100 * fraction);
    return out;
}

/* The start and the text, cut between its parts at the width of the terminal, so that it stays
 * one line and no word or number is split. */
static void compose(double fraction, const char *text)
{
    char start[LINE_SIZE];
    const int width = terminal_width(stderr);
    snprintf(state.bar, sizeof state.bar, "%s%s", start_of(start, fraction, width >= BAR_FROM),
             text);
    state.bar[terminal_fit(state.bar, width - 1, true)] = '\0';
}

static void show(double fraction, const char *text)
{
    char start[LINE_SIZE];
    if (!isatty(STDERR_FILENO)) {
        fprintf(stderr, "%s%s\n", start_of(start, fraction, false), text);
        return;
    }
    erase();
    compose(fraction, text);
    draw();
}

void progress_show(double fraction, const char *format, ...)
{
    if (state.quiet)
        return;
    double now = progress_clock();
    if (state.last == 0 && !isatty(STDERR_FILENO))
        state.last = now;
    if (now - state.last < (isatty(STDERR_FILENO) ? redraw_seconds : plain_seconds))
        return;
    char text[LINE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *shown = terminal_text(text, "");
    flockfile(stderr);
    show(fraction > 1 ? 1 : fraction, shown);
    free(shown);
    state.last = now;
    funlockfile(stderr);
}

/* "  48 images/s  7 s left", without what is not known. @param rate  0: not known */
static const char *pace_of(char out[LINE_SIZE], const alexnet_work *work, double rate)
{
    char left[TEXT_SIZE];
    out[0] = '\0';
    if (rate <= 0)
        return out;
    const int length = snprintf(out, LINE_SIZE, "  %.*f %s/s", rate < 10 ? 1 : 0, rate, work->unit);
    if (work->total)
        snprintf(out + length, LINE_SIZE - (size_t)length, "  %s left",
                 text_duration(left, (double)(work->total - work->done) / rate));
    return out;
}

static void show_pace(const alexnet_work *work, double rate)
{
    char pace[LINE_SIZE];
    pace_of(pace, work, rate);
    if (work->total)
        progress_show((double)work->done / (double)work->total, "%s %" PRId64 "/%" PRId64 "%s",
                      work->verb, work->done, work->total, pace);
    else
        progress_show(-1, "%s %" PRId64 "%s", work->verb, work->done, pace);
}

static double rate_of(int64_t done, double seconds)
{
    return seconds > 0 ? (double)done / seconds : 0;
}

void progress_at_speed(const char *verb, int64_t done, int64_t total, double speed)
{
    const alexnet_work work = {.verb = verb, .unit = "images", .done = done, .total = total};
    show_pace(&work, speed);
}

void progress_pictures(const char *verb, int64_t done, int64_t total, double began)
{
    progress_at_speed(verb, done, total, rate_of(done, progress_clock() - began));
}

void progress_work(const alexnet_work *work)
{
    if (work->over)
        progress_clear();
    else if (work->seconds >= quick_seconds)
        show_pace(work, rate_of(work->done, work->seconds));
}

void progress_clear(void)
{
    flockfile(stderr);
    erase();
    fflush(stderr);
    funlockfile(stderr);
}
