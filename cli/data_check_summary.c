/* The results of `data check`: for people, as JSON, and as CSV. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "data_check.h"
#include "files.h"
#include "library_text.h"
#include "terminal.h"
#include "text.h"

const alexnet_dataset *data_checked_data(const data_checked *checked, int part)
{
    return part == 0 ? checked->data.train : part == 1 ? checked->data.val : NULL;
}

const char *data_checked_part(const data_checked *checked, int part)
{
    return !checked->data.val ? "" : part == 0 ? "train" : "val";
}

bool data_checked_get(const data_checked *checked, int64_t index, alexnet_finding *finding)
{
    if (!alexnet_check_get(checked->check, index, finding))
        return false;
    finding->detail = library_text(finding->detail);
    return true;
}

const char *data_checked_place(const data_checked *checked, const alexnet_finding *finding)
{
    const size_t length = checked->root ? strlen(checked->root) : 0;
    const char *path = finding->path ? finding->path : "";
    if (!length || strncmp(path, checked->root, length) != 0)
        return path;
    return path[length] == '/' ? path + length + 1 : path[length] ? path : checked->name;
}

int64_t *data_checked_counts(const alexnet_dataset *data)
{
    int64_t *counts = cli_alloc(((size_t)alexnet_dataset_class_count(data) + 1) * sizeof *counts);
    int label;
    for (int64_t i = 0; i < alexnet_dataset_count(data); i++)
        if (!alexnet_dataset_picture(data, i, NULL, &label) && label >= 0)
            counts[label]++;
    return counts;
}

/* ---- For people ------------------------------------------------------------------------------ */

/* "train: 9,469 pictures in 10 classes, from 858 (chain saw) to 993 (tench)", or "100 in each" */
static void print_part(const data_checked *checked, int part)
{
    const alexnet_dataset *data = data_checked_data(checked, part);
    const int classes = alexnet_dataset_class_count(data);
    const int64_t pictures = alexnet_dataset_count(data);
    const char *name = data_checked_part(checked, part);
    char count[TEXT_SIZE], low[TEXT_SIZE], high[TEXT_SIZE];
    int64_t *counts = data_checked_counts(data);
    int least = 0, most = 0;
    for (int c = 1; c < classes; c++) {
        least = counts[c] < counts[least] ? c : least;
        most = counts[c] > counts[most] ? c : most;
    }
    char *start =
        cli_format("%s: %s %s in %d %s", *name ? name : checked->name, text_count(count, pictures),
                   text_plural(pictures, "picture", "pictures"), classes,
                   text_plural(classes, "class", "classes"));
    if (classes > 1 && counts[least] == counts[most])
        terminal_line(stdout, "%s, %s in each", start, text_count(low, counts[least]));
    else if (classes > 1)
        terminal_line(stdout, "%s, from %s (%s) to %s (%s)", start, text_count(low, counts[least]),
                      alexnet_dataset_class_name(data, least), text_count(high, counts[most]),
                      alexnet_dataset_class_name(data, most));
    else
        terminal_line(stdout, "%s", start);
    free(start);
    free(counts);
}

static void print_finding(const data_checked *checked, const alexnet_finding *f)
{
    const char *colon = *f->detail ? ": " : "";
    if (f->picture < 0 && f->class_name)
        terminal_line(stdout, "      class %s%s%s%s%s", f->class_name, f->part ? " of " : "",
                      f->part ? f->part : "", colon, f->detail);
    else
        terminal_line(stdout, "      %s%s%s", data_checked_place(checked, f), colon, f->detail);
}

static void print_problem(const data_checked *checked, const alexnet_problem_info *info)
{
    enum { SHOWN = 4 };
    int64_t first, files;
    char count[TEXT_SIZE];
    const int64_t found = alexnet_check_count(checked->check, info->problem, &first, &files);
    printf("\n  %s: %s\n", info->about, text_count(count, files));
    for (int64_t i = 0; i < found && i < SHOWN; i++) {
        alexnet_finding finding;
        if (data_checked_get(checked, first + i, &finding))
            print_finding(checked, &finding);
    }
    if (found > SHOWN)
        printf("      and %s more\n", text_count(count, found - SHOWN));
    printf("    what to do: ");
    terminal_wrap(stdout, terminal_width(stdout), 16, 16, info->remedy);
}

