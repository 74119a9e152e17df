#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "terminal.h"

enum { BAR_WIDTH = 20, LINE_SIZE = 512 };

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
    char marks[BAR_WIDTH + 1];
    int filled = (int)(fraction * BAR_WIDTH + 0.5);
    memset(marks, '#', (size_t)filled);
    memset(marks + filled, '.', (size_t)(BAR_WIDTH - filled));
    marks[BAR_WIDTH] = '\0';
    snprintf(state.bar, sizeof state.bar, "[%s] %3.0f%%  %s", marks, 100 * fraction, text);
    state.bar[terminal_fit(state.bar, terminal_width(stderr) - 1, true)] = '\0';
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

void progress_clear(void)
{
    flockfile(stderr);
    erase();
    fflush(stderr);
    funlockfile(stderr);
}
