/* Runs side by side: how far each came, how good it is, and how their recipes differ. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "json.h"
#include "opt.h"
#include "paths.h"
#include "run_log.h"
#include "table.h"
#include "text.h"

typedef struct runs_options {
    bool json;
} runs_options;

static const opt rows[] = {
    {.name = "json",
     .type = OPT_FLAG,
     .help = "print a JSON object for each run",
     .offset = offsetof(runs_options, json)},
};

static const opt_page page = {
    .command = "runs",
    .usage = {"runs [DIR|RUN...] [options]"},
    .about = "List training runs side by side: those in the folder DIR, at any depth, and the run "
             "folders RUN; without either, those in 'runs'. For each, print its network, the "
             "completed epochs, its best epoch with the validation errors, and the keys of the "
             "recipe in which the runs differ. The lowest top-1 error comes first.",
    .examples = {{"runs", "the runs in the folder 'runs'"},
                 {"runs runs/photos-1 runs/photos-2", "these two"}},
};

/** A run as it is shown. */
typedef struct run_row {
    char *path, *network;
    alexnet_recipe *recipe; /* NULL: there is none, or it cannot be read */
    run_log log;
    const log_point *best; /* of its validations; NULL: none */
    dev_t device;          /* which folder it is, by whatever path */
    ino_t folder;
} run_row;

typedef struct run_rows {
    run_row *rows;
    size_t count;
} run_rows;

/* ---- Finding and reading ---- */

enum { DEPTH_MAX = 8, LINE_BYTES = 4096, RECIPE_MAX = 1 << 20 };

/* The value of `network` in the section [run] of recipe.ini. Owned by the caller. */
static char *read_network(const char *path)
{
    char line[LINE_BYTES], *name = NULL;
    FILE *file = NULL;
    if (path_exists(path))
        file_open(&file, path, NULL);
    while (file && !name && ftell(file) < RECIPE_MAX && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (text_starts_with(line, "network = "))
            name = cli_copy(line + strlen("network = "));
    }
    if (file)
        fclose(file);
    return name ? name : cli_copy("?");
}

static const char *value_of(const run_row *row, const char *key)
{
    const char *value = row->recipe ? alexnet_recipe_get(row->recipe, key) : NULL;
    return value ? value : "?";
}

/* The figure that decides which epoch is the best; the loss decides among equal ones. */
static double figure_of(const log_point *p, const char *best_by)
{
    return strcmp(best_by, "loss") == 0   ? p->val_loss
           : strcmp(best_by, "top5") == 0 ? p->val_top5_error
                                          : p->val_top1_error;
}

static const log_point *find_best(const run_row *row)
{
    const char *best_by = value_of(row, "best_by");
    const log_point *best = NULL;
    for (size_t i = 0; i < row->log.count; i++) {
        const log_point *p = &row->log.points[i];
        const double figure = figure_of(p, best_by);
        const double least = best ? figure_of(best, best_by) : INFINITY;
        if (isfinite(p->epoch) && isfinite(figure) &&
            (figure < least || (figure == least && p->val_loss < best->val_loss)))
            best = p;
    }
    return best;
}

static bool is_listed(const run_rows *runs, const struct stat *folder)
{
    for (size_t i = 0; i < runs->count; i++)
        if (runs->rows[i].device == folder->st_dev && runs->rows[i].folder == folder->st_ino)
            return true;
    return false;
}

