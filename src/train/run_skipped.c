/* The pictures that a run could not read: skipped.txt. */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "train/run.h"

/* Largest list of earlier processes that is read, so that nothing is listed twice. */
enum { NAMED_MAX = 64 << 20 };

/* Whether an earlier process has listed a line. @param length  with its end */
static bool is_named(const an_run *run, const char *line, size_t length)
{
    const char *at = run->named;
    while (at && strncmp(at, line, length) != 0) {
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    return at != NULL;
}

/* Read what earlier processes have listed. A list that is too large is added to unread. */
static alexnet_status read_named(an_run *run)
{
    bool there;
    unsigned char *named = NULL;
    size_t length;
    AN_CHECK(an_file_check_own(run->skipped, false));
    AN_CHECK(an_file_exists(run->skipped, &there));
    const alexnet_status rc =
        there ? an_file_read(run->skipped, NAMED_MAX, &named, &length) : ALEXNET_OK;
    if (rc != ALEXNET_OK && rc != ALEXNET_ERROR_UNSUPPORTED)
        return rc;
    an_free(run->named);
    run->named = (char *)named;
    return ALEXNET_OK;
}

/* Of the lines that were held back while the list could not be opened, drop those that it has. */
static void drop_named(an_run *run)
{
    an_run_lines *l = &run->listed;
    size_t kept = 0, length;
    for (size_t at = 0; at < l->held_length; at += length) {
        const char *line = l->held + at;
        length = (size_t)((const char *)memchr(line, '\n', l->held_length - at) - line) + 1;
        if (is_named(run, line, length))
            continue;
        memmove(l->held + kept, line, length);
        kept += length;
    }
    l->held_length = kept;
}

static alexnet_status open_list(an_run *run)
{
    AN_CHECK(read_named(run));
    AN_CHECK(an_run_lines_open(&run->listed, run->skipped));
    drop_named(run);
    return ALEXNET_OK;
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
    if (!line)
        return;
    if (run->listed.file < 0)
        (void)open_list(run); /* the next save tries again */
    const size_t length = strlen(line);
    if (!is_named(run, line, length)) {
        line[length - 1] = '\0';
        (void)an_run_lines_add(&run->listed, line);
    }
    an_free(line);
}

alexnet_status an_run_flush_skipped(an_run *run, bool *anew)
{
    *anew = false;
    if (run->listed.file < 0 && !run->listed.held_length)
        return ALEXNET_OK;
    if (run->listed.file < 0)
        AN_CHECK(open_list(run));
    return an_run_lines_flush(&run->listed, run->skipped, anew);
}
