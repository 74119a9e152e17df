/*
 * What fits into a line: columns of wide and combining characters, and cuts between the parts of a
 * progress line, between words, and never within a character. What such a line says.
 */
#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"
#include "terminal.h"

static void expect_fit(const char *text, int width, const char *expected)
{
    int length = terminal_fit(text, width, true);
    if (length == (int)strlen(expected) && strncmp(text, expected, (size_t)length) == 0)
        return;
    printf("%s in %d columns: \"%.*s\", expected \"%s\"\n", text, width, length, text, expected);
    exit(1);
}

static void expect_columns(const char *text, int expected)
{
    if (terminal_columns(text) == expected)
        return;
    printf("%s takes %d columns, expected %d\n", text, terminal_columns(text), expected);
    exit(1);
}

/* What was drawn since the last call on a terminal whose other end is given. Progress may be shown
 * again after a tenth of a second. */
static const char *drawn(int terminal)
{
    static char text[1024];
    const struct timespec wait = {.tv_nsec = 150000000};
    assert(poll(&(struct pollfd){.fd = terminal, .events = POLLIN}, 1, 60000) == 1);
    nanosleep(&wait, NULL);
    ssize_t length = read(terminal, text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

/* Work of a call is shown after a second; without a bar if nobody knows how much there is. At its
 * end the line is removed. */
static void test_work(int terminal)
{
    alexnet_work work = {.verb = "found", .unit = "files", .done = 7, .seconds = 0.9};
    setenv("COLUMNS", "80", 1);
    progress_work(&work);
    work.done = 3000;
    work.seconds = 2;
    progress_work(&work);
    const char *text = drawn(terminal);
    assert(strstr(text, "\r\033[Kfound 3000  1500 files/s") && !strstr(text, "found 7"));
    assert(!strchr(text, '%'));
    work.total = 4500;
    progress_work(&work);
    assert(strstr(drawn(terminal),
                  "[#############.......]  67%  found 3000/4500  1500 files/s  1 s left"));
    work.over = true;
    progress_work(&work);
    assert(strcmp(drawn(terminal), "\r\033[K") == 0);
}

/* A bar with rate and time; on a narrow terminal these, and no bar. */
static void test_progress(void)
{
    const int out = dup(STDERR_FILENO), terminal = posix_openpt(O_RDWR | O_NOCTTY);
    assert(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    const int inner = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert(inner >= 0 && dup2(inner, STDERR_FILENO) == STDERR_FILENO);
    const double began = progress_clock() - 1000;
    setenv("COLUMNS", "80", 1);
    progress_pictures("read", 0, 10000, began);
    assert(strstr(drawn(terminal), "[....................]   0%  read 0/10000"));
    progress_pictures("read", 5000, 10000, began);
    assert(strstr(drawn(terminal),
                  "[##########..........]  50%  read 5000/10000  5.0 images/s  17 min left"));
    setenv("COLUMNS", "50", 1);
    progress_pictures("read", 5000, 10000, began);
    const char *text = drawn(terminal);
    assert(strstr(text, " 50%  read 5000/10000  5.0 images/s  17 min left") && !strchr(text, '#'));
    test_work(terminal);
    assert(dup2(out, STDERR_FILENO) == STDERR_FILENO);
}

int main(void)
{
    const char *bar = "[##..]  25%  epoch 1/20  812 images/s  12 min left";
    expect_fit(bar, 100, bar);
    expect_fit(bar, (int)strlen(bar), bar);
    expect_fit(bar, (int)strlen(bar) - 1, "[##..]  25%  epoch 1/20  812 images/s");
    expect_fit(bar, 38, "[##..]  25%  epoch 1/20  812 images/s");
    expect_fit(bar, 36, "[##..]  25%  epoch 1/20");
    expect_fit(bar, 12, "[##..]  25%");
    expect_fit("one two three", 9, "one two");
    expect_fit("one two three", 7, "one two");
    expect_fit("one two three", 6, "one");
    expect_fit("inseparable", 5, "insep");
    expect_fit("na\u00efve", 3, "na\u00ef"); /* two bytes, one column */
    expect_fit("\u65e5\u672c\u8a9e", 5,
               "\u65e5\u672c"); /* two columns each: the third would be half */
    expect_fit("\U0001F600\U0001F600", 3, "\U0001F600");
    expect_fit("e\u0301e", 1, "e\u0301"); /* the accent stands on its letter */
    expect_columns("\u65e5\u672c\u8a9e", 6);
    expect_columns("e\u0301", 1);
    expect_columns("\xff\xc3", 2); /* no UTF-8: a column for each byte */
    expect_columns("", 0);
    setenv("COLUMNS", "57", 1);
    assert(terminal_width(stdout) == 57);
    setenv("COLUMNS", "none", 1);
    assert(terminal_width(stdout) > 0);
    test_progress();
    return 0;
}