/* A run that several arguments name or contain is listed once. */
static int add_run(run_rows *runs, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return cli_error(CLI_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    if (is_listed(runs, &info))
        return CLI_DONE;
    run_row row = {.path = cli_copy(path), .device = info.st_dev, .folder = info.st_ino};
    char *recipe = path_join(path, "recipe.ini");
    int code = run_log_read_new(&row.log, path);
    if (code == CLI_DONE) {
        if (alexnet_recipe_load(&row.recipe, recipe))
            row.recipe = NULL; /* people may have changed the file */
        row.network = read_network(recipe);
        row.best = find_best(&row);
        runs->rows = cli_realloc(runs->rows, (runs->count + 1) * sizeof *runs->rows);
        runs->rows[runs->count++] = row;
    } else {
        free(row.path);
    }
    free(recipe);
    return code;
}

static bool is_run(const char *path)
{
    return path_has(path, "log.jsonl");
}

/* Add every run in a folder. Links are not followed, so that each run is shown once. A run or a
 * folder below that cannot be read is reported and left out. */
static int add_folder(run_rows *runs, const char *path, int depth)
{
    struct dirent **entries;
    const int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0)
        return cli_error(CLI_BAD_INPUT, "cannot read %s: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char *inner = path_join(path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && !path_is_link(inner) && path_is_folder(inner)) {
            if (is_run(inner))
                add_run(runs, inner);
            else if (depth < DEPTH_MAX)
                add_folder(runs, inner, depth + 1);
        }
        free(inner);
        free(entries[i]);
    }
    free(entries);
    return CLI_DONE;
}

/* ---- Showing ---- */

static int compare_rows(const void *a, const void *b)
{
    const run_row *x = a, *y = b;
    double ex = x->best ? x->best->val_top1_error : INFINITY;
    double ey = y->best ? y->best->val_top1_error : INFINITY;
    return ex != ey ? (ex < ey ? -1 : 1) : strcmp(x->path, y->path);
}

static double epochs_done(const run_row *row)
{
    double done = 0;
    for (size_t i = 1; i < row->log.count; i++) /* the second line of a step ends an epoch */
        if (row->log.points[i].step == row->log.points[i - 1].step &&
            isfinite(row->log.points[i].epoch))
            done = row->log.points[i].epoch;
    return done;
}

/* What the run reported last; without a report, nothing that is known. */
static log_point last_of(const run_row *row)
{
    static const log_point none = {.loss = NAN, .images_per_second = NAN};
    return row->log.count > 0 ? row->log.points[row->log.count - 1] : none;
}

/* Of five classes or fewer the top-5 error is always 0, and says nothing. */
static bool has_top5(const run_rows *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        for (size_t p = 0; p < runs->rows[i].log.count; p++)
            if (runs->rows[i].log.points[p].val_top5_error > 0)
                return true;
    return false;
}

static bool differs(const run_rows *runs, const char *key)
{
    const run_row *first = NULL; /* with a recipe; a run without one shows no differences */
    for (size_t i = 0; i < runs->count; i++) {
        const run_row *row = &runs->rows[i];
        if (first && row->recipe && strcmp(value_of(row, key), value_of(first, key)) != 0)
            return true;
        first = !first && row->recipe ? row : first;
    }
    return false;
}

/* The keys in which the recipes differ, but for epochs, which has a column already. */
static void find_differences(const run_rows *runs, string_list *keys)
{
    alexnet_recipe_key key;
    for (int i = 0; alexnet_recipe_key_get(i, &key); i++)
        if (strcmp(key.name, "epochs") != 0 && differs(runs, key.name))
            string_list_add(keys, cli_copy(key.name));
}

static void add_number(table *t, const char *format, double value)
{
    char text[32];
    snprintf(text, sizeof text, format, value);
    table_add(t, "%s", isfinite(value) ? text : "-");
}

static void add_percent(table *t, double value)
{
    add_number(t, "%.2f%%", 100 * value);
}

static void add_cells(table *t, const run_row *row, const string_list *keys, bool top5)
{
    const log_point last = last_of(row), *best = row->best;
    table_add(t, "%s", row->path);
    table_add(t, "%s", row->network);
    table_add(t, "%.0f/%s", epochs_done(row), value_of(row, "epochs"));
    add_number(t, "%.0f", best ? best->epoch : NAN);
    add_percent(t, best ? best->val_top1_error : NAN);
    if (top5)
        add_percent(t, best ? best->val_top5_error : NAN);
    add_number(t, "%.4f", best ? best->val_loss : NAN);
    add_number(t, "%.4f", last.loss);
    add_number(t, "%.0f", last.images_per_second);
    for (size_t k = 0; k < keys->count; k++)
        table_add(t, "%s", value_of(row, keys->items[k]));
}

