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

static const double redraw_seconds = 0.1, plain_seconds = 10;

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

/* "[#####.....]  25%  text", cut between its parts at the width of the terminal, so that it stays
 * one line and no word or number is split. */
static void compose(double fraction, const char *text)
{
    char bar[] = "[....................] ";
    const int width = terminal_width(stderr);
    _Static_assert(sizeof bar == BAR_WIDTH + sizeof "[] ", "a dot for each part");
    memset(bar + 1, '#', (size_t)(fraction * BAR_WIDTH + 0.5));
    snprintf(state.bar, sizeof state.bar, "%s%3.0f%%  %s", width < BAR_FROM ? "" : bar,
             100 * fraction, text);
    state.bar[terminal_fit(state.bar, width - 1, true)] = '\0';
}

static void show(double fraction, const char *text)
{
    if (!isatty(STDERR_FILENO)) {
        fprintf(stderr, "%3.0f%%  %s\n", 100 * fraction, text);
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
    show(fraction < 0 ? 0 : fraction > 1 ? 1 : fraction, shown);
    free(shown);
    state.last = now;
    funlockfile(stderr);
}

void progress_pictures(const char *verb, int64_t done, int64_t total, double began)
{
    const double seconds = progress_clock() - began;
    char pace[2 * TEXT_SIZE + 16] = "", left[TEXT_SIZE];
    if (done > 0 && seconds > 0) {
        const double rate = (double)done / seconds;
        text_duration(left, (double)(total - done) / rate);
        snprintf(pace, sizeof pace, "  %.*f images/s  %s left", rate < 10 ? 1 : 0, rate, left);
    }
    progress_show(total ? (double)done / (double)total : 0, "%s %" PRId64 "/%" PRId64 "%s", verb,
                  done, total, pace);
}

void progress_clear(void)
{
    flockfile(stderr);
    erase();
    fflush(stderr);
    funlockfile(stderr);
}
