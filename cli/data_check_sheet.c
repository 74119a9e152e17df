/*
 * The sheet of `data check`: one HTML file without scripts, with thumbnails in it. It shows only
 * the first findings of each problem, so that its size is bounded.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "data_check.h"
#include "files.h"
#include "html.h"
#include "progress.h"
#include "signals.h"
#include "text.h"

enum { SHOWN = 48, LINES = 200, CLASSES = 1000, SIDE = 128 };

static const char style[] =
    "body { max-width: 1200px }\n"
    "h2 { font-size: 15px; margin: 28px 0 2px; padding-top: 12px; border-top: 1px solid #ddd }\n"
    ".bad { color: #b00020 } .dim { color: #777 } p { margin: 2px 0 }\n"
    ".row { display: flex; flex-wrap: wrap; gap: 10px; padding: 8px 0 }\n"
    ".group { display: flex; flex-wrap: wrap; gap: 10px; padding: 8px; border: 1px solid #ccc; "
    "border-radius: 4px }\n"
    "figure { margin: 0; width: 132px } figcaption { overflow-wrap: anywhere; font-size: 11px }\n"
    "img, .none { max-width: 128px; max-height: 128px; display: block; background: #eee }\n"
    ".none { width: 128px; height: 96px; color: #777; text-align: center; line-height: 96px }\n"
    "table { border-collapse: collapse } td { padding: 1px 10px 1px 0 } td.n { text-align: right "
    "}\n"
    ".bar { display: inline-block; height: 9px; background: #6b8fb5 }\n";

/* ---- Findings -------------------------------------------------------------------------------- */

/* The picture of a finding, or a placeholder. */
static void put_picture(FILE *file, const data_checked *checked, const alexnet_finding *f)
{
    static unsigned char bytes[4 * SIDE * SIDE + 4096];
    size_t length;
    const int part = f->part && strcmp(f->part, "val") == 0;
    if (f->problem != ALEXNET_PROBLEM_UNREADABLE &&
        !alexnet_dataset_thumbnail(data_checked_data(checked, part), f->picture, SIDE, bytes,
                                   sizeof bytes, &length))
        html_jpeg(file, bytes, length);
    else
        fputs("<div class=\"none\">cannot be read</div>", file);
}

static void put_figure(FILE *file, const data_checked *checked, const alexnet_finding *f)
{
    fputs("<figure>", file);
    put_picture(file, checked, f);
    fputs("<figcaption>", file);
    html_text(file, data_checked_place(checked, f));
    if (f->class_name) {
        fputs("<br><span class=\"dim\">", file);
        html_text(file, f->part ? f->part : "");
        fputs(f->part ? ", class " : "class ", file);
        html_text(file, f->class_name);
        fputs("</span>", file);
    }
    if (*f->detail) {
        fputs("<br>", file);
        html_text(file, f->detail);
    }
    fputs("</figcaption></figure>\n", file);
}

static void put_line(FILE *file, const data_checked *checked, const alexnet_finding *f)
{
    fputs("<p>", file);
    html_text(file, f->class_name ? f->class_name : data_checked_place(checked, f));
    if (f->part) {
        fputs(" <span class=\"dim\">", file);
        html_text(file, f->part);
        fputs("</span>", file);
    }
    if (*f->detail) {
        fputs(": ", file);
        html_text(file, f->detail);
    }
    fputs("</p>\n", file);
}

/* Write the findings of a problem that are not pictures. @return how many */
static int64_t put_lines(FILE *file, const data_checked *checked, int64_t first, int64_t found)
{
    alexnet_finding f;
    int64_t shown = 0;
    for (int64_t i = 0; i < found && shown < LINES; i++)
        if (data_checked_get(checked, first + i, &f) && f.picture < 0) {
            put_line(file, checked, &f);
            shown++;
        }
    return shown;
}

/* Write the findings that are pictures; those of a group share a frame. @return how many */
static int64_t put_pictures(FILE *file, const data_checked *checked, int64_t first, int64_t found)
{
    alexnet_finding f;
    int64_t shown = 0, group = -1;
    fputs("<div class=\"row\">\n", file);
    for (int64_t i = 0; i < found && shown < SHOWN && !signals_stopped(); i++) {
        if (!data_checked_get(checked, first + i, &f) || f.picture < 0)
            continue;
        if (f.group != group && group >= 0)
            fputs("</div>\n", file);
        if (f.group != group && f.group >= 0)
            fputs("<div class=\"group\">\n", file);
        group = f.group;
        put_figure(file, checked, &f);
        shown++;
    }
    fputs(group >= 0 ? "</div>\n</div>\n" : "</div>\n", file);
    return shown;
}