/* Print the serious problems, or the others. @return how many kinds there are */
static int print_problems(const data_checked *checked, bool serious, const char *title)
{
    alexnet_problem_info info;
    int kinds = 0;
    for (int i = 0; alexnet_problem_get(i, &info); i++) {
        if (info.serious != serious ||
            alexnet_check_count(checked->check, info.problem, NULL, NULL) == 0)
            continue;
        if (kinds++ == 0)
            printf("\n%s\n", title);
        print_problem(checked, &info);
    }
    return kinds;
}

void data_check_summary(const data_checked *checked)
{
    for (int part = 0; data_checked_data(checked, part); part++)
        print_part(checked, part);
    const int problems = print_problems(checked, true, "PROBLEMS");
    const int remarks = print_problems(checked, false, "REMARKS");
    const char *plural = problems == 1 ? "this problem is" : "these problems are";
    if (problems)
        printf("\nNot ready: %s to be solved first.\n", plural);
    else
        printf("\nReady to train on%s.\n", remarks ? "; the remarks are worth a look" : "");
    if (problems + remarks > 0 && !checked->options->sheet)
        printf("--sheet FILE.html shows the pictures, --report FILE.csv names all of them.\n");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *text_or_null(const char *text)
{
    return text ? json_text(text) : json_null();
}

static json_t *finding_json(const alexnet_finding *f)
{
    json_t *out = json_object();
    json_object_set_new(out, "file", text_or_null(f->path));
    json_object_set_new(out, "class", text_or_null(f->class_name));
    json_object_set_new(out, "split", text_or_null(f->part));
    json_object_set_new(out, "detail", json_text(f->detail));
    if (f->group >= 0)
        json_object_set_new(out, "group", json_integer(f->group));
    return out;
}

static json_t *problem_json(const data_checked *checked, const alexnet_problem_info *info)
{
    enum { LISTED = 1000 };
    int64_t first, files;
    const int64_t found = alexnet_check_count(checked->check, info->problem, &first, &files);
    json_t *list = json_array();
    for (int64_t i = 0; i < found && i < LISTED; i++) {
        alexnet_finding finding;
        if (data_checked_get(checked, first + i, &finding))
            json_array_append_new(list, finding_json(&finding));
    }
    return json_pack("{s:s, s:b, s:I, s:s, s:s, s:I, s:o}", "problem", info->name, "serious",
                     info->serious, "files", (json_int_t)files, "about", info->about, "remedy",
                     info->remedy, "found", (json_int_t)found, "findings", list);
}

static json_t *part_json(const data_checked *checked, int part)
{
    const alexnet_dataset *data = data_checked_data(checked, part);
    int64_t *counts = data_checked_counts(data);
    json_t *classes = json_array();
    for (int c = 0; c < alexnet_dataset_class_count(data); c++)
        json_array_append_new(classes, json_pack("{s:o, s:I}", "class",
                                                 json_text(alexnet_dataset_class_name(data, c)),
                                                 "pictures", (json_int_t)counts[c]));
    free(counts);
    return json_pack("{s:s, s:I, s:o}", "split", data_checked_part(checked, part), "pictures",
                     (json_int_t)alexnet_dataset_count(data), "classes", classes);
}

json_t *data_check_json(const data_checked *checked)
{
    json_t *parts = json_array(), *problems = json_array();
    alexnet_problem_info info;
    for (int part = 0; data_checked_data(checked, part); part++)
        json_array_append_new(parts, part_json(checked, part));
    for (int i = 0; alexnet_problem_get(i, &info); i++)
        if (alexnet_check_count(checked->check, info.problem, NULL, NULL) > 0)
            json_array_append_new(problems, problem_json(checked, &info));
    return json_pack("{s:b, s:I, s:o, s:o}", "ready", alexnet_check_ready(checked->check),
                     "unreadable", (json_int_t)checked->unreadable, "splits", parts, "problems",
                     problems);
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static void put_row(FILE *file, const alexnet_finding *f, const char *problem)
{
    const char *fields[] = {f->path ? f->path : "", f->class_name ? f->class_name : "",
                            f->part ? f->part : "", problem, f->detail};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (i)
            fputc(',', file);
        csv_text(file, fields[i]);
    }
    fputc('\n', file);
}

int data_check_report(const data_checked *checked)
{
    file_output out;
    alexnet_finding finding;
    int code = file_begin(&out, checked->options->report);
    if (code != CLI_DONE)
        return code;
    fputs("file,class,split,problem,detail\n", out.file);
    for (int64_t i = 0; data_checked_get(checked, i, &finding); i++) {
        alexnet_problem_info info;
        alexnet_problem_get((int)finding.problem - 1, &info);
        put_row(out.file, &finding, info.name);
    }
    return file_end(&out, CLI_DONE);
}
