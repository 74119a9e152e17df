#include "rdm.h"

#include <inttypes.h>
#include <stdlib.h>

#include "json.h"
#include "library_text.h"
#include "paths.h"
#include "terminal.h"

/* @param rdm  NULL: only count */
static int read_file(const char *path, int64_t *count, double *rdm)
{
    return path_ends_in(path, ".csv") ? rdm_read_csv(path, count, rdm)
                                      : cli_input_code(alexnet_rdm_read(path, count, rdm));
}

static int read_matrix(double **out, int64_t count, const char *path)
{
    *out = malloc((size_t)(count * count) * sizeof **out + 1);
    if (!*out)
        return cli_error(CLI_FAILED, "out of memory for %s", path);
    return read_file(path, &count, *out);
}

/* Check that two matrices are of one size, and the memory for them and for alexnet_rsa().
 * @param count  out, the size */
static int check_matrices(int64_t *count, char **files)
{
    int64_t n, m;
    int code = read_file(files[0], &n, NULL);
    if (code == CLI_DONE)
        code = read_file(files[1], &m, NULL);
    if (code != CLI_DONE)
        return code;
    if (n != m)
        return cli_error(CLI_BAD_INPUT,
                         "%s has %" PRId64 " pictures and %s has %" PRId64 ": both must have the "
                         "same ones, in the same order",
                         files[0], n, files[1], m);
    *count = n;
    const double values = (double)n * (double)n;
    char *what = cli_format("two matrices of %" PRId64 " pictures, and their ranks,", n);
    code = machine_check_memory(2 * 8 * values + 24 * values, what, "");
    free(what);
    return code;
}

int rdm_compare(char **files, alexnet_rank rank, const machine_options *machine)
{
    static const char *const names[] = {"spearman", "kendall"};
    alexnet_ctx *ctx = NULL;
    double *a = NULL, *b = NULL, similarity;
    int64_t n = 0;
    int code = check_matrices(&n, files);
    if (code == CLI_DONE)
        code = read_matrix(&a, n, files[0]);
    if (code == CLI_DONE)
        code = read_matrix(&b, n, files[1]);
    if (code == CLI_DONE) /* not before: only the correlation can be cancelled */
        code = machine_open(&ctx, machine);
    const alexnet_status status =
        code == CLI_DONE ? alexnet_rsa(&similarity, ctx, a, b, n, rank) : ALEXNET_OK;
    if (status == ALEXNET_ERROR_INVALID_ARGUMENT)
        code = cli_error(CLI_BAD_INPUT, "%s and %s: %s", files[0], files[1], library_error());
    else if (status)
        code = cli_code(status);
    if (code == CLI_DONE && machine->json) {
        json_t *document = json_object();
        json_object_set_new(document, "a", json_text(files[0]));
        json_object_set_new(document, "b", json_text(files[1]));
        json_object_set_new(document, "pictures", json_integer(n));
        json_object_set_new(document, "rank", json_string(names[rank]));
        json_object_set_new(document, "similarity", json_number(similarity));
        json_print(document);
    } else if (code == CLI_DONE) {
        terminal_line(stdout, "%.6f", similarity);
    }
    machine_close(ctx);
    free(a);
    free(b);
    return code;
}
