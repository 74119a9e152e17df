#include "rdm.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "library_text.h"
#include "paths.h"
#include "terminal.h"

typedef struct matrix {
    const char *path;
    int64_t count;
    double *values;    /* [count][count]; NULL: not read yet */
    string_list names; /* of the pictures, if the file is a table that has them */
} matrix;

/* Read a table as a whole; of an array, only how many pictures it is of. */
static int open_matrix(matrix *m)
{
    return path_ends_in(m->path, ".csv") || path_ends_in(m->path, ".tsv")
               ? rdm_read_table(m->path, &m->count, &m->values, &m->names)
               : cli_input_code(alexnet_rdm_read(m->path, &m->count, NULL));
}

static int read_array(matrix *m)
{
    if (m->values)
        return CLI_DONE;
    m->values = malloc((size_t)(m->count * m->count) * sizeof *m->values + 1);
    if (!m->values)
        return cli_error(CLI_FAILED, "out of memory for %s", m->path);
    return cli_input_code(alexnet_rdm_read(m->path, &m->count, m->values));
}

static void free_matrix(matrix *m)
{
    free(m->values);
    string_list_free(&m->names);
}

/* Check that two matrices are of one size, and the memory for what is not read of them yet and for
 * alexnet_rsa(). */
static int check_sizes(matrix *a, matrix *b)
{
    int code = open_matrix(a);
    if (code == CLI_DONE)
        code = open_matrix(b);
    if (code != CLI_DONE)
        return code;
    if (a->count != b->count)
        return cli_error(CLI_BAD_INPUT,
                         "%s has %" PRId64 " pictures and %s has %" PRId64 ": both must have the "
                         "same ones, in the same order",
                         a->path, a->count, b->path, b->count);
    const double values = (double)a->count * (double)a->count;
    char *what = cli_format("two matrices of %" PRId64 " pictures, and their ranks,", a->count);
    code = machine_check_memory((24 + 8 * !a->values + 8 * !b->values) * values, what, "");
    free(what);
    return code;
}

/* Which row of a matrix is a picture's; -1: none. */
static int64_t row_of(const matrix *m, const char *name)
{
    for (size_t i = 0; i < m->names.count; i++)
        if (strcmp(m->names.items[i], name) == 0)
            return (int64_t)i;
    return -1;
}

/* Refuse matrices of the same pictures in different orders. Other names may be those of the same
 * pictures in another place. */
static int check_order(const matrix *a, const matrix *b)
{
    size_t i = 0;
    while (i < a->names.count && i < b->names.count &&
           strcmp(a->names.items[i], b->names.items[i]) == 0)
        i++;
    if (i == a->names.count || i == b->names.count)
        return CLI_DONE;
    const int64_t row = row_of(a, b->names.items[i]);
    if (row < 0)
        return CLI_DONE;
    return cli_error(CLI_BAD_INPUT,
                     "picture %zu of %s, %s, is picture %" PRId64 " of %s: both must have the same "
                     "ones, in the same order",
                     i + 1, b->path, b->names.items[i], row + 1, a->path);
}

static int read_both(matrix *a, matrix *b)
{
    int code = check_sizes(a, b);
    if (code == CLI_DONE)
        code = read_array(a);
    if (code == CLI_DONE)
        code = read_array(b);
    return code == CLI_DONE ? check_order(a, b) : code;
}

int rdm_compare(char **files, alexnet_rank rank, const machine_options *machine)
{
    static const char *const names[] = {"spearman", "kendall"};
    alexnet_ctx *ctx = NULL;
    matrix a = {.path = files[0]}, b = {.path = files[1]};
    double similarity;
    int code = read_both(&a, &b);
    if (code == CLI_DONE) /* not before: only the correlation can be cancelled */
        code = machine_open(&ctx, machine);
    const alexnet_status status =
        code == CLI_DONE ? alexnet_rsa(&similarity, ctx, a.values, b.values, a.count, rank)
                         : ALEXNET_OK;
    if (status == ALEXNET_ERROR_INVALID_ARGUMENT)
        code = cli_error(CLI_BAD_INPUT, "%s and %s: %s", files[0], files[1], library_error());
    else if (status)
        code = cli_code(status);
    if (code == CLI_DONE && machine->json) {
        json_t *document = json_object();
        json_object_set_new(document, "a", json_text(files[0]));
        json_object_set_new(document, "b", json_text(files[1]));
        json_object_set_new(document, "pictures", json_integer(a.count));
        json_object_set_new(document, "rank", json_string(names[rank]));
        json_object_set_new(document, "similarity", json_number(similarity));
        json_print(document);
    } else if (code == CLI_DONE) {
        terminal_line(stdout, "%.6f", similarity);
    }
    machine_close(ctx);
    free_matrix(&a);
    free_matrix(&b);
    return code;
}
