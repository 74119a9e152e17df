/*
 * The folder of a run as the command shows it. The input is its log.jsonl and, after a zero byte,
 * its recipe.ini, which is also written into a page as text. A log that can be read is listed, made
 * a table and drawn.
 */
#include "command.h"
#include "draw.h"
#include "fuzz/folder.h"
#include "fuzz/quiet.h"
#include "html.h"
#include "run_files.h"
#include "run_log.h"

static void try_list(bool json)
{
    char option[] = "--json";
    char *words[] = {folder, option, NULL};
    const int code = cmd_runs(json ? 2 : 1, words);
    require(code == CLI_DONE || code == CLI_BAD_INPUT);
}

static void check_log(const run_log *log)
{
    require(log->count > 0);
    for (size_t i = 0; i < log->count; i++) {
        const double epoch = log->points[i].epoch, step = log->points[i].step;
        require(epoch != epoch || (epoch >= 0 && epoch < 1e16));
        require(step != step || (step >= 0 && step < 1e16));
    }
}

static void try_page(section text)
{
    char *copy = calloc(1, text.length + 1);
    require(copy);
    if (text.length > 0)
        memcpy(copy, text.at, text.length);
    html_text(stdout, copy);
    html_url(stdout, copy);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const uint8_t *at = bytes;
    run_log log;
    be_quiet();
    folder_make();
    const section lines = section_next(&at, bytes + length, false);
    const section recipe = section_next(&at, bytes + length, true);
    folder_write("log.jsonl", lines.at, lines.length);
    folder_write("recipe.ini", recipe.at, recipe.length);
    try_list(false);
    try_list(true);
    try_page(recipe);
    if (run_log_read(&log, folder) == CLI_DONE) {
        char *const runs[] = {folder, folder};
        char picture[320];
        check_log(&log);
        free(log.points);
        require(run_csv_write(folder) == CLI_DONE);
        snprintf(picture, sizeof picture, "%s/curves.png", folder);
        require(draw_curves(runs, 1 + (int)(length % 2), picture) == CLI_DONE);
    }
    return 0;
}