static void print_table(const run_rows *runs)
{
    static const char *const heads[] = {"run",   "network",  "epochs",     "best",    "top-1",
                                        "top-5", "val loss", "train loss", "images/s"};
    const bool top5 = has_top5(runs);
    string_list keys = {0};
    find_differences(runs, &keys);
    char *align = cli_format("ecrrrrrr%s%*s", top5 ? "r" : "", (int)keys.count, "");
    for (char *c = align; *c; c++)
        *c = *c == ' ' ? 'c' : *c;
    table t = table_new(align);
    for (size_t i = 0; i < COUNT_OF(heads); i++)
        if (top5 || strcmp(heads[i], "top-5") != 0)
            table_add(&t, "%s", heads[i]);
    for (size_t k = 0; k < keys.count; k++)
        table_add(&t, "%s", keys.items[k]);
    for (size_t i = 0; i < runs->count; i++)
        add_cells(&t, &runs->rows[i], &keys, top5);
    table_print(&t, stdout);
    string_list_free(&keys);
    free(align);
}

static void print_json(const run_row *row)
{
    alexnet_recipe_key key;
    const log_point last = last_of(row);
    json_t *document = json_object(), *recipe = json_object();
    json_object_set_new(document, "run", json_text(row->path));
    json_object_set_new(document, "network", json_text(row->network));
    json_object_set_new(document, "epochs_done", json_integer((json_int_t)epochs_done(row)));
    json_object_set_new(document, "loss", json_number(last.loss));
    json_object_set_new(document, "images_per_second", json_number(last.images_per_second));
    if (row->best) {
        json_t *best = json_object();
        json_object_set_new(best, "epoch", json_integer((json_int_t)row->best->epoch));
        json_object_set_new(best, "loss", json_number(row->best->val_loss));
        json_object_set_new(best, "top1_error", json_number(row->best->val_top1_error));
        json_object_set_new(best, "top5_error", json_number(row->best->val_top5_error));
        json_object_set_new(document, "best", best);
    }
    for (int i = 0; row->recipe && alexnet_recipe_key_get(i, &key); i++)
        json_object_set_new(recipe, key.name, json_text(value_of(row, key.name)));
    json_object_set_new(document, "recipe", recipe);
    json_print(document);
}

/* ---- The command ---- */

static int find_runs(run_rows *runs, const opt_args *args)
{
    static const char *const standard[] = {"runs"};
    const bool given = args->file_count > 0;
    const int count = given ? args->file_count : 1;
    int code = CLI_DONE;
    if (!given && !path_exists(standard[0]))
        return cli_error(CLI_BAD_INPUT,
                         "there is no folder 'runs' here; name the folder that holds "
                         "the runs");
    for (int i = 0; i < count && code == CLI_DONE; i++) {
        const char *path = given ? args->files[i] : standard[0];
        code = is_run(path) ? add_run(runs, path) : add_folder(runs, path, 0);
    }
    if (code == CLI_DONE && runs->count == 0)
        code = cli_error(CLI_BAD_INPUT, "there is no training run in %s",
                         given ? args->files[0] : standard[0]);
    return code;
}

static int run(const opt_args *args, const runs_options *options)
{
    run_rows runs = {0};
    int code = find_runs(&runs, args);
    if (code == CLI_DONE) {
        qsort(runs.rows, runs.count, sizeof *runs.rows, compare_rows);
        for (size_t i = 0; i < runs.count && options->json; i++)
            print_json(&runs.rows[i]);
        if (!options->json)
            print_table(&runs);
    }
    for (size_t i = 0; i < runs.count; i++) {
        free(runs.rows[i].path);
        free(runs.rows[i].network);
        free(runs.rows[i].log.points);
        alexnet_recipe_free(runs.rows[i].recipe);
    }
    free(runs.rows);
    return code;
}

int cmd_runs(int argc, char **argv)
{
    int code;
    runs_options options = {0};
    opt_args args = {.page = &page, .groups = {{"Options", rows, COUNT_OF(rows), &options}}};
    return opt_parse(&args, argc, argv, &code) ? run(&args, &options) : code;
}