static void put_problem(FILE *file, const data_checked *checked, const alexnet_problem_info *info)
{
    int64_t first, files;
    char count[TEXT_SIZE], all[TEXT_SIZE];
    const int64_t found = alexnet_check_count(checked->check, info->problem, &first, &files);
    fprintf(file, "<h2 id=\"%s\"%s>%s: %s</h2>\n<p class=\"dim\">%s</p>\n", info->name,
            info->serious ? " class=\"bad\"" : "", info->about, text_count(count, files),
            info->remedy);
    progress_show((double)info->problem / ALEXNET_PROBLEM_INCOMPLETE, "drawing the sheet");
    int64_t shown = put_lines(file, checked, first, found);
    shown += put_pictures(file, checked, first, found);
    if (shown < found)
        fprintf(file, "<p class=\"dim\">%s of %s are shown; --report names all of them.</p>\n",
                text_count(count, shown), text_count(all, found));
}

/* ---- The page -------------------------------------------------------------------------------- */

static int64_t largest_of(const int64_t *counts, int classes)
{
    int64_t largest = 1;
    for (int c = 0; c < classes; c++)
        largest = counts[c] > largest ? counts[c] : largest;
    return largest;
}

/* The classes of a part, with a bar for the number of pictures of each. */
static void put_classes(FILE *file, const data_checked *checked, int part)
{
    enum { BAR = 300 };
    const alexnet_dataset *data = data_checked_data(checked, part);
    const int classes = alexnet_dataset_class_count(data);
    int64_t *counts = data_checked_counts(data);
    const int64_t largest = largest_of(counts, classes);
    char count[TEXT_SIZE];
    fputs("<h2>Pictures of each class", file);
    fprintf(file, "%s%s</h2>\n<table>\n", *data_checked_part(checked, part) ? ", " : "",
            data_checked_part(checked, part));
    for (int c = 0; c < classes && c < CLASSES; c++) {
        fputs("<tr><td>", file);
        html_text(file, alexnet_dataset_class_name(data, c));
        fprintf(file,
                "</td><td class=\"n\">%s</td><td><span class=\"bar\" style=\"width:%dpx\">"
                "</span></td></tr>\n",
                text_count(count, counts[c]), (int)(counts[c] * BAR / largest));
    }
    fputs("</table>\n", file);
    if (classes > CLASSES)
        fprintf(file, "<p class=\"dim\">The first %d of %d classes are shown.</p>\n", CLASSES,
                classes);
    free(counts);
}

/* A row for each problem that was found, with a link to its pictures. */
static void put_contents(FILE *file, const data_checked *checked)
{
    alexnet_problem_info info;
    char count[TEXT_SIZE];
    fputs("<table>\n", file);
    for (int i = 0; alexnet_problem_get(i, &info); i++) {
        int64_t files;
        if (alexnet_check_count(checked->check, info.problem, NULL, &files) == 0)
            continue;
        fprintf(file, "<tr><td class=\"n\">%s</td><td%s><a href=\"#%s\">%s</a></td></tr>\n",
                text_count(count, files), info.serious ? " class=\"bad\"" : "", info.name,
                info.about);
    }
    fputs("</table>\n", file);
}

static void put_part(FILE *file, const data_checked *checked, int part)
{
    const alexnet_dataset *data = data_checked_data(checked, part);
    const int64_t pictures = alexnet_dataset_count(data);
    const int classes = alexnet_dataset_class_count(data);
    const char *name = data_checked_part(checked, part);
    char count[TEXT_SIZE];
    fprintf(file, "<p>%s%s%s %s in %d %s</p>\n", name, *name ? ": " : "",
            text_count(count, pictures), text_plural(pictures, "picture", "pictures"), classes,
            text_plural(classes, "class", "classes"));
}

static void put_page(FILE *file, const data_checked *checked)
{
    alexnet_problem_info info;
    char *title =
        cli_format("%s: %s", checked->name,
                   alexnet_check_ready(checked->check) ? "ready to train on" : "not ready");
    html_begin(file, title, style);
    free(title);
    for (int part = 0; data_checked_data(checked, part); part++)
        put_part(file, checked, part);
    put_contents(file, checked);
    for (int i = 0; alexnet_problem_get(i, &info); i++)
        if (alexnet_check_count(checked->check, info.problem, NULL, NULL) > 0)
            put_problem(file, checked, &info);
    for (int part = 0; data_checked_data(checked, part); part++)
        put_classes(file, checked, part);
    html_end(file);
}

int data_check_sheet(const data_checked *checked)
{
    file_output out;
    int code = file_begin(&out, checked->options->sheet);
    if (code != CLI_DONE)
        return code;
    put_page(out.file, checked);
    progress_clear();
    return file_end(&out, signals_stopped() ? signals_exit_code() : CLI_DONE);
}
