/* The pictures that a run could not read: skipped.txt. */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "train/run.h"

/* Largest list of earlier processes that is read, so that nothing is listed twice. */
enum { NAMED_MAX = 64 << 20 };

static void open_list(an_run *run)
{
    unsigned char *named = NULL;
    size_t length;
    if (an_run_lines_open(&run->listed, run->skipped) != ALEXNET_OK)
        return;
    if (an_file_read(run->skipped, NAMED_MAX, &named, &length) == ALEXNET_OK)
        run->named = (char *)named;
}

static bool is_named(const an_run *run, const char *line)
{
    const size_t length = strlen(line);
    for (const char *at = run->named; at && (at = strstr(at, line)); at += length)
        if (at == run->named || at[-1] == '\n')
            return true;
    return false;
}

/* A text as one line with its end, and with the control characters of file names replaced; owned.
 * NULL if memory is short. */
static char *line_of(const char *text)
{
    char *line = an_format("%s\n", text);
    for (char *c = line; c && c[1]; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return line;
}

void an_run_skipped(an_run *run, const char *text)
{
    char *line = run->folder ? line_of(text) : NULL;
    if (line && run->listed.file < 0)
        open_list(run);
    if (line && run->listed.file >= 0 && !is_named(run, line)) {
        line[strlen(line) - 1] = '\0';
        (void)an_run_lines_add(&run->listed, line);
    }
    an_free(line);
}
